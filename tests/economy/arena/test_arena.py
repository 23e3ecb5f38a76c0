"""The arena: economies in which some principals choose their moves from outside."""

import numpy as np
import pytest

from commonweal.agents.actions import Action
from commonweal.agents.errors import InputError
from commonweal.economy.arena.arena import Arena
from commonweal.economy.arena.moves import AS_BEFORE, Moves
from commonweal.economy.arena.sights import sight_names
from commonweal.economy.arena.tactics import Constant, Programme, Tactic
from commonweal.economy.futures.deviations import Deviation
from commonweal.economy.futures.play import play_futures
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.loading import load, revise

COUNT = 8
SMALL = revise(load("commons"), {"population.count": COUNT, "precision": "float64", "task.validation": 60})
VALUED = revise(load("value-conflict"), {"population.count": COUNT, "screening.scope": "own"})
MINDFUL = revise(load("exit-and-voice"), {"population.count": COUNT})
PRICED = revise(SMALL, {"identity.cost": 0.02, "population.endowment": 0.05, "learning.sampling": "pool"})
DOES = (AS_BEFORE, "delegate", "free_ride", "junk", "poison")
MENU = Moves({"does": DOES, "share": (1.0, 0.5), "looser": (0.0, 0.4)})
SCENARIOS = pytest.mark.parametrize("scenario", [SMALL, VALUED, MINDFUL], ids=lambda each: each.name)


def codes_of(arena: Arena, code) -> np.ndarray:
    runs, members, _ = arena.shape
    return np.tile(np.array(code), (runs, members, 1))


def played(arena: Arena, code, rounds: int) -> np.ndarray:
    """(R, M, T) rewards of a constant move."""
    arena.reset()
    return np.stack([arena.step(codes_of(arena, code))[1] for _ in range(rounds)], axis=-1)


class TestSameAsAnEnsemble:
    @SCENARIOS
    def test_everybody_told_what_to_do_is_the_ensemble_told_so_to_the_bit(self, scenario):
        arena, ensemble = Arena(scenario, [0, 3]), Ensemble(scenario, [0, 3])
        random = np.random.default_rng(0)
        arena.reset()
        for _ in range(6):
            codes = random.integers(arena.moves.count, size=(2, COUNT, 1))
            _, rewards, _, record = arena.step(codes)
            expected = ensemble.act(ensemble.world.terms.available[codes[..., 0]])
            np.testing.assert_array_equal(rewards, expected.payday.utility)
            np.testing.assert_array_equal(record.actions, expected.actions)
            np.testing.assert_array_equal(arena.snapshot.state.quality, ensemble.state.quality)
            np.testing.assert_array_equal(arena.snapshot.state.ledger.balances, ensemble.state.ledger.balances)

    @SCENARIOS
    @pytest.mark.parametrize("moves", [Moves.plain(np.array([1, 2]), policies=True), MENU], ids=["bare", "rich"])
    def test_everybody_as_before_is_the_ensemble_to_the_bit(self, scenario, moves):
        arena, ensemble = Arena(scenario, [0, 3], moves=moves), Ensemble(scenario, [0, 3])
        arena.reset()
        for _ in range(6):
            rewards = arena.step(np.zeros((2, COUNT, len(moves.sizes)), dtype=int))[1]
            np.testing.assert_array_equal(rewards, ensemble.step().payday.utility)

    def test_money_is_what_utility_leaves_out_value_costs(self):
        money, utility = (played(Arena(MINDFUL, [1, 2], judge=judge), (1,), 3) for judge in ("money", "utility"))
        assert (money >= utility).all() and (money > utility).any()


