"""Estimators of Shapley values at equal budgets: ours and those of shapiq, on seven games of six kinds.

    python benchmarks/estimators.py            errors, time per estimate, docs/images/estimators.png (ten minutes)
    python benchmarks/estimators.py --write    and the tables into docs/results/credit.md
    python benchmarks/estimators.py --quick    three repetitions at 40 n alone, no figure

Errors are means over repetitions of ‖φ̂ − φ‖² / ‖φ‖². One thread. shapiq (1.4) is compared where it is installed.
"""

import argparse
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from coalition_games import Known, games
from results_page import markdown, write
from threadpoolctl import threadpool_limits

from commonweal.agents.arrays import Floats
from commonweal.economy.credit.estimators import ESTIMATORS, CoalitionGame, Estimator, adjusted
from commonweal.economy.credit.exact import all_coalitions, exact_value
from commonweal.economy.credit.probabilistic import shapley
from commonweal.figures.canvas import panels
from commonweal.figures.ink import Ink, ink, key, printed

Estimate = Callable[[Known, int, int], Floats]  # game, budget, seed → (n,)
FIGURE = Path(__file__).parents[1] / "docs" / "images" / "estimators.png"
MULTIPLES = (0.5, 1, 2.5, 5, 10, 20, 40, 80, 160)  # budgets m per player
HEADLINE = 40  # m / n at which the targets hold
TARGETS = {"permutation": 6.5, "unpaired_kernel_shap": 3.8, "kernel_shap": 3.8, "leverage_shap": 2.6}
REPETITIONS, QUICK_REPETITIONS = 10, 3
DEAREST = 3  # repetitions where one estimate costs more than 2400 coalitions
FLOOR = 1e-13  # errors below are rounding
BEST = "best of shapiq"
DRAWN = {"adjusted": "regression-adjusted", "permutation": "permutation", "stratified": "stratified",
         "kernel_shap": "KernelSHAP, paired", "leverage_shap": "Leverage SHAP", BEST: BEST}  # fmt: skip


def ours() -> dict[str, Estimate]:
    """Every estimator of the library; of the adjusted one also its regressions alone, and the unbiased mode."""
    every: dict[str, Estimator] = {
        **ESTIMATORS,
        "adjusted: interactions": partial(adjusted, mode="mse", regressor="interactions"),
        "adjusted: linear": partial(adjusted, mode="mse", regressor="linear"),
        "adjusted: tree": partial(adjusted, mode="mse", regressor="tree"),
        "adjusted: audit": partial(adjusted, mode="audit"),
    }

    def bound(estimator: Estimator) -> Estimate:
        def estimate(game: Known, budget: int, seed: int) -> Floats:
            own = CoalitionGame(game.players, game.play, budget)
            return estimator(own, shapley(game.players), np.random.default_rng(seed)).values

        return estimate

    return {name: bound(estimator) for name, estimator in every.items()}


def theirs() -> dict[str, Estimate]:
    """The estimators of shapiq for Shapley values."""
    try:
        from shapiq import approximator
    except ImportError:
        return {}
    made: dict[str, Callable[..., Any]] = {
        "shapiq permutation": approximator.PermutationSamplingSV,
        "shapiq stratified": approximator.StratifiedSamplingSV,
        "shapiq Owen": approximator.OwenSamplingSV,
        "shapiq SVARM": approximator.SVARM,
        "shapiq KernelSHAP": approximator.KernelSHAP,
        "shapiq KernelSHAP, paired": partial(approximator.KernelSHAP, pairing_trick=True),
        "shapiq unbiased KernelSHAP": approximator.UnbiasedKernelSHAP,
    }

    def bound(make: Callable[..., Any]) -> Estimate:
        def estimate(game: Known, budget: int, seed: int) -> Floats:
            def play(coalitions: Any) -> Floats:
                return game.play(np.asarray(coalitions, dtype=bool).reshape(-1, game.players))

            found = make(n=game.players, random_state=seed).approximate(budget, play).get_n_order_values(1)
            return np.asarray(found, dtype=np.float64)

        return estimate

    return {name: bound(make) for name, make in made.items()}


