"""Processor time of a round of every scenario of the library, and how often that is the time of ``commons``.

    python benchmarks/library.py                print the table (some minutes)
    python benchmarks/library.py --write        and put it into docs/results/speed.md

16 runs together on one thread; what it takes to set them up is left out. A cycle plays the first round of each
scenario and then 40 more, so that it holds two terms of ``paid-with-models``, and ``commons`` stands first in each; the
table has medians over 5 cycles. Figures depend on the machine; ratios hardly.
"""

import time
from collections import defaultdict
from statistics import median

from results_page import main, markdown

from commonweal.economy.round.mechanisms import menu
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.library import library_names
from commonweal.scenarios.schema.loading import load

RUNS, ROUNDS, CYCLES = 16, 40, 5


def times(name: str) -> tuple[float, float]:
    """Milliseconds of processor time of a run-round: the first, and the mean of those after it."""
    ensemble = Ensemble(load(name), range(RUNS))
    menu._solved.cache_clear()  # what other cycles have solved
    taken = []
    for rounds in (1, ROUNDS):
        clock = time.process_time()
        ensemble.run(rounds)
        taken.append((time.process_time() - clock) * 1e3 / (rounds * RUNS))
    return taken[0], taken[1]


def speed() -> str:
    """Milliseconds of processor time per run and round."""
    names = ["commons", *(name for name in library_names() if name != "commons")]
    first, later = defaultdict[str, list[float]](list), defaultdict[str, list[float]](list)
    times("commons")  # imports, caches
    for _ in range(CYCLES):
        for name in names:
            one, other = times(name)
            first[name].append(one)
            later[name].append(other)
    rows = []
    for name in names:
        ratio = median(own / common for own, common in zip(later[name], later["commons"], strict=True))
        learns = "yes" if load(name).market.kind == "model" else "no"
        rows.append([name, learns, f"{median(first[name]):.2f}", f"{median(later[name]):.2f}", f"{ratio:.2f}"])
    return markdown(["scenario", "trains", "first round (ms)", "later rounds (ms)", "× commons"], rows)


if __name__ == "__main__":
    main(__doc__, {"speed": speed}, prefix="library-")
