"""The study ``calibrate``: policy mixes fitted to human contributions, and tested on what they were not fitted to."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats
from commonweal.agents.documents import said_by
from commonweal.agents.errors import InputError
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.loading import revise
from commonweal.scenarios.schema.scenario import Count, Scenario, field
from commonweal.scenarios.studies.base import Answer, Question, StudyOptions, study
from commonweal.scenarios.studies.calibrate.fitting import (
    POPULATION,
    REPLICAS,
    Fit,
    constant,
    fit_rounds,
    fit_series,
    linear_trend,
    no_change,
)
from commonweal.scenarios.studies.calibrate.parameters import PARAMETERS, demand_parameters, placed
from commonweal.scenarios.studies.calibrate.series import GAMES, Series, read_series
from commonweal.scenarios.studies.calibrate.simulation import Simulator
from commonweal.scenarios.studies.pieces import Piece, Pieces, Tick

BASELINES = {"constant": constant, "no_change": no_change, "linear_trend": linear_trend}
FITTED = slice(1, None)  # periods after the first, which is given
FRESH = 4  # times as many runs, with other seeds, as the search has of each candidate


class CalibrateOptions(StudyOptions):
    """What to fit, and to which series."""

    data: tuple[str, ...] = field(
        tuple(GAMES), "series of contributions: " + ", ".join(GAMES) + ", or CSV files with period and contribution",
        "names", min_length=1)  # fmt: skip
    fit: tuple[str, ...] = field(
        ("cooperators", "free_riders", "slope", "revision"), "fitted parameters: " + ", ".join(PARAMETERS), "names")
    endowment: float | None = field(
        None, "tokens a subject can give, if CSV files count in tokens; shares if not given", "tokens", gt=0)
    train: Count = field(6, "first periods that are fitted when the later ones are predicted", "periods")
    generations: int = field(20, "generations of the search", "1", ge=1, le=1000)
    search_seed: int = field(0, "seed of the search", "1", ge=0)

    def by_contents(self, document: dict[str, Any]) -> dict[str, Any]:
        """Series by their names and, where they are files of one's own, by what these say."""
        data = [name if name in GAMES else [Path(name).stem, said_by(Path(name))] for name in self.data]
        return document | {"data": data}


@dataclass(frozen=True)
class Calibrated:
    """One series, fitted."""

    series: Series
    game: Scenario  # what was played, starting with the series' first share
    whole: Fit  # to all T periods
    played: Floats  # (runs, T) shares with fresh seeds, under the fit to all periods
    ahead: Floats  # (runs, T) the same under the fit to the first periods alone


@study("calibrate", CalibrateOptions)
def calibrate(question: Question) -> Answer:
    """Which mix of policies contributes as people do, and how well does it predict what it was not fitted to?"""
    options, scenario = question.options, question.scenario
    demand_parameters(options.fit)
    every = [read_series(name, options.endowment) for name in options.data]
    _demand_sense(scenario, every, options)
    games = [_game(scenario, series) for series in every]
    setups = [_Setup.of(question, *pair) for pair in zip(every, games, strict=True)]
    transfers = sum(setup.game.rounds * len(setup.fresh) for setup in setups) * (len(setups) - 1)
    question.pieces.expect(sum(setup.rounds for setup in setups) + transfers, at_most=True)
    results = [setup.calibrated(question) for setup in setups]
    tables = {"fit": _fit_table(results, options.train), "parameters": _parameter_table(results)}
    if len(results) > 1:
        tables["transfer"] = _transfer_table(results, _fresh(question.seeds), question.pieces)
    tables["periods"] = _period_table(results, options.train)
    fitted = {result.series.name: _settings(result) for result in results}
    return Answer("calibrate", _headline(tables["fit"]), tables, _notes(results, options), {"fitted": fitted})


def _demand_sense(scenario: Scenario, every: Sequence[Series], options: CalibrateOptions) -> None:
    if scenario.market.kind != "public_goods":
        raise InputError("calibrate: market.kind = 'model'; must be public_goods, as in the scenario public-goods")
    if len({series.name for series in every}) < len(every):
        raise InputError(f"option data = {', '.join(options.data)}: names must differ")
    shortest = min(every, key=lambda series: len(series.contribution))
    periods, least = len(shortest.contribution), len(options.fit) + 1  # the first period is given
    if not least <= options.train < periods:
        raise InputError(
            f"option train = {options.train}: must be from {least} on, one more than the parameters fitted, "
            f"and below the {periods} periods of {shortest.name}"
        )


