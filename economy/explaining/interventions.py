"""What interventions did to a run: each is done or left out, and the run is played again with the same random numbers.

v(S) is the outcome when those in S are done and the others are not; v(all) is the run in which all are done. What
principals do otherwise may also be how they carry out what they do: junk, stale data, several names (``conducts``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.agents.population import Population
from commonweal.economy.arena.moves import FREE
from commonweal.economy.arena.sights import as_seen
from commonweal.economy.explaining.conducts import Cast, demand_passing
from commonweal.economy.explaining.explanation import Explanation
from commonweal.economy.explaining.tree import Outcome, counted, replay
from commonweal.economy.explaining.values import Effort, value_games
from commonweal.economy.futures.deviations import Deviation
from commonweal.economy.round.play import play_round
from commonweal.economy.round.set_up import Economy
from commonweal.economy.runs.ensemble import next_actions
from commonweal.economy.world.terms import Terms, is_per_run
from commonweal.economy.world.world import World


@dataclass(frozen=True)
class Intervention:
    """What is done otherwise in some rounds of a run; where several say something of the same, the last one counts.

    Raises:
        InputError: if it does nothing, or its rounds are none.
    """

    name: str
    from_round: int = 0  # counted from where the run is played on
    until: int | None = None  # the first round in which it is over; None: it is never
    members: tuple[int, ...] = ()  # principals who are made to act or to follow a policy
    action: Action | None = None  # what they do
    policy: str | None = None  # what they follow: one of the names in policy.mix
    deviation: Deviation | None = None  # how its members carry out what they do in these rounds, and what they do
    changes: Mapping[str, float] = field(default_factory=dict)  # of scenario fields that may differ between runs

    def __post_init__(self) -> None:
        if self.from_round < 0 or (self.until is not None and self.until <= self.from_round):
            raise InputError(f"intervention {self.name}: from_round must be >= 0 and until above it")
        if bool(self.members) != (self.action is not None or self.policy is not None):
            raise InputError(f"intervention {self.name}: members need an action or a policy, and these need members")
        if not self.members and not self.changes and self.deviation is None:
            raise InputError(
                f"intervention {self.name}: nothing is done: give members and what they do, changes, or a deviation"
            )
        if self.deviation is not None:
            demand_passing(self.name, self.deviation)

    @property
    def forced(self) -> tuple[tuple[tuple[int, ...], Action], ...]:
        """Who is made to do what."""
        pairs = [(self.members, self.action)]
        pairs += [] if self.deviation is None else [(self.deviation.members, self.deviation.action)]
        return tuple((members, action) for members, action in pairs if action is not None)

    def is_on(self, played: int) -> bool:
        """Whether it is done in the round after so many."""
        return self.from_round <= played and (self.until is None or played < self.until)


def explain_interventions(
    economy: Economy,
    interventions: Sequence[Intervention],
    rounds: int,
    outcome: Outcome | None = None,
    effort: Effort | None = None,
) -> Explanation:
    """What each intervention adds to the outcome of a run.

    Args:
        economy: R runs between two rounds; unchanged.
        interventions: P of them, all done in the run that is explained.
        rounds: T, played on from there.
        outcome: what is explained.
        effort: budget and estimator, for more interventions than every coalition of them allows.

    Returns:
        Values; exact where every coalition is evaluated. Interactions are then the dividends of pairs: what two
        interventions do together beyond what each does alone.

    Raises:
        InputError: if an intervention names a principal, policy, field or round that does not exist, or a metric is
            unknown.
    """
    outcome, effort = outcome or Outcome(), effort or Effort()
    demand_possible(interventions, economy.world, rounds)
    runs, answers, players = len(economy.state.quality), len(outcome.metrics), len(interventions)

    def play(coalitions: Bools) -> Floats:
        found = intervention_outcomes(economy, coalitions, interventions, rounds, outcome, effort.together)
        return found.reshape(len(coalitions), -1)

    found = value_games(players, play, effort)
    exact, shape = effort.is_exact(players), (runs, answers)
    parts, errors = (np.moveaxis(each.reshape(*shape, players), 1, 2) for each in (found.values, found.standard_error))
    return Explanation(
        kind="interventions",
        target=outcome.words(rounds),
        baseline="no intervention, with the same random numbers",
        names=tuple(each.name for each in interventions),
        base=found.base.reshape(shape),
        value=found.whole.reshape(shape),
        values=parts,
        standard_error=None if exact else errors,
        interactions=None if found.pairs is None else _per_pair(found.pairs, runs),
        evaluations=found.evaluations,
        exact=exact,
        answers=outcome.metrics,
        provenance={
            "rounds": str(rounds),
            "coalitions": effort.words(players),
        },
    )


def _per_pair(pairs: Floats, runs: int) -> Floats:
    """(R, P, P, A) from (R A, P, P)."""
    found: Floats = np.moveaxis(pairs.reshape(runs, -1, *pairs.shape[1:]), 1, 3)
    return found


def demand_possible(interventions: Sequence[Intervention], world: World, rounds: int) -> None:
    """Raise InputError where an intervention names something that does not exist."""
    if not interventions:
        raise InputError("interventions: must be one or more")
    names, count = world.terms.policy.names, world.graph.principals
    Cast.of(interventions, world)
    for each in interventions:
        if wrong := [i for i in each.members if not 0 <= i < count]:
            raise InputError(f"intervention {each.name}: no principal {wrong[0]}; they are numbered 0 to {count - 1}")
        if each.policy is not None and each.policy not in names:
            raise InputError(f"intervention {each.name}: policy {each.policy!r} must be one of {', '.join(names)}")
        if wrong_field := [path for path in each.changes if "[" in path or not is_per_run(path)]:
            raise InputError(
                f"intervention {each.name}: {wrong_field[0]} must be a field whose number may differ between runs"
            )
        if each.from_round >= rounds:
            raise InputError(
                f"intervention {each.name}: from_round = {each.from_round} must be below rounds = {rounds}"
            )


def intervention_outcomes(
    economy: Economy,
    coalitions: Bools,
    interventions: Sequence[Intervention],
    rounds: int,
    outcome: Outcome,
    together: int = 4096,
) -> Floats:
    """Outcomes of runs in which some interventions are done.

    Args:
        economy: R runs between two rounds; unchanged.
        coalitions: (C, P) which interventions are done.
        interventions: P of them.
        rounds: T.
        outcome: what is measured.
        together: runs computed at once, at most.

    Returns:
        (C, R, A).
    """
    starts = sorted({0, *(each.from_round for each in interventions)})
    stages = [range(*ends) for ends in zip(starts, [*starts[1:], rounds], strict=True)]
    begun = np.array([[each.from_round < stage.stop for each in interventions] for stage in stages])
    count, cast = counted(outcome, rounds), Cast.of(interventions, economy.world)

    def play(now: Economy, stage: int, nodes: Bools) -> tuple[Economy, Floats]:
        done = np.repeat(nodes, len(now.state.quality) // len(nodes), axis=0)
        added = np.zeros((len(done), len(outcome.metrics)))
        for t in stages[stage]:
            on = done & np.array([each.is_on(t) for each in interventions])
            begins = on & np.array([each.from_round == t for each in interventions])
            now = cast.funded(now, begins)
            now, measured = _round(now, on, interventions, cast, outcome if count[t] else None)
            added += measured
        return now, added

    return replay(cast.ready(economy), coalitions, begun, play, together) / sum(count)


def _round(
    economy: Economy, on: Bools, interventions: Sequence[Intervention], cast: Cast, outcome: Outcome | None
) -> tuple[Economy, Floats | float]:
    """The economy after a round in which runs (R) do some of P interventions, and what it adds to the outcome."""
    usual, before, streams = economy.world, economy.state, economy.streams
    world = replace(usual, terms=_terms(usual.terms, on, interventions))
    known = _people(economy.people, on, interventions, world.terms.policy.names)
    forced = _forced(on, interventions, cast.principals)
    free = next_actions(before, cast.persons(known), cast.acquainted(world), streams)
    actions = cast.by_name(np.where(forced == FREE, free, forced), on)
    world = cast.carried(world, known, on)
    state, people, record = play_round(before, known, actions, world, streams)
    added = 0.0 if outcome is None else outcome.of(record, before, state, people, world, cast.shown)
    forced = forced[:, cast.bearer]
    people = as_seen(known, people, (forced != FREE) & ~np.isin(forced, world.terms.available))
    return Economy(usual, state, replace(people, policy=economy.people.policy), streams), added


def _forced(on: Bools, interventions: Sequence[Intervention], principals: int) -> Ints:
    """(R, N) codes of actions that interventions demand, FREE elsewhere."""
    forced = np.full((len(on), principals), FREE)
    for done, each in zip(on.T, interventions, strict=True):
        for members, action in each.forced:
            forced[np.ix_(done, members)] = action
    return forced


def _people(people: Population, on: Bools, interventions: Sequence[Intervention], names: Sequence[str]) -> Population:
    """People who follow what interventions say."""
    policy = people.policy.copy()
    for done, each in zip(on.T, interventions, strict=True):
        if each.policy is not None:
            policy[np.ix_(done, each.members)] = names.index(each.policy)
    return replace(people, policy=policy)


def _terms(terms: Terms, on: Bools, interventions: Sequence[Intervention]) -> Terms:
    """Terms in which the numbers that interventions change are theirs."""
    for done, each in zip(on.T, interventions, strict=True):
        for path, number in each.changes.items():
            terms = _with_number(terms, path.split("."), done, number) if done.any() else terms
    return terms


def _with_number(terms: Any, path: Sequence[str], runs: Bools, number: float) -> Any:
    """Terms with a number in some of the runs (R,), at a path of names."""
    name, *rest = path
    inner = getattr(terms, name)
    new = _with_number(inner, rest, runs, number) if rest else np.where(runs[:, None], number, inner)
    return replace(terms, **{name: new})
