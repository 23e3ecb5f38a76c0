"""Sweeps: designs, the engine that plays them, and what survives an interruption."""
