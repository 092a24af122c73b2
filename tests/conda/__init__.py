"""A conda channel in a folder, and what is made from it."""
