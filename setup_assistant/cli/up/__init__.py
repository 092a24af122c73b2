"""`up`: the whole road, its options, its plan to confirm, its display."""
