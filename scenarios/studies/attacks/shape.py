"""The parts of a certificate that commands go by. A file of somebody else may have any content with a true digest."""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from commonweal.agents.errors import InputError
from commonweal.scenarios.studies.attacks.certificate import Certificate


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("must be characters that can be printed")
    return text


Line = Annotated[str, AfterValidator(_printable)]  # is shown on a screen, so it must not be able to control one
Seeds = Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)]


class _Table(BaseModel):
    model_config = ConfigDict(strict=True)


class _Interval(_Table):
    value: float | None
    low: float | None
    high: float | None


class _Epsilon(_Interval):
    epsilon: float
    unit: Line
    of_mean_payoff: float | None
    strongest: Line
    by: Line


class _Both(_Table):
    """The same for gains in money and in utility."""

    money: Any
    utility: Any


class _Epsilons(_Both):
    money: _Epsilon
    utility: _Epsilon


class _Counts(_Both):
    money: int
    utility: int


class _File(_Table):
    name: Line
    base64: str


class _Scenario(_Table):
    document: dict[str, Any]
    files: dict[str, _File]
    rules: dict[str, str]


class _SeedsOfBudget(_Table):
    search: Seeds
    fresh: Seeds


class _Budget(_Table):
    families: dict[str, str]
    attacks_tried: _Counts
    seeds: _SeedsOfBudget


class _Intervals(_Table):
    confidence: float


class _Version(_Table):
    commonweal: Line
    code: Line


class _Content(_Table):
    scenario: _Scenario
    version: _Version
    budget: _Budget
    epsilon: _Epsilons
    intervals: _Intervals


class _Named(_Table):
    name: Line


class _Found(_Table):
    deviation: _Named
    by: Line
    gain: _Interval
    epsilon: float
    falls: bool


class _Verdict(_Table):
    attacks: dict[Line, str]
    seeds: dict[str, Seeds]
    found: dict[Line, _Found]


def demand_whole(certificate: Certificate, what: object = "the certificate") -> None:
    """Raise InputError where a part of a certificate that commands go by is missing or of another type.

    Args:
        certificate: whose digests are true.
        what: the message begins with, such as its file.
    """
    _demand(_Content, certificate.content, f"{what}: ")
    for number, verdict in enumerate(certificate.verdicts, start=1):
        _demand(_Verdict, verdict.content, f"{what}: verdict {number}: ")


def _demand(table: type[_Table], content: Any, where: str) -> None:
    try:
        table.model_validate(content)
    except ValidationError as error:
        path = _path(error.errors()[0]["loc"])
        raise InputError(f"{where}{path} is missing, or not as certificates have it") from None


def _path(parts: Sequence[int | str]) -> str:
    text = ".".join(map(str, parts))
    return text if text.isprintable() else ascii(text)