@dataclass(frozen=True)
class _Setup:
    """One series before it is fitted."""

    series: Series
    game: Scenario
    fresh: range  # seeds that the search does not have
    simulator: Simulator
    others: Simulator  # of the bootstrap
    generations: int

    @classmethod
    def of(cls, question: Question, series: Series, game: Scenario) -> "_Setup":
        """With the game in which the series is played."""
        options, fresh = question.options, _fresh(question.seeds)
        simulator = Simulator.of(game, options.fit, question.seeds, POPULATION)
        others = Simulator.of(game, options.fit, range(fresh.stop, fresh.stop + REPLICAS), 1)
        return cls(series, game, fresh, simulator, others, options.generations)

    @property
    def rounds(self) -> int:
        """Rounds of single runs that it takes: two fits, and what both play with fresh seeds."""
        return 2 * (fit_rounds(self.simulator, self.others, self.generations) + self.game.rounds * len(self.fresh))

    def calibrated(self, question: Question) -> Calibrated:
        """The series, fitted as a whole and in its first periods."""
        options, pieces, what = question.options, question.pieces, f"fitting {self.series.name}"
        whole, early = (
            fit_series(self.simulator, self.others, self.series.contribution[:periods], options.generations,
                       options.search_seed, pieces, what)
            for periods in (len(self.series.contribution), options.train)
        )  # fmt: skip
        again = [_again(self.game, fit, self.fresh) for fit in (whole, early)]
        played, ahead = pieces.play(f"playing {self.series.name}", again)
        return Calibrated(self.series, self.game, whole, played, ahead)


def _game(scenario: Scenario, series: Series) -> Scenario:
    """The experiment's own game, begun with the share that people began with."""
    first = float(series.contribution[0])
    start = {"population.start_delegate": first, "population.start_free_ride": 1 - first,
             "population.start_abstain": 0.0, "population.start_defect": 0.0}  # fmt: skip
    return revise(scenario, {**series.game, **start, "rounds": len(series.contribution)})


def _fresh(seeds: Sequence[int]) -> range:
    return range(max(seeds) + 1, max(seeds) + 1 + FRESH * len(seeds))


def _again(game: Scenario, fit: Fit, seeds: Sequence[int]) -> Piece:
    """What gives the shares (runs, T) delegating under the fitted parameters."""
    return Piece(_shares, (placed(game, fit.names, fit.best), list(seeds)), game.rounds * len(seeds))


def _shares(asked: tuple[Scenario, list[int]], tick: Tick) -> Floats:
    scenario, seeds = asked
    ensemble = Ensemble(scenario, seeds)
    rounds = [(ensemble.step().actions == Action.DELEGATE).mean(axis=1) for _ in range(scenario.rounds)]
    return np.stack(rounds, axis=1)


def _miss(course: Floats, target: Floats, periods: slice) -> float:
    """Root mean squared difference over some periods, share of the endowment."""
    return float(np.sqrt(((course - target)[periods] ** 2).mean()))


def _fit_table(results: Sequence[Calibrated], train: int) -> pd.DataFrame:
    """Errors of the fitted mix and of simple baselines, over the fitted periods and the later ones."""
    rows = []
    for result in results:
        target, later = result.series.contribution, slice(train, None)
        row: dict[str, object] = {"series": result.series.name, "rmse": _miss(result.played.mean(0), target, FITTED)}
        for name in ("constant", "linear_trend"):
            row[f"rmse_{name}"] = _miss(BASELINES[name](target, len(target)), target, FITTED)
        row["rmse_ahead"] = _miss(result.ahead.mean(0), target, later)
        for name, baseline in BASELINES.items():
            row[f"rmse_ahead_{name}"] = _miss(baseline(target[:train], len(target)), target, later)
        rows.append(row)
    return pd.DataFrame(rows)


def _parameter_table(results: Sequence[Calibrated]) -> pd.DataFrame:
    rows = []
    for result in results:
        fit = result.whole
        for name, value, (low, high) in zip(fit.names, fit.best, fit.interval(), strict=True):
            parameter = PARAMETERS[name]
            wide = (high - low) > 0.5 * (parameter.high - parameter.low)
            rows.append({
                "series": result.series.name, "parameter": name, "field": parameter.field, "estimate": value,
                "estimate_low": low, "estimate_high": high, "determined": not wide})  # fmt: skip
    return pd.DataFrame(rows)


