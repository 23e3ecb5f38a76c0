"""How fast economies are as environments of learners: rounds times principals a second, on one core.

    python benchmarks/arena.py            the table
    python benchmarks/arena.py --write    and put it into docs/arena.md

Everybody acts at random in the commons, N = 40. Processor time of a step, the least and the median of many: other work
on the machine makes both longer, the median more.
"""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from results_page import main, markdown

from commonweal import Action, Arena, Cooperative, Ensemble, Principal, View, load
from commonweal.rl import parallel_env

PAGE = Path(__file__).parents[1] / "docs" / "arena.md"
COUNT, RUNS, STEPS = 40, 64, 40
FIRST = {"credit.kind": "first_order"}


class Told(Principal):
    """Does what its model is told; what it sees is put together number by number, as loops over agents do."""

    def choose(self, view: View) -> Action:
        """What it is told."""
        self.seen = np.array([view.round, view.quality, view.payoff, view.reputation, view.cost, view.delegating_share])
        return Action(int(self.model.told[self.index]))


class Plain:
    """An environment with dictionaries around the Mesa model."""

    def __init__(self, scenario: Any) -> None:
        self.model = Cooperative(scenario, rng=0, principals=Told)
        self.available = self.model.world.terms.available

    def step(self, actions: Mapping[str, int]) -> tuple[dict[str, Any], dict[str, float]]:
        """Play a round."""
        self.model.told = [self.available[code] for code in actions.values()]
        self.model.step()
        payoffs = self.model.record.payday.payoffs[0]
        seen = {f"principal_{each.index}": each.seen for each in self.model.principals}
        return seen, dict(zip(actions, payoffs, strict=True))


def measured(step: Callable[[], object]) -> tuple[float, float]:
    """(least, median) processor time of a step, seconds."""
    step()
    taken = []
    for _ in range(STEPS):
        begun = time.process_time()
        step()
        taken.append(time.process_time() - begun)
    return min(taken), float(np.median(taken))


def ways() -> Mapping[str, tuple[int, Callable[[], object]]]:
    """Runs and a step of every way to play."""
    random = np.random.default_rng(0)
    commons, first = load("commons"), load("commons", FIRST)
    found: dict[str, tuple[int, Callable[[], object]]] = {}
    for name, scenario in (("`credit.kind = \"first_order\"`", first), ("credit along the whole step", commons)):
        arena = Arena(scenario, range(RUNS))
        arena.reset()
        found[f"`Arena`, {name}"] = RUNS, lambda a=arena: a.step(random.integers(3, size=(RUNS, COUNT, 1)))
        found[f"`Ensemble`, policies, {name}"] = RUNS, Ensemble(scenario, range(RUNS)).step
    one = Arena(commons, [0])
    one.reset()
    found["`Arena`"] = 1, lambda: one.step(random.integers(3, size=(1, COUNT, 1)))
    env = parallel_env(commons)
    env.reset(seed=0)
    found["`parallel_env` of PettingZoo"] = 1, lambda: env.step({a: env.action_space(a).sample() for a in env.agents})
    plain = Plain(commons)
    names = [f"principal_{each}" for each in range(COUNT)]
    found["loop over the agents of `Cooperative`"] = 1, lambda: plain.step({n: random.integers(3) for n in names})
    return found


def speed() -> str:
    """Agent-steps a second: runs × principals over the processor time of a step."""
    rows = []
    for name, (runs, step) in ways().items():
        least, median = measured(step)
        steps = (f"{runs * COUNT / each:,.0f}" for each in (least, median))
        rows.append([name, str(runs), f"{1000 * least:.1f}", f"{1000 * median:.1f}", *steps])
    return markdown(["environment", "runs", "ms a step, least", "median", "agent-steps a second, most", "median"], rows)


if __name__ == "__main__":
    main(__doc__, {"speed": speed}, page=PAGE)
