"""What actions do to samples, round by round."""

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonweal.agents.actions import Action
from commonweal.agents.streams import Streams
from commonweal.agents.terms import stack
from commonweal.economy.tasks import (
    Batch,
    PutIn,
    TaskTerms,
    draw_holdings,
    first_supply,
    load_examples,
    put_in,
)
from commonweal.economy.world.terms import Terms
from commonweal.scenarios.schema.scenario import Scenario
from tests.helpers.batches import audit_trail

Section = dict[str, Any]

ABSTAIN, DELEGATE, FREE_RIDE, DEFECT = Action
TASK = {
    "kind": "synthetic",
    "samples": 223,
    "features": 3,
    "classes": 4,
    "validation": 50,
    "test": 50,
}  # 123 to train on


class Cooperation:
    """Principals of R runs who put in samples round after round."""

    def __init__(self, seeds: list[int], principals: int, task: Section | None = None, **sections: Any) -> None:
        scenario = Scenario.model_validate({"task": TASK | (task or {})} | sections)
        self.streams = Streams.from_seeds(seeds)
        terms = stack(TaskTerms, [scenario.task] * len(seeds))
        self.examples = load_examples(terms, self.streams.task)
        self.holdings = draw_holdings(self.examples, principals, terms, (), self.streams)
        self.terms = Terms.of([scenario] * len(seeds))
        self.supply = first_supply(self.holdings)

    def play(self, actions: Any, amounts: Any = None) -> tuple[Batch, PutIn]:
        asked = None if amounts is None else np.array(amounts)
        batch, self.supply, samples = put_in(
            np.array(actions), self.holdings, self.supply, self.terms, self.streams.batch, amounts=asked
        )
        return batch, samples

    def own(self, run: int, principal: int) -> list[int]:
        start, count = self.holdings.start[run, principal], self.holdings.count[run, principal]
        own: list[int] = self.holdings.held[run, start : start + count].tolist()
        return own


def each(**changes: int) -> Section:
    return {"learning": {"sampling": "each", "samples": 5} | changes}


def pool(batch: int) -> Section:
    return {"learning": {"sampling": "pool", "batch": batch}}


def test_every_contributor_puts_in_the_same_number_ordered_by_principal() -> None:
    batch, samples = Cooperation([0], 4, **each()).play([[DELEGATE, ABSTAIN, DEFECT, FREE_RIDE]])
    assert batch.owner.tolist() == [[0] * 5 + [2] * 5]
    assert samples.total.tolist() == [[5, 0, 5, 0]]
    assert samples.delegated.tolist() == [[5, 0, 0, 0]]
    assert batch.junk is None


def test_delegated_samples_are_own_samples_with_their_labels() -> None:
    game = Cooperation([0, 1], 6, **each())
    batch, _ = game.play(np.full((2, 6), DELEGATE))
    for run in range(2):
        for place, owner in enumerate(batch.owner[run]):
            assert batch.sample[run, place] in game.own(run, owner)
    np.testing.assert_array_equal(batch.label, np.take_along_axis(game.holdings.labels, batch.sample, axis=1))


def test_a_walk_visits_every_own_sample_once_per_cycle_and_rests_while_not_contributing() -> None:
    game = Cooperation([0], 4, task={"partition": "power"}, **each(samples=1))
    own = game.own(0, 1)
    visited: list[int] = []
    while len(visited) < 2 * len(own):
        visited += game.play([[DELEGATE, DELEGATE, ABSTAIN, FREE_RIDE]])[0].sample[0, 1:].tolist()
        game.play([[DELEGATE, ABSTAIN, ABSTAIN, FREE_RIDE]])
    assert visited == own + own


