"""The card of one principal as a document: what it does, its life, its numbers, and why, as far as that is known."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.graphs import SparseGraph
from commonweal.economy.tasks.names import names_of
from commonweal.economy.world.world import World
from commonweal.figures.browser.documents.glances import BAD, Glances, bad_names
from commonweal.figures.browser.documents.why import why_document
from commonweal.figures.browser.notes.bargain import bargain_rows, why_so_many
from commonweal.figures.browser.notes.chronicle import Chronicle, Sight
from commonweal.figures.browser.notes.concerns import FELT, belief_rows, concern_rows
from commonweal.figures.browser.notes.names import giving_table, goes_by_names, judging_table, name_rows, why_its_name
from commonweal.figures.browser.notes.numbers import figure, known, percent
from commonweal.figures.browser.notes.reasons import reason
from commonweal.figures.browser.notes.shown import action_words, credit_unit, gives_models, pays_money, words_of
from commonweal.figures.browser.notes.tables import data_rows, principal_card, value_rows
from commonweal.figures.browser.notes.why import why

Document = dict[str, Any]

LIFE = 2000  # rounds of a life that are sent one by one
COURSE = 120  # buckets of a small course
_SHOWN = (Action.DELEGATE, Action.FREE_RIDE, Action.DEFECT, Action.ABSTAIN)  # the order in which actions are offered


def card_document(
    chronicle: Chronicle, index: int, round: int | None = None, glances: Glances | None = None
) -> Document:
    """What the card of a principal shows of a round.

    Args:
        chronicle: of the run.
        index: which principal.
        round: which; the newest if not given.
        glances: of the run, which keep more rounds than the chronicle.

    Returns:
        ``kind`` "card"; ``index``, ``name``, ``round``; ``action`` (a code) and ``does`` ("delegates"); ``life``: the
        rounds ``first`` to ``last`` and ``actions``, codes at equal distances, with ``bad`` beside them where names
        count: 1 where its name was bad after the round; ``numbers``: at most four of ``title``,
        ``unit``, ``text`` and ``course``, values at equal distances over the rounds of ``courses`` (first and last),
        None where not known; ``asks``: what "What if it …?" can be asked of, each an ``action`` or a ``line`` with its
        ``text``; and ``sections``, in order, each with ``kind`` and ``title``, shown folded where ``folded``:

        - waterfall: ``text``, ``rows`` of ``text`` with ``low`` and ``high`` of the bar (chances), ``said`` beside it,
          ``is`` "base", "part" or "whole", and ``action``; ``note`` says how exact it is;
        - bars: ``unit``, ``rows`` of ``action``, ``text``, ``value``, ``said``, ``did``; ``note``;
        - rows: ``rows`` of [what, text], or [what, text, "simulation"] where only the simulation knows it;
        - text: ``text``;
        - table: ``headers`` and ``rows`` of text;
        - futures: see ``futures_document``.
    """
    sight = chronicle.newest if round is None else chronicle.at(round)
    world, lived = chronicle.world, [each for each in list(chronicle.sights) if each.round > 0]
    action = int(sight.actions[index])
    return {
        "kind": "card", "index": index, "name": name_of(world, index), "round": sight.round,
        "action": action, "does": action_words(world, action).does,
        "life": _life(*_deeds(lived, index) if glances is None else glances.deeds(index), sight.requests is not None),
        "numbers": _numbers(lived, sight, index, world),
        "courses": [lived[0].round, lived[-1].round] if lived else [0, 0],
        "asks": _asks(world), "sections": [each for each in _sections(chronicle, sight, index) if each],
    }


def name_of(world: World, index: int) -> str:
    """What a principal is called."""
    return names_of(world)[index] if world.holdings.owner_names else f"Principal {index}"


def _sections(chronicle: Chronicle, sight: Sight, index: int) -> Sequence[Document]:
    world = chronicle.world
    everything = [["why, in words", reason(chronicle, index, sight.round)],
                  *map(list, principal_card(chronicle, index, sight.round).rows)]
    return (
        _why(chronicle, sight, index), *_of_names(chronicle, sight, index),
        _text("Why so many samples?", why_so_many(sight, index, world)),
        _alternatives(sight, index, world),
        _rows("Its name and requests", name_rows(chronicle, sight, index)),
        _rows("What it values", [*value_rows(chronicle, sight, index), *concern_rows(sight, index, world)],
              simulation=True),
        _rows("What its agent knows of that", belief_rows(sight, index, world)),
        _rows("What was agreed", bargain_rows(sight, index, world), folded=True),
        _rows("Its data", data_rows(world, index) if world.market.learns else [], folded=True, simulation=True),
        _rows("Everything known of it", everything, folded=True),
    )


def _of_names(chronicle: Chronicle, sight: Sight, index: int) -> Sequence[Document]:
    """Its name, why it has it, and how it gives and judges where it learns to; nothing where names do not count."""
    before, world = chronicle.at(sight.round - 1), chronicle.world
    if sight.requests is None or before.round != sight.round - 1:
        return ()
    name, norm = ("good", "bad")[int(bad_names(sight)[index])], world.terms.reciprocity.norm
    giving, judging = (of(before, sight, index, world) for of in (giving_table, judging_table))
    return (
        _text(f"Why is its name {name}?", why_its_name(before, sight, index, world)),
        _table("How it gives", ["itself", "the other", "gives", norm], giving),
        _table("How it judges", ["donor", "recipient", "act", "called good", norm], judging),
    )


def _table(title: str, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> Document:
    return {"kind": "table", "title": title, "headers": headers, "rows": rows} if rows else {}


def _text(title: str, text: str) -> Document:
    return {"kind": "text", "title": title, "text": text} if text else {}


def _rows(title: str, rows: Sequence[Sequence[str]], *, folded: bool = False, simulation: bool = False) -> Document:
    told = [[*row, "simulation"] if simulation and _hidden(row[0]) else list(row) for row in rows]
    return {"kind": "rows", "title": title, "rows": told, "folded": folded} if told else {}


def _hidden(what: str) -> bool:
    """Whether only the simulation knows it: wrong labels, limits as they truly are, and what a principal feels."""
    return what.startswith(("wrong labels", "protects", "withholds", *FELT))


def _deeds(lived: Sequence[Sight], index: int) -> tuple[int, list[int]]:
    """The first round, and what a principal did in each, with ``BAD``."""
    deeds = [int(sight.actions[index] + BAD * bad_names(sight)[index]) for sight in lived]
    return lived[0].round if lived else 0, deeds


def _life(first: int, deeds: list[int], named: bool) -> Document:
    """What it did in every round kept, or in buckets of rounds where those are many, and where its name was bad."""
    last = first + len(deeds) - 1 if deeds else 0
    thin = deeds if len(deeds) <= LIFE else _thinned_life(np.array(deeds)).tolist()
    bad = {"bad": [deed // BAD for deed in thin]} if named else {}
    return {"first": first, "last": last, "actions": [deed % BAD for deed in thin], **bad}


def _thinned_life(actions: Ints) -> Ints:
    """Two actions a bucket, its commonest and its rarest as they came, so that a single round still shows."""
    kept = []
    for bucket in np.array_split(actions, LIFE // 2):
        codes, first, counts = np.unique(bucket, return_index=True, return_counts=True)
        pair = {int(counts.argmax()), len(counts) - 1 - int(counts[::-1].argmin())}  # at a tie both
        chosen = sorted(pair, key=lambda each: first[each])
        kept += [codes[chosen[0]], codes[chosen[-1]]]
    return np.array(kept)


def thinned(course: Floats, buckets: int = COURSE) -> Floats:
    """A course with the lowest and the highest of each bucket as they came, so that peaks survive; short ones as is."""
    if len(course) <= 2 * buckets:
        return course
    kept = []
    for bucket in np.array_split(course, buckets):
        known_there = np.isfinite(bucket)
        low = int(np.where(known_there, bucket, np.inf).argmin())
        high = int(np.where(known_there, bucket, -np.inf).argmax())
        kept += [bucket[min(low, high)], bucket[max(low, high)]]
    return np.array(kept)


def _numbers(lived: Sequence[Sight], sight: Sight, index: int, world: World) -> list[Document]:
    """The four numbers of a card: by money, by what is learned, and by what is given."""
    return [
        {"title": title, "unit": unit, "text": figure(float(of(sight)[index])),
         "course": known(thinned(np.array([of(each)[index] for each in lived], dtype=np.float64)))}
        for title, unit, of in _measured(world)
    ]


def _measured(world: World) -> list[tuple[str, str, Callable[[Sight], Floats | Ints]]]:
    money, public = pays_money(world), world.terms.market.public
    found: list[tuple[bool, tuple[str, str, Callable[[Sight], Floats | Ints]]]] = [
        (money, ("wealth", "money", lambda sight: sight.wealth)),
        (money or not gives_models(world), ("pay a round", "money", lambda sight: sight.payoffs)),
        (not money, ("samples put in", "so far", lambda sight: sight.contributed)),
        (not money and gives_models(world), ("its model", "accuracy", lambda sight: sight.given)),
        (words_of(world).minds, ("value cost", "money", lambda sight: sight.value_cost)),
        (not words_of(world).minds, ("reputation", "", lambda sight: sight.reputation)),
        (not public, ("credit", credit_unit(world), lambda sight: sight.credit)),
        (public, ("pays in", "money", lambda sight: sight.credit)),
    ]
    return [measure for applies, measure in found if applies][:4]


def _asks(world: World) -> list[Document]:
    """What a principal may be made to do in a future: every available action, or every line of the menu."""
    asks: list[Document] = [{"action": int(code), "text": f"What if it {action_words(world, code).did}?"}
                            for code in _SHOWN if code in world.terms.available]
    if world.terms.menu.offer == "menu":
        lines = range(len(world.terms.population.cost_types))
        asks += [{"line": line, "text": f"What if it took line {line + 1}?"} for line in lines]
    return asks


# Why it did that.


def _why(chronicle: Chronicle, sight: Sight, index: int) -> Document:
    """The waterfall where the chances of its policy are known, else the reason in words."""
    world, action = chronicle.world, Action(int(sight.actions[index]))
    title = f"Why does it {action_words(world, action).do}?"
    found = why(chronicle, index, sight.round) if sight.round else None
    if found is None or not found.chance > 0:
        return _text(title, reason(chronicle, index, sight.round))
    before = chronicle.at(sight.round - 1)
    return {**why_document(found, action, world, _weighs(chronicle, before, index, action)), "title": title}


def _weighs(chronicle: Chronicle, before: Sight, index: int, action: Action) -> str:
    """What its policy does, in a sentence or two."""
    world = chronicle.world
    terms = world.terms.policy
    name = terms.names[int(before.policy[index])]
    if goes_by_names(world, before, index):
        return reason(chronicle, index, before.round + 1)
    if name not in _POLICIES:
        return ""
    told = _POLICIES[name]
    if before.value_costs.size:
        told = _MINDING.get(name, told)
    if name == "imitation":
        told += _others_earn(before, index, action, world)
    if name == "learning":
        told += f" It tries something else with probability {figure(float(terms.learning.exploration[0, 0]))}."
    revision = float(terms.revision[0, 0])
    return told if revision >= 1 else f"{told} It reconsiders in {percent(revision)} of rounds."


_POLICIES = {
    "imitation": "It imitates who earns more.",
    "best_response": "It does what would have paid most in the round before.",
    "learning": "It does what it has learned to pay most.",
    "conditional": "It does as its neighbours do, in its own way.",
    "fixed": "It does what it did.",
    "wait_and_see": "It stays away until joining would have paid more, then joins for good.",
}


_MINDING = _POLICIES | {  # where broken limits cost something
    "imitation": "It imitates those whose pay, less the value cost of doing so, exceeds its utility.",
    "best_response": "It does what would have been worth most in the round before, value cost subtracted.",
    "learning": "It does what it has learned to be worth most, value cost subtracted.",
    "wait_and_see": "It stays away until joining would have been worth more, value cost subtracted; then it stays.",
}


def _others_earn(before: Sight, index: int, action: Action, world: World) -> str:
    mean, own = _pay_of(before, index, action, world), float(before.utility[index])
    if np.isnan(mean):
        return f" Nobody whom it may meet was {action_words(world, action).doing}."
    cost = float(before.value_costs[index, action]) if before.value_costs.size else 0.0
    than = "more than" if mean - cost > own else "less than" if mean - cost < own else "as much as"
    if not before.value_costs.size:
        return f" Those who {action_words(world, action).do} earn {than} it remembers."
    earn = f"{figure(mean)} less {figure(cost)}" if cost else figure(mean)
    return f" From those who {action_words(world, action).do} that is {earn}, {than} its utility."


def _pay_of(before: Sight, index: int, action: Action, world: World) -> float:
    """Mean remembered pay of those it may meet who do something; nan where nobody does."""
    graph, met = world.graph, np.arange(len(before.actions))
    if world.terms.policy.imitation.reach == "neighbours" and isinstance(graph, SparseGraph):
        met = graph.indices[graph.indptr[index] : graph.indptr[index + 1]]
    met = met[met != index]
    theirs = before.remembered[met[before.actions[met] == action]]
    return float(theirs.mean()) if theirs.size else np.nan


# What else would have paid.


def _alternatives(sight: Sight, index: int, world: World) -> Document:
    """What every action would have paid in the round, the best first; nothing where that was not worked out."""
    paid = sight.foregone[index]
    there = [code for code in np.argsort(-paid, kind="stable").tolist() if np.isfinite(paid[code])]
    if not sight.round or len(there) < 2:
        return {}
    did = int(sight.actions[index])
    rows = [{"action": code, "text": action_words(world, code).do, "value": float(paid[code]),
             "said": figure(float(paid[code])), "did": code == did} for code in there]
    note = "the others to first order, everybody else alike" if world.market.learns else "exact, everybody else alike"
    asked = f"What else would have paid in round {sight.round}?"
    if sight.value_costs.size:
        asked, note = f"What would each have been worth in round {sight.round}?", f"value cost subtracted; {note}"
    return {"kind": "bars", "title": asked, "unit": "money", "rows": rows, "note": note}
