"""The space of deviations to search: everything a principal can do otherwise, each in a few degrees."""

from collections.abc import Mapping
from dataclasses import replace

from commonweal.economy.futures.deviations import Deviation
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.incentives import IncentivesOptions
from commonweal.scenarios.studies.incentives.catalogue import catalogue, objections

Choice = str | float | int | None
Candidate = Mapping[str, Choice]  # a value of each dimension
Space = dict[str, tuple[Choice, ...]]  # what each dimension may be; the first value is as the scenario says

AS_BEFORE = "as before"
_DOES = ("delegate", "free_ride", "defect", "abstain", "junk", "stale", "poison")  # of the catalogue


def space_of(scenario: Scenario, horizon: int, copies: bool = False) -> Space:
    """The dimensions that make a difference in a scenario.

    Args:
        scenario: whose rules are played against.
        horizon: rounds that a deviation lasts.
        copies: whether all of one's samples may be put in under several names.
    """
    against = objections(scenario, IncentivesOptions())
    late, gone = (sorted({round(part * horizon) for part in parts}) for parts in ((0.1, 0.3), (0.5, 0.75, 0.9)))
    space: Space = {"does": (AS_BEFORE, *(name for name in _DOES if name not in against))}
    space["share"] = (1.0, 0.75, 0.5, 0.25)
    if "looser" not in against:
        space["looser"] = (0.0, -1.0, -0.5, 0.5, 1.0)
    if scenario.menu.offer == "menu":
        space["line"] = (None, *range(len(scenario.population.cost_types)))
    if scenario.rewards.kind == "shaping":
        space["dearer"] = (0.0, -0.5, -0.25, 0.5, 1.0)
    space["joins"] = (0, *(rounds for rounds in late if 0 < rounds < horizon))
    if "backdated" not in against:
        space["earlier"] = (0, *(rounds for rounds in late if 0 < rounds < horizon))
    space["leaves"] = (None, *(rounds for rounds in gone if 0 < rounds < horizon))
    if "sybil" not in against:
        space["identities"] = (1, 2, 4)
    if copies and "copies" not in against:
        space["copies"] = (1, 2, 4)
    return space


def plain(space: Space) -> dict[str, Choice]:
    """The candidate without any deviation."""
    return {name: values[0] for name, values in space.items()}


def deviation_of(candidate: Candidate, member: int) -> Deviation:
    """The candidate as a deviation of one principal."""
    does = str(candidate["does"])
    known = Deviation(AS_BEFORE, (member,)) if does == AS_BEFORE else catalogue(IncentivesOptions())[does]
    changes: dict[str, object] = {name: value for name, value in candidate.items() if name not in ("does", "copies")}
    if (names := candidate.get("copies", 1)) != 1:
        changes |= {"identities": names, "copies": True}
    return replace(known, name=described(candidate), members=(member,), **changes)  # type: ignore[arg-type]


def described(candidate: Candidate) -> str:
    """The candidate in words: what differs from the scenario."""
    words = [] if candidate["does"] == AS_BEFORE else [str(candidate["does"])]
    if candidate["share"] != 1.0:
        words.append(f"{candidate['share']:.0%} of its samples")
    if looser := float(candidate.get("looser") or 0.0):
        words.append(f"claims limits {abs(looser):.0%} {'looser' if looser > 0 else 'stricter'}")
    if isinstance(line := candidate.get("line"), int):
        words.append(f"takes line {line + 1} of the menu")
    if dearer := float(candidate.get("dearer") or 0.0):
        words.append(f"claims a cost {abs(dearer):.0%} {'higher' if dearer > 0 else 'lower'}")
    if candidate["joins"]:
        words.append(f"joins after {candidate['joins']} rounds")
    if earlier := candidate.get("earlier"):
        words.append(f"says it joined {earlier} rounds earlier")
    if candidate["leaves"] is not None:
        words.append(f"leaves after {candidate['leaves']} rounds")
    if candidate.get("copies", 1) != 1:
        words.append(f"all its samples under each of {candidate['copies']} names")
    elif candidate.get("identities", 1) != 1:
        words.append(f"under {candidate['identities']} names")
    return ", ".join(words) or "no deviation"
