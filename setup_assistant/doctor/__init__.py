"""Diagnosis: findings per layer, from outside the environment first, then from inside."""
