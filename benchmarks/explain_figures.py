"""The figures of docs/explanations.md: a decision, action profiles, and the episodes of a run that collapsed.

python benchmarks/explain_figures.py               what they show (about a minute on one core)
python benchmarks/explain_figures.py luck          one of them
python benchmarks/explain_figures.py --write       all, into docs/images
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from explain_episodes import CURVE, GAME, ROUNDS
from matplotlib.figure import Figure
from PIL import Image

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats
from commonweal.agents.files import replacing
from commonweal.economy.explaining.decisions import explain_decision
from commonweal.economy.explaining.episodes import explain_luck, luck_of
from commonweal.economy.explaining.explanation import Explanation
from commonweal.economy.explaining.profiles import play_profiles
from commonweal.economy.explaining.sights import watched
from commonweal.economy.explaining.sketch import explain, instead_of, of_actions, sketch
from commonweal.economy.explaining.tree import stretches, taken
from commonweal.economy.round.play import play_round
from commonweal.economy.round.set_up import Economy, set_up
from commonweal.economy.runs.ensemble import Ensemble, next_actions
from commonweal.figures.explained import draw, profile_map, shaded_course
from commonweal.figures.printing import save
from commonweal.scenarios.schema.loading import load

IMAGES = Path(__file__).parents[1] / "docs" / "images"
COLOURS = 256  # of a picture's palette, for small files
SHOWN = 12  # profiles
COLLAPSED = 7  # the seed of the run whose luck is taken apart


def decision() -> tuple[Explanation, Figure]:
    """Principal 7 in round 40 of commons, from the decisions of 4 seeds."""
    decisions = watched(Ensemble(load("commons"), range(4)), 60)
    why = explain_decision(decisions, principal=7, round=40)
    return why, draw(why)


def profiles() -> tuple[Explanation, Figure]:
    """The first of 250 profiles of 6 principals in leaky, against all delegating: accuracy."""
    economy = set_up([load("leaky", {"population.count": 6})], seeds=[0])
    tried = np.random.default_rng(0).integers(0, 4, (250, 6))
    outcomes = play_profiles(economy, tried, ("accuracy",), rounds=20)[0, :, -5:].mean(axis=1)
    played = of_actions(tried, outcomes, ("accuracy",))
    everybody = np.full(6, Action.DELEGATE, dtype=np.int64)
    why = explain(sketch(played), tried[:SHOWN], instead_of(played, everybody), "mean of rounds 15 to 19")
    chosen = [[Action(code).name.lower() for code in profile] for profile in tried[:SHOWN]]
    return why, profile_map(why, labels=[f"profile {number}" for number in range(SHOWN)], chosen=chosen)


def luck() -> tuple[Explanation, Figure]:
    """A run of 24 imitators on a learning curve that ends in collapse, and 16 runs of the same start."""
    own = Ensemble(CURVE, [COLLAPSED]).snapshot
    why, episodes = explain_luck(own, ROUNDS, GAME), stretches(ROUNDS, GAME.episodes)
    courses = played_on(own)
    last = courses[:, -GAME.outcome.last :].mean(axis=1)
    if not np.allclose([last[0], last[1:].mean()], [why.value[0, 0], why.base[0, 0]], rtol=0, atol=1e-12):
        raise SystemExit("the courses are not those of the run and its strangers")
    return why, shaded_course(courses[0], episodes, why, strangers=courses[1:])


def played_on(own: Economy) -> Floats:
    """(1 + K, T) share that delegates in a run and in those of its strangers."""
    seed = int(np.random.SeedSequence(GAME.seed).generate_state(1)[0])
    streams = luck_of(own, GAME.strangers, seed, [range(ROUNDS)])[0]
    runs = taken(own, np.zeros(1 + GAME.strangers, dtype=np.int64))
    state, people, shares = runs.state, runs.people, []
    for _ in range(ROUNDS):
        actions = next_actions(state, people, runs.world, streams)
        state, people, record = play_round(state, people, actions, runs.world, streams)
        shares.append((record.actions == Action.DELEGATE).mean(axis=1))
    return np.stack(shares, axis=1)


def write(figure: Figure, path: Path) -> None:
    """A figure as PNG with few colours."""
    with Image.open(save(figure, path)) as drawn:
        small = drawn.convert("RGB").quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    with replacing(path) as partial:
        small.save(partial, format="PNG", optimize=True)


FIGURES: dict[str, Callable[[], tuple[Explanation, Figure]]] = {
    "decision": decision,
    "profiles": profiles,
    "luck": luck,
}


def main() -> None:
    """Say what the figures show that were asked for, and write them if wanted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("figures", nargs="*", metavar="FIGURE", help=f"{', '.join(FIGURES)}; all if not given")
    parser.add_argument("--write", action="store_true", help="put them into docs/images")
    arguments = parser.parse_args()
    if unknown := set(arguments.figures) - set(FIGURES):
        parser.error(f"unknown figure {min(unknown)!r}: there are {', '.join(FIGURES)}")
    torch.set_num_threads(1)
    for name in arguments.figures or FIGURES:
        why, figure = FIGURES[name]()
        print(f"{name}: {(FIGURES[name].__doc__ or '').strip()} {why.sentence()}", flush=True)
        if arguments.write:
            path = IMAGES / f"explain-{name}.png"
            write(figure, path)
            print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
