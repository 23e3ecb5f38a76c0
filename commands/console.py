"""Where commands print: as wide as the terminal, or as wide as a table needs in a file or a pipe."""

from rich.console import Console

_PLAIN_WIDTH = 200  # columns of tables that go to a file or a pipe


def console() -> Console:
    """Standard output."""
    printer = Console()
    return printer if printer.is_terminal else Console(width=_PLAIN_WIDTH)
