"""Every settlement × every attack: what attackers gain, what honest principals lose, and whether the budget is exact.

    python benchmarks/attacks.py                     both tables (ten to twenty-five minutes on one core)
    python benchmarks/attacks.py credit equal        some settlements
    python benchmarks/attacks.py --quick             a small corner, in seconds
    python benchmarks/attacks.py --write             all, into docs/results.md and docs/images/attacks.png

Ten principals on drifting digits, all of whom delegate honestly unless they attack. An attack is the same run on the
same random numbers in which one principal, or a pair, does otherwise from the first round on (three try, each in a run
of its own); the honest baseline is the run without it, under the same settlement and, where an attack needs FedAvg or
values to lie about, in the same economy with these. 100 rounds, 8 seeds, ± 95 % t-intervals over seeds.

Adding a settlement or an attack is one line.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from results_page import RESULTS, markdown, write

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats
from commonweal.economy import Ensemble
from commonweal.economy.futures.deviations import Deviation
from commonweal.economy.futures.play import Futures, play_futures
from commonweal.figures.canvas import TWO_COLUMNS, blank, finish, save
from commonweal.figures.ink import printed
from commonweal.scenarios import load, revise
from commonweal.scenarios.runs.summary import interval

Changes = Mapping[str, Any]
SEEDS, ROUNDS = range(8), 100
TRIED = (0, 3, 6)  # the first attacker, each in runs of its own
FIGURE = Path(__file__).parents[1] / "docs" / "images" / "attacks.png"
LN2 = float(np.log(2))
_COLOURS = colormaps["PuOr_r"]  # safe for the colour-blind (ColorBrewer); orange: the attack pays
_STRONGEST = 100.0  # percent of an honest payoff from which on a colour gets no stronger

BASE: Changes = {
    "population.count": 10,
    "population.start_delegate": 1.0,
    "population.start_free_ride": 0.0,
    "population.start_defect": 0.0,
    "policy.mix": {"fixed": 1.0},
    "policy.mutation": 0.0,
    "population.cost_low": 0.0005,
    "population.cost_high": 0.0005,
    "task.partition": "equal",
    "market.model_value": 0.005,
}
FEDAVG: Changes = {"learning.method": "federated", "learning.rate": 0.2}
VALUES: Changes = {
    "task.validation": 650,
    "task.drift": 0.0,
    "values.dimensions": [{"sense": "withhold", "label": 9, "limit": 0.5, "spread": 0.03, "samples": 64}],
    "values.for_sale": 0.5,
    "values.price_low": 0.002,
    "values.price_high": 0.01,
    "screening.mode": "project",
    "screening.scope": "all",
    "screening.gate": False,
}

STAKES: Changes = {"contract.endowment": 0.05, "contract.stake": 0.05, "contract.audit": 0.1}
NAMES: Changes = {"contract.endowment": 1.0, "contract.identity_cost": 0.2}  # what a name earns in some 25 rounds
ROBUST: Changes = {"settlement.kind": "robust", "settlement.hold_back": 1.0, "contract.clawback": 1.0}
MODELS: Changes = {"market.price": 0.0, "market.model_value": 0.02}  # the model is all that anybody is paid with
MENU: Changes = {**MODELS, "contract.reward": "menu", "contract.offer": "menu", "contract.accuracy.kind": "fitted",
                 "contract.term": 10, "population.cost_types": [0.00075, 0.0005, 0.00025]}  # fmt: skip
CONTENT: Changes = {"contract.content": 0.5, "credit.novelty.memory": 2}
SETTLEMENTS: dict[str, Changes] = {
    "equal": {"settlement.kind": "equal"},
    "data": {"settlement.kind": "data"},
    "credit": {},
    "credit, stakes and audits": STAKES,
    "credit, novelty": {"credit.novelty.memory": 2},
    "credit, replication": {"credit.replication.penalty": LN2},
    "credit, hold-back": {"settlement.hold_back": 1.0},
    "credit, clawback": {"contract.clawback": 1.0},
    "credit, identity cost": NAMES,
    "robust": {"settlement.kind": "robust"},
    "robust, all of these": {**STAKES, **ROBUST, **NAMES},
    "quota": {"settlement.kind": "quota"},
    "time cumulation": {"settlement.kind": "time_cumulation"},
    "time valuation": {"settlement.kind": "time_valuation"},
    "time cumulation, claimed": {"settlement.kind": "time_cumulation", "contract.joining": "claimed"},
    "time valuation, claimed": {"settlement.kind": "time_valuation", "contract.joining": "claimed"},
    "equal, negotiated deals": {"settlement.kind": "equal", "contract.negotiation": "shapley_coop",
                                "contract.returns": 1.0},
    "tolerance for sale": {**VALUES, "settlement.reserve": 0.3, "contract.admissibility_budget": 0.03},
    "model: shared": MODELS,
    "model: shaping": {**MODELS, "contract.reward": "shaping"},
    "model: shaping, content": {**MODELS, "contract.reward": "shaping", **CONTENT},
    "model: quota": {**MODELS, "contract.reward": "quota"},
    "model: menu": MENU,
    "model: menu, content": {**MENU, **CONTENT},
    "model: time cumulation": {**MODELS, "contract.reward": "time_cumulation"},
    "model: time valuation": {**MODELS, "contract.reward": "time_valuation"},
}  # fmt: skip


@dataclass(frozen=True)
class Attack:
    """What one principal, or a pair, does otherwise, and what the economy needs for it to be possible."""

    deviation: Deviation
    changes: Changes = field(default_factory=dict)


ALONE, PAIR = partial(Deviation, members=(0,)), partial(Deviation, members=(0, 1))
CHEATS = partial(ALONE, action=Action.FREE_RIDE)  # which is what an audit reveals
ATTACKS = (
    Attack(CHEATS("idle")),
    Attack(CHEATS("junk", form="junk")),
    Attack(CHEATS("stale", form="stale")),
    Attack(CHEATS("disguised", form="disguised")),
    Attack(CHEATS("label flips", form="wrong")),
    Attack(CHEATS("disguised, FedAvg", form="disguised"), FEDAVG),
    Attack(CHEATS("replay, FedAvg", form="replay"), FEDAVG),
    Attack(ALONE("Sybil, 2", identities=2)),
    Attack(ALONE("Sybil, 5", identities=5)),
    Attack(ALONE("replication, 3", identities=3, copies=True)),
    Attack(PAIR("pair, one copies", copies=True)),
    Attack(ALONE("cost +50 %", dearer=0.5)),
    Attack(ALONE("stricter limits", looser=-0.5), VALUES),
    Attack(ALONE("late", joins=ROUNDS // 4)),
    Attack(ALONE("late, says not", joins=ROUNDS // 4, earlier=ROUNDS // 4)),
    Attack(ALONE("leaves", leaves=ROUNDS // 2)),
)


@dataclass(frozen=True)
class Outcome:
    """What attacks brought under one settlement, in S seeds; all relative to the mean honest payoff."""

    gain: dict[str, Floats]  # (S,) of an attacker
    loss: dict[str, Floats]  # (S,) of one honest principal
    imbalance: int  # micro-units, of the ledger that is farthest from adding up
    lowest: int  # micro-units on the lowest account other than the market's


def play(settlement: Changes, attacks: Sequence[Attack], seeds: Sequence[int], rounds: int) -> Outcome:
    """Play attacks under a settlement; those that need the same economy together."""
    gain, loss, imbalance, lowest = {}, {}, 0, 0
    for changes in {str(attack.changes): attack.changes for attack in attacks}.values():
        together = [attack.deviation for attack in attacks if attack.changes == changes]
        tried = [by(first, deviation) for deviation in together for first in TRIED]
        futures = futures_of({**BASE, **changes, **settlement}, tried, seeds, rounds)
        honest = abs(futures.payoffs[:, 0, :, : futures.principals].mean())  # below 0 in the first rounds
        for k, deviation in enumerate(together):
            columns = slice(k * len(TRIED), (k + 1) * len(TRIED))
            others = futures.principals - len(deviation.members)
            gain[deviation.name] = futures.gains[:, columns].mean(axis=1) / honest
            loss[deviation.name] = futures.losses[:, columns].mean(axis=1) / others / honest
        imbalance = max(imbalance, int(np.abs(futures.balances.sum(axis=2)).max()))
        lowest = min(lowest, int(futures.balances[..., :-1].min()))
    return Outcome(gain, loss, imbalance, lowest)


def by(first: int, deviation: Deviation) -> Deviation:
    """The same attack by other principals, from ``first`` on."""
    return replace(deviation, members=tuple(first + member for member in deviation.members))


def futures_of(changes: Changes, deviations: Sequence[Deviation], seeds: Sequence[int], rounds: int) -> Futures:
    """The runs of all seeds, without and with each deviation."""
    ensemble = Ensemble(revise(load("commons"), changes), seeds)
    return play_futures(ensemble.world, ensemble.state, ensemble.streams, deviations, rounds)


def figures_of(outcomes: Mapping[str, Outcome], what: str) -> tuple[Floats, Floats]:
    """(settlements, attacks) means and halves of t-intervals, percent of the mean honest payoff."""
    values = [[interval(100 * seeds) for seeds in getattr(each, what).values()] for each in outcomes.values()]
    mean, half = np.array(values).transpose(2, 0, 1)
    return mean, half


def table(outcomes: Mapping[str, Outcome], what: str) -> str:
    """Settlements × attacks, percent of the mean honest payoff; bold where the interval is above 0."""
    heads = ["settlement", *attacks_of(outcomes)]
    cells = [[_cell(*pair) for pair in zip(*row, strict=True)] for row in zip(*figures_of(outcomes, what), strict=True)]
    rows = [[name, *row] for name, row in zip(outcomes, cells, strict=True)]
    return markdown(heads, rows)


def attacks_of(outcomes: Mapping[str, Outcome]) -> list[str]:
    """Names of the attacks, in the order of the columns."""
    return list(next(iter(outcomes.values())).gain)


def _cell(mean: float, half: float) -> str:
    text = f"{mean:+.0f} ± {half:.0f}".replace("-", "−")
    return f"**{text}**" if mean > half else text


@printed
def draw_attacks(
    settlements: Sequence[str],
    attacks: Sequence[str],
    gain: tuple[Floats, Floats],
    loss: tuple[Floats, Floats],
    note: str,
) -> Figure:
    """Draw both maps, one above the other.

    Args:
        settlements: names of the S rows.
        attacks: names of the A columns.
        gain: (S, A) mean gain of an attacker and half its interval, percent of the mean honest payoff.
        loss: (S, A) mean loss of an honest principal and half its interval, as ``gain``.
        note: on what was played, for the caption.
    """
    figure, grid = blank(2, 1, TWO_COLUMNS, 0.5 + 0.19 * len(settlements), sharex=True)
    titles = "gain of an attacker", "loss of an honest principal"
    for (ax,), title, (mean, half) in zip(grid, titles, (gain, loss), strict=True):
        _draw_map(ax, mean, half)
        ax.set_yticks(range(len(settlements)), settlements)
        ax.set_title(f"{title} (% of the mean honest payoff)", loc="left", color="0.2")
    grid[-1][0].set_xticks(range(len(attacks)), attacks, rotation=40, ha="right", rotation_mode="anchor")
    caption = f"{note} Grey: the 95 % t-interval over seeds holds 0. Colours are strongest at ±{_STRONGEST:.0f} %."
    return finish(figure, "Every settlement against every attack", caption)


def _draw_map(ax: Axes, mean: Floats, half: Floats) -> None:
    sure = np.abs(mean) > half
    shown = np.ma.masked_array(mean, ~sure)
    ax.imshow(shown, cmap=_COLOURS, norm=Normalize(-_STRONGEST, _STRONGEST), aspect="auto")
    ax.set_facecolor("0.95")
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    for (row, column), value in np.ndenumerate(mean):
        dark = sure[row, column] and abs(value) > 0.6 * _STRONGEST
        colour = "white" if dark else "black" if sure[row, column] else "0.55"
        text = f"{value:+.0f}".replace("-", "−").replace("+0", "0").replace("−0", "0")
        ax.text(column, row, text, ha="center", va="center", fontsize=6, color=colour)


def main() -> None:
    """Print the tables, and write them where asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("settlements", nargs="*", metavar="SETTLEMENT", help=f"of: {'; '.join(SETTLEMENTS)}")
    parser.add_argument("--quick", action="store_true", help="2 seeds, 4 rounds")
    parser.add_argument("--write", action="store_true", help=f"into {RESULTS.name} and {FIGURE.name}")
    parser.add_argument("--figure", type=Path, metavar="FILE", help="draw the heat maps into this file")
    arguments = parser.parse_args()
    if unknown := set(arguments.settlements) - set(SETTLEMENTS):
        parser.error(f"unknown settlement {min(unknown)!r}: there are {'; '.join(SETTLEMENTS)}")
    torch.set_num_threads(1)
    seeds, rounds = (range(2), 4) if arguments.quick else (SEEDS, ROUNDS)
    outcomes = {}
    for name in arguments.settlements or SETTLEMENTS:
        outcomes[name] = play(SETTLEMENTS[name], ATTACKS, seeds, rounds)
        print(f"{name}: ledgers off by {outcomes[name].imbalance} micro-units", flush=True)
    for what in ("gain", "loss"):
        text = table(outcomes, what)
        print(f"\nattacks-{what}\n\n{text}", flush=True)
        if arguments.write:
            write(f"attacks-{what}", text)
    if file := arguments.figure or (FIGURE if arguments.write else None):
        note = f"{len(seeds)} seeds, {rounds} rounds, ten principals on drifting digits."
        maps = (figures_of(outcomes, what) for what in ("gain", "loss"))
        save(draw_attacks(list(outcomes), attacks_of(outcomes), *maps, note), file)


if __name__ == "__main__":
    main()
