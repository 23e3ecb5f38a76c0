"""The economy that others are measured against: everybody always delegates."""

from commonweal.scenarios.schema.loading import revise
from commonweal.scenarios.schema.scenario import Scenario


def benchmark(scenario: Scenario) -> Scenario:
    """The economy in which everybody always delegates, against which the price of anarchy is measured.

    Its credit, settlement and policy are always the same, so points that differ only in those share it: nobody
    reconsiders, and with equal shares and no reserve all revenue reaches the principals.
    """
    starts = {f"population.start_{action}": 0.0 for action in ("free_ride", "defect", "abstain")}
    return revise(
        scenario,
        {
            "name": "all-delegate",
            "description": "",
            "actions.available": sorted({*scenario.actions.available, "delegate"}),
            "policy": {"mix": {"fixed": 1.0}, "mutation": 0.0},
            "credit": {},
            "settlement": {"kind": "equal"},
            "population.start_delegate": 1.0,
            **starts,
        },
    )
