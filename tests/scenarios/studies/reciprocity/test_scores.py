"""Scores of learners: references that are known, stakes, adherence by hand, what slander is worth."""

import numpy as np
import pytest

from commonweal.agents.reciprocity.norms import Norm, norm_of
from commonweal.scenarios.studies.reciprocity.collapse import errors_of
from commonweal.scenarios.studies.reciprocity.scores import Judge, Reference, reference, scores
from commonweal.scenarios.studies.reciprocity.world import World, with_learner, world_of


def among(name: str, count: int, defectors: int = 0, ratio: float = 3.0, judges: int = 1) -> World:
    norm = norm_of(name)
    never = Norm(np.zeros((2, 2)), norm.assess)
    groups = [(norm, count - defectors)] + ([(never, defectors)] if defectors else [])
    return world_of(groups, errors_of(0.02), np.array([ratio]), judges=judges)


@pytest.mark.parametrize("name", ["L3", "L6"])
@pytest.mark.parametrize("defectors", [0, 11])
def test_the_best_rule_among_discriminators_is_the_norm_s_own(name: str, defectors: int) -> None:
    world = among(name, 24, defectors)
    best = reference(world, Judge.of(world, 64))
    np.testing.assert_array_equal(best.act[0], norm_of(name).act)
    assert (best.stake > 1e-3 * best.value).all()


def test_where_gifts_are_worth_little_the_best_is_never_to_give() -> None:
    world = among("L3", 24, 11, ratio=2.0)
    judge = Judge.of(world, 128)
    best = reference(world, judge)
    assert not best.act.any()
    assert judge.values(with_learner(world, norm_of("L3").act[None]))[0] < best.value[0]


def test_all_alike_the_best_payoff_is_known_whatever_the_schedules() -> None:
    for count in (8, 24, 100):
        world = among("L6", count)
        assert reference(world, Judge.of(world, 2)).value[0] == pytest.approx(1.8550, abs=5e-5)


def test_scores_by_hand() -> None:
    world = among("L6", 8)
    judge = Judge.of(world, 4)
    best = reference(world, judge)
    best = Reference(best.act, None, best.value, np.array([[[0.0, 1.0], [1.0, 1.0]]]), None)  # BB decides nothing
    learned = np.array([[[0.9, 0.8], [0.6, 0.9]]])
    found = scores(world, judge, best, learned)
    assert found.adherence[0] == pytest.approx((0.8 + 0.4 + 0.9) / 3)
    assert found.hit[0] == pytest.approx(2 / 3)
    assert not found.constant[0]  # .9 − .6 is not below .3
    assert found.share[0] == pytest.approx(judge.values(with_learner(world, learned))[0] / best.value[0])
    assert np.isnan(found.signals[0])


def test_who_follows_the_reference_has_all_of_it_and_who_gives_to_all_is_constant() -> None:
    world = among("L6", 8)
    judge = Judge.of(world, 16)
    best = reference(world, judge, signals=True)
    assert best.assess is not None
    found = scores(world, judge, best, best.act, best.assess)
    assert (found.share[0], found.adherence[0], found.hit[0], found.signals[0]) == (1, 1, 1, 1)
    alike = scores(world, judge, best, np.full((1, 2, 2), 0.5))
    assert alike.constant[0] and alike.share[0] < 1


def test_the_best_verdict_is_bad_wherever_it_matters() -> None:
    world = among("L6", 8)
    best = reference(world, Judge.of(world, 64), signals=True)
    assert best.assess is not None and best.signal_stake is not None
    assert not best.assess[best.signal_stake > 1e-3 * best.value].any()
    assert (best.signal_stake > 1e-3 * best.value).sum() >= 3


@pytest.mark.parametrize(("count", "judges", "low", "high"), [(8, 1, 7.0, 7.6), (24, 1, 2.0, 2.5), (8, 3, 0.75, 0.95)])
def test_slander_pays_less_the_more_principals_and_the_more_judges(
    count: int, judges: int, low: float, high: float
) -> None:
    world = among("L6", count, judges=judges)
    judge = Judge.of(world, 512)
    honest, slanderer = (judge.values(with_learner(world, norm_of("L6").act[None], table))[0]
                         for table in (None, np.zeros((1, 2, 2, 2))))  # fmt: skip
    assert low < 100 * (slanderer / honest - 1) < high
