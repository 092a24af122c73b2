"""The only place that prompts and prints."""
