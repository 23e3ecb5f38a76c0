"""Sweeps: designs of points, and the engine that plays them and continues after an interruption."""
