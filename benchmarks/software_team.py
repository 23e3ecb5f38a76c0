"""A software team: what is paid by completions, agreed in the talks of the paper, and Shapley's; selfish and by a deal.

    python benchmarks/software_team.py            the tables (a second)
    python benchmarks/software_team.py --write    into docs/results/negotiation.md, and docs/images/software-team.png

Theirs: completions, raw shares and agreed divisions of Shapley-Coop (Hua et al. 2025, arXiv 2506.07388). Ours: the
example log of the library, whose completions are theirs and whose efforts and substitutes are ours.
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from results_page import markdown, write

from commonweal.agents.arrays import Floats
from commonweal.figures.canvas import ONE_COLUMN, blank, finish
from commonweal.figures.ink import GREY, ink, key, printed
from commonweal.figures.printing import save
from commonweal.scenarios.games.product_game import substitutes_behind
from commonweal.scenarios.games.software_team import SoftwareTeam

FIGURE = Path(__file__).parents[1] / "docs" / "images" / "software-team.png"
CALCULATOR = np.array([10, 15, 20, 30, 20, 5]) / 100  # agreed, CEO to Counselor
DRAWING = np.array([5, 20, 10, 35, 25, 5]) / 100
NOBODY = 0.2  # what nobody at all is taken to be worth where substitutes are sought


def played(negotiated: bool) -> SoftwareTeam:
    """The example, to its end."""
    team = SoftwareTeam(negotiated=negotiated)
    while team.running:
        team.step()
    return team


def shares(team: SoftwareTeam) -> dict[str, Floats]:
    """(6,) shares of the reward, by where they are from."""
    gross = team.payoffs + team.project.efforts @ team.project.owns
    return {
        "paid by completions": team.project.completions,
        "agreed in the paper": CALCULATOR,
        "Shapley": team.shapley_shares,
        "paid after our deal": gross / gross.sum(),
    }


def divisions(team: SoftwareTeam) -> str:
    """Who gets what share."""
    by_source = shares(team)
    heads = ["owner", "completed", "theirs: raw share", "ours: raw share", "theirs: agreed", "ours: Shapley",
             "ours: paid after a deal"]  # fmt: skip
    theirs = (1.82, 7.27, 3.64, 81.82, 1.82, 3.64)
    columns = [
        [f"{count:g}" for count in team.project.completed],
        [f"{share:.2f}" for share in theirs],
        [f"{100 * share:.2f}" for share in by_source["paid by completions"]],
        [f"{100 * share:.0f}" for share in CALCULATOR],
        *([f"{100 * share:.1f}" for share in by_source[name]] for name in ("Shapley", "paid after our deal")),
    ]
    return markdown(heads, list(zip(team.players, *columns, strict=True)))


def plays(alone: SoftwareTeam, deal: SoftwareTeam) -> str:
    """What everybody has, each for itself and by a deal."""
    assert deal.deal is not None
    rows = [
        [name, f"{effort:g}", f"{had:.2f}", f"{transfer / 1e6:+.2f}", f"{has:.2f}"]
        for name, effort, had, transfer, has in zip(
            alone.players, alone.project.efforts, alone.payoffs, deal.deal.transfers, deal.payoffs, strict=True
        )
    ]
    total = [f"{alone.project.efforts.sum():g}", f"{alone.payoffs.sum():.2f}", "0", f"{deal.payoffs.sum():.2f}"]
    worth = [f"{team.worth(team.plan):.0f}" for team in (alone, deal)]
    heads = ["owner", "effort", f"each for itself: project worth {worth[0]}", "transfer",
             f"by a deal: project worth {worth[1]}"]  # fmt: skip
    return markdown(heads, [*rows, ["together", *total]])


def substitutes(team: SoftwareTeam) -> str:
    """Which substitutes the agreed divisions presuppose."""
    found = [substitutes_behind(division, NOBODY) for division in (CALCULATOR, DRAWING)]
    rows = zip(
        team.players,
        *([f"{100 * share:.0f}" if rounded else f"{share:.4f}" for share in column]
          for rounded, column in ((1, CALCULATOR), (0, found[0]), (1, DRAWING), (0, found[1]))),
        strict=True,
    )  # fmt: skip
    heads = ["owner", "calculator, agreed %", "substitute", "drawing program, agreed %", "substitute"]
    return markdown(heads, list(rows))


@printed
def draw(team: SoftwareTeam) -> Figure:
    """Shares of all owners, a line an owner, a mark a source."""
    figure, ((ax,),) = blank(1, 1, ONE_COLUMN * 1.5, 2.6)
    names = team.players
    ax.hlines(range(len(names)), 0, 85, color=GREY, linewidth=0.4)
    handles = []
    for place, (source, division) in enumerate(shares(team).items()):
        pen = ink(place)
        handles.append(key(source, pen, marker=True))
        ax.plot(100 * division, range(len(names)), linestyle="", color=pen.colour, marker=pen.marker, markersize=4.5)
    ax.set_yticks(range(len(names)), names)
    ax.invert_yaxis()
    ax.set_xlabel("share of the reward (%)")
    ax.set_xlim(0, 85)
    caption = "Our deal starts from pay by completions and divides only what the review gains: nobody loses by it."
    return finish(figure, "Who is paid what share of a project", caption, handles)


def main() -> None:
    """Print the tables; with --write put them, and the figure, into the docs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help=f"into docs/results and {FIGURE.name}")
    wanted = parser.parse_args().write
    alone, deal = played(negotiated=False), played(negotiated=True)
    tables = {"team": divisions(deal), "team plays": plays(alone, deal), "team substitutes": substitutes(deal)}
    for name, table in tables.items():
        print(f"{table}\n")
        if wanted:
            write(name, table)
    if wanted:
        save(draw(deal), FIGURE)


if __name__ == "__main__":
    main()
