"""What accuracy costs where values stand in its way: accuracy against what the cooperative pays for looser limits.

    python benchmarks/admissibility.py            the table (about two minutes on one core)
    python benchmarks/admissibility.py --write    into docs/results/governance.md, and docs/images/admissibility.png

Scenario tolerance-for-sale under budgets from nothing to more than there is to buy, and without any screening; 8 seeds,
95 % intervals over seeds, means over the last quarter of rounds.
"""

import argparse
from pathlib import Path

import torch
from results_page import write
from shared.admissibility import played, table
from shared.admissibility_figure import draw_admissibility

from commonweal.figures.printing import save

SEEDS = range(8)
BUDGETS = (0.0, 0.0025, 0.005, 0.01, 0.015, 0.02, 0.03, 0.045, 0.07)
FIGURE = Path(__file__).parents[1] / "docs" / "images" / "admissibility.png"


def main() -> None:
    """Print the table and draw the curve where asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help=f"into docs/results and {FIGURE.name}")
    parser.add_argument("--figure", type=Path, metavar="FILE", help="draw the curve into this file")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    runs = played(BUDGETS, SEEDS)
    text = table(runs)
    print(text, flush=True)
    if arguments.write:
        write("admissibility", text)
    if file := arguments.figure or (FIGURE if arguments.write else None):
        save(draw_admissibility(runs), file)


if __name__ == "__main__":
    main()
