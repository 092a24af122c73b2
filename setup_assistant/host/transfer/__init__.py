"""Bring files over the network: ranges, resume, sums, patience. Serves weights and bundles."""
