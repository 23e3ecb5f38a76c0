"""The document that the view Compare draws: words, differences and numbers, with courses as bytes."""

from typing import Any

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.figures.browser.compared.compared import (
    Compared,
    Guess,
    Measure,
    asked,
    context,
    digits_of,
    headline,
    short_names,
    told_apart,
)
from commonweal.figures.browser.notes.numbers import fixed
from commonweal.scenarios.runs.intervals import Interval, mean_interval

PANELS = 3
_HOW = "Drag in the panel, or use the arrow keys; then show the result."
FEW, ENOUGH, MORE = 5, 8, 16  # seeds that are few, that there should be, and that are offered beyond


Document = dict[str, Any]


def compare_document(compared: Compared, guess: Guess | None = None, single: bool = False) -> tuple[Document, bytes]:
    """What is shown of rules that were played with the same seeds.

    Args:
        compared: the rules and their courses.
        guess: what the reader drew before seeing them.
        single: whether courses of single seeds are sent along.

    Returns:
        The courses as bytes, float32 of ``shape`` (panels, rules, lines, T), nan where unknown; lines are the mean, the
        low and the high end of its band, then single seeds. And the document, in which no number is nan but None:
        ``sentence`` and ``context``: what came out.
        ``note``: what came of a guess, that seeds are few, and why a rule could not be played, or "".
        ``rules``: ``name``, ``short`` (on its curve), ``changes``, and ``error``, "" where it was played.
        ``seeds``: the numbers of those that are shown; ``rounds``: T.
        ``panels``: ``title``, ``share`` (its axis ends at 0 and 1) and ``reach``: least and largest value, and 0.
        ``differences``: ``title``, ``note``, ``zero`` (where the zero line stands, 0 to 1 from the left) and ``rows``:
        ``title``, ``scale`` (what the full width stands for) and ``entries``: ``rule`` (its place), ``value``, ``low``,
        ``high``, ``dots`` (by seed), ``text``, and ``verdict``: "more", "less", or why there is none.
        ``more``: ``seeds`` that are offered, and the ``text`` of the button.
        ``question``: ``sentence`` and ``context`` while a guess is drawn.
        ``guess``: ``rule``, ``first``, ``values`` and ``text``, or None.
        ``table``: ``title``, ``headers`` and ``rows`` of texts.
    """
    shown = compared.measures[:PANELS]
    lines = _lines(compared, len(shown), single)
    seeds = len(compared.seeds)
    drawn = None if guess is None else _guess(compared, guess)
    document = {
        "kind": "compare",
        "sentence": headline(compared) if compared.done else asked(compared),
        "context": context(compared) if compared.done else f"Not all is played yet. {context(compared)}",
        "note": _note(compared, drawn),
        "rules": _rules(compared),
        "seeds": list(compared.seeds),
        "rounds": compared.rounds,
        "panels": [_panel(measure, each) for measure, each in zip(shown, lines, strict=True)],
        "shape": list(lines.shape),
        "differences": _differences(compared),
        "more": {"seeds": more_seeds(seeds), "text": f"{more_seeds(seeds)} more seeds"},
        "question": {"sentence": _question(compared), "context": _HOW},
        "guess": drawn,
        "table": _table(compared),
    }
    return document, lines.astype(np.float32).tobytes()


def _note(compared: Compared, guess: Document | None) -> str:
    """What came of a guess, that seeds are few, and why a rule could not be played."""
    named = zip(compared.rules, compared.errors, strict=False)
    failed = [f"{rule.name}: {error}." for rule, error in named if error]
    said = [guess["text"] if guess else "", few(len(compared.seeds)) if compared.rounds else "", *failed]
    return " ".join(filter(None, said))


def few(seeds: int) -> str:
    """A line where there are too few seeds to tell rules apart by; "" where there are enough."""
    if seeds >= FEW:
        return ""
    told = "One seed: nothing can be told apart by it" if seeds == 1 else f"{seeds} seeds are few: intervals are wide"
    return f"{told}. {ENOUGH} seeds will do."


def more_seeds(seeds: int) -> int:
    """How many more seeds are offered."""
    return MORE if seeds >= ENOUGH else ENOUGH - seeds


def _rules(compared: Compared) -> list[Document]:
    errors = compared.errors or ("",) * len(compared.rules)
    return [{"name": rule.name, "short": short, "changes": dict(rule.changes), "error": error}
            for rule, short, error in zip(compared.rules, short_names(compared.rules), errors, strict=True)]


def _panel(measure: Measure, lines: Floats) -> Document:
    known = lines[np.isfinite(lines)]
    reach = [0.0, 1.0] if measure.share else [float(known.min(initial=0.0)), float(known.max(initial=0.0))]
    return {"title": measure.title, "share": measure.share, "reach": reach}


def _lines(compared: Compared, panels: int, single: bool) -> Floats:
    """(panels, rules, lines, T) mean, ends of the band, and single seeds."""
    courses, lines = compared.courses[:panels], []
    for measure, course in zip(compared.measures, courses, strict=False):
        found = mean_interval(course.swapaxes(0, 1), within=measure.within)  # (rules, T)
        lines.append(np.stack([found.value, found.low, found.high], axis=1))
    bands = np.stack(lines)
    return np.concatenate([bands, courses], axis=2) if single else bands


