"""Choosing: deviations whose members choose what they do anew in each round, by a tactic."""

import numpy as np
import pytest

from commonweal.agents.actions import Action
from commonweal.agents.errors import InputError
from commonweal.economy.arena.moves import AS_BEFORE, Moves
from commonweal.economy.arena.tactics import Constant, Programme, Tactic, Threshold
from commonweal.economy.futures.deviations import Deviation
from commonweal.economy.futures.play import Futures, play_futures
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.loading import load, revise

SMALL = revise(load("commons"), {"population.count": 8, "precision": "float64", "task.validation": 60})
VALUED = revise(load("value-conflict"), {"population.count": 8, "screening.scope": "own", "screening.mode": "reject"})
MENU = Moves(
    {"does": (AS_BEFORE, "delegate", "free_ride", "junk", "stale", "poison", "abstain"),
     "share": (1.0, 0.75, 0.3), "looser": (0.0, -0.5, 0.37), "dearer": (0.0, 0.31)}
)  # fmt: skip


def futures(scenario, *deviations: Deviation, rounds: int = 5, others: str = "adapt", seeds=(0, 1)) -> Futures:
    ensemble = Ensemble(scenario, seeds)
    for _ in range(3):
        ensemble.step()
    return play_futures(ensemble.snapshot, deviations, rounds, others=others)


def constant(code: tuple[int, ...], *members: int, **lasting) -> tuple[Deviation, Deviation]:
    """A deviation that does the same for ever, and one whose tactic does."""
    move = MENU.at(code)
    said = {name: getattr(move, name) for name in ("action", "form", "share", "looser", "dearer")}
    plain = Deviation("plain", members, **said, **lasting)
    return plain, Deviation("by tactic", members, tactic=Constant(MENU, code), **lasting)


def same(found: Futures, one: int, other: int) -> None:
    """Two branches are the same to the last bit."""
    for name in ("payoffs", "actions", "quality", "kept", "balances"):
        values = getattr(found, name)
        np.testing.assert_array_equal(values[:, one], values[:, other])


class TestConstant:
    @pytest.mark.parametrize(
        "code", [(1, 0, 0, 0), (2, 0, 0, 0), (3, 0, 0, 0), (4, 1, 0, 0), (5, 2, 0, 0), (6, 0, 0, 0), (0, 2, 0, 0)]
    )
    @pytest.mark.parametrize("others", ["adapt", "freeze"])
    def test_a_constant_tactic_is_the_constant_deviation_to_the_bit(self, code, others):
        found = futures(SMALL, *constant(code, 2), *constant(code, 1, 4), others=others)
        same(found, 1, 2)
        same(found, 3, 4)
        assert (found.payoffs[:, 1] != found.payoffs[:, 0]).any()

    @pytest.mark.parametrize("code", [(1, 0, 1, 0), (0, 0, 2, 1), (1, 2, 2, 0)])
    def test_with_claims_of_other_limits_too(self, code):
        found = futures(VALUED, *constant(code, 0), *constant(code, 3, 5))
        same(found, 1, 2)
        same(found, 3, 4)

    @pytest.mark.parametrize("lasting", [{"identities": 3}, {"identities": 2, "copies": True}, {"joins": 2},
                                         {"leaves": 3}, {"from_round": 1, "until": 4}])  # fmt: skip
    @pytest.mark.parametrize("code", [(0, 0, 0, 0), (3, 1, 0, 0), (1, 2, 0, 0)])
    def test_under_several_names_and_in_windows_too(self, code, lasting):
        found = futures(SMALL, *constant(code, 2, **lasting), Deviation("idle", (0,), Action.FREE_RIDE))
        same(found, 1, 2)
        if "identities" in lasting:
            assert found.payoffs.shape[3] == 8 + lasting["identities"] - 1

    def test_who_sheds_bad_names_may_go_by_a_tactic(self):
        named = revise(load("leading-eight"), {"population.count": 12})
        moves = Moves({"does": (AS_BEFORE, "free_ride")})
        plain = Deviation("plain", (1,), Action.FREE_RIDE, identities=4, sheds=True)
        chosen = Deviation("by tactic", (1,), identities=4, sheds=True, tactic=Constant(moves, (1,)))
        found = futures(named, plain, chosen, rounds=12)
        same(found, 1, 2)
        assert (found.actions[:, 1, :, 12:] != Action.ABSTAIN).any()  # a name was shed

    def test_going_on_as_before_is_no_deviation(self):
        found = futures(SMALL, constant((0, 0, 0, 0), 2)[1])
        same(found, 0, 1)
        assert (found.gains == 0).all()

    def test_beside_plain_deviations_each_is_as_alone(self):
        plain, chosen = constant((3, 1, 0, 0), 2)
        beside = futures(SMALL, Deviation("other", (0,), Action.FREE_RIDE), chosen, constant((2, 0, 0, 0), 1)[1])
        alone = futures(SMALL, chosen)
        np.testing.assert_allclose(beside.gains[:, 1], alone.gains[:, 0], rtol=1e-9, atol=1e-15)
        assert plain.tactic is None


