"""Contract files: TOML that says who might take part and what a model is worth to them.

``docs/contracts.md`` is their reference.
"""

import json
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import ValidationError

from commonweal.agents.errors import InputError
from commonweal.economy.menus import MenuProblem
from commonweal.economy.rewards.accuracy import Accuracy, Bound, PowerLaw
from commonweal.scenarios.schema.describe import allowed
from commonweal.scenarios.schema.library import CONTRACTS, find, read_document
from commonweal.scenarios.schema.loading import named
from commonweal.scenarios.schema.notation import join_path, shorten, write_value
from commonweal.scenarios.schema.scenario import Part, field

_NAME = "letters, digits, '_', '-' and '.', not '.' first"
_TYPES = "[[type]] tables, each with cost and share"


class PartyType(Part):
    """One type of party."""

    cost: float = field(..., "what a sample costs", "money", gt=0, le=1e6)
    share: float = field(..., "probability that a party is of the type", "share", gt=0, le=1)


class Curve(Part):
    """Accuracy by samples."""

    kind: Literal["bound", "power_law"] = field("bound", "which formula")
    optimum: float = field(1.0, "accuracy by unlimited samples", "share", gt=0, le=1)
    scale: float = field(1.0, "k of the bound", "samples", gt=0, le=1e6)
    drop: float = field(1.0, "accuracy that is missing with one sample (power_law)", "share", gt=0, le=1e6)
    exponent: float = field(0.5, "how fast that vanishes (power_law)", "1", gt=0, le=10)

    def accuracy(self) -> Accuracy:
        """The curve as a function."""
        if self.kind == "bound":
            return Bound(self.optimum, self.scale)
        return PowerLaw(self.optimum, self.drop, self.exponent)


class ContractFile(Part):
    """What a contract file says."""

    name: str = field("contract", "the file's own if not given", "", _NAME, pattern=r"^[A-Za-z0-9_-][A-Za-z0-9_.-]*$")
    description: str = field("", "one line")
    parties: int = field(..., "how many take part", "parties", ge=2, le=10_000)
    value: float = field(100.0, "what a model of accuracy 1 is worth to a party", "money", gt=0, le=1e12)
    budget: float = field(1.0, "share of the model's accuracy that may be given out", "share", gt=0, le=1)
    reading: Literal["party", "published"] = field("party", "what a party expects of the others")
    samples: int = field(20_000, "outcomes drawn where there are too many", "outcomes", ge=100, le=1_000_000)
    seed: int = field(0, "of these draws", ge=0)
    accuracy: Curve = Curve()
    type: tuple[PartyType, ...] = field(..., "the types, dearest first", "", _TYPES, min_length=1, max_length=20)

    def problem(self) -> MenuProblem:
        """The question that the file asks.

        Raises:
            InputError: if its numbers are inconsistent.
        """
        costs, shares = np.array([[party.cost, party.share] for party in self.type]).T
        return MenuProblem(
            costs, shares, self.parties, self.value, self.accuracy.accuracy(),
            self.reading, self.budget, self.samples, self.seed,
        )  # fmt: skip


def read_contract(name_or_path: str | Path) -> ContractFile:
    """A contract of the library, by name, or of a TOML file, by path.

    Raises:
        InputError: if there is no such contract or something in it is not allowed.
    """
    file = find(name_or_path, {"contract": CONTRACTS})
    try:
        contract = _validated(named(read_document(file), file))
        contract.problem()
    except InputError as error:
        raise InputError(f"{file.name}: {error}") from None
    return contract


def _validated(document: Mapping[str, Any]) -> ContractFile:
    try:
        return ContractFile.model_validate_json(json.dumps(document, default=str), strict=True)
    except ValidationError as error:
        problems = sorted(error.errors(include_url=False), key=lambda problem: problem["type"] != "extra_forbidden")
        raise InputError(_sentence(problems[0]["type"], problems[0]["loc"], problems[0]["input"])) from None


def _sentence(kind: str, place: Sequence[str | int], value: Any) -> str:
    """One line on a mistake: where, what is there, what is allowed."""
    path = join_path(place)
    if kind == "extra_forbidden":
        fields = list(_spec(place[:-1])["properties"])
        close = get_close_matches(str(place[-1]), fields, n=1)
        return f"{path} is not a field; " + (f"did you mean {close[0]}?" if close else f"there are {', '.join(fields)}")
    must = f"must be {allowed(_spec(place))}"
    return f"{path} is missing: {must}" if kind == "missing" else f"{path} = {shorten(write_value(value))}: {must}"


def _spec(place: Sequence[str | int]) -> dict[str, Any]:
    """The JSON schema of what stands at a place of a contract file."""
    schema = ContractFile.model_json_schema()
    spec: dict[str, Any] = schema
    for part in place:
        spec = spec["items"] if isinstance(part, int) else spec["properties"][part]
        if "$ref" in spec:
            spec = {**spec, **schema["$defs"][spec["$ref"].rsplit("/", 1)[-1]]}
    return spec
