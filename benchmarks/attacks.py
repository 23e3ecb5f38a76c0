"""Every settlement × every attack: what attackers gain, what honest principals lose, and whether the budget is exact.

    python benchmarks/attacks.py                     both tables (ten to twenty-five minutes on one core)
    python benchmarks/attacks.py credit equal        some settlements
    python benchmarks/attacks.py --write --attacks idle "pair that cancels, secure"   these columns, beside the others
    python benchmarks/attacks.py --quick             a small corner, in seconds
    python benchmarks/attacks.py --write             all, into docs/results/incentives.md and docs/images/attacks.png

Ten principals on drifting digits, all of whom delegate honestly unless they attack. An attack is the same run on the
same random numbers in which one principal, or a pair, does otherwise from the first round on (three try, each in a run
of its own); the honest baseline is the run without it, under the same settlement and, where an attack needs FedAvg or
values to lie about, in the same economy with these. 100 rounds, 8 seeds, 95 % intervals over seeds.

Adding a settlement or an attack to ``shared/attacks.py`` is one line.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path

import torch
from results_page import page_of, write
from shared.attacks import ATTACKS, ROUNDS, SEEDS, SETTLEMENTS, Outcome, merged, play, read, table

from commonweal.figures.attack_maps import draw_attacks
from commonweal.figures.printing import save

FIGURE = Path(__file__).parents[1] / "docs" / "images" / "attacks.png"


def main() -> None:
    """Print the tables, and write them where asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("settlements", nargs="*", metavar="SETTLEMENT", help=f"of: {'; '.join(SETTLEMENTS)}")
    parser.add_argument("--attacks", nargs="+", metavar="ATTACK", help="some of the columns; all if not given")
    parser.add_argument("--quick", action="store_true", help="2 seeds, 4 rounds")
    parser.add_argument("--write", action="store_true", help=f"into docs/results and {FIGURE.name}")
    parser.add_argument("--figure", type=Path, metavar="FILE", help="draw the heat maps into this file")
    arguments = parser.parse_args()
    if unknown := set(arguments.settlements) - set(SETTLEMENTS):
        parser.error(f"unknown settlement {min(unknown)!r}: there are {'; '.join(SETTLEMENTS)}")
    names = [attack.deviation.name for attack in ATTACKS]
    if unknown := set(arguments.attacks or ()) - set(names):
        parser.error(f"unknown attack {min(unknown)!r}: there are {'; '.join(names)}")
    chosen = [attack for attack in ATTACKS if not arguments.attacks or attack.deviation.name in arguments.attacks]
    torch.set_num_threads(1)
    seeds, rounds = (range(2), 4) if arguments.quick else (SEEDS, ROUNDS)
    some, outcomes, tables = bool(arguments.settlements or arguments.attacks), {}, {}
    for name in arguments.settlements or SETTLEMENTS:
        outcomes[name] = play(SETTLEMENTS[name], chosen, seeds, rounds)
        print(f"{name}: ledgers off by {outcomes[name].imbalance} micro-units", flush=True)
        if some and arguments.write:  # what has been played stays, however long the rest takes
            put({name: outcomes[name]}, some)
    for what in ("gain", "loss"):
        tables[what] = table(outcomes, what)
        print(f"\nattacks-{what}\n\n{tables[what]}", flush=True)
    if arguments.write:
        tables = put(outcomes, some)
    if file := arguments.figure or (FIGURE if arguments.write else None):
        note = f"{len(seeds)} seeds, {rounds} rounds, ten principals on drifting digits; k: thousand."
        (settlements, attacks, gain), (_, _, loss) = (read(tables[what]) for what in ("gain", "loss"))
        save(draw_attacks(settlements, attacks, gain, loss, note), file)


def put(outcomes: Mapping[str, Outcome], some: bool) -> dict[str, str]:
    """Write both tables into the page, beside what is there if these are some of the settlements or attacks."""
    tables = {}
    for what in ("gain", "loss"):
        text = table(outcomes, what)
        name = f"attacks-{what}"
        tables[what] = merged(page_of(name).read_text(encoding="utf-8"), text, name) if some else text
        write(name, tables[what])
    return tables


if __name__ == "__main__":
    main()
