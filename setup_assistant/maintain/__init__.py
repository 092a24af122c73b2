"""For those who maintain the recipes: check the data, prove stacks. No other verb imports it."""
