"""The search for rules on commons: what they serve, how far attacks exploit them, and which part stops what.

    python benchmarks/synthesis.py          all tables (about half an hour on one quiet core)
    python benchmarks/synthesis.py served   one of them (half a minute)
    python benchmarks/synthesis.py --write  into docs/synthesis.md, and docs/images/synthesis-*.png

It is ``commonweal study synthesis commons --seeds 4`` with the options
``-o rules=18 -o finalists=2 -o budget=12 -o held_out=6 -o judges=4 -o last=6``.
An interrupted run goes on from the pieces in results/.synthesis.
"""

import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pandas as pd
from results_page import Table, kept, main, markdown

from commonweal.figures.printing import save
from commonweal.figures.studies import draw
from commonweal.scenarios.runs.intervals import mean_interval, written
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.studies import Answer, ask
from commonweal.scenarios.studies.honest import BEGIN
from commonweal.scenarios.studies.pieces import Pieces
from commonweal.scenarios.studies.synthesis.bench import Bench
from commonweal.scenarios.studies.synthesis.judging import measured
from commonweal.scenarios.studies.synthesis.levers import Rule, Setting, known_rules
from commonweal.scenarios.studies.synthesis.options import SynthesisOptions

PAGE = Path(__file__).parents[1] / "docs" / "synthesis.md"
KEPT = Path(__file__).parents[1] / "results" / ".synthesis"  # pieces that are played: an interrupted run goes on
SEEDS = 4
ASKED = {"rules": 18, "finalists": 2, "budget": 12, "held_out": 6, "judges": 4, "last": 6, "workers": 1}
SERVED = range(4, 10)  # seeds of the table served: those that judge finalists
TOP = 12  # attacks of a long table
AUDITED = "capped credit, audits of samples"
CANDIDATES = ["capped credit, audits, held back", {"like": AUDITED, "hold-back": 2.0, "horizon": 20},
              {"like": AUDITED, "hold-back": 2.0, "horizon": 20, "reserve": 0.1}]  # fmt: skip
LEAGUE = {"methods": ["programmes"], "updates": 12, "budget": 30, "principals": 8, "choosing": 6, "held_out": 32,
          "workers": 1}  # fmt: skip
LAST = range(12, 28)  # seeds that judge the one that is chosen
BESIDE = ("credit", "capped credit, held back", "capped credit, audits, reserve")
MORE = {"only": CANDIDATES, "budget": 12, "held_out": 8, "judges": 10, "last": 16, "strongest": 16, "workers": 2}


@cache
def asked() -> Answer:
    """The study, asked once; what it says in a sentence is printed."""
    answer = ask("synthesis", load("commons"), SEEDS, folder=KEPT, tell=lambda *s: print(*s, flush=True), **ASKED)
    print(f"{answer.headline}\n", flush=True)
    if "--write" in sys.argv:
        for name, figure in draw(answer).items():
            save(figure, PAGE.parent / "images" / f"synthesis-{name}.png")
    return answer


@cache
def candidates_asked() -> Answer:
    """The same of three rules alone, with more tries."""
    answer = ask("synthesis", load("commons"), SEEDS, folder=KEPT / "candidates",
                 tell=lambda *s: print(*s, flush=True), **MORE)  # fmt: skip
    print(answer.headline, *answer.notes, sep="\n", flush=True)
    if "--write" in sys.argv:
        figure = draw(answer)["parts"]
        save(figure, PAGE.parent / "images" / "synthesis-candidate-parts.png")
    return answer


def bounded(row: pd.Series, column: str, scale: float = 1.0, digits: int = 2) -> str:
    """A number of a row with its interval."""
    return written(*(scale * float(row[f"{column}{end}"]) for end in ("", "_low", "_high")), digits)


def frontier() -> str:
    """Finalists on held-out seeds; gains and payoffs in thousandths of a unit of money per round."""
    return finalists_of(asked())


def finalists_of(answer: Answer) -> str:
    """A row for each rule that was judged."""
    rows = [
        [f"**{row['rule']}**" if row["winner"] else row["rule"], bounded(row, "welfare", digits=3),
         f"{row['of_best']:.0%}", bounded(row, "epsilon", 1000), row["binding"],
         bounded(row, "honest", 1000), bounded(row, "worst_off", 1000), row["in_words"]]
        for _, row in answer.tables["frontier"].iterrows()
    ]  # fmt: skip
    heads = ["rule", "welfare", "of the best", "largest gain", "from", "honest payoff", "worst-off tenth", "it is"]
    return markdown(heads, rows)


def rules() -> str:
    """Known rules and what the search proposed, on the seeds of the search: the least exploited first."""
    table = asked().tables["rules"].sort_values("exploited")
    shown = table[table["on_frontier"] | ~table["rule"].str.startswith("rule ")]
    rows = [
        [row.rule, f"{row.served:.3f}", f"{1000 * row.exploited:+.2f}", f"{1000 * row.honest:.2f}",
         "yes" if row.on_frontier else ""]
        for row in shown.itertuples()
    ]  # fmt: skip
    return markdown(["rule", "welfare", "largest gain, upper end", "honest payoff", "on the frontier"], rows)


def served() -> Iterator[str]:
    """What known rules and variants bring about where principals go by their own policies, 6 seeds, 200 rounds."""
    heads = ["rule", "welfare", "accuracy", "delegate", "an honest payoff, all honest", "worst-off tenth"]
    rows = []
    for name, rule in {**known_rules(), **variants()}.items():
        cells = kept(("served", dict(rule), SERVED), lambda rule=rule: lived(rule))
        rows.append([name, *cells])
        print(rows[-1], flush=True)
        yield markdown(heads, rows)


