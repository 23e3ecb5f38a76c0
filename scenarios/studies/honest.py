"""Fields of economies in which everybody delegates: what studies hold deviations and ways of training against."""

from collections.abc import Mapping
from typing import Any

BEGIN: Mapping[str, Any] = {  # everybody delegates at first, and may react to what happens
    "population.start_delegate": 1.0, "population.start_free_ride": 0.0, "population.start_defect": 0.0,
    "population.start_abstain": 0.0, "policy.mutation": 0.0,
}  # fmt: skip
HONEST: Mapping[str, Any] = {**BEGIN, "policy.mix": {"fixed": 1.0}}  # everybody delegates, whatever happens
UNSCREENED: Mapping[str, Any] = {  # besides, nobody has values, and whatever is put in is learned from by all
    **HONEST, "population.graph": "complete", "values.dimensions": [], "values.camps": [], "screening.mode": "off",
    "screening.gate": False,
}  # fmt: skip
