"""What runs on the hosts (`start`, `job`). Standard library only."""
