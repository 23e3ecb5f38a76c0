"""Volunteering as a red queen mechanism: who may stay away keeps cooperation alive, in a cycle."""

from collections.abc import Iterator
from typing import Any

import commonweal as cw
from commonweal.agents.errors import InputError
from commonweal.scenarios.atlas.base import Seeds, result
from commonweal.scenarios.atlas.check import Check
from commonweal.scenarios.atlas.nudge import Nudge

PLAYERS, LONER = 5, 1.0
PUBLISHED = {"delegate": 0.2693, "free_ride": 0.2693, "abstain": 0.4613}  # cooperators, defectors, loners
CALLED = {"delegate": "cooperators", "free_ride": "defectors", "abstain": "loners"}
STRANGERS, ROUNDS, RUNS = 20, 100, 64  # in random groups of five: principals, rounds, runs for each seed


@result(
    "hauert-2002",
    paper="Hauert, De Monte, Hofbauer and Sigmund, J. theor. Biol. 218, 2002",
    table="optional public goods, N = 5, r = 3, σ = 1",
    shows="the rest point around which cooperators, defectors and loners cycle",
    learns="An exit keeps cooperation alive; how much of it depends on what happens to who is left alone.",
    link="https://doi.org/10.1006/jtbi.2002.3067",
    seconds=8,
    seeds=2,
)
def optional_public_goods(seeds: Seeds, nudge: Nudge) -> Iterator[Check]:
    """The study evolution, of five principals who contribute, keep or stay away.

    The rest point is a root of 1 + (r − 1) z^(N−1) − (r/N)(1 − z^N)/(1 − z) in the share z of loners. The term z^(N−1)
    is that of a participant who finds nobody: theirs gets what loners get (``market.lonely = "outside"``); where it
    plays on and gets r − 1, as this market does if nothing is said, the term falls away.
    """
    factor = nudge("market.multiplication", 3.0)
    found = {lonely: rest_point(factor, seeds, lonely=lonely) for lonely in ("outside", "play")}
    for action, share in PUBLISHED.items():
        yield Check(
            f"share of {CALLED[action]}", theirs=share, ours=found["outside"][action], source="published",
            found_by="evolution", digits=4, breaks="market.multiplication",
        )  # fmt: skip
    for lonely, where in (("outside", "does as loners do"), ("play", "plays on")):
        yield Check(
            f"share of loners, where who is alone {where}", theirs=loners(3.0, plays_on=lonely == "play"),
            ours=found[lonely]["abstain"], source="derived", found_by="evolution", breaks="market.multiplication",
        )  # fmt: skip
    yield Check(
        f"lead of contributors at r = N (Z − 1)/(Z − N), Z = {STRANGERS}", theirs=0.0, ours=lead(nudge, seeds),
        source="derived", found_by="run", kind="statistical", resolution=0.03, breaks="critical factor",
    )  # fmt: skip


def rest_point(factor: float, seeds: Seeds, **more: Any) -> dict[str, float]:
    """Shares of the actions at the rest point at which all three are there; ``more`` are fields of the market.

    Raises:
        InputError: if there is none.
    """
    changes = {
        "rounds": 1, "population.count": PLAYERS, "population.outside_option": LONER, "market.groups": "all",
        "market.multiplication": factor, "actions.available": ["abstain", "delegate", "free_ride"],
        **{f"market.{field}": value for field, value in more.items()},
    }  # fmt: skip
    points = cw.ask("evolution", "public-goods", seeds, changes, resamples=50, intensity=1.0).tables["rest_points"]
    shares = points[points["flow"] == "replicator"].pivot(index="point", columns="strategy", values="share")
    inside = shares[(shares > 0.001).all(axis=1)]
    if inside.empty:
        raise InputError(f"market.multiplication = {factor:g}: no rest point with all three actions")
    return {action: float(inside[action].iloc[0]) for action in PUBLISHED}


def lead(nudge: Nudge, seeds: Seeds) -> list[float]:
    """What contributors earn more than those who keep, in random groups, a mean over each run."""
    critical = PLAYERS * (STRANGERS - 1) / (STRANGERS - PLAYERS)
    changes = {
        "population.count": STRANGERS, "market.group_size": PLAYERS, "market.groups": "random",
        "market.multiplication": nudge("critical factor", critical, instead=float(PLAYERS)),
        "population.start_delegate": 0.5, "population.start_free_ride": 0.5, "policy.mix": {"fixed": 1.0},
    }  # fmt: skip
    ensemble = cw.Ensemble(
        cw.load("public-goods", changes), [RUNS * seed + run for seed in seeds for run in range(RUNS)]
    )
    found = []
    for _ in range(ROUNDS):
        record = ensemble.step()
        gives, payoffs = record.actions == cw.Action.DELEGATE, record.payday.payoffs
        found.append((payoffs * gives).sum(axis=1) / gives.sum(axis=1))
        found[-1] -= (payoffs * ~gives).sum(axis=1) / (~gives).sum(axis=1)
    return [float(each) for each in sum(found) / ROUNDS]


def loners(factor: float, plays_on: bool) -> float:
    """Share z at the rest point; the term z^(N−1) is that of who finds nobody to play with."""
    from scipy.optimize import brentq

    def lead(z: float) -> float:
        alone = 0.0 if plays_on else (factor - 1) * z ** (PLAYERS - 1)
        return 1 + alone - factor / PLAYERS * (1 - z**PLAYERS) / (1 - z)

    return float(brentq(lead, 0.01, 0.99, xtol=1e-15))
