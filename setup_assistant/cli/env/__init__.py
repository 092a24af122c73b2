"""`env`: the environments that this tool or conda knows."""
