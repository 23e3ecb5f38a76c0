"""Deviations: what single principals do otherwise, laid out as arrays over the runs that try them.

Where a principal takes part under several names (a Sybil attack, Douceur 2002), its run has spare names behind the N
principals. The runs it is compared with have them too, unused.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import AnyArray, Bools, Floats, Ints
from commonweal.agents.conduct import Conduct
from commonweal.agents.errors import InputError
from commonweal.agents.population import Population
from commonweal.economy.arena.moves import FORMS, FREE
from commonweal.economy.arena.names import Names, parts_of
from commonweal.economy.arena.tactics import Tactic
from commonweal.economy.tasks import Form
from commonweal.economy.wire.modes import SECRET
from commonweal.economy.world.world import World

# Conduct of a round, not of a name
_PASSING = ("form", "share", "claimed", "dearer", "line", "exaggerates", "pads", "slanders", "ring")
# What a tactic chooses in each round, so that the deviation itself must not say it
_CHOSEN = ("action", "form", "share", "looser", "dearer", "exaggerates")


@dataclass(frozen=True)
class Deviation:
    """What some principals do otherwise, in all rounds or in a window of them; what is not given stays as it is.

    Raises:
        InputError: if a value is not allowed.
    """

    name: str  # what tables call it
    members: tuple[int, ...]  # principals who deviate together; more than one collude
    action: Action | None = None  # what they always do; None: what their policy says
    form: str | None = None  # one of FORMS: what they put in under that action
    share: float = 1.0  # of their samples that they put in
    looser: float = 0.0  # share of their limits by which they claim to be looser than they are; negative: stricter
    dearer: float = 0.0  # share by which they claim that samples and looser limits cost them more; negative: less
    earlier: int = 0  # rounds by which they claim to have joined earlier than they did
    exaggerates: float = 0.0  # share by which they claim that their updates do more than they do, where that is a claim
    pads: float = 0.0  # N-ths of an update along the validation gradient that they claim on top of their own
    cancels: bool = False  # the first alone pads; the others claim as much less, so that the sum of all stays true
    line: int | None = None  # line of the menu they take; None: the one that is best for them
    joins: int = 0  # rounds they first stay away
    leaves: int | None = None  # rounds after which they stay away
    identities: int = 1  # names under which each takes part, its samples divided among them
    copies: bool = False  # the first member's samples are put in again by all others and under all further names
    sheds: bool = False  # each takes part under one name at a time, and under the next once that has become bad
    slanders: bool = False  # as judges they call everybody bad
    praises: bool = False  # as judges they call each other good, whatever they did
    policy: str | None = None  # by which they go instead of their own, and as judges if it is a norm's; None: their own
    from_round: int = 0  # rounds before they deviate
    until: int | None = None  # rounds after which they deviate no more; None: they go on
    tactic: Tactic | None = None  # chooses what each of them does anew in each round, from what it sees

    def __post_init__(self) -> None:
        if not self.members or len(set(self.members)) < len(self.members):
            raise InputError(f"deviation {self.name}: members {self.members} must be different principals, one or more")
        if self.form is not None and self.form not in FORMS:
            raise InputError(f"deviation {self.name}: form {self.form!r} must be one of {', '.join(FORMS)}")
        counts = min(self.joins, self.leaves or 0, self.earlier, self.identities - 1)
        if not 0 <= self.share <= 1 or min(self.looser, self.dearer) < -1 or counts < 0:
            allowed = "share in [0, 1], looser and dearer >= -1, joins, leaves and earlier >= 0, identities >= 1"
            raise InputError(f"deviation {self.name}: {allowed}")
        if self.cancels and len(self.members) < 2:
            raise InputError(f"deviation {self.name}: lies that cancel need two members")
        if self.sheds and (self.identities == 1 or self.copies):
            raise InputError(f"deviation {self.name}: who sheds names needs identities >= 2, and no copies")
        if self.from_round < 0 or (self.until is not None and self.until <= self.from_round):
            raise InputError(f"deviation {self.name}: from_round must be >= 0 and until above it")
        lasting = self.joins or self.earlier or self.leaves is not None or self.identities > 1 or self.copies
        lasting = lasting or self.policy is not None
        if self.is_passing and lasting:
            refused = "joins, earlier, leaves, identities, copies and policy are for all rounds"
            raise InputError(f"deviation {self.name}: {refused}, without from_round and until")
        plain = {part.name: part.default for part in fields(self)}
        said = [name for name in _CHOSEN if getattr(self, name) != plain[name]]
        if self.tactic is not None and said:
            raise InputError(f"deviation {self.name}: leave out {said[0]}, which its tactic chooses in each round")

    @property
    def is_passing(self) -> bool:
        """Whether there are rounds in which they do as always."""
        return self.from_round > 0 or self.until is not None

    def is_on(self, played: int) -> bool:
        """Whether they deviate in the round after so many."""
        return self.from_round <= played and (self.until is None or played < self.until)

    @property
    def by_names(self) -> bool:
        """Whether it is about names, good or bad."""
        return self.sheds or self.slanders or self.praises

    @property
    def lies(self) -> bool:
        """Whether they claim of their updates what is not so."""
        menu = {} if self.tactic is None else self.tactic.moves.factors
        return self.exaggerates != 0 or self.pads != 0 or len(menu.get("exaggerates", ())) > 1

    @property
    def spares(self) -> int:
        """Names it needs beyond those of its members."""
        return (self.identities - 1) * len(self.members)


def demand_members(deviations: Sequence[Deviation], world: World) -> None:
    """Raise InputError where a deviation names a principal that does not exist, or there is nothing it could do."""
    public = world.terms.reciprocity.kind != "none" and world.terms.reciprocity.images == "public"
    hidden = world.terms.learning.wire in SECRET
    for deviation in deviations:
        if deviation.lies and not hidden:
            raise InputError(f"deviation {deviation.name}: what updates do must be a claim (learning.wire = secure)")
        if deviation.by_names and not public:
            raise InputError(f"deviation {deviation.name}: names must count and be public (reciprocity.kind, images)")
        if wrong := [i for i in deviation.members if not 0 <= i < world.graph.principals]:
            last = world.graph.principals - 1
            raise InputError(f"deviation {deviation.name}: no principal {wrong[0]}; they are numbered 0 to {last}")


def lay_names(deviations: Sequence[Deviation], principals: int) -> Names:
    """Whose name is whose, in the run without a deviation and in the run with each."""
    spares = max((d.spares for d in deviations), default=0)
    bearer = np.tile(np.arange(principals + spares), (1 + len(deviations), 1))
    unborne = bearer >= principals
    for k, deviation in enumerate(deviations, start=1):
        own = spares_of(deviation, principals)
        bearer[k, own] = np.repeat(deviation.members, deviation.identities - 1)
        unborne[k, own] = False
    return Names(principals, spares, np.where(unborne, 0, bearer), unborne)


def spares_of(deviation: Deviation, principals: int) -> range:
    """The spare names that a deviation uses, member by member."""
    return range(principals, principals + deviation.spares)


def lay_script(deviations: Sequence[Deviation], rounds: int, names: Names) -> Ints:
    """(T, 1 + D, N + spares) codes of forced actions, FREE where nothing is forced."""
    script = np.where(names.unborne, np.int64(Action.ABSTAIN), FREE)[None].repeat(rounds, axis=0)
    for k, deviation in enumerate(deviations, start=1):
        own = [*deviation.members, *spares_of(deviation, names.principals)]
        if deviation.action is not None:
            script[deviation.from_round : deviation.until, k, own] = deviation.action
        script[: deviation.joins, k, own] = Action.ABSTAIN
        if deviation.leaves is not None:
            script[deviation.leaves :, k, own] = Action.ABSTAIN
    return script


@dataclass(frozen=True)
class Staging:
    """Conduct and holdings of R runs, into which deviations are written."""

    world: World
    limits: Floats  # (R, N, K) that principals want
    conduct: Conduct
    start: Ints  # (R, N) of holdings
    count: Ints  # (R, N)

    @classmethod
    def of(cls, world: World, people: Population) -> "Staging":
        """Everybody as the scenario says."""
        holdings, plain = world.holdings, Conduct.plain(*people.shape, len(world.senses))
        return cls(world, people.limits, plain, holdings.start.copy(), holdings.count.copy())

    def write(self, deviation: Deviation, runs: Ints, own: Sequence[int], bearer: Ints) -> None:
        """Let some runs have the conduct of a deviation; what it says nothing of stays as it is.

        Args:
            deviation: of which.
            runs: which runs.
            own: its members, then all further names that they use.
            bearer: (N,) the principal behind each name.
        """
        place, conduct = _at(runs, own), self.conduct
        if deviation.form is not None:
            conduct.form[place] = FORMS[deviation.form]
        conduct.share[place] *= deviation.share / divided(deviation, self.world)
        conduct.claimed[place] -= (deviation.looser * self.world.senses * self.limits)[place]
        conduct.dearer[place] += deviation.dearer
        conduct.earlier[place] += deviation.earlier
        conduct.exaggerates[place] += deviation.exaggerates
        conduct.pads[place] += deviation.pads
        if deviation.cancels:
            conduct.pads[_at(runs, own[1:])] -= deviation.pads * (1 + 1 / (len(own) - 1))
        if deviation.line is not None:
            conduct.line[place] = deviation.line
        conduct.slanders[place] |= deviation.slanders
        if deviation.praises:
            conduct.ring[place] = 0
        if deviation.copies:
            first, *others = own
            conduct.form[_at(runs, others)] = Form.COPY
            conduct.source[_at(runs, others)] = first
            for held in (self.start, self.count):
                held[_at(runs, others)] = held[_at(runs, [first])]
            return
        for member in deviation.members if deviation.identities > 1 else ():
            mine = [column for column in own if bearer[column] == member]
            if deviation.sheds:
                for held in (self.start, self.count):
                    held[_at(runs, mine)] = held[_at(runs, [member])]
                continue
            parts = parts_of(self.start[runs, member], self.count[runs, member], len(mine))
            self.start[_at(runs, mine)], self.count[_at(runs, mine)] = parts

    @property
    def staged(self) -> World:
        """The world with what was written."""
        holdings = replace(self.world.holdings, start=self.start, count=self.count)
        return replace(self.world, holdings=holdings, conduct=self.conduct)


def divided(deviation: Deviation, world: World) -> int:
    """Names among which a round's samples of each member are divided."""
    each = world.terms.learning.sampling == "each"
    return deviation.identities if each and not deviation.copies and not deviation.sheds else 1


