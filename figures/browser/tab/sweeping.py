"""Sweeps and stored runs that are opened."""

from commonweal.figures.browser.tab.topic import Topic


class Sweeping(Topic):
    """Sweeps and stored runs that are opened."""
