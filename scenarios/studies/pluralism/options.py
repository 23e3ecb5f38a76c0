"""What the study of pluralism lets its user choose."""

from typing import Any, Literal

from commonweal.scenarios.schema.scenario import Count, Share, Utility, field
from commonweal.scenarios.studies.base import StudyOptions

Influence = Literal["none", "friedkin_johnsen", "hegselmann_krause"]


class PluralismOptions(StudyOptions):
    """Which ways of screening are compared, and what else is asked of principals who mind their values."""

    modes: tuple[Literal["off", "project", "scale", "reject"], ...] = field(
        ("project", "scale", "reject"), "modes of screening; the scenario's own if empty", "names")
    scopes: tuple[str, ...] = field(
        ("all", "quorum", "aggregate", "own"), "scopes of screening; the scenario's own if empty", "names")
    votes: tuple[str, ...] = field(
        (), "votes on the limit that holds for all, under scope all or aggregate; the scenario's own if empty", "names")
    grains: tuple[Literal["principal", "class", "sample"], ...] = field(
        (), "grains of screening; the scenario's own if empty", "names")
    credits: tuple[str, ...] = field((), "credit rules; the scenario's own if empty", "names")
    vary: dict[str, tuple[Any, ...]] = field(
        {}, "further fields of the scenario and their values, like {'settlement.horizon' = [1, 5]}", "values by path",
        "a table of lists of values by path")
    concern: Utility | None = field(
        None, "complicity concern of everybody; if not given the scenario's own, and 0.05 where it has none",
        "money per unit of probe loss and round")
    last: Share = field(0.25, "share of the rounds, at the end, that means are over")
    strictest: Share = field(
        0.05, "share of principals, the strictest in each dimension, who claim the limits of the next ones, to see what"
        " they cost; 0: not asked")
    experience: tuple[float, ...] = field(
        (0.0, 0.05), "rates values.experience to see whether values erode by gain; none leaves it out", "per round")
    homophily: tuple[Share, ...] = field(
        (0.0, 1.0), "values.homophily of camps, to see whether influence or exit wins; none leaves it out", "shares")
    influences: tuple[Influence, ...] = field(
        ("none", "friedkin_johnsen", "hegselmann_krause"), "values.influence of camps with each homophily", "names")
    workers: Count | None = field(
        None, "processes; as many as cores if not given; scripts that ask for several need a main guard", "processes")
