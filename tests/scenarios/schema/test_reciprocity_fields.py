"""What a scenario with names must say: each wrong field is one line that names it and says what is allowed."""

from typing import Any

import pytest

from commonweal.agents.errors import InputError
from commonweal.agents.reciprocity.norms import NORMS
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.schema.relevance import matters

REQUESTS = "reciprocity.kind = 'requests'"
GIVING = "market.kind = 'donation'"
DEFECTING = {"actions.available": ["delegate", "free_ride", "defect"]}
LIVE: list[tuple[dict[str, Any], str]] = [
    ({"policy.mix": {"norm:L9": 1.0}}, "policy.mix = 'norm:L9': must be one of"),
    ({"policy.mix": {"norm:": 1.0}}, "policy.mix = 'norm:': must be one of"),
    ({"policy.mix": {"norm:L7.5": 1.0}}, "policy.mix = 'norm:L7.5': must be one of"),
    ({"reciprocity.norm": "L9"}, f"reciprocity.norm = 'L9': must be one of {', '.join(NORMS)}"),
    ({"reciprocity.norm": "shuning"}, "did you mean 'shunning'?"),
    ({"reciprocity.kind": "gifts"}, "reciprocity.kind = 'gifts': must be one of none, requests, pool, admission"),
    ({"reciprocity.judges": 2}, "reciprocity.judges must be an odd number"),
    ({"reciprocity.judges": 0}, "reciprocity.judges = 0: must be a whole number"),
    ({"reciprocity.judges": 39}, "population.count must be at least 41 for reciprocity.judges = 39"),
    ({"population.count": 2}, "population.count must be at least 3 for reciprocity.judges = 1"),
    ({"reciprocity.execution": 1.5}, "reciprocity.execution = 1.5: must be a number between 0 and 1"),
    ({"reciprocity.perception": -0.1}, "reciprocity.perception = -0.1: must be a number between 0 and 1"),
    ({"reciprocity.assignment": "often"}, "reciprocity.assignment = 'often': must be a number between 0 and 1"),
    ({"reciprocity.learner.explore": 0.6}, "reciprocity.learner.explore = 0.6: must be a number"),
    ({"reciprocity.learner.rate": 0.0}, "reciprocity.learner.rate = 0.0: must be a number"),
    ({"reciprocity.learner.belief": "faith"}, "learner.belief = 'faith': must be one of pooled, norm, equilibrium"),
    ({"reciprocity.learner.signals": "both"}, "learner.signals = 'both': must be one of norm, learned"),
    ({"reciprocity.learner.schedules": 0}, "reciprocity.learner.schedules = 0: must be a whole number"),
    ({"reciprocity.learners": {}}, "reciprocity.learners"),
    ({"settlement.horizon": 50}, f"settlement.horizon must be 1 for {REQUESTS}"),
    ({"actions.available": ["delegate"], "population.start_delegate": 1.0, "population.start_free_ride": 0.0},
     "actions.available must be with delegate, and free_ride or defect"),
    ({"actions.available": ["delegate", "abstain"], "population.start_delegate": 1.0,
      "population.start_free_ride": 0.0}, "actions.available must be with delegate"),
    ({"actions.available": ["free_ride"]}, "actions.available must be with delegate"),
    ({"market.kind": "public_goods", "settlement.kind": "equal", "policy.mix": {"norm:L6": 1.0}},
     f"market.kind must be model, curve or donation for {REQUESTS}"),
    ({"reciprocity.kind": "pool"}, "reciprocity.kind must be requests for policy.mix with 'reciprocity'"),
    ({"reciprocity.images": "private", "policy.mix": {"norm:L6": 1.0}, "population.count": 2001},
     "population.count must be at most 2000 for reciprocity.images = 'private'"),
]  # fmt: skip
GIFTS: list[tuple[dict[str, Any], str]] = [
    ({"reciprocity.kind": "admission"}, f"reciprocity.kind must be requests or pool where {GIVING}"),
    ({"settlement.kind": "credit"}, f"settlement.kind must be equal where {GIVING}"),
    (DEFECTING, f"actions.available must be without defect where {GIVING}"),
    ({"clawback.share": 0.5}, f"clawback.share must be 0 where {GIVING}"),
    ({"market.model_value": 1.0}, f"market.model_value must be 0 where {GIVING}"),
    ({"menu.offer": "amounts"}, f"menu.offer must be fixed where {GIVING}"),
    ({"negotiation.kind": "shapley_coop"}, f"negotiation.kind must be none where {GIVING}"),
]  # fmt: skip


def refused(name: str, changes: dict[str, Any]) -> str:
    """The one line that refuses a scenario of the library with these changes."""
    with pytest.raises(InputError) as told:
        load(name, changes)
    line = str(told.value)
    assert "\n" not in line
    return line


@pytest.mark.parametrize(("changes", "said"), LIVE)
def test_what_does_not_fit_names_in_a_cooperative_is_one_line(changes: dict[str, Any], said: str) -> None:
    assert said in refused("reciprocity", changes)


@pytest.mark.parametrize(("changes", "said"), GIFTS)
def test_what_does_not_fit_gifts_is_one_line(changes: dict[str, Any], said: str) -> None:
    assert said in refused("leading-eight", changes)


@pytest.mark.parametrize("mix", [{"norm:L6": 1.0}, {"reciprocity": 0.5, "fixed": 0.5}, {"norm:L8": 0.1, "fixed": 0.9}])
def test_who_goes_by_names_needs_a_section_with_names(mix: dict[str, float]) -> None:
    line = refused("commons", {"policy.mix": mix})
    first = next(name for name in mix if name != "fixed")
    assert "reciprocity.kind must be requests, pool or admission" in line
    assert f"for policy.mix with {first!r}, which goes by names" in line


def test_gifts_need_names() -> None:
    assert "reciprocity.kind must be requests or pool" in refused(
        "leading-eight", {"reciprocity.kind": "none", "policy.mix": {"fixed": 1.0}}
    )


@pytest.mark.parametrize("changes", [
    {"settlement.horizon": 50, "settlement.kind": "equal"},  # where pay does not go by credit
    {"actions.available": ["delegate", "free_ride", "abstain"]},
    {"reciprocity.judges": 37},
    {"population.count": 2000, "reciprocity.images": "private", "policy.mix": {"norm:L6": 1.0}},
    {"reciprocity.kind": "pool", "policy.mix": {"norm:L6": 1.0}},
])  # fmt: skip
def test_what_lies_just_within_is_allowed(changes: dict[str, Any]) -> None:
    assert load("reciprocity", changes)


@pytest.mark.parametrize(
    ("changes", "path", "expected"),
    [
        ({}, "reciprocity.learner.rate", True),
        ({"policy.mix": {"norm:L6": 1.0}}, "reciprocity.learner.rate", False),
        ({}, "reciprocity.judges", True),
        ({}, "reciprocity.observed", False),
        ({"reciprocity.images": "private", "policy.mix": {"norm:L6": 1.0}}, "reciprocity.observed", True),
        ({"reciprocity.images": "private", "policy.mix": {"norm:L6": 1.0}}, "reciprocity.judges", False),
        ({"reciprocity.kind": "none", "policy.mix": {"fixed": 1.0}}, "reciprocity.norm", False),
    ],
)
def test_fields_count_only_where_names_do(changes: dict[str, Any], path: str, expected: bool) -> None:
    assert matters(revise(load("reciprocity"), changes), path) == expected
