"""Work in the background: the engine behind its port, the worker, and what each kind of task does.

A task's row is the truth; the engine only brings its attempts to a worker. Nothing here is imported by pages.
"""
