"""`verify` and `rehearse`: what runs inside an environment."""
