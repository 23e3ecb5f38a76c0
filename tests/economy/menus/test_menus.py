"""Menus in the economy: offered, chosen by private cost, paid with models; on a known curve and on real data."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.agents.arrays import Floats
from commonweal.agents.drawing import draw_population
from commonweal.agents.errors import InputError
from commonweal.agents.streams import Streams
from commonweal.economy import menus
from commonweal.economy.futures.deviations import Deviation
from commonweal.economy.futures.play import play_futures
from commonweal.economy.menus import Menu, MenuProblem, solve
from commonweal.economy.money.membership import NEVER, Membership
from commonweal.economy.rewards.accuracy import Bound, PowerLaw
from commonweal.economy.rewards.forms import curve_of
from commonweal.economy.rewards.learning_curve import fit, noted
from commonweal.economy.rewards.tariff import Tariff
from commonweal.economy.round.mechanisms import menu
from commonweal.economy.round.standing import has_content
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.economy.runs.metrics import kept_promises
from commonweal.economy.world.terms import Terms
from commonweal.scenarios.runs.intervals import mean_interval
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies import ask

CURVES = ("big-firms", "small-parties", "big-and-small")


def small(**changes: Any) -> Scenario:
    """Menus on real data, small enough for a test."""
    fields = {"task.kind": "wine", "task.validation": 30, "task.test": 48, "rounds": 12, "menu.term": 4}
    return revise(load("paid-with-models"), fields | changes)


def played(scenario: Scenario, seeds: int, rounds: int) -> tuple[Ensemble, Any]:
    ensemble = Ensemble(scenario, seeds=range(seeds))
    for _ in range(rounds):
        record = ensemble.step()
    return ensemble, record


class TestOnAKnownCurve:
    @pytest.mark.parametrize("name", CURVES)
    def test_everybody_puts_in_its_line_and_is_given_what_it_is_owed(self, name: str) -> None:
        """Wang et al. (2025): v(r_i(n)) = (t_i / t̄_i) v(a(Σ n m)), and a payoff of v(r_i) − c_i m_i."""
        ensemble, record = played(load(name), 20, 2)
        cost, put = ensemble.people.cost, record.produce.put.total
        line, tariff, value = ensemble.state.mechanisms["menu"].line, ensemble.state.mechanisms["menu"], 100.0
        rows = np.arange(20)[:, None]
        np.testing.assert_allclose(put, tariff.amounts[rows, line])
        quality = Bound(1.0, 1.0)(put.sum(axis=1))
        np.testing.assert_allclose(record.payday.quality, quality, rtol=1e-12)
        owed = tariff.ratios[rows, line] * quality[:, None]
        np.testing.assert_allclose(record.payday.rewards, owed, rtol=1e-12)
        assert (record.payday.rewards <= quality[:, None] + 1e-12).all()
        np.testing.assert_allclose(record.payday.payoffs, value * owed - cost * put, atol=1e-9)
        np.testing.assert_array_equal(tariff.costs[rows, line], cost)  # each its own type's line

    def test_types_are_drawn_by_their_shares(self) -> None:
        shares = [0.5, 0.2, 0.1, 0.1, 0.1]
        firms, seeds = revise(load("big-firms"), {"population.type_shares": shares}), range(400)
        limits = np.zeros((len(seeds), firms.population.count, 0))
        terms, stream = Terms.of([firms] * len(seeds)), Streams.from_seeds(seeds).population
        cost = draw_population(terms.population, terms.policy, terms.values, limits, stream).cost
        for kind, share in zip((0.2, 0.16, 0.12, 0.08, 0.04), shares, strict=True):
            assert abs((cost == kind).mean() - share) < 4 * np.sqrt(share * (1 - share) / cost.size)

    def test_who_stays_away_trains_alone(self) -> None:
        """max_m v a(m) − c m: the reservation utilities published for S1."""
        ensemble, _ = played(load("big-firms"), 30, 1)
        published = {0.2: 6.7701, 0.16: 13.15161, 0.12: 20.74508, 0.08: 30.34426, 0.04: 44.16052}
        cost, alone = ensemble.people.cost, ensemble.state.mechanisms["menu"].alone
        for kind, worth in published.items():
            np.testing.assert_allclose(alone[cost == kind], worth, atol=1e-4)
        leaves = play_futures(
            ensemble.snapshot, [Deviation("away", (0,), joins=9)], rounds=2
        )
        np.testing.assert_allclose(leaves.payoffs[:, 1, :, 0], alone[:, :1].repeat(2, axis=1))

    def test_whom_no_line_is_worth_its_cost_trains_alone_although_it_would_delegate(self) -> None:
        """Who says that a sample costs it ten times as much as it does finds no line for it in this menu."""
        ensemble, _ = played(load("big-firms"), 30, 1)
        deviations = [Deviation("priced out", (0,), dearer=9.0), Deviation("away", (0,), joins=9)]
        futures = play_futures(ensemble.snapshot, deviations, rounds=1)
        np.testing.assert_array_equal(futures.actions[:, 1, 0, 0], 1)  # DELEGATE
        np.testing.assert_allclose(futures.payoffs[:, 1], futures.payoffs[:, 2])

    def test_junk_fulfils_a_line_but_teaches_nothing(self) -> None:
        """The papers take data to be verified; a cooperative that cannot look at them gives its model away."""
        ensemble, _ = played(load("big-and-small"), 30, 1)
        junk = Deviation("junk", (0,), form="junk")
        futures = play_futures(ensemble.snapshot, [junk], rounds=1)
        assert (futures.gains[:, 0] > 0).all()
        assert (futures.quality[:, 1] < futures.quality[:, 0]).all()

    @pytest.mark.slow
    def test_each_type_does_best_by_its_own_line(self) -> None:
        options = {"workers": 1, "others": "freeze", "horizon": 1, "deviations": ["cost", "abstain"]}
        answer = ask("incentives", load("big-and-small"), 60, **options)
        types = answer.tables["by_type"]
        assert set(types["type"]) == {f"cost {cost}" for cost in (0.5, 0.4, 0.03, 0.02, 0.001)}
        residual = 1e-6 * 100  # of a perfect model's worth, to which menus are solved
        assert (types["gain_low"] <= residual).all(), types[["type", "deviation", "gain_low"]]
        gap = answer.tables["verdict"].set_index("measure").loc["IC gap"]
        assert gap["value_low"] <= residual

    def test_the_same_study_finds_a_menu_that_is_not_incentive_compatible(self) -> None:
        """Who is given the whole model whatever its line had better take the line that asks for least."""
        shared = revise(load("big-and-small"), {"rewards.kind": "shared"})
        options = {"workers": 1, "others": "freeze", "horizon": 1, "deviations": ["cost"]}
        types = ask("incentives", shared, 20, **options).tables["by_type"].set_index("type")
        for kind in ("cost 0.03", "cost 0.02", "cost 0.001"):
            assert types.loc[kind, "gain_low"] > 0, kind
            assert types.loc[kind, "deviation"] in ("line_1", "line_2")


class TestOnRealData:
    @pytest.mark.parametrize("how", ["noise", "sparsify", "snapshot"])
    def test_copies_are_as_accurate_as_promised_within_the_tolerance(self, how: str) -> None:
        scenario = small(**{"rewards.realise": how, "rewards.tolerance": 0.05})
        ensemble = Ensemble(scenario, seeds=range(3))
        kept, best = [], []
        for _ in range(4):  # until something has been learned: chance leaves few accuracies to choose from
            ensemble.step()
        for _ in range(8):
            record = ensemble.step()
            payday = record.payday
            kept.append(kept_promises(record))
            best.append(payday.rewards.max(axis=1) - payday.quality)
        assert (np.array(best) <= 0.05 + 1e-9).all()
        assert np.mean(kept) > (0.6 if how == "snapshot" else 0.9)
        line = ensemble.state.mechanisms["menu"].line
        ratios = np.take_along_axis(ensemble.state.mechanisms["menu"].ratios, np.maximum(line, 0), axis=1)
        owed = np.where(line == NEVER, 0.0, ratios * payday.quality[:, None])
        met = kept_promises(record)
        np.testing.assert_array_less(np.abs(payday.rewards - owed)[met], 0.05 + 1e-9)

    def test_the_menu_is_solved_anew_every_term_with_what_was_learned(self) -> None:
        ensemble = Ensemble(small(), seeds=[0])
        menus = []
        for _ in range(12):
            ensemble.step()
            menus.append(ensemble.state.mechanisms["menu"].amounts[0])
        for term in range(3):
            np.testing.assert_array_equal(menus[4 * term], menus[4 * term + 3])
        assert not np.array_equal(menus[3], menus[4])
        assert np.array_equal(menus[0], np.rint(menus[0])), "samples are whole"

    def test_a_run_plays_alone_as_in_an_ensemble(self) -> None:
        scenario = small(precision="float64")
        together = Ensemble(scenario, seeds=[3, 4, 5]).run().principals
        for run, seed in enumerate([3, 4, 5]):
            alone = Ensemble(scenario, seeds=[seed]).run().principals
            for column in ("payoff", "reward", "contributed", "joined"):
                np.testing.assert_allclose(
                    alone[column], together.loc[together["run"] == run, column], rtol=1e-9, err_msg=column
                )

    @pytest.mark.slow
    def test_junk_fulfils_every_line_unless_there_must_be_something_in_it(self) -> None:
        """What junk gains in the second term of those who put in data in the first."""
        junk = Deviation("junk", (0,), form="junk")
        gains = []
        for least in (0.0, 0.25):
            changes = {"rewards.content": least, "settlement.horizon": 4, "settlement.discount": 1.0,
                       "rewards.realise": "promise"}  # fmt: skip
            ensemble = Ensemble(small(**changes), seeds=range(16))
            for _ in range(4):
                ensemble.step()
            futures = play_futures(ensemble.snapshot, [junk], 6)
            gains.append(futures.gains[:, 0])
        whatever, content = gains
        assert (whatever > 0).all()
        assert mean_interval(whatever - content).low > 0.5 * whatever.mean()


class TestContent:
    def test_samples_count_with_so_much_credit_each_of_what_everybody_has_on_average(self) -> None:
        credit, put = np.array([[4.0, 1.0, 0.9, 0.0, -2.0, 4.0]]), np.array([[10, 10, 10, 10, 10, 49]])
        # 9.9 of credit for 99 samples: a tenth each on average
        counted = has_content(credit, put, np.array([[1.0]]))
        assert counted.tolist() == [[True, True, False, False, False, False]]
        assert has_content(credit, put, np.array([[0.5]])).tolist() == [[True, True, True, False, False, True]]
        assert has_content(credit, put, np.array([[0.0]])).all()

    @given(st.integers(0, 1000), st.floats(0.01, 1.0))
    def test_honest_samples_that_are_worth_the_same_all_count(self, seed: int, least: float) -> None:
        put = np.random.default_rng(seed).integers(1, 1000, (3, 6))
        assert has_content(put * 0.37, put, np.full((3, 1), least)).all()

    @given(st.integers(0, 1000))
    def test_nothing_counts_that_has_no_credit(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        credit, put = rng.normal(size=(3, 6)), rng.integers(0, 20, (3, 6))
        assert not has_content(credit, put, np.full((3, 1), 0.5))[credit <= 0].any()

    def test_on_a_known_curve_junk_is_worth_nothing_where_content_counts(self) -> None:
        junk = Deviation("junk", (0,), form="junk")
        ensemble, _ = played(revise(load("big-and-small"), {"rewards.content": 0.5}), 20, 1)
        futures = play_futures(ensemble.snapshot, [junk], 2)
        assert mean_interval(futures.gains[:, 0]).high < 0


def test_a_menu_that_asks_for_more_samples_than_a_round_can_hold_is_refused() -> None:
    with pytest.raises(InputError, match="asks for .* samples per round and principal, more than 100000"):
        Ensemble(small(**{"population.cost_types": [1e-7, 1e-6]}), seeds=[0]).step()


def test_best_amounts_on_real_data_are_no_more_than_what_is_held() -> None:
    """Who believes that a round's samples decide about the whole model puts in all it has where that is cheap."""
    cheap = {"menu.offer": "amounts", "rewards.kind": "shared", "rewards.realise": "promise",
             "rewards.alone": False, "population.cost_types": [1e-6], "policy.revision": 1.0}  # fmt: skip
    ensemble = Ensemble(small(**cheap), seeds=[0, 1])
    for _ in range(3):
        ensemble.step()
    held, amount = ensemble.world.holdings.count, ensemble.state.membership.amount
    assert (amount <= held).all()
    assert (amount > held / 2).any()


