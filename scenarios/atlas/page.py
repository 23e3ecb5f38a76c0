"""The page of the atlas as Markdown: a row a result, and beneath it every check."""

from collections.abc import Iterable, Iterator, Sequence

from commonweal.scenarios.atlas.replaying import Played, tally
from commonweal.scenarios.atlas.verdicts import HOLDS, Judged, Verdict

_HEAD = """# Atlas of results

What the field has found, played in this economy: theirs beside ours, with a verdict on each. Written by
`make docs`; `commonweal reproduce --all` plays everything again, offline and on one core, and ends with 1 where a
verdict is no longer the one on record.

{answer}
"""
_HOLDS = {
    "exact": "exact: ours is within half a unit of the last printed digit, or the distance that the check allows",
    "statistical": "statistical: theirs lies in our 95 % interval over seeds, which is narrow enough",
    "claim": "claim: the near end of the interval is on the right side",
}
_LEGEND = """
## How to read it

A verdict is computed from both numbers, never typed; that of a result is the worst of its checks that can be checked.

| verdict | says |
| --- | --- |
| reproduced | {exact}; {statistical}; {claim} |
| theory met | the same, of a number that follows from their definitions and that they did not print |
| differs | by how much, and why, in the words of whoever wrote the check; "unexplained" without a cause |
| not checkable offline | what is missing; never a number |

Theirs is *published* (in the paper), of their *repository*, or *derived* here from their definitions. Ours was found by
a *run* of an economy whose policies are given, by *best responses*, or by a study that is named; or by a *function*
alone: a result of functions alone says "formula only". Every check of a number names what it depends on: 1 % more of
that (one more, of a count; more where a percent is within noise, or the result is free of its scale) must turn it to
"differs", and a test makes sure that it does. Each result is told by the first check that has its verdict.

[A result of your own](own-results.md) takes less than twenty lines.
"""
_BLINDLY = """## Found blindly

Neither principals who look for best responses nor a study know the theory of a paper; these came to it all the same.

"""


def page(results: Sequence[Played]) -> str:
    """The page.

    Args:
        results: that were played, in the order of the page.
    """
    rows = [_row(each) for each in results]
    heads = ["result", "paper", "checked", "theirs", "ours", "verdict", "of its checks", "about"]
    parts = [_HEAD.format(answer=answer(results)), _table(heads, rows), _LEGEND.format(**_HOLDS)]
    parts += [_blindly(results), *(_section(each) for each in results)]
    return "\n".join(parts).rstrip() + "\n"


def answer(results: Sequence[Played]) -> str:
    """How many results have which verdict, in a sentence."""
    verdicts = [each.verdict for each in results]
    holding = sum(verdict in HOLDS for verdict in verdicts)
    checks = [one.verdict for each in results for one in each.checks]
    checked = len(results) - verdicts.count(Verdict.UNCHECKED)
    return (
        f"{holding} of the {checked} results that can be checked offline hold. Of {len(results)} results:"
        f" {tally(verdicts)}. Of {len(checks)} checks: {tally(checks)}."
    )


def said(played: Played) -> str:
    """The verdict on a result, with what must be known beside it."""
    unchecked = [each.verdict for each in played.checks].count(Verdict.UNCHECKED)
    more = ["formula only"] if played.formula_only else []
    if unchecked and played.verdict != Verdict.UNCHECKED:
        more.append(f"{unchecked} of {len(played.checks)} not checkable offline")
    return f"{played.verdict}" + (f" ({', '.join(more)})" if more else "")


def _row(played: Played) -> list[str]:
    result, deciding = played.result, played.deciding
    where = f"{result.paper}; {result.table}" if result.table else result.paper
    about = f"{result.seconds:g} s"
    counts = tally([each.verdict for each in played.checks])
    cells = [deciding.check.name, deciding.theirs, deciding.ours, said(played), counts, about]
    return [f"[{result.name}](#{result.name})", where, *cells]


def _section(played: Played) -> str:
    result = played.result
    paper = f"[{result.paper}]({result.link})" if result.link else result.paper
    lines = [f"## {result.name}", "", f"{paper}{': ' + result.table if result.table else ''}. *{result.shows}*"]
    lines += ["", result.about, "", f"    commonweal reproduce {result.name}", ""]
    lines += [_table(["check", "theirs", "ours", "verdict", "by", "theirs is", "found by"], map(_check, played.checks))]
    lines += [f"\n{text}" for text in reasons(played.checks)]
    if result.learns:
        lines.append(f"\n{result.learns}")
    return "\n".join([*lines, ""])


def _blindly(results: Sequence[Played]) -> str:
    """Where those who know no theory came to it: who looks for best responses, and studies of any scenario."""
    rows = []
    for played in results:
        found = [each for each in played.checks if each.verdict != Verdict.UNCHECKED]
        for finder in dict.fromkeys(each.check.found_by for each in found):
            if finder in ("run", "function"):
                continue
            own = [each for each in found if each.check.found_by == finder]
            held = [each for each in own if each.verdict in HOLDS]
            why = "; ".join(dict.fromkeys(each.why for each in own if each.verdict not in HOLDS))
            first = next(iter(held or own))
            rows.append([f"[{played.result.name}](#{played.result.name})", finder, first.check.name, first.theirs,
                         first.ours, f"{len(held)} of {len(own)}", why])  # fmt: skip
    heads = ["result", "found by", "for example", "theirs", "ours", "checks that hold", "where not, why"]
    return _BLINDLY + _table(heads, rows) + "\n" if rows else ""


def _check(judged: Judged) -> list[str]:
    check = judged.check
    return [check.name, judged.theirs, judged.ours, str(judged.verdict), judged.by, check.source, check.found_by]


def reasons(checks: Sequence[Judged]) -> Iterator[str]:
    """Each thing that is to be said of checks, once, after the names of those it is said of."""
    for why in dict.fromkeys(each.why for each in checks if each.why):
        names = [each.check.name for each in checks if each.why == why]
        yield f"{'; '.join(names)}: {why}."


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    body = (" | ".join(cell.replace("|", "\\|") for cell in row) for row in rows)
    lines = [" | ".join(heads), " | ".join("---" for _ in heads), *body]
    return "\n".join(f"| {line} |" for line in lines)
