"""Every figure from one stored run or sweep: reads the folder, draws what its results allow, writes files."""

import json
import logging
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from commonweal.agents.errors import InputError
from commonweal.agents.values import subject_of
from commonweal.economy.round.words import Words
from commonweal.figures.concern import draw_concern
from commonweal.figures.courses import draw_accuracy, draw_actions, draw_overview
from commonweal.figures.credit_quality import draw_credit_quality
from commonweal.figures.names import NAMES, draw_names
from commonweal.figures.points import require
from commonweal.figures.printing import keep
from commonweal.figures.probe_levels import draw_probe_levels, value_dimensions
from commonweal.figures.rewards import draw_rewards
from commonweal.figures.sweeps import draw_sweep
from commonweal.figures.value_maps import draw_value_map
from commonweal.figures.wealth import WEALTH, draw_wealth
from commonweal.scenarios.schema.words import words_in
from commonweal.scenarios.sweeps.manifest import is_sweep

__all__ = [
    "draw_accuracy", "draw_actions", "draw_all", "draw_concern", "draw_credit_quality", "draw_names",
    "draw_overview", "draw_probe_levels", "draw_rewards", "draw_sweep", "draw_value_map", "draw_wealth",
]
_FRAMES = ("rounds", "principals", "profiles")
_say = logging.getLogger("commonweal.figures").info


@dataclass(frozen=True)
class Folder:
    """What a stored folder holds for drawing."""

    rounds: pd.DataFrame  # one row per run and round
    principals: pd.DataFrame  # one row per run and principal
    profiles: pd.DataFrame  # one row per run, kept round, principal and value dimension
    varied: tuple[str, ...]  # (V,) dotted paths of the varied fields
    about: dict[str, Any]  # where the results come from
    names: tuple[str, ...]  # (K,) value dimensions with units, () if unknown
    senses: tuple[str, ...]  # (K,) protect or withhold, () if unknown
    learns: bool  # whether there is a task
    words: Words  # what the runs call things
    rewards_differ: bool  # whether principals may put in, and be given, more or less than each other


def draw_all(folder: Path, tell: Callable[[str], None] = _say, out: Path | None = None) -> list[Path]:
    """Draw every figure that the results of a run or sweep allow.

    Args:
        folder: where the results are stored.
        tell: called with a line for each figure that is skipped, since it does not apply, or not drawn, and why; the
            default logs it.
        out: folder for the figures; ``folder / "figures"`` if None.

    Returns:
        The files written: each figure in every format of the look, and its data as CSV.

    Raises:
        InputError: if results are missing or not readable.
    """
    if is_sweep(folder):
        return draw_sweep(folder, tell, out=out)
    stored = read(folder)
    rounds, principals, varied = stored.rounds, stored.principals, stored.varied
    drawings: dict[str, Callable[[], Figure]] = {
        "overview": lambda: draw_overview(rounds, principals, varied, stored.words),
        "actions": lambda: draw_actions(rounds, varied, stored.words),
        result_name(stored.words): lambda: draw_accuracy(rounds, varied, stored.words),
    }
    require(principals, "principals", WEALTH)
    if principals[list(WEALTH)].to_numpy().any():
        drawings["wealth"] = lambda: draw_wealth(principals, varied)
    else:
        tell("wealth: skipped, there is no money")
    if stored.learns:
        drawings["credit_quality"] = lambda: draw_credit_quality(principals, varied)
    else:
        tell("credit_quality: skipped, there are no labels in a market without a task")
    if stored.rewards_differ:
        drawings["rewards"] = lambda: draw_rewards(rounds, principals, varied)
    if set(NAMES) <= set(rounds):
        drawings["names"] = lambda: draw_names(rounds, varied)
    if stored.words.minds:
        drawings["concern"] = lambda: draw_concern(rounds, varied, stored.words)
    if value_dimensions(rounds):
        drawings["probe_levels"] = lambda: draw_probe_levels(rounds, varied, stored.names, stored.senses)
    else:
        tell("probe_levels: skipped, the scenario has no value dimensions")
    if len(stored.profiles):
        drawings["value_map"] = lambda: draw_value_map(stored.profiles, varied, names=stored.names)
    else:
        tell("value_map: skipped, the scenario has no value dimensions")
    source = _source(stored.about)
    kept = (keep(draw(), (out or folder / "figures") / name, source) for name, draw in drawings.items())
    return list(chain.from_iterable(kept))


def result_name(words: Words) -> str:
    """The name of the figure of the result, which is not always an accuracy."""
    return "accuracy" if words.quality == "accuracy" else "result"


def read(folder: Path) -> Folder:
    """Read what the figures need from a stored folder.

    Args:
        folder: with rounds.parquet, principals.parquet, profiles.parquet, about.json and scenario.toml.

    Raises:
        InputError: if a file is missing or not readable.
    """
    for name in ("about.json", *(f"{frame}.parquet" for frame in _FRAMES)):
        if not (folder / name).is_file():
            raise InputError(f"{folder}: no {name}; give the folder of a finished run")
    try:
        about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
        frames = [pd.read_parquet(folder / f"{name}.parquet") for name in _FRAMES]
        scenario = folder / "scenario.toml"
        document = tomllib.loads(scenario.read_text(encoding="utf-8-sig")) if scenario.exists() else {}
    except (ValueError, OSError) as error:  # pyarrow's and json's errors are ValueErrors
        raise InputError(f"{folder}: not readable: {str(error).splitlines()[0]}") from None
    dimensions, varied = _dimensions(document), tuple(about.get("varied", ()))
    names, senses = zip(*dimensions, strict=True) if dimensions else ((), ())
    words = words_in(document, {path: frames[0][path].drop_duplicates() for path in varied})
    learns = document.get("market", {}).get("kind", "model") == "model"
    differ = _rewards_differ(document, varied)
    return Folder(frames[0], frames[1], frames[2], varied, about, names, senses, learns, words, differ)


def _dimensions(scenario: dict[str, Any]) -> list[tuple[str, str]]:
    """Name with unit, and sense, of each value dimension of a resolved scenario."""
    found = []
    for dimension in scenario.get("values", {}).get("dimensions", ()):
        sense = dimension["sense"]
        subject = subject_of(*(dimension.get(part) for part in ("label", "feature", "probe")))
        # A protected group's limit is on its loss; a withheld purpose's is on a loss bounded by 1, which has no unit.
        unit = "loss, nat" if sense == "protect" else "bounded loss"
        found.append((f"{sense} {subject} ({unit})", sense))
    return found


def _rewards_differ(scenario: dict[str, Any], varied: tuple[str, ...]) -> bool:
    before = scenario.get("contract", {})  # in results of version 0.1
    rule = scenario.get("rewards", {}).get("kind", before.get("reward", "shared"))
    offer = scenario.get("menu", {}).get("offer", before.get("offer", "fixed"))
    return (rule, offer) != ("shared", "fixed") or bool({"rewards.kind", "menu.offer"} & set(varied))


def _source(about: dict[str, Any]) -> dict[str, str]:
    """PNG text fields that say where a figure comes from."""
    command = about.get("command", "")
    words = command if isinstance(command, str) else " ".join(map(str, command))
    return {"Software": f"commonweal {about.get('commonweal', '')}".strip(), "Source": words}
