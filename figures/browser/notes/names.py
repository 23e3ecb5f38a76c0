"""Why a principal gave or refused where names count, why it has the name it has, and what came of its request."""

from dataclasses import dataclass

import numpy as np
from scipy.special import bdtrc

from commonweal.agents.arrays import Floats
from commonweal.agents.policies.norms import PREFIX
from commonweal.agents.reciprocity.learner import Outlook, Situation, outlook
from commonweal.agents.reciprocity.norms import Norm, norm_of
from commonweal.economy.world.world import World
from commonweal.figures.browser.notes.chronicle import Chronicle, Sight
from commonweal.figures.browser.notes.numbers import count, figure, percent
from commonweal.figures.browser.notes.requests import Requests

TOLD = 5  # judges whose verdicts are told one by one
LEARNER = "reciprocity"  # the policy of those who learn whom to give to
_SCHEDULES, _MEETINGS = 32, 200_000  # schedules that a good name's worth is a mean over, and meetings in all of them
_NAMES = ("bad", "good")
_ACTS = ("refused", "gave to")


def goes_by_names(world: World, sight: Sight, index: int) -> bool:
    """Whether a principal gives or refuses by names."""
    name = _policy(world, sight, index)
    return sight.requests is not None and (name == LEARNER or _is_norm(name))


def _policy(world: World, sight: Sight, index: int) -> str:
    return world.terms.policy.names[int(sight.policy[index])]


def _is_norm(name: str) -> bool:
    return name.startswith(f"{PREFIX}:")


def _norm_name(world: World, sight: Sight, index: int) -> str:
    """By which norm a principal judges, and gives if it goes by one."""
    name = _policy(world, sight, index)
    return name.partition(":")[2] if _is_norm(name) else world.terms.reciprocity.norm


# Why it gave or refused.


def why_it_gave(before: Sight, sight: Sight, index: int, world: World) -> str:
    """Why a principal that goes by names gave or refused, in a few sentences.

    Args:
        before: the round before, which it saw.
        sight: the round.
        index: which principal.
        world: of one run.
    """
    told = sight.requests
    assert told is not None
    if told.away[index]:
        return "Its name had become bad, and a bad name must stay away for some rounds."
    if not told.meets[index]:
        return "It had nobody's request in this round, and who meets nobody delegates for itself."
    eyes = " in its eyes" if _private(world) else ""
    said = f"It {_deed(told, index)}, whose name was {_NAMES[told.other[index]]}{eyes}"
    if _policy(world, sight, index) == LEARNER:
        return f"{said}. {_learned(before, told, index, world)}"
    name = _norm_name(world, sight, index)
    x, y = int(told.before[index]), int(told.other[index])
    act = norm_of(name).act
    thing = "data" if world.market.learns else "gifts"
    rule = f"{said}: {name} gives a {_NAMES[x]} donor's {thing} {_to_whom(act[x])}."
    return f"{rule}{_otherwise(float(act[x, y]), bool(told.gave[index]), world)}"


def _deed(told: Requests, index: int) -> str:
    return f"{_ACTS[int(told.gave[index])]} {told.counterpart[index]}"


def _to_whom(chances: Floats) -> str:
    """To whom a donor gives, by its chances with a bad and with a good recipient."""
    bad, good = chances.tolist()
    plain = {(0, 0): "to nobody", (0, 1): "only to the good", (1, 0): "only to the bad", (1, 1): "to anybody"}
    return plain.get((bad, good), f"to the good with probability {figure(good)}, to the bad with {figure(bad)}")


def _otherwise(meant: float, gave: bool, world: World) -> str:
    """What made it act against its rule, where it did; "" where it did not."""
    if 0 < meant < 1 or gave == bool(meant):
        return ""
    terms = world.terms
    fails, strays = float(terms.reciprocity.execution[0, 0]), float(terms.policy.mutation[0, 0])
    ways = [f"its gift failed, which {percent(fails)} of gifts do"] if fails and not gave else []
    ways += [f"it acted at random, which happens in {percent(strays)} of rounds"] if strays else []
    ways += ["it did not reconsider"] if float(terms.policy.revision[0, 0]) < 1 else []
    meant_to = "give" if meant else "refuse"
    return f" So it would {meant_to}; {' or '.join(ways) or 'something else made it act'}."