def _differences(compared: Compared) -> Document:
    """What the first rule has more than the others, by measure."""
    others = [rule for rule in compared.played if rule] if 0 in compared.played else []
    if not others or not compared.rounds:
        return {"title": "", "note": "", "zero": 0.5, "rows": []}
    rows = [_row(compared, place, others) for place in range(len(compared.measures))]
    zero = _scale(compared, rows)
    first = compared.rules[0].name
    rest = f"{compared.rules[others[0]].name}" if len(others) == 1 else "the other rules"
    note = "Dots are seeds, bars the 95 % interval of the mean difference."
    own = " Rows of shares have one scale, all others their own." if _mixed(compared) else ""
    return {
        "title": f"{first[:1].upper()}{first[1:]} minus {rest}, seed by seed",
        "note": f"{note} Right of the line: more with {first}.{own}",
        "zero": zero,
        "rows": rows,
    }


def _mixed(compared: Compared) -> bool:
    return not all(measure.share for measure in compared.measures)


def _row(compared: Compared, place: int, others: list[int]) -> Document:
    entries = [_entry(compared, place, rule) for rule in others]
    return {"title": compared.measures[place].row, "scale": 1.0, "entries": entries}


def _entry(compared: Compared, place: int, rule: int) -> Document:
    found, levels = compared.difference(place, rule), compared.levels[place]
    value, low, high = found.at(())
    return {
        "rule": rule,
        "value": _number(value),
        "low": _number(low),
        "high": _number(high),
        "dots": [_number(each) for each in levels[0] - levels[rule]],
        "text": _with_interval(compared.measures[place], found),
        "verdict": _verdict(found, int(np.isfinite(levels[0] - levels[rule]).sum())),
    }


def _verdict(found: Interval, seeds: int) -> str:
    if told_apart(found):
        return "more" if found.low > 0 else "less"
    if found.value == 0 and found.low == 0:
        return "the same in all seeds"
    return f"no difference seen with {seeds} seeds" if seeds > 1 else "one seed tells none"


def _scale(compared: Compared, rows: list[Document]) -> float:
    """Give each row a scale such that all have their zero in one place, and all shares the same scale; that place."""
    ends = [_ends(row) for row in rows]
    share = [each for each, measure in zip(ends, compared.measures, strict=True) if measure.share]
    if share:
        common = min(low for low, _ in share), max(high for _, high in share)
        ends = [common if measure.share else each for each, measure in zip(ends, compared.measures, strict=True)]
    zero = min(max(*(-low / (high - low) for low, high in ends), 0.1), 0.9)
    for row, (low, high) in zip(rows, ends, strict=True):
        row["scale"] = max(-low / zero, high / (1 - zero))
    return zero


def _ends(row: Document) -> tuple[float, float]:
    """Least and largest number of a row, with 0 among them and some room on both sides."""
    numbers = [0.0]
    for entry in row["entries"]:
        numbers += [each for each in (entry["low"], entry["high"], *entry["dots"]) if each is not None]
    low, high = min(numbers), max(numbers)
    room = 0.08 * (high - low) or 1.0
    return low - room, high + room


def _question(compared: Compared) -> str:
    rule, measure = compared.rules[0], compared.measures[0]
    clause = rule.clause[:1].upper() + rule.clause[1:]
    return f"{clause}: how does “{measure.row}” go on? Draw it, then look."


def _guess(compared: Compared, guess: Guess) -> Document:
    """What was drawn, and how near it came over the last quarter of rounds."""
    document = {"rule": guess.rule, "first": guess.first, "values": list(guess.values), "text": ""}
    if not compared.done or guess.rule not in compared.played or not guess.values:
        return document
    measure, levels = compared.measures[0], compared.levels[0, guess.rule]
    rounds = np.linspace(guess.first, compared.rounds, len(guess.values))
    late = np.asarray(guess.values)[rounds > compared.last_from]
    drawn = float(late.mean()) if late.size else guess.values[-1]
    found = mean_interval(levels, within=measure.within)
    digits = digits_of(measure, found)
    name, found_text = compared.rules[guess.rule].name, _with_interval(measure, found, "")
    return document | {"text": f"You drew {fixed(drawn, digits)} for {name}; it is {found_text}."}


def _table(compared: Compared) -> Document:
    """Levels and differences as texts."""
    headers = ["measure", "rule", "mean", "95 % interval", f"{compared.rules[0].name} minus it", "95 % interval",
               "verdict"]
    rows = [_table_row(compared, place, rule)
            for place in range(len(compared.measures)) for rule in compared.played if compared.rounds]
    return {"title": f"Compared: {context(compared)}", "headers": headers, "rows": rows}


def _table_row(compared: Compared, place: int, rule: int) -> list[str]:
    measure = compared.measures[place]
    level = mean_interval(compared.levels[place, rule], within=measure.within)
    told = [measure.title, compared.rules[rule].name, *_parts(measure, level, "")]
    if not rule or 0 not in compared.played:
        return [*told, "", "", ""]
    entry, found = _entry(compared, place, rule), compared.difference(place, rule)
    return [*told, *_parts(measure, found, "+"), entry["verdict"]]


def _parts(measure: Measure, found: Interval, sign: str) -> list[str]:
    """An estimate and its interval as texts."""
    value, low, high = map(float, found.at(()))
    if np.isnan(low):
        return [fixed(value, digits_of(measure, found), sign), ""]
    digits = digits_of(measure, found)
    return [fixed(value, digits, sign), f"[{fixed(low, digits, sign)}, {fixed(high, digits, sign)}]"]


def _with_interval(measure: Measure, found: Interval, sign: str = "+") -> str:
    """An estimate with its interval: "+0.71 [+0.65, +0.78]"."""
    value, interval = _parts(measure, found, sign)
    return f"{value} {interval}".rstrip()


def _number(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None
