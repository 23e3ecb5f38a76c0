"""What comes back for one question: a sentence, explanations and tables; and explanations of several runs as one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from commonweal.agents.arrays import Floats
from commonweal.economy.explaining.explanation import Explanation

_BY_ANSWER = {"base": 1, "value": 1, "values": 2, "standard_error": 2, "interactions": 3, "residual": 1}  # their axes


@dataclass(frozen=True)
class Reply:
    """The answer to one question."""

    sentence: str
    tables: dict[str, pd.DataFrame]  # by name, the most important first
    explanations: dict[str, Explanation]  # by name
    notes: tuple[str, ...] = ()
    name: str = ""  # that tells the question apart from others, for files


def joined_runs(parts: Sequence[Explanation]) -> Explanation:
    """Explanations of the same answers by the same reasons, one run after another."""
    return _joined(parts, dict.fromkeys(_BY_ANSWER, 0), parts[0].answers)


def joined_answers(parts: Sequence[Explanation]) -> Explanation:
    """Explanations of different answers in the same runs by the same reasons."""
    return _joined(parts, _BY_ANSWER, tuple(name for each in parts for name in each.answers))


def _joined(parts: Sequence[Explanation], axes: dict[str, int], answers: tuple[str, ...]) -> Explanation:
    arrays = {name: _concatenated(parts, name, axis) for name, axis in axes.items()}
    evaluations = max(each.evaluations for each in parts)
    exact = all(each.exact for each in parts)
    return replace(parts[0], **arrays, answers=answers, evaluations=evaluations, exact=exact)  # type: ignore[arg-type]


def _concatenated(parts: Sequence[Explanation], name: str, axis: int) -> Floats | None:
    """Arrays of parts one after another, 0 for what some have not; None where none has it."""
    arrays = [getattr(each, name) for each in parts]
    if all(each is None for each in arrays):
        return None
    like = "value" if name == "residual" else "values"
    empty = [np.zeros_like(getattr(each, like)) for each in parts]
    filled = [no if own is None else own for own, no in zip(arrays, empty, strict=True)]
    return np.concatenate(filled, axis=axis)
