"""Figures as PNG pictures, drawn away from the event path."""

import gc
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from threading import Lock

import numpy as np
import PIL.Image
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from commonweal.figures.ink import DEFAULTS

SHARPNESS = 2  # pixels of a picture per pixel of the page: screens and readers' eyes are finer than 100 dots per inch
_DRAWING = Lock()  # matplotlib's fonts and text cache are not made for several threads, and every tab draws in its own


@dataclass(frozen=True)
class Picture:
    """A drawn figure."""

    src: str  # PNG as a data address
    alt: str  # what it shows, for people who cannot see it


def drawn(draw: Callable[[], Figure], alt: str) -> Picture:
    """Draw a figure and release it.

    Args:
        draw: makes the figure.
        alt: what it shows.
    """
    file = BytesIO()
    with _DRAWING, rc_context(DEFAULTS):
        figure = draw()
        figure.set_dpi(SHARPNESS * figure.dpi)
        canvas = FigureCanvasAgg(figure)
        canvas.draw()  # a third of the time that savefig takes
        colours = PIL.Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
        del figure, canvas
        gc.collect(1)  # a figure is a ring of references: without this hundreds pile up, 10 MB each
    colours.save(file, "png", compress_level=1)
    return Picture("data:image/png;base64," + b64encode(file.getvalue()).decode("ascii"), alt)
