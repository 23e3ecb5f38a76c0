"""What stands written in a picture, and where."""

from collections.abc import Iterator

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text) if isinstance(text, Text) and text.get_text()]


def boxes(figure: Figure) -> Iterator[tuple[str, Bbox]]:
    canvas = figure.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    canvas.draw()
    for text in figure.findobj(Text):
        if isinstance(text, Text) and text.get_text():
            yield text.get_text(), text.get_window_extent(canvas.get_renderer())
