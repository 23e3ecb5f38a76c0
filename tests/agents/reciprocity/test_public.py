"""Public assessment: shares of good names, thresholds and mutants, as Glynatsi, Hilbe and Murase (2025) have them."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from commonweal.agents.arrays import Floats
from commonweal.agents.reciprocity.norms import Errors, Norm, norm_of
from commonweal.agents.reciprocity.private import privately_judged
from commonweal.agents.reciprocity.public import (
    ACTS,
    ASSESSMENTS,
    Residents,
    cooperation,
    ess_interval,
    lone,
    populations,
    residents,
    scan,
    share_good,
    slandered,
    worth,
)

EIGHT = tuple(f"L{k}" for k in range(1, 9))
TEN = (*EIGHT, "image-scoring", "shunning")
ALLD, ALLC = 0, 15  # places in ACTS
THRESHOLDS = {  # assignment, perception, execution: benefits per cost above which L1 to L8 are stable
    (0.05, 0.0, 0.0): (1.116959, 1.116959, 1.111111, 1.111111, 1.111111, 1.111111, 1.058633, 1.058633),
    (0.02, 0.02, 0.02): (1.087163, 1.088053, 1.084618, 1.083824, 1.085426, 1.084618, 1.043411, 1.043429),
    (0.1, 0.1, 0.1): (1.626874, 1.659545, 1.543210, 1.523158, 1.564324, 1.543210, 1.313126, 1.317186),
}
SHARES = {  # size of each error: share of good names and cooperation
    0.02: {"L1": (0.96187, 0.94406), "L3": (0.96190, 0.94266), "L6": (0.96117, 0.94195), "L8": (0.95964, 0.94044),
           "image-scoring": (0.50246, 0.49241), "shunning": (0.34004, 0.33324)},
    0.1: {"L1": (0.83778, 0.77769), "L6": (0.82661, 0.74395), "L8": (0.79658, 0.71692)},
}  # fmt: skip


def errors(assignment: float, perception: float, execution: float) -> Errors:
    return Errors(np.array(execution), np.array(perception), np.array(assignment))


def follow(*names: str, by: tuple[float, float, float] = (0.02, 0.02, 0.02)) -> Residents:
    return residents([norm_of(name) for name in names], errors(*by))


def one(norm: Norm, by: tuple[float, float, float] = (0.02, 0.02, 0.02)) -> Residents:
    return residents(norm, errors(*by))


small = st.floats(0.002, 0.3)
by_errors = st.tuples(small, st.floats(0.0, 0.3), st.floats(0.0, 0.3))
tables = arrays(np.float64, (2, 2, 2), elements=st.floats(0.0, 1.0)) | st.integers(0, 255).map(lambda k: ASSESSMENTS[k])
acts = st.integers(0, 15).map(lambda k: ACTS[k])
norms = st.builds(Norm, acts, tables)


@pytest.mark.parametrize("by", THRESHOLDS)
def test_the_leading_eight_are_stable_above_their_published_thresholds(by: tuple[float, float, float]) -> None:
    interval = ess_interval(follow(*EIGHT, by=by))
    np.testing.assert_allclose(interval.low, THRESHOLDS[by], rtol=0, atol=1e-6)
    assert np.isinf(interval.high).all()


@pytest.mark.parametrize("by", THRESHOLDS)
def test_simple_standing_stern_judging_and_shunning_have_a_threshold_in_closed_form(by: tuple[float, ...]) -> None:
    assignment, perception, execution = by
    found = ess_interval(follow("L3", "L6", "shunning", by=(assignment, perception, execution)))
    wanted = 1 / ((1 - 2 * assignment) * (1 - perception) * (1 - execution))
    np.testing.assert_allclose(found.low, wanted, rtol=1e-13)


@pytest.mark.parametrize("by", [*THRESHOLDS, (1e-9, 0.0, 0.0), (0.3, 0.0, 0.1)])
def test_image_scoring_is_stable_at_no_ratio_since_giving_to_the_bad_earns_the_same_name(by: tuple[float, ...]) -> None:
    interval = ess_interval(follow("image-scoring", by=(by[0], by[1], by[2])))
    assert not interval.exists.any()
    assert not interval.contains(np.linspace(0.1, 50, 500)).any()


@pytest.mark.parametrize("size", SHARES)
def test_shares_of_good_names_and_cooperation_are_the_published_ones(size: float) -> None:
    among = follow(*SHARES[size], by=(size, size, size))
    np.testing.assert_allclose(share_good(among), [h for h, _ in SHARES[size].values()], rtol=0, atol=5e-6)
    np.testing.assert_allclose(cooperation(among), [c for _, c in SHARES[size].values()], rtol=0, atol=5e-6)


def test_sixteen_deterministic_norms_are_stable_and_cooperate_at_a_low_ratio_and_48_at_a_high_one() -> None:
    by = errors(0.02, 0.0, 0.0)
    low, high = scan(by, 1.5), scan(by, 3.0)
    assert (low.sum(), high.sum()) == (16, 48)
    assert (high | ~low).all()
    found = {(ASSESSMENTS[a].tobytes(), ACTS[s].tobytes()) for a, s in np.argwhere(low)}
    leading = [norm_of(name) for name in EIGHT]
    mirrored = [Norm(each.act[::-1, ::-1], 1 - each.assess[::-1, ::-1]) for each in leading]
    assert found == {(each.assess.tobytes(), each.act.tobytes()) for each in (*leading, *mirrored)}


def test_the_secondary_sixteen_take_a_benefit_of_twice_the_cost() -> None:
    every = ess_interval(populations(ACTS, ASSESSMENTS[:, None], errors(0.02, 0.0, 0.0)))
    later = scan(errors(0.02, 0.0, 0.0), 3.0) & ~scan(errors(0.02, 0.0, 0.0), 1.5)
    assert later.sum() == 32  # sixteen and their mirror images
    assert (every.low[later] > 2).all()


def test_lone_mutants_among_stern_judges_have_the_published_payoffs() -> None:
    among = follow("L6")
    mutants = lone(among, ACTS)
    np.testing.assert_allclose(2 * cooperation(among), [1.88389], rtol=0, atol=5e-6)
    np.testing.assert_allclose(mutants.payoff(3.0, 1.0)[0, [ALLD, ALLC]], [0.22046, 1.74058], rtol=0, atol=5e-6)
    np.testing.assert_allclose(mutants.good[0, [ALLD, ALLC]], [0.07499, 0.92537], rtol=0, atol=5e-6)


@pytest.mark.parametrize(("share", "threshold", "gifts"), [(0.25, 1.446157, 0.7064), (0.5, 2.169235, 0.4709)])
def test_slander_divides_the_judgement_that_discriminates_by_the_share_of_honest_judges(
    share: float, threshold: float, gifts: float
) -> None:
    honest = follow("L3", "L6")
    among = slandered(honest, share)
    np.testing.assert_allclose(ess_interval(among).low, threshold, rtol=0, atol=5e-7)
    np.testing.assert_allclose(ess_interval(among).low, ess_interval(honest).low / (1 - share), rtol=1e-13)
    np.testing.assert_allclose(cooperation(among)[1], gifts, rtol=0, atol=5e-5)


def test_judges_who_also_take_gifts_for_refusals_raise_the_threshold_of_stern_judging() -> None:
    norm, size = norm_of("L6"), np.array(0.02)
    seen = privately_judged(norm.assess, size)
    found = ess_interval(populations(norm.act, seen, Errors(size, np.array(0.0), size)))
    np.testing.assert_allclose(found.low, 1.107, rtol=0, atol=5e-4)
    np.testing.assert_allclose(found.low, 1 / (0.96 * 0.96 * 0.98), rtol=1e-13)


def mean_name(among: Residents, share: Floats) -> Floats:
    image = np.stack([1 - share, share], axis=-1)
    renamed: Floats = (image[..., :, None] * image[..., None, :] * among.renamed).sum(axis=(-2, -1))
    return renamed


@pytest.mark.parametrize("name", TEN)
def test_the_share_of_good_names_is_what_names_come_to_from_all_good(name: str) -> None:
    among, share = follow(name), np.ones(1)
    for _ in range(5000):
        share = mean_name(among, share)
    np.testing.assert_allclose(share_good(among), share, rtol=0, atol=1e-12)


@given(norms, by_errors)
def test_names_come_to_that_share_where_donors_act_one_after_another(
    norm: Norm, by: tuple[float, float, float]
) -> None:
    among = one(norm, by)
    share: Floats = np.ones(())
    for _ in range(20_000):
        share, before = (share + mean_name(among, share)) / 2, share
        if abs(share - before) < 1e-16:
            break
    np.testing.assert_allclose(share_good(among), share, rtol=0, atol=1e-10)


def test_names_swing_for_ever_where_all_act_at_once_by_an_odd_norm() -> None:
    odd = Norm(np.zeros((2, 2)), ASSESSMENTS[1])  # a bad donor is good after it met a bad one, and nobody else is
    among = one(odd, (0.02, 0.0, 0.0))
    share: Floats = np.ones(())
    for _ in range(10_000):
        share, before = mean_name(among, share), share
    assert abs(share - before) > 0.5
    np.testing.assert_allclose(mean_name(among, share_good(among)), share_good(among), rtol=0, atol=1e-15)


def test_without_errors_names_stay_as_good_as_they_began() -> None:
    never = (0.0, 0.0, 0.0)
    np.testing.assert_array_equal(share_good(follow("L3", "L6", "image-scoring", "shunning", by=never)), 1.0)
    mutants = lone(follow("L6", by=never), ACTS)
    np.testing.assert_array_equal(mutants.good[0, [ALLD, ALLC]], [0.0, 1.0])


def by_invasion(among: Residents, own: int) -> tuple[float, float]:
    """Ends of b/c between which no other deterministic rule does as well: payoffs are linear in both."""
    mutants = lone(among, ACTS)
    others = np.arange(16) != own
    received = (mutants.receives[own] - mutants.receives)[others]
    given = (mutants.gives[own] - mutants.gives)[others]
    nothing = np.abs(received) < 1e-13  # then only what it costs to give can tell rules apart
    ends = given / np.where(nothing, 1.0, received)
    low = ends[~nothing & (received > 0)].max(initial=0.0)
    high = ends[~nothing & (received < 0)].min(initial=np.inf)
    return float(low), float(high if (given[nothing] < -1e-13).all() else -np.inf)


@given(st.integers(0, 15), tables, by_errors)
def test_a_norm_is_stable_exactly_where_none_of_15_other_rules_invades(
    own: int, assess: Floats, by: tuple[float, float, float]
) -> None:
    among = one(Norm(ACTS[own], assess), by)
    low, high = by_invasion(among, own)
    assume(abs(high - low) > 1e-9 * (1 + low))  # image scoring: one ratio, at which all rules do equally well
    interval = ess_interval(among)
    assert bool(interval.exists) == (low < high)
    if low < high:
        np.testing.assert_allclose([interval.low, interval.high], [low, high], rtol=1e-8, atol=1e-11)


def test_thresholds_of_the_leading_eight_by_invasion_are_the_same() -> None:
    for by in THRESHOLDS:
        for name in EIGHT:
            norm = norm_of(name)
            own = int(np.flatnonzero((norm.act == ACTS).all(axis=(1, 2)))[0])
            mutants = lone(one(norm, by), ACTS)
            received, given = mutants.receives[own] - mutants.receives, mutants.gives[own] - mutants.gives
            found = max(given[k] / received[k] for k in range(16) if k != own and received[k] > 0)
            np.testing.assert_allclose(ess_interval(one(norm, by)).low, found, rtol=1e-11)


def stable(among: Residents, own: int, ratio: float) -> bool:
    payoff = lone(among, ACTS).payoff(ratio, 1.0)
    return bool((np.delete(payoff, own) < payoff[own]).all())


def test_every_deterministic_norm_is_stable_on_the_inner_side_of_its_ends_and_not_on_the_outer() -> None:
    ends = 0
    for k in range(0, 256, 2):
        for own in range(16):
            among = one(Norm(ACTS[own], ASSESSMENTS[k]), (0.03, 0.01, 0.05))
            interval = ess_interval(among)
            for end, inwards in ((interval.low, 1), (interval.high, -1)):
                if 0 < end < 1e6:
                    ends += 1
                    assert stable(among, own, end * (1 + inwards * 1e-6))
                    assert not stable(among, own, end * (1 - inwards * 1e-6))
            if not interval.exists:
                assert not any(stable(among, own, ratio) for ratio in (0.3, 1.05, 1.3, 2.0, 5.0, 40.0))
    assert ends > 50


@given(norms, by_errors, st.floats(0.2, 20.0))
def test_a_name_is_worth_what_one_of_two_residents_with_other_names_gets_more_in_the_time_to_come(
    norm: Norm, by: tuple[float, float, float], benefit: float
) -> None:
    among = one(norm, by)
    share = float(share_good(among))
    weights = np.array([1 - share, share])
    receives, gives, renamed = weights @ among.act, among.act @ weights, among.renamed @ weights
    kept, more = 1.0, 0.0
    for _ in range(10_000):
        more += kept * (benefit * (receives[1] - receives[0]) - (gives[1] - gives[0]))
        kept *= renamed[1] - renamed[0]
    np.testing.assert_allclose(worth(among, benefit, 1.0), more, rtol=1e-9, atol=1e-9)


def test_residents_are_mutants_that_do_not_differ() -> None:
    for name in TEN:
        among = one(norm_of(name))
        same = lone(among, norm_of(name).act[None])
        np.testing.assert_allclose(same.good[0], share_good(among), rtol=1e-12)
        np.testing.assert_allclose(same.gives[0], cooperation(among), rtol=1e-12)
        np.testing.assert_allclose(same.receives[0], cooperation(among), rtol=1e-12)


def test_norms_and_errors_lie_side_by_side_as_each_is_alone() -> None:
    runs = Errors(*(np.array([[0.01], [0.05], [0.2]]) for _ in range(3)))
    together = residents([norm_of(name) for name in TEN], runs)
    assert share_good(together).shape == (3, len(TEN))
    assert lone(together, ACTS).good.shape == (3, len(TEN), 16)
    for run, size in enumerate((0.01, 0.05, 0.2)):
        for place, name in enumerate(TEN):
            alone = one(norm_of(name), (size, size, size))
            assert share_good(together)[run, place] == share_good(alone)
            np.testing.assert_array_equal(ess_interval(together).low[run, place], ess_interval(alone).low)
            np.testing.assert_array_equal(lone(together, ACTS).gives[run, place], lone(alone, ACTS).gives)


def test_a_rule_that_mixes_is_never_stable() -> None:
    mixed = Norm(np.array([[0.0, 1.0], [0.5, 1.0]]), norm_of("L6").assess)
    assert not ess_interval(one(mixed)).exists


def test_who_never_gives_whatever_others_do_is_stable_at_every_ratio() -> None:
    never = one(Norm(ACTS[ALLD], norm_of("L6").assess))
    assert (ess_interval(never).low, ess_interval(never).high) == (0.0, np.inf)
