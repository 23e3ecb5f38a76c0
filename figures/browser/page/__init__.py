"""The Solara components of the page, and its server."""
