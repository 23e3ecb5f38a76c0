"""The study ``heterogeneity``: data sets × partitions × ways of training and of screening.

Traversal learning (arXiv 2504.07471) loses nothing against training on pooled data however data are spread; FedAvg
(McMahan et al. 2017) takes several local steps for each exchange. Which needs fewer bytes depends on how data are
spread. Experiments on heterogeneous data are what the framework of arXiv 2606.28217 names as missing.
"""

from collections.abc import Sequence
from typing import Literal

import pandas as pd

from commonweal.agents.errors import InputError
from commonweal.economy.credit.exact import MOST_PLAYERS
from commonweal.scenarios.runs.intervals import few_seeds
from commonweal.scenarios.schema.loading import revise
from commonweal.scenarios.schema.scenario import Count, field
from commonweal.scenarios.studies.base import Answer, Question, StudyOptions, study
from commonweal.scenarios.studies.heterogeneity import tables
from commonweal.scenarios.studies.heterogeneity.economies import Place, designs, learning, places, sizes, valued
from commonweal.scenarios.studies.heterogeneity.played import (
    PLAYED,
    POOLED,
    Screened,
    cooperative,
    course,
    every_way,
)
from commonweal.scenarios.studies.heterogeneity.traffic import bytes_per_round
from commonweal.scenarios.studies.owners import of_owners

Partition = Literal["equal", "dirichlet", "power", "cgsv_power", "class", "owner"]


class HeterogeneityOptions(StudyOptions):
    """Which data sets, partitions and ways of screening are compared, and how large."""

    tasks: tuple[str, ...] = field(
        (), "data sets; the scenario's own if empty; all: digits, breast_cancer, wine, and those that are installed of"
        " japanese_vowels, mnist_5k, adult", "names")
    partitions: tuple[Partition, ...] = field(("equal", "dirichlet", "class"), "how samples are spread", "names")
    parts: tuple[Literal["learning", "screening"], ...] = field(
        ("learning", "screening"), "learning: traversal learning against FedAvg; screening: cooperatives with values",
        "names")
    modes: tuple[Literal["off", "reject", "scale", "project"], ...] = field(
        ("off", "reject", "scale", "project"), "modes of screening", "names")
    scopes: tuple[Literal["own", "all", "quorum", "aggregate"], ...] = field(
        ("own", "all", "quorum", "aggregate"), "scopes of screening", "names")
    principals: int = field(8, "principals of a cooperative that screens", "principals", ge=3, le=MOST_PLAYERS)
    members: int = field(20, "principals that learn together", "principals", ge=2, le=1000)
    nodes: int = field(4, "nodes that hold their samples, for the bytes", "nodes", ge=1, le=1000)
    rounds: int = field(150, "rounds of either part", "rounds", ge=2, le=100_000)
    checks: int = field(
        3, "rounds in which every coalition of the screened game is evaluated, to judge credit", "rounds", ge=1,
        le=1000)
    workers: Count | None = field(
        None, "processes; as many as cores if not given; scripts that ask for several need a main guard", "processes")


@study("heterogeneity", HeterogeneityOptions, lasts="rounds")
def heterogeneity(question: Question) -> Answer:
    """What do unevenly spread data do to accuracy, values and credit, and which training sends the fewest bytes?"""
    most = MOST_PLAYERS if "screening" in question.options.parts else None
    question = of_owners(question, "principals", "members", most=most)
    options, scenario = question.options, question.scenario
    _demand(question)
    found, left_out = places(scenario, options.tasks, options.partitions)
    if not found or not options.parts:
        raise InputError("options tasks, partitions and parts: at least one of each is needed")
    answered: dict[str, pd.DataFrame] = {}
    said = []
    if "learning" in options.parts:
        more = _learning(question, found)
        answered |= more
        said.append(bytes_said(more["bytes"]))
    if "screening" in options.parts:
        more = _screening(question, found)
        answered |= more
        said.append(screening_said(more["designs"]))
    return Answer("heterogeneity", " ".join(said), answered, (*_notes(question), *left_out))


def _demand(question: Question) -> None:
    if len(question.seeds) < 2:
        raise InputError("seeds: heterogeneity needs at least 2, because its intervals come from the spread of seeds")
    market = question.scenario.market.kind
    if market != "model":
        raise InputError(f"market.kind = {market!r}: heterogeneity compares training of a 'model'")


