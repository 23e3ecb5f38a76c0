"""Contract files and the command that solves them."""
