"""What fields of a scenario are made of: kinds of numbers with their bounds and units, and how a section behaves."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from commonweal.scenarios.schema.relevance import Condition, Relevance

Share = Annotated[float, Field(ge=0, le=1, json_schema_extra={"unit": "share"})]
Count = Annotated[int, Field(ge=1, json_schema_extra={"unit": "count"})]
Utility = Annotated[float, Field(ge=0, le=1e6, json_schema_extra={"unit": "money"})]
PerRound = Annotated[float, Field(ge=0, le=1, json_schema_extra={"unit": "per round"})]


def field(
    default: Any, description: str, unit: str = "", allowed: str = "", matters: Condition | None = None, **bounds: Any
) -> Any:
    """A scenario field: default, one line of description, unit, bounds, and what bounds cannot say in words.

    Args:
        default: its value where a scenario does not say.
        description: one line.
        unit: of its value.
        allowed: what may stand there, to follow "must be".
        matters: whether it changes anything in a scenario; always, if not given.
        bounds: further arguments of pydantic's ``Field``.
    """
    if extra := {key: text for key, text in (("unit", unit), ("allowed", allowed)) if text}:
        bounds["json_schema_extra"] = extra
    info = Field(default, description=description, **bounds)
    if matters is not None:
        info.metadata.append(Relevance(matters))
    return info


def section(default: Any, matters: Condition) -> Any:
    """A section of a scenario that changes nothing in some scenarios."""
    info = Field(default)
    info.metadata.append(Relevance(matters))
    return info


class Part(BaseModel):
    """A section of a scenario: unknown keys are errors, values are finite, and nothing changes after validation."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=False)
