"""How training samples are spread over principals."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import powerlaw

from commonweal.agents.errors import InputError
from commonweal.economy.tasks import PARTITIONS, spread
from commonweal.economy.tasks.partition import nobody_empty


@given(
    kind=st.sampled_from(sorted(PARTITIONS)),
    principals=st.integers(1, 30),
    spare=st.integers(0, 200),
    classes=st.integers(2, 7),
    concentration=st.sampled_from([1e-6, 0.05, 1.0, 1e6]),
    seed=st.integers(0, 1000),
)
def test_every_sample_has_one_owner_and_nobody_is_empty(
    kind: str, principals: int, spare: int, classes: int, concentration: float, seed: int
) -> None:
    labels = np.random.default_rng(seed).integers(classes, size=principals + spare)
    owner = spread(kind, labels, principals, concentration, np.random.default_rng(seed))
    assert owner.shape == labels.shape
    assert sorted(set(owner.tolist())) == list(range(principals))


@pytest.mark.parametrize("kind", sorted(PARTITIONS))
def test_a_partition_depends_on_its_generator_only(kind: str) -> None:
    labels = np.random.default_rng(0).integers(4, size=400)
    first, again, other = (spread(kind, labels, 12, 0.5, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_equal_sizes_differ_by_one_at_most() -> None:
    sizes = np.bincount(spread("equal", np.arange(103) % 3, 10, 1.0, np.random.default_rng(0)))
    assert sorted(sizes) == [10] * 7 + [11] * 3


def test_a_small_concentration_leaves_principals_with_few_classes_and_a_large_one_with_all() -> None:
    labels = np.arange(10_000) % 10

    def largest_class_share(concentration: float) -> float:
        owner = spread("dirichlet", labels, 10, concentration, np.random.default_rng(0))
        table = np.histogram2d(owner, labels, bins=(10, 10))[0]
        return float((table.max(axis=1) / table.sum(axis=1)).mean())

    assert largest_class_share(1e6) == pytest.approx(0.1, abs=0.002)  # one of ten classes each
    assert largest_class_share(0.05) > 0.5


def test_power_sizes_follow_the_power_law_of_cgsv() -> None:
    sizes = np.bincount(spread("power", np.arange(6000) % 10, 10, 1.0, np.random.default_rng(0)))
    law = powerlaw(1.65911332899)
    expected = np.linspace(law.ppf(0.01), law.ppf(0.99), 10)
    np.testing.assert_allclose(sizes, 6000 * expected / expected.sum(), atol=1)


@pytest.mark.parametrize(
    ("samples", "sizes"),
    [
        (3000, [71, 336, 600, 865, 1128]),  # the last would be 1130 if it were rounded up too
        (8005, [95, 252, 408, 565, 722, 879, 1036, 1193, 1349, 1506]),
        (600, [8, 19, 31, 43, 55, 66, 78, 90, 102, 108]),
        (1000, [17, 59, 101, 142, 184, 226, 271]),  # CGSV leaves out the last three
    ],
)
def test_cgsv_power_has_the_sizes_of_the_authors_code(samples: int, sizes: list[int]) -> None:
    owner = spread("cgsv_power", np.arange(samples) % 10, len(sizes), 1.0, np.random.default_rng(0))
    assert np.bincount(owner).tolist() == sizes


def test_class_gives_principal_i_as_many_classes_as_cgsv_does() -> None:
    labels = np.arange(5000) % 10
    owner = spread("class", labels, 5, 1.0, np.random.default_rng(0))
    held = [len(set(labels[owner == principal])) for principal in range(5)]
    assert held == [1, 3, 5, 7, 10]  # int(linspace(1, 10, 5))


@given(sizes=st.lists(st.integers(0, 20), min_size=1, max_size=20))
def test_the_empty_are_served_by_levelling_the_largest_holders(sizes: list[int]) -> None:
    owner = np.repeat(np.arange(len(sizes)), sizes)
    assume(len(owner) >= len(sizes))
    expected = sorted(sizes)
    while expected[0] == 0:  # one sample at a time from whoever then holds the most
        expected[0], expected[-1] = 1, expected[-1] - 1
        expected.sort()
    moved = nobody_empty(owner, len(sizes))
    assert sorted(np.bincount(moved, minlength=len(sizes))) == expected


def test_more_principals_than_samples_is_an_input_error() -> None:
    with pytest.raises(InputError, match=r"population.count = 4 principals but 3 training samples"):
        spread("equal", np.arange(3), 4, 1.0, np.random.default_rng(0))


def test_an_unknown_partition_lists_what_there_is() -> None:
    with pytest.raises(InputError, match=r"'fair': must be one of equal, dirichlet, power, cgsv_power, class"):
        spread("fair", np.arange(3), 2, 1.0, np.random.default_rng(0))
