"""What runs inside the target environment: standard library and the target's packages only.

Nothing here imports `setup_assistant`. The entry is `main.py`; it reads one request from
standard input and prints one JSON line per event.
"""
