"""Pure choice, no I/O: machine, recipes and wishes become a plan with reasons."""
