"""Work in the background: what each kind of task does, and the worker that does it."""
