"""Following a policy that learns: what was learned is frozen, and some rounds are replayed from here with other luck.

A conditional mean is over the decisions that the policy makes now. Those of earlier rounds were made by another policy
among other sights, and no weights that see actions alone can correct which sights there were; a simulator plays on.
"""

from dataclasses import dataclass, replace

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.agents.errors import InputError
from commonweal.agents.streams import Streams
from commonweal.economy.explaining.decisions import explain_decision
from commonweal.economy.explaining.explanation import Explanation
from commonweal.economy.explaining.sights import DecisionLog, Decisions
from commonweal.economy.explaining.tree import taken
from commonweal.economy.round.play import play_round
from commonweal.economy.round.set_up import Economy
from commonweal.economy.runs.ensemble import next_actions
from commonweal.economy.world.terms import Terms


@dataclass(frozen=True)
class Replay:
    """How much is played again.

    Raises:
        InputError: if nothing is.
    """

    rounds: int = 10  # of each copy, the next one first
    copies: int = 1  # of each run, with different luck
    seed: int = 0  # of the luck

    def __post_init__(self) -> None:
        for name in ("rounds", "copies"):
            if getattr(self, name) < 1:
                raise InputError(f"replay: {name} = {getattr(self, name)}: must be at least 1")


def explain_now(economy: Economy, principal: int, run: int = 0, replay: Replay | None = None) -> Explanation:
    """What each feature that a principal sees now adds to the probabilities of what it is about to do.

    Args:
        economy: between two rounds, after the first; unchanged, so that it may learn and play on.
        principal: whose decision.
        run: of which run.
        replay: how much is played again; None: 10 rounds once.

    Returns:
        As of ``explain_decision``, from decisions that are all made by what is learned by now.

    Raises:
        InputError: if there is no such principal or run, or it does not choose yet.
    """
    replay = replay or Replay()
    decisions = replayed(economy, replay)
    if not 0 <= run < len(economy.state.quality):
        raise InputError(f"run {run}: there are 0 to {len(economy.state.quality) - 1}")
    found = explain_decision(decisions, principal, economy.state.round, run * replay.copies)
    told = f"{replay.rounds} rounds, {replay.copies} times, seed {replay.seed}; nothing more is learned in them"
    return replace(found, provenance={**found.provenance, "replayed": told})


def replayed(economy: Economy, replay: Replay) -> Decisions:
    """The decisions of rounds that are played from here on by what is learned by now.

    Args:
        economy: R runs between two rounds; unchanged.
        replay: how much is played.

    Returns:
        Of R times ``copies`` runs, those of the first run first. What is seen before the first round is what is seen
        now, in all copies.
    """
    runs = np.repeat(np.arange(len(economy.state.quality)), replay.copies)
    copies = taken(frozen(economy), runs)
    seeds = np.random.SeedSequence([replay.seed, economy.state.round]).generate_state(len(runs))
    streams, state, people = Streams.from_seeds(seeds.tolist()), copies.state, copies.people
    log = DecisionLog(copies.world)
    for _ in range(replay.rounds):
        log.see(state, people)
        actions = next_actions(state, people, copies.world, streams)
        state, people, record = play_round(state, people, actions, copies.world, streams)
        log.note(record)
    return log.decisions()


def frozen(economy: Economy) -> Economy:
    """The economy in which nobody learns any more how to choose: ``learning``, ``q_network`` and ``reciprocity`` stop.

    The shared model is trained on, payoffs are remembered, values move. What a policy from elsewhere learns goes on.
    """
    terms = _still(economy.world.terms, economy.state.round)
    mechanisms = tuple(type(each)(terms) for each in economy.world.mechanisms)  # they may look terms up
    return replace(economy, world=replace(economy.world, terms=terms, mechanisms=mechanisms))


def _still(terms: Terms, round: int) -> Terms:
    """The terms under which nobody learns from a round on."""
    policy, names = terms.policy, terms.reciprocity
    nothing = np.zeros_like(policy.learning.rate)
    stopped = replace(
        policy,
        learning=replace(policy.learning, rate=nothing),
        q_network=replace(policy.q_network, until=_ended(policy.q_network.until, round)),
    )
    learner = replace(names.learner, rate=np.zeros_like(names.learner.rate), search=0)
    return replace(terms, policy=stopped, reciprocity=replace(names, learner=learner))


def _ended(until: Floats, round: int) -> Floats:
    """(R, 1) after how many rounds learning ends, if it ends now at the latest; 0 would be never."""
    now = max(float(round), 0.5)
    return np.where(until > 0, np.minimum(until, now), now)
