"""False limits under votes: what single members of an economy gain in utility by claiming limits that they have not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.conduct import Conduct
from commonweal.economy.round.play import play_round
from commonweal.economy.round.set_up import Economy
from commonweal.economy.runs.ensemble import Ensemble, next_actions
from commonweal.economy.world.replicas import pick_runs, pick_streams, pick_world
from commonweal.scenarios.schema.loading import load

BINDING = 1  # the dimension whose limits stand in the way of learning: the withheld class
CLAIMS = (-1.0, -0.5, 0.5, 1.0)  # spreads by which limits are claimed to be stricter (below 0) or looser


@dataclass(frozen=True)
class FalseLimits:
    """B runs in which G groups of members, one at a time, claim limits C ways; means over rounds."""

    utility: Floats  # (B, G, C) mean gain of a member that does so, money per round
    money: Floats  # (B, G, C) the part of it that is payoff
    quality: Floats  # (B,) test accuracy where nobody does
    violated: Floats  # (B,) share of principals with a violated limit where nobody does


def false_limits(
    changes: Mapping[str, Any], seeds: Sequence[int], warm: int, rounds: int, places: Sequence[Floats]
) -> FalseLimits:
    """Play each seed as it is and with each false claim of each member that is tried, everybody's actions the same.

    Args:
        changes: to the scenario exit-and-voice.
        seeds: B of them.
        warm: rounds played before.
        rounds: rounds played with the claim.
        places: G groups of places among those who take part, in the order of strictness: 0 is the strictest, 1 the
            loosest.
    """
    ensemble = Ensemble(load("exit-and-voice", dict(changes)), seeds)
    for _ in range(warm):
        ensemble.step()
    found = [_of_run(ensemble.snapshot, run, rounds, places) for run in range(len(seeds))]
    gains, money, quality, violated = (np.stack(each) for each in zip(*found, strict=True))
    return FalseLimits(gains, money, quality, violated)


def _of_run(economy: Economy, run: int, rounds: int, places: Sequence[Floats]) -> tuple[Floats, Floats, Floats, Floats]:
    """Gains (G, C) in utility and in money, accuracy () and the share violated () of one run."""
    members = [_members(economy, run, group) for group in places]
    tried = [(member, claim) for group in members for claim in CLAIMS for member in group]
    runs = np.full(1 + len(tried), run)
    world, state = pick_world(economy.world, runs), pick_runs(economy.state, runs)
    people, streams = pick_runs(economy.people, runs), pick_streams(economy.streams, runs)
    conduct = Conduct.plain(*people.shape, len(world.senses))
    spread = np.array([each.spread[0, 0] for each in world.terms.values.dimensions])
    for branch, (member, claim) in enumerate(tried, start=1):
        conduct.claimed[branch, member] = -claim * spread * world.senses
    playing, deciding = replace(world, conduct=conduct), world
    utility, money, quality, violated = [], [], [], []
    for _ in range(rounds):
        actions = next_actions(state, people, deciding, streams)
        same = np.repeat(actions[:1], len(runs), axis=0)  # what everybody does in the run without a false claim
        state, people, record = play_round(state, people, same, playing, streams)
        utility.append(record.payday.utility)
        money.append(record.payday.payoffs)
        quality.append(state.quality[0])
        violated.append(record.notes["concern"].violation[0].any(axis=1).mean())
    own = np.array([member for member, _ in tried])
    shape = (len(places), len(CLAIMS), -1)
    gains = [_gained(series, own).reshape(shape).mean(axis=2) for series in (utility, money)]
    return gains[0], gains[1], np.mean(quality), np.mean(violated)


def _members(economy: Economy, run: int, places: Floats) -> Ints:
    """Those who take part at some places in the order of their limits on the binding dimension."""
    there = np.flatnonzero(economy.people.action[run] != Action.ABSTAIN)
    strictness = economy.people.limits[run, there, BINDING] * economy.world.senses[BINDING]
    order = there[np.argsort(-strictness, kind="stable")]
    chosen: Ints = order[np.rint(places * (len(order) - 1)).astype(np.int64)]
    return chosen


def _gained(series: Sequence[Floats], own: Ints) -> Floats:
    """(D,) what each deviator has more than in the first run."""
    mean = np.mean(series, axis=0)
    gained: Floats = mean[np.arange(1, len(mean)), own] - mean[0, own]
    return gained