class TestSameAsDeviations:
    """One focal principal that moves constantly is the deviation of it, in the same run."""

    @SCENARIOS
    @pytest.mark.parametrize("code", [(0, 0, 0), (2, 0, 0), (3, 1, 0), (4, 0, 1), (0, 1, 1)])
    def test_a_constant_move_is_the_deviation_to_the_bit(self, scenario, code):
        arena = Arena(scenario, [0, 3], focal=[2], moves=MENU, horizon=6)
        move = MENU.at(code)
        deviation = Deviation("d", (2,), move.action, move.form, share=move.share, looser=move.looser)
        found = play_futures(Ensemble(scenario, [0, 3]).snapshot, [deviation], 6)
        np.testing.assert_array_equal(played(arena, code, 6)[:, 0], found.utilities[:, 1, :, 2])

    @pytest.mark.parametrize("scenario", [SMALL, PRICED, VALUED], ids=["each", "priced", "valued"])
    @pytest.mark.parametrize("code", [(0, 0, 0), (3, 1, 0)])
    def test_under_several_names_too(self, scenario, code):
        arena = Arena(scenario, [0, 3], focal=[2, 5], moves=MENU, names=3, horizon=6)
        move = MENU.at(code)
        deviation = Deviation("d", (2, 5), move.action, move.form, share=move.share, identities=3)
        found = play_futures(Ensemble(scenario, [0, 3]).snapshot, [deviation], 6)
        worth = found.utilities[:, 1]
        together = np.stack([worth[..., [2, 8, 9]].sum(axis=2), worth[..., [5, 10, 11]].sum(axis=2)], axis=1)
        np.testing.assert_allclose(played(arena, code, 6), together, rtol=1e-12, atol=1e-15)  # of sums

    def test_after_a_warm_up_it_is_the_deviation_from_there_on(self):
        arena = Arena(SMALL, [0, 3], focal=[2], moves=MENU, horizon=4, warm_up=3)
        ensemble = Ensemble(SMALL, [0, 3])
        for _ in range(3):
            ensemble.step()
        found = play_futures(ensemble.snapshot, [Deviation("d", (2,), Action.FREE_RIDE)], 4)
        np.testing.assert_array_equal(played(arena, (2, 0, 0), 4)[:, 0], found.payoffs[:, 1, :, 2])

    def test_a_tactic_does_in_the_arena_what_it_does_as_a_deviation(self):
        """So what is learned here is judged there: sights, memory and time are the same."""

        class Noting(Tactic):
            sees = sight_names(Ensemble(VALUED, [0]).world)  # type: ignore[assignment]

            def choose(self, sights, played, memory):
                own = (sights.sum(axis=1) * 1e6).astype(np.int64) + played
                return self.moves.codes(own % self.moves.count), memory

        tactic = Noting(MENU)
        arena = Arena(VALUED, [0, 3], focal=[2, 4], moves=MENU, horizon=8, judge="money")
        found = play_futures(Ensemble(VALUED, [0, 3]).snapshot, [Deviation("d", (2, 4), tactic=tactic)], 8)
        mean = found.payoffs[:, 1][..., [2, 4]].mean(axis=1)
        np.testing.assert_allclose(arena.play(tactic), mean, rtol=1e-12)


class TestBackground:
    def test_others_may_follow_tactics(self):
        constant, programme = Constant(MENU, (2, 0, 0)), Programme(MENU, ((0, (1, 0, 0)), (1, (3, 1, 0))), every=2)
        arena = Arena(SMALL, [0, 3], focal=[1], moves=MENU, horizon=6, background={4: constant, 6: programme})
        arena.reset()
        actions = np.stack([arena.step(codes_of(arena, (0, 0, 0)))[3].actions for _ in range(6)], axis=1)
        assert (actions[..., 4] == Action.FREE_RIDE).all()
        found = play_futures(Ensemble(SMALL, [0, 3]).snapshot, [Deviation("p", (6,), tactic=programme)], 6)
        assert (actions[..., 6] == Action.DELEGATE).all() and (found.actions[:, 1, :, 6] == Action.DELEGATE).all()

    def test_focal_in_the_background_of_itself_is_all_focal(self):
        """One visitor among residents with one tactic is worth what it is worth where all play it together."""
        tactic = Constant(MENU, (1, 1, 0))
        residents = dict.fromkeys(range(1, COUNT), tactic)
        alone = Arena(SMALL, [0, 3], focal=[0], moves=MENU, background=residents, horizon=5).play(tactic)
        everybody = Arena(SMALL, [0, 3], moves=MENU, horizon=5).play(tactic)
        np.testing.assert_array_equal(alone[:, 0], everybody[:, 0])


