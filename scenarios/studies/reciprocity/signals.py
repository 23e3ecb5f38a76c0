"""What gradients of acts and of verdicts are worth: their cosine to the true one, by how many episodes were sampled."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.reciprocity.chain import Rules, Stakes, drawn_schedule, gradient
from commonweal.agents.reciprocity.estimates import Belief, Counts, estimated, with_own
from commonweal.agents.streams import Stream
from commonweal.scenarios.studies.reciprocity.rivals import discounted
from commonweal.scenarios.studies.reciprocity.world import Budget, Episodes, World, play, with_learner

ROUNDS = 20  # of an episode, and planned ahead
TRUE = 2048  # schedules that stand for all


@dataclass(frozen=True)
class Slope:
    """Derivatives by logits."""

    act: Floats  # (B, 4)
    assess: Floats  # (B, 8)


@dataclass(frozen=True)
class Cosines:
    """(B,) cosines between sampled or planned derivatives and true ones."""

    planned_acts: Floats
    planned_verdicts: Floats
    sampled_acts: Floats
    sampled_verdicts: Floats
    ratio: Floats  # (B,) length of the true derivative by acts against that by verdicts


def cosines(world: World, episodes: int, points: Stream, luck: Stream, spread: float = 1.0) -> Cosines:
    """Cosines at random policies of the first principal, one in each world.

    Args:
        world: B of them.
        episodes: that both see; the reciprocity gradient plans through as many schedules.
        points: B generators, from which policies come: logits are normal.
        luck: B generators, from which everything else comes.
        spread: of the logits.
    """
    act = expit(spread * points.normal(2, 2))
    assess = expit(spread * points.normal(2, 2, 2))
    own = with_learner(world, act, assess)
    played = play(own, Budget(episodes, ROUNDS), luck)
    true = planned(own, own.rules, act, assess, (luck, TRUE))
    seen = planned(own, _estimated(own, played), act, assess, (luck, episodes))
    sampled = reinforce(played, act, assess)
    by = [cosine(slope.act, true.act) for slope in (seen, sampled)]
    on = [cosine(slope.assess, true.assess) for slope in (seen, sampled)]
    ratio: Floats = np.linalg.norm(true.act, axis=1) / np.linalg.norm(true.assess, axis=1)
    return Cosines(by[0], on[0], by[1], on[1], ratio)


def cosine(one: Floats, other: Floats) -> Floats:
    """(B,) of vectors (B, C); 0 where one of them is 0."""
    norms = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    product: Floats = (one * other).sum(axis=1) / np.where(norms > 0, norms, 1.0)
    return product


def planned(world: World, rules: Rules, act: Floats, assess: Floats, drawn: tuple[Stream, int]) -> Slope:
    """The reciprocity gradient from the start of an episode, by logits.

    Args:
        world: B of them, with the learner's tables in its place.
        rules: what the learner takes others to do; its own rows are put in.
        act: (B, 2, 2) its probability of meaning to give.
        assess: (B, 2, 2, 2) its probability of calling good.
        drawn: B generators, and how many schedules are drawn from them.
    """
    stream, schedules = drawn
    worlds, learner = len(world), np.zeros(len(world), dtype=np.int64)
    first = np.full((worlds, world.principals), world.first)
    known = with_own(rules, learner, world.rules.act[:, 0], world.rules.assess[:, 0])
    uniform = np.moveaxis(stream.uniform(ROUNDS, schedules, world.principals), 1, 0)  # (T, B, E, N)
    by_act, by_assess = np.empty((worlds, 2, 2)), np.empty((worlds, 2, 2, 2))
    for b in range(worlds):  # one by one, since all at once would not fit into the cache
        one = slice(b, b + 1)
        stakes = Stakes(learner[one], world.benefit[one], world.cost[one])
        mine = Rules(known.act[one], known.assess[one])
        slopes = gradient(first[one], mine, drawn_schedule(uniform[:, one], world.judges), stakes)
        by_act[b], by_assess[b] = slopes.act[0], slopes.assess[0]
    made = 1 - float(world.errors.execution)
    return Slope((made * by_act * act * (1 - act)).reshape(-1, 4),
                 (by_assess * assess * (1 - assess)).reshape(-1, 8))  # fmt: skip


def _estimated(world: World, played: Episodes) -> Rules:
    worlds = len(world)
    everywhere: Ints = np.arange(worlds)
    belief = Belief(np.full((worlds, 1), 4.0))
    counts = Counts(played.acts, played.verdicts)
    return estimated(counts, everywhere, np.zeros(worlds, dtype=np.int64), belief, each_judge=True).rules


def reinforce(played: Episodes, act: Floats, assess: Floats) -> Slope:
    """The score-function estimate by logits, the other episodes' mean return as baseline; 0 with one episode.

    Args:
        played: episodes.
        act: (B, 2, 2) probability of meaning to give.
        assess: (B, 2, 2, 2) probability of calling good.
    """
    returns = discounted(played.reward, np.ones((len(act), 1)))
    others = max(1, returns.shape[1] - 1)
    beyond = (returns - returns.mean(axis=1, keepdims=True)) * returns.shape[1] / others
    later = np.zeros_like(beyond)
    later[..., :-1] = beyond[..., 1:]  # a verdict counts from the next round on
    cell = played.context[..., None] == np.arange(4)
    by_act = np.einsum("bet,betc->bc", beyond, cell * (played.gave[..., None] - act.reshape(-1, 1, 1, 4)))
    said = played.judged
    surprise = said[..., 1] - said.sum(axis=-1) * assess.reshape(-1, 1, 1, 8)
    return Slope(by_act, np.einsum("bet,betc->bc", later, surprise))
