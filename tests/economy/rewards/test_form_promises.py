"""Every closed form keeps its promises, and one that breaks one is caught."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from commonweal.agents.errors import InputError
from commonweal.economy.rewards.forms import CLOSED_FORMS, Accuracies, ClosedForm, Pool, closed_form
from commonweal.testing import check_closed_form, pool_with

OPTIONS: dict[str, list[dict[str, Any]]] = {
    "coverage": [{"covers": 0.05}, {"covers": (np.eye(4) / 4 + 0.01).tolist()}],
    "leak": [{"correlation": 0.9, "privacy": [0.1, 0.5, 1.0, 2.0]}],
    "federated_mean": [{"noise": 1.0, "spread": 10.0}],
    "somebody_has_it": [{"alike": 0.0}],
}


@pytest.mark.parametrize("form", list(CLOSED_FORMS))
def test_every_closed_form_keeps_what_closed_forms_promise(form: str) -> None:
    for options in [{}, *OPTIONS.get(form, [])]:
        check_closed_form(form, options)


def by_the_first(pool: Pool) -> Any:
    return pool.samples[:, 0] / (1 + pool.samples[:, 0])


def by_the_row(pool: Pool) -> Any:
    return np.arange(len(pool.samples)) * 0.01 * (pool.total > 0)


def by_heads(pool: Pool) -> Any:
    return pool.member.mean(axis=1) * (pool.total > 0)


def falling(pool: Pool) -> Any:
    return (pool.total > 0) / (1 + pool.total)


def something_from_nothing(pool: Pool) -> Any:
    return np.full(len(pool.samples), 0.5)


def of_each(pool: Pool) -> Any:
    return Accuracies(pool.total * 0, pool.samples * 0)


@pytest.fixture
def breaker(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """The name of a form that breaks a promise, and the promise."""
    form, facts, promise = request.param
    closed_form(form.__name__, **facts)(form)
    yield form.__name__, promise
    del CLOSED_FORMS._plugs[form.__name__]
    CLOSED_FORMS._facts.pop(form.__name__, None)


BREAKERS: list[tuple[ClosedForm, dict[str, Any], str]] = [
    (by_the_first, {}, "does not depend on its place"),
    (by_the_row, {}, "a row alone is what it is among others"),
    (by_heads, {}, "teaches the model nothing"),
    (falling, {}, "more samples make no model worse"),
    (something_from_nothing, {}, "nobody's data are worth nothing"),
    (of_each, {}, "what each has is said, or all have it"),
]


@pytest.mark.parametrize("breaker", BREAKERS, indirect=True, ids=lambda given: given[0].__name__)
def test_a_broken_promise_is_told_in_one_line(breaker: tuple[str, str]) -> None:
    name, promise = breaker
    with pytest.raises(AssertionError) as caught:
        check_closed_form(name)
    assert promise in str(caught.value) and "\n" not in str(caught.value)


def far(pool: Pool) -> Any:
    return pool.total * 7.0


def wide(pool: Pool) -> Any:
    return pool.samples * 0.0


@pytest.mark.parametrize(
    "breaker",
    [
        (far, {}, "gave quality from 14 to 14; it says 0 to 1"),
        (wide, {}, "gave quality (1, 2); a form gives (1,)"),
        (falling, {"pooled": False}, "says pooled=False, and answers no accuracy of each"),
    ],
    indirect=True,
    ids=lambda given: given[0].__name__,
)
def test_what_is_no_accuracy_is_refused_where_it_is_played(breaker: tuple[str, str]) -> None:
    from commonweal.economy.rewards.forms import accuracies

    name, told = breaker
    with pytest.raises(InputError) as caught:
        accuracies(pool_with(name, [[1.0, 1.0]]))
    assert told in str(caught.value)
