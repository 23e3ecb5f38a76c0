"""Both futures of a principal as a document: what was weighed, and no claim beyond it."""

import json

import numpy as np
import pytest

from commonweal.agents.actions import Action
from commonweal.economy.round.set_up import Economy
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.figures.browser.documents.futures import futures_document
from commonweal.figures.browser.tab.what_if import FUTURES, ROUNDS, Question, Verdict, answer_document, weigh
from commonweal.scenarios.runs.intervals import mean_interval
from commonweal.scenarios.schema.loading import load
from tests.helpers.chronicles import SMALL


def weighed(scenario: str, question: Question) -> tuple[Verdict, Ensemble]:
    ensemble = Ensemble(load(scenario, SMALL if scenario == "leaky" else {"population.count": 16}), [3])
    for _ in range(2):
        ensemble.step()
    return weigh(Economy(ensemble.world, ensemble.state, ensemble.people, ensemble.streams), question), ensemble


def test_an_answer_holds_both_mean_courses_with_bands_and_the_interval_of_the_gain() -> None:
    verdict, ensemble = weighed("leaky", Question(2, Action.DEFECT))
    document = answer_document(verdict, ensemble.world)
    json.dumps(document, allow_nan=False)
    assert (document["kind"], document["principal"], document["action"]) == ("answer", 2, Action.DEFECT)
    assert document["title"] == "What if it leaked?"
    assert (document["first"], document["last"]) == (3, 2 + ROUNDS)
    assert [line["name"] for line in document["lines"]] == ["if it leaked", "as it is"]
    for line, courses in zip(document["lines"], (verdict.deviates, verdict.follows), strict=True):
        assert line["mean"] == pytest.approx(courses.mean(axis=0), rel=1e-5, abs=1e-12)
        assert all(low <= mean <= high for low, mean, high in zip(line["low"], line["mean"], line["high"], strict=True))
    assert document["gain"]["mean"] == pytest.approx((verdict.deviates - verdict.follows).mean())
    assert document["gain"]["low"] <= document["gain"]["mean"] <= document["gain"]["high"]
    assert document["sentence"].startswith("Principal 2, if it leaks from round 3 on, ")
    assert f"{FUTURES} futures" in document["note"]


def test_an_answer_of_public_goods_speaks_of_contributing() -> None:
    verdict, ensemble = weighed("public-goods", Question(1, Action.DELEGATE))
    document = answer_document(verdict, ensemble.world)
    assert document["title"] == "What if it contributed?" and "if it contributes from" in document["sentence"]


def test_one_future_has_no_interval() -> None:
    gain = mean_interval(np.ones(1))
    document = futures_document("It gains.", np.ones((1, 3)), np.zeros((1, 3)), gain, ("if", "as it is"), 1)
    assert document["note"] == "one future, no interval"
    assert document["gain"] == {"mean": 1.0, "low": None, "high": None}
    assert document["lines"][0]["low"] == document["lines"][0]["mean"] == [1.0, 1.0, 1.0]
