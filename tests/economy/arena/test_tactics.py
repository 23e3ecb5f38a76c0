"""Tactics: what a principal does in each round, from what it sees and remembers."""

import json
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.agents.errors import InputError
from commonweal.economy.arena.history import History
from commonweal.economy.arena.moves import AS_BEFORE, Moves
from commonweal.economy.arena.tactics import Constant, Net, Programme, Tactic, Threshold, tactic_of

MOVES = Moves({"does": (AS_BEFORE, "delegate", "free_ride"), "share": (1.0, 0.5)})
NOTHING = np.zeros((2, 0))


def net(seed: int = 0, rates: tuple[float, ...] = (0.1,), recalls: bool = True, hidden: int = 7) -> Net:
    """A network with random weights over two sights."""
    random = np.random.default_rng(seed)
    history = History(random.normal(size=2), random.uniform(0.5, 2, 2), MOVES.sizes, rates, recalls)
    sizes = [(history.width, hidden), (hidden, 5)]
    layers = tuple((random.normal(size=size), random.normal(size=size[1])) for size in sizes)
    return Net(MOVES, ("reputation", "accuracy"), history, layers)


EACH = [
    Constant(MOVES, (2, 1)),
    Programme(MOVES, ((0, (1, 0)), (3, (2, 1)))),
    Programme(MOVES, ((0, (1, 0)), (3, (2, 1))), every=5),
    Threshold(MOVES, "reputation", 0.5, (2, 0), (1, 0)),
    net(),
]


@pytest.mark.parametrize("tactic", EACH, ids=lambda each: each.kind)
class TestEveryTactic:
    def test_its_document_is_all_that_it_is(self, tactic):
        read = tactic_of(json.loads(json.dumps(tactic.document())))
        assert read == tactic and read.identity == tactic.identity and hash(read) == hash(tactic)

    def test_what_one_does_depends_on_nobody_that_chooses_with_it(self, tactic):
        sights = np.random.default_rng(1).normal(size=(12, 9, len(tactic.sees)))
        together, alone = tactic.begin(9), [tactic.begin(1) for _ in range(9)]
        for played, seen in enumerate(sights):
            codes, together = tactic.choose(seen, played, together)
            assert codes.shape == (9, 2) and (codes >= 0).all() and (codes < MOVES.sizes).all()
            for each in range(9):
                own, alone[each] = tactic.choose(seen[[each]], played, alone[each])
                np.testing.assert_array_equal(own[0], codes[each])


def test_tactics_that_do_something_else_are_others():
    assert len({each.identity for each in EACH}) == len(EACH)
    assert net(0) != net(1) and net(0).identity != net(0, rates=(0.2,)).identity


class TestProgramme:
    def moves_of(self, tactic, rounds):
        return [tuple(tactic.choose(NOTHING, played, None)[0][0].tolist()) for played in range(rounds)]

    def test_each_move_goes_on_until_the_next(self):
        assert self.moves_of(EACH[1], 6) == [(1, 0)] * 3 + [(2, 1)] * 3

    def test_a_cycle_begins_again(self):
        assert self.moves_of(EACH[2], 12) == ([(1, 0)] * 3 + [(2, 1)] * 2) * 2 + [(1, 0)] * 2

    @pytest.mark.parametrize(("starts", "every"), [((1,), None), ((0, 3, 3), None), ((0, 3), 3), ((), None)])
    def test_steps_ascend_from_the_first_round(self, starts, every):
        with pytest.raises(InputError, match="programme:"):
            Programme(MOVES, tuple((start, (0, 0)) for start in starts), every)


def test_a_threshold_is_broken_only_above_its_level():
    codes, _ = EACH[3].choose(np.array([[0.4], [0.5], [0.6]]), 0, None)
    np.testing.assert_array_equal(codes, [[1, 0], [1, 0], [2, 0]])


