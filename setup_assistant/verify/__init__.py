"""Proof: checks that run inside the target environment, and their verdicts."""
