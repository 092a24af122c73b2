"""`export`: a plan and its lock in the forms that rooms are run with."""
