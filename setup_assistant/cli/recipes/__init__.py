"""`recipes`: check the data that every plan is made from, and prove its stacks."""
