"""What if one deviates: both futures on the same random numbers, the run itself untouched."""

import numpy as np
import pytest

from commonweal.agents.actions import Action
from commonweal.figures.browser.tab.live import Live, play_until
from commonweal.figures.browser.tab.what_if import Question, in_words, weigh
from commonweal.scenarios.schema.loading import load
from tests.helpers.tabs import small


def test_a_what_if_leaves_the_run_as_it_was_and_knows_its_own_future() -> None:
    live, twin = Live(small(), 3), Live(small(), 3)
    play_until(live, 4, lambda round: True)
    play_until(twin, 4, lambda round: True)
    model = live.model
    verdict = weigh(model.snapshot, Question(2, Action.DEFECT))
    courses = []
    for _ in range(20):
        live.step()
        twin.step()
        assert live.chronicle.rows[-1] == twin.chronicle.rows[-1]
        courses.append(live.chronicle.newest.payoffs[2])
    # The first future keeps the run's own luck: without the deviation it is the run.
    np.testing.assert_allclose(verdict.follows[0], courses, rtol=1e-4, atol=1e-9)
    expected = (verdict.deviates - verdict.follows).mean()
    assert verdict.gain.value == pytest.approx(expected, abs=1e-12)
    live.release()
    twin.release()


def test_the_gain_of_an_idle_free_rider_under_equal_pay_is_the_cost_it_saves() -> None:
    # With frozen others and equal pay a single idle principal saves cost × samples and loses only its share of the
    # revenue of a slightly worse model; at a price of zero it loses nothing.
    scenario = small(settlement__kind="equal", market__price=0.0, policy__mix={"fixed": 1.0}, policy__mutation=0.0,
                     population__start_delegate=1.0, population__start_free_ride=0.0, population__start_defect=0.0)
    live = Live(scenario, 0)
    live.step()
    model = live.model
    verdict = weigh(model.snapshot, Question(1, Action.FREE_RIDE))
    assert verdict.gain.value == pytest.approx(4 * model.people.cost[0, 1], rel=1e-9)
    assert verdict.gain.reach == pytest.approx(np.zeros(2), abs=1e-12)
    live.release()


def test_what_if_it_took_another_line_of_the_menu() -> None:
    """Its own line was the best for its cost; which of the others is worse by how much the page tells."""
    live = Live(load("big-and-small"), 0)
    live.step()
    model = live.model
    own = int(model.state.mechanisms["menu"].line[0, 0])
    same, other = (weigh(model.snapshot, Question(0, None, line)) for line in (own, 0))
    assert own > 1
    assert same.gain.value == 0
    assert other.gain.value < 0
    assert "if it takes line 1 from round 2 on, loses by it" in in_words(other)
    live.release()


def test_who_refuses_among_stern_judges_saves_a_gift_a_round_and_loses_more_with_its_name() -> None:
    """Its good name lasts a round, in which it saves the cost 1; after it, it earns .220 in place of 1.884 a round.

    These are payoffs of the exact theory: tests/economy/round/test_donation.py.
    """
    live = Live(load("leading-eight", {"policy.mix": {"norm:L6": 1.0}}), 0)
    play_until(live, 4, lambda round: True)
    verdict = weigh(live.model.snapshot, Question(2, Action.FREE_RIDE))
    assert verdict.deviates[:, 0].mean() > verdict.follows[:, 0].mean()  # the first refusal is not yet known
    assert verdict.gain.low < (1 + 19 * (0.220 - 1.884)) / 20 < verdict.gain.high < -1
    assert "if it refuses from round 5 on, loses by it" in in_words(verdict, "refuses")
    live.release()
