"""Commonweal: who contributes to a data cooperative, who defects, and under which rules cooperation survives.

This is the public door. What it lists stays; everything behind it may move without notice.
"""
