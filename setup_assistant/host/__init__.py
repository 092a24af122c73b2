"""The only doors to the outside: child processes, web, files, clock, log."""
