"""How often the intervals of certificates cover, and how many certificates fall to attacks held out of the search.

    python benchmarks/certificates.py                    all tables (some thirty minutes on one core)
    python benchmarks/certificates.py procedure coverage some of them
    python benchmarks/certificates.py --write            all, into docs/certificates.md

procedure: of the interval alone, on matrix games of noisy gains. coverage: of whole certificates of economies whose gap
is known in closed form, or by very many runs. held_out: certificates of small mechanisms, attacked by families that no
search uses. torch.set_num_threads(1).
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from results_page import Table, kept, main, markdown

from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.attacks import Attempt, CertifyOptions, certify, exploitability, refute
from commonweal.scenarios.studies.attacks.exploitability import strongest
from commonweal.scenarios.studies.attacks.registry import attacks_of, searched_families
from commonweal.scenarios.studies.attacks.trying import Trying, try_attacks, try_pairs
from commonweal.scenarios.studies.pieces import Pieces

PAGE = Path(__file__).parents[1] / "docs" / "certificates.md"
REPETITIONS, GAMES = 100, 2000
SEARCH, FRESH = 4, 64  # seeds of a certificate
HORIZON = 6
MUTATION = 0.3  # chance of a random action in each round: what makes gains differ between seeds
TRUTH = 2000  # seeds that stand for the truth where there is no closed form
HELD_OUT = ("mixed", "patterns", "thresholds")


def procedure() -> str:
    """The interval of the strongest of four attacks, on matrix games of known mean gains."""
    lines = []
    for name, means in {
        "one strongest": [1.0, 0.0, 0.0, -1.0], "two strongest": [1.0, 1.0, 0.0, 0.0], "all equal": [1.0] * 4,
    }.items():  # fmt: skip
        for law, draw in {"normal": _normal, "exponential": _skewed}.items():
            generator = np.random.default_rng(7)
            found = strongest(np.array(means) + draw(generator, (FRESH, GAMES, len(means))))
            below, above = int((found.high < 1.0).sum()), int((found.low > 1.0).sum())
            shares = [share(GAMES - below - above, GAMES), share(above, GAMES), share(below, GAMES)]
            lines.append([name, law, *shares])
    heads = ["gains", "noise", f"covers, of {GAMES} at 95 %", "low end above the gap", "ε below the gap"]
    return markdown(heads, lines)


def _normal(generator: np.random.Generator, shape: tuple[int, int, int]) -> Any:
    return 0.7 * (generator.standard_normal((*shape[:2], 1)) + generator.standard_normal(shape))


def _skewed(generator: np.random.Generator, shape: tuple[int, int, int]) -> Any:
    return 0.7 * (generator.exponential(size=(*shape[:2], 1)) + generator.exponential(size=shape) - 2.0)


def coverage() -> Iterator[str]:
    """Whole certificates of economies whose gap is known."""
    heads = ["economy", "gap, money per round", f"covers, of {REPETITIONS} at 95 %", "low end above", "ε below"]
    lines = []
    for name, (scenario, gap) in known_games().items():
        options = CertifyOptions(
            horizon=HORIZON, principals=None, held_out=FRESH, finalists=8, workers=1, search="none"
        )
        truth = true_gap(scenario, options) if gap is None else gap
        found = [_certified(scenario, options, _seeds(k)) for k in range(REPETITIONS)]
        below = sum(high < truth - 1e-9 for _, high in found)
        above = sum(low > truth + 1e-9 for low, _ in found)
        width = float(np.mean([high - low for low, high in found]))
        known = f"{TRUTH} seeds" if gap is None else "closed form"
        shares = [share(REPETITIONS - below - above, REPETITIONS), str(above), str(below)]
        lines.append([name, f"{truth:.4f} ({known})", *shares, f"{width:.3f}"])
        print(lines[-1], flush=True)
        yield markdown([*heads, "mean width"], lines)


def _certified(scenario: Scenario, options: CertifyOptions, seeds: range) -> tuple[float, float]:
    """The ends of the interval of the largest gain."""

    def ends() -> list[float]:
        found = exploitability(scenario, options, seeds).epsilon
        return [float(found.low), float(found.high)]

    low, high = kept(("coverage", scenario, options, seeds), ends)
    return low, high


def _seeds(repetition: int) -> range:
    first = 1000 + repetition * (SEARCH + FRESH)
    return range(first, first + SEARCH)


def known_games() -> dict[str, tuple[Scenario, float | None]]:
    """Economies, and the largest gain from any deviation where there is a closed form.

    In a linear public-goods game it is never worse to keep all, so the most that can be gained is what one keeps when
    one would have given: 1 − r/n of a unit, times the chance of giving. Who begins by giving gives in round t with
    chance ½ + ½ (1 − m)^t, since it takes a random one of two actions with chance m in each round and keeps it.
    """
    giving = float(np.mean([0.5 + 0.5 * (1 - MUTATION) ** t for t in range(HORIZON)]))
    drawn = {"policy.mix": {"fixed": 1.0}, "policy.mutation": MUTATION, "population.start_delegate": 0.5,
             "population.start_free_ride": 0.5}  # fmt: skip
    one_giver = {"population.start_delegate": 1 / 6, "population.start_free_ride": 5 / 6}
    together = {"market.groups": "all", "market.multiplication": 1.8}
    game = load("public-goods")
    return {
        "prisoner's dilemma (r = 1.5, n = 2)": (
            revise(game, {"population.count": 2, **drawn, **together, "market.multiplication": 1.5}),
            (1 - 1.5 / 2) * giving),
        "one giver of six (r = 1.8)": (
            revise(game, {"population.count": 6, **drawn, **one_giver, **together}), (1 - 1.8 / 6) * giving),
        "public goods (r = 1.8, n = 6)": (
            revise(game, {"population.count": 6, **drawn, **together}), (1 - 1.8 / 6) * giving),
        "public goods in random groups (r = 1.6, n = 4)": (
            revise(game, {"population.count": 8, **drawn}), (1 - 1.6 / 4) * giving),
        "public goods, conditional cooperators": (revise(game, {"population.count": 6, **together}), None),
    }  # fmt: skip


def true_gap(scenario: Scenario, options: CertifyOptions) -> float:
    """The largest gain by very many runs: the strongest of a first round of seeds are played in all of them."""
    return float(kept(("gap", scenario, options, TRUTH), lambda: _largest(scenario, options)))


def _largest(scenario: Scenario, options: CertifyOptions) -> float:
    trying = Trying(scenario, options, "money", Pieces())
    attacks = [each for family in searched_families() for each in attacks_of(family, scenario, options.horizon)]
    first = try_attacks(trying, attacks, range(500_000, 500_040), "first seeds")
    means = first.gains.mean(axis=0)
    places = np.argsort(-means, axis=None)[:12].tolist()
    pairs = [(first.attacks[k % means.shape[1]], first.groups[k // means.shape[1]]) for k in places]
    gains, _ = try_pairs(trying, pairs, range(600_000, 600_000 + TRUTH), "many seeds")
    return float(gains.mean(axis=0).max())


def held_out() -> Iterator[str]:
    """Certificates of small mechanisms, and how many fall to families that no search uses."""
    fallen: Counter[str] = Counter()
    made: Counter[str] = Counter()
    worst: list[str] = []
    for kind, name, scenario in mechanisms():
        falls, said = kept(("held out", scenario, HELD_OUT), lambda scenario=scenario: _attacked(scenario))
        print(name, falls, said, flush=True)
        made[kind] += 1
        if falls:
            fallen[kind] += 1
            worst.append(f"{name}: {said}")
        yield _fallen(made, fallen, worst)


def _attacked(scenario: Scenario) -> tuple[bool, str]:
    """Whether a certificate of a scenario falls, and what the strongest attack gains."""
    options = CertifyOptions(horizon=8, principals=3, budget=24, held_out=32, finalists=8, workers=1)
    verdict = refute(certify(scenario, options, range(8)), Attempt(HELD_OUT, seeds=48, workers=1))
    found = verdict["found"]["money"]
    ends = f"{found['gain']['value']:.4f} [{found['gain']['low']:.4f}, {found['gain']['high']:.4f}]"
    return verdict["falls"], f"{found['deviation']['name']} gains {ends}, ε = {found['epsilon']:.4f}"


def _fallen(made: Counter[str], fallen: Counter[str], worst: list[str]) -> str:
    lines = [[kind, str(count), str(fallen[kind])] for kind, count in made.items()]
    total, fell = sum(made.values()), sum(fallen.values())
    lines.append(["all", str(total), share(fell, total)])
    listed = "".join(f"\n- {line}" for line in worst) or "\n- none"
    return markdown(["mechanisms", "certificates", "fell"], lines) + f"\n\nThose that fell:\n{listed}"


def mechanisms() -> Iterator[tuple[str, str, Scenario]]:
    """Kind, name and scenario of small mechanisms."""
    game, gifts, firms, commons = (load(name) for name in ("public-goods", "leading-eight", "big-firms", "commons"))
    for policy in ("conditional", "imitation", "best_response", "fixed"):
        for name, changes in {
            "r = 1.3": {"market.multiplication": 1.3}, "r = 1.8": {"market.multiplication": 1.8},
            "r = 2.4": {"market.multiplication": 2.4},
            "r = 1.8, in threes": {"market.multiplication": 1.8, "market.groups": "random", "market.group_size": 3},
            "r = 3": {"market.multiplication": 3.0}, "r = 8, more than n": {"market.multiplication": 8.0},
            "with fines": {"market.multiplication": 1.8,
                           "market.punishment": {"probability": 0.5, "cost": 0.1, "fine": 0.3}},
        }.items():  # fmt: skip
            fixed = {"population.count": 6, "market.groups": "all", "policy.mix": {policy: 1.0},
                     "policy.mutation": 0.05}  # fmt: skip
            yield "public goods", f"public goods, {policy}, {name}", revise(game, {**fixed, **changes})
    for norm in (*(f"L{k}" for k in range(1, 9)), "image-scoring", "shunning"):
        for benefit in (1.5, 2.5, 4.0):
            changes = {"population.count": 8, "reciprocity.norm": norm, "policy.mix": {f"norm:{norm}": 1.0},
                       "market.benefit": benefit}  # fmt: skip
            yield "gifts by names", f"gifts, {norm}, b = {benefit:g}", revise(gifts, changes)
    for settlement in ("equal", "data", "credit", "quota", "robust"):
        for policy in ("imitation", "best_response", "fixed"):
            changes = {"population.count": 6, "settlement.kind": settlement, "policy.mix": {policy: 1.0},
                       "task.kind": "wine", "task.validation": 30, "task.test": 30, "learning.hidden": [8]}  # fmt: skip
            yield "a model of wines", f"wines, {settlement}, {policy}", revise(commons, changes)
    yield from firms_of(firms)


def firms_of(firms: Scenario) -> Iterator[tuple[str, str, Scenario]]:
    """Firms that are paid with models along a known curve."""
    for count in (4, 6, 8):
        yield "firms and a curve", f"{count} firms, menu", revise(firms, {"population.count": count})


def share(part: int, whole: int) -> str:
    """A share with its 95 % interval, after Wilson (1927)."""
    z, p = 1.96, part / whole
    middle, reach = p + z * z / (2 * whole), z * np.sqrt(p * (1 - p) / whole + z * z / (4 * whole * whole))
    low, high = ((middle + sign * reach) / (1 + z * z / whole) for sign in (-1, 1))
    return f"{p:.1%} [{max(low, 0):.1%}, {min(high, 1):.1%}]"


TABLES: Mapping[str, Callable[[], Table]] = {"procedure": procedure, "coverage": coverage, "held_out": held_out}

if __name__ == "__main__":
    main(__doc__, TABLES, "certificates-", PAGE)
