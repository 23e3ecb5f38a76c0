"""The answer of a study on the screen: first rows of its first tables, its notes, and last what came out."""

from commonweal.commands.console import height, say, show
from commonweal.scenarios.studies.base import Answer
from commonweal.scenarios.studies.shown import as_columns

_LEAST, _MOST = 12, 15  # lines of a table on screen
_TABLES = 3  # on screen


def show_answer(answer: Answer, more: str, everything: bool = False) -> None:
    """Print an answer.

    Args:
        answer: of a study.
        more: what shows the rows that are left out.
        everything: print all tables with all rows, not a screen of them.
    """
    most = max(_LEAST, min(_MOST, height([*answer.notes, answer.headline]) // _TABLES))
    for name, frame in list(answer.tables.items())[: None if everything else _TABLES]:
        print(name.replace("_", " "))
        show(as_columns(frame), None if everything else most, more, below=True)
        print()
    for note in answer.notes:
        say(f"note: {note}")
    say(answer.headline)
