"""What is known of one principal's values: what they cost it, and what its agent believes, files and asks of it."""

from commonweal.economy.world.world import World
from commonweal.figures.browser.notes.chronicle import Beliefs, Sight
from commonweal.figures.browser.notes.numbers import figure
from commonweal.figures.browser.notes.shown import ACTION_NAMES, subject, words_of

FELT = ("violated", "value cost", "utility", "its camp")  # how rows of what nobody else sees begin
_AGENT = "its agent"


def concern_rows(sight: Sight, index: int, world: World) -> list[tuple[str, str]]:
    """Whether a principal is violated, what that costs it, and what it has of a round after all; its camp."""
    camps = len(world.terms.values.camps)
    rows = [(f"its camp, of {camps} numbered from 0", str(sight.camp[index]))] if camps else []
    if not words_of(world).minds:
        return rows
    if sight.round:
        rows.append(("violated", _violated(sight, index)))
        if sight.stricter[index].any():
            rows.append(("its voice, stricter claims by", _voice(sight, index, world)))
        rows.append(("value cost of the round, money", figure(sight.value_cost[index])))
    worth = f"{figure(sight.utility[index])}: {figure(sight.remembered[index])} paid, less value cost"
    rows.append(("utility remembered, money per round", worth))
    rows.append(("value cost remembered, money per round", _by_action(sight, index, world)))
    return rows


def _violated(sight: Sight, index: int) -> str:
    number, own = int(sight.violated[index].sum()), int(sight.own[index].sum())
    if not own:
        return "holds no value"
    limits = "its limit" if own == 1 else f"{number} of its {own} limits"
    return f"yes, {limits}" if number else "no"


def _voice(sight: Sight, index: int, world: World) -> str:
    """By how much it claims stricter limits than its own: "0.12 on class 9"."""
    stricter = sight.stricter[index].tolist()
    return ", ".join(f"{figure(more)} on {subject(world, k)}" for k, more in enumerate(stricter) if more)


def _by_action(sight: Sight, index: int, world: World) -> str:
    """Actions that cost the same together: "0 for abstaining, 0.012 for whatever else it does"."""
    verbs, costs = words_of(world).actions, sight.value_costs[index]
    away, joining = float(costs[ACTION_NAMES.index("abstain")]), costs[[name != "abstain" for name in ACTION_NAMES]]
    if joining.max() - joining.min() <= 1e-12:
        return f"{figure(away)} for {verbs['abstain'].doing}, {figure(joining[0])} for taking part"
    each = (f"{figure(costs[ACTION_NAMES.index(name)])} for {verb.doing}" for name, verb in verbs.items())
    return ", ".join(each)


def belief_rows(sight: Sight, index: int, world: World) -> list[tuple[str, str]]:
    """What its agent believes and files of every limit, and what it asked about it; nothing where agents know."""
    beliefs = sight.beliefs
    if beliefs is None:
        return []
    rows = []
    for k in range(len(world.senses)):
        spread = f"{figure(beliefs.mean[index, k])} ± {figure(beliefs.sd[index, k], 2)}"
        told = f"believed {spread}, declared {figure(beliefs.declared[index, k])}"
        rows.append((f"{_AGENT} on {subject(world, k)}", told))
    asked = int(beliefs.asked[index])
    return [*rows, (f"{_AGENT} asks", _asked(beliefs, index, world)), (f"{_AGENT} has asked", f"{asked} times each")]


def _asked(beliefs: Beliefs, index: int, world: World) -> str:
    """What was asked before the round, and the answer."""
    told = [
        f"whether {figure(level)} on {subject(world, k)} is acceptable: {'no' if beliefs.objects[index, k] else 'yes'}"
        for k, level in enumerate(beliefs.question[index].tolist()) if level == level
    ]  # fmt: skip
    return "; ".join(told) or "nothing in this round"
