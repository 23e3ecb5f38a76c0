"""What the study of explanations says in words: the largest reasons, and no more than intervals show."""

from collections.abc import Mapping, Sequence

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.economy.explaining.decisions import Place
from commonweal.economy.explaining.explanation import Explanation

_DID = {"abstain": "stayed away", "delegate": "delegated", "free_ride": "free-rode", "defect": "defected"}
_ALL = {"abstain": "stay away", "delegate": "delegate", "free_ride": "free-ride", "defect": "defect"}
NAMED = 2  # reasons that a sentence names
LEFT = 0.02  # probability that is left open, above which a sentence says so


def decided(why: Explanation, behaviour: Explanation, place: Place) -> str:
    """Why a principal did what it did, what it could expect, or what that brought.

    Args:
        why: the answer, of one decision.
        behaviour: of the same decision, which says what was seen and done.
        place: which decision.
    """
    taken = behaviour.provenance["taken"]
    answer = why.answers.index(taken) if taken in why.answers else 0
    value, base = why.value[0, answer], why.base[0, answer]
    seen = seen_in(behaviour)
    names = [f"{name} = {seen[name]}" if name in seen else name for name in why.names]
    because = reasons(why.values[0, :, answer], names, _ends(why, 0, answer))
    did = f"Principal {place.principal} {_DID[taken]} in round {place.round}"
    if why.kind == "behaviour":
        if taken not in why.answers:
            return f"{did}, which no policy proposes: {why.baseline} does not explain it."
        said = f"{did}, which it did with probability {value:.2f}, against {base:.2f} for {why.baseline}: {because}"
        return f"{said}{_left(why, answer)}."
    ahead = f"in {why.target.rpartition(' in ')[2]}"  # of "… in 10 rounds from round 40 on"
    got = "it could expect {:.4g} a round" if why.kind == "prediction" else "to decide by what it saw was worth {:.4g}"
    return f"{did}; {ahead}, {got.format(value)}, against {base:.4g} for {why.baseline}: {because}."


def _left(why: Explanation, answer: int) -> str:
    left = 0.0 if why.residual is None else float(why.residual[0, answer])
    return f"; {left:+.2f} shows in nothing that it saw" if abs(left) > LEFT else ""


def seen_in(why: Explanation) -> Mapping[str, str]:
    """What was seen in a decision, in words, by the name of the feature."""
    parts = why.provenance.get("seen", "").split("; ")
    found = ((name, part) for part in parts for name in why.names if part.startswith(f"{name} "))
    return {name: part.removeprefix(f"{name} ") for name, part in found}


def _ends(why: Explanation, run: int, answer: int) -> tuple[Floats, Floats] | None:
    found = why.intervals
    return None if found is None else (found[0][run, :, answer], found[1][run, :, answer])


def reasons(parts: Floats, names: Sequence[str], ends: tuple[Floats, Floats] | None = None) -> str:
    """The largest parts in words; of estimates those alone whose intervals leave out 0.

    Args:
        parts: (P,) what each reason adds.
        names: of the reasons.
        ends: (P,) each, of the intervals of parts.
    """
    sure = parts != 0 if ends is None else (ends[0] > 0) | (ends[1] < 0)
    largest = [int(place) for place in np.argsort(-np.abs(parts), kind="stable") if sure[place]][:NAMED]
    if not largest:
        return "nothing adds to it" if not parts.any() else "no reason's interval leaves out 0"
    return "mostly because of " + ", then ".join(f"{names[k]} ({_number(parts, k, ends)})" for k in largest)


def _number(parts: Floats, place: int, ends: tuple[Floats, Floats] | None) -> str:
    text = f"{parts[place]:+.3g}"
    return text if ends is None else f"{text} [{ends[0][place]:+.3g}, {ends[1][place]:+.3g}]"


def valued(why: Explanation, chosen: Sequence[str], when: str, run: int, answer: int) -> str:
    """What everybody's action was worth to an outcome in one run.

    Args:
        why: values of everybody.
        chosen: what each does.
        when: which profile this is, in words.
        run: of which run.
        answer: of which outcome.
    """
    names = [f"{name}'s {action.replace('_', '-')}" for name, action in zip(why.names, chosen, strict=True)]
    because = reasons(why.values[run, :, answer], names, _ends(why, run, answer))
    outcome = why.answers[answer] if why.answers else why.target
    value, base = why.value[run, answer], why.base[run, answer]
    return f"If everybody keeps to {when}, {outcome} is {value:.3g}, against {base:.3g} for {why.baseline}: {because}."


def turned(why: Explanation, ends: tuple[Floats, Floats], run: int, answer: int) -> str:
    """Which episodes decided a run.

    Args:
        why: values of episodes.
        ends: (R, E, A) each, of the intervals of values.
        run: of which run.
        answer: of which outcome.
    """
    value, base, parts = why.value[run, answer], why.base[run, answer], why.values[run, :, answer]
    low, high = (end[run, :, answer] for end in ends)
    sure = (low > 0) | (high < 0)
    said = f"The run ended with {why.answers[answer]} {value:.3g} ({why.target}), against {base:.3g} with other luck"
    if not sure.any():
        return f"{said}: no episode's luck surely decided it."
    order = [int(place) for place in np.argsort(-np.abs(parts), kind="stable") if sure[place]]
    named = ", then ".join(f"{why.names[k]} ({_number(parts, k, (low, high))})" for k in order[:NAMED])
    rest = len(parts) - len(order)
    others = f"; of {rest} of {len(parts)} episodes the interval holds 0" if rest else ""
    return f"{said}: most was decided by the luck of {named}{others}."
