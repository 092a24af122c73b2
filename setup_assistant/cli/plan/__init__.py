"""`plan`: what would be installed, and why."""