class TestEpisodes:
    def test_the_first_episode_has_the_seeds_and_later_ones_follow_from_them(self):
        one, other = (Arena(SMALL, [0, 3], focal=[0], horizon=2) for _ in range(2))
        episodes = [[played(arena, (0,), 2) for _ in range(3)] for arena in (one, other)]
        np.testing.assert_array_equal(*episodes)
        first, second, third = episodes[0]
        assert (first != second).any() and (second != third).any()
        assert (first[0] != first[1]).any()

    def test_seeds_begin_the_sequence_anew(self):
        arena = Arena(SMALL, [5, 6], focal=[0], horizon=2)
        expected = [arena.reset(), arena.reset()]
        arena.reset([8, 9])
        again = [arena.reset([5, 6]), arena.reset()]
        for one, other in zip(expected, again, strict=True):
            np.testing.assert_array_equal(one, other)
        np.testing.assert_array_equal(arena.reset([5, 6]), Arena(SMALL, [5, 6], focal=[0], horizon=2).reset())

    def test_all_runs_end_together_and_another_step_needs_a_reset(self):
        arena = Arena(SMALL, [0, 3], focal=[0], horizon=3)
        arena.reset()
        assert [arena.step(codes_of(arena, (0,)))[2] for _ in range(3)] == [False, False, True]
        with pytest.raises(InputError, match="the episode is over"):
            arena.step(codes_of(arena, (0,)))

    def test_with_autoreset_the_next_episode_begins_at_once(self):
        arena, plain = (Arena(SMALL, [0, 3], focal=[0], horizon=2, autoreset=auto) for auto in (True, False))
        arena.reset(), plain.reset()
        for _ in range(2):
            sights, rewards, over, _ = arena.step(codes_of(arena, (0,)))
            expected = plain.step(codes_of(plain, (0,)))
            np.testing.assert_array_equal(rewards, expected[1])
        assert over and not arena.over
        np.testing.assert_array_equal(sights, plain.reset())

    def test_a_run_is_the_same_alone(self):
        together = Arena(VALUED, [0, 3, 4], focal=[1, 2], moves=MENU, horizon=5)
        alone = Arena(VALUED, [3], focal=[1, 2], moves=MENU, horizon=5)
        sights, own = together.reset(), alone.reset()
        for played_so_far in range(5):
            np.testing.assert_array_equal(sights[1], own[0])
            code = (played_so_far % 5, 1, 0)
            (sights, *_), (own, *_) = together.step(codes_of(together, code)), alone.step(codes_of(alone, code))

    def test_sights_and_state_have_the_shapes_that_are_said(self):
        arena = Arena(VALUED, [0, 3], focal=[1, 2], horizon=4)
        assert arena.reset().shape == arena.shape == (2, 2, len(arena.sight_names))
        sights, *_ = arena.step(codes_of(arena, (0,)))
        state = arena.state().reshape(2, COUNT, -1)
        np.testing.assert_array_equal(state[:, [1, 2]], sights)
        assert state.shape == (2, COUNT, len(arena.sight_names))


@pytest.mark.parametrize(
    ("asked", "words"),
    [({"focal": []}, "one focal or more"), ({"focal": [0, 0]}, "must be different"), ({"focal": [8]}, "no principal 8"),
     ({"horizon": 0}, "horizon must be 1 or more"), ({"judge": "gold"}, "judge be utility or money"),
     ({"names": 0}, "names and horizon"),
     ({"focal": [0], "background": {0: Constant(MENU, (0, 0, 0))}}, "must be different")],
)  # fmt: skip
def test_an_arena_that_makes_no_sense_is_refused_in_one_line(asked, words):
    with pytest.raises(InputError, match=words) as refused:
        Arena(SMALL, [0], **asked)
    assert "\n" not in str(refused.value)


def test_an_arena_without_runs_is_refused():
    with pytest.raises(InputError, match="there must be a seed of each run"):
        Arena(SMALL, [])


def test_codes_must_be_of_all_focal_principals():
    arena = Arena(SMALL, [0, 3], focal=[0, 1])
    arena.reset()
    with pytest.raises(InputError, match=r"must be \(2, 2, 1\)"):
        arena.step(np.zeros((2, 1, 1), dtype=int))
    with pytest.raises(InputError, match="seeds: must be 2"):
        arena.reset([1])
