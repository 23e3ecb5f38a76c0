"""The reciprocity gradient against a fixture, torch's autograd, finite differences and the exact distribution."""

from dataclasses import replace
from itertools import product
from time import process_time

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from papers.exact_images import exact_value, paths_value

from commonweal.agents.arrays import Floats
from commonweal.agents.errors import InputError
from commonweal.agents.reciprocity.chain import (
    Rules,
    Schedule,
    Slopes,
    Stakes,
    drawn_schedule,
    gradient,
    majority,
    outvoted,
    split,
    value,
    value_among_all,
)
from commonweal.agents.reciprocity.norms import executed, judged, norm_of


def sigmoid(logits: Floats) -> Floats:
    result: Floats = 1 / (1 + np.exp(-logits))
    return result


def random_case(rng: np.random.Generator, shape: tuple[int, int, int, int], judges: int) -> tuple:
    """Names, rules, schedule and stakes of B learners: logits are standard normal."""
    _, learners, _, size = shape
    act, assess = rng.normal(size=(learners, size, 2, 2)), rng.normal(size=(learners, size, 2, 2, 2))
    rules = Rules(sigmoid(act), sigmoid(assess))
    stakes = Stakes(rng.integers(0, size, learners), rng.uniform(1, 5, learners), rng.uniform(0.5, 1.5, learners))
    return rng.random((learners, size)), rules, drawn_schedule(rng.random(shape), judges), stakes


def mean_field(first, act, assess, schedule: Schedule, stakes: Stakes) -> torch.Tensor:
    """(B,) payoffs as the equations say them, one principal, context, act and ballot after the other."""
    payoffs = []
    for b, m in enumerate(stakes.learner):
        total = torch.zeros((), dtype=torch.float64)
        for e in range(schedule.recipient.shape[2]):
            good = list(first[b])
            for met, judges in zip(schedule.recipient[:, b, e], schedule.judges[:, b, e], strict=True):
                named, gives, kept = [0] * len(met), [0] * len(met), [1] * len(met)
                for i, r in enumerate(met):
                    lost = [0] * len(judges[i])
                    for x, y, a in product((0, 1), repeat=3):
                        w = (good[i] if x else 1 - good[i]) * (good[r] if y else 1 - good[r])
                        w = w * (act[b, i, x, y] if a else 1 - act[b, i, x, y])
                        gives[i] = gives[i] + a * w
                        for ballot in product((0, 1), repeat=len(judges[i])):
                            chance, most = w, 2 * sum(ballot) > len(ballot)
                            for k, verdict in zip(judges[i], ballot, strict=True):
                                chance = chance * (assess[b, k, x, y, a] if verdict else 1 - assess[b, k, x, y, a])
                            named[i] = named[i] + most * chance
                            lost = [o + (v != most) * chance for o, v in zip(lost, ballot, strict=True)]
                    for k, chance in zip(judges[i], lost, strict=True):
                        kept[k] = kept[k] * (1 - np.broadcast_to(stakes.dissent, 2)[b] * chance)
                total = total + stakes.benefit[b] * gives[list(met).index(m)] - stakes.cost[b] * gives[m]
                good = [chance * keeps for chance, keeps in zip(named, kept, strict=True)]
        payoffs.append(total / schedule.recipient.shape[2])
    return torch.stack(payoffs)


@pytest.mark.parametrize(("judges", "dissent"), [(1, 0.0), (3, 0.0), (1, 0.6), (3, 0.6), (3, 1.0)])
def test_adjoint_is_autograd(judges, dissent):
    compare_with_autograd(judges, dissent)


@pytest.mark.slow
@pytest.mark.parametrize("dissent", [0.0, 0.3])
def test_adjoint_of_a_jury_of_five_is_autograd(dissent):
    compare_with_autograd(5, dissent)


