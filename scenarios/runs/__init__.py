"""Runs of one scenario, side by side: comparisons, tables, summaries and what is stored of them."""
