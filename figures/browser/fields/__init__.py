"""The fields of a scenario on the page: what can be set, its words, and what is wrong with it."""