PAID_IN_MONEY = {
    "market.kind": "curve", "market.price": 500.0, "market.baseline": 0.0, "market.model_value": 0.001,
    "menu.offer": "amounts", "population.count": 2, "population.cost_low": 1e-6, "population.cost_high": 1e-6,
    "actions.available": ["delegate"], "population.start_delegate": 1.0, "population.start_free_ride": 0.0,
    "population.start_defect": 0.0, "policy.mix": {"fixed": 1.0}, "policy.mutation": 0.0, "policy.revision": 1.0,
    "learning.samples": 1000,
}  # fmt: skip


def test_amounts_look_as_far_as_money_pays_for_data() -> None:
    """Two divide 1000 money by samples: a contest, in whose equilibrium each puts in R (N − 1) / N² c = 2.5e8."""
    ensemble = Ensemble(revise(load("commons"), PAID_IN_MONEY | {"settlement.kind": "data"}), seeds=[0])
    for _ in range(12):
        ensemble.step()
    np.testing.assert_allclose(ensemble.state.membership.amount, 2.5e8, rtol=0.01)


@pytest.mark.parametrize("value", [1e-3, 1e3])
@pytest.mark.parametrize("settlement", ["data", "equal"])
def test_amounts_are_best_whatever_pays_for_them(settlement: str, value: float) -> None:
    changes = PAID_IN_MONEY | {"settlement.kind": settlement, "market.model_value": value}
    ensemble = Ensemble(revise(load("commons"), changes), seeds=[0])
    tried = np.concatenate([[0.0], np.geomspace(1, 1e12, 200_000)])
    for _ in range(6):
        others = ensemble.state.membership.amount[0, ::-1].copy()
        ensemble.step()
        for other, chosen in zip(others, ensemble.state.membership.amount[0], strict=True):

            def payoff(put: Floats, other: float = other) -> Floats:
                curve = curve_of(ensemble.world.terms.rewards.accuracy)
                assert curve is not None
                quality = curve((put + other)[None])[0]
                share = 0.5 if settlement == "equal" else put / (put + other)
                return (value + 1000 * share) * quality - 1e-6 * put

            best = payoff(tried).max()
            assert payoff(np.array([chosen]))[0] > best - 1e-4 * abs(best)


