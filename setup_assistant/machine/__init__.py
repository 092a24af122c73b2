"""What is true of this computer: frozen values, and the probes that fill them."""
