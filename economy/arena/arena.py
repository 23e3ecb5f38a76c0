"""The arena: R runs of an economy as one environment, in which some principals choose their moves from outside.

The others follow their policies, or tactics that they are given. Everything is arrays, run axis first; all runs begin
and end together. ``commonweal.rl`` shows one run of it as a PettingZoo environment.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, get_args

import numpy as np

from commonweal.agents.arrays import AnyArray, Floats, Ints
from commonweal.agents.conduct import Conduct
from commonweal.agents.errors import InputError
from commonweal.agents.streams import plain_seeds
from commonweal.economy.arena.carrying import Doer, Round
from commonweal.economy.arena.choosers import Chooser
from commonweal.economy.arena.moves import FREE, Moves
from commonweal.economy.arena.names import Names, parts_of, persons_of, renamed
from commonweal.economy.arena.sights import as_seen, seen_columns, sight_names
from commonweal.economy.arena.tactics import Tactic
from commonweal.economy.money.ledger import MICRO
from commonweal.economy.round.observe import observe
from commonweal.economy.round.play import play_round
from commonweal.economy.round.record import Record
from commonweal.economy.round.set_up import Economy, set_up
from commonweal.economy.round.worth import Judge, worth
from commonweal.economy.runs.ensemble import next_actions


class Arena:
    """R runs of N principals, M of whom choose their moves from outside.

    What each of these sees in a round is ``sight_names``; its reward is what the round was worth to it, under all its
    names. An episode has ``horizon`` rounds, after ``warm_up`` rounds in which everybody follows its policy.

    Args:
        scenario: one for all runs.
        seeds: R seeds of the first episode; those of later ones follow from them.
        focal: M principals that choose from outside; all if not given.
        moves: their menu; the actions of the scenario if not given.
        names: under how many each of them takes part, its samples divided among them.
        horizon: rounds of an episode; as the scenario says if not given.
        warm_up: rounds before an episode begins.
        judge: what rewards are: ``utility``, payoff less value cost, or ``money``, payoff alone.
        background: tactics of others, by principal; whoever is neither here nor focal follows its policy.
        autoreset: whether the next episode begins as soon as one is over.

    Raises:
        InputError: if a principal does not exist or is named twice, or a number or a seed is not allowed.
    """

    def __init__(
        self,
        scenario: Any,
        seeds: Sequence[int] | Ints,
        *,
        focal: Sequence[int] | None = None,
        moves: Moves | None = None,
        names: int = 1,
        horizon: int | None = None,
        warm_up: int = 0,
        judge: Judge = "utility",
        background: Mapping[int, Tactic] | None = None,
        autoreset: bool = False,
    ) -> None:
        self.scenario, self.warm_up, self.judge, self.autoreset = scenario, warm_up, judge, autoreset
        self.seeds = plain_seeds(seeds)
        if not self.seeds or judge not in get_args(Judge):
            raise InputError(f"arena: there must be a seed of each run, and judge be {' or '.join(get_args(Judge))}")
        self._later = np.random.SeedSequence(self.seeds)
        economy = self._set_up()
        self._first: Economy | None = economy
        terms = economy.world.terms
        count = terms.population.count
        self.focal = tuple(range(count)) if focal is None else tuple(int(each) for each in focal)
        self.background = dict(background or {})
        self.moves = Moves.plain(terms.available) if moves is None else moves
        self.horizon = terms.rounds if horizon is None else horizon
        self._demand(count, names)
        menus = (self.moves, *(each.moves for each in self.background.values()))
        self._bare = names == 1 and all(menu.bare for menu in menus)
        led = len(self.focal) + len(self.background)
        self._asks = led < count or any(menu.frees for menu in menus)  # whether anybody may follow its policy
        self.names = _names(self.focal, names, count)
        self.each_names = names
        self.sight_names = sight_names(economy.world)
        self.over, self.played = True, 0
        self._columns: dict[str, Floats] = {}
        self._choosers: list[Chooser] = []

    def _demand(self, count: int, names: int) -> None:
        """Raise InputError where something is not allowed."""
        everybody = [*self.focal, *self.background]
        if not self.focal or len(set(everybody)) < len(everybody):
            raise InputError("arena: focal principals and those of the background must be different, one focal or more")
        if wrong := [each for each in everybody if not 0 <= each < count]:
            raise InputError(f"arena: no principal {wrong[0]}; they are numbered 0 to {count - 1}")
        if min(names, self.horizon) < 1 or self.warm_up < 0:
            raise InputError("arena: names and horizon must be 1 or more, warm_up 0 or more")

    @property
    def shape(self) -> tuple[int, int, int]:
        """(R, M, F): runs, focal principals, sights."""
        return len(self.seeds), len(self.focal), len(self.sight_names)

    @property
    def sizes(self) -> tuple[int, ...]:
        """(D,) choices of each factor of a move."""
        return tuple(self.moves.sizes.tolist())

    @property
    def snapshot(self) -> Economy:
        """The runs where they stand, with spare names behind the N principals."""
        return self._economy

    def reset(self, seeds: Sequence[int] | Ints | None = None) -> Floats:
        """Begin an episode.

        Args:
            seeds: R seeds of it, from which those of later episodes follow, too; the next ones if not given.

        Returns:
            (R, M, F) what focal principals see before the first round.
        """
        if seeds is not None:
            given = plain_seeds(seeds)
            if len(given) != len(self.seeds):
                raise InputError(f"arena: {len(given)} seeds: must be {len(self.seeds)}, one of each run")
            self.seeds, self._later, self._first = given, np.random.SeedSequence(given), None
        elif self._first is None:
            fresh = self._later.spawn(1)[0].generate_state(len(self.seeds), np.uint64)
            self.seeds = tuple(int(seed) for seed in fresh)
        economy, self._first = self._first or self._set_up(), None
        self.over, self.played = False, 0
        self._begin(self._warmed(economy))
        return self._sights()

    def step(self, codes: AnyArray) -> tuple[Floats, Floats, bool, Record]:
        """Play one round.

        Args:
            codes: (R, M, D) moves of focal principals, in ``moves``.

        Returns:
            (R, M, F) what they see afterwards; with ``autoreset``, before the first round of the next episode if this
            one is over. (R, M) what the round was worth to each, in money or utility. Whether the episode is over. All
            that happened.

        Raises:
            InputError: if codes are none of the menu, the episode is over, or a run diverges.
        """
        if self.over:
            raise InputError("arena: the episode is over; reset begins the next one")
        runs, members, _ = self.shape
        laid = self.moves.lay(codes)
        if laid.action.shape != (runs, members):
            raise InputError(f"arena: codes {np.shape(codes)} must be {(runs, members, len(self.moves.sizes))}")
        now = Round.fresh(self._usual, np.full((runs, self._bearer.shape[1]), FREE))
        now.write(laid, self._doer, self._reach)
        self._choosers = [each.choose(self._columns, self.played, now, self._reach) for each in self._choosers]
        record = self._play(now)
        rewards = self.names.together(worth(record, self.judge))
        sights, over = self._sights(), self.over
        if over and self.autoreset:
            sights = self.reset()
        return sights, rewards[:, list(self.focal)], over, record

    def play(self, tactics: Tactic | Sequence[Tactic], seeds: Sequence[int] | Ints | None = None) -> Floats:
        """Play an episode in which focal principals follow tactics, each with the arena's moves.

        Args:
            tactics: of all of them, or of each.
            seeds: of the episode; the next ones if not given.

        Returns:
            (R, M) mean reward in a round.
        """
        each = [tactics] * len(self.focal) if isinstance(tactics, Tactic) else list(tactics)
        if len(each) != len(self.focal) or any(tactic.moves != self.moves for tactic in each):
            raise InputError("arena: there must be a tactic for each focal principal, with the moves of the arena")
        sights, runs = self.reset(seeds), len(self.seeds)
        memories, total = [tactic.begin(runs) for tactic in each], np.zeros((runs, len(each)))
        for played in range(self.horizon):
            codes = np.empty((runs, len(each), len(self.moves.sizes)), dtype=np.int64)
            for m, tactic in enumerate(each):
                seen = sights[:, m][:, [self.sight_names.index(name) for name in tactic.sees]]
                codes[:, m], memories[m] = tactic.choose(seen, played, memories[m])
            sights, rewards, _, _ = self.step(codes)
            total += rewards
        return total / self.horizon

    def state(self) -> Floats:
        """(R, N F) what all N principals see, one after another: for critics that see everything."""
        return np.stack(list(self._columns.values()), axis=-1).reshape(len(self.seeds), -1)

    def _set_up(self) -> Economy:
        return set_up([self.scenario] * len(self.seeds), self.seeds)

    def _warmed(self, economy: Economy) -> Economy:
        """The economy after the rounds before the episode."""
        world, state, people, streams = economy.world, economy.state, economy.people, economy.streams
        for _ in range(self.warm_up):
            state, people, _ = play_round(state, people, next_actions(state, people, world, streams), world, streams)
        return replace(economy, state=state, people=people)

    def _begin(self, economy: Economy) -> None:
        """Lay out names and conduct before the first round."""
        runs, names = np.arange(len(self.seeds)), self.names
        self._graph = economy.world.graph  # persons know each other, under whatever names
        self._bearer: Ints = np.tile(names.bearer, (len(runs), 1))
        unborne = np.tile(names.unborne, (len(runs), 1))
        self._economy = renamed(economy, runs, names, unborne) if names.spares else economy
        world, people = self._economy.world, self._economy.people
        self._usual = None if self._bare else Conduct.plain(*people.shape, len(world.senses))
        self._reach = world.senses * people.limits
        self._divide()
        each = self.each_names if world.terms.learning.sampling == "each" else 1
        own = np.array([*self.focal, *range(names.principals, names.principals + names.spares)])
        behind = np.array([self.focal.index(member) for member in names.bearer[0, own]])
        self._doer = Doer(runs, self.focal, own, behind, each)
        self._choosers = [
            Chooser.of(tactic, Doer(runs, (member,), np.array([member]), np.zeros(1, np.int64), 1))
            for member, tactic in self.background.items()
        ]
        self._paid = persons_of(people, names).payoff

    def _divide(self) -> None:
        """Divide the samples of focal principals among their names, who are no persons."""
        if self._usual is None or not self.names.spares:
            return
        world = self._economy.world
        self._usual.person[:, self.names.principals :] = False
        start, count = world.holdings.start.copy(), world.holdings.count.copy()
        for member in self.focal:
            mine = np.flatnonzero((self.names.bearer[0] == member) & ~self.names.unborne[0])
            start[:, mine], count[:, mine] = parts_of(start[:, member], count[:, member], len(mine))
        holdings = replace(world.holdings, start=start, count=count)
        self._economy = replace(self._economy, world=replace(world, holdings=holdings))

    def _sights(self) -> Floats:
        """(R, M, F) what focal principals see now."""
        world, state, people, _ = self._parts
        persons, known = persons_of(people, self.names), replace(world, graph=self._graph)
        holds = self.names.together(state.ledger.principals / MICRO)
        self._columns = seen_columns(observe(state, persons, known), self.played / self.horizon, self._paid, holds)
        own = list(self.focal)
        return np.stack([values[:, own] for values in self._columns.values()], axis=-1)

    def _play(self, now: Round) -> Record:
        """Play a round; who is not forced follows its policy."""
        world, state, people, streams = self._parts
        world = world if now.conduct is None else replace(world, conduct=now.conduct)
        taken = now.forced
        if self._asks:
            persons, known = persons_of(people, self.names), replace(world, graph=self._graph)
            meant = next_actions(state, persons, known, streams)
            taken = np.where(taken == FREE, np.take_along_axis(meant, self._bearer, axis=1), taken)
        after, new, record = play_round(state, people, taken, world, streams)
        unseen = (now.forced != FREE) & ~np.isin(now.forced, world.terms.available)
        self._economy = replace(self._economy, state=after, people=as_seen(people, new, unseen))
        self._paid = self.names.together(record.payday.payoffs)
        self.played += 1
        self.over = self.played == self.horizon
        return record

    @property
    def _parts(self) -> Any:
        """World, state, people and streams where they stand."""
        return self._economy.world, self._economy.state, self._economy.people, self._economy.streams


def _names(focal: Sequence[int], each: int, count: int) -> Names:
    """Whose name is whose where focal principals take part under several."""
    spares = (each - 1) * len(focal)
    bearer = np.concatenate([np.arange(count), np.repeat(np.array(focal, dtype=np.int64), each - 1)])
    return Names(count, spares, bearer[None], np.zeros((1, count + spares), dtype=np.bool_))
