"""An explanation: a number, what it would be without any reason, and what each reason adds to it.

The parts are values of a cooperative game whose players are the reasons (Shapley 1953; Strumbelj and Kononenko 2010).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from commonweal.agents.arrays import Floats
from commonweal.agents.errors import InputError
from commonweal.agents.files import refusals, replacing, sweep_up

FORMAT, VERSION = "commonweal explanation", 1
TOLERANCE = 1e-9  # by which a sum of parts may miss, relative to the largest of them where that is above 1
_NORMAL = 1.959964  # standard errors to each side of a 95 % interval
_OPTIONAL = ("standard_error", "interactions", "interaction_error", "residual")
_ARRAYS = ("base", "value", "values", *_OPTIONAL)


@dataclass(frozen=True, eq=False)
class Explanation:
    """What P reasons add to A answers in R runs: Σ values + residual = value − base.

    Raises:
        ValueError: if shapes do not fit each other, or the parts do not add up.
    """

    kind: str  # behaviour, prediction, outcome, luck, …
    target: str  # what is explained, in words
    baseline: str  # what the answer is compared with, in words
    names: tuple[str, ...]  # (P,) of the reasons
    base: Floats  # (R, A) the answer without any reason
    value: Floats  # (R, A) the answer
    values: Floats  # (R, P, A) what each reason adds to it
    standard_error: Floats | None = None  # (R, P, A) of estimates
    interactions: Floats | None = None  # (R, P, P, A) dividends of pairs, symmetric
    residual: Floats | None = None  # (R, A) what an estimate leaves open
    evaluations: int = 0  # games, simulations or rows that were looked at, per run
    exact: bool = True  # whether the kind's own definition is computed
    answers: tuple[str, ...] = ()  # (A,) what each is called; empty: there is only one
    provenance: Mapping[str, str] = field(default_factory=dict)  # how it was found
    interaction_error: Floats | None = None  # (R, P, P, A) standard errors of estimated dividends

    def __post_init__(self) -> None:
        runs, answers = self.value.shape
        reasons = len(self.names)
        expected = {
            "base": (runs, answers),
            "values": (runs, reasons, answers),
            "standard_error": (runs, reasons, answers),
            "interactions": (runs, reasons, reasons, answers),
            "interaction_error": (runs, reasons, reasons, answers),
            "residual": (runs, answers),
        }
        for name, shape in expected.items():
            given = getattr(self, name)
            if given is not None and given.shape != shape:
                raise ValueError(f"{name} of shape {given.shape}: must be {shape}")
        if len(self.answers) != answers and (self.answers or answers > 1):
            raise ValueError(f"{len(self.answers)} names of answers: must be {answers}")
        missed = np.abs(self.gap).max(initial=0.0)
        scale = max(1.0, np.abs(self.values).max(initial=0.0), np.abs(self.value).max(initial=0.0))
        if not missed <= TOLERANCE * scale:
            raise ValueError(f"the parts of {self.target} miss its value less its base by {missed:.3g}")

    @property
    def gap(self) -> Floats:
        """(R, A) by how much the parts, with what an estimate leaves open, miss value less base."""
        missed: Floats = self.value - self.base - self.values.sum(axis=1)
        return missed if self.residual is None else missed - self.residual

    @property
    def intervals(self) -> tuple[Floats, Floats] | None:
        """Ends (R, P, A) of 95 % intervals of the parts; None where nothing is estimated."""
        if self.standard_error is None:
            return None
        margin = _NORMAL * self.standard_error
        return self.values - margin, self.values + margin

    def frame(self) -> pd.DataFrame:
        """A row per run, answer and reason: run, answer, reason, value; of estimates value_low and value_high too."""
        runs, reasons, answers = self.values.shape
        called = np.array(self.answers or ("",) * answers, dtype=object)
        run, answer, reason = np.indices((runs, answers, reasons)).reshape(3, -1)
        columns: dict[str, Any] = {
            "run": run,
            "answer": called[answer],
            "reason": np.array(self.names, dtype=object)[reason],
            "value": self.values[run, reason, answer],
        }
        if (ends := self.intervals) is not None:
            columns |= {"value_low": ends[0][run, reason, answer], "value_high": ends[1][run, reason, answer]}
        return pd.DataFrame(columns)

    def sentence(self, run: int = 0, answer: int = 0) -> str:
        """One answer in words, with its two largest reasons.

        Args:
            run: of which run.
            answer: which answer.
        """
        parts = self.values[run, :, answer]
        largest = [place for place in np.argsort(-np.abs(parts), kind="stable")[:2] if parts[place]]
        reasons = [f"{self.names[place]} ({parts[place]:+.3g})" for place in largest]
        called = f" ({self.answers[answer]})" if self.answers else ""
        said = f"{self.target}{called}: {self.value[run, answer]:.3g}, against {self.base[run, answer]:.3g} for "
        because = f"mostly because of {', then '.join(reasons)}" if reasons else "nothing adds to it"
        return f"{said}{self.baseline}; {because}."

    def save(self, file: Path) -> None:
        """Write it as JSON, whole or not at all; numbers keep all their digits.

        Raises:
            InputError: if it cannot be written.
        """
        said = {part.name: getattr(self, part.name) for part in fields(self)}
        arrays = {name: _listed(said[name]) for name in _ARRAYS}
        document = {"format": FORMAT, "version": VERSION, **said, **arrays, "provenance": dict(self.provenance)}
        with refusals(file):
            file.parent.mkdir(parents=True, exist_ok=True)
            sweep_up(file.parent, file.name)
            with replacing(file) as partial:
                partial.write_text(json.dumps(document), encoding="utf-8")

    @classmethod
    def load(cls, file: Path) -> "Explanation":
        """Read what ``save`` has written.

        Raises:
            InputError: if the file is missing, or holds something else.
        """
        try:
            document = json.loads(file.read_text(encoding="utf-8"))
            if (said := (document.pop("format"), document.pop("version"))) != (FORMAT, VERSION):
                raise ValueError(f"it is {said[0]} of version {said[1]}")
            tables = {name: _shaped(document.get(name)) for name in _ARRAYS}
            words = {name: tuple(document[name]) for name in ("names", "answers")}
            return cls(**{**document, **tables, **words})
        except FileNotFoundError:
            raise InputError(f"{file}: there is no such explanation") from None
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            reason = " ".join(str(error).split())[:80]
            raise InputError(f"{file}: is no explanation of this version ({reason})") from None


def _listed(array: Floats | None) -> dict[str, Any] | None:
    """An array as JSON: its shape and its numbers, since nested lists lose an axis of length 0."""
    return None if array is None else {"shape": array.shape, "numbers": array.ravel().tolist()}


def _shaped(said: Mapping[str, Any] | None) -> Floats | None:
    """The array that JSON says."""
    return None if said is None else np.array(said["numbers"], dtype=np.float64).reshape(said["shape"])
