"""Profiles that are played: what everybody keeps to, on the same random numbers."""

from dataclasses import replace

import numpy as np
import pytest

from commonweal.agents.actions import Action
from commonweal.agents.errors import InputError
from commonweal.agents.streams import Streams
from commonweal.economy.explaining.profiles import names_of, play_profiles
from commonweal.economy.round.set_up import set_up
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.loading import load

SMALL = load("leaky", {"population.count": 3, "policy.mix": {"fixed": 1.0}, "policy.mutation": 0.0})
PROFILES = np.array([[1, 1, 1], [0, 1, 3], [2, 2, 1]])


def test_outcomes_are_those_of_runs_in_which_everybody_keeps_to_its_action() -> None:
    found = play_profiles(set_up([SMALL] * 2, [4, 7]), PROFILES, ("accuracy", "payoffs"), rounds=4)
    assert found.shape == (2, 3, 4, 4)
    for run, seed in enumerate((4, 7)):
        for place, profile in enumerate(PROFILES):
            alone = Ensemble(SMALL, [seed])
            for played in range(4):
                record = alone.act(profile[None])
                np.testing.assert_allclose(found[run, place, played, 0], record.payday.quality[0], rtol=1e-12)
                np.testing.assert_allclose(found[run, place, played, 1:], record.payday.payoffs[0], rtol=1e-9)


def test_the_runs_it_starts_from_are_left_alone() -> None:
    economy = set_up([SMALL], [1])
    first, second = (play_profiles(economy, PROFILES, ("welfare",), rounds=2) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert economy.state.round == 0


@pytest.mark.parametrize(("scenario", "lucky"), [("leaky", False), ("poisoners", True)])
def test_batches_are_luck_where_junk_is_drawn_alone(scenario: str, lucky: bool) -> None:
    # Own samples are put in one after the other as they are held; junk is drawn from the batch stream
    economy = set_up([load(scenario, {"population.count": 4})], [0])
    profiles = np.array([[Action.DELEGATE, Action.FREE_RIDE, Action.DELEGATE, Action.DEFECT]])
    others = replace(economy, streams=replace(economy.streams, batch=Streams.from_seeds([101]).batch))
    first, second = (play_profiles(each, profiles, ("accuracy",), rounds=10) for each in (economy, others))
    assert np.array_equal(first, second) is not lucky


def test_columns_have_names() -> None:
    assert names_of(("accuracy", "payoffs"), 2) == ("accuracy", "payoff of 0", "payoff of 1")


def test_what_cannot_be_played_is_refused() -> None:
    economy = set_up([SMALL], [1])
    with pytest.raises(InputError, match="rows of 3 actions"):
        play_profiles(economy, PROFILES[:, :2], ("accuracy",), rounds=1)
    with pytest.raises(InputError, match="7 is no action"):
        play_profiles(economy, PROFILES * 0 + 7, ("accuracy",), rounds=1)
    with pytest.raises(InputError, match="outcome 'luck'"):
        play_profiles(economy, PROFILES, ("luck",), rounds=1)
    with pytest.raises(InputError, match="rounds = 0"):
        play_profiles(economy, PROFILES, ("accuracy",), rounds=0)
    assert Action(int(PROFILES[1, 2])) is Action.DEFECT