def compare_with_autograd(judges: int, dissent: float) -> None:
    rng = np.random.default_rng(judges)
    first, rules, schedule, stakes = random_case(rng, (3, 2, 1, judges + 2), judges)
    stakes = replace(stakes, dissent=np.array([dissent, dissent / 2]))
    act = torch.tensor(rules.act, requires_grad=True)
    assess = torch.tensor(rules.assess, requires_grad=True)
    payoff = mean_field(torch.tensor(first), act, assess, schedule, stakes)
    payoff.sum().backward()
    found, rows = gradient(first, rules, schedule, stakes), (np.arange(2), stakes.learner)
    assert np.abs(found.value - payoff.detach().numpy()).max() < 1e-12
    assert np.abs(found.act - act.grad.numpy()[rows]).max() < 1e-12
    assert np.abs(found.assess - assess.grad.numpy()[rows]).max() < 1e-12
    assert np.abs(found.assess).min() > 0
    assert np.array_equal(value(first, rules, schedule, stakes), found.value)


@pytest.mark.parametrize("judges", [1, 3])
def test_adjoint_is_the_slope_of_central_differences(judges):
    rng, step = np.random.default_rng(10 + judges), 1e-5
    first, rules, schedule, stakes = random_case(rng, (6, 1, 2, 8), judges)
    found, m = gradient(first, rules, schedule, stakes), stakes.learner[0]
    for field, slopes in (("act", found.act), ("assess", found.assess)):
        for cell in np.ndindex(slopes.shape[1:]):
            sides = []
            for sign in (1, -1):
                table = getattr(rules, field).copy()
                table[(0, m, *cell)] += sign * step
                sides.append(value(first, replace(rules, **{field: table}), schedule, stakes)[0])
            assert abs((sides[0] - sides[1]) / (2 * step) - slopes[(0, *cell)]) < 1e-8


def test_meeting_anybody_is_the_mean_over_schedules_and_less_noisy():
    rng, means, errors = np.random.default_rng(0), [], []
    first, rules, _, stakes = random_case(rng, (5, 2, 1, 6), 1)
    for payoff in (value, value_among_all):
        draws = [payoff(first, rules, drawn_schedule(rng.random((5, 2, 500, 6)), 1), stakes) for _ in range(20)]
        means.append(np.mean(draws, axis=0))
        errors.append(np.std(draws, axis=0, ddof=1) / 20**0.5)
    assert (np.abs(means[0] - means[1]) < 4 * np.hypot(*errors)).all()
    assert (errors[1] < errors[0] / 2).all()


def fixture_case() -> tuple:
    """N 4, T 3, L6, errors (.02, 0, .02), everybody good with .9, b 3, c 1, learner 0 with logits of its own."""
    l6, n = norm_of("L6"), np.arange(4)
    theta = np.array([[-1, 0.5], [-0.5, 1]])
    act = np.tile(executed(l6.act, 0.02), (1, 4, 1, 1))
    act[0, 0] = executed(sigmoid(theta), 0.02)
    assess = np.tile(judged(l6.assess, 0.0, 0.02), (1, 4, 1, 1, 1))
    recipient = np.stack([(n + 1 + t % 3) % 4 for t in range(3)])[:, None, None]
    judge = np.stack([(n + 1 + (t + 1) % 3) % 4 for t in range(3)])[:, None, None, :, None]
    stakes = Stakes(np.array([0]), np.array([3.0]), np.array([1.0]))
    return theta, np.full((1, 4), 0.9), Rules(act, assess), Schedule(recipient, judge), stakes


def exact_slopes(first: Floats, rules: Rules, schedule: Schedule, stakes: Stakes) -> Slopes:
    """Of one learner in one schedule, by the joint distribution of images."""
    m = int(stakes.learner[0])
    act = torch.tensor(rules.act[0], requires_grad=True)
    assess = torch.tensor(rules.assess[0], requires_grad=True)
    names = torch.tensor(first[0])
    terms = (m, float(stakes.benefit[0]), float(stakes.cost[0]))
    payoff = exact_value(names, act, assess, schedule.recipient[:, 0, 0], schedule.judges[:, 0, 0], terms)
    payoff.backward()
    return Slopes(payoff.detach().numpy()[None], act.grad.numpy()[[m]], assess.grad.numpy()[[m]])


@pytest.mark.parametrize("slopes_of", [gradient, exact_slopes])
def test_fixture_of_actions(slopes_of):
    theta, *case = fixture_case()
    found, pi = slopes_of(*case), sigmoid(theta)
    by_logit = 0.98 * pi * (1 - pi) * found.act[0]
    assert found.value[0] == pytest.approx(4.6540297730, abs=1e-9)
    expected = [-0.01831900, 0.08686573, -0.11050957, 0.40406769]  # given to eight digits
    assert by_logit.ravel() == pytest.approx(expected, abs=5.1e-9)


