"""Votes: whose limit holds for all, what a vote must keep, and which of them invite false limits."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.agents.arrays import Floats
from commonweal.agents.errors import InputError
from commonweal.economy.money.ledger import MICRO
from commonweal.economy.round.learn import voting_weights
from commonweal.economy.round.record import Moment
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.economy.screening.admissible import ScreeningTerms
from commonweal.economy.screening.votes import VOTES, acceptable, room_left, vote
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.schema.relevance import matters
from commonweal.testing import check_vote
from commonweal.testing.votes import GRID, largest_gains

SMALL = {"rounds": 6, "population.count": 6, "task.validation": 100, "task.test": 100, "precision": "float64"}
OURS = [name for name, rule in VOTES.items() if rule.__module__.startswith("commonweal.")]
PEAKS = np.array([0.1, 0.4, 0.5, 0.7, 0.9])[None, :, None]
SEEDS = st.integers(0, 2**32 - 1)


def terms(chosen: str, share: float = 0.8, scope: str = "all") -> ScreeningTerms:
    nothing = np.zeros((1, 1))
    return ScreeningTerms("project", scope, "level", nothing, np.array([[share]]), False, nothing, vote=chosen)


def by(chosen: str, share: float = 0.8, weights: Floats | None = None) -> Callable[[Floats], Floats]:
    """The room of all, of rooms (R, N, K) of members who all take part."""
    return lambda room: acceptable(room, np.ones(room.shape[:2], dtype=bool), terms(chosen, share), weights)


@pytest.fixture(autouse=True)
def own_votes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(VOTES, "_plugs", dict(VOTES._plugs))
    monkeypatch.setattr(VOTES, "_facts", dict(VOTES._facts))


class TestPromises:
    @pytest.mark.parametrize("name", OURS)
    def test_every_vote_keeps_what_votes_promise(self, name: str) -> None:
        check_vote(name)
        check_vote(name, {"screening.quorum": 0.3})

    def test_a_vote_outside_the_range_of_the_members_is_caught(self) -> None:
        vote("bold")(lambda room, member, weights, terms: VOTES["median"](room, member, weights, terms) + 1.0)
        with pytest.raises(AssertionError, match="within the range"):
            check_vote("bold")

    def test_a_vote_by_places_is_caught(self) -> None:
        def first(room, member, weights, terms):  # type: ignore[no-untyped-def]
            chosen = np.take_along_axis(room, member.argmax(axis=1)[:, None, None], axis=1)
            return np.where(member.any(axis=1)[:, None, None], chosen, np.inf)

        vote("first")(first)
        with pytest.raises(AssertionError, match="does not depend on places"):
            check_vote("first")

    def test_a_mean_that_says_it_is_strategy_proof_is_caught(self) -> None:
        vote("boast", strategy_proof=True)(lambda *given: VOTES["mean"](*given))
        with pytest.raises(AssertionError, match="nobody gains by a false limit, and one gained"):
            check_vote("boast")


class TestWhoseLimitCounts:
    @pytest.mark.parametrize(("name", "room"), [("strictest", 0.1), ("median", 0.5), ("mean", 0.52), ("quorum", 0.4)])
    def test_of_five_limits(self, name: str, room: float) -> None:
        # quorum .8: four of five accept .4; the mean of (.1, .4, .5, .7, .9) is .52
        assert by(name)(PEAKS).item() == pytest.approx(room, abs=1e-15)

    def test_of_an_even_number_the_median_is_the_looser_of_the_two_in_the_middle(self) -> None:
        assert by("median")(PEAKS[:, :4]).item() == 0.5

    @given(SEEDS, st.floats(0, 1))
    def test_a_quorum_of_equal_votes_is_the_scope_quorum_to_the_last_bit(self, seed: int, share: float) -> None:
        rng = np.random.default_rng(seed)
        rooms, member = rng.normal(size=(2, 7, 3)), rng.random((2, 7)) < rng.choice([0.0, 0.3, 1.0])
        scope = acceptable(rooms, member, terms("strictest", share, scope="quorum"))
        np.testing.assert_array_equal(acceptable(rooms, member, terms("quorum", share)), scope)
        members = member.sum(axis=1)  # what the scope has always been: place n − ⌈q n⌉ of those in order
        place = np.clip(members - np.ceil(share * members - 1e-9), 0, np.maximum(members - 1, 0)).astype(int)
        ordered = np.sort(np.where(member[..., None], rooms, np.inf), axis=1)
        np.testing.assert_array_equal(scope[:, 0], ordered[np.arange(2), place])

    @given(SEEDS, st.sampled_from(OURS), st.floats(0, 1))
    def test_a_weight_of_three_is_three_equal_votes(self, seed: int, name: str, share: float) -> None:
        rng = np.random.default_rng(seed)
        rooms, weights = rng.normal(size=(1, 5, 2)), rng.integers(1, 4, (1, 5))
        one_by_one = by(name, share)(np.repeat(rooms, weights[0], axis=1))
        np.testing.assert_allclose(by(name, share, weights.astype(float))(rooms), one_by_one, atol=1e-12)

    def test_who_has_nothing_at_stake_has_no_vote_unless_nobody_has(self) -> None:
        # of (.4, .5, .7), all that have weight, the strictest is .4; without any weight .1 counts again
        some, none = np.array([[0.0, 1.0, 1.0, 1.0, 0.0]]), np.zeros((1, 5))
        assert by("strictest", weights=some)(PEAKS).item() == 0.4
        assert by("strictest", weights=none)(PEAKS).item() == 0.1
        assert by("quorum", 0.0, some)(PEAKS).item() == 0.7

    @given(SEEDS)
    def test_a_median_of_rooms_is_the_median_of_limits_in_both_senses(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        levels, limits, senses = rng.random((1, 2)), rng.random((1, 7, 2)), np.array([-1.0, 1.0])
        room = room_left(levels, limits, np.ones((1, 7), bool), senses, terms("median"))
        np.testing.assert_allclose(levels - room[:, 0] * senses, np.median(limits, axis=1), atol=1e-12)


class TestFalseLimits:
    """Everybody likes the common room best that it names: U = −(x − p)²; reports on a grid from 0 to 1."""

    def test_the_mean_pays_who_exaggerates(self) -> None:
        # true: .52. Who is at .1 and reports 0 moves it to .50 and gains .42² − .40² = .0164; who is at .9 and reports
        # 1 moves it to .54 and gains .38² − .36² = .0148
        gains = largest_gains(by("mean"), PEAKS, GRID[:, None])[0]
        assert gains[0] == pytest.approx(0.0164, abs=1e-15)
        assert gains[-1] == pytest.approx(0.0148, abs=1e-15)
        told = PEAKS.copy()
        told[0, 0], told[0, -1] = 0.0, 0.9
        assert by("mean")(told).item() == pytest.approx(0.5, abs=1e-15)

    @pytest.mark.parametrize("share", [0.0, 0.2, 0.4, 0.6, 0.8, 1.0])  # each order statistic of five
    @pytest.mark.parametrize("weights", [None, np.array([[5.0, 1.0, 2.0, 1.0, 3.0]])], ids=["equal", "weighed"])
    def test_no_report_gains_anything_where_an_order_statistic_decides(self, share: float, weights: Floats) -> None:
        # Moulin (1980): exactly 0 for everybody, since the truth is on the grid and no outcome is rounded
        assert not largest_gains(by("quorum", share, weights), PEAKS, GRID[:, None]).any()

    @pytest.mark.parametrize("name", ["strictest", "median"])
    def test_nor_where_the_strictest_or_the_median_does(self, name: str) -> None:
        assert not largest_gains(by(name), PEAKS, GRID[:, None]).any()

    @given(SEEDS, st.sampled_from(["strictest", "median", "quorum"]), st.floats(0, 1), st.booleans())
    def test_nor_for_any_peaks_in_two_separable_dimensions(
        self, seed: int, name: str, share: float, weighed: bool
    ) -> None:
        # Border and Jordan (1983): dimension by dimension, where preferences are separable
        rng = np.random.default_rng(seed)
        peaks = rng.choice(GRID, (1, rng.integers(1, 6), 2))
        reports = np.stack(np.meshgrid(GRID, GRID), axis=-1).reshape(-1, 2)
        weights = rng.integers(1, 9, peaks.shape[:2]).astype(float) if weighed else None
        assert (largest_gains(by(name, share, weights), peaks, reports) <= 0).all()

    def test_facts_say_which(self) -> None:
        assert {name for name in OURS if not VOTES.facts(name).strategy_proof} == {"mean"}


class TestInTheEconomy:
    @pytest.mark.parametrize("scope", ["all", "aggregate"])
    def test_each_vote_screens_by_its_own_room(self, scope: str) -> None:
        rooms = {}
        for name in OURS:
            rules = {"screening.scope": scope, "screening.vote": name}
            rooms[name] = Ensemble(load("value-conflict", {**SMALL, **rules}), [3]).step().taught.room
        assert all(room.shape == (1, 1, 2) for room in rooms.values())
        assert (rooms["strictest"] < rooms["quorum"]).all()
        assert (rooms["quorum"] < rooms["median"]).all()

    def test_votes_weigh_what_principals_hold_or_have_at_stake(self) -> None:
        staked = {**SMALL, "screening.vote": "median", "stakes.stake": 0.5, "population.endowment": 1.0}
        scenario = load("value-conflict", staked)
        ensemble = Ensemble(revise(scenario, {"screening.weight": "stake", "task.partition": "power"}), [3])
        ensemble.step()
        economy = ensemble.snapshot
        state, people, world = economy.state, economy.people, economy.world
        moment = Moment(state, people, people.action, state.ledger, np.array([6]), np.zeros((1, 1)))
        np.testing.assert_array_equal(voting_weights(moment, world), np.full((1, 6), MICRO / 2))
        by_data = Ensemble(revise(scenario, {"screening.weight": "data", "task.partition": "power"}), [3]).snapshot
        np.testing.assert_array_equal(voting_weights(moment, by_data.world), by_data.world.holdings.count)

    def test_runs_vote_together_as_they_do_alone(self) -> None:
        ballot = {"screening.vote": "quorum", "screening.weight": "data"}
        scenarios = [load("value-conflict", {**SMALL, **ballot, "screening.quorum": q}) for q in (0.3, 0.9)]
        together, alone = Ensemble(scenarios, [3, 3]), Ensemble(scenarios[1], [3])
        for _ in range(3):
            left, right = together.step(), alone.step()
            np.testing.assert_allclose(left.lesson.room[1:], right.lesson.room, rtol=1e-9)

    @pytest.mark.parametrize(
        ("changes", "named"),
        [
            ({"screening.vote": "medain"}, "screening.vote = 'medain': must be one of"),
            ({"screening.weight": "size"}, "screening.weight = 'size': must be"),
            ({"screening.vote": "mean", "screening.weight": "stake"}, "screening.weight must be equal or data where"),
            ({"screening.vote": "mean", "tolerance.budget": 0.01}, "screening.vote must be strictest for tolerance"),
        ],
    )
    def test_what_makes_no_sense_is_one_clear_line(self, changes: dict[str, object], named: str) -> None:
        with pytest.raises(InputError, match=named) as caught:
            revise(load("value-conflict"), changes)
        assert "\n" not in str(caught.value)

    def test_votes_matter_where_one_limit_holds_for_all_and_weights_where_they_change_it(self) -> None:
        base = load("value-conflict")
        assert matters(base, "screening.vote")
        assert not matters(base, "screening.weight")
        assert matters(revise(base, {"screening.vote": "mean"}), "screening.weight")
        assert not matters(revise(base, {"screening.scope": "own"}), "screening.vote")
