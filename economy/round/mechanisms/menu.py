"""The menu: how much each principal puts in, by a fixed number, by a line of a menu, or by its best response.

``menu.offer = menu``: the menu of Paid with Models (Wang et al. 2025, arXiv 2412.11122), solved for the principals'
types at the start of every term; each takes the line that is best for its own cost.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.agents.population import Population
from commonweal.agents.streams import Streams
from commonweal.economy.money.membership import NEVER
from commonweal.economy.rewards.accuracy import Bound, best_alone
from commonweal.economy.rewards.learning_curve import SEEN, Ahead, believed, noted, of_run
from commonweal.economy.rewards.tariff import Tariff
from commonweal.economy.round.mechanism import Mechanism, mechanism
from commonweal.economy.round.record import Effects, Moment, Payday, Produce
from commonweal.economy.round.regret import prospects
from commonweal.economy.world.claims import claimed_cost
from commonweal.economy.world.terms import Terms
from commonweal.economy.world.world import State, World

if TYPE_CHECKING:
    from commonweal.economy.menus import Menu as Solved
    from commonweal.economy.menus import MenuProblem

ALTERNATIVES = 64  # numbers of samples compared, first from nothing to the most that could pay
LEAST = 1e-4  # of what the model alone could pay for, the fewest samples above none that are tried first
ZOOMS = 2  # times that as many are compared around the best
MOST_SAMPLES = 100_000  # that a line may ask for in a round in which a network learns
TIE = 1e-6  # relative difference of two lines' worth below which the line of one's own type is taken


@mechanism("menu")
class Menu(Mechanism):
    """Scenario fields: ``menu``, ``rewards.alone``, ``rewards.accuracy``."""

    @classmethod
    def on(cls, terms: Terms) -> bool:
        """Where amounts are chosen, somebody may train alone, or a learning curve is fitted."""
        rewards = terms.rewards
        return terms.menu.offer != "fixed" or rewards.alone or rewards.accuracy.kind == "fitted"

    def begin(self, world: World, state: State) -> Tariff:
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
            line, amount = _lines(own, people, world)
            own = replace(own, line=line)
            return own, Effects(amounts=amount, excluded=line == NEVER, outside=outside)
        return own, Effects(outside=outside)

    def remember(self, own: Tariff, moment: Moment, produce: Produce, payday: Payday, world: World) -> Tariff:
        """Note the round's accuracy, where a learning curve is fitted."""
        if world.terms.rewards.accuracy.kind != "fitted":
            return own
        samples = payday.membership.contributed.sum(axis=1)
        return noted(own, samples, produce.quality, moment.state.round + 1, world.terms.rounds)


def _ahead(tariff: Tariff, state: State, world: World) -> Ahead:
    """The accuracy that a term's samples are expected to give; without a learned model every round starts from none."""
    curve = believed(tariff, world.terms.rewards)
    if not world.market.learns:
        return Ahead(curve, np.zeros((len(state.quality), 1)), 1)
    return Ahead(curve, state.membership.contributed.sum(axis=1, keepdims=True), world.terms.menu.term)


def _renewed(tariff: Tariff, state: State, people: Population, world: World) -> Tariff:
    """The tariff of the coming term."""
    terms, value, ahead = world.terms.rewards, world.terms.market.model_value, _ahead(tariff, state, world)
    if terms.alone:
        scratch = replace(ahead, done=0.0)
        price = people.cost / value
        samples = best_alone(scratch, price)
        tariff = replace(tariff, alone=value * np.maximum(scratch(samples) - price * samples, 0.0))
    if world.terms.menu.offer != "menu":
        return tariff
    from commonweal.economy.menus import solve  # imports scipy, which nothing else needs in a round

    menus: dict[tuple[float, ...], Solved] = {}
    for run in range(len(value)):
        key = (*_numbers(ahead, run), float(value[run, 0]))
        if key not in menus:
            menus[key] = solve(_problem(ahead, run, world), nodes=0)  # the gap is not looked at in a round
    solved = [menus[(*_numbers(ahead, run), float(value[run, 0]))] for run in range(len(value))]
    lines = {name: np.stack([getattr(menu, name) for menu in solved]) for name in ("amounts", "values", "ratios")}
    if world.market.learns:  # where samples are whole
        lines["amounts"] = np.rint(lines["amounts"])
        if (asked := lines["amounts"].max()) > MOST_SAMPLES:
            raise InputError(
                f"menu.offer = 'menu': asks for {asked:.0f} samples per round and principal, more than"
                f" {MOST_SAMPLES}; raise population.cost_types, or lower market.model_value"
            )
    return replace(tariff, costs=np.stack([menu.problem.costs for menu in solved]), **lines)


def _numbers(ahead: Ahead, run: int) -> tuple[float, ...]:
    """The numbers that a run's expectations depend on."""
    return *vars(of_run(ahead.curve, run)).values(), float(np.asarray(ahead.done)[run, 0])


def _problem(ahead: Ahead, run: int, world: World) -> "MenuProblem":
    """The menu problem of a run: its types, and the accuracy it expects."""
    from commonweal.economy.menus import MenuProblem

    terms, types = world.terms.rewards, world.terms.population
    dearest_first = np.argsort(types.cost_types)[::-1]
    curve = of_run(ahead.curve, run)
    return MenuProblem(
        costs=np.array(types.cost_types)[dearest_first],
        shares=np.array(types.type_shares or [1 / len(types.cost_types)] * len(types.cost_types))[dearest_first],
        parties=types.count,
        value=float(world.terms.market.model_value[run, 0]),
        accuracy=Ahead(curve, float(np.asarray(ahead.done)[run, 0]), ahead.rounds),
        reading=world.terms.menu.reading,
        alone=Ahead(curve, 0.0, ahead.rounds) if terms.alone else Bound(0.0, 1.0),
    )


def _lines(tariff: Tariff, people: Population, world: World) -> tuple[Ints, Floats]:
    """(R, N) the line each takes, and the samples it asks for; NEVER and 0 where no line is worth its cost."""
    value = world.terms.market.model_value[:, :, None]
    cost = claimed_cost(people, world)[:, :, None] * value
    worth = tariff.values[:, None] - cost * tariff.amounts[:, None]  # (R, N, L)
    slack = TIE * value + (cost if world.market.learns else 0.0)  # where samples are whole, one may tip the balance
    tied = worth >= worth.max(axis=2, keepdims=True) - slack
    line = np.where(tied, np.abs(tariff.costs[:, None] - cost), np.inf).argmin(axis=2)
    taken = worth.max(axis=2) >= tariff.alone - slack[..., 0]
    if world.conduct is not None:
        line = np.where(world.conduct.line >= 0, np.minimum(world.conduct.line, worth.shape[2] - 1), line)
        taken |= world.conduct.line >= 0
    amount = np.take_along_axis(tariff.amounts, line, axis=1)
    return np.where(taken, line, NEVER), np.where(taken, amount, 0.0)


def _first_tried(people: Population, world: World) -> Floats:
    """(R, N, G) samples: none, and from far fewer than the model alone could be worth up to the most that could pay."""
    market, cost = world.terms.market, np.maximum(people.cost, 1e-12)
    revenue = market.price * world.customers * (1 - market.baseline) * (1 - world.terms.settlement.reserve)
    for_model, most = market.model_value / cost, (market.model_value + revenue) / cost
    if world.market.learns:  # nobody has more to put in
        for_model, most = (np.minimum(each, world.holdings.count) for each in (for_model, most))
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
