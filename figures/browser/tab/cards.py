"""Cards of principals, and what would become of the run if one deviated."""

from commonweal.figures.browser.tab.topic import Topic


class Cards(Topic):
    """Cards of principals, and what would become of the run if one deviated."""