class TestLearningCurve:
    def test_a_power_law_is_found_again(self) -> None:
        truth = PowerLaw(0.97, 2.0, 0.6)
        samples = np.geomspace(50, 50_000, 40)
        seen = np.stack([samples, truth(samples)], axis=1)[None]
        found = fit(seen)
        at = np.geomspace(100, 200_000, 30)
        np.testing.assert_allclose(found(at[None])[0], truth(at), atol=0.01)

    def test_rounds_not_seen_yet_do_not_count(self) -> None:
        samples, truth = np.geomspace(50, 5000, 10), PowerLaw(0.9, 1.5, 0.5)
        seen = np.stack([samples, truth(samples)], axis=1)[None]
        padded = np.concatenate([seen, np.full((1, 7, 2), np.nan)], axis=1)
        np.testing.assert_allclose(fit(padded)(samples[None]), fit(seen)(samples[None]))

    def test_rounds_are_remembered_ever_further_apart_and_the_last_one_always(self) -> None:
        tariff = Tariff.none(1, 2, seen=16)
        for played in range(1, 1001):
            tariff = noted(tariff, np.array([8.0 * played]), np.array([0.5]), played, 1000)
        there = tariff.seen[0, :, 0][np.isfinite(tariff.seen[0, :, 0])] / 8
        assert there[-1] == 1000
        assert (np.diff(there) > 0).all()
        assert there[len(there) // 2] < 100


class TestMembership:
    def test_it_counts_from_the_first_round_in_which_samples_are_put_in(self) -> None:
        member = Membership.none(1, 3, 8)
        for number, put in enumerate([[8, 0, 0], [8, 0, 0], [8, 4, 0]]):
            member = member.after(np.array([put]), number)
        assert member.joined.tolist() == [[0, 2, NEVER]]
        assert member.contributed.tolist() == [[24, 4, 0]]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"population.cost_types": []}, "population.cost_types must be given"),
        ({"population.cost_types": [0.2, 0.2]}, "types must differ"),
        ({"population.cost_types": [0.2, 0.0]}, "population.cost_types must be above 0"),
        ({"population.type_shares": [0.5, 0.5]}, "type_shares has 2 entries for 5 cost_types"),
        ({"population.type_shares": [0.5, 0.2, 0.1, 0.1, 0.2]}, "type_shares sum to 1.1"),
        ({"market.model_value": 0.0}, "market.model_value must be above 0"),
        ({"menu.offer": "fixed"}, "menu.offer must be menu for rewards.kind = 'menu'"),
        ({"rewards.realise": "noise"}, "rewards.realise must be promise"),
        ({"rewards.accuracy.kind": "fitted"}, "rewards.accuracy.kind must be bound"),
        ({"rewards.kind": "generous"}, "rewards.kind"),
        ({"menu.term": 0}, "menu.term"),
    ],
)
def test_what_does_not_fit_a_menu_is_told_in_one_line(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=".") as caught:
        revise(load("big-and-small"), changes)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