class TestByRounds:
    def test_a_programme_does_one_thing_after_another(self):
        programme = Programme(MENU, ((0, (1, 0, 0, 0)), (2, (2, 0, 0, 0))), every=3)
        found = futures(SMALL, Deviation("now and then", (2,), tactic=programme), rounds=7)
        free, gives = int(Action.FREE_RIDE), int(Action.DELEGATE)
        assert (found.actions[:, 1, :, 2] == [gives, gives, free, gives, gives, free, gives]).all()

    def test_a_programme_is_its_windows_to_the_bit(self):
        """Junk until round 3 and everything as always afterwards is the deviation that lasts until then."""
        programme = Programme(MENU, ((0, (3, 1, 0, 0)), (3, (0, 0, 0, 0))))
        window = Deviation("window", (2,), Action.DELEGATE, "junk", share=0.75, until=3)
        same(futures(SMALL, window, Deviation("programme", (2,), tactic=programme), rounds=6), 1, 2)

    def test_members_see_themselves(self):
        """Each member goes by its own costs: above the level one free-rides, below it another one delegates."""
        ensemble = Ensemble(SMALL, [0])
        costs = ensemble.people.cost[0]
        threshold = Threshold(MENU, "own cost", float(np.median(costs)), (2, 0, 0, 0), (1, 0, 0, 0))
        members = tuple(range(8))
        found = play_futures(ensemble.snapshot, [Deviation("by cost", members, tactic=threshold)], 2)
        expected = np.where(costs > np.median(costs), Action.FREE_RIDE, Action.DELEGATE)
        np.testing.assert_array_equal(found.actions[0, 1, 1], expected)

    def test_it_sees_what_the_last_round_was_worth_and_what_it_holds_under_all_names(self):
        seen: list[np.ndarray] = []

        class Watching(Tactic):
            sees = ("last payoff", "balance", "time")  # type: ignore[assignment]

            def choose(self, sights, played, memory):
                seen.append(sights)
                return np.tile([1, 0, 0, 0], (len(sights), 1)), memory

        found = futures(SMALL, Deviation("watching", (2,), identities=3, tactic=Watching(MENU)), rounds=4)
        paid = found.payoffs[:, 1][..., [2, 8, 9]].sum(axis=2)
        for played in range(1, 4):
            np.testing.assert_allclose(seen[played][:, 0], paid[:, played - 1], rtol=1e-12)
            assert (seen[played][:, 2] == played / 4).all()
        assert (np.diff([each[:, 1] for each in seen], axis=0) > 0).all()  # revenue comes in under each


class TestRefused:
    def test_what_the_tactic_chooses_is_not_said_beside_it(self):
        with pytest.raises(InputError, match="leave out share"):
            Deviation("both", (0,), share=0.5, tactic=Constant(MENU, (0, 0, 0, 0)))

    def test_claims_about_updates_need_a_wire_that_hides_them(self):
        lying = Constant(Moves({"exaggerates": (0.0, 0.5)}), (1,))
        with pytest.raises(InputError, match="must be a claim"):
            futures(SMALL, Deviation("lies", (0,), tactic=lying))

    def test_sights_that_nobody_has_are_named(self):
        threshold = Threshold(MENU, "own name", 0.5, (1, 0, 0, 0), (0, 0, 0, 0))
        with pytest.raises(InputError, match="nobody sees 'own name' here"):
            futures(SMALL, Deviation("by name", (0,), tactic=threshold))
