"""What needs an NVIDIA GPU: run by hand where one is at hand, see `session`."""