def variants() -> dict[str, dict[str, Setting]]:
    """The winner of the first search with one or two things changed."""
    base = known_rules()["capped credit, audits of samples"]
    changes: dict[str, dict[str, Setting]] = {
        "reserve .2": {"reserve": 0.2}, "cap 2": {"cap": 2.0}, "one standard error held back": {"hold-back": 1.0},
        "two, over 20 rounds": {"hold-back": 2.0, "horizon": 20},
        "the same, reserve .1": {"hold-back": 2.0, "horizon": 20, "reserve": 0.1},
    }  # fmt: skip
    return {f"capped credit, audits: {name}": {**base, **change} for name, change in changes.items()}


def lived(rule: Rule) -> list[str]:
    """Cells of a rule: welfare less audits, accuracy and who delegates; payoffs where all are honest."""
    options = SynthesisOptions(workers=1)
    bench = Bench(load("commons"), options, tuple(SERVED), 1, Pieces())
    found, honest = bench.served(rule), bench.honest(rule)
    means = [mean_interval(each) for each in (measured(found, options), found.accuracy, found.participation)]
    return [means[0].text(3), means[1].text(3), means[2].text(2),
            *(mean_interval(1000 * each).text(2) for each in (honest.payoff, honest.worst_off))]  # fmt: skip


def verdict() -> str:
    """The winner on seeds that chose nothing: the catalogue and the strongest others; gains in thousandths."""
    return verdict_of(asked())


def verdict_of(answer: Answer) -> str:
    """A row for each attack."""
    rows = [
        [row["attack"], row["family"], bounded(row, "gain", 1000), f"{row['relative']:+.0%}"]
        for _, row in answer.tables["verdict"].iterrows()
    ]
    return markdown(["attack", "family", "gain", "of an honest payoff"], rows)


def attacks() -> str:
    """Every attack on the winner, on held-out seeds, the most gainful first; the last column in honest payoffs."""
    answer = asked()
    winner = answer.tables["frontier"].set_index("winner").loc[True, "rule"]
    table = answer.tables["attacks"]
    table = table[table["rule"] == winner].sort_values("gain", ascending=False)
    rows = [
        [row["attack"], row["family"], bounded(row, "gain", 1000), f"{row['relative']:+.0%}"]
        for _, row in table.head(2 * TOP).iterrows()
    ]
    return markdown(["attack", "family", "gain", "of an honest payoff"], rows)


def held_out() -> str:
    """Attacks of the families held out, the most gainful first."""
    table = asked().tables["held_out"].head(TOP)
    rows = [[row["attack"], row["family"], bounded(row, "gain", 1000)] for _, row in table.iterrows()]
    return markdown(["attack", "family", "gain"], rows)


def parts() -> str:
    """What is lost where a part of the winner is left out: the attacks that gain most by it."""
    return parts_of(asked())


def parts_of(answer: Answer) -> str:
    """Three rows for each part that is left out."""
    rows = []
    for name, group in answer.tables["parts"].groupby("left_out", sort=False):
        for _, row in group.sort_values("more", ascending=False).head(3).iterrows():
            rows.append([str(name), row["attack"], bounded(row, "more", 1000), bounded(row, "gain", 1000)])
    return markdown(["left out", "attack", "gains more", "gains then"], rows)


def candidates() -> str:
    """Three candidates on the seeds that choose among them; gains and payoffs in thousandths."""
    return finalists_of(candidates_asked())


def candidate_served() -> str:
    """Welfare on the seeds that chose nothing: of the rule that is chosen, of known ones, and paired differences."""
    winner = candidates_asked().provenance["rule"]
    rules = {"**the one that is chosen**": winner, **{name: known_rules()[name] for name in BESIDE}}
    options = SynthesisOptions(workers=1)
    bench = Bench(load("commons"), options, tuple(LAST), 1, Pieces())
    lives = {name: bench.served(rule) for name, rule in rules.items()}
    welfare = {name: measured(life, options) for name, life in lives.items()}
    own = next(iter(welfare.values()))
    rows = [
        [name, mean_interval(welfare[name]).text(3),
         "" if found is own else mean_interval(own - found).text(3), f"{own.mean() / found.mean():.1%}",
         *(mean_interval(getattr(lives[name], what)).text(2) for what in ("accuracy", "participation"))]
        for name, found in welfare.items()
    ]  # fmt: skip
    heads = ["rule", "welfare", "what the chosen one serves more", "it serves of that", "accuracy", "delegate"]
    return markdown(heads, rows)


def candidate_parts() -> str:
    """What is lost where a part of it is left out: the attacks that gain most by it."""
    return parts_of(candidates_asked())


def candidate_league() -> str:
    """A league of attackers against the rule that ships, all others honest at first: what each gains over honesty."""
    scenario = revise(load("synthesised"), BEGIN)
    answer = ask("league", scenario, 2, folder=KEPT / "league", tell=lambda *_: None, **LEAGUE)
    print(answer.headline, *answer.notes, sep="\n", flush=True)
    rows = [
        [row["attack"], row["origin"], bounded(row, "gain", 1000), row["does"]]
        for _, row in answer.tables["attacks"].iterrows()
    ]
    return markdown(["attack", "origin", "gain", "what it does"], rows)


def candidate() -> str:
    """The one that is chosen, on seeds that chose nothing: the catalogue and the strongest others."""
    return verdict_of(candidates_asked())


TABLES: dict[str, Callable[[], Table]] = {
    "served": served, "verdict": verdict, "frontier": frontier, "attacks": attacks,
    "held-out": held_out, "parts": parts, "rules": rules, "candidates": candidates, "candidate": candidate,
    "candidate-parts": candidate_parts, "candidate-served": candidate_served,
    "candidate-league": candidate_league,
}  # fmt: skip


if __name__ == "__main__":
    main(__doc__, TABLES, "synthesis-", PAGE)
