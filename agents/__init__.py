"""Who decides: principals, their policies, values and acquaintances. Knows nothing of networks or money flows."""
