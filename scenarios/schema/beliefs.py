"""What agents know of their principals' values, and how they learn them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from commonweal.scenarios.schema.fields import Count, Part, Utility, field
from commonweal.scenarios.schema.relevance import asks, learns_values


class Beliefs(Part):
    """What agents know of their principals' limits: they file what they believe, while a broken limit is a true one."""

    kind: Literal["known", "learned"] = field("known", "known: agents file the true limits; learned: they start from a prior, ask, and file what they believe", "name")
    passive: bool = field(True, "each round a person also says whether the level that the model has is acceptable", "switch", matters=learns_values)
    query: str = field("believed", "query rule, which level an agent asks about: believed (the believed limit), random, fixed (the middle of the prior), informative (whose answer tells most), or a registered rule", "name", matters=asks)
    every: Count = field(1, "rounds from one query about each dimension to the next", "rounds", matters=asks)
    most: int = field(10, "queries per principal and dimension in all", "queries", ge=0, le=1_000_000, matters=learns_values)
    cost: Utility = field(0.0, "what it costs a principal to be asked about a dimension, in money that nobody gets", "money per query", matters=asks)
    sharpness: float = field(50.0, "beta of the logistic noise in answers: a person objects with probability 1 / (1 + exp(-beta x)) to a level x beyond its limit", "per unit of probe loss", gt=0, le=1e6, matters=learns_values)
    prior_mean: tuple[Annotated[float, Field(ge=0, le=1e6)], ...] = field((), "mean of what agents think of a limit before they ask, one for each dimension; empty: the middle of the dimension's limits", "as limit", max_length=8, matters=learns_values)
    prior_sd: tuple[Annotated[float, Field(gt=0, le=1e6)], ...] = field((), "standard deviation of it, one for each dimension; empty: twice the dimension's spread, at least 0.1", "as limit", max_length=8, matters=learns_values)
    forgetting: float = field(0.0, "step of the random walk that agents think limits take in a round, in standard deviations of the prior", "standard deviations", ge=0, le=10, matters=learns_values)
    margin: float = field(0.0, "standard deviations of the belief by which agents file stricter limits than they believe in", "standard deviations", ge=0, le=100, matters=learns_values)
    points: int = field(256, "levels that agents think of, evenly spaced over four standard deviations around the prior's mean; their spacing must be below twice the standard deviation that beliefs end with", "levels", ge=16, le=8192, matters=learns_values)
