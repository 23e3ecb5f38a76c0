"""What the page tells in tables: headers and rows of text, ready to be shown or written to a file."""

from typing import NamedTuple

import numpy as np

from commonweal.agents.arrays import Labels
from commonweal.economy.money.ledger import MICRO, Accounts, Reason, reconcile
from commonweal.economy.tasks import Holdings
from commonweal.economy.tasks.names import names_of
from commonweal.economy.world.world import World
from commonweal.figures.browser.notes.bargain import bargain_rows
from commonweal.figures.browser.notes.chronicle import Chronicle, Sight
from commonweal.figures.browser.notes.concerns import belief_rows, concern_rows
from commonweal.figures.browser.notes.names import name_rows
from commonweal.figures.browser.notes.numbers import figure, percent
from commonweal.figures.browser.notes.shown import action_words, credit_unit, pays_money, subject, unit, words_of

RECENT = 5  # rounds that a principal's card looks back
REASONS = {  # that a name alone does not tell
    Reason.STAKE: "stake put in escrow", Reason.RELEASE: "escrow given back", Reason.SLASH: "stake slashed",
    Reason.ESCROW: "escrow for a data deal", Reason.DEAL: "data deal", Reason.TOLERANCE: "looser limits",
    Reason.TAX: "tax on changing the common limit",
    Reason.IDENTITY: "price of a name", Reason.CLAWBACK: "clawed back for harm",
    Reason.REDISTRIBUTION: "share of what was clawed back",
    Reason.REQUEST: "gift on request", Reason.WITHHELD: "pay withheld from a bad name",
    Reason.FORFEIT: "forfeited by a bad name",
}


class Table(NamedTuple):
    """A table of text."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def principal_card(chronicle: Chronicle, index: int, round: int | None = None) -> Table:
    """What there is to know of a principal after a round.

    Args:
        chronicle: of the run.
        index: which principal.
        round: after which; the newest if not given.
    """
    sight = chronicle.newest if round is None else chronicle.at(round)
    world = chronicle.world
    words = words_of(world)
    lately = [each for each in list(chronicle.sights) if 0 < each.round <= sight.round][-RECENT:]
    done = ", ".join(_action(each, index, world) for each in lately) or f"starts with {_action(sight, index, world)}"
    paid = ", ".join(f"{figure(each.payments[index])}" for each in lately) or "none yet"
    rows = [
        ("policy", world.terms.policy.names[sight.policy[index]]),
        ("last actions, oldest first", done),
        *bargain_rows(sight, index, world),
        *(_money_rows(sight, index, paid) if pays_money(world) else ()),
        ("remembered payoff, money per round", figure(sight.remembered[index])),
        ("reputation, from 0 to 1", f"{sight.reputation[index]:.2f}"),
        (f"credit of the round, {credit_unit(world)}", figure(sight.credit[index])),
        (f"credit over the horizon, {credit_unit(world)}", figure(sight.cumulated[index])),
        *(data_rows(world, index) if world.market.learns else ()),
        *([(words.cost, figure(sight.cost[index]))] if words.cost else []),
        *value_rows(chronicle, sight, index),
        *concern_rows(sight, index, world),
        *belief_rows(sight, index, world),
        *name_rows(chronicle, sight, index),
        *_mechanism_rows(sight, index),
    ]
    who = names_of(world)[index] if world.holdings.owner_names else f"principal {index}"
    return Table(("what", who), tuple(rows))


def _money_rows(sight: Sight, index: int, paid: str) -> list[tuple[str, str]]:
    return [("last payments, money, oldest first", paid), ("balance, money", money(sight.balances[index])),
            ("stake in escrow, money", money(sight.balances[_count(sight) + index]))]


def _action(sight: Sight, index: int, world: World) -> str:
    return action_words(world, int(sight.actions[index])).do


def _count(sight: Sight) -> int:
    return len(sight.actions)


def _mechanism_rows(sight: Sight, index: int) -> list[tuple[str, str]]:
    """What mechanisms from elsewhere know of a principal."""
    own = {name: values[index] for name, values in sight.mechanisms.items() if np.ndim(values)}
    return [(name.replace("_", " "), figure(value)) for name, value in own.items()]


def data_rows(world: World, index: int) -> list[tuple[str, str]]:
    """Samples held by the right class, and how many carry a wrong label: the simulation knows, its owner need not."""
    holdings = world.holdings
    start, count = holdings.start[0, index], holdings.count[0, index]
    held = holdings.held[0, start : start + count]
    truth, labels = world.truth[0, held], holdings.labels[0, held]
    wrong = int((truth != labels).sum())
    return [("samples held", str(count)), _spread(truth, holdings),
            ("wrong labels among them", f"{wrong} ({percent(wrong / count)})" if wrong else "none")]


def _spread(truth: Labels, holdings: Holdings) -> tuple[str, str]:
    """How many samples are of each class; of numbers their mean and range, in standard deviations of all."""
    if holdings.target == "number":
        return "target, standardised", f"mean {truth.mean():.2f}, from {truth.min():.2f} to {truth.max():.2f}"
    by_class = np.bincount(truth, minlength=holdings.classes)
    return "by class", ", ".join(f"{label}: {number}" for label, number in enumerate(by_class) if number)


def value_rows(chronicle: Chronicle, sight: Sight, index: int) -> list[tuple[str, str]]:
    """The limit on every probe that is a value of its own, and what the probe stands at."""
    rows = []
    for k, sense in enumerate(chronicle.world.senses):
        if not sight.own[index, k]:
            continue
        limit, level = sight.limits[index, k], level_after(chronicle, sight.round, k)
        told = f"{limit:.3f}"
        if sight.loosened[index, k]:
            limit *= 1 - sense * sight.loosened[index, k]
            told += f", for this round sold {'down' if sense > 0 else 'up'} to {limit:.3f}"
        told += "" if np.isnan(level) else f", now {level:.3f}"
        if sense * (limit - level) > 0:
            told += ", broken"
        verb = "protects" if sense < 0 else "withholds"
        bound = "at most" if sense < 0 else "at least"
        rows.append((f"{verb} {subject(chronicle.world, k)}: loss {bound}, {unit(chronicle.world, k)}", told))
    return rows


def level_after(chronicle: Chronicle, round: int, dimension: int) -> float:
    """Level of a probe after a round's step; nan where the round was not noted."""
    row = chronicle.row(round)
    return row[f"level_{dimension}"] + row[f"true_change_{dimension}"] if row else np.nan


