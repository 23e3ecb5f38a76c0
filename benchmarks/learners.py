"""What learners find: in games whose best response is known, and against the rules of the commons.

    python benchmarks/learners.py               all tables (some minutes)
    python benchmarks/learners.py games         one of them
    python benchmarks/learners.py --write       all, into docs/learning.md

games: five trainings each, auction: three. commons: principal 0 learns against 39 who imitate, 50 rounds; what was
learned is frozen and judged on 16 fresh seeds beside the best move that is made in all rounds, which 8 further seeds
choose. Processor time of one thread (torch.set_num_threads(1)). An interrupted table goes on after its last row.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from results_page import kept, main, markdown
from shared.known_games import FirstPriceAuction, Game, PrisonersDilemma, PublicGood

from commonweal.agents.arrays import Floats
from commonweal.economy.learners.actor import acting, always
from commonweal.economy.learners.environment import Act, played
from commonweal.economy.learners.population import Population, by_programmes, by_weights
from commonweal.economy.learners.ppo import PPO, by_gradient
from commonweal.scenarios.runs.intervals import SHARE, mean_interval
from commonweal.scenarios.schema.loading import load
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.training.judging import best_constant, gains_of
from commonweal.scenarios.studies.training.training import Training, fresh_seeds, train

PAGE = Path(__file__).parents[1] / "docs" / "learning.md"
TRAININGS, FRESH = range(5), 10**6
ROBUST = {
    "settlement.kind": "robust", "settlement.hold_back": 2.0, "stakes.stake": 0.05, "stakes.audit": 0.1,
    "stakes.slash": 0.5, "clawback.share": 1.0, "identity.cost": 0.02, "population.endowment": 0.5,
}  # fmt: skip
MENU = {
    "market.price": 0.0, "market.model_value": 0.02, "rewards.kind": "menu", "menu.offer": "menu",
    "rewards.accuracy.kind": "fitted", "menu.term": 10, "population.cost_types": [0.00075, 0.0005, 0.00025],
}  # fmt: skip
RULES: dict[str, tuple[str, dict[str, Any]]] = {  # scenario, and what is changed in it
    **{kind: ("commons", {"settlement.kind": kind}) for kind in ("equal", "data", "credit", "robust")},
    "robust, all of these": ("commons", ROBUST),
    "menu": ("commons", MENU),
    "scenario synthesised": ("synthesised", {}),
    **{kind: ("commons", {"settlement.kind": kind}) for kind in ("synthesised", "quota", "time_cumulation",
                                                                 "time_valuation")},
}  # fmt: skip
TRAINED = {
    "programmes": Training("programmes", runs=32, updates=15),
    "ppo": Training("ppo", runs=32, updates=25, ppo=PPO(rate=0.005)),
}  # fmt: skip
CHOOSE = range(5000, 5008)  # seeds that choose the best constant move
ROUNDING = 1e-9  # of gains that are the same
MOST = 120.0  # seconds of processor time that a training may take


def games() -> Iterator[str]:
    """Share of what a best response has, on seeds that training never saw; five trainings, means and 95 % intervals."""
    known: dict[str, tuple[Game, Act | None]] = {
        "prisoner's dilemma": (PrisonersDilemma(runs=64), always([0])),
        "the same, against tit for tat": (PrisonersDilemma(runs=64, answers=True), None),
        "public good, r < N": (PublicGood(runs=64), always([0])),
        "public good, r > N": (PublicGood(runs=64, factor=5.0), always([4])),
    }
    rows = []
    for name, (game, best) in known.items():
        # Where the other answers, runs of one seed part ways, and what they had says nothing of one's own.
        terms = PPO(updates=40, copies=1) if best is None else PPO(updates=40)
        learners: list[Callable[[Any], Act]] = [
            lambda rng, game=game: by_programmes(game, Population(generations=40), rng).act,
            lambda rng, game=game: acting(by_weights(game, Population(generations=60, hidden=()), rng).actor),
            lambda rng, game=game, terms=terms: acting(by_gradient(game, terms, rng).actor),
        ]
        rows.append([name, *(shares(game, best, learn) for learn in learners)])
        yield markdown(["game", "programmes", "networks, population", "network, gradients"], rows)


def shares(game: Game, best: Act | None, learn: Callable[[Any], Act]) -> str:
    """Mean and interval over trainings."""
    seeds = range(FRESH, FRESH + game.runs)
    most = game.best if best is None else float(played(game, seeds, best).mean())
    found = [float(played(game, seeds, learn(np.random.default_rng(seed))).mean()) / most for seed in TRAININGS]
    return mean_interval(np.array(found), within=SHARE).text()


BIDDERS: dict[str, PPO | Population] = {
    "gradients, bonus on entropy .2, rate .003": PPO(updates=25, copies=4, entropy=0.2, discount=0.0, rate=0.003),
    "gradients, bonus on entropy .02, rate .01": PPO(updates=25, copies=4, entropy=0.02, discount=0.0, rate=0.01),
    "population, without hidden units": Population(generations=100, seeds=16, hidden=()),
}


def auction() -> Iterator[str]:
    """First price, bids of a tenth: share of what the best bids bring in expectation, by how a network learns."""
    rows = []
    for name, terms in BIDDERS.items():
        clock, found = time.process_time(), []
        for seed in TRAININGS[:3]:
            game, rng = FirstPriceAuction(runs=256, sizes=(11,)), np.random.default_rng(seed)
            learned = by_gradient(game, terms, rng) if isinstance(terms, PPO) else by_weights(game, terms, rng)
            found.append(bids(game, acting(learned.actor)))
        taken = (time.process_time() - clock) / len(found)
        share = mean_interval(np.array(found), within=SHARE).text(3)
        rows.append([name, share, f"{min(found):.3f}", f"{taken:.0f} s"])
        yield markdown(["a network learns by", "of the best", "least of three", "a training"], rows)


def bids(game: FirstPriceAuction, act: Act) -> float:
    """What bids bring in expectation, of what the best would."""
    sights, own, best = game.reset(range(FRESH, FRESH + game.runs)), 0.0, 0.0
    for round in range(game.horizon):
        codes, value = act(sights, round), sights[:, 0, 1]
        own += float(game.expected(value, codes[:, 0, 0]).sum())
        best += float(game.expected(value[:, None], np.arange(game.sizes[0])[None]).max(axis=1).sum())
        sights, *_ = game.step(codes)
    return own / best


def commons() -> Iterator[str]:
    """Gain in a round over going by one's policy, in thousandths of money, with 95 % intervals over 16 fresh seeds."""
    heads = ["rule", "best constant move", "its gain"]
    heads += [f"{method}: {what}" for method in TRAINED for what in ("gain", "over the constant", "time")]
    rows = []
    for name, (scenario, changes) in RULES.items():
        asked = load(scenario, changes)
        found = kept(("learned", asked, TRAINED, CHOOSE), lambda asked=asked: learned_in(asked))
        print(name, found, flush=True)
        rows.append([name, *found["cells"], verdict(found), found["does"]])
        yield markdown([*heads, "at least matches, in two minutes", "what the programme does"], rows)


