"""Torch on one thread: the networks are too small for more to pay, and results must not depend on their number."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute on one thread while the block runs."""
    import torch
    from threadpoolctl import threadpool_limits

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        torch.set_num_threads(before)


def settle_for_one_thread() -> None:
    """Compute on one thread from now on, unless ``OMP_NUM_THREADS`` asks for another number."""
    import torch

    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(1)
