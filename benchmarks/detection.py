"""Who finds whom: precision and recall of every credit rule at telling those who spoil or feign contributions.

    python benchmarks/detection.py            print the tables (some minutes)
    python benchmarks/detection.py --write    and put them into docs/results/credit.md

Commons, 40 principals with fixed actions, 50 rounds, 2 seeds; 1, 8 or 20 of them attack, all in the same way. The
network learns from what the quality gate lets through; rules judge everybody's update as it was put in, gate or not, in
every tenth round, estimates from 200 coalitions. A principal counts as found if its summed credit is below a quarter of
the median honest one, or, in the table detection-zero (8 attackers), if it is not above zero. Replayed and noisy
updates are made up: the direction of the last step, or random, of the median honest length; their samples stay in the
batch.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import torch
from results_page import main, markdown
from torch import Tensor

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Bools, Floats
from commonweal.economy.credit import CREDITS, Credit, RoundGame, credit_rule
from commonweal.economy.credit.discounts import discounted
from commonweal.economy.credit.exact import MOST_PLAYERS
from commonweal.economy.learning.federated import DeltaPassage
from commonweal.economy.learning.network import Network, Owners, Parameters, Passage
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.loading import load

PRINCIPALS, ROUNDS, EVERY, SEEDS, FRACTION = 40, 50, 10, range(2), 0.25
COUNTS = (1, 8, 20)
ATTACKS: Mapping[str, Mapping[str, Any]] = {
    "idle": {"actions.free_ride": "idle"},
    "junk": {"actions.free_ride": "junk"},
    "stale": {"actions.free_ride": "stale"},
    "poisoned": {},
    "replayed": {},
    "noisy": {},
}
FORGED = ("replayed", "noisy")
COMPARED = ("aumann_shapley", "first_order", "second_order", "leave_one_out", "fedsv", "neighbours", "cosine")
_games: list[RoundGame] = []


@credit_rule("watched")
def _watch(game: RoundGame) -> Credit:
    _games.append(game)
    return CREDITS["aumann_shapley"](game)


@dataclass
class Forging:
    """A network in which some put forged updates in the place of their own; it remembers the last parameters."""

    network: Network
    attackers: Tensor  # (R, N) bool
    attack: str
    generator: torch.Generator
    last: Tensor | None = None  # (R, P)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.network, name)

    def traverse(self, parameters: Parameters, features: Tensor, labels: Tensor, owners: Owners) -> Passage:
        """The passage, as updates, with the forged ones among them."""
        passage = self.network.traverse(parameters, features, labels, owners)
        updates = passage.updates()
        flat = torch.cat([u.flatten(2) for u in updates], dim=2)
        own = torch.cat([p.flatten(1) for p in parameters], dim=1)
        step, self.last = (self.last - own if self.last is not None else None), own
        if self.attack == "noisy" or step is None:
            forged = torch.randn(flat.shape, generator=self.generator)
        else:
            forged = step.unsqueeze(1).expand(flat.shape)
        honest = flat.norm(dim=2).masked_fill(self.attackers, torch.nan).nanmedian(1).values
        forged = forged / forged.norm(dim=2, keepdim=True) * honest.view(-1, 1, 1)
        flat = torch.where(self.attackers.unsqueeze(2), forged, flat)
        return DeltaPassage(flat, tuple(u.shape[2:] for u in updates), owners, passage.loss)


def games(attack: str, count: int) -> tuple[list[RoundGame], Bools]:
    """The games that are judged, all updates as put in, and who attacks (R, N)."""
    acting = "start_defect" if attack == "poisoned" else "start_free_ride"
    share = 0.0 if attack in FORGED else count / PRINCIPALS
    starts = {"start_free_ride": 0.0, "start_defect": 0.0, "start_delegate": 1 - share, acting: share}
    changes: dict[str, Any] = {f"population.{name}": part for name, part in starts.items()}
    changes |= {"policy.mix": {"fixed": 1.0}, "policy.mutation": 0.0, "credit.kind": "watched", **ATTACKS[attack]}
    ensemble = Ensemble(load("commons", {**changes, "credit.novelty.memory": 2, "credit.budget": 200}), SEEDS)
    attackers = ensemble.people.action != Action.DELEGATE
    if attack in FORGED:
        attackers[:, :count] = True  # who holds what is drawn, so that the first are as good as any
        forging = Forging(ensemble.world.network, torch.tensor(attackers), attack, torch.Generator().manual_seed(7))
        ensemble.world = replace(ensemble.world, network=forging)
    kept = []
    for number in range(ROUNDS):
        _games.clear()
        lesson = ensemble.step().lesson
        if number % EVERY == EVERY - 1:
            kept.append(_games[0].joined_by(lesson.active))
    return kept, attackers


def rules() -> dict[str, Callable[[RoundGame], Floats]]:
    """Every registered rule of the library that can play with forty, and what discounts make of the default."""

    def plain(name: str) -> Callable[[RoundGame], Floats]:
        return lambda game: CREDITS[name](game).values

    ours = [name for name, rule in CREDITS.items() if rule.__module__.startswith("commonweal.economy.")]
    names = [name for name in ours if name != "shapley"]
    assert PRINCIPALS > MOST_PLAYERS  # too many for shapley
    return {name: plain(name) for name in names} | DISCOUNTED


def _novel(game: RoundGame) -> Floats:
    return discounted(CREDITS["aumann_shapley"](game), game).values


def _robust(game: RoundGame) -> Floats:
    replication = replace(game.terms.replication, penalty=np.full((len(SEEDS), 1), np.log(2)))
    terms = replace(game.terms, novelty=replace(game.terms.novelty, memory=0), replication=replication)
    return discounted(CREDITS["aumann_shapley"](game), replace(game, terms=terms)).values


DISCOUNTED = {"aumann_shapley × novelty": _novel, "aumann_shapley × robust": _robust}


@cache
def judged() -> dict[tuple[str, str, int], tuple[Floats, Bools]]:
    """Summed credit (R, N) and who attacks (R, N), by rule, attack and number of attackers."""
    found: dict[tuple[str, str, int], tuple[Floats, Bools]] = {}
    for attack in ATTACKS:
        for count in COUNTS:
            credits = dict.fromkeys(rules(), np.zeros((len(SEEDS), PRINCIPALS)))
            played, attackers = games(attack, count)
            for game in played:
                with torch.inference_mode():
                    credits = {name: credits[name] + rule(game) for name, rule in rules().items()}
            found |= {(name, attack, count): (credit, attackers) for name, credit in credits.items()}
            print(f"judged {attack} × {count}", flush=True)
    return found


def below_honest(credit: Floats, attackers: Bools) -> Bools:
    """(R, N) whose credit is below a quarter of the median of the honest."""
    median = np.nanmedian(np.where(attackers, np.nan, credit), axis=1, keepdims=True)
    found: Bools = credit < FRACTION * median
    return found


def not_above_zero(credit: Floats, attackers: Bools) -> Bools:
    """(R, N) whose credit is not above zero."""
    found: Bools = credit <= 0
    return found


def detection(count: int, finds: Callable[[Floats, Bools], Bools] = below_honest) -> str:
    """Precision / recall by rule and attack."""
    rows = [[rule, *(cell(*judged()[rule, attack, count], finds) for attack in ATTACKS)] for rule in rules()]
    return markdown(["precision / recall", *ATTACKS], rows)


def cell(credit: Floats, attackers: Bools, finds: Callable[[Floats, Bools], Bools]) -> str:
    """Precision and recall over all runs; – where nobody was found."""
    found = finds(credit, attackers)
    right = (found & attackers).sum()
    precision = f"{right / found.sum():.2f}" if found.any() else "–"
    return f"{precision} / {right / attackers.sum():.2f}"


def earnings() -> str:
    """What a made-up update is credited, as a share of the mean honest one."""
    heads = ["attackers", *(f"{attack}: {rule}" for attack in FORGED for rule in COMPARED)]
    rows = []
    for count in COUNTS:
        cells = []
        for attack in FORGED:
            for rule in COMPARED:
                credit, attackers = judged()[rule, attack, count]
                cells.append(f"{credit[attackers].mean() / credit[~attackers].mean():.2f}")
        rows.append([f"{count}", *cells])
    return markdown(heads, rows)


TABLES: dict[str, Callable[[], str]] = {
    "detection-1": lambda: detection(1),
    "detection-8": lambda: detection(8),
    "detection-20": lambda: detection(20),
    "detection-zero": lambda: detection(8, not_above_zero),
    "forged": earnings,
}


if __name__ == "__main__":
    main(__doc__, TABLES)