def learned_in(scenario: Scenario) -> dict[str, Any]:
    """What learners come to in a scenario: cells of a row, and the numbers behind the verdict on each."""
    trained, taken = {}, {}
    for method, training in TRAINED.items():
        clock = time.process_time()
        trained[method] = train(scenario, training, 0)
        taken[method] = time.process_time() - clock
    usual = TRAINED["programmes"]
    constant = best_constant(scenario, usual, trained["programmes"], CHOOSE)
    tried = [constant, *(each.as_deviation(method, 0) for method, each in trained.items())]
    gains = 1000 * gains_of(scenario, usual, tried, fresh_seeds(0, 16))
    cells, highest = [constant.name, said(gains[:, 0])], {}
    for place, method in enumerate(trained, start=1):
        ahead = mean_interval(gains[:, place] - gains[:, 0])
        highest[method] = float(ahead.high)
        cells += [said(gains[:, place]), ahead.text(2, "+"), f"{taken[method]:.0f} s"]
    does = "; ".join(plan_of(trained["programmes"].tactic))
    return {"cells": cells, "ahead": highest, "seconds": taken, "does": does}


def verdict(found: dict[str, Any]) -> str:
    """Which learners are not surely behind the best constant move, in the time that they have."""
    match = [
        method for method in TRAINED if found["ahead"][method] >= -ROUNDING and found["seconds"][method] <= MOST
    ]
    return "both" if len(match) == len(TRAINED) else ", ".join(match) or "none"


def plan_of(tactic: Any) -> list[str]:
    """A programme in words."""
    return [f"{tactic.moves.at(codes).name} from round {start + 1}" for start, codes in tactic.steps]


def said(values: Floats) -> str:
    """Mean and interval."""
    return mean_interval(values).text(2)


if __name__ == "__main__":
    main(__doc__, {"games": games, "auction": auction, "commons": commons}, "learners-", PAGE)
