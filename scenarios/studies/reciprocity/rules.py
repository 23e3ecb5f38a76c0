"""Rules by which principals give and judge, what the best rule is for each learner, and what slander would bring it.

They are valued in mean field, through the true rules of everybody after all errors, at the benefit and the costs that
the economy was measured to have. Nothing of that is known to learners, who estimate the others from what they see.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.agents.policies.norms import PREFIX
from commonweal.agents.reciprocity.chain import Rules, Schedule, Stakes, drawn_schedule, value
from commonweal.agents.reciprocity.estimates import with_own
from commonweal.agents.reciprocity.learner import giving, judging
from commonweal.agents.reciprocity.norms import executed, judged, norm_of
from commonweal.agents.reciprocity.public import ACTS
from commonweal.economy.round.judges import RulesByPolicy
from commonweal.economy.runs.ensemble import Ensemble

LEARNS = "reciprocity"  # the policy of learners
_JUDGES = 10  # of each policy and run of whom it is worked out what slander would bring
_LARGEST = 2_000_000  # numbers of a schedule that are worked on at once


class Span(NamedTuple):
    """Over what rules are valued."""

    ahead: int  # rounds, from the names at the end
    schedules: int  # of requests


@dataclass(frozen=True)
class Meant:
    """How everybody means to give and to judge, before errors."""

    act: Floats  # (S, N, 2, 2) probability of giving; nan of those who follow no such rule
    assess: Floats  # (S, N, 2, 2, 2) probability of calling good


@dataclass(frozen=True)
class Scored:
    """Learners against the best of the 16 deterministic rules; nan of all others. Money is per round."""

    best: Floats  # (S, N, 2, 2) 1 where the best rule gives
    stake: Floats  # (S, N, 2, 2) money that is lost where the best rule is turned round in a cell
    payoff: Floats  # (S, N) of the best rule
    own: Floats  # (S, N) of the learner's own rule
    slander: Floats  # (S, N) money gained by calling everybody bad, over judging by the norm; nan of who is not asked

    @classmethod
    def joined(cls, parts: Sequence["Scored"]) -> "Scored":
        """All seeds of parts (S', …)."""
        return cls(*(np.concatenate([getattr(each, name) for each in parts]) for name in vars(parts[0])))


def rules_meant(ensemble: Ensemble) -> Meant:
    """What everybody's policy means to do now."""
    policy, names = ensemble.people.policy, ensemble.world.terms.policy.names
    rules = RulesByPolicy.of(names, ensemble.world.terms.reciprocity.norm)
    act, assess = rules.act[policy], rules.assess[policy]
    act[~np.isin(policy, [k for k, name in enumerate(names) if name.startswith(f"{PREFIX}:")])] = np.nan
    learning = ensemble.state.mechanisms["reciprocity"].learning
    if learning is not None:
        learns = policy == names.index(LEARNS)
        act[learns] = giving(learning.learners)[learns]
        if ensemble.world.terms.reciprocity.learner.signals == "learned":
            assess[learns] = judging(learning.learners)[learns]
    return Meant(act, assess)


@dataclass(frozen=True)
class _Chain:
    """The true chain of judgements in the eyes of B principals, each in its run."""

    place: tuple[Ints, Ints]  # (B,) run and index
    first: Floats  # (S, N) names now
    act: Floats  # (S, N, 2, 2) after errors
    assess: Floats  # (S, N, 2, 2, 2) after errors
    benefit: Floats  # (S,)
    cost: Floats  # (S, N)
    schedule: Schedule  # (T, 1, E, N)
    dissent: Floats  # (S,) probability that a verdict against the majority costs a judge its good name

    def worth(self, act: Floats, assess: Floats) -> Floats:
        """(B,) payoff per round by own tables (B, 2, 2) and (B, 2, 2, 2) after errors."""
        rounds, _, *size = self.schedule.recipient.shape
        at_once = max(1, _LARGEST // (rounds * int(np.prod(size))))
        parts = [slice(k, k + at_once) for k in range(0, len(act), at_once)]
        each: Floats = np.concatenate([self._worth(part, act[part], assess[part]) for part in parts]) / rounds
        return each

    def _worth(self, part: slice, act: Floats, assess: Floats) -> Floats:
        run, index = (each[part] for each in self.place)
        rules = with_own(Rules(self.act[run], self.assess[run]), index, act, assess)
        wide = [np.broadcast_to(each, (each.shape[0], len(run), *each.shape[2:]))
                for each in (self.schedule.recipient, self.schedule.judges)]  # fmt: skip
        stakes = Stakes(index, self.benefit[run], self.cost[run, index], self.dissent[run])
        return value(self.first[run], rules, Schedule(*wide), stakes)


def scored(ensemble: Ensemble, meant: Meant, gave: Floats, benefit: Floats, span: Span) -> Scored:
    """Value the rules of learners, and slander.

    Args:
        ensemble: S runs where they stand, with public names.
        meant: what everybody means to do.
        gave: (S, N) share of encounters in which each gave, for those who follow no rule.
        benefit: (S,) money, of a gift.
        span: over what rules are valued.
    """
    terms, own = ensemble.world.terms.reciprocity, ensemble.state.mechanisms["reciprocity"]
    learns = _learners(ensemble)
    nothing = np.full((*gave.shape, 2, 2), np.nan)
    found = Scored(nothing, nothing.copy(), *(np.full(gave.shape, np.nan) for _ in range(3)))
    if terms.images != "public" or terms.kind != "requests":
        return found
    known = ~np.isnan(meant.act)
    act = np.where(known, executed(meant.act, terms.execution[..., None, None]), np.nan_to_num(gave)[..., None, None])
    rate = [each[..., None, None] for each in (terms.perception, terms.assignment)]
    assess = judged(meant.assess, *rate)
    drawn = np.random.default_rng(0).random((span.ahead, 1, span.schedules, gave.shape[1]))
    schedule, dissent = drawn_schedule(drawn, terms.judges), terms.dissent[:, 0]
    world = (own.image.astype(np.float64), act, assess, benefit, own.costs, schedule, dissent)
    if learns.any():
        _score(_Chain(_places(learns), *world), terms.execution[:, 0], found)
    judges = _some(ensemble.people.policy, len(ensemble.world.terms.policy.names))
    chain = _Chain(_places(judges), *world)
    usual = np.broadcast_to(norm_of(terms.norm).assess, meant.assess.shape)
    honest = judged(usual, *rate)[judges]
    found.slander[judges] = chain.worth(act[judges], 0 * honest) - chain.worth(act[judges], honest)
    return found


def _learners(ensemble: Ensemble) -> Bools:
    policy, names = ensemble.people.policy, ensemble.world.terms.policy.names
    learns: Bools = policy == names.index(LEARNS) if LEARNS in names else np.zeros(policy.shape, dtype=bool)
    return learns


def _some(policy: Ints, policies: int) -> Bools:
    """(S, N) the first few of each policy."""
    member = policy[..., None] == np.arange(policies)
    some: Bools = (member & (member.cumsum(axis=1) <= _JUDGES)).any(axis=2)
    return some


def _places(members: Bools) -> tuple[Ints, Ints]:
    run, index = np.nonzero(members)
    return run.astype(np.int64), index.astype(np.int64)


def _score(chain: _Chain, execution: Floats, found: Scored) -> None:
    """Find the best rule of each learner, and write down what its cells decide."""
    run, _ = chain.place
    assess, fails = chain.assess[chain.place], execution[run][:, None, None]
    every = np.stack([chain.worth(np.broadcast_to(executed(bits, fails), (len(run), 2, 2)), assess) for bits in ACTS])
    best = every.argmax(axis=0)
    highest = every[best, np.arange(len(run))]
    turned = best[:, None] ^ (1 << np.arange(4))  # (B, 4) the cells of ACTS are the bits of their number
    stake = highest[:, None] - every[turned, np.arange(len(run))[:, None]]
    found.best[chain.place], found.stake[chain.place] = ACTS[best], stake.reshape(-1, 2, 2)
    found.payoff[chain.place], found.own[chain.place] = highest, chain.worth(chain.act[chain.place], assess)
