"""A sentence for every view: what happened, by rules from levels and courses; the same run always gives the same words.

A sentence claims no cause. What it says of clusters and of limits is computed.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.graphs import CompleteGraph
from commonweal.economy.money.ledger import MICRO
from commonweal.economy.money.settlement import SETTLEMENTS
from commonweal.economy.round.words import Verb
from commonweal.economy.world.world import World
from commonweal.figures.browser.notes.chronicle import Chronicle, Sight
from commonweal.figures.browser.notes.courses import Course
from commonweal.figures.browser.notes.numbers import count, figure, percent
from commonweal.figures.browser.notes.shown import pays_money, subject, words_of
from commonweal.figures.browser.notes.tables import level_after

_CLUSTERED = 0.1  # more neighbours alike than chance would give, of all
_SURE = 4.0  # standard errors
_STEADY = 10  # rounds after which what has not changed is told
_END = re.compile(r"(?<=[.?!])\s+(?=[A-Z])")


class Told(NamedTuple):
    """What stands over a view."""

    sentence: str
    context: str


@dataclass
class Watch:
    """The courses that sentences speak of, over the rows that were read, and what stays the same in a run."""

    rows: int = 0
    who: str = ""  # how many there are and how they are paid
    cooperation: Course = field(default_factory=Course)
    result: Course = field(default_factory=Course)
    apart: bool = False  # whether result and cooperation ever differed


def sentences(chronicle: Chronicle, question: str, rounds: int = 0) -> dict[str, Told]:
    """What happened up to the newest round, for every view of a run that there is.

    What was read of earlier rounds is kept, so that a call costs little while a run is played.

    Args:
        chronicle: of the run.
        question: what its scenario shows: its description.
        rounds: that the scenario asks for; 0 if that is not known.

    Returns:
        By view: society, dynamics; values and ledger where the economy has them.
    """
    world, sight, watch, asked = chronicle.world, chronicle.newest, _read(chronicle), first_sentence(question)
    who = watch.who = watch.who or sentence(_who(world))
    if not watch.rows:
        opening = Told(asked or who, _joined(who, f"{count(rounds)} rounds." if rounds else ""))
        return dict.fromkeys(_views(world), opening)
    told = {
        "society": Told(_society(watch, sight, world), _joined(asked, who, _reached(watch, world), _named(sight))),
        "dynamics": Told(_dynamics(watch, world), _joined(asked, who, _at(sight.round, rounds))),
    }
    if "values" in _views(world):
        told["values"] = Told(_values(chronicle, sight), _felt(chronicle, sight) or _protected(world))
    if "ledger" in _views(world):
        told["ledger"] = Told(_ledger(sight), _proof(sight))
    return told


def _views(world: World) -> tuple[str, ...]:
    values = ("values",) if len(world.senses) else ()
    return ("society", "dynamics", *values, *(("ledger",) if pays_money(world) else ()))


def _read(chronicle: Chronicle) -> Watch:
    """The courses up to the newest row."""
    watch = chronicle.remembered(Watch)
    for row in chronicle.rows[watch.rows :]:
        share, result, round = row["share_delegate"], row["accuracy"], int(row["round"])
        watch.cooperation.take(round, share)
        watch.result.take(round, result)
        watch.apart = watch.apart or abs(share - result) > 1e-6
    watch.rows = len(chronicle.rows)
    return watch


# Society.


def _society(watch: Watch, sight: Sight, world: World) -> str:
    """How many take part honestly, and what became of that."""
    words, course = words_of(world), watch.cooperation
    verb = words.delegate
    acts = "everybody" if course.last == 1 else "nobody" if course.last == 0 else ""
    said = f"{acts} {verb.does}" if acts else f"{percent(course.last)} {verb.do}"
    if not acts and course.shape == "fell":
        said = f"{percent(course.last)} still {verb.do}"
    if not acts and (where := _clusters(sight, world)):
        return sentence(f"{said}, {where}")
    if turned := course.turned("cooperation"):
        return _joined(sentence(said), sentence(turned))
    if rival := _rival(sight, world, course.last):
        return sentence(f"{said}, {rival}")
    if course.shape in ("fell", "rose"):
        way = "down" if course.shape == "fell" else "up"
        return sentence(f"{said}, {way} from {percent(course.start)} in the first round")
    if course.shape == "steady" and course.rounds >= _STEADY:
        return sentence(f"{said}, {'in every round' if course.low == course.high else 'about as many as at first'}")
    return sentence(said)


def _named(sight: Sight) -> str:
    """How many have a bad name; "" where names do not count."""
    if sight.requests is None:
        return ""
    bad, number = int((sight.requests.good < 0.5).sum()), len(sight.actions)
    has = "has" if bad == 1 else "have"
    return f"{count(bad) if bad else 'Nobody'}{f' of {count(number)} {has}' if bad else ' has'} a bad name."


def _rival(sight: Sight, world: World, share: float) -> str:
    """What more do than take part honestly, where there is more than one other thing to do; "" if nothing."""
    others = {name: verb for name, verb in words_of(world).actions.items() if name != "delegate"}
    if len(others) < 2:
        return ""
    shares = {name: _share(sight, name) for name in others}
    most = max(shares, key=lambda name: shares[name])
    return f"{percent(shares[most])} {others[most].do}" if shares[most] > share else ""


def _share(sight: Sight, action: str) -> float:
    return float((sight.actions == Action[action.upper()]).mean())


def _clusters(sight: Sight, world: World) -> str:
    """Whether those who take part stand together, and whether that shelters them; "" if it is not clear.

    They stand in clusters if clearly more of their neighbours take part than if all stood anywhere. Clusters shelter
    if those of them with at least as many such neighbours as others earn more in the round than all who do not take
    part.
    """
    if isinstance(world.graph, CompleteGraph):
        return ""
    acts = sight.actions == Action.DELEGATE
    number, principals = int(acts.sum()), len(acts)
    if not 1 < number < principals:
        return ""
    near = world.graph.neighbour_mean(acts[None].astype(np.float64))[0]
    expected = (number - 1) / (principals - 1)
    neighbours = float(world.graph.neighbourhood_sizes.mean()) - 1
    error = np.sqrt(expected * (1 - expected) / max(1.0, number * neighbours / 2))  # pairs of neighbours, each once
    more = float(near[acts].mean()) - expected
    if more < _CLUSTERED or more < _SURE * error:
        return ""
    inside = acts & (near >= 0.5)
    shelters = inside.any() and sight.payoffs[inside].mean() > sight.payoffs[~acts].mean()
    return "in clusters that shelter each other" if shelters else "in clusters"


# Dynamics.


def _dynamics(watch: Watch, world: World) -> str:
    """How cooperation went, and how the result, where that is another thing."""
    words = words_of(world)
    told = [watch.cooperation.told("cooperation")]
    if watch.apart or not told[0]:
        told.append(watch.result.told(words.result_told) or sentence(words.reaches(percent(watch.result.last))))
    return _joined(*(sentence(each) for each in told if each))


def _at(round: int, rounds: int) -> str:
    return f"Round {count(round)} of {count(rounds)}." if round <= rounds else f"Round {count(round)}."


# Values.


def _values(chronicle: Chronicle, sight: Sight) -> str:
    """Whose limits the model breaks, what screening takes off, and who stays away."""
    world, row = chronicle.world, chronicle.row(sight.round)
    levels = np.array([level_after(chronicle, sight.round, k) for k in range(len(world.senses))])
    broken = int(((world.senses * (sight.limits - levels) > 0) & sight.own).any(axis=1).sum())
    number = len(sight.actions)
    kept = f"the model keeps the limits of all {count(number)}"
    told = [f"the model breaks a limit of {count(broken)} of {count(number)} principals" if broken else kept]
    if world.terms.screening.mode == "off":
        told.append("screening is off")
    elif row is not None:
        told.append(f"screening takes {percent(row['screened_share'])} off updates")
    if away := int((sight.actions == Action.ABSTAIN).sum()):
        verb: Verb = words_of(world).abstain
        told.append(f"{count(away)} {verb.does if away == 1 else verb.do}")
    return _joined(*map(sentence, told))


def _felt(chronicle: Chronicle, sight: Sight) -> str:
    """Of which camps those are whose limits are broken, and what that costs them; "" where nobody minds or is."""
    world, row = chronicle.world, chronicle.row(sight.round)
    if row is None or not (words := words_of(world)).minds or not sight.violated.any():
        return ""
    violated = np.asarray(sight.violated.any(axis=1))
    camps = np.unique(sight.camp).tolist()
    whose = [f"{percent(float(violated[np.equal(sight.camp, camp)].mean()))} of camp {camp}" for camp in camps]
    cost = f"broken limits cost {figure(row['value_cost'])} money: {words.welfare} {figure(row['welfare'])}, net"
    told = f"{listed(whose)} have a limit broken" if len(whose) > 1 else ""
    said = _joined(*(sentence(each) for each in (told, f"{cost} {figure(row['net_welfare'])}") if each))
    return _joined(sentence(_valued(world)), said)


def _protected(world: World) -> str:
    """What is valued."""
    return _joined(sentence(_valued(world)), f"{count(world.shape[1])} principals.")


def _valued(world: World) -> str:
    verbs = ("protected" if sense < 0 else "withheld" for sense in world.senses)
    return listed([f"{subject(world, k)} is {verb}" for k, verb in enumerate(verbs)])


# Ledger.


def _ledger(sight: Sight) -> str:
    """What came in and who has it."""
    came, treasury, own = -int(sight.balances[-1]) / MICRO, int(sight.balances[-2]) / MICRO, float(sight.wealth.sum())
    if not came:
        return "No money has come in yet."
    said = f"{figure(came)} money came in; principals own {figure(own)} of it"
    return sentence(said + (f", the treasury {figure(treasury)}" if treasury else ""))


def _proof(sight: Sight) -> str:
    total = int(sight.balances.sum())
    return f"All {count(len(sight.balances))} accounts add up to {figure(total / MICRO)}."


# Context, and what other views write with.


@cache
def first_sentence(text: str) -> str:
    """The first sentence of a description."""
    return _END.split(text.strip(), maxsplit=1)[0]


def paid(kind: str) -> str:
    """How a settlement rule pays, as in "40 principals, paid by credit"."""
    return (SETTLEMENTS.facts(kind).paid if kind in SETTLEMENTS else "") or f"paid by {kind.replace('_', ' ')}"


def listed(texts: Sequence[str]) -> str:
    """Several things in a sentence: "a, b and c"."""
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"


def sentence(text: str) -> str:
    """Words as a sentence, with a capital and a full stop."""
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "?", "!")) else f"{text}."


def _joined(*texts: str) -> str:
    return " ".join(text for text in texts if text)


def _who(world: World) -> str:
    """How many there are and how they are paid."""
    terms, number = world.terms, f"{count(world.shape[1])} principals"
    if terms.market.public:
        group = {"all": "all in one group", "neighbourhoods": "in overlapping groups of neighbours"}.get(
            terms.market.groups, f"in groups of {terms.market.group_size}")  # fmt: skip
        shared = f"what is contributed is multiplied by {figure(float(terms.market.multiplication[0, 0]))} and shared"
        return f"{number}, {group}; {shared}"
    if not terms.market.price.any() and terms.market.model_value.any():
        return f"{number}, paid with the model"
    return f"{number}, {paid(terms.settlement.kind)}"


def _reached(watch: Watch, world: World) -> str:
    """What the result came to, unless it is what the sentence says already."""
    return sentence(words_of(world).reaches(percent(watch.result.last))) if watch.apart else ""
