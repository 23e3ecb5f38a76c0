"""What Slurm, Docker and a closed terminal send ends the command as Ctrl-C does, so that nothing half-written stays."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from typing import Any

_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def ended_as_by_ctrl_c() -> Iterator[None]:
    """Interrupt the block where the process is asked to end; what ignores or handles that already, as nohup, stays."""
    if current_thread() is not main_thread():  # which alone may say what signals do
        yield
        return
    mine = [number for number in _SIGNALS if signal.getsignal(number) is signal.SIG_DFL]
    for number in mine:
        signal.signal(number, _interrupt)
    try:
        yield
    finally:
        for number in mine:
            signal.signal(number, signal.SIG_DFL)


def _interrupt(number: int, frame: Any) -> None:
    signal.signal(number, signal.SIG_IGN)  # asked twice, it still puts things away
    raise KeyboardInterrupt
