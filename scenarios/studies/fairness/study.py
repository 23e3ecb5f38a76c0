"""The study ``fairness``: are principals paid what their data is worth, and better so on gradient paths than on deltas?

Traversal learning (arXiv 2504.07471) keeps explicit gradient paths; the framework of arXiv 2606.28217 expects finer
attribution from them than from FedAvg's deltas. Here both are played on the same data, and the claim is measured.
"""

from typing import Literal

import pandas as pd

from commonweal.agents.errors import InputError
from commonweal.economy.credit.exact import MOST_PLAYERS
from commonweal.scenarios.runs.intervals import Interval, few_seeds, wanted
from commonweal.scenarios.schema.scenario import Scenario, Share, field
from commonweal.scenarios.studies.base import Answer, Question, StudyOptions, study
from commonweal.scenarios.studies.fairness.comparison import ECONOMY, by_seed, correlations, principals, summarised
from commonweal.scenarios.studies.fairness.economies import PARTITIONS, TASKS, economies, everybody_delegates
from commonweal.scenarios.studies.fairness.evidence import Effort, Evidence, both_ways, demand_truth
from commonweal.scenarios.studies.owners import of_owners


class FairnessOptions(StudyOptions):
    """Which economies are compared, and what their truth may cost."""

    tasks: tuple[str, ...] = field(
        (), "data sets; the scenario's own if empty; all: digits, breast_cancer, wine, synthetic", "names")
    partitions: tuple[Literal["all", "equal", "dirichlet", "power", "cgsv_power", "class", "owner"], ...] = field(
        (), "how samples are spread; the scenario's own if empty; all: equal, dirichlet, power, class", "names")
    principals: int = field(6, "number of principals", "principals", ge=3, le=200)
    rounds: int = field(50, "rounds of training and paying", "rounds", ge=1, le=100_000)
    epochs: int = field(5, "local epochs of FedAvg", "epochs", ge=1, le=1000)
    match: Literal["rounds", "steps"] = field(
        "rounds", "what both have alike: rounds, or steps, a round of traversal learning for each local epoch", "name")
    truth: Literal["retraining", "per_round"] = field(
        "retraining", "retraining: trains every coalition of at most 8 principals; per_round: the rounds' games only",
        "name")
    budget: int = field(
        4000, "coalitions evaluated in a round of more than 16 principals", "coalitions", ge=4, le=10_000_000)
    label_noise: Share = field(0.5, "share of wrong labels of noisy principals; 0: clean labels only")
    noisy_share: Share = field(0.25, "share of principals that are noisy in the economies with noisy labels")


@study("fairness", FairnessOptions, lasts="rounds")
def fairness(question: Question) -> Answer:
    """Is everybody paid what its data is worth, and better so on gradient paths than by FedAvg?"""
    question = of_owners(question, "principals")
    options = question.options
    if len(question.seeds) < 2:
        raise InputError("seeds: fairness needs at least 2, because its intervals come from the spread between seeds")
    effort = Effort(options.epochs, options.match, options.truth == "retraining", options.budget)
    demand_truth(options.principals, effort)
    base = everybody_delegates(question.scenario, options.principals, options.rounds)
    tasks, partitions = _listed(options.tasks, TASKS), _listed(options.partitions, PARTITIONS)
    chosen = list(economies(base, tasks, partitions, options.label_noise, options.noisy_share))
    asked = [both_ways(economy, question.seeds, effort) for economy in chosen]
    question.pieces.expect(sum(piece.rounds for piece in asked))
    found = question.pieces.play("economies", asked)
    gathered = [
        Evidence(**vars(each), economy=economy, seeds=question.seeds)
        for economy, each in zip(chosen, found, strict=True)
    ]
    seeds = by_seed(gathered)
    tables = {
        "overall": summarised(seeds, []),
        "economies": summarised(seeds, ECONOMY),
        "principals": principals(gathered),
    }
    return Answer("fairness", headline(tables, options.truth), tables, _notes(base, options, len(question.seeds)))


def _listed(names: tuple[str, ...], every: tuple[str, ...]) -> tuple[str, ...]:
    return every if "all" in names else names


def headline(tables: dict[str, pd.DataFrame], truth: str) -> str:
    """Whether payments follow true values, and whether they do so better on gradient paths."""
    rows, each = (correlations(tables[name], truth) for name in ("overall", "economies"))
    if rows.empty:
        return "Payments or true values are the same for everybody, so that there is nothing to compare."
    words = {"retraining": "the Shapley values of retraining", "per_round": "the rounds' Shapley values"}
    row = rows.iloc[0]
    low, high = row["difference_low"], row["difference_high"]
    unsure = wanted(Interval(row["difference"], low, high), int(row["seeds"]))
    finer = "finer" if low > 0 else "coarser" if high < 0 else f"not surely finer or coarser{unsure}"
    better, worse = int((each["difference_low"] > 0).sum()), int((each["difference_high"] < 0).sum())
    return (
        f"Payments correlate with {words[truth]} at {row['traversal']:.3f} on gradient paths and at"
        f" {row['federated']:.3f} on the deltas of FedAvg (Pearson; difference {row['difference']:+.3f}, 95 % interval"
        f" {low:+.3f} to {high:+.3f}): attribution on gradient paths is {finer}. By economy it is surely finer"
        f" in {better} and surely coarser in {worse} of {len(each)}."
    )


def _notes(base: Scenario, options: FairnessOptions, seeds: int) -> tuple[str, ...]:
    """What a reader must know to read the tables right."""
    if options.match == "rounds":
        alike = "traversal learning one: the same rounds and samples, not the same work"
    else:
        alike = f"traversal learning one in each of {base.rounds * options.epochs}: the same steps on more samples"
    retrained = (
        "retraining and retraining_loss are exact Shapley values of test accuracy and of validation loss, each way of"
        " training retrained on every coalition; pooled is, for both, test accuracy of training on pooled data; "
    )
    return (
        *few_seeds(seeds),
        f"Everybody delegates honestly; nothing is gated or screened; credit.kind = {base.credit.kind}. FedAvg takes"
        f" {options.epochs} full-batch local steps in each of {base.rounds} rounds, {alike}.",
        "Economies are averaged seed by seed for the overall table. Intervals are of 95 % over seeds;"
        " differences (traversal − federated) pair seeds, which have the same data, first network and batches.",
        f"against: {retrained if options.truth == 'retraining' else ''}per_round are Shapley values of the rounds'"
        f" games{_estimated(options)}, summed; standalone is the test accuracy of each principal alone.",
        "distance is the share of the money that would have to change hands; envy is the mean over principals of the"
        " most that anybody who contributed no more was paid more, in mean payments. Lower is better in both.",
        "spearman against samples and quality is monotonicity, left out where principals hardly differ in them.",
    )


def _estimated(options: FairnessOptions) -> str:
    return f", estimated from {options.budget} coalitions each" if options.principals > MOST_PLAYERS else ""
