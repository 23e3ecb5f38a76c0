"""Comparing rules on the same seeds: what is compared, played, and said of it."""
