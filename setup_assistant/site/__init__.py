"""The folder of one deployment: the files written from a plan, and read back."""
