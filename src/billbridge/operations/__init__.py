"""One module per thing a person or a schedule wants done. Only here does a transaction start."""
