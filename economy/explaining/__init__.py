"""Explanations: why a principal acted so, what an action profile was worth, and which episodes decided a run."""
