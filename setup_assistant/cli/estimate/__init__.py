"""`estimate`: the GPU memory that a model needs."""