def _learned(before: Sight, told: Requests, index: int, world: World) -> str:
    """What a learner has come to in the case at hand, and what its planning says of it."""
    x, y = int(told.before[index]), int(told.other[index])
    case = f"a {_NAMES[x]} donor to a {_NAMES[y]} recipient"
    if before.requests is None or before.requests.learning is None or before.requests.giving is None:
        return ""
    if not before.requests.learning.counts.acts.any():
        return "It has seen nobody give or refuse yet, and gives with probability ½ to anybody."
    chance = percent(float(before.requests.giving[index, x, y]))
    planned = _planned(before.requests, index, x, y, world)
    return f"It has learned to give with probability {chance} as {case}. {planned}"


def _planned(seen: Requests, index: int, x: int, y: int, world: World) -> str:
    """What giving costs now, what it does to its name, and what a good name is worth, as the learner sees it."""
    look, terms = _outlook(seen, index, world), world.terms.reciprocity
    refused, gave = look.called_good[0, x, y].tolist()
    says = f"judges call a gift here good with {percent(gave)} and a refusal with {percent(refused)}"
    more = float(look.good_name[0])
    worth = f"a good name is worth {_more(more)} than a bad one"
    named = bdtrc(terms.judges // 2, terms.judges, np.array([refused, gave]))  # by a majority
    cost = float(seen.costs[index])
    gain = float(named[1] - named[0]) * more - cost
    ahead = f"in the {count(terms.learner.ahead)} rounds that it plans {worth}"
    seen_so = f"By what it has seen, {says}, and {ahead}"
    return f"Giving costs {figure(cost)} money now. {seen_so}: so giving is worth {_more(gain)} than refusing."


def _more(gain: float) -> str:
    return f"{figure(abs(gain))} {'more' if gain >= 0 else 'less'}"


def _outlook(seen: Requests, index: int, world: World) -> Outlook:
    """How the learner sees the rounds ahead; schedules are drawn from a seed of their own, always the same."""
    terms, size = world.terms.reciprocity, len(seen.after)
    assert seen.learning is not None
    benefit = np.full((1, size), seen.benefit)
    situation = Situation(seen.after[None], seen.learning.counts, benefit, seen.costs[None], terms.errors,
                          norm_of(terms.norm), terms.judges, terms.dissent)  # fmt: skip
    ahead = terms.learner.ahead
    schedules = max(1, min(_SCHEDULES, _MEETINGS // (ahead * size)))
    luck = np.random.default_rng(0).random((1, ahead, schedules, size))
    who = (np.arange(size) == index)[None]
    return outlook(seen.learning.learners, who, situation, terms.learner, luck)


# Why it has its name.


def why_its_name(before: Sight, sight: Sight, index: int, world: World) -> str:
    """Who judged a principal in a round, what each said and why; "" where nobody did.

    Args:
        before: the round before, as the judges saw it.
        sight: the round.
        index: which principal.
        world: of one run.
    """
    told = sight.requests
    if told is None or not sight.round:
        return ""
    name = _NAMES[told.after[index]]
    if _private(world):
        return f"Everybody judges alone: it is good in the eyes of {percent(float(told.good[index]))} of others."
    votes, judges = int(told.verdicts[index].sum()), told.judges.shape[1]
    outvoted = "As a judge it was outvoted, which cost it its good name." if told.outvoted[index] else ""
    if not told.meets[index]:
        stays = outvoted or f"Its name stays {name}."
        return f"Nobody judged it, since it had nobody's request. {stays}"
    said = [_verdict(before, sight, index, seat, world) for seat in range(min(judges, TOLD))]
    if judges > 1:
        said.append(f"{votes} of {judges} judges said good{'' if outvoted else f', so its name is {name}'}.")
    return " ".join([*said, outvoted]).strip()


@dataclass(frozen=True)
class _Case:
    """What a judge had before it, and what it said."""

    judge: int
    x: int  # name of the donor
    y: int  # name of its recipient
    gave: int
    good: bool  # what it said

    @property
    def verdict(self) -> str:
        """In words."""
        return _NAMES[int(self.good)]

    @property
    def deed(self) -> str:
        """What the donor did, in words."""
        return f"{_ACTS[self.gave]} a {_NAMES[self.y]} one"


def _verdict(before: Sight, sight: Sight, index: int, seat: int, world: World) -> str:
    """A judge's verdict with its reason: "Judge 23 called it bad because it refused a good one"."""
    told = sight.requests
    assert told is not None
    case = _Case(int(told.judges[index, seat]), int(told.before[index]), int(told.other[index]), int(told.gave[index]),
                 bool(told.verdicts[index, seat]))  # fmt: skip
    called = f"Judge {case.judge} called it {case.verdict}"
    if bought := _dishonest(case, index, world):
        return f"{called}: {bought}."
    if world.terms.reciprocity.learner.signals == "learned" and _policy(world, sight, case.judge) == LEARNER:
        return f"{called} after it {case.deed}: {_as_it_learned(before, case)}."
    name = _norm_name(world, sight, case.judge)
    norm = norm_of(name)
    meant = float(norm.assess[case.x, case.y, case.gave])
    while_named = f" while {_NAMES[case.x]} itself" if _depends_on_donor(norm, case) else ""
    if 0 < meant < 1:
        return f"{called} after it {case.deed}{while_named}, which {name} calls good with probability {figure(meant)}."
    if case.good == bool(meant):
        return f"{called} because it {case.deed}{while_named}."
    rule = f"although {name} calls {_NAMES[int(meant)]} whoever {case.deed}{while_named}"
    return f"{called} {rule}: {_error(norm, case, world)}."


def _depends_on_donor(norm: Norm, case: _Case) -> bool:
    return bool(norm.assess[0, case.y, case.gave] != norm.assess[1, case.y, case.gave])


def _dishonest(case: _Case, index: int, world: World) -> str:
    """Why a judge did not say what it thinks; "" where it did."""
    conduct = world.conduct
    if conduct is None:
        return ""
    ring = conduct.ring[0]
    if ring[case.judge] >= 0 and ring[case.judge] == ring[index]:
        return "both are of a ring whose members praise each other"
    return "it slanders, whatever is done" if conduct.slanders[0, case.judge] else ""


def _as_it_learned(before: Sight, case: _Case) -> str:
    """With which chance a learner means to call such a deed good."""
    seen = before.requests
    if seen is None or seen.judging is None:
        return "it judges as it has learned"
    chance = float(seen.judging[case.judge, case.x, case.y, case.gave])
    return f"it has learned to call that good with probability {percent(chance)}"


def _error(norm: Norm, case: _Case, world: World) -> str:
    """Which error made a verdict differ from the norm; where either may have, how likely each is."""
    terms = world.terms.reciprocity
    missees, turns = float(terms.perception[0, 0]), float(terms.assignment[0, 0])
    turned = "its verdict was turned by mistake"
    misseen = "it took the refusal for a gift"
    could = not case.gave and bool(norm.assess[case.x, case.y, 1]) == case.good and missees > 0
    if not could:
        return turned
    if not turns:
        return misseen
    by_seeing, by_turning = missees * (1 - turns), (1 - missees) * turns
    share = by_seeing / (by_seeing + by_turning)
    return f"{misseen} ({percent(share)} likely), or {turned} ({percent(1 - share)})"


# What there is to know.


def name_rows(chronicle: Chronicle, sight: Sight, index: int) -> list[tuple[str, str]]:
    """The name of a principal, whose request it had, what it did, who judged it, and what moved."""
    told = sight.requests
    if told is None:
        return []
    rows = [("its name", _name(told, index, chronicle.world))]
    if not sight.round:
        return rows
    rounds = [each for each in list(chronicle.sights) if 0 < each.round <= sight.round and each.requests is not None]
    bad = sum(each.requests.good[index] < 0.5 for each in rounds if each.requests is not None)
    rows.append(("rounds after which it was bad", f"{count(bad)} of {count(len(rounds))}"))
    if told.meets[index]:
        other = f"principal {told.counterpart[index]}, whose name was {_NAMES[told.other[index]]}"
        moved = _moved(told, index, chronicle.world)
        rows += [("whose request it had", other), moved]
        rows += [] if _private(chronicle.world) else [("its judges", _judges(told, index))]
    return [*rows, *_received(told, index), *_stakes(told, index)]


def _moved(told: Requests, index: int, world: World) -> tuple[str, str]:
    """What it did, and what became of its pay."""
    if not told.gave[index]:
        return "what it did", "refused"
    amount, kind = told.given[index], world.terms.reciprocity.kind
    if kind == "admission":
        withheld = f", but its pay, {figure(amount)} money, was withheld"
        return "what it did", "gave" + (withheld if amount > 0 else "")
    if not amount:
        return "what it did", "gave, but was paid nothing"
    return "what it did", f"gave {figure(amount)} money{' to the pool' if kind == 'pool' else ''}"


def _judges(told: Requests, index: int) -> str:
    """What each judge said; of many the first."""
    each = list(zip(told.judges[index].tolist(), told.verdicts[index].tolist(), strict=True))
    said = ", ".join(f"{judge} says {_NAMES[int(good)]}" for judge, good in each[:TOLD])
    return said if len(each) <= TOLD else f"{said} and {len(each) - TOLD} others"


def _private(world: World) -> bool:
    """Whether everybody has a name in the eyes of each."""
    return world.terms.reciprocity.images == "private"


def _name(told: Requests, index: int, world: World) -> str:
    if _private(world):
        own = _NAMES[told.after[index]]
        return f"good in the eyes of {percent(float(told.good[index]))} of others, {own} in its own"
    now, before = told.after[index], told.before[index]
    return _NAMES[now] if now == before else f"{_NAMES[now]}, was {_NAMES[before]} before the round"


def _received(told: Requests, index: int) -> list[tuple[str, str]]:
    """Who had its request, and what came of that."""
    asked = np.flatnonzero((told.counterpart == index) & told.meets)
    if not asked.size:
        return []
    donor = int(asked[0])
    came = f"principal {donor}, who {'gave' if told.gave[donor] else 'refused'}"
    return [("who had its request", came), ("received by requests, money", figure(told.received[index]))]


def _stakes(told: Requests, index: int) -> list[tuple[str, str]]:
    worth = ("what a gift is worth, money", figure(told.benefit))
    forfeit = float(told.forfeit[index])
    side = "had of what bad names forfeit, money" if forfeit > 0 else "forfeited by its bad name, money"
    lost = [(side, figure(abs(forfeit)))] if forfeit else []
    return [*lost, worth, ("what giving costs it, money", figure(told.costs[index]))]


def giving_table(before: Sight, sight: Sight, index: int, world: World) -> list[list[str]]:
    """How a learner gives by names, beside the norm: rows of both names, its chance, the norm's; none for others."""
    seen = before.requests
    if seen is None or seen.giving is None or _policy(world, sight, index) != LEARNER:
        return []
    act = norm_of(world.terms.reciprocity.norm).act
    return [[_NAMES[x], _NAMES[y], percent(float(seen.giving[index, x, y])), percent(float(act[x, y]))]
            for x, y in np.ndindex(2, 2)]


def judging_table(before: Sight, sight: Sight, index: int, world: World) -> list[list[str]]:
    """How a learner judges who learns that too, beside the norm: rows of names and deed, and two chances of good."""
    seen, terms = before.requests, world.terms.reciprocity
    learns = terms.learner.signals == "learned" and _policy(world, sight, index) == LEARNER
    if seen is None or seen.judging is None or not learns:
        return []
    assess = norm_of(terms.norm).assess
    return [[_NAMES[x], _NAMES[y], ("refuses", "gives")[a], percent(float(seen.judging[index, x, y, a])),
             percent(float(assess[x, y, a]))] for x, y, a in np.ndindex(2, 2, 2)]
