"""The study ``privacy``: what does the orchestrator learn of samples, mode by mode, and what does protecting cost?"""

from collections.abc import Mapping

import pandas as pd

from commonweal.agents.errors import InputError
from commonweal.scenarios.runs.intervals import Interval, few_seeds
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.base import Answer, Question, study
from commonweal.scenarios.studies.owners import of_owners
from commonweal.scenarios.studies.pieces import Piece
from commonweal.scenarios.studies.pluralism.tables import interval_of
from commonweal.scenarios.studies.privacy.designs import MOST_PLAYERS, NONE, Design, defended, designs, observed
from commonweal.scenarios.studies.privacy.options import PrivacyOptions
from commonweal.scenarios.studies.privacy.playing import Asked
from commonweal.scenarios.studies.privacy.tables import Tried, attackers, holdings, promises, trade


@study("privacy", PrivacyOptions, lasts="rounds")
def privacy(question: Question) -> Answer:
    """What does the orchestrator learn of samples in each wire mode, and what do defences cost credit and accuracy?"""
    question = of_owners(question, "principals")
    options: PrivacyOptions = question.options
    if len(question.seeds) < 2:
        raise InputError("seeds: privacy needs at least 2, because its intervals come from the spread between seeds")
    scenario, chosen = observed(question.scenario, options), designs(options)
    pieces = [_piece(each, scenario, question) for each in chosen]
    question.pieces.expect(sum(piece.rounds for piece in pieces))
    question.pieces.weight = 40.0  # attacks take longer than rounds
    found = question.pieces.play("defences", pieces, options.workers)
    tried = [Tried(design, played) for design, played in zip(chosen, found, strict=True)]
    tables = {
        "trade": trade(tried, options.rounds, options.delta),
        "attackers": attackers(tried),
        "holdings": holdings(tried),
        "promises": promises(options.clips, options.rounds, options.delta),
    }
    kept = {name: table for name, table in tables.items() if len(table)}
    return Answer("privacy", headline(kept, options.keep), kept, _notes(question, scenario))


def _piece(design: Design, scenario: Scenario, question: Question) -> Piece:
    options: PrivacyOptions = question.options
    usual = max(scenario.learning.samples, design.defence.guard.smallest)
    sizes = (*options.holdings, usual) if design.name == NONE else (usual,)
    return Asked(
        defended(scenario, design), question.seeds, design.defence, design.modes, question.scenario.learning.nodes,
        options.judged, options.watched, options.targets, tuple(sorted(set(sizes))),
    ).piece  # fmt: skip


def headline(tables: Mapping[str, pd.DataFrame], keep: float) -> str:
    """What the strongest attacker recovers without a defence, and under the best one that keeps credit."""
    table = tables["trade"]
    bare = table[(table["defence"] == NONE) & (table["attacker"] != NONE)].reset_index(drop=True)
    parts = [f"{_share(bare, row)} in {bare['mode'].iloc[row]}" for row in range(len(bare))]
    first = (
        "The best of six attackers recovers, of what guessing the mean leaves open of a sample and without a defence,"
        f" {', '.join(parts)}."
        if parts else "Nothing that was attacked leaves anything to work with."
    )  # fmt: skip
    return f"{first} {_best(table, keep)}"


def _share(table: pd.DataFrame, row: int) -> str:
    return interval_of(table, row, "recovered").text(2)


def _best(table: pd.DataFrame, keep: float) -> str:
    """The setting that leaks least among those whose credit stays what it was."""
    column = "pearson_undisturbed"
    known = table[table["recovered"].notna()]
    kept = known[known[column] >= keep].sort_values("recovered").reset_index(drop=True)
    if kept.empty:
        return f"No setting keeps a correlation of {keep:g} with the undisturbed credit."
    fidelity: Interval = interval_of(kept, 0, column)
    return (
        f"Of the settings whose credit keeps a correlation of {keep:g} with the undisturbed one, {kept['mode'].iloc[0]}"
        f" with {'no defence' if kept['defence'].iloc[0] == NONE else kept['defence'].iloc[0]} leaks least:"
        f" {_share(kept, 0)}, at a correlation of {fidelity.text(3)} and an accuracy of"
        f" {interval_of(kept, 0, 'accuracy').text(3)}."
    )


def _notes(question: Question, scenario: Scenario) -> tuple[str, ...]:
    """What a reader must know to read the tables right."""
    options: PrivacyOptions = question.options
    nodes, learning = question.scenario.learning.nodes, scenario.learning
    notes = [
        *few_seeds(len(question.seeds)),
        f"{options.principals} principals on {nodes} nodes delegate {learning.samples} samples in each of"
        f" {options.rounds} rounds; nothing is screened, nothing drifts; credit.kind = {scenario.credit.kind}."
        " Numbers are in double precision.",
        "recovered: 1 − nMSE / nMSE of guessing the mean, 0 where an attacker does worse; nMSE: mean squared error over"
        " the variance of all features. trade shows the attacker that recovers most on average, in the first round or"
        " the last; stronger ones than these may exist.",
        "Attackers on samples: pseudo-inverse (deltas and gradient of the first layer; least squares of activity), MAP"
        " of either with a normal prior from the validation samples, a linear decoder from them, products over rounds"
        " (labels taken to be known), and the mean of those of the same label, where labels are seen;"
        " under noise at the cut MAP and decoder of the last 4 visits of a sample as well. On labels: the"
        " negative entry of δ_L. On members: a small loss (AUC; all modes have the same model).",
        "cut is attacked node by node, cut-gradients principal by principal, secure and two-servers by the products of"
        f" the first {options.watched} rounds with {options.targets} small holdings of each run, which are visited"
        " whole in every round; one principal's products over more rounds and samples say less of each.",
        "Defences but the U shape and delay are the scenario's learning.privacy. Noise at the cut is new at each visit;"
        f" clipped: mean gradients at a norm of {options.clip:g}; of those in secure the attacker is told by how much."
        " NoPeek's part of the deltas is not seen; one attacker guesses it. U-shaped: deltas are solved for from what"
        " comes back, since the orchestrator knows the last layer.",
        "correlation: distance correlation of the batch's samples with what leaves the first layer of them, in the last"
        " round; biased upwards where samples are few.",
        f"pearson, spearman: of credit over principals, mean over {options.judged} rounds; whole_run: of credit summed"
        " over these. undisturbed: the same rule on the same step without the defence. Noise is drawn anew each round,"
        " so that sums keep more of credit than rounds do. Who holds too little to take part has no credit on either"
        " side: taking_part says how many are left.",
        "epsilon: Gaussian differential privacy of all rounds for who is absent, where all that leaves is clipped and"
        f" noisy; C = {options.clip:g} is agreed on before. See promises for what it is worth.",
    ]  # fmt: skip
    if options.principals > MOST_PLAYERS:
        notes.append(f"More than {MOST_PLAYERS} principals: credit is not compared with the exact Shapley value.")
    return tuple(notes)
