"""Moves: a menu of what one principal may do in a round."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.agents.actions import Action
from commonweal.agents.errors import InputError
from commonweal.economy.arena.moves import AS_BEFORE, DOES_NAMED, FREE, Move, Moves
from commonweal.economy.tasks import Form

RICH = Moves({"does": (AS_BEFORE, "delegate", "free_ride", "junk"), "share": (1.0, 0.5), "looser": (0.0, -1.0, 1.0)})
NUMBERS = {"share": (1.0, [0.75, 0.5, 0.0]), "looser": (0.0, [-1.0, 0.5]), "dearer": (0.0, [-0.5, 2.0])}


@st.composite
def menus(draw) -> Moves:
    """Menus with some factors, each with some choices."""
    factors = {}
    for name, (usual, others) in NUMBERS.items():
        if draw(st.booleans()):
            factors[name] = (usual, *draw(st.lists(st.sampled_from(others), unique=True)))
    does = draw(st.lists(st.sampled_from([name for name in DOES_NAMED if name != AS_BEFORE]), unique=True))
    return Moves({"does": (AS_BEFORE, *does), **factors})


class TestMenu:
    @given(menus(), st.integers(0, 2**31))
    def test_every_number_is_one_code_and_back(self, moves, seed):
        flat = np.random.default_rng(seed).integers(moves.count, size=(3, 2))
        codes = moves.codes(flat)
        assert codes.shape == (3, 2, len(moves.sizes))
        np.testing.assert_array_equal(moves.flat(codes), flat)
        assert len({moves.at(code) for code in moves.codes(np.arange(moves.count))}) == moves.count

    @given(menus())
    def test_what_is_laid_is_what_each_move_says(self, moves):
        codes = moves.codes(np.arange(moves.count))
        laid = moves.lay(codes)
        for place, move in enumerate(moves.at(code) for code in codes):
            assert laid.action[place] == (FREE if move.action is None else move.action)
            assert (laid.share[place], laid.looser[place]) == (move.share, move.looser)
            assert (laid.dearer[place], laid.exaggerates[place]) == (move.dearer, move.exaggerates)

    @given(menus())
    def test_a_menu_reads_its_own_document(self, moves):
        assert Moves(json.loads(json.dumps(moves.document()))) == moves
        assert hash(Moves(moves.document())) == hash(moves)

    def test_zeros_are_as_the_scenario_says(self):
        assert RICH.at((0, 0, 0)) == Move(AS_BEFORE)
        assert RICH.frees and not Moves.plain(np.array([1, 2])).frees

    def test_poison_is_wrong_labels_under_delegating(self):
        poison = Moves({"does": (AS_BEFORE, "poison")})
        assert poison.at((1,)) == Move("poison", Action.DELEGATE, "wrong")
        assert poison.lay(np.array([1])).form == Form.WRONG

    def test_a_move_is_told_in_words(self):
        assert RICH.at((2, 1, 1)).name == "free-ride, 50% of its samples, claims limits 100% stricter"

    def test_actions_alone_are_a_menu(self):
        plain = Moves.plain(np.array([0, 1, 3]))
        assert [plain.at((code,)).action for code in range(3)] == [Action.ABSTAIN, Action.DELEGATE, Action.DEFECT]
        assert Moves.plain(np.array([0, 1]), policies=True).factors == {"does": (AS_BEFORE, "abstain", "delegate")}


@pytest.mark.parametrize(
    ("factors", "words"),
    [
        ({}, "a factor at least"),
        ({"sharing": (1.0,)}, "'sharing' is no factor"),
        ({"does": ("delegate", AS_BEFORE)}, "must be the first choice"),
        ({"does": (AS_BEFORE, "cheat")}, "'cheat' must be one of"),
        ({"share": (0.5, 1.0)}, "the first choice of share must be 1"),
        ({"share": (1.0, 1.5)}, "share must be from 0 to 1"),
        ({"looser": (0.0, -2.0)}, "looser must be from -1"),
        ({"looser": (0.0, float("nan"))}, "looser must be"),
        ({"dearer": (0.0, 0.0)}, "different choices"),
        ({"share": (1.0, "half")}, "share 'half' must be a number"),
        ({"share": 1.0}, "share must have different choices"),
        ({"does": "delegate"}, "does must have different choices"),
    ],
)
def test_a_menu_that_makes_no_sense_is_refused_in_one_line(factors, words):
    with pytest.raises(InputError, match=words) as refused:
        Moves(factors)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("codes", [np.zeros((2, 2), int), np.zeros(3), np.array([4, 0, 0]), np.array([-1, 0, 0])])
def test_codes_of_another_menu_are_refused(codes):
    with pytest.raises(InputError, match="moves:"):
        RICH.lay(codes)
