"""What is on offer before a round, and how much each principal puts in: a fixed number, a line of a menu, or its best.

``contract.offer = menu``: the menu of Paid with Models (Wang et al. 2025, arXiv 2412.11122), solved for the principals'
types at the start of every term; each takes the line that is best for its own cost. ``amounts``: best responses.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.agents.streams import Streams
from commonweal.economy.money.membership import NEVER
from commonweal.economy.rewards.accuracy import Bound, best_alone
from commonweal.economy.rewards.learning_curve import Ahead, believed, noted, of_run
from commonweal.economy.rewards.tariff import Tariff
from commonweal.economy.round.prospects import prospects
from commonweal.economy.round.standing import claimed_cost
from commonweal.economy.world.world import State, World

if TYPE_CHECKING:
    from commonweal.economy.menus import Menu, MenuProblem

ALTERNATIVES = 64  # numbers of samples compared, first from nothing to the most that could pay
ZOOMS = 2  # times that as many are compared around the best
MOST_SAMPLES = 100_000  # that a line may ask for in a round in which a network learns
TIE = 1e-6  # relative difference of two lines' worth below which the line of one's own type is taken


def offered(state: State, world: World, streams: Streams) -> State:
    """The state with what is on offer this round, and what each would put in.

    Args:
        state: before the round, with everybody's last action.
        world: what does not move.
        streams: who reconsiders its amount is drawn from the choice stream.
    """
    terms = world.terms.rewards
    if terms.offer == "fixed" and not terms.alone:
        return state
    if state.round % terms.term == 0:
        state = replace(state, tariff=_tariff(state, world))
    if terms.offer == "fixed":
        return state
    if terms.offer == "menu":
        line, amount = _lines(state, world)
    else:
        line, amount = state.membership.line, _amounts(state, world, streams)
    return replace(state, membership=replace(state.membership, line=line, amount=amount))


def observed(state: State, world: World) -> State:
    """The state after a round whose accuracy has been noted, where a learning curve is fitted."""
    if world.terms.rewards.accuracy.kind != "fitted":
        return state
    samples = state.membership.contributed.sum(axis=1)
    return replace(state, tariff=noted(state.tariff, samples, state.quality, state.round, world.terms.rounds))


def _ahead(state: State, world: World) -> Ahead:
    """What a term's samples are expected to lead to: in a market without a task every round starts anew."""
    curve = believed(state.tariff, world.terms.rewards)
    if not world.terms.learns:
        return Ahead(curve, np.zeros((len(state.quality), 1)), 1)
    return Ahead(curve, state.membership.contributed.sum(axis=1, keepdims=True), world.terms.rewards.term)


def _tariff(state: State, world: World) -> Tariff:
    """What is offered from now on, for a term."""
    terms, value, ahead = world.terms.rewards, world.terms.market.model_value, _ahead(state, world)
    tariff = state.tariff
    if terms.alone:
        scratch = replace(ahead, done=0.0)
        price = state.population.cost / value
        samples = best_alone(scratch, price)
        tariff = replace(tariff, alone=value * np.maximum(scratch(samples) - price * samples, 0.0))
    if terms.offer != "menu":
        return tariff
    from commonweal.economy.menus import solve  # imports scipy, which nothing else needs in a round

    menus: dict[tuple[float, ...], Menu] = {}
    for run in range(len(value)):
        key = (*_numbers(ahead, run), float(value[run, 0]))
        if key not in menus:
            menus[key] = solve(_problem(ahead, run, world), nodes=0)  # the gap is not looked at in a round
    solved = [menus[(*_numbers(ahead, run), float(value[run, 0]))] for run in range(len(value))]
    lines = {name: np.stack([getattr(menu, name) for menu in solved]) for name in ("amounts", "values", "ratios")}
    if world.terms.learns:  # where samples are whole
        lines["amounts"] = np.rint(lines["amounts"])
        if (asked := lines["amounts"].max()) > MOST_SAMPLES:
            raise InputError(
                f"contract.offer = 'menu': asks for {asked:.0f} samples per round and principal, more than"
                f" {MOST_SAMPLES}; raise population.cost_types, or lower market.model_value"
            )
    return replace(tariff, costs=np.stack([menu.problem.costs for menu in solved]), **lines)


