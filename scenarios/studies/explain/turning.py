"""Which episodes decided a run: what the luck of each adds to how it ended."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from commonweal.agents.arrays import Floats
from commonweal.agents.errors import InputError
from commonweal.economy.explaining.episodes import LuckGame, explain_luck
from commonweal.economy.explaining.explanation import Explanation
from commonweal.economy.explaining.profiles import PAYOFFS
from commonweal.economy.explaining.tree import Outcome, stretches
from commonweal.economy.explaining.values import Effort
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.studies.explain.options import ExplainOptions
from commonweal.scenarios.studies.explain.replies import Reply, joined_runs
from commonweal.scenarios.studies.explain.sentences import turned
from commonweal.scenarios.studies.explain.watching import Run, Watched, demand_known, demand_metrics
from commonweal.scenarios.studies.pieces import Piece, Pieces, Tick

USUAL = ("share_delegate",)
HELD = 20_000  # principals in runs computed at once


def explain_episodes(runs: Sequence[Run], watched: Watched, options: ExplainOptions, pieces: Pieces) -> Reply:
    """Explain how runs ended by the luck of their episodes.

    Args:
        runs: the first of those that were watched.
        watched: as they went.
        options: episodes, strangers and outcomes.
        pieces: plays the runs again.

    Raises:
        InputError: if there are fewer rounds than episodes, or an outcome is not measured.
    """
    metrics = options.outcome or USUAL
    demand_known(watched, metrics, options.last)
    asked = [_Asked(run, _game(run, options, metrics)).piece for run in runs]
    pieces.expect(sum(piece.rounds for piece in asked))
    why = joined_runs(pieces.play("other luck", asked, options.workers))
    ends = ends_of(why, options.strangers)
    sentence = " ".join(turned(why, ends, 0, answer) for answer in range(len(metrics)))
    seeds = [run.seed for run in runs]
    tables = {"episodes": episodes_table(why, ends, runs, seeds), "rounds": rounds_table(watched, metrics, seeds)}
    sizes = f"strangers-{options.strangers}-last-{options.last}-sets-{options.coalitions}"
    name = "-".join(("episodes", str(options.episodes), *metrics, sizes))
    return Reply(sentence, tables, {"episodes": why}, _notes(options), name)


def demand_episodes(known: Sequence[str], options: ExplainOptions, rounds: int) -> None:
    """Raise InputError where the luck of episodes cannot be explained."""
    stretches(rounds, options.episodes)
    if PAYOFFS in options.outcome:
        raise InputError(f"outcome {PAYOFFS}: stands for action profiles alone; name a metric, like welfare")
    demand_metrics(known, options.outcome)


def _game(run: Run, options: ExplainOptions, metrics: Sequence[str]) -> LuckGame:
    together = max(16, min(512, HELD // run.scenario.population.count))
    outcome = Outcome(tuple(metrics), min(options.last, run.rounds))
    effort = Effort(budget=options.coalitions, together=together)
    return LuckGame(options.episodes, strangers=options.strangers, outcome=outcome, effort=effort)


@dataclass(frozen=True)
class _Asked:
    """A run, and how its luck is taken apart."""

    run: Run
    game: LuckGame

    @property
    def piece(self) -> Piece:
        """To play."""
        return Piece(_luck, self, luck_rounds(self.game, self.run.rounds), (Explanation,))


def luck_rounds(game: LuckGame, rounds: int) -> int:
    """About how many rounds of single runs a game plays: coalitions that agree so far are played once."""
    sets: int = 2**game.episodes if game.effort.is_exact(game.episodes) else game.effort.budget
    parts = stretches(rounds, game.episodes)
    played: int = sum(len(part) * min(sets, 2 ** (place + 1)) for place, part in enumerate(parts))
    return game.strangers * played


def _luck(asked: _Asked, tick: Tick) -> Explanation:
    economy = Ensemble(asked.run.scenario, [asked.run.seed]).snapshot
    return explain_luck(economy, asked.run.rounds, asked.game, tick)


def ends_of(why: Explanation, strangers: int) -> tuple[Floats, Floats]:
    """Ends (R, E, A) of 95 % intervals over few strangers, by Student's distribution."""
    assert why.standard_error is not None  # there are strangers
    reach = stdtrit(strangers - 1, 0.975) * why.standard_error
    return why.values - reach, why.values + reach


def episodes_table(
    why: Explanation, ends: tuple[Floats, Floats], runs: Sequence[Run], seeds: Sequence[int]
) -> pd.DataFrame:
    """A row for every run, outcome and episode: its rounds, what its luck adds, and whether surely."""
    parts = stretches(runs[0].rounds, len(why.names))
    table = why.frame()
    low, high = (np.swapaxes(end, 1, 2).ravel() for end in ends)
    place = np.tile(np.arange(len(parts)), len(table) // len(parts))
    return pd.DataFrame({
        "episode": table["reason"],
        "value": table["value"],
        "value_low": low,
        "value_high": high,
        "surely": (low > 0) | (high < 0),
        "outcome": table["answer"],
        "first": [parts[k].start for k in place],
        "last": [parts[k][-1] for k in place],
        "seed": table["run"].map(dict(enumerate(seeds))),
    })  # fmt: skip


def rounds_table(watched: Watched, metrics: Sequence[str], seeds: Sequence[int]) -> pd.DataFrame:
    """A row for every explained run and round: the outcomes as they went."""
    rounds = len(watched.course(metrics[0]))
    columns = {"seed": np.repeat(seeds, rounds), "round": np.tile(np.arange(rounds), len(seeds))}
    return pd.DataFrame(columns | {name: watched.courses[name][: len(seeds)].ravel() for name in metrics})


def _notes(options: ExplainOptions) -> tuple[str, ...]:
    return (
        f"episodes: each keeps the random numbers of the run or has those of one of {options.strangers} others;"
        " intervals are of 95 % over these (Student), and nothing corrects for the number of episodes.",
    )
