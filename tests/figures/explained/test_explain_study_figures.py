"""Figures of the study of explanations: each draws what the answer's tables and explanations hold."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.patches import Rectangle

from commonweal import ask
from commonweal.economy.explaining.explanation import Explanation
from commonweal.figures.studies import draw
from commonweal.figures.studies.explain import seen_of
from commonweal.scenarios.studies.base import Answer
from tests.helpers.explained import entries, estimated, explained, paired

PEOPLE = ("principal 0", "principal 1")


def answering(name: str, why: Explanation, **tables: pd.DataFrame) -> Answer:
    return Answer("explain", "", tables, explanations={name: why})


def of_answers(why: Explanation, *names: str) -> Explanation:
    """Several answers that are alike but for their size."""
    parts = ("base", "value", "values", "standard_error", "interactions")
    known = {part: getattr(why, part) for part in parts if getattr(why, part) is not None}
    sizes = range(1, len(names) + 1)
    arrays = {part: np.concatenate([array * size for size in sizes], axis=-1) for part, array in known.items()}
    return replace(why, answers=names, **arrays)


def actions(seeds: Sequence[int]) -> pd.DataFrame:
    return pd.DataFrame([(seed, name, act) for seed in seeds for name, act in zip(PEOPLE, ("delegate", "free_ride"),
                        strict=True)], columns=["seed", "principal", "action"])  # fmt: skip


def test_the_course_is_drawn_for_what_was_done_and_coloured_by_what_was_seen() -> None:
    course = replace(of_answers(explained(np.ones((3, 2)), ("last action", "own payoff")), "defect", "delegate"),
                     kind="behaviour")  # fmt: skip
    table = pd.DataFrame({
        "round": np.repeat([1, 2, 3], 2), "action": np.repeat(["delegate", "delegate", "abstain"], 2),
        "reason": ["last action", "own payoff"] * 3, "seen": [1.0, 0.1, 2.0, 0.2, 1.0, 0.3],
    })  # fmt: skip
    seen = seen_of(table)
    assert seen["own payoff"].tolist() == [0.1, 0.2, 0.3]
    assert set(seen["last action"]) <= {"delegate", "free_ride", "defect", "abstain"}
    (figure,) = draw(answering("course", course, course=table)).values()
    assert figure.axes[0].get_xlabel() == "added to chance that it delegates"
    np.testing.assert_allclose(np.asarray(figure.axes[0].collections[0].get_offsets())[:, 0], 2.0)


def test_actions_of_one_run_have_a_waterfall_and_pairs_for_each_outcome() -> None:
    why = of_answers(paired(explained([0.1, 0.2], PEOPLE), np.ones((2, 2))), "welfare", "accuracy")
    figures = draw(answering("actions", why, actions=actions([4])))
    assert list(figures) == ["actions", "dividends", "actions-accuracy", "dividends-accuracy"]
    labels = [text.get_text() for text in figures["actions"].axes[0].get_yticklabels()]
    assert labels[1:3] == ["principal 1 = free-ride", "principal 0 = delegate"]


def test_actions_of_several_runs_are_a_map_with_their_seeds() -> None:
    figures = draw(answering("actions", explained(np.ones((2, 2)), PEOPLE), actions=actions([4, 9])))
    left = figures["actions"].axes[0]
    assert [text.get_text() for text in left.get_yticklabels()] == ["seed 4", "seed 9"]
    assert entries(figures["actions"]) == ["delegate", "free-ride"]


def test_many_outcomes_of_one_run_are_one_map() -> None:
    names = [f"payoff of {place}" for place in range(6)]
    figures = draw(answering("actions", of_answers(explained([0.1, 0.2], PEOPLE), *names), actions=actions([4])))
    assert list(figures) == ["actions"]
    (image,) = figures["actions"].axes[0].images
    np.testing.assert_allclose(np.asarray(image.get_array()), np.outer(np.arange(1, 7), [0.1, 0.2]))
    assert [text.get_text() for text in figures["actions"].axes[0].get_yticklabels()] == names


def test_episodes_shade_the_course_of_each_outcome_and_run() -> None:
    why = of_answers(estimated(explained([[0.1, 0.2], [0.3, 0.4]], ("early", "late")), [0.0, 0.0]), "welfare")
    ends = pd.DataFrame({"episode": ["early", "late"] * 2, "first": [0, 3] * 2, "last": [2, 5] * 2})
    rounds = pd.DataFrame({"seed": np.repeat([7, 8], 6), "round": list(range(6)) * 2, "welfare": np.arange(12.0)})
    figures = draw(answering("episodes", why, episodes=ends, rounds=rounds))
    assert list(figures) == ["episodes", "episodes-seed-8"]
    second = figures["episodes-seed-8"].axes[0]
    assert [text.get_text() for text in second.texts] == ["+0.300", "+0.400"]
    np.testing.assert_array_equal(np.asarray(second.get_lines()[-1].get_ydata()), np.arange(6.0, 12.0))
    widths = [patch.get_width() for patch in second.patches if isinstance(patch, Rectangle)]
    assert widths == [3, 3]


def test_cells_are_sorted_by_outcome_and_say_what_each_field_is() -> None:
    why = of_answers(explained([[0.1, 0.2], [0.3, 0.4]], ("price", "stake")), "welfare")
    cells = pd.DataFrame({"cell": [0, 0, 1, 1], "field": ["price", "stake"] * 2, "is": ["1", "x", "2", "y"]})
    (figure,) = draw(answering("cells", why, cells=cells)).values()
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == ["cell 1", "cell 0"]
    assert [text.get_text() for text in figure.axes[0].texts] == ["2", "y", "1", "x"]


@pytest.mark.slow
def test_an_answer_of_the_study_is_drawn_in_all_its_parts() -> None:
    small = {"population.count": 5, "rounds": 12}
    answer = ask("explain", "commons", 1, small, principal=1, round=8, outcome=["welfare"], profiles=20, workers=1,
                 episodes=3, strangers=2)  # fmt: skip
    assert set(answer.explanations) <= set(draw(answer))
