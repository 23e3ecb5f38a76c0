"""The study ``evolution``: which strategies spread in a live economy, which resist, what remains in the long run."""

from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd

from commonweal.agents.errors import InputError
from commonweal.economy.round.worth import Judge
from commonweal.scenarios.runs.intervals import few_seeds
from commonweal.scenarios.schema.scenario import PerRound, Share, field
from commonweal.scenarios.studies.base import Answer, Question, StudyOptions, study
from commonweal.scenarios.studies.evolution.analysis import Evidence, Selection, analyse, chain_is_solved, weigh
from commonweal.scenarios.studies.evolution.meta_game import (
    MetaGame,
    are_actions,
    demand_strategies,
    others_grid,
    play_meta_game,
)
from commonweal.scenarios.studies.judging import UNIT, judging, told, unit_of

_LARGEST = 200  # members of the finite populations
_SURE = 0.95  # of resamples, for a headline to say what they show


class EvolutionOptions(StudyOptions):
    """What evolves, how finely it is measured, and how strategies spread."""

    strategies: tuple[str, ...] = field(
        (), "actions kept for a whole run, or policies; all available actions if empty", "names")
    divisions: int | None = field(
        None, "cuts of each edge of the simplex of compositions; if not given 8, 4 for three strategies, 2 for more",
        "1", ge=1, le=40)  # fmt: skip
    last: Share = field(0.5, "share of the rounds, at the end, whose payoffs count")
    judge: Judge = judging()
    process: Literal["fermi", "moran"] = field(
        "fermi", "pairwise comparison, or births in proportion to exp(beta payoff)", "name")
    intensity: float | None = field(
        None, "strength of selection beta; policy.imitation.intensity if not given", "per money", ge=0, le=1e9)
    mutation: PerRound | None = field(None, "chance of a mutation in a step; policy.mutation if not given")
    resamples: int = field(1000, "resamples of the seeds that intervals are taken from", "1", ge=50, le=100_000)
    resampling_seed: int = field(0, "seed of the resampling", "1", ge=0)


@study("evolution", EvolutionOptions)
def evolution(question: Question) -> Answer:
    """Which strategies spread, which resist invasion, and what remains in the long run?"""
    options, scenario = question.options, question.scenario
    strategies = demand_strategies(scenario, options.strategies)
    if len(question.seeds) < 2:
        raise InputError("seeds: evolution needs at least 2, because its intervals come from the spread between seeds")
    last = max(1, round(options.last * scenario.rounds))
    divisions = options.divisions or {2: 8, 3: 4}.get(len(strategies), 2)
    others = others_grid(scenario.population.count, len(strategies), divisions)
    played = play_meta_game(scenario, strategies, others, question.seeds, last, question.pieces, options.judge)
    selection = Selection(
        process=options.process,
        intensity=scenario.policy.imitation.intensity if options.intensity is None else options.intensity,
        mutation=scenario.policy.mutation if options.mutation is None else options.mutation,
        population=min(scenario.population.count, _LARGEST),
    )
    how = f"Payoffs are means over the last {last} of {scenario.rounds} rounds, of runs in which {_kept(strategies)}"
    found = answer(played, selection, options.resamples, options.resampling_seed, how)
    notes = (*found.notes, *told(scenario, options.judge))
    return replace(found, notes=notes, provenance={UNIT: unit_of(scenario, options.judge)})


def _kept(strategies: tuple[str, ...]) -> str:
    return "nobody changes its action." if are_actions(strategies) else "everybody keeps its policy."


def answer(played: MetaGame, selection: Selection, resamples: int, seed: int, how: str = "") -> Answer:
    """Answer from a meta-game that was played.

    Args:
        played: payoffs of at least 2 seeds.
        selection: how strategies spread.
        resamples: B, for intervals.
        seed: of the resampling.
        how: what the payoffs are, for the notes.

    Raises:
        InputError: if there is nothing to select between.
    """
    if not np.ptp(played.payoffs, axis=-1).any():
        raise InputError(f"strategies = {', '.join(played.strategies)}: all earn the same in every composition of this"
                         " scenario, so there is nothing to select")  # fmt: skip
    evidence = weigh(played, selection, resamples, np.random.default_rng(seed))
    tables = analyse(evidence)
    notes = (how, *_notes(evidence)) if how else _notes(evidence)
    return Answer("evolution", headline(tables, selection), tables, notes)


def headline(tables: dict[str, pd.DataFrame], selection: Selection) -> str:
    """What resists, and what remains in the long run, in two sentences."""
    rare = tables["stationary"].query("mutations == 'rare'")
    points = tables["rest_points"].query("flow == 'replicator' and ess == True and share > 0")
    sure = points["ess_probability"] >= _SURE
    resisting, perhaps = ([_mixture(point) for _, point in points[those].groupby("point")] for those in (sure, ~sure))
    most = rare.iloc[rare["share"].argmax()]
    stable = "Nothing is surely evolutionarily stable"
    stable = f"Evolutionarily stable: {', '.join(resisting)}" if resisting else stable
    stable += f", perhaps {', '.join(perhaps)}" if perhaps else ""
    first = tables["alpha_rank"].iloc[0]
    return (
        f"{stable}. With rare mutations a population of {selection.population} spends {most['share']:.0%} of its time "
        f"in {most['strategy']} (95 % interval {most['share_low']:.0%} to {most['share_high']:.0%}); α-rank puts "
        f"{first['strategy']} first (in {first['first_probability']:.0%} of resamples)."
    )


def _mixture(point: pd.DataFrame) -> str:
    """A rest point in words: the shares of the strategies that are played in it."""
    shares = [f"{share:.0%} {name}" for name, share in zip(point["strategy"], point["share"], strict=True)]
    parts = " with ".join(shares) if len(shares) > 1 else point["strategy"].iloc[0]
    return f"{parts} (in {point['ess_probability'].iloc[0]:.0%} of resamples)"


def _notes(evidence: Evidence) -> tuple[str, ...]:
    """What a reader must know to read the tables right."""
    selection, played = evidence.selection, evidence.played
    notes = [
        *few_seeds(len(played.payoffs)),
        f"Payoffs of {len(played.others)} compositions of the {played.principals - 1} others, each played with "
        f"{len(played.payoffs)} seeds, are interpolated linearly between them; the seed deals out who plays what.",
        f"Intervals of payoffs are of 95 % over seeds, all others are from {len(evidence.again.payoffs)} "
        "resamples of the seeds, percentiles moved out as far as a t-interval needs (Hesterberg 2015).",
        f"Selection: intensity {selection.intensity:g} per money, {selection.process}, a population of "
        f"{selection.population}. Fixation is equally likely under fermi and moran (Traulsen, Shoresh and Nowak 2008).",
    ]
    missed, spread = played.interpolation_error(), float(np.ptp(played.payoffs.mean(axis=0)))
    if missed is not None:
        notes.append(f"From half the divisions, interpolation would miss payoffs by up to {missed:.3g}, "
                     f"{missed / spread:.0%} of their spread; more divisions bring it down.")  # fmt: skip
    if evidence.game.players < played.principals:
        notes.append(f"The table is that of {evidence.game.players} players, at equal shares of co-players.")
    if selection.population < played.principals:
        notes.append(f"Finite populations have {selection.population} members, not {played.principals}.")
    if not chain_is_solved(selection, len(played.strategies)):
        notes.append("The chain with mutations at a rate of their own is left out: it never leaves a corner without"
                     " mutations, or has too many states.")  # fmt: skip
    return tuple(notes)
