"""Comparing rules on the same seeds."""

from commonweal.figures.browser.tab.topic import Topic


class Comparing(Topic):
    """Comparing rules on the same seeds."""