def _transfer_table(results: Sequence[Calibrated], fresh: Sequence[int], pieces: Pieces) -> pd.DataFrame:
    """The fit to one series, played in the game of another, and begun with the share that began there."""
    rows = []
    for source in results:
        slope = np.polyfit(np.arange(len(source.series.contribution)), source.series.contribution, 1)[0]
        for other in results:
            target = other.series.contribution
            if other is source:
                continue
            (shares,) = pieces.play("transfer", [_again(other.game, source.whole, fresh)])
            course = shares.mean(axis=0)
            trend = np.clip(target[0] + slope * np.arange(len(target)), 0, 1)
            rows.append({
                "fitted_to": source.series.name, "predicts": other.series.name,
                "rmse": _miss(course, target, FITTED),
                "rmse_no_change": _miss(no_change(target[:1], len(target)), target, FITTED),
                "rmse_trend_of_the_fitted": _miss(trend, target, FITTED)})  # fmt: skip
    return pd.DataFrame(rows)


def _period_table(results: Sequence[Calibrated], train: int) -> pd.DataFrame:
    frames = []
    for result in results:
        target = result.series.contribution
        periods = len(target)
        columns: dict[str, object] = {
            "series": result.series.name, "period": np.arange(1, periods + 1), "observed": target,
            **_band("fitted", result.played), **_band("predicted", result.ahead),
            **{name: baseline(target[:train], periods) for name, baseline in BASELINES.items()},
            "predicted_error": result.ahead.mean(axis=0) - target, "ahead": np.arange(periods) >= train,
            "observed_zero_share": result.series.zero_share, "fitted_zero_share": 1 - result.played.mean(axis=0),
        }  # fmt: skip
        frames.append(pd.DataFrame(columns))
    return pd.concat(frames, ignore_index=True)


def _band(name: str, runs: Floats) -> dict[str, Floats]:
    """Mean, and where 95 % of the runs lie."""
    low, high = np.quantile(runs, [0.025, 0.975], axis=0)
    return {name: runs.mean(axis=0), f"{name}_low": low, f"{name}_high": high}


def _settings(result: Calibrated) -> dict[str, float | dict[str, float]]:
    """Fields of a scenario that the fit sets, to play it again."""
    fitted = placed(result.game, result.whole.names, result.whole.best)
    values: dict[str, float | dict[str, float]] = {}
    for name in result.whole.names:
        path = "policy.mix" if PARAMETERS[name].field.startswith("policy.mix.") else PARAMETERS[name].field
        value: object = fitted
        for part in path.split("."):
            value = getattr(value, part)
        assert isinstance(value, float | dict)
        values[path] = value
    return values


def _headline(fit: pd.DataFrame) -> str:
    mean = fit.drop(columns="series").mean()
    better = int((fit["rmse_ahead"] < fit[[f"rmse_ahead_{name}" for name in BASELINES]].min(axis=1)).sum())
    return (
        f"The fitted mix misses contributions by {mean['rmse']:.3f} of the endowment a period, a straight line by "
        f"{mean['rmse_linear_trend']:.3f}. Ahead of the periods fitted it misses by {mean['rmse_ahead']:.3f}, "
        f"no change by {mean['rmse_ahead_no_change']:.3f}, a straight line by {mean['rmse_ahead_linear_trend']:.3f}; "
        f"it predicts best in {better} of {len(fit)} series."
    )


def _notes(results: Sequence[Calibrated], options: CalibrateOptions) -> tuple[str, ...]:
    notes = [
        "Contributions in the economy are all or nothing: the mean contribution is the share that delegates, and the"
        " share that gives nothing is one minus it, which is not what people do.",
        "The first period is given, not fitted, and does not count. Errors are of fresh seeds, not of the search's.",
        f"Intervals of parameters are 95 % of a parametric bootstrap: {REPLICAS} series that the fitted mix plays, of"
        " as many people as the scenario has principals, each fitted again. They take the model for true."
        " determined = no: the interval covers more than half of what is allowed.",
        "Intervals of periods hold 95 % of runs of the scenario's size.",
    ]
    if any(result.series.game for result in results):
        notes.append("A series of the library is played as its own experiment: groups of four, multiplication 1.6,"
                     " strangers (Fischbacher and Gächter) or partners (Herrmann et al.).")  # fmt: skip
    if "herrmann-2008-punishment" in options.data:
        notes.append("Punishment is taken as three points (costing 3 and taking 9 tokens of 20) by each contributor"
                     " with probability 1/2, for every member of its group who gives nothing.")  # fmt: skip
    return (*notes, *[f"{result.series.name}: {result.series.source}" for result in results if result.series.source])