def conservation(chronicle: Chronicle, round: int | None = None) -> str:
    """Whether money was created or lost, checked on whole micro-units: the sum of all accounts, and all transfers."""
    sight = chronicle.newest if round is None else chronicle.at(round)
    total, owed = int(sight.balances.sum()), int(sight.balances[-1])
    verdict = "" if total == 0 else ", which must be 0: money was created or lost"
    told = (f"All {len(sight.balances)} accounts add up to {money(total)} money{verdict}. "
            f"The market stands at {money(owed)}: what came in is what it owes.")
    books = [book for book in list(chronicle.books) if len(book["round"]) and book["round"][0] <= sight.round]
    if not books or not _complete(chronicle):
        return told
    rows = {name: np.concatenate([book[name] for book in books]) for name in ("run", "source", "target", "amount")}
    explained = not reconcile(rows, sight.balances[None]).any()
    verdict = "explain every balance exactly" if explained else "do not explain the balances"
    return f"{told} The {len(rows['run'])} transfers since the beginning {verdict}."


def _complete(chronicle: Chronicle) -> bool:
    """Whether every transfer since the beginning is still kept."""
    opening = bool(chronicle.world.terms.population.endowment.any())
    begun = not chronicle.rows or chronicle.rows[0]["round"] == 1
    return begun and len(chronicle.books) == len(chronicle.rows) + opening


def ledger_csv(chronicle: Chronicle) -> str:
    """All transfers kept as CSV: round, source, target, amount in money with all six decimals, reason."""
    columns, count = chronicle.transfers(), _count(chronicle.newest)
    lines = ["round,source,target,amount,reason"]
    if columns:
        rows = zip(*(columns[name].tolist() for name in ("round", "source", "target", "amount", "reason")), strict=True)
        lines += [f"{number},{Accounts(count).name(source)},{Accounts(count).name(target)},{money(amount)},{reason}"
                  for number, source, target, amount, reason in rows]
    return "\n".join(lines) + "\n"


def money(micro: int | np.int64) -> str:
    """Micro-units as money with all six decimals, exactly."""
    whole, part = divmod(abs(int(micro)), MICRO)
    return f"{'-' if micro < 0 else ''}{whole}.{part:06d}"
