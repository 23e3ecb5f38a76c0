"""The menu: how much each principal puts in, by a fixed number, by a line of a menu, or by its best response.

``menu.offer = menu``: the menu of Paid with Models (Wang et al. 2025, arXiv 2412.11122), solved for the principals'
types at the start of every term whose problem is another; each takes the line that is best for its own cost.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.agents.population import Population
from commonweal.agents.streams import Streams
from commonweal.economy.money.membership import NEVER
from commonweal.economy.rewards.accuracy import Bound, best_alone
from commonweal.economy.rewards.forms import alone
from commonweal.economy.rewards.learning_curve import SEEN, Ahead, believed, noted, of_run
from commonweal.economy.rewards.tariff import Tariff
from commonweal.economy.round.mechanism import Mechanism, mechanism
from commonweal.economy.round.pools import contributions_of
from commonweal.economy.round.record import Effects, Moment, Payday, Produce
from commonweal.economy.round.regret import prospects
from commonweal.economy.round.standing import held_samples
from commonweal.economy.world.claims import claimed_cost
from commonweal.economy.world.terms import Terms
from commonweal.economy.world.world import State, World

ALTERNATIVES = 64  # numbers of samples compared, first from nothing to the most that could pay
LEAST = 1e-4  # of what the model alone could pay for, the fewest samples above none that are tried first
WORTHLESS = 1e-6  # of the most that could pay, in place of what a model without value could pay for
ZOOMS = 2  # times that as many are compared around the best
MOST_SAMPLES = 100_000  # that a line may ask for in a round in which a network learns
KEPT = 4096  # solutions, by their problem
TIE = 1e-6  # relative difference of two lines' worth below which the line of one's own type is taken


@mechanism("menu")
class Menu(Mechanism):
    """Scenario fields: ``menu``, ``rewards.alone``, ``rewards.accuracy``."""

    @classmethod
    def on(cls, terms: Terms) -> bool:
        """Where amounts are chosen, somebody may train alone, or a learning curve is fitted."""
        rewards = terms.rewards
        return terms.menu.offer != "fixed" or rewards.alone or rewards.accuracy.kind == "fitted"

    def begin(self, world: World, state: State, people: Population, streams: Streams) -> Tariff:
        """No menu yet."""
        terms = world.terms
        lines = len(terms.population.cost_types) if terms.menu.offer == "menu" else 0
        return Tariff.none(*world.shape, lines, SEEN if terms.rewards.accuracy.kind == "fitted" else 0)

    def before(self, own: Tariff, moment: Moment, world: World, streams: Streams) -> tuple[Tariff, Effects]:
        """Renew the menu at the start of a term, and choose amounts; the choice stream says who reconsiders."""
        terms, state, people = world.terms.menu, moment.state, moment.people
        if (world.terms.rewards.alone or terms.offer != "fixed") and state.round % terms.term == 0:
            own = _renewed(own, state, people, world)
        outside = np.maximum(moment.outside, own.alone)
        if terms.offer == "amounts":
            return own, Effects(amounts=_amounts(own, state, people, world, streams), outside=outside)
        if terms.offer == "menu":
            line, amount = _lines(own, outside, people, world)
            own = replace(own, line=line)
            return own, Effects(amounts=amount, excluded=line == NEVER, outside=outside)
        return own, Effects(outside=outside)

    def remember(
        self, own: Tariff, moment: Moment, produce: Produce, payday: Payday, world: World, streams: Streams
    ) -> Tariff:
        """Note the round's accuracy, where a learning curve is fitted."""
        if world.terms.rewards.accuracy.kind != "fitted":
            return own
        samples = payday.membership.contributed.sum(axis=1)
        return noted(own, samples, produce.quality, moment.state.round + 1, world.terms.rounds)


def _ahead(tariff: Tariff, state: State, world: World) -> Ahead | None:
    """The accuracy that a term's samples are expected to give; without a learned model every round starts from none.

    None where it does not go by samples alone.
    """
    curve = believed(tariff, world.terms.rewards)
    if curve is None:
        return None
    if not world.market.learns:
        return Ahead(curve, np.zeros((len(state.quality), 1)), 1)
    return Ahead(curve, state.membership.contributed.sum(axis=1, keepdims=True), world.terms.menu.term)


