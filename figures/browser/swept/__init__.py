"""Sweeps on the page: points, maps, lines, and what is said of them."""
