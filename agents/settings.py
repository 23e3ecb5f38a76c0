"""Numbers that do not depend on what a program has set for its other work."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import numpy as np


@contextmanager
def own_settings() -> Iterator[None]:
    """Compute with the settings that torch and numpy begin with while the block runs.

    Precision of products, default type, default device and what becomes of floating-point errors are as the program had
    them afterwards.
    """
    import torch

    precision, dtype = torch.get_float32_matmul_precision(), torch.get_default_dtype()
    # A default device slows every call, so that one is named only where a program has.
    device = nullcontext() if torch.get_default_device().type == "cpu" else torch.device("cpu")
    try:
        torch.set_float32_matmul_precision("highest")
        torch.set_default_dtype(torch.float32)
        with np.errstate(divide="warn", over="warn", under="ignore", invalid="warn"), device:
            yield
    finally:
        torch.set_float32_matmul_precision(precision)
        torch.set_default_dtype(dtype)