def errors(game: Known, estimates: Mapping[str, Estimate], multiples: Sequence[float], times: int) -> dict[str, Floats]:
    """(M,) mean error of every estimator at every budget; nan where it cannot work with so little."""
    found: dict[str, Floats] = {}
    for name, estimate in estimates.items():
        found[name] = np.full(len(multiples), np.nan)
        for place, multiple in enumerate(multiples):
            if ":" in name and multiple != HEADLINE:
                continue  # what the default is made of
            budget = max(4, round(multiple * game.players))
            few = min(times, DEAREST) if budget > 2400 else times
            try:
                repeated = [game.error(estimate(game, budget, seed)) for seed in range(few)]
            except Exception as error:  # another library's way of refusing a small budget
                if name in ESTIMATORS:
                    raise
                print(f"    {name} at m = {budget}: {type(error).__name__}")
                continue
            found[name][place] = max(float(np.mean(repeated)), FLOOR)
    return found


def headline(tables: Mapping[str, Mapping[str, Floats]], place: int) -> str:
    """Errors of all estimators at m = 40 n, and how far the default is below each, by geometric mean over games."""
    names = list(next(iter(tables.values())))
    lines = [["estimator", *tables, "adjusted is below by (geometric mean)", "the same without diabetes"]]
    for name in names:
        found = np.array([table[name][place] for table in tables.values()])
        best = np.array([table["adjusted"][place] for table in tables.values()])
        ratio, kept = np.log(found / best), np.array(["diabetes" not in game for game in tables])
        ratios = [f"{np.exp(np.mean(chosen)):.3g} ×" for chosen in (ratio, ratio[kept])]
        lines.append([name, *(f"{value:.1e}" for value in found), *ratios])
    return markdown(lines[0], lines[1:])


def by_budget(tables: Mapping[str, Mapping[str, Floats]]) -> str:
    """The default against the best of all baselines, at every budget."""
    lines = [["m / n", *tables]]
    for place, multiple in enumerate(MULTIPLES):
        cells = []
        for table in tables.values():
            rivals = {name: table[name][place] for name in table if not name.startswith("adjusted")}
            name = min(rivals, key=lambda rival: np.nan_to_num(rivals[rival], nan=np.inf))
            cells.append(f"{table['adjusted'][place]:.1e} / {rivals[name]:.1e} {name}")
        lines.append([f"{multiple:g}", *cells])
    return markdown(lines[0], lines[1:])


def targets(tables: Mapping[str, Mapping[str, Floats]], place: int) -> None:
    """Say of every target whether it was reached."""
    for name, least in TARGETS.items():
        ratios = [table[name][place] / table["adjusted"][place] for table in tables.values()]
        mean = float(np.exp(np.mean(np.log(ratios))))
        print(f"{name}: {mean:.3g} × above adjusted (at least {least}): {'reached' if mean >= least else 'MISSED'}")
    for game, table in tables.items():
        rivals = {name: table[name][place] for name in table if not name.startswith("adjusted")}
        name = min(rivals, key=lambda rival: np.nan_to_num(rivals[rival], nan=np.inf))
        worse = table["adjusted"][place] / rivals[name]
        print(f"{game}: {worse:.2g} × the error of {name} (at most 1.1): {'reached' if worse <= 1.1 else 'MISSED'}")


def seconds(estimate: Estimate, game: Known, budget: int, times: int = 7) -> float:
    """Least processor time of an estimate; what others do on the machine only adds to it."""
    estimate(game, budget, 0)
    spent = []
    for seed in range(times):
        start = time.process_time()
        estimate(game, budget, seed)
        spent.append(time.process_time() - start)
    return min(spent)


