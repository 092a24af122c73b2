"""`fleet`: the same verbs on many machines."""