def _renewed(tariff: Tariff, state: State, people: Population, world: World) -> Tariff:
    """The tariff of the coming term; what follows from the same numbers as before stays."""
    terms, value, ahead = world.terms.rewards, world.terms.market.model_value, _ahead(tariff, state, world)
    if ahead is None:
        return replace(tariff, alone=_worth_alone(state, people, world)) if terms.alone else tariff
    basis = np.hstack([np.broadcast_to(each, value.shape) for each in (*vars(ahead.curve).values(), ahead.done, value)])
    moved = np.ones(len(basis), dtype=bool)
    if basis.shape == tariff.basis.shape:
        moved = (basis != tariff.basis).any(axis=1)
    if terms.alone and (moved.any() or (people.cost != tariff.cost).any()):
        scratch = replace(ahead, done=0.0)
        price = people.cost / value
        samples = np.minimum(best_alone(scratch, price), held_samples(world))
        alone = value * np.maximum(scratch(samples) - price * samples, 0.0)
        tariff = replace(tariff, alone=alone, cost=people.cost)
    if world.terms.menu.offer == "menu" and moved.any():
        tariff = replace(tariff, **_offers(tariff, ahead, moved, world))
    return replace(tariff, basis=basis)


def _worth_alone(state: State, people: Population, world: World) -> Floats:
    """(R, N) money per round of training alone, by a closed form, on the samples that each holds, or of no model."""
    nothing = np.zeros(world.shape)
    put = contributions_of(nothing, nothing > 0, state, world)
    accuracy = put.of_names(alone(put.pool()))
    return np.maximum(world.terms.market.model_value * accuracy - people.cost * state.membership.amount, 0.0)


def _offers(tariff: Tariff, ahead: Ahead, moved: Bools, world: World) -> dict[str, Any]:
    """Lines of the optimal menus, (R, L) by field of the tariff: new ones in runs whose problem moved (R,)."""
    solved = [_solved(_question(ahead, run, world)) for run in np.flatnonzero(moved).tolist()]
    lines = {name: np.stack([menu[name] for menu in solved]) for name in solved[0]}
    if world.market.learns:  # where samples are whole
        lines["amounts"] = np.rint(lines["amounts"])
        if (asked := lines["amounts"].max()) > MOST_SAMPLES:
            raise InputError(
                f"menu.offer = 'menu': asks for {asked:.0f} samples per round and principal, more than"
                f" {MOST_SAMPLES}; raise population.cost_types, or lower market.model_value"
            )
    place = np.cumsum(moved) - 1
    return {name: np.where(moved[:, None], new[place], getattr(tariff, name)) for name, new in lines.items()}


@dataclass(frozen=True)
class Question:
    """A menu problem in plain numbers, by which its solution is kept."""

    ahead: Ahead
    alone: bool  # whether parties may train alone
    value: float  # money that a model of accuracy 1 is worth
    types: tuple[float, ...]  # money a sample costs, dearest first
    shares: tuple[float, ...]
    parties: int
    reading: str


def _question(ahead: Ahead, run: int, world: World) -> Question:
    """The menu problem of a run: its types, and the accuracy it expects."""
    terms, types = world.terms, world.terms.population
    shares = types.type_shares or [1 / len(types.cost_types)] * len(types.cost_types)
    dearest_first = sorted(range(len(shares)), key=lambda kind: -types.cost_types[kind])
    done = float(np.asarray(ahead.done)[run, 0])
    return Question(
        ahead=Ahead(of_run(ahead.curve, run), done, ahead.rounds),
        alone=terms.rewards.alone,
        value=float(terms.market.model_value[run, 0]),
        types=tuple(types.cost_types[kind] for kind in dearest_first),
        shares=tuple(shares[kind] for kind in dearest_first),
        parties=types.count,
        reading=terms.menu.reading,
    )


