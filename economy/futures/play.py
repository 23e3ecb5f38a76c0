"""Futures: runs in which some principals deviate, played as one ensemble with the runs in which nobody does.

All draw the same random numbers. The gain from a deviation is the difference between two runs that differ in nothing
else, U_i(d, σ_−i) − U_i(σ), of utilities (payoff less value cost) or of payoffs alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.economy.arena.moves import FREE
from commonweal.economy.arena.names import persons_of, renamed
from commonweal.economy.arena.sights import as_seen, seen_columns
from commonweal.economy.futures.choosing import Choosing
from commonweal.economy.futures.departures import carry_on, first_copies
from commonweal.economy.futures.deviations import (
    Deviation,
    conduct_in,
    conducted,
    demand_members,
    lay_names,
    lay_script,
    spares_of,
)
from commonweal.economy.futures.followers import following
from commonweal.economy.futures.shedding import Shedding, shed, unshed
from commonweal.economy.money.ledger import MICRO
from commonweal.economy.round.observe import observe
from commonweal.economy.round.play import play_round
from commonweal.economy.round.set_up import Economy
from commonweal.economy.round.worth import Judge
from commonweal.economy.runs.ensemble import next_actions
from commonweal.economy.world.replicas import pick_runs, pick_streams, pick_world, reseeded

Others = Literal["adapt", "freeze"]


@dataclass(frozen=True)
class Futures:
    """B runs without a deviation and with each of D deviations, T rounds of N principals and spare names."""

    deviations: tuple[Deviation, ...]
    payoffs: Floats  # (B, 1 + D, T, N) money; the first of the second axis is the run in which nobody deviates
    actions: NDArray[np.int8]  # (B, 1 + D, T, N) codes
    quality: Floats  # (B, 1 + D, T) test accuracy
    kept: Floats  # (B, 1 + D, T) money that the treasury kept
    balances: Ints  # (B, 1 + D, 2 N + 2) micro-units on every account at the end, as in the ledger
    principals: int  # N without spare names
    value_costs: Floats | None = None  # (B, 1 + D, T, N) what rounds cost each in its own values; None: nobody minds
    judge: Judge = "utility"  # what gains and losses are counted in
    caught: Bools | None = None  # (B, 1 + D, T, N) who was caught lying of its update; None: nothing is claimed

    @property
    def utilities(self) -> Floats:
        """(B, 1 + D, T, N) payoffs less value costs, money; the payoffs where nobody minds."""
        return self.payoffs if self.value_costs is None else self.payoffs - self.value_costs

    @cached_property
    def worth(self) -> Floats:
        """(B, 1 + D, T, N) what gains and losses are differences of: utilities, or payoffs if money alone counts."""
        return self.utilities if self.judge == "utility" else self.payoffs

    @cached_property
    def gains(self) -> Floats:
        """(B, D) per round and member: what the members have with the deviation, minus without; as judged."""
        mean = self.worth.mean(axis=2)
        columns = [[*d.members, *spares_of(d, self.principals)] for d in self.deviations]
        gained = [(mean[:, 1 + k] - mean[:, 0])[:, own].sum(axis=1) for k, own in enumerate(columns)]
        sizes = np.array([len(d.members) for d in self.deviations])
        per_member: Floats = np.stack(gained, axis=1) / sizes if gained else np.zeros((len(mean), 0))
        return per_member

    @cached_property
    def losses(self) -> Floats:
        """(B, D) per round: what all others lose by a deviation, together; as judged."""
        change = (self.worth[:, 1:] - self.worth[:, :1]).mean(axis=2)[..., : self.principals]
        for k, deviation in enumerate(self.deviations):
            change[:, k, list(deviation.members)] = 0.0
        lost: Floats = -change.sum(axis=2)
        return lost


def play_futures(
    economy: Economy,
    deviations: Sequence[Deviation],
    rounds: int,
    *,
    others: Others = "adapt",
    judge: Judge = "utility",
    on_round: Callable[[], None] | None = None,
) -> Futures:
    """Play B runs on, as they are and with each of D deviations: B (1 + D) runs as one ensemble.

    Args:
        economy: B runs between two rounds; unchanged.
        deviations: D of them, each tried in every run.
        rounds: T.
        others: ``adapt``: the others follow their policies and may react; ``freeze``: everybody does in each round what
            it does in the run without a deviation, except what the deviation says.
        judge: what gains and losses are counted in: ``utility``, payoff less value cost, or ``money``, payoff alone.
        on_round: called after every round.

    Raises:
        InputError: if a deviation names a principal that does not exist, or a run diverges.
    """
    demand_members(deviations, economy.world)
    bases, branches = len(economy.state.quality), 1 + len(deviations)
    names = lay_names(deviations, economy.people.shape[1])
    script = lay_script(deviations, rounds, names)
    runs, bearer = np.repeat(np.arange(bases), branches), np.tile(names.bearer, (bases, 1))
    acquaintances = economy.world.graph.pick(runs)  # persons know each other, under whatever names
    shedding = Shedding.of(deviations, names, bases)
    unborne = np.tile(names.unborne, (bases, 1))
    unpaid = unborne if shedding is None else unborne | shedding.sheds  # whose money goes from name to name
    copied = renamed(economy, runs, names, unpaid)
    state, streams = copied.state, copied.streams
    world = conducted(copied.world, copied.people, deviations, names)
    world, people = following(world, copied.people, deviations, names)
    usual, passing = world.conduct, any(deviation.is_passing for deviation in deviations)
    assert usual is not None
    choosing = Choosing.of(deviations, names, world, people)
    paid = persons_of(people, names).payoff  # (R, N) what the last round was worth to each
    copies = first_copies(world, state, deviations)
    noted: list[tuple[Floats, Ints, Floats, Floats]] = []
    minded: list[Floats] = []
    liars: list[Bools] = []
    for played, scripted in enumerate(script):
        persons, conduct = persons_of(people, names), usual
        forced = np.tile(scripted, (bases, 1))
        if shedding is not None:
            shedding, state, people = shed(shedding, state, people, world)
            conduct = shedding.conduct(usual, bearer)
            persons = shedding.persons(people, names.principals)
        if passing:
            conduct = conduct_in(conduct, deviations, played)
        world = replace(world, conduct=conduct)
        known_to = replace(world, graph=acquaintances)
        if choosing is not None:
            holds = names.together(state.ledger.principals / MICRO)
            columns = seen_columns(observe(state, persons, known_to), played / rounds, paid, holds)
            choosing, now = choosing.choose(columns, played, conduct, forced)
            forced, world = now.forced, replace(world, conduct=now.conduct)
        actions = next_actions(state, persons, known_to, streams)
        if others == "freeze":
            actions = np.repeat(actions[::branches], branches, axis=0)
        actions = np.take_along_axis(actions, bearer, axis=1)
        before, known = state, people
        taken = np.where(forced == FREE, actions, forced)
        taken = taken if shedding is None else unshed(taken, shedding, bearer)
        state, people, record = play_round(before, known, taken, world, streams)
        unseen = (forced != FREE) & ~np.isin(forced, world.terms.available)
        people = as_seen(known, people, unseen)
        kept = (state.ledger.treasury - before.ledger.treasury) / MICRO
        payoffs = record.payday.payoffs
        if copies is not None:
            copies, worth = carry_on(copies, state, record.payday.rewards, played)
            payoffs = payoffs + worth
        paid = names.together(payoffs)
        noted.append((payoffs, record.actions, state.quality, kept))
        if record.payday.value_cost is not None:
            minded.append(record.payday.value_cost)
        if "trust" in record.notes:
            liars.append(record.notes["trust"].caught)
        if on_round is not None:
            on_round()
    money, acts, quality, treasury = (np.stack(series, axis=1) for series in zip(*noted, strict=True))
    shape = (bases, branches, rounds)
    return Futures(
        tuple(deviations),
        money.reshape(*shape, -1),
        acts.reshape(*shape, -1).astype(np.int8),
        quality.reshape(shape),
        treasury.reshape(shape),
        state.ledger.balances.reshape(bases, branches, -1),
        names.principals,
        np.stack(minded, axis=1).reshape(*shape, -1) if minded else None,
        judge,
        np.stack(liars, axis=1).reshape(*shape, -1) if liars else None,
    )


def branch(economy: Economy, futures: int, seed: int) -> Economy:
    """Copies of one run with different random numbers from now on; the first copy keeps its own.

    Args:
        economy: one run between two rounds; unchanged.
        futures: how many copies.
        seed: of the random numbers of the others.
    """
    runs = np.zeros(futures, dtype=np.int64)
    return Economy(
        pick_world(economy.world, runs),
        pick_runs(economy.state, runs),
        pick_runs(economy.people, runs),
        reseeded(pick_streams(economy.streams, runs), seed),
    )
