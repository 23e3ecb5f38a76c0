"""What closed tabs leave: rings of widgets and figures, and freed memory that the C library keeps for itself."""

import ctypes
import gc
import sys
from threading import Timer

_SETTLED = 1.5  # seconds after which Solara, too, has let go of a closed tab


def give_back() -> None:
    """Collect rings of references and hand freed memory back to the system where the C library can be asked to."""
    gc.collect()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc has it
        if trim is not None:
            trim(0)


def give_back_soon() -> None:
    """The same, when a tab that is being closed is gone."""
    timer = Timer(_SETTLED, give_back)
    timer.daemon = True
    timer.start()