@pytest.mark.parametrize("slopes_of", [gradient, exact_slopes])
def test_fixture_of_signals(slopes_of):
    _, first, rules, schedule, stakes = fixture_case()
    sigma = sigmoid(np.array([0, 0.2, -0.2, 0.4, 0.6, -0.6, -0.4, 1]).reshape(2, 2, 2))
    assess = rules.assess.copy()
    assess[0, 0] = sigma
    found = slopes_of(first, replace(rules, assess=assess), schedule, stakes)
    by_logit = sigma * (1 - sigma) * found.assess[0]
    assert found.value[0] == pytest.approx(4.7292133463, abs=1e-9)
    assert by_logit[1, 1, 1] == pytest.approx(-0.04527319, abs=5.1e-9)
    assert by_logit[0, 0, 1] == by_logit[1, 0, 1] == 0


@pytest.mark.parametrize(("size", "ahead"), [(3, 2), (4, 1)])
def test_the_exact_distribution_is_the_sum_over_paths(size, ahead):
    rng = np.random.default_rng(size)
    first, rules, schedule, stakes = random_case(rng, (ahead, 1, 1, size), 1)
    tensors = [torch.tensor(array[0]) for array in (first, rules.act, rules.assess)]
    terms = (int(stakes.learner[0]), float(stakes.benefit[0]), float(stakes.cost[0]))
    case = (*tensors, schedule.recipient[:, 0, 0], schedule.judges[:, 0, 0], terms)
    assert float(exact_value(*case)) == pytest.approx(paths_value(*case), abs=1e-12)


def cosine_to_exact(rng: np.random.Generator, ahead: int, size: int, judges: int, others: str) -> float:
    """Between the slopes by a learner's standard normal logits, in mean field and exact; b 3, c 1.

    Args:
        rng: draws.
        ahead: T.
        size: N.
        judges: J.
        others: ``"L6"``, everybody good with .9, or ``"random"``.
    """
    first, rules, schedule, stakes = random_case(rng, (ahead, 1, 1, size), judges)
    m, stakes = stakes.learner[0], Stakes(stakes.learner, np.array([3.0]), np.array([1.0]))
    if others == "L6":
        l6, everybody = norm_of("L6"), np.arange(size)
        theirs = Rules(*(table[None, None] for table in (executed(l6.act, 0.02), judged(l6.assess, 0.0, 0.02))))
        act = np.where((everybody == m)[:, None, None], rules.act, theirs.act)
        assess = np.where((everybody == m)[:, None, None, None], rules.assess, theirs.assess)
        first, rules = np.full((1, size), 0.9), Rules(act, assess)
    slopes = []
    for found in (gradient(first, rules, schedule, stakes), exact_slopes(first, rules, schedule, stakes)):
        parts = [(getattr(rules, field)[0, m], getattr(found, field)[0]) for field in ("act", "assess")]
        slopes.append(np.concatenate([(rate * (1 - rate) * slope).ravel() for rate, slope in parts]))
    return float(slopes[0] @ slopes[1] / np.linalg.norm(slopes[0]) / np.linalg.norm(slopes[1]))


@pytest.mark.parametrize("judges", [1, 3])
@pytest.mark.parametrize("others", ["L6", "random"])
def test_mean_field_points_where_the_exact_gradient_does(judges, others):
    rng = np.random.default_rng(0)
    assert min(cosine_to_exact(rng, 10, 6, judges, others) for _ in range(8)) >= 0.999


@pytest.mark.slow
@pytest.mark.parametrize(
    ("size", "ahead", "least"),
    [(3, 3, 0.9963), (4, 6, 0.9992), (6, 10, 0.9997), (8, 20, 0.99998)],  # what a prototype measured among L6
)
def test_mean_field_comes_close_as_groups_grow(size, ahead, least):
    rng = np.random.default_rng(1)
    cosines = [cosine_to_exact(rng, ahead, size, 1, "L6") for _ in range(30)]
    assert min(cosines) >= least


