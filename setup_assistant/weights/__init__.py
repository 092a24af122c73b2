"""What a folder of weights is: names, sums, the record of it, and whether it is complete."""
