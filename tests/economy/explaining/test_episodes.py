"""Luck of episodes: the whole is the run, nobody's luck is a stranger's run, and the tree is each run played alone."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonweal.agents.actions import Action
from commonweal.agents.errors import InputError
from commonweal.economy.credit.exact import all_coalitions, shapley_value
from commonweal.economy.explaining.episodes import (
    LuckGame,
    explain_luck,
    find_luck,
    luck_of,
    luck_outcomes,
    outcomes_of,
)
from commonweal.economy.explaining.luck import begin_round
from commonweal.economy.explaining.tree import Outcome, stretches, taken
from commonweal.economy.explaining.values import Effort
from commonweal.economy.futures.play import branch
from commonweal.economy.round.play import play_round
from commonweal.economy.runs.ensemble import Ensemble, next_actions
from commonweal.economy.world.replicas import pick_streams
from commonweal.scenarios.schema.library import library_names
from commonweal.scenarios.schema.loading import load, revise

BISTABLE = {
    "market.kind": "curve", "learning.samples": 32, "population.count": 12, "market.price": 0.05,
    "policy.imitation.intensity": 1000.0, "policy.revision": 0.2, "policy.mutation": 0.01,
    "population.start_delegate": 0.5, "population.start_free_ride": 0.3, "population.start_defect": 0.2,
}  # fmt: skip
CURVE = revise(load("commons"), BISTABLE)
LEARNED = revise(load("commons"), {"population.count": 6, "precision": "float64", "task.validation": 60})
ROUNDS = 20
SMALL = LuckGame(episodes=4, strangers=3, outcome=Outcome(("share_delegate", "welfare"), 5))


def played_alone(economy, rounds, last, luck=None, episodes=()):
    """(R,) mean share of delegating in the last rounds of runs; they take another luck where an episode begins."""
    state, people, streams, shares = economy.state, economy.people, economy.streams, []
    for t in range(rounds):
        for episode, own in zip(episodes, luck or (), strict=True):
            streams = own if t == episode.start else streams
        actions = next_actions(state, people, economy.world, streams)
        state, people, record = play_round(state, people, actions, economy.world, streams)
        shares.append((record.actions == Action.DELEGATE).mean(axis=1))
    return np.mean(shares[-last:], axis=0)


@pytest.mark.parametrize("scenario", [CURVE, LEARNED])
class TestTruth:
    def test_all_luck_kept_is_the_run_and_none_is_the_strangers(self, scenario):
        economy = Ensemble(scenario, [3]).snapshot
        game = replace(SMALL, outcome=Outcome(last=5))
        found = explain_luck(economy, 8, game)
        seed = int(np.random.SeedSequence(game.seed).generate_state(1)[0])
        strangers = played_alone(branch(economy, 4, seed), 8, 5)[1:]
        own = played_alone(taken(economy, np.array([0])), 8, 5)
        assert found.value[0, 0] == own[0]
        np.testing.assert_allclose(found.base[0, 0], strangers.mean(), rtol=1e-12)
        assert found.evaluations == 16

    @pytest.mark.slow
    def test_the_tree_is_each_run_played_alone(self, scenario):
        own = Ensemble(scenario, [5]).snapshot
        episodes, coalitions = stretches(6, 3), all_coalitions(3)
        game = LuckGame(episodes=3, strangers=2, outcome=Outcome(last=3))
        luck = luck_of(own, 2, 11, episodes)
        found = luck_outcomes(own, coalitions, luck, episodes, game)
        for coalition, outcome in zip(coalitions, found, strict=True):
            for stranger in (0, 1):
                chosen = [pick_streams(each, np.array([0 if kept else 1 + stranger]))
                          for each, kept in zip(luck, coalition, strict=True)]  # fmt: skip
                alone = played_alone(taken(own, np.array([0])), 6, 3, chosen, episodes)
                assert outcome[stranger, 0] == alone[0]


@pytest.mark.parametrize("name", library_names())
def test_in_every_scenario_of_the_library_all_luck_kept_is_the_run_to_the_last_bit(name):
    ensemble = Ensemble(load(name), [2])
    found = explain_luck(ensemble.snapshot, 4, LuckGame(episodes=2, strangers=2, outcome=Outcome(("welfare",), 2)))
    assert found.value[0, 0] == ensemble.run(4).rounds["welfare"].to_numpy()[-2:].sum() / 2


class TestValues:
    def test_they_sum_to_value_less_base_and_have_errors(self):
        found = explain_luck(Ensemble(CURVE, [1, 2]).snapshot, ROUNDS, SMALL)
        assert found.values.shape == (2, 4, 2)
        np.testing.assert_allclose(found.values.sum(axis=1), found.value - found.base, atol=1e-9)
        assert (found.standard_error > 0).any()
        assert found.names == ("rounds 0 to 4", "rounds 5 to 9", "rounds 10 to 14", "rounds 15 to 19")

    def test_errors_are_those_of_a_mean_over_strangers(self):
        own = Ensemble(CURVE, [1]).snapshot
        found = explain_luck(own, ROUNDS, SMALL)
        episodes = stretches(ROUNDS, 4)
        seed = int(np.random.SeedSequence(0).generate_state(1)[0])
        worth = luck_outcomes(own, all_coalitions(4), luck_of(own, 3, seed, episodes), episodes, SMALL)
        each = np.stack([shapley_value(np.ascontiguousarray(worth[:, k, 0][None]))[0] for k in range(3)])
        np.testing.assert_allclose(found.values[0, :, 0], each.mean(axis=0), atol=1e-12)
        np.testing.assert_allclose(found.standard_error[0, :, 0], each.std(axis=0, ddof=1) / np.sqrt(3), atol=1e-12)

    def test_episodes_after_everybody_has_stopped_deciding_are_worth_exactly_nothing(self):
        """Nobody revises or mutates, so that no random number of any episode shows."""
        still = revise(CURVE, {"policy.revision": 0.0, "policy.mutation": 0.0})
        assert not explain_luck(Ensemble(still, [1]).snapshot, ROUNDS, SMALL).values.any()

    def test_a_run_alone_or_beside_others_is_explained_the_same(self):
        both, first = (explain_luck(Ensemble(CURVE, seeds).snapshot, ROUNDS, SMALL) for seeds in ([4, 9], [4]))
        np.testing.assert_array_equal(both.values[0], first.values[0])

    @pytest.mark.slow
    @settings(max_examples=3, deadline=None)
    @given(seed=st.integers(0, 1000), together=st.sampled_from([4, 9, 40]))
    def test_how_many_runs_are_computed_at_once_does_not_matter(self, seed, together):
        economy = Ensemble(CURVE, [seed]).snapshot
        parted = replace(SMALL, effort=Effort(together=together))
        whole, parts = (explain_luck(economy, 8, game) for game in (SMALL, parted))
        np.testing.assert_array_equal(whole.values, parts.values)


class TestEstimates:
    def test_where_not_every_coalition_may_be_played_they_are_estimated_and_still_sum(self):
        economy = Ensemble(CURVE, [1]).snapshot
        game = replace(SMALL, episodes=7, outcome=Outcome(last=5))
        exact = explain_luck(economy, 21, game)
        found = explain_luck(economy, 21, replace(game, effort=Effort(budget=60)))
        assert (exact.evaluations, exact.provenance["coalitions"]) == (128, "every coalition")
        assert found.evaluations <= 60 and found.provenance["coalitions"] == "60 coalitions, adjusted"
        np.testing.assert_array_equal(found.value, exact.value)
        np.testing.assert_allclose(found.base, exact.base, rtol=1e-12)
        missed = ((found.values - exact.values) ** 2).sum() / (exact.values**2).sum()
        assert missed < 0.2

    @pytest.mark.parametrize("fields", [{"estimator": "guess"}, {"budget": 3}])
    def test_an_effort_that_cannot_be_is_refused(self, fields):
        with pytest.raises(InputError, match=next(iter(fields))):
            Effort(**fields)

    def test_a_metric_that_does_not_exist_is_named(self):
        with pytest.raises(InputError, match="unknown metric 'luck'"):
            explain_luck(Ensemble(CURVE, [1]).snapshot, 8, replace(SMALL, outcome=Outcome(("luck",))))

    def test_one_stranger_gives_no_error_and_is_refused(self):
        with pytest.raises(InputError, match="strangers"):
            LuckGame(strangers=1)


def test_interactions_of_episodes_are_dividends_of_the_mean_game():
    own = Ensemble(CURVE, [1]).snapshot
    found, episodes = explain_luck(own, ROUNDS, SMALL), stretches(ROUNDS, 4)
    seed = int(np.random.SeedSequence(0).generate_state(1)[0])
    chosen = np.array([[0, 1, 0, 1], [0, 1, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0]], dtype=bool)
    worth = luck_outcomes(own, chosen, luck_of(own, 3, seed, episodes), episodes, SMALL).mean(axis=1)
    np.testing.assert_allclose(found.interactions[0, 1, 3], worth[0] - worth[1] - worth[2] + worth[3], atol=1e-12)
    np.testing.assert_array_equal(found.interactions, found.interactions.swapaxes(1, 2))


@pytest.mark.slow
def test_estimates_have_no_interactions():
    few = replace(SMALL, episodes=7, effort=Effort(budget=60))
    assert explain_luck(Ensemble(CURVE, [1]).snapshot, 21, few).interactions is None


POOLED = revise(LEARNED, {"learning.sampling": "pool", "policy.mutation": 0.1})


class TestPurposes:
    """Whom imitators meet, who mutates, which samples are put in, …: each keeps the run's numbers or a stranger's."""

    @pytest.mark.slow
    def test_all_purposes_kept_is_the_run_and_none_is_the_strangers(self):
        game = replace(SMALL, outcome=Outcome(("share_delegate", "accuracy"), 3))
        economy = Ensemble(POOLED, [3]).snapshot
        by_episode, by_purpose, both = (
            explain_luck(economy, 6, replace(game, by=by, episodes=2)) for by in ("episodes", "purposes", "both")
        )
        for found in (by_purpose, both):
            np.testing.assert_array_equal(found.value, by_episode.value)
            np.testing.assert_allclose(found.base, by_episode.base, rtol=1e-12)
            np.testing.assert_allclose(found.values.sum(axis=1), found.value - found.base, atol=1e-9)
        assert by_purpose.names == ("who reconsiders", "mutations", "whom imitators meet", "whether imitators adopt",
                                    "batches and junk")  # fmt: skip
        assert both.names[:2] == ("who reconsiders, rounds 0 to 2", "who reconsiders, rounds 3 to 5")
        assert (by_purpose.values != 0).all(axis=(0, 2)).sum() >= 3

    def test_a_purpose_alone_is_a_run_with_that_stream_of_a_stranger_played_by_hand(self):
        """Batches have a stream of their own, so that no number has to be taken apart."""
        own, episodes = Ensemble(POOLED, [5]).snapshot, stretches(6, 1)
        game = LuckGame(by="purposes", strangers=2, outcome=Outcome(("share_delegate", "accuracy"), 3))
        luck = find_luck(own, 2, 11, episodes, "purposes")
        kept = np.array([[True, True, True, True, False]])
        found = outcomes_of(own, kept, luck, game)
        for stranger in (0, 1):
            streams = pick_streams(luck.streams[0], np.array([0]))
            other = pick_streams(luck.streams[0], np.array([1 + stranger]))
            state, people, shares = own.state, own.people, []
            streams = replace(streams, batch=other.batch)
            for _ in range(6):
                actions = next_actions(state, people, own.world, streams)
                state, people, record = play_round(state, people, actions, own.world, streams)
                shares.append([(record.actions == Action.DELEGATE).mean(), state.quality[0]])
            np.testing.assert_array_equal(found[0, stranger], np.sum(shares[-3:], axis=0) / 3)

    def test_numbers_of_a_purpose_are_taken_from_where_they_stand(self):
        """Rows 1 and 2 of the first call of a round are mutations; all else is the run's own."""
        luck = find_luck(Ensemble(CURVE, [1]).snapshot, 2, 3, stretches(4, 1), "purposes")
        names = [each.name for each in luck.purposes]
        kept = np.array([[name != "mutations" for name in names]])
        streams = luck.streams_of(kept, 0, np.array([1, 2]))
        plain = [pick_streams(luck.streams[0], np.array([row])).choice for row in range(3)]
        for _ in range(2):
            begin_round(streams)
            first, second = streams.choice.uniform(3, 12), streams.choice.uniform(2, 12)
            alone = [(each.uniform(3, 12)[0], each.uniform(2, 12)[0]) for each in plain]
            for stranger in (0, 1):
                np.testing.assert_array_equal(first[stranger, 0], alone[0][0][0])
                np.testing.assert_array_equal(first[stranger, 1:], alone[1 + stranger][0][1:])
                np.testing.assert_array_equal(second[stranger], alone[0][1])

    def test_what_nobody_draws_for_is_worth_exactly_nothing(self):
        """Without mutations and where everybody reconsiders, only meetings and adoptions are luck."""
        certain = revise(CURVE, {"policy.mutation": 0.0, "policy.revision": 1.0, "policy.imitation.intensity": 10.0})
        found = explain_luck(Ensemble(certain, [1, 2]).snapshot, 5, replace(SMALL, by="purposes"))
        assert (found.values[:, :2] == 0).all()
        assert found.values[:, 2:].any()

    def test_other_policies_draw_for_one_purpose(self):
        mixed = revise(CURVE, {"policy.mix": {"imitation": 0.5, "learning": 0.5}})
        found = explain_luck(Ensemble(mixed, [1]).snapshot, 8, replace(SMALL, by="purposes"))
        assert found.names == ("who reconsiders", "mutations", "what policies draw")

    @pytest.mark.parametrize("name", ["leaky", "reciprocity", "exit-and-voice"])
    def test_in_other_scenarios_too_all_purposes_kept_is_the_run(self, name):
        ensemble = Ensemble(load(name), [2])
        game = LuckGame(by="purposes", strangers=2, outcome=Outcome(("welfare",), 2))
        found = explain_luck(ensemble.snapshot, 3, game)
        assert found.value[0, 0] == ensemble.run(3).rounds["welfare"].to_numpy()[-2:].sum() / 2

    def test_unknown_players_are_refused(self):
        with pytest.raises(InputError, match="by = 'days'"):
            LuckGame(by="days")
