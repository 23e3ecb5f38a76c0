"""Parts of the browser page for Mesa's own visualisation; they need ``pip install 'commonweal[browser]'``."""

from commonweal.figures.browser.page.components import courses, society, strip, values_rows

__all__ = ["courses", "society", "strip", "values_rows"]
