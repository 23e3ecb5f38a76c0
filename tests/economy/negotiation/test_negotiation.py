"""Talks end within three rounds, deals are fair and binding, and data deals move money without losing any."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.agents.actions import Action
from commonweal.agents.errors import InputError
from commonweal.economy.credit.history import CreditHistory, book
from commonweal.economy.money.ledger import MICRO, Accounts, Ledger, Reason, Transfer, entries, post, reconcile
from commonweal.economy.money.market import revenue
from commonweal.economy.negotiation import (
    NEGOTIATORS,
    Course,
    Kind,
    ModelNegotiator,
    Move,
    Negotiator,
    Proposal,
    ReplayedNegotiator,
    ShapleyNegotiator,
    Situation,
    fair_payoffs,
    fair_proposal,
    negotiate,
    redistribution,
    shapley_values,
)
from commonweal.economy.round.gains import Gains, gains_from
from commonweal.economy.round.mechanisms.deals import bargain, converse
from commonweal.economy.runs.cooperative import Cooperative
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.economy.world.replicas import pick_runs, pick_world
from commonweal.scenarios.schema.loading import load
from commonweal.testing import check_negotiator


def situation(
    payoffs: Sequence[float] = (10.0, -1.0),
    outside: Sequence[float] = (-1.0, -1.0),
    funds: float = 10.0,
    concession: float = 0.0,
) -> Situation:
    """A game in which only all parties together can have what the one plan pays; alone they have what is outside."""
    alone = np.array(outside)

    def value(coalitions: np.ndarray) -> np.ndarray:
        return np.where(coalitions.all(axis=1), sum(payoffs), coalitions @ alone)

    purse = np.full(len(payoffs), round(funds * MICRO))
    names = tuple(f"party {i}" for i in range(len(payoffs)))
    return Situation("a task", names, (Course("do it", np.array(payoffs)),), alone, purse, value, concession)


@dataclass
class Scripted:
    """Says what it is told to."""

    moves: list[tuple[Kind, Proposal | None]]

    def move(self, situation: Situation, party: int, said: Sequence[Move]) -> Move:
        kind, proposal = self.moves.pop(0)
        return Move(party, kind, proposal)


SHAPLEY = ShapleyNegotiator()
EVEN = Proposal(0, (-5_500_000, 5_500_000))
GREEDY = Proposal(0, (-1_000_000, 1_000_000))


def test_two_who_need_each_other_share_the_gain_equally() -> None:
    # Escape Room: v({i}) = −1, v(N) = 9, φ = (4.5, 4.5): Hua et al. 2025, arXiv 2506.07388
    talks = negotiate(situation(), [SHAPLEY, SHAPLEY])
    assert talks.deal == EVEN
    assert talks.situation.payoffs(EVEN).tolist() == [4_500_000, 4_500_000]
    assert [move.kind for move in talks.said] == [Kind.PROPOSE, Kind.ACCEPT]


def test_where_together_nothing_is_gained_there_is_no_deal() -> None:
    talks = negotiate(situation(outside=(5.0, 4.0)), [SHAPLEY, SHAPLEY])
    assert talks.deal is None
    assert [move.kind for move in talks.said] == [Kind.HALT]


def test_a_low_offer_is_countered_with_a_fair_one() -> None:
    greedy = Scripted([(Kind.PROPOSE, GREEDY), (Kind.ACCEPT, None)])
    talks = negotiate(situation(), [greedy, SHAPLEY])
    assert [move.kind for move in talks.said] == [Kind.PROPOSE, Kind.COUNTER, Kind.ACCEPT]
    assert talks.deal == EVEN


def test_who_never_gives_in_gets_no_deal_after_three_rounds() -> None:
    stubborn = Scripted([(Kind.PROPOSE, GREEDY), (Kind.COUNTER, GREEDY), (Kind.COUNTER, GREEDY)])
    talks = negotiate(situation(), [stubborn, SHAPLEY])
    assert talks.deal is None
    assert sum(move.proposal is not None for move in talks.said) == 3


def test_concession_lowers_what_is_accepted_from_round_to_round_but_not_below_going_alone() -> None:
    def accepted(concession: float, offer: int) -> bool:
        ask = Proposal(0, (-offer, offer))
        stubborn = Scripted([(Kind.PROPOSE, ask), (Kind.COUNTER, ask), (Kind.COUNTER, ask)])
        return negotiate(situation(concession=concession), [stubborn, SHAPLEY]).deal is not None

    # φ = 4.5, outside −1: the gain is 5.5, and 5 transferred leaves .5 less than fair: 9 % of the gain
    assert not accepted(0.0, 5_000_000)
    assert accepted(0.1, 5_000_000)
    assert not accepted(1.0, -1_000)  # a payoff below −1


def test_talks_are_halted_by_a_move_that_is_not_allowed() -> None:
    for move in [(Kind.ACCEPT, None), (Kind.PROPOSE, None), (Kind.PROPOSE, Proposal(0, (1, 1)))]:
        talks = negotiate(situation(), [Scripted([move]), SHAPLEY])
        assert talks.deal is None
        assert talks.said[-1].kind is Kind.HALT
        assert talks.said[-1].words


def test_a_proposal_that_nobody_can_put_into_escrow_says_why() -> None:
    told = situation(funds=1.0)
    assert told.fault(EVEN) == "party 0 cannot pay 5500000 micro"
    assert "sum to 2 micro" in told.fault(Proposal(0, (1, 1)))
    assert "no plan 3" in told.fault(Proposal(3, (0, 0)))
    assert "1 transfers for 2" in told.fault(Proposal(0, (0,)))


def test_who_cannot_pay_the_fair_price_offers_all_it_has() -> None:
    assert fair_proposal(situation(funds=2.0)).transfers == (-2_000_000, 2_000_000)


def test_one_whom_five_others_pay_takes_the_fair_price_in_whole_units() -> None:
    many = situation([7.0] * 5 + [-1.0], [0.0] * 6)  # a sixth of 34 each: five pay 4/3, and 20/3 is received
    talks = negotiate(many, [ShapleyNegotiator()] * 6)
    assert talks.deal is not None
    assert sorted(talks.deal.transfers) == [-1_333_334] + [-1_333_333] * 4 + [6_666_666]
    assert [move.kind for move in talks.said] == [Kind.PROPOSE] + [Kind.ACCEPT] * 5


def test_values_of_a_small_game_are_exact_and_of_a_large_one_seeded() -> None:
    weights = np.arange(1.0, 21.0)

    def glove(coalitions: np.ndarray) -> np.ndarray:
        n = coalitions.shape[1]
        return np.minimum(coalitions[:, : n // 3].sum(axis=1), coalitions[:, n // 3 :].sum(axis=1)).astype(float)

    orders = list(permutations(range(3)))
    means = np.zeros(3)
    for order in orders:
        for place, player in enumerate(order):
            rows = np.isin(np.arange(3), order[: place + 1])[None], np.isin(np.arange(3), order[:place])[None]
            means[player] += (glove(rows[0]) - glove(rows[1]))[0] / len(orders)
    np.testing.assert_allclose(shapley_values(glove, 3), means, atol=1e-12)
    once, again, other = (shapley_values(glove, 20, seed) for seed in (1, 1, 2))
    assert once.tolist() == again.tolist()
    assert once.tolist() != other.tolist()
    np.testing.assert_allclose(shapley_values(lambda c: c @ weights, 20), weights)
    assert once.sum() == pytest.approx(6.0)


@given(
    st.lists(st.tuples(st.floats(-50, 50), st.floats(-50, 50)), min_size=2, max_size=5),
    st.floats(0, 20),
    st.floats(0, 1),
)
def test_no_deal_leaves_anybody_worse_off_or_its_escrow_uncovered(
    parties: list[tuple[float, float]], funds: float, concession: float
) -> None:
    payoffs, outside = zip(*parties, strict=True)
    told = situation(payoffs, outside, funds, concession)
    talks = negotiate(told, [SHAPLEY] * len(parties))
    assert sum(move.proposal is not None for move in talks.said) <= 3
    if talks.deal is not None:
        assert told.fault(talks.deal) == ""
        assert (told.payoffs(talks.deal) >= np.array(outside) * MICRO - 2).all()


def test_a_reward_is_divided_by_contribution_after_the_task() -> None:
    # A software team of six roles: 30, 20, 20, 15, 10, 5 % (Hua et al. 2025, arXiv 2506.07388)
    roles = np.array([30.0, 20, 20, 15, 10, 5])
    worth = shapley_values(lambda coalitions: coalitions @ roles, 6)
    paid_to_the_first = np.array([1_000_000, 0, 0, 0, 0, 0])
    net = redistribution(paid_to_the_first, np.rint(worth * MICRO).astype(np.int64))
    assert (paid_to_the_first + net).tolist() == [300_000, 200_000, 200_000, 150_000, 100_000, 50_000]


@given(st.lists(st.tuples(st.integers(-(10**9), 10**9), st.integers(-(10**9), 10**9)), min_size=1, max_size=8))
def test_redistribution_neither_creates_nor_loses_money(amounts: list[tuple[int, int]]) -> None:
    realised, agreed = np.array(amounts).T
    assert redistribution(realised, agreed).sum() == 0


@given(st.integers(1, 6), st.integers(0, 10**6))
def test_what_comes_as_agreed_is_not_redistributed(count: int, seed: int) -> None:
    agreed = np.random.default_rng(seed).integers(0, 10**9, count)
    assert not redistribution(agreed, agreed).any()


def random_gains(runs: int, count: int, rng: np.random.Generator) -> tuple[Gains, np.ndarray, np.ndarray]:
    gain, cost = rng.normal(0.02, 0.1, (runs, count, count)), rng.uniform(0, 0.3, (runs, count))
    return gains_from(gain, cost, rng.random((runs, count)) < 0.5), gain, cost


def test_ten_thousand_random_rounds_of_deals_lose_not_a_micro_unit() -> None:
    rng, runs, count = np.random.default_rng(5), 500, 7
    accounts, endowed = Accounts(count), rng.integers(0, 300_000, (runs, count))
    opening = Transfer(Reason.ENDOWMENT, accounts.market, accounts.principals, endowed)
    ledger, stored, struck = post(Ledger.empty(runs, count), [opening]), [entries([opening], 0)], 0
    for now in range(1, 21):
        gains, _, _ = random_gains(runs, count, rng)
        deals = bargain(gains, ledger.principals, rng.uniform(0, 1, (runs, 1)))
        before = ledger
        held = post(ledger, [deals.escrowing])  # an overdraft would be refused
        ledger = post(held, deals.payments)
        assert not ledger.escrows.any()
        assert (ledger.principals.sum(axis=1) == before.principals.sum(axis=1)).all()
        assert (ledger.treasury == before.treasury).all()
        assert not deals.received[~deals.bound].any()
        stored.append(entries([deals.escrowing, *deals.payments], now))
        struck += int(deals.bound.sum())
    assert struck > 5_000
    assert (ledger.balances.sum(axis=1) == 0).all()
    assert not reconcile(pd.concat([pd.DataFrame(rows) for rows in stored]), ledger.balances).any()


@given(st.integers(2, 8), st.integers(0, 10**6), st.floats(0, 1))
def test_nobody_loses_by_a_data_deal(count: int, seed: int, concession: float) -> None:
    rng = np.random.default_rng(seed)
    gains, gain, _ = random_gains(3, count, rng)
    deals = bargain(gains, rng.integers(0, 300_000, (3, count)), np.full((3, 1), concession))
    ask = np.maximum(gains.loss, 0.0) * MICRO - 2
    assert (deals.received[deals.bound] >= ask[deals.bound]).all()
    others = np.where(np.eye(count, dtype=bool), 0.0, np.maximum(gain, 0.0)) * deals.bound[:, :, None]
    assert (deals.paid <= others.sum(axis=1) * MICRO + 2).all()


def test_prices_for_all_at_once_are_those_of_talks_one_by_one() -> None:
    gains, _, _ = random_gains(4, 6, np.random.default_rng(3))
    funds = np.full((4, 6), 10**9)
    at_once, in_talks = bargain(gains, funds, np.zeros((4, 1))), converse(gains, funds, np.zeros((4, 1)), SHAPLEY)
    assert at_once.bound.any()
    assert at_once.bound.tolist() == in_talks.bound.tolist()
    np.testing.assert_allclose(at_once.received, in_talks.received, atol=2)
    np.testing.assert_allclose(at_once.paid, in_talks.paid, atol=4)


def test_a_seller_is_paid_its_cost_and_half_the_gain() -> None:
    gain = np.zeros((1, 3, 3))
    gain[0, 0] = [0.2, 0.6, 0.2]  # what the first brings itself and the others
    gains = gains_from(gain, np.array([[0.4, 0.0, 0.0]]), np.array([[True, False, False]]))
    deals = bargain(gains, np.full((1, 3), 10**6), np.zeros((1, 1)))
    # it loses .2, the others gain .8: together .6, so that it is paid .2 + .3, three quarters of it by the second
    assert deals.received.tolist() == [[500_000, 0, 0]]
    assert deals.paid.tolist() == [[0, 375_000, 125_000]]
    assert deals.net.tolist() == [[0.5, -0.375, -0.125]]


def test_who_cannot_pay_gets_no_data_unless_the_seller_concedes() -> None:
    gain = np.zeros((1, 2, 2))
    gain[0, 0, 1] = 1.0
    gains = gains_from(gain, np.array([[0.2, 0.0]]), np.array([[True, False]]))
    purse = np.array([[0, 500_001]])  # the fair price is .6
    assert not bargain(gains, purse, np.zeros((1, 1))).bound.any()
    deals = bargain(gains, purse, np.full((1, 1), 0.2))
    assert deals.received.tolist() == [[500_000, 0]]
    assert not bargain(gains, np.array([[0, 100_000]]), np.ones((1, 1))).bound.any()  # less than the cost


SMALL = {"rounds": 12, "task.validation": 60, "task.test": 60, "population.count": 8, "negotiation.returns": 1.0}


def small(**changes: object) -> object:
    return load("data-deals", SMALL | {path.replace("__", "."): value for path, value in changes.items()})


def test_with_deals_data_keep_coming_that_nobody_gives_for_equal_pay() -> None:
    alone = Ensemble(load("data-deals", {"negotiation.kind": "none"}), seeds=[0, 1]).run().rounds
    deals = Ensemble(load("data-deals"), seeds=[0, 1], keep_ledger=True).run()
    last = deals.rounds["round"] >= 60
    assert alone["share_delegate"][last].max() == 0.0
    assert deals.rounds["share_delegate"][last].min() > 0.3
    own, lone = (rounds["welfare"].groupby(rounds["run"]).sum() for rounds in (deals.rounds, alone))
    assert (own > lone + 1.0).all()
    assert deals.rounds["accuracy"][last].mean() > alone["accuracy"][last].mean() + 0.3
    assert {"escrow", "deal"} <= set(deals.ledger["reason"])
    assert not reconcile(deals.ledger, deals.balances.pivot(index="run", columns="account")["balance"].to_numpy()).any()


@pytest.mark.parametrize(("kind", "part"), [("equal", 7 / 8), ("credit", 0.0)])
def test_others_gain_what_the_settlement_does_not_pay_the_contributor(kind: str, part: float) -> None:
    terms = {"settlement__kind": kind, "settlement__horizon": 1, "negotiation__kind": "none"}
    ensemble = Ensemble(small(**terms), seeds=[0])
    ensemble.step()
    ensemble.step()
    delegates = np.arange(8) < 4
    history = book(CreditHistory.empty(ensemble.state.history.horizon, 1, 8), delegates[None] * 0.01)
    state = replace(ensemble.state, history=history)
    intended = np.where(delegates, Action.DELEGATE, Action.FREE_RIDE)[None]
    gains = ensemble.world.market.gains(state, ensemble.people, intended, ensemble.world)
    each = revenue(state.quality, state.rival, 8, ensemble.world.terms.market)[0] / MICRO / 4
    assert each > 0
    np.testing.assert_allclose(gains.others[0, 4:], part * each, atol=1e-12)
    cost = ensemble.people.cost * 8
    np.testing.assert_allclose((cost - gains.loss)[0, 4:], (1 - part) * each, atol=1e-12)


def test_a_deal_binds_and_its_price_is_part_of_the_payoff() -> None:
    ensemble = Ensemble(small(), seeds=[0])
    for _ in range(4):
        ensemble.step()
    intended = np.full((1, 8), int(Action.FREE_RIDE))
    ensemble.decide = lambda: intended  # type: ignore[method-assign]
    record = ensemble.step()
    assert record.notes.get("deals") is not None
    assert record.notes.get("deals").bound.any()
    assert (record.actions == np.where(record.notes.get("deals").bound, Action.DELEGATE, Action.FREE_RIDE)).all()
    without = record.payday.payments / MICRO - ensemble.people.cost * record.lesson.put.delegated
    np.testing.assert_allclose(record.payday.payoffs, without + record.notes.get("deals").net, atol=1e-12)


def test_talks_come_every_so_many_rounds() -> None:
    rounds = Ensemble(small(negotiation__every=3, policy__revision=1.0), seeds=[0]).run().rounds
    assert not rounds["dealt"][rounds["round"] % 3 > 0].any()
    assert rounds["dealt"].any()


def test_a_run_deals_alike_alone_in_an_ensemble_and_in_mesa() -> None:
    together = Ensemble(small(), seeds=[3, 4]).run().rounds
    alone = Ensemble(small(), seeds=[4]).run().rounds
    mesa = Cooperative(small(), rng=4).play(12).rounds
    ours = together[together["run"] == 1].drop(columns="run").reset_index(drop=True)
    pd.testing.assert_frame_equal(ours, alone.drop(columns="run"))
    pd.testing.assert_frame_equal(alone, mesa)
    assert alone["dealt"].any()


def test_a_public_good_is_provided_by_deals() -> None:
    changes = {"negotiation.kind": "shapley_coop", "population.endowment": 20.0, "rounds": 5}
    changes |= {"policy.mix": {"best_response": 1.0}, "policy.revision": 1.0, "policy.mutation": 0.0}
    for groups in ("all", "blocks"):
        run = Ensemble(load("public-goods", changes | {"market.groups": groups}), seeds=[0]).run().rounds
        lone = load("public-goods", changes | {"market.groups": groups, "negotiation.kind": "none"})
        assert run["share_delegate"].iloc[-1] == 1.0
        assert Ensemble(lone, seeds=[0]).run().rounds["share_delegate"].iloc[-1] == 0.0


def test_the_gains_of_a_public_good_are_what_is_paid_out() -> None:
    blocks = {"market.groups": "blocks", "population.count": 20}
    ensemble = Ensemble(load("public-goods", blocks | {"negotiation.kind": "shapley_coop"}), seeds=[0])
    nobody = np.full(ensemble.people.shape, int(Action.FREE_RIDE))
    gains = ensemble.world.market.gains(ensemble.state, ensemble.people, nobody, ensemble.world)
    one = nobody.copy()
    one[0, 2] = Action.DELEGATE
    payoffs = []
    for actions in (nobody, one):
        fresh = Ensemble(load("public-goods", blocks), seeds=[0])
        fresh.decide = lambda actions=actions: actions  # type: ignore[method-assign]
        payoffs.append(fresh.step().payday.payoffs[0])
    change = payoffs[1] - payoffs[0]
    assert gains.loss[0, 2] == pytest.approx(-change[2], abs=1e-6)
    assert gains.others[0, 2] == pytest.approx(np.delete(change, 2).sum(), abs=1e-4)


def test_negotiators_are_plugged_in_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    class Refusing:
        def move(self, situation: Situation, party: int, said: Sequence[Move]) -> Move:
            return Move(party, Kind.HALT)

    monkeypatch.setitem(NEGOTIATORS._plugs, "refusing", Refusing)
    assert not Ensemble(small(negotiation__negotiator="refusing"), seeds=[0]).run(4).rounds["dealt"].any()
    speakers: list[type[Negotiator]] = [ShapleyNegotiator, ModelNegotiator, ReplayedNegotiator]
    assert {"shapley", "endpoint", "replay"} <= set(NEGOTIATORS)
    assert all(hasattr(speaker, "move") for speaker in speakers)


def test_the_default_negotiator_keeps_its_promises() -> None:
    check_negotiator("shapley")


@pytest.mark.slow
def test_a_language_model_that_does_not_answer_keeps_them_by_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMMONWEAL_NEGOTIATOR_URL", "http://127.0.0.1:9")  # nobody listens at the discard port
    monkeypatch.setenv("COMMONWEAL_NEGOTIATOR_MODEL", "any")
    check_negotiator("endpoint")


@dataclass(frozen=True)
class Spoiled:
    """Says something else than the default negotiator."""

    spoil: Callable[[Situation, Move, Sequence[Move]], object]

    def move(self, situation: Situation, party: int, said: Sequence[Move]) -> Move:
        return self.spoil(situation, SHAPLEY.move(situation, party, said), said)  # type: ignore[return-value]


def _yielding(situation: Situation, move: Move, said: Sequence[Move]) -> Move:
    return Move(move.party, Kind.ACCEPT) if said and said[-1].proposal is not None else move


BROKEN: dict[str, tuple[Callable[[Situation, Move, Sequence[Move]], object], str]] = {
    "mute": (lambda situation, move, said: None, "it answers with a move, and gave NoneType"),
    "usurping": (lambda situation, move, said: replace(move, party=move.party + 1), "it speaks for its party 0, and"),
    "rash": (lambda situation, move, said: Move(move.party, Kind.ACCEPT), "its moves are allowed, and this one is not"),
    "yielding": (_yielding, "its party has no less by what it proposes or accepts than alone"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_negotiator_that_breaks_a_promise_is_told_which(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    spoil, promise = BROKEN[name]
    monkeypatch.setitem(NEGOTIATORS._plugs, name, lambda: Spoiled(spoil))
    with pytest.raises(AssertionError) as told:
        check_negotiator(name)
    assert str(told.value).startswith(f"negotiator {name!r} breaks a promise: {promise}")


def test_every_negotiator_is_held_to_its_promises() -> None:
    assert set(NEGOTIATORS) == {"shapley", "endpoint", "replay"}  # replay repeats what another said, move by move


def test_replicas_negotiate_as_their_originals() -> None:
    ensemble = Ensemble(small(), seeds=[0, 1])
    for _ in range(4):
        ensemble.step()
    rows = np.array([1, 0, 1])
    world, state = pick_world(ensemble.world, rows), pick_runs(ensemble.state, rows)
    idle = np.full((2, 8), int(Action.FREE_RIDE))
    people = pick_runs(ensemble.people, rows)
    whole = ensemble.world.market.gains(ensemble.state, ensemble.people, idle, ensemble.world)
    picked = world.market.gains(state, people, idle[:1].repeat(3, 0), world)
    np.testing.assert_allclose(picked.loss, whole.loss[rows], rtol=1e-12)
    np.testing.assert_allclose(picked.others, whole.others[rows], rtol=1e-12)


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"negotiation.kind": "haggle"}, "negotiation.kind = 'haggle': must be"),
        ({"negotiation.negotiator": "shaply"}, "did you mean 'shapley'?"),
        ({"negotiation.concession": 2}, "negotiation.concession = 2: must be"),
        ({"negotiation.every": 0}, "negotiation.every = 0: must be"),
        ({"actions.available": ["free_ride"]}, "actions.available must hold delegate"),
    ],
)
def test_bad_terms_are_refused_in_one_line(changes: dict[str, object], line: str) -> None:
    with pytest.raises(InputError) as refused:
        load("data-deals", changes)
    assert line in str(refused.value)
    assert "\n" not in str(refused.value)


def test_nobody_negotiates_in_groups_dealt_anew() -> None:
    with pytest.raises(InputError, match="nobody knows with whom"):
        load("public-goods", {"market.groups": "random", "negotiation.kind": "shapley_coop"})


def test_the_environment_must_name_an_endpoint_before_it_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COMMONWEAL_NEGOTIATOR_URL", raising=False)
    with pytest.raises(InputError, match="COMMONWEAL_NEGOTIATOR_URL is missing"):
        Ensemble(small(negotiation__negotiator="endpoint"), seeds=[0])


def test_fair_payoffs_share_out_the_best_plan_whole() -> None:
    told = replace(situation(), value=lambda coalitions: np.where(coalitions.all(axis=1), 9.0, -100.0))
    assert fair_payoffs(told).sum() == pytest.approx(9.0)
