"""Causal truth of runs: courses, truth, and the file that holds them."""

from pathlib import Path

import numpy as np
import pytest

from commonweal.agents.errors import InputError
from commonweal.economy.explaining.episodes import LuckGame, explain_luck
from commonweal.economy.explaining.post_hoc import Courses
from commonweal.economy.explaining.post_hoc.truth import LUCK, CausalTruth, Truth, play_courses
from commonweal.economy.explaining.tree import Outcome
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.loading import load

STORED = Path(__file__).parents[4] / "benchmarks" / "causal_truth.npz"
CURVE = load("commons", {"market.kind": "curve", "population.count": 6, "policy.mix": {"imitation": 1.0}})


def small() -> CausalTruth:
    stream = np.random.default_rng(0)
    training, test = (Courses(stream.random((runs, 6, 2)).astype(np.float32).astype(float), stream.random(runs),
                              ("a", "b")) for runs in (5, 3))  # fmt: skip
    values = stream.normal(size=(3, 3))
    values[2] = np.nan
    return CausalTruth(
        training, test, np.arange(3), np.array([0, 2, 4, 6]), 0.4, {LUCK: Truth(values, np.abs(values))}
    )


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    known = small()
    known.save(tmp_path / "truth.npz")
    found = CausalTruth.load(tmp_path / "truth.npz")
    for name in ("training", "test"):
        before, after = getattr(known, name), getattr(found, name)
        np.testing.assert_array_equal(after.series, before.series)
        np.testing.assert_array_equal(after.outcome, before.outcome)
        assert after.channels == ("a", "b")
    np.testing.assert_array_equal(found.truths[LUCK].values, known.truths[LUCK].values)
    assert (found.high, found.episodes) == (0.4, [range(0, 2), range(2, 4), range(4, 6)])
    np.testing.assert_array_equal(found.truths[LUCK].known, [0, 1])


def test_the_first_rounds_keep_the_episodes_that_are_over() -> None:
    early = small().until(4)
    assert early.test.series.shape == (3, 4, 2)
    assert early.truths[LUCK].values.shape == (3, 2)
    np.testing.assert_array_equal(early.test.outcome, small().test.outcome)
    for rounds in (0, 3, 8):
        with pytest.raises(InputError, match="end of an episode: 2, 4, 6"):
            small().until(rounds)


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such causal truth"):
        CausalTruth.load(tmp_path / "nothing.npz")
    (tmp_path / "text.npz").write_text("truth")
    with pytest.raises(InputError, match="no causal truth"):
        CausalTruth.load(tmp_path / "text.npz")
    np.savez(tmp_path / "other.npz", format=np.array("something else"))
    with pytest.raises(InputError, match="something else"):
        CausalTruth.load(tmp_path / "other.npz")
    np.savez(tmp_path / "pickled.npz", format=np.array([{"a": 1}], dtype=object))
    with pytest.raises(InputError, match="no causal truth"):
        CausalTruth.load(tmp_path / "pickled.npz")


def test_courses_are_those_of_the_ensemble_and_of_the_luck_game() -> None:
    outcome = Outcome(last=3)
    found = play_courses(Ensemble(CURVE, [4, 5]).snapshot, 8, ("share_delegate", "accuracy"), outcome)
    ensemble = Ensemble(CURVE, [4, 5])
    shares = np.stack([(ensemble.step().actions == 1).mean(axis=1) for _ in range(8)], axis=1)
    np.testing.assert_array_equal(found.series[..., 0], shares)
    luck = explain_luck(Ensemble(CURVE, [4]).snapshot, 8, LuckGame(2, 2, 0, outcome))
    assert found.outcome[0] == pytest.approx(luck.value[0, 0], abs=1e-12)
    np.testing.assert_allclose(found.outcome, shares[:, -3:].mean(axis=1))


def test_the_stored_truth_is_small_and_adds_up_to_the_outcomes() -> None:
    """Along the course the parts sum to the outcome less what was expected of all runs, which start alike."""
    assert STORED.stat().st_size < 300_000
    known = CausalTruth.load(STORED)
    assert known.training.series.shape[1:] == known.test.series.shape[1:] == (100, 3)
    truth = known.truths["commitment"]
    runs = truth.known
    bases = known.test.outcome[runs] - truth.values[runs].sum(axis=1)
    assert len(runs) >= 60
    assert bases.mean() == pytest.approx(known.training.outcome.mean(), abs=0.08)
    assert truth.standard_error[runs].mean() < 0.03
    assert known.truths[LUCK].standard_error[known.truths[LUCK].known].mean() < 0.03
