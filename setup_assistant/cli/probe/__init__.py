"""`probe`: what is true of a machine."""
