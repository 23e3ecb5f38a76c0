"""The server that nodes' processes are forked from: it loads the libraries once, so that a new one starts at once."""

import os
import signal
from collections.abc import Sequence
from multiprocessing import get_context, resource_tracker

_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def prepare(modules: Sequence[str]) -> None:
    """Start the server, where none runs; it ends with this process, and Ctrl-C is for this process alone.

    Args:
        modules: that it loads.
    """
    from multiprocessing.forkserver import ensure_running

    get_context("forkserver").set_forkserver_preload(list(modules))
    before = {name: os.environ.get(name) for name in _ONE_THREAD}
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))  # read when the server starts
    resource_tracker.ensure_running()  # it would let Ctrl-C through again
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # the server and what it forks inherit it
    try:
        ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
