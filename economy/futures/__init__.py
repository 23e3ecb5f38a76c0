"""Futures: deviations, departures and retraining, and what becomes of runs under them."""
