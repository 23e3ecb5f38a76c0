"""Rules by names × attacks on names: what attackers gain, and what the others lose.

    python benchmarks/name_attacks.py            both tables (five to ten minutes on one core)
    python benchmarks/name_attacks.py --quick    2 seeds, 20 rounds
    python benchmarks/name_attacks.py --write    both, into docs/reciprocity.md

As in ``benchmarks/attacks.py``, an attack is the same run on the same random numbers in which some do otherwise from
the first round on; three principals, or groups, try each in a run of their own. 50 rounds, 8 seeds, 95 % intervals.
"""

import argparse

import torch
from results_page import DOCS, write
from shared.attacks import SEEDS, play, table
from shared.name_attacks import ATTACKS, ROUNDS, RULES

PAGE = DOCS / "reciprocity.md"


def main() -> None:
    """Print both tables, and write them where asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="2 seeds, 20 rounds")
    parser.add_argument("--write", action="store_true", help=f"into {PAGE.name}")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    outcomes = {}
    for name, rule in RULES.items():
        outcomes[name] = play(rule, ATTACKS, *((range(2), 20) if arguments.quick else (SEEDS, ROUNDS)))
        print(f"{name}: ledgers off by {outcomes[name].imbalance} micro-units", flush=True)
    for what in ("gain", "loss"):
        text = table(outcomes, what, "rule")
        print(f"\nname-attacks-{what}\n\n{text}", flush=True)
        if arguments.write:
            write(f"name-attacks-{what}", text, PAGE)


if __name__ == "__main__":
    main()
