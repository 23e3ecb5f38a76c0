"""The tables of the study: what leaks by mode, defence and attacker, and what is left of credit and accuracy."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from commonweal.agents.arrays import Floats
from commonweal.economy.leaking.formal import epsilon_of, most_auc, mu_of, said
from commonweal.economy.leaking.sight import OPEN
from commonweal.scenarios.runs.intervals import CORRELATION, POSITIVE, SHARE, Range, mean_interval
from commonweal.scenarios.studies.privacy.designs import Design
from commonweal.scenarios.studies.privacy.playing import Played

BY_PRODUCTS = "products over rounds"  # the attacker on scalars
NOBODY = "none"  # of the attackers finds anything to work with
OUTCOMES: dict[str, Range] = {
    "pearson_undisturbed": CORRELATION, "spearman_undisturbed": CORRELATION, "whole_run_undisturbed": CORRELATION,
    "pearson_shapley": CORRELATION, "spearman_shapley": CORRELATION, "whole_run_shapley": CORRELATION,
    "accuracy": SHARE, "membership": SHARE, "taking_part": SHARE,
}  # fmt: skip


@dataclass(frozen=True)
class Tried:
    """A defence and what became of it."""

    design: Design
    played: Played


@dataclass(frozen=True)
class Leak:
    """What one attacker recovers under a mode and a defence."""

    mode: str
    defence: str
    kind: str  # of the defence
    attacker: str
    when: str  # first or trained network, or the rounds
    error: Floats  # (S,) nMSE
    guess: Floats  # (S,) nMSE of the mean

    @property
    def recovered(self) -> Floats:
        """(S,) share of what guessing leaves open that the attacker finds; below 0 it is worse than guessing."""
        share: Floats = 1 - self.error / self.guess
        return share


def of_one(values: Floats, name: str, within: Range) -> dict[str, float]:
    """Columns of a row: the mean of (S,) and its interval."""
    return {column: float(end) for column, end in mean_interval(values, within=within).columns(name).items()}


def leaks_of(tried: Tried) -> Iterator[Leak]:
    """Every attacker on samples under a defence, in every mode in which it is tried."""
    design, played = tried.design, tried.played
    for name, error in played.leaks.items():
        mode, attacker, when, measure = name.split("|")
        if measure == "nmse":
            yield Leak(mode, design.name, design.kind, attacker, when, error, played.leaks[f"{mode}||{when}|guess"])
    for mode in design.modes:
        if mode in ("secure", "two-servers") and (size := _main_size(played)):
            errors = (played.products[f"{size}|{measure}"] for measure in ("nmse", "guess"))
            yield Leak(mode, design.name, design.kind, BY_PRODUCTS, f"holding of {size}", *errors)


def _main_size(played: Played) -> int:
    """The size of a holding that stands for the defence: the largest that was attacked."""
    return max((int(name.split("|")[0]) for name in played.products), default=0)


def attackers(tried: Sequence[Tried]) -> pd.DataFrame:
    """A row per mode, defence, attacker and time."""
    rows = []
    for leak in (each for one in tried for each in leaks_of(one)):
        columns = of_one(leak.error, "nmse", POSITIVE) | {"guess": float(leak.guess.mean())}
        columns |= of_one(np.maximum(leak.recovered, 0.0), "recovered", SHARE)
        names = {"mode": leak.mode, "defence": leak.defence, "attacker": leak.attacker, "when": leak.when}
        rows.append(names | columns)
    return pd.DataFrame(rows)


def strongest(leaks: Sequence[Leak]) -> Leak | None:
    """The one that recovers the largest share on average."""
    return max(leaks, key=lambda leak: float(np.maximum(leak.recovered, 0.0).mean()), default=None)


def trade(tried: Sequence[Tried], rounds: int, delta: float) -> pd.DataFrame:
    """A row per mode and defence: the strongest attacker beside labels, members, credit's fidelity and accuracy."""
    rows = []
    for each in tried:
        leaks = list(leaks_of(each))
        for mode in each.design.modes:
            best = strongest([leak for leak in leaks if leak.mode == mode])
            row: dict[str, Any] = {"mode": mode, "defence": each.design.name, "kind": each.design.kind}
            row |= _of_strongest(best) | of_one(_labels(each.played, mode), "labels", SHARE)
            row |= of_one(_correlation(each.played, mode), "correlation", SHARE)
            row |= {column: value for name, within in OUTCOMES.items() if name in each.played.outcomes
                    for column, value in of_one(each.played.outcomes[name], name, within).items()}  # fmt: skip
            rows.append(row | {"epsilon": _epsilon(each.design, mode, rounds, delta)})
    return pd.DataFrame(rows)


def _of_strongest(best: Leak | None) -> dict[str, Any]:
    if best is None:
        nothing = np.array([np.nan])
        return {"attacker": NOBODY, **of_one(nothing, "recovered", SHARE), **of_one(nothing, "nmse", POSITIVE)}
    found = np.maximum(best.recovered, 0.0)
    told = {"attacker": best.attacker, "when": best.when, **of_one(found, "recovered", SHARE)}
    return {**told, **of_one(best.error, "nmse", POSITIVE), "guess": float(best.guess.mean())}


def _labels(played: Played, mode: str) -> Floats:
    """(S,) share of labels that are read off; nan where nothing tells them."""
    found = [values for name, values in played.leaks.items() if name.startswith(f"{mode}|labels|")]
    return np.max(found, axis=0) if found else np.full(len(played.outcomes["accuracy"]), np.nan)


def _correlation(played: Played, mode: str) -> Floats:
    """(S,) distance correlation of samples with what leaves the first layer; nan where that does not leave a node."""
    found = played.outcomes["correlation"]
    return found if mode in OPEN else np.full(len(found), np.nan)


def _epsilon(design: Design, mode: str, rounds: int, delta: float) -> float:
    """ε of all rounds, where everything that leaves is clipped and noisy; nan where there is no promise."""
    noise = design.defence.guard.update_noise
    return epsilon_of(mu_of(rounds, noise), delta) if noise and mode == "secure" else float("nan")


def holdings(tried: Sequence[Tried]) -> pd.DataFrame:
    """A row per defence and size of holding: what products over rounds give away."""
    rows = []
    for each in tried:
        sizes = sorted({int(name.split("|")[0]) for name in each.played.products})
        for size in sizes:
            error, guess = (each.played.products[f"{size}|{measure}"] for measure in ("nmse", "guess"))
            by_label = float(each.played.products[f"{size}|by_label"].mean())
            columns = of_one(error, "nmse", POSITIVE) | {"guess": float(guess.mean()), "by_label": by_label}
            columns |= of_one(np.maximum(1 - error / guess, 0.0), "recovered", SHARE)
            rows.append({"defence": each.design.name, "samples": size, **columns})
    return pd.DataFrame(rows)


def promises(noises: Sequence[float], rounds: int, delta: float) -> pd.DataFrame:
    """A row per noise on clipped updates: what it promises formally, and what that is worth."""
    rows = []
    for noise in (each for each in noises if each > 0):
        mu = mu_of(rounds, noise)
        rows.append({"noise": noise, "rounds": rounds, "mu": mu, "epsilon": epsilon_of(mu, delta), "delta": delta,
                     "most_auc": most_auc(mu), "worth": said(rounds, noise, delta)})  # fmt: skip
    return pd.DataFrame(rows)
