"""Measurements: each script prints ratios taken in one run on one machine. No asserts."""