def _at(runs: Ints, own: Sequence[int]) -> Any:
    """Where some columns of some runs stand."""
    return np.ix_(runs, np.asarray(own, dtype=np.int64))


def conducted(world: World, people: Population, deviations: Sequence[Deviation], names: Names) -> World:
    """The world with the conduct of each deviation's members, under all their names."""
    staging, runs = Staging.of(world, people), np.arange(len(people.action))
    staging.conduct.person[:, names.principals :] = False
    for k, deviation in enumerate(deviations, start=1):
        own = [*deviation.members, *spares_of(deviation, names.principals)]
        staging.write(deviation, runs[k :: 1 + len(deviations)], own, names.bearer[k])
    return staging.staged


def conduct_in(conduct: Conduct, deviations: Sequence[Deviation], played: int) -> Conduct:
    """The conduct in the round after so many: plain in the runs whose deviation has not begun or is over."""
    off = [k for k, deviation in enumerate(deviations, start=1) if not deviation.is_on(played)]
    if not off:
        return conduct
    idle = np.isin(np.arange(len(conduct.form)) % (1 + len(deviations)), off)
    plain = Conduct.plain(*conduct.claimed.shape)
    return replace(conduct, **{name: _chosen(idle, getattr(plain, name), getattr(conduct, name)) for name in _PASSING})


def _chosen(runs: Bools, there: AnyArray, elsewhere: AnyArray) -> AnyArray:
    return np.where(runs.reshape(-1, *[1] * (there.ndim - 1)), there, elsewhere)
