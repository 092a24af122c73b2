"""`ask`: questions to the installed model."""