def speeds(estimates: Mapping[str, Estimate]) -> str:
    """Milliseconds per estimate at m = 40 n of games that cost nothing, n up to 16, and of exact values."""
    lines = [["ms per estimate", "n = 8", "n = 12", "n = 16"]]
    played = []
    for players in (8, 12, 16):
        skill, places = np.linspace(0.2, 1.5, players), 1 << np.arange(players)
        values = np.log1p(np.exp(all_coalitions(players) @ skill))
        played.append(Known("log", players, lambda asked, v=values, p=places: v[asked @ p], skill))
    for name, estimate in estimates.items():
        times = [seconds(estimate, game, min(HEADLINE * game.players, 2**game.players)) for game in played]
        lines.append([name, *(f"{1000 * each:.2f}" for each in times)])
    exact: dict[str, Any] = {"exact": lambda game, *_: exact_value(
        game.play(all_coalitions(game.players))[None], shapley(game.players))}  # fmt: skip
    try:
        from shapiq import ExactComputer

        exact["shapiq exact"] = lambda game, *_: ExactComputer(n_players=game.players, game=game.play)("SV", order=1)
    except ImportError:
        pass
    for name, compute in exact.items():
        lines.append([name, *(f"{1000 * seconds(compute, game, 0, 3):.2f}" for game in played)])
    return markdown(lines[0], lines[1:])


@printed
def draw(tables: Mapping[str, Mapping[str, Floats]]) -> Any:
    """Error against budget, one panel per game."""
    figure, axes = panels(list(tables), "relative squared error", "coalitions per player, m / n", sharey=False)
    pens = {name: ink(place) for place, name in enumerate(DRAWN)}
    for ax, table in zip(axes, tables.values(), strict=True):
        for name, pen in pens.items():
            if (line := curve(table, name)) is not None:
                ax.plot(
                    MULTIPLES,
                    line,
                    color=pen.colour,
                    linestyle=pen.dashes,
                    marker=pen.marker,
                    markersize=2.5,
                    linewidth=1.8 if name == "adjusted" else 1.0,
                    zorder=3 if name == "adjusted" else 2,
                )
        ax.set(xscale="log", yscale="log")
        ax.set_xticks([0.5, 2.5, 10, 40, 160], ["0.5", "2.5", "10", "40", "160"])
        ax.minorticks_off()
    legend(figure, pens)
    return figure


def curve(table: Mapping[str, Floats], name: str) -> Floats | None:
    """(M,) errors of an estimator; of shapiq, at every budget those of its best."""
    if name != BEST:
        return table[name]
    rivals = [table[rival] for rival in table if rival.startswith("shapiq")]
    return np.asarray(np.nanmin(rivals, axis=0)) if rivals else None


def legend(figure: Any, pens: Mapping[str, Ink]) -> None:
    handles = [key(DRAWN[name], pen) for name, pen in pens.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(pens), fontsize=7)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="put the tables into docs/results")
    parser.add_argument("--quick", action="store_true", help="three repetitions at m = 40 n alone, no figure")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore", "Not all budget is required", UserWarning)  # shapiq, where 2^n is near
    with threadpool_limits(1):
        estimates = {**ours(), **theirs()}
        multiples = (HEADLINE,) if chosen.quick else MULTIPLES
        tables = {}
        for game in games():
            start = time.perf_counter()
            tables[game.name] = errors(game, estimates, multiples, QUICK_REPETITIONS if chosen.quick else REPETITIONS)
            print(f"{game.name}: {time.perf_counter() - start:.0f} s", flush=True)
        place = multiples.index(HEADLINE)
        targets(tables, place)
        written = {"estimators": headline(tables, place), "estimator-speed": speeds(estimates)}
    if not chosen.quick:
        written["estimator-budgets"] = by_budget(tables)
        draw(tables).savefig(FIGURE)
    for name, table in written.items():
        print(f"\n{name}\n\n{table}", flush=True)
        if chosen.write:
            write(name, table)


if __name__ == "__main__":
    main()
