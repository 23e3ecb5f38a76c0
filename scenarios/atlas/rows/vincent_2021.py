"""Conscious data contribution: how far a rival gets with the data of those who come over to it."""

from collections.abc import Iterator

import commonweal as cw
from commonweal.scenarios.atlas.base import Seeds, result
from commonweal.scenarios.atlas.check import Check
from commonweal.scenarios.atlas.nudge import Nudge

FEW, WAY = 0.2, 0.8  # of users; of the way from guessing to the best model
ONE = 1 / 40  # a single principal
DATA = {"digits": (10, 300), "breast_cancer": (2, 150), "wine": (3, 40)}  # classes, samples held out twice
ELSEWHERE = {"CIFAR-10 and toxic comments": "", "MovieLens 10M and Pinterest": "on a fixed hold-out .8 and .9 of users"}
ROUNDS = 100


@result(
    "vincent-2021",
    paper="Vincent and Hecht, CSCW 2021",
    table="20 % of users get 80 % of the way",
    shows="a fifth of the users carries most of the model to a rival",
    learns="It holds on three small data sets; the authors' own fixed hold-outs show that it is not general.",
    link="https://github.com/nickmvincent/cdc",
    seconds=15,
    seeds=16,
)
def conscious_contribution(seeds: Seeds, nudge: Nudge) -> Iterator[Check]:
    """The scenario commons without drift, 100 rounds: a fifth delegates throughout and the rest stay away.

    The way is (a(share) − chance) / (a(all) − chance), with accuracies on held-out samples in the last round.
    """
    for task, (classes, held_out) in DATA.items():
        few = accuracy(task, held_out, nudge("population.start_delegate", FEW, instead=ONE), seeds)
        everybody = accuracy(task, held_out, 1.0, seeds)
        way = [(some - 1 / classes) / (most - 1 / classes) for some, most in zip(few, everybody, strict=True)]
        yield Check(
            f"{task}: part of the way", theirs=WAY, ours=way, source="published", found_by="run", kind="claim",
            breaks="population.start_delegate",
        )  # fmt: skip
    for data, more in ELSEWHERE.items():
        missing = f"the data ({more})" if more else "the data"
        yield Check(
            f"{data}: part of the way", theirs=WAY, ours=None, source="repository", found_by="run", missing=missing
        )


def accuracy(task: str, held_out: int, share: float, seeds: Seeds) -> list[float]:
    """Accuracy of each run in the last round, with so many of forty delegating."""
    changes = {
        "rounds": ROUNDS, "task.kind": task, "task.drift": 0.0, "task.validation": held_out, "task.test": held_out,
        "actions.available": ["abstain", "delegate"], "policy.mix": {"fixed": 1.0}, "policy.mutation": 0.0,
        "population.start_delegate": share, "population.start_abstain": 1 - share,
        "population.start_free_ride": 0.0, "population.start_defect": 0.0,
    }  # fmt: skip
    rounds = cw.Ensemble(cw.load("commons", changes), seeds).run().rounds
    return [float(each) for each in rounds[rounds["round"] == ROUNDS - 1]["accuracy"]]