class TestSolvedOnce:
    """Solutions are kept by the numbers that they follow from."""

    @pytest.fixture
    def solved(self, monkeypatch: pytest.MonkeyPatch) -> list[MenuProblem]:
        """The problems that are solved."""
        problems: list[MenuProblem] = []

        def counted(problem: MenuProblem, nodes: int) -> Menu:
            problems.append(problem)
            return solve(problem, nodes)

        monkeypatch.setattr(menus, "solve", counted)
        menu._solved.cache_clear()
        return problems

    @pytest.mark.parametrize("name", CURVES)
    def test_a_menu_whose_problem_does_not_change_is_solved_once_for_all_runs_and_rounds(
        self, name: str, solved: list[MenuProblem], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ensemble, _ = played(load(name), 5, 1)
        first = ensemble.state.mechanisms["menu"]
        assert len(solved) == 1
        monkeypatch.setattr(menu, "best_alone", None)  # and nobody's training alone is reckoned again
        for _ in range(3):
            ensemble.step()
        play_futures(ensemble.snapshot, [Deviation("away", (0,), joins=9)], rounds=2)
        assert len(solved) == 1 and ensemble.state.mechanisms["menu"].amounts is first.amounts

    def test_every_number_of_a_problem_makes_it_another(self, solved: list[MenuProblem]) -> None:
        played(load("big-firms"), 2, 1)
        changes = (
            {"market.model_value": 90.0}, {"population.count": 9}, {"rewards.accuracy.scale": 2.0},
            {"menu.reading": "published"}, {"rewards.accuracy.optimum": 0.9}, {"population.cost_types": [0.2, 0.1]},
            {"rewards.alone": False}, {"population.type_shares": [0.5, 0.2, 0.1, 0.1, 0.1]},
        )  # fmt: skip
        for number, changed in enumerate(changes):
            played(revise(load("big-firms"), changed), 2, 1)
            assert len(solved) == 2 + number, changed
        played(load("big-firms"), 2, 1)
        assert len(solved) == 1 + len(changes)

    def test_on_real_data_it_is_solved_in_the_runs_whose_curve_moved(self, solved: list[MenuProblem]) -> None:
        ensemble = Ensemble(small(), seeds=[0, 1, 2])
        for _ in range(8):
            ensemble.step()
        assert len(solved) == 1 + 3  # before anything is fitted all expect the same
        assert len({problem.accuracy.curve for problem in solved[1:]}) == 3  # type: ignore[attr-defined]

    def test_only_runs_that_moved_get_new_lines(self, solved: list[MenuProblem]) -> None:
        """Two runs that differ in value: a third round in which one of them has another value solves that one."""
        firms = [revise(load("big-firms"), {"market.model_value": value}) for value in (100.0, 80.0)]
        ensemble = Ensemble(firms, [0, 1])
        ensemble.step()
        before = ensemble.state.mechanisms["menu"]
        market = replace(ensemble.world.terms.market, model_value=np.array([[100.0], [60.0]]))
        ensemble.world = replace(ensemble.world, terms=replace(ensemble.world.terms, market=market))
        ensemble.step()
        after = ensemble.state.mechanisms["menu"]
        assert [problem.value for problem in solved] == [100.0, 80.0, 60.0]
        np.testing.assert_array_equal(after.amounts[0], before.amounts[0])
        np.testing.assert_array_equal(after.amounts[1], solve(solved[-1], 0).amounts)
        assert (after.alone[1] <= before.alone[1]).all() and (after.alone[1] < before.alone[1]).any()

    def test_a_second_name_that_is_added_later_can_train_alone_too(self) -> None:
        ensemble, _ = played(load("big-firms"), 3, 2)
        futures = play_futures(ensemble.snapshot, [Deviation("split", (0,), identities=3)], 2)
        ensemble, _ = played(load("big-firms"), 3, 1)
        ensemble.step()
        afresh = replace(ensemble.state.mechanisms["menu"], cost=np.full_like(ensemble.people.cost, np.nan))
        ensemble.state = replace(ensemble.state, mechanisms={"menu": afresh})
        again = play_futures(ensemble.snapshot, [Deviation("split", (0,), identities=3)], 2)
        np.testing.assert_array_equal(futures.payoffs, again.payoffs)