class TestNet:
    @given(st.integers(0, 10_000), st.sampled_from([(), (0.3,), (1.0, 0.05)]), st.booleans())
    def test_it_takes_the_highest_output_of_each_factor(self, seed, rates, recalls):
        tactic, sights = net(seed, rates, recalls), np.random.default_rng(seed).normal(size=(4, 2))
        inputs, _ = tactic.history.inputs(sights, tactic.begin(4))
        (first, bias), (second, last) = tactic.layers
        outputs = np.tanh(inputs @ first + bias) @ second + last  # by BLAS
        np.testing.assert_allclose(tactic.outputs(inputs), outputs, rtol=1e-9, atol=1e-12)
        codes, _ = tactic.choose(sights, 0, tactic.begin(4))
        np.testing.assert_array_equal(codes, np.stack([outputs[:, :3].argmax(1), outputs[:, 3:].argmax(1)], 1))

    def test_outputs_are_the_same_to_the_bit_in_any_company(self):
        tactic, inputs = net(hidden=64), np.random.default_rng(2).normal(size=(300, net().history.width))
        alone = np.concatenate([tactic.outputs(inputs[[row]]) for row in range(300)])
        np.testing.assert_array_equal(tactic.outputs(inputs), alone)

    def test_it_remembers_its_last_move_and_moving_means(self):
        """By hand: z = (s − 1) / 2; the mean moves a quarter of the way from 0 to z, then from there on."""
        history = History(np.ones(1), np.full(1, 2.0), np.array([3, 2]), (0.25,))
        inputs, means = history.inputs(np.array([[5.0]]), history.begin(1))
        np.testing.assert_array_equal(inputs, [[2.0, 0.5, 0, 0, 0, 0, 0]])
        past = type(history.begin(1))(np.array([[2, 0]]), means)
        inputs, _ = history.inputs(np.array([[-3.0]]), past)
        np.testing.assert_array_equal(inputs, [[-2.0, 0.5 + 0.25 * (-2.0 - 0.5), 0, 0, 1, 1, 0]])

    def test_sights_are_made_standard_unless_they_are_constant(self):
        sights = np.random.default_rng(0).normal(3.0, 0.01, (40, 5, 3))
        sights[..., 1] = 0.3
        history = History.fitted(sights, np.array([2]))
        seen = history.inputs(sights.reshape(-1, 3), history.begin(200))[0][:, :3]
        np.testing.assert_allclose(seen.mean(axis=0), 0.0, atol=1e-9)
        np.testing.assert_allclose(seen.std(axis=0), [1, 0, 1], atol=1e-9)

    def test_layers_lead_from_inputs_to_outputs(self):
        with pytest.raises(InputError, match="must lead from"):
            Net(MOVES, net().names, net().history, net(hidden=7).layers[:1])
        with pytest.raises(InputError, match="of its sights and moves"):
            Net(MOVES, ("reputation",), net().history, net().layers)


@pytest.mark.parametrize(
    ("document", "words"),
    [({"tactic": "magic"}, "must be one of"), ({"tactic": ["net"]}, "must be one of"),
     ({"tactic": "threshold", "moves": MOVES.document(), "sight": "time", "level": 10**400, "above": [0, 0],
       "otherwise": [0, 0]}, "not whole"),
     ({"tactic": "constant", "moves": MOVES.document()}, "not whole"),
     ({"tactic": "constant", "moves": MOVES.document(), "codes": [9, 0]}, "out of the menu")],
)  # fmt: skip
def test_a_document_that_is_none_is_refused_in_one_line(document, words):
    with pytest.raises(InputError, match=words) as refused:
        tactic_of(document)
    assert "\n" not in str(refused.value)


def test_a_kind_of_ones_own_is_read_by_its_name():
    @dataclass(frozen=True)
    class Still(Tactic):
        kind: ClassVar[str] = "still"

        @classmethod
        def read(cls, moves, said):
            return cls(moves)

    assert tactic_of(Still(MOVES).document()) == Still(MOVES)