def test_a_holder_of_fewer_samples_than_asked_for_repeats_them_evenly() -> None:
    game = Cooperation([0], 100, **each(samples=6), task={"partition": "equal"})
    batch, _ = game.play(np.full((1, 100), DELEGATE))
    for principal in (0, 99):
        times = Counter(batch.sample[batch.owner == principal].tolist())
        assert set(times) == set(game.own(0, principal))
        assert set(times.values()) == {6 // len(game.own(0, principal))}  # 123 / 100: one or two samples each


@pytest.mark.parametrize("sampling", [each(), pool(40)])
def test_a_poisoned_label_is_always_the_next_class(sampling: Section) -> None:
    game = Cooperation([0, 1], 5, **sampling, actions={"defect": "poison"})
    for _ in range(4):
        batch, samples = game.play(np.full((2, 5), DEFECT))
        truth = np.take_along_axis(game.holdings.labels, batch.sample, axis=1)
        np.testing.assert_array_equal(batch.label[batch.owner >= 0], ((truth + 1) % 4)[batch.owner >= 0])
        assert not samples.delegated.any()
        assert samples.total.any()


@pytest.mark.parametrize("sampling", [each(), pool(40)])
@pytest.mark.parametrize(("section", "action"), [({}, ABSTAIN), ({}, FREE_RIDE), ({"defect": "leak"}, DEFECT)])
def test_without_contributors_the_batch_is_empty(sampling: Section, section: Section, action: Action) -> None:
    game = Cooperation([0, 1], 5, **sampling, actions=section)
    for _ in range(2):
        batch, samples = game.play(np.full((2, 5), action))
        assert batch.sample.shape == batch.label.shape == batch.owner.shape == (2, 0)
        assert not samples.total.any()
        assert audit_trail(batch, 0) == []


@pytest.mark.parametrize("sampling", [each(), pool(40)])
def test_junk_is_gaussian_features_with_random_labels(sampling: Section) -> None:
    game = Cooperation([0, 1], 5, **sampling, actions={"free_ride": "junk"})
    drawn, claimed = [], []
    for _ in range(60):
        batch, samples = game.play([[FREE_RIDE] * 4 + [DELEGATE], [ABSTAIN] * 3 + [DELEGATE, FREE_RIDE]])
        assert batch.junk is not None
        assert batch.noise is not None
        np.testing.assert_array_equal(batch.junk[0], (batch.owner[0] >= 0) & (batch.owner[0] < 4))
        np.testing.assert_array_equal(batch.junk[1], batch.owner[1] == 4)
        assert batch.noise.shape == (batch.junk.sum(), 3)
        assert samples.total.sum() == (batch.owner >= 0).sum()
        assert not samples.delegated[0, :4].any()
        drawn.append(batch.noise)
        claimed.append(batch.label[batch.junk])
    noise, labels = np.concatenate(drawn), np.concatenate(claimed)
    tolerance = 5 / np.sqrt(len(noise))  # five standard errors
    np.testing.assert_allclose(noise.mean(axis=0), 0, atol=tolerance)
    np.testing.assert_allclose(noise.std(axis=0), 1, atol=tolerance)
    np.testing.assert_allclose(np.bincount(labels, minlength=4) / len(labels), 0.25, atol=tolerance)


def test_a_stale_free_rider_puts_in_its_first_samples_over_and_over() -> None:
    game = Cooperation([0], 4, **each(), actions={"free_ride": "stale", "stale_samples": 2})
    own = game.own(0, 2)
    for _ in range(3):
        batch, samples = game.play([[DELEGATE, DELEGATE, FREE_RIDE, DELEGATE]])
        stale = batch.sample[batch.owner == 2]
        assert stale.tolist() == [own[0], own[1], own[0], own[1], own[0]]
        np.testing.assert_array_equal(batch.label[batch.owner == 2], game.holdings.labels[0, stale])
    assert samples.delegated.tolist() == [[5, 5, 0, 5]]


def test_a_delegator_turned_stale_starts_over_and_later_walks_on_where_it_was() -> None:
    game = Cooperation([0], 2, **each(samples=3), actions={"free_ride": "stale", "stale_samples": 4})
    own = game.own(0, 0)
    rounds = [game.play([[action, ABSTAIN]])[0].sample[0].tolist() for action in (DELEGATE, FREE_RIDE, DELEGATE)]
    assert rounds == [own[:3], own[:3], own[3:6]]


def test_a_stale_free_rider_with_a_single_sample_repeats_it() -> None:
    game = Cooperation([0], 123, **each(), actions={"free_ride": "stale", "stale_samples": 2})
    batch, _ = game.play(np.full((1, 123), FREE_RIDE))
    assert all(set(batch.sample[batch.owner == i]) == set(game.own(0, i)) for i in range(123))


def test_a_stale_free_rider_fills_the_pool_with_as_many_samples_as_it_holds() -> None:
    game = Cooperation([0], 4, **pool(1000), actions={"free_ride": "stale", "stale_samples": 2})
    batch, samples = game.play([[DELEGATE, FREE_RIDE, ABSTAIN, ABSTAIN]])
    own = game.own(0, 1)
    assert samples.total.tolist() == [[len(game.own(0, 0)), len(own), 0, 0]]
    times = Counter(batch.sample[batch.owner == 1].tolist())
    assert times == {own[0]: (len(own) + 1) // 2, own[1]: len(own) // 2}


@pytest.mark.parametrize("size", [1, 7, 40, 123, 500])
def test_a_plan_visits_each_contributed_sample_once_per_epoch(size: int) -> None:
    game = Cooperation([0, 1], 5, **pool(size))
    actions = np.array([[DELEGATE, ABSTAIN, DELEGATE, DEFECT, DELEGATE]] * 2)
    contributed = [sorted(s for i in (0, 2, 3, 4) for s in game.own(run, i)) for run in range(2)]
    orders = []
    for _ in range(2):  # the plan is made anew when it is used up
        visited: list[list[int]] = [[], []]
        while len(visited[0]) < len(contributed[0]) or len(visited[1]) < len(contributed[1]):
            batch, samples = game.play(actions)
            for run in range(2):
                missing = len(contributed[run]) - len(visited[run])
                taken = batch.owner[run] >= 0
                if missing > 0:
                    assert taken.sum() == min(size, missing) == samples.total[run].sum()
                    visited[run] += batch.sample[run][taken].tolist()
        assert [sorted(run) for run in visited] == contributed
        orders.append(visited[0])
        game.supply = first_supply(game.holdings)
    assert orders[0] != orders[1]


def test_a_plan_is_made_anew_when_it_is_used_up() -> None:
    game = Cooperation([0], 5, **pool(100))
    batches = [game.play(np.full((1, 5), DELEGATE))[0].sample[0].tolist() for _ in range(4)]
    assert [len(batch) for batch in batches] == [100, 23, 100, 23]  # 123 training samples
    assert sorted(batches[0] + batches[1]) == sorted(batches[2] + batches[3]) == sorted(game.holdings.held[0])
    assert batches[0] != batches[2]


def test_a_plan_is_made_anew_when_the_form_of_somebodys_samples_changes_and_only_then() -> None:
    game = Cooperation([0], 5, **pool(10))
    game.play([[DELEGATE] * 4 + [FREE_RIDE]])
    order = game.supply.traversals[0].order
    game.play([[DELEGATE] * 4 + [ABSTAIN]])  # an idle free-rider that abstains contributes what it did: nothing
    assert game.supply.traversals[0].order is order
    assert game.supply.traversals[0].taken == 20
    batch, _ = game.play([[DELEGATE] * 3 + [DEFECT, ABSTAIN]])
    assert game.supply.traversals[0].order is not order
    assert game.supply.traversals[0].taken == 10
    assert batch.sample.shape == (1, 10)


def test_a_plan_is_made_anew_when_somebody_puts_in_more_or_less() -> None:
    game = Cooperation([0], 3, **pool(10))
    everybody = [[DELEGATE] * 3]
    game.play(everybody, [[20, 20, 20]])
    order = game.supply.traversals[0].order
    game.play(everybody, [[20, 20, 20]])
    assert game.supply.traversals[0].order is order
    for amounts in ([5, 20, 3], [20, 5, 3], [4, 4, 4]):
        visited = [sample for _ in range(4) for sample in game.play(everybody, [amounts])[0].sample[0].tolist()]
        first = [game.own(0, principal)[:amount] for principal, amount in enumerate(amounts)]
        assert set(visited) <= {sample for own in first for sample in own}
        assert game.supply.traversals[0].amount.tolist() == amounts


def test_a_shorter_run_is_padded_with_nobodys_samples() -> None:
    game = Cooperation([0, 1], 3, **each())
    batch, _ = game.play([[DELEGATE] * 3, [ABSTAIN, DELEGATE, ABSTAIN]])
    assert batch.owner[1].tolist() == [1] * 5 + [-1] * 10
    assert ((batch.sample >= 0) & (batch.sample < 223)).all()


@settings(max_examples=40)
@given(
    sampling=st.sampled_from([each(), pool(30)]),
    free_ride=st.sampled_from(["idle", "junk", "stale"]),
    rounds=st.lists(st.lists(st.sampled_from(Action), min_size=10, max_size=10), min_size=1, max_size=4),
)
def test_a_run_puts_in_the_same_alone_and_in_an_ensemble(
    sampling: Section, free_ride: str, rounds: list[list[Action]]
) -> None:
    actions = {"free_ride": free_ride}
    together, alone = (
        Cooperation([3, 7], 5, **sampling, actions=actions),
        Cooperation([7], 5, **sampling, actions=actions),
    )
    for chosen in np.array(rounds).reshape(-1, 2, 5):
        (ours, counts), (own, own_counts) = together.play(chosen), alone.play(chosen[1:])
        used = ours.owner[1] >= 0
        for name in ("sample", "label", "owner"):
            np.testing.assert_array_equal(getattr(ours, name)[1, used], getattr(own, name)[0])
        np.testing.assert_array_equal(counts.total[1], own_counts.total[0])
        np.testing.assert_array_equal(counts.delegated[1], own_counts.delegated[0])
        if own.noise is not None:
            assert ours.junk is not None
            assert ours.noise is not None
            np.testing.assert_array_equal(ours.noise[ours.junk[0].sum() :], own.noise)


def test_the_audit_trail_lists_whom_the_step_visited_in_order_of_arrival() -> None:
    owner = np.array([[5, 2, 5, 9, 2, 5, -1], [-1, 1, 1, -1, 0, -1, -1]])
    batch = Batch(np.zeros_like(owner), np.zeros_like(owner), owner, None, None)
    assert audit_trail(batch, 0) == [(5, 3), (2, 2), (9, 1)]
    assert audit_trail(batch, 1) == [(1, 2), (0, 1)]