def _learning(question: Question, found: Sequence[Place]) -> dict[str, pd.DataFrame]:
    """Every way of training in every place."""
    options = question.options
    scenarios = [learning(place, options.members, options.rounds) for place in found]
    pieces = [course(scenario, way, question.seeds) for scenario in scenarios for way in PLAYED]
    question.pieces.expect(sum(piece.rounds for piece in pieces))
    given = iter(question.pieces.play("courses", pieces, options.workers))
    courses = [(place, every_way({way: next(given) for way in PLAYED})) for place in found]
    per_round = [
        bytes_per_round(sizes(scenario, place, options.nodes)) for scenario, place in zip(scenarios, found, strict=True)
    ]
    return {
        "bytes": tables.sent(courses, per_round),
        "learning": tables.learned(courses),
        "modes": tables.modes(courses, per_round),
        "courses": tables.courses_drawn(courses, per_round),
    }


def _screening(question: Question, found: Sequence[Place]) -> dict[str, pd.DataFrame]:
    """Every way of screening in every place."""
    options = question.options
    asked = [(place, design) for place in found for design in designs(options.modes, options.scopes)]
    pieces = [
        cooperative(revise(valued(place, options.principals, options.rounds), design.changes), question.seeds,
                    options.checks)
        for place, design in asked
    ]  # fmt: skip
    question.pieces.expect(sum(piece.rounds for piece in pieces))
    given: list[Screened] = question.pieces.play("cooperatives", pieces, options.workers)
    rows = [(place, design, screened) for (place, design), screened in zip(asked, given, strict=True)]
    return {"designs": tables.by_design(rows), "cooperatives": tables.cooperatives(rows)}


def bytes_said(table: pd.DataFrame) -> str:
    """In how many places which way sends less until the target is reached."""
    rows = table[(table["credited"] == "yes") & (table["way"] == "FedAvg, 5 epochs")]
    cheaper, dearer = int((rows["ratio_low"] > 1).sum()), int((rows["ratio_high"] < 1).sum())
    never = int((rows["reached"] == 0).sum())
    return (
        f"To reach 95 % of pooled accuracy with credit for everybody, FedAvg with 5 local epochs sends surely more than"
        f" traversal learning in {cheaper} and surely less in {dearer} of {len(rows)} places"
        f" (a data set and a partition); in {never} it never reaches it."
    )


def screening_said(table: pd.DataFrame) -> str:
    """The way of screening under which the fewest are violated, and how credit agrees with the exact value."""
    best = table.sort_values("violated").iloc[0]
    name = f"{best['mode']}, {best['scope']}" if best["scope"] else best["mode"]
    low, high = table["agreement"].min(), table["agreement"].max()
    return (
        f"The fewest are violated under {name}: {best['violated']:.1%} at an accuracy of {best['accuracy']:.3f}. Credit"
        f" ranks principals as the exact Shapley value of the screened game does with a correlation of {low:.2f} to"
        f" {high:.2f} by way of screening."
    )


def _notes(question: Question) -> tuple[str, ...]:
    """What a reader must know to read the tables right."""
    options = question.options
    return (
        *few_seeds(len(question.seeds)),
        f"learning: {options.members} principals delegate honestly, nothing is gated or screened, batches are drawn"
        f" from all data; {POOLED} takes one step a round, which is that of training on pooled data, FedAvg the named"
        " local steps on each principal's part of the batch, with the same rate.",
        f"bytes by formula for {options.nodes} nodes and numbers of 4 bytes, payload alone; credited: whether"
        " principals are told apart (traversal: wire mode cut with one direction; FedAvg: a change of each principal),"
        " else cut without credit and one change of each node.",
        "target: 95 % of pooled accuracy (the last tenth of the rounds); reached: share of seeds; ratio: bytes over"
        " those of traversal learning, a geometric mean over the seeds in which both reach it.",
        f"screening: {options.principals} principals behave as in the scenario; the first class is protected (loss at"
        " most .87 ln C), the last withheld (loss at least 1 − .7 / C). Means over the second half of the rounds;"
        " worst: by how much the worst true probe level broke somebody's true limit in any of them.",
        f"agreement: Spearman's correlation of {question.scenario.credit.kind} with the exact Shapley value of the"
        f" screened game, over those admitted, mean of {options.checks} rounds.",
    )
