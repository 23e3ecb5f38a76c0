"""What figures of explanations share: colours of signs, numbers and names as people read them, words of captions."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10
from textwrap import fill, shorten

import numpy as np
from matplotlib.patches import Patch

from commonweal.agents.arrays import Bools, Floats
from commonweal.agents.errors import InputError
from commonweal.economy.explaining.explanation import Explanation
from commonweal.figures.ink import ACTIONS, LIGHT

TAKES, ADDS = LIGHT.differences
CERTAIN = 2.0  # standard errors from 0, below which a part is hatched
SMALL = 0.01  # of the largest part: smaller ones are drawn together
_DOES = {"delegate": "delegates", "free_ride": "free-rides", "defect": "defects", "abstain": "abstains"}


@dataclass(frozen=True)
class Parts:
    """One answer of one run."""

    base: float
    value: float
    parts: Floats  # (P,)
    errors: Floats | None  # (P,) standard errors; nan where they are not known
    left_open: float  # 0 where nothing is

    @property
    def scale(self) -> float:
        """The largest size of a part, or of what is left open."""
        return float(max(np.abs(self.parts).max(initial=0.0), abs(self.left_open)))

    @property
    def unsure(self) -> Bools:
        """(P,) which parts are within two standard errors of 0."""
        known = np.zeros_like(self.parts) if self.errors is None else np.nan_to_num(self.errors, nan=np.inf)
        near: Bools = (np.abs(self.parts) < CERTAIN * known) & (known > 0)
        return near


def parts_of(why: Explanation, run: int = 0, answer: int = 0) -> Parts:
    """One answer of one run of an explanation.

    Raises:
        InputError: if there is no such run or answer.
    """
    runs, answers = why.value.shape
    for name, given, count in (("run", run, runs), ("answer", answer, answers)):
        if not 0 <= given < count:
            raise InputError(f"{name} {given}: the explanation has 0 to {count - 1}" if count else f"{name}s: none")
    errors = None if why.standard_error is None else why.standard_error[run, :, answer]
    left_open = 0.0 if why.residual is None else float(why.residual[run, answer])
    base, value = float(why.base[run, answer]), float(why.value[run, answer])
    return Parts(base, value, why.values[run, :, answer], errors, left_open)


def number(value: float, scale: float, sign: bool = False) -> str:
    """A number as people write it, with as many decimals as the largest of its kind has for three digits.

    Args:
        value: of it.
        scale: size of the largest number beside it.
        sign: whether a plus is written.
    """
    exponent = floor(log10(scale)) if scale > 0 else 0
    form = "+" if sign else ""
    text = f"{value:{form}.{max(0, 2 - exponent)}f}" if -4 <= exponent < 6 else f"{value:{form}.2e}"
    small = not float(text) and value != 0
    return ("0" if value == 0 else f"{value:{form}.1g}" if small else text).replace("-", "−")


def plain(text: str) -> str:
    """Text in one line that matplotlib takes as it is: a dollar sign begins no formula."""
    return re.sub(r"(?<!\\)\$", r"\\$", " ".join(text.split()))


def name_of(text: str, width: int = 30, lines: int = 2) -> str:
    """A name in lines of some characters; what does not fit is cut, with three dots."""
    text = plain(text)
    broken = fill(text, width, break_long_words=True)
    if broken.count("\n") < lines:
        return broken
    cut = "\n".join(broken.split("\n")[:lines])
    return f"{cut[:-1]}…" if len(cut.split("\n")[-1]) >= width else f"{cut} …"


def common_words(names: Sequence[str]) -> str:
    """The words that all names begin with and that each goes on from; "" if there are none."""
    lists = [plain(name).split() for name in names]
    most = min(map(len, lists), default=0) - 1
    same = [len({tuple(words[:count]) for words in lists}) == 1 for count in range(1, most + 1)]
    return " ".join(lists[0][: sum(same)]) if len(names) > 1 else ""


def shortened(names: Sequence[str]) -> list[str]:
    """Names without the words that all of them begin with."""
    common = len(common_words(names).split())
    return [" ".join(plain(name).split()[common:]) for name in names]


def called(answer: str) -> str:
    """An answer as people say it."""
    return plain(answer.replace("_", "-" if answer in ACTIONS else " "))


def as_seen(value: str) -> str:
    """What was seen, an action or a number, as people write it."""
    return called(value) if value in ACTIONS else f"−{value[1:]}" if value[:1] == "-" else value


def quantity(why: Explanation, answer: int = 0) -> str:
    """What is split into parts, as the label of an axis."""
    if why.kind == "behaviour" and why.answers:
        name = why.answers[answer]
        return f"chance that it {_DOES[name]}" if name in _DOES else f"chance of {called(name)}"
    return name_of(called(why.answers[answer]) if why.answers else why.target, 60)


def sentence(why: Explanation, run: int, answer: int) -> str:
    """What the explanation says of one answer, as a sentence of a caption."""
    said = plain(why.sentence(run, answer))
    if why.answers:
        said = said.replace(f"({plain(why.answers[answer])})", f"({called(why.answers[answer])})", 1)
    said = said.replace("(-", "(−").replace(": -", ": −").replace("against -", "against −")
    return f"{said[:1].upper()}{said[1:]}"


def title_of(why: Explanation, answer: int, width: float) -> str:
    """A title that fits a figure of some inches."""
    name = f": {shorten(called(why.answers[answer]), 30, placeholder=' …')}" if why.answers else ""
    return f"{shorten(f'Reasons for {plain(why.target)}', int(width * 13) - len(name), placeholder=' …')}{name}"


def how_known(why: Explanation, answer: int = 0) -> str:
    """Whether parts are exact, or how far they may be off."""
    if why.exact:
        return "Exact."
    looked = f" from {why.evaluations:,} evaluations".replace(",", " ") if why.evaluations else ""
    errors = None if why.standard_error is None else why.standard_error[..., answer]
    if errors is None or not np.isfinite(errors).any():
        return f"Estimated{looked}; the error is not known."
    largest = float(errors[np.isfinite(errors)].max())
    return f"Estimated{looked}; standard errors up to {number(largest, largest)}."


def sign_keys(parts: Sequence[float]) -> list[Patch]:
    """Legend entries of the signs that there are."""
    signs = ((ADDS, "adds", max(parts, default=0.0) > 0), (TAKES, "takes away", min(parts, default=0.0) < 0))
    return [Patch(color=colour, label=label) for colour, label, there in signs if there]


def colour_of(part: float) -> str:
    """The colour of its sign."""
    return ADDS if part > 0 else TAKES if part < 0 else LIGHT.faint
