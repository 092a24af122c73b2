"""A plan and its lock in the forms that rooms are run with: images, jobs, new machines."""
