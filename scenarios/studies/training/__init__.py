"""Training: one principal of a scenario learns what pays against all others, who follow their policies."""
