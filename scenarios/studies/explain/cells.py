"""What every varied field was worth to an outcome of a sweep: fields are the players, and cells the profiles."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.economy.explaining.explanation import Explanation
from commonweal.economy.explaining.sketch import Baseline, Played, explain, instead_of, of_cells, sketch, uniform
from commonweal.scenarios.reading.stored import in_words
from commonweal.scenarios.reading.survey import Survey
from commonweal.scenarios.runs.intervals import Interval, mean_interval, standard_error
from commonweal.scenarios.studies.explain.options import ExplainOptions
from commonweal.scenarios.studies.explain.replies import Reply, joined_answers
from commonweal.scenarios.studies.explain.sentences import reasons

MOST = 12  # values of a field that are told apart
_ENDS = ("value", "low", "high")


def explain_cells(found: Survey, options: ExplainOptions) -> Reply:
    """Explain the outcomes of all cells of a sweep.

    Args:
        found: the sweep; it need not be finished.
        options: outcomes, and what a cell is compared with.

    Raises:
        InputError: if an outcome was not measured, or too few cells were played.
    """
    demand_cells(found, options)
    table = players(pd.DataFrame([{path: in_words(point[path]) for path in found.factors} for point in found.points]))
    parts = [_explained(found, table, outcome, options) for outcome in options.outcome]
    why = replace(joined_answers([each for each, _ in parts]), target="mean of the last quarter of rounds")
    ends = Interval(*(np.concatenate([getattr(each, end) for _, each in parts], axis=2) for end in _ENDS))
    sentence = " ".join(_sentence(why, ends, table, answer) for answer in range(len(options.outcome)))
    return Reply(sentence, {"cells": _table(why, ends, table)}, {"cells": why}, _notes(found, why), _name(options))


def players(table: pd.DataFrame) -> pd.DataFrame:
    """Cells in words, (P, F): fields that always vary together are one, as nothing tells what each of them does."""
    groups: dict[bytes, list[str]] = {}
    for path in table:
        groups.setdefault(pd.factorize(table[path])[0].tobytes(), []).append(str(path))
    return pd.DataFrame({" and ".join(paths): table[paths].agg(", ".join, axis=1) for paths in groups.values()})


def demand_cells(found: Survey, options: ExplainOptions) -> None:
    """Raise InputError where the cells of a sweep cannot be explained."""
    if not options.outcome:
        raise InputError(f"{found.folder}: holds a sweep: name what to explain, like --outcome {found.measures[0]}")
    if unknown := [name for name in options.outcome if name not in found.measures]:
        raise InputError(f"outcome {unknown[0]!r}: must be one of {', '.join(found.measures)}")
    if _baseline(options) == "as-played":
        raise InputError("baseline as-played: is of runs; of a sweep it must be uniform or instead-of, its first point")
    for path in found.factors:
        if (levels := len({in_words(point[path]) for point in found.points})) > MOST:
            raise InputError(f"{path}: takes {levels} values; at most {MOST} of a field are told apart")


def _baseline(options: ExplainOptions) -> str:
    return options.baseline if "baseline" in options.model_fields_set else "uniform"


def _explained(
    found: Survey, table: pd.DataFrame, outcome: str, options: ExplainOptions
) -> tuple[Explanation, Interval]:
    """One outcome of all cells, and (P, F, 1) intervals of what each field adds."""
    by_seed = found.values(outcome)  # (S, P)
    whole = by_seed[np.isfinite(by_seed).all(axis=1)]
    if len(whole) and of_cells(table, pd.DataFrame({outcome: whole[0]})).is_complete:
        return _over_seeds([_of_cells(table, row, outcome, options) for row in whole])
    seeds, points = np.nonzero(np.isfinite(by_seed))
    if len(points) < 2:
        raise InputError(f"outcome {outcome}: was measured in {len(points)} runs; cells need more")
    played = of_cells(table.iloc[points], pd.DataFrame({outcome: by_seed[seeds, points]}))
    cells = _profiles(played, table.iloc[np.unique(points)])
    why = explain(sketch(played), cells, _law(played, cells[:1], table.iloc[points], options), outcome)
    ends = why.intervals or (why.values, why.values)
    return why, Interval(why.values, *ends)


def _of_cells(table: pd.DataFrame, outcomes: Floats, outcome: str, options: ExplainOptions) -> Explanation:
    """Exact values, from all cells with one seed."""
    played = of_cells(table, pd.DataFrame({outcome: outcomes}))
    return explain(sketch(played), played.profiles, _law(played, played.profiles, table, options), outcome)


def _profiles(played: Played, table: pd.DataFrame) -> Ints:
    """(P, F) codes of cells in a table of words."""
    codes = [[actions.index(word) for word in table[name]] for name, actions in zip(table, played.actions, strict=True)]
    return np.array(codes, dtype=np.int64).T


def _law(played: Played, profiles: Ints, table: pd.DataFrame, options: ExplainOptions) -> Baseline:
    if _baseline(options) == "uniform":
        return replace(uniform(played), words="the average of all cells")
    first = ", ".join(f"{path} = {word}" for path, word in table.iloc[0].items())
    return instead_of(played, profiles[0], f"the first point, {first}")


def _over_seeds(parts: Sequence[Explanation]) -> tuple[Explanation, Interval]:
    """The mean of S explanations of the same cells, with intervals over seeds."""
    every: Floats = np.stack([each.values for each in parts])
    means = {name: np.mean([getattr(each, name) for each in parts], axis=0)
             for name in ("base", "value", "values", "interactions")}  # fmt: skip
    error = standard_error(every) if len(parts) > 1 else None
    provenance = {**parts[0].provenance, "seeds": str(len(parts)), "estimand": "mean over seeds"}
    why = replace(parts[0], **means, standard_error=error, provenance=provenance)
    return why, mean_interval(every)


def _sentence(why: Explanation, ends: Interval, table: pd.DataFrame, answer: int) -> str:
    """What makes the best cell the best."""
    best = int(why.value[:, 0 if why.value.shape[1] == 1 else answer].argmax())
    names = [f"{path} = {table[path].iloc[best]}" for path in why.names]
    place = (best, slice(None), answer)
    unsure = np.isnan(ends.low[place]).all()
    because = reasons(why.values[place], names, None if unsure else (ends.low[place], ends.high[place]))
    said = f"{why.answers[answer]} is highest, {why.value[best, answer]:.3g}, where {', '.join(names)}"
    return f"{said}, against {why.base[best, answer]:.3g} for {why.baseline}: {because}."


def _table(why: Explanation, ends: Interval, table: pd.DataFrame) -> pd.DataFrame:
    """A row for every outcome, cell and field: what its value there adds, with its interval; best cell first."""
    frames = []
    for answer, outcome in enumerate(why.answers):
        for cell in np.argsort(-why.value[:, answer], kind="stable"):
            place = (cell, slice(None), answer)
            frames.append(pd.DataFrame({
                "field": why.names, "is": [table[path].iloc[cell] for path in why.names],
                **{name: getattr(ends, end)[place] for name, end in zip(_COLUMNS, _ENDS, strict=True)},
                "outcome": outcome, "cell": cell, "comes_to": why.value[cell, answer],
            }))  # fmt: skip
    return pd.concat(frames, ignore_index=True)


_COLUMNS = ("value", "value_low", "value_high")


def _notes(found: Survey, why: Explanation) -> tuple[str, ...]:
    notes = ["cells: means of the last quarter of the rounds played; the best cell is chosen on the same runs."]
    if not why.exact:
        notes.append("cells: not every combination was played with every seed, so a model of them is explained; its"
                     " intervals hold less often than 95 %.")  # fmt: skip
    elif why.standard_error is None:
        notes.append("cells: one seed has no interval.")
    else:
        notes.append(f"cells: intervals are of 95 % over {why.provenance['seeds']} seeds.")
    return (*notes, *found.stored.notices) if found.stored is not None else tuple(notes)


def _name(options: ExplainOptions) -> str:
    return "-".join(("cells", *options.outcome, _baseline(options)))