@lru_cache(maxsize=KEPT)
def _solved(question: Question) -> dict[str, Floats]:
    """Lines (L,) of the optimal menu, by field of the tariff; solved once for all runs and rounds that ask the same."""
    from commonweal.economy.menus import MenuProblem, solve  # imports scipy, which nothing else needs in a round

    problem = MenuProblem(
        costs=np.array(question.types),
        shares=np.array(question.shares),
        parties=question.parties,
        value=question.value,
        accuracy=question.ahead,
        reading=question.reading,
        alone=replace(question.ahead, done=0.0) if question.alone else Bound(0.0, 1.0),
    )
    menu = solve(problem, nodes=0)  # the gap is not looked at in a round
    return {"costs": problem.costs, "amounts": menu.amounts, "values": menu.values, "ratios": menu.ratios}


def _lines(tariff: Tariff, outside: Floats, people: Population, world: World) -> tuple[Ints, Floats]:
    """(R, N) the line each takes, and the samples it asks for; NEVER and 0 where staying outside is worth more."""
    value = world.terms.market.model_value[:, :, None]
    cost = claimed_cost(people, world)[:, :, None] * value
    worth = tariff.values[:, None] - cost * tariff.amounts[:, None]  # (R, N, L)
    slack = TIE * value + (cost if world.market.learns else 0.0)  # where samples are whole, one may tip the balance
    tied = worth >= worth.max(axis=2, keepdims=True) - slack
    line = np.where(tied, np.abs(tariff.costs[:, None] - cost), np.inf).argmin(axis=2)
    taken = worth.max(axis=2) >= outside - slack[..., 0]
    if world.conduct is not None:
        line = np.where(world.conduct.line >= 0, np.minimum(world.conduct.line, worth.shape[2] - 1), line)
        taken |= world.conduct.line >= 0
    amount = np.take_along_axis(tariff.amounts, line, axis=1)
    return np.where(taken, line, NEVER), np.where(taken, amount, 0.0)


def _first_tried(people: Population, world: World) -> Floats:
    """(R, N, G) samples: none, and from far fewer than the model alone could be worth up to the most that could pay.

    Data pay in money, too: the most is what the model and all revenue together could be worth. Where the model is worth
    nothing, a millionth of that stands for what it could pay for.
    """
    market, cost = world.terms.market, np.maximum(people.cost, 1e-12)
    revenue = market.price * world.customers * (1 - market.baseline) * (1 - world.terms.settlement.reserve)
    most = (market.model_value + revenue) / cost
    for_model = np.where(market.model_value > 0, market.model_value / cost, WORTHLESS * most)
    if world.market.learns:  # nobody has more to put in
        for_model, most = (np.minimum(each, world.holdings.count) for each in (for_model, most))
    if world.terms.population.samples:
        for_model, most = np.minimum(for_model, held_samples(world)), np.broadcast_to(held_samples(world), cost.shape)
    steps = np.geomspace(LEAST * for_model / most, 1.0, ALTERNATIVES - 1, axis=-1)
    tried: Floats = most[:, :, None] * np.concatenate([np.zeros((*cost.shape, 1)), steps], axis=-1)
    return tried


def _amounts(tariff: Tariff, state: State, people: Population, world: World, streams: Streams) -> Floats:
    """(R, N) samples that each puts in from now on: those who reconsider take their best response to the others."""
    old, ahead = state.membership.amount, _ahead(tariff, state, world)
    revises = streams.choice.uniform(old.shape[1]) < world.terms.policy.revision
    if not revises.any():
        return old
    tried = _first_tried(people, world)
    for zoom in range(ZOOMS + 1):
        worth = prospects(tried, tried, state, people, world, ahead)
        best = worth.argmax(axis=2)[..., None]
        chosen = np.take_along_axis(tried, best, axis=2)
        if zoom < ZOOMS:
            low, high = (
                np.take_along_axis(tried, np.clip(best + side, 0, ALTERNATIVES - 1), axis=2) for side in (-1, 1)
            )
            tried = np.sort(np.concatenate([chosen, low + (high - low) * np.linspace(0, 1, ALTERNATIVES - 1)], axis=2))
    return np.where(revises, chosen[..., 0], old)