def test_learners_and_schedules_do_not_touch_each_other():
    rng = np.random.default_rng(5)
    first, rules, schedule, stakes = random_case(rng, (5, 3, 2, 6), 3)
    together = gradient(first, rules, schedule, stakes)
    for b in range(3):
        alone = gradient(
            first[[b]],
            Rules(rules.act[[b]], rules.assess[[b]]),
            Schedule(schedule.recipient[:, [b]], schedule.judges[:, [b]]),
            Stakes(stakes.learner[[b]], stakes.benefit[[b]], stakes.cost[[b]]),
        )
        for field in ("value", "act", "assess"):
            assert np.abs(getattr(alone, field)[0] - getattr(together, field)[b]).max() < 1e-14


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6), st.sampled_from([1, 3, 5]), st.integers(0, 6))
def test_drawn_schedules_are_permutations_judged_by_third_parties(seed, judges, more):
    size = judges + 2 + more
    schedule = drawn_schedule(np.random.default_rng(seed).random((3, 2, 2, size)), judges)
    everybody = np.arange(size)
    assert (np.sort(schedule.recipient, -1) == everybody).all()
    donors = np.broadcast_to(everybody[:, None], (*schedule.recipient.shape, 1))
    parties = np.concatenate([donors, schedule.recipient[..., None], schedule.judges], -1)
    assert (np.diff(np.sort(parties, -1), axis=-1) > 0).all()  # all different
    assert (np.sort(schedule.judges, axis=-2) == everybody[:, None]).all()  # everybody judges J times


def test_any_third_party_is_as_likely_to_judge():
    schedule = drawn_schedule(np.random.default_rng(0).random((20000, 1, 1, 4)), 1)
    pairs = schedule.recipient[:, 0, 0, 0] * 4 + schedule.judges[:, 0, 0, 0, 0]
    counts = np.bincount(pairs, minlength=16)
    assert (counts > 0).sum() == 6
    assert np.abs(counts[counts > 0] / 20000 - 1 / 6).max() < 0.0105  # four standard errors


@pytest.mark.parametrize("judges", [1, 3, 5, 7])
def test_a_majority_is_summed_over_every_ballot(judges):
    votes = list(np.random.default_rng(judges).random((judges, 4)))
    most, half = np.zeros(4), np.zeros(4)
    for ballot in product((0, 1), repeat=judges):
        chances = [v if c else 1 - v for v, c in zip(votes, ballot, strict=True)]
        most += (2 * sum(ballot) > judges) * np.prod(chances, axis=0)
        half += (2 * sum(ballot[1:]) == judges - 1) * np.prod(chances, axis=0)  # whatever the first one says
    assert majority(votes) == pytest.approx(most, abs=1e-15)
    if judges > 1:
        assert split(votes[1:]) == pytest.approx(half, abs=1e-15)


@pytest.mark.parametrize("judges", [3, 5])
def test_who_is_outvoted_is_summed_over_every_ballot(judges):
    votes = list(np.random.default_rng(judges).random((judges, 4)))
    expected = np.zeros((judges, 4))
    for ballot in product((0, 1), repeat=judges):
        chance = np.prod([v if c else 1 - v for v, c in zip(votes, ballot, strict=True)], axis=0)
        for judge in range(judges):
            expected[judge] += (ballot[judge] != (2 * sum(ballot) > judges)) * chance
    assert outvoted(votes) == pytest.approx(expected, abs=1e-15)


def test_too_few_third_parties_or_an_even_jury_are_refused():
    with pytest.raises(InputError, match="4 principals leave 2 third parties"):
        drawn_schedule(np.zeros((1, 1, 1, 4)), 3)
    with pytest.raises(InputError, match="odd"):
        drawn_schedule(np.zeros((1, 1, 1, 5)), 2)


@pytest.mark.slow
@pytest.mark.alone
def test_a_gradient_costs_less_than_twice_the_value():
    """Reverse mode is bound to about four (Griewank and Walther 2008); here the way forward is most of it."""
    case, times = random_case(np.random.default_rng(0), (10, 30, 2, 40), 1), {gradient: [], value: []}
    for _ in range(50):
        for computed, spent in times.items():
            start = process_time()
            computed(*case)
            spent.append(process_time() - start)
    assert np.median(times[gradient]) < 2 * np.median(times[value])
