"""Typed readers of the recipes; their errors name the file and the key."""
