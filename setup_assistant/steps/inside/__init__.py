"""What steps run inside the target environment: standard library and its packages only.

Nothing here imports `setup_assistant`. A script reads one request from standard input and
prints one JSON line per event.
"""
