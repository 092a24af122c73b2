"""The agent: this tool as one file, and what it does on a host that received it."""
