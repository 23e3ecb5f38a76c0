"""The arena: economies as environments in which some principals choose for themselves, and tactics they go by."""
