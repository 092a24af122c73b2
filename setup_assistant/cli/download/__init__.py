"""`download`: a model's weights into a folder."""
