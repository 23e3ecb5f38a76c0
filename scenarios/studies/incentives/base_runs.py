"""The runs in which nobody deviates: types of principals, what they earn, and where the money goes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commonweal.agents.actions import Action
from commonweal.agents.arrays import AnyArray, Floats, Ints
from commonweal.economy.money.ledger import Reason
from commonweal.economy.round.worth import Judge, cost_of_staying_away, worth
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.economy.runs.outside import model_outside
from commonweal.economy.world.world import World
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.pieces import Piece, Pieces, Tick

OF_REVENUE = (Reason.ENDOWMENT, Reason.REVENUE, Reason.PAYMENT)  # the others: fees, slashed stakes, what is taken back
TERTILES = ("low", "middle", "high")
DRAWN = "type"  # trait of principals whose costs are drawn from types: a seed may have nobody of a type


@dataclass(frozen=True)
class BaseRuns:
    """S runs of N principals, T rounds without a deviation."""

    seeds: tuple[int, ...]  # S
    order: Ints  # (S, N) principals by policy, then action, then cost if it is not drawn: equal places, like types
    types: dict[str, NDArray[np.str_]]  # (S, N) of every principal, by trait
    cost: Floats  # (S, N) money per sample
    payoffs: Floats  # (S, N) money per round; utility where it is judged by
    revenue: Ints  # (S,) micro-units over all rounds
    paid: Ints  # (S,) micro-units
    kept: Ints  # (S,) micro-units that the treasury took of revenue
    slashed: Ints  # (S,) micro-units of stakes
    outside: Floats  # (S, N) the same of who stays away

    @property
    def unaccounted(self) -> Ints:
        """(S,) micro-units of revenue that were neither paid nor kept."""
        return self.revenue - self.paid - self.kept

    def placed(self, values: AnyArray) -> AnyArray:
        """Values (S, N) of principals by number, by place."""
        return np.take_along_axis(values, self.order, axis=1)

    def first(self, seeds: int) -> "BaseRuns":
        """Only the first seeds."""
        types = {trait: types[:seeds] for trait, types in self.types.items()}
        arrays: dict[str, Any] = {name: part[:seeds] for name, part in _arrays(self).items()}
        return replace(self, **arrays, seeds=self.seeds[:seeds], types=types)


def joined(before: BaseRuns, more: BaseRuns) -> BaseRuns:
    """All seeds; traits that not every seed has are left out."""
    arrays: dict[str, Any] = {
        name: np.concatenate([part, getattr(more, name)]) for name, part in _arrays(before).items()
    }
    types = {trait: np.concatenate([before.types[trait], more.types[trait]])
             for trait in before.types if trait in more.types}  # fmt: skip
    return replace(before, **arrays, seeds=before.seeds + more.seeds, types=types)


def _arrays(base: BaseRuns) -> dict[str, AnyArray]:
    return {name: part for name, part in vars(base).items() if isinstance(part, np.ndarray)}


def play_base(
    scenario: Scenario,
    seeds: Sequence[int],
    start: int,
    rounds: int,
    pieces: Pieces | None = None,
    judge: Judge = "utility",
) -> BaseRuns:
    """Play without deviations.

    Args:
        scenario: what to play.
        seeds: S of them.
        start: rounds played before those that count.
        rounds: T that count.
        pieces: plays and keeps it.
        judge: what payoffs are counted in.
    """
    piece = base_piece(scenario, seeds, start, rounds, judge)
    (base,) = (pieces or Pieces()).play("runs without deviations", [piece])
    found: BaseRuns = base
    return found


def base_piece(scenario: Scenario, seeds: Sequence[int], start: int, rounds: int, judge: Judge = "utility") -> Piece:
    """A piece that gives the ``BaseRuns`` of ``play_base``."""
    return Piece(_play, (scenario, list(seeds), start, rounds, judge), (start + rounds) * len(seeds), (BaseRuns,))


def _play(asked: tuple[Scenario, list[int], int, int, Judge], tick: Tick) -> BaseRuns:
    scenario, seeds, start, rounds, judge = asked
    ensemble = Ensemble(scenario, seeds)
    for _ in range(start):
        ensemble.step()
        tick(len(seeds))
    population = ensemble.people
    sorted_by = () if scenario.population.cost_types else (population.cost,)
    order = np.lexsort((*sorted_by, population.action, population.policy), axis=1)
    types, cost = types_of(ensemble), population.cost
    treasury = ensemble.state.ledger.treasury
    payoffs, away, given = np.zeros((3, *population.shape))
    revenue, paid, slashed, beside = np.zeros((4, len(seeds)), dtype=np.int64)
    for _ in range(rounds):
        state, people = ensemble.state, ensemble.people
        record = ensemble.step()
        payday = record.payday
        given += model_outside(ensemble, state, people, record) / rounds
        payoffs += worth(record, judge) / rounds
        away += cost_of_staying_away(record, judge) / rounds
        revenue += payday.revenue
        paid += payday.payments.sum(axis=1)
        slashed -= payday.net(Reason.SLASH).sum(axis=1)
        beside -= payday.net(*(reason for reason in Reason if reason not in OF_REVENUE)).sum(axis=1)
        tick(len(seeds))
    kept = ensemble.state.ledger.treasury - treasury - beside
    menu = ensemble.state.mechanisms.get("menu")
    alone = np.zeros(population.shape) if menu is None else menu.alone
    outside = np.maximum(scenario.population.outside_option, alone) + given - away
    return BaseRuns(tuple(seeds), order, types, cost, payoffs, revenue, paid, kept, slashed, outside)


def types_of(ensemble: Ensemble) -> dict[str, NDArray[np.str_]]:
    """(S, N) type of every principal by trait; traits in which principals do not differ are left out."""
    population, world = ensemble.people, ensemble.world
    names = np.array([action.name.lower() for action in Action])
    traits = {
        "action": names[population.action],
        "policy": np.array(world.terms.policy.names)[population.policy],
    }
    if world.terms.population.cost_types:
        traits[DRAWN] = np.char.mod("cost %g", population.cost)
    elif not world.terms.market.public:
        traits["cost"] = _tertiles(population.cost)
    if world.terms.values.camps:
        traits["camp"] = np.char.mod("camp %d", population.camp)
    if world.market.learns:
        traits |= {
            "data": _tertiles(world.holdings.count.astype(np.float64)),
            "labels": np.where(_wrong_labels(world) > 0, "noisy", "clean"),
        }
    return {trait: types for trait, types in traits.items() if (types != types[:, :1]).any(axis=1).all()}


def _tertiles(values: Floats) -> NDArray[np.str_]:
    """(S, N) third of its run in which each value lies; one and the same where all are equal."""
    if (np.ptp(values, axis=1) == 0).any():
        return np.full(values.shape, TERTILES[1])
    rank = values.argsort(axis=1, kind="stable").argsort(axis=1, kind="stable")
    third: NDArray[np.str_] = np.array(TERTILES)[rank * 3 // values.shape[1]]
    return third


def _wrong_labels(world: World) -> Ints:
    """(S, N) samples that each holds with a wrong label."""
    holdings = world.holdings
    if not holdings.held.size:
        return np.zeros_like(holdings.count)
    truth = np.broadcast_to(world.truth, holdings.labels.shape)
    wrong = np.take_along_axis(holdings.labels != truth, holdings.held, axis=1)
    total = np.pad(wrong.cumsum(axis=1), ((0, 0), (1, 0)))
    until = holdings.start + holdings.count
    counted: Ints = np.take_along_axis(total, until, axis=1) - np.take_along_axis(total, holdings.start, axis=1)
    return counted