def _numbers(ahead: Ahead, run: int) -> tuple[float, ...]:
    """All that a run's expectations depend on."""
    return *vars(of_run(ahead.curve, run)).values(), float(np.asarray(ahead.done)[run, 0])


def _problem(ahead: Ahead, run: int, world: World) -> "MenuProblem":
    """Whom the cooperative of a run offers a menu to."""
    from commonweal.economy.menus import MenuProblem

    terms, types = world.terms.rewards, world.terms.population.population
    dearest_first = np.argsort(types.cost_types)[::-1]
    curve = of_run(ahead.curve, run)
    return MenuProblem(
        costs=np.array(types.cost_types)[dearest_first],
        shares=np.array(types.type_shares or [1 / len(types.cost_types)] * len(types.cost_types))[dearest_first],
        parties=types.count,
        value=float(world.terms.market.model_value[run, 0]),
        accuracy=Ahead(curve, float(np.asarray(ahead.done)[run, 0]), ahead.rounds),
        reading=terms.reading,
        alone=Ahead(curve, 0.0, ahead.rounds) if terms.alone else Bound(0.0, 1.0),
    )


def _lines(state: State, world: World) -> tuple[Ints, Floats]:
    """(R, N) the line each takes, and the samples it asks for; NEVER and 0 for whom none is worth its cost."""
    tariff, value = state.tariff, world.terms.market.model_value[:, :, None]
    cost = claimed_cost(state, world)[:, :, None] * value
    worth = tariff.values[:, None] - cost * tariff.amounts[:, None]  # (R, N, L)
    slack = TIE * value + (cost if world.terms.learns else 0.0)  # where samples are whole, one may tip the balance
    tied = worth >= worth.max(axis=2, keepdims=True) - slack
    line = np.where(tied, np.abs(tariff.costs[:, None] - cost), np.inf).argmin(axis=2)
    taken = worth.max(axis=2) >= tariff.alone - slack[..., 0]
    if world.conduct is not None:
        line = np.where(world.conduct.line >= 0, np.minimum(world.conduct.line, worth.shape[2] - 1), line)
        taken |= world.conduct.line >= 0
    amount = np.take_along_axis(tariff.amounts, line, axis=1)
    return np.where(taken, line, NEVER), np.where(taken, amount, 0.0)


def _amounts(state: State, world: World, streams: Streams) -> Floats:
    """(R, N) samples that each puts in from now on: who reconsiders takes what is best for it, the others given."""
    old, ahead = state.membership.amount, _ahead(state, world)
    revises = streams.choice.uniform(old.shape[1]) < world.terms.policy.revision
    if not revises.any():
        return old
    most = world.terms.market.model_value / np.maximum(state.population.cost, 1e-12)
    if world.terms.learns:
        most = np.minimum(most, world.holdings.count)  # nobody has more to put in
    steps = np.concatenate([[0.0], np.geomspace(1e-4, 1.0, ALTERNATIVES - 1)])
    tried = most[:, :, None] * steps
    for zoom in range(ZOOMS + 1):
        worth = prospects(tried, tried, state, world, ahead)
        best = worth.argmax(axis=2)[..., None]
        chosen = np.take_along_axis(tried, best, axis=2)
        if zoom < ZOOMS:
            low, high = (
                np.take_along_axis(tried, np.clip(best + side, 0, ALTERNATIVES - 1), axis=2) for side in (-1, 1)
            )
            tried = np.sort(np.concatenate([chosen, low + (high - low) * np.linspace(0, 1, ALTERNATIVES - 1)], axis=2))
    return np.where(revises, chosen[..., 0], old)
