"""Files of rules for tests: what is registered while a test runs is gone when it ends."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from commonweal.agents import rule_files
from commonweal.agents.registry import REGISTRIES

SETTLEMENT = '''
import numpy as np

from commonweal import settlement_rule


@settlement_rule("own_root")
def own_root(standing, terms):
    """In proportion to the square root of credit."""
    weight = np.where(standing.member, np.sqrt(np.maximum(standing.credit, 0.0)), 0.0)  # (R, N)
    total = weight.sum(axis=1, keepdims=True)
    return np.divide(weight, total, out=np.zeros_like(weight), where=total > 0)
'''
CREDIT = '''
import numpy as np

from commonweal import Credit, credit_rule


@credit_rule("own_helpful")
def own_helpful(game):
    """First-order credit, but nothing below zero."""
    return Credit(np.maximum(game.rate * game.slope, 0.0), "own_helpful")
'''
POLICY = '''
import numpy as np

from commonweal import Action, policy


@policy("own_steady")
def own_steady(seen, terms, stream):
    """Delegates nine times in ten, and else does as before."""
    luck = stream.uniform(seen.population.shape[1])
    return np.where(luck < 0.9, int(Action.DELEGATE), seen.population.action)
'''
PROBE = '''
import numpy as np

from commonweal import probe


@probe("own_tail")
def own_tail(data, generator):
    """Samples whose first feature is in its lowest tenth."""
    first = data.features[:, 0]
    return first <= np.quantile(first, 0.1)
'''
ATTACK = '''
from commonweal import Action, Deviation, attack


@attack("own_lazy")
def own_lazy(scenario, horizon):
    """Free-riding at first, and all the time."""
    return (
        Deviation("free-rides half of the time", (0,), action=Action.FREE_RIDE, until=horizon // 2),
        Deviation("free-rides", (0,), action=Action.FREE_RIDE),
    )
'''
STUDY = '''
from multiprocessing import parent_process

import pandas as pd

from commonweal import Answer, Ensemble, StudyOptions, field, study
from commonweal.scenarios.studies.pieces import Piece


class Options(StudyOptions):
    workers: int = field(1, "processes", "processes", ge=1)


def shares(asked, tick):
    scenario, seed = asked
    paid = Ensemble(scenario, [seed]).run().rounds["gini"].iloc[-1]
    return {"seed": seed, "gini": float(paid), "worker": int(parent_process() is not None)}


@study("own_question", Options)
def own_question(question):
    """How unequal are shares of credit?"""
    pieces = [Piece(shares, (question.scenario, seed), question.scenario.rounds) for seed in question.seeds]
    table = pd.DataFrame(question.pieces.play("seeds", pieces, question.options.workers))
    said = f"The Gini index of shares of credit is {table['gini'].mean():.2f}."
    return Answer("own_question", said, {"wealth": table})
'''
OWN = {"settlement": SETTLEMENT, "credit": CREDIT, "policy": POLICY, "probe": PROBE, "attack": ATTACK, "study": STUDY}
SMALL = {"rounds": 3, "task.kind": "wine", "task.validation": 40, "task.test": 40, "population.count": 4}


@contextmanager
def forgotten() -> Iterator[None]:
    """What the block imports and registers is forgotten when it ends."""
    states = [(registry, dict(registry._plugs), dict(registry._facts)) for registry in REGISTRIES]
    imported, faults = dict(rule_files._imported), dict(rule_files._faults)
    try:
        yield
    finally:
        for registry, plugs, facts in states:
            registry._plugs, registry._facts = plugs, facts
        for module in rule_files._imported.keys() - imported.keys():
            sys.modules.pop(module, None)
        for kept, before in ((rule_files._imported, imported), (rule_files._faults, faults)):
            kept.clear()
            kept.update(before)
