"""What runs inside the target environment: standard library and the target's packages only.

Nothing here imports `setup_assistant`. `start.py` runs one of the programs `main`,
`rehearsal`, `converse` and `openai_server`.
"""
