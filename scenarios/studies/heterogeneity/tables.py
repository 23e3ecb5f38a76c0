"""Tables of the study: bytes and accuracy by way of training, cooperatives by way of screening, the courses."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from commonweal.agents.arrays import Floats
from commonweal.scenarios.runs.intervals import ANYWHERE, CORRELATION, POSITIVE, SHARE, Range, mean_interval
from commonweal.scenarios.studies.heterogeneity.economies import Design, Place
from commonweal.scenarios.studies.heterogeneity.measures import SHARE as TARGET
from commonweal.scenarios.studies.heterogeneity.measures import at_equal_bytes, at_last, rounds_to
from commonweal.scenarios.studies.heterogeneity.played import POOLED, Screened
from commonweal.scenarios.studies.heterogeneity.traffic import FEDERATED, TRAVERSAL

CREDITED = ("no", "yes")  # whether principals are credited, as FEDERATED and TRAVERSAL are ordered
RANGES = {"accuracy": SHARE, "violated": SHARE, "taking_part": SHARE, "delegating": SHARE, "screened": SHARE,
          "worst": POSITIVE, "agreement": CORRELATION, "welfare": ANYWHERE}  # fmt: skip
Courses = Mapping[str, Floats]  # (R, T) accuracy by way


def learned(found: Sequence[tuple[Place, Courses]]) -> pd.DataFrame:
    """Rounds and accuracy by place and way of training: at equal rounds, and rounds to the target."""
    rows = []
    for place, courses in found:
        target = TARGET * at_last(courses[POOLED])
        for way, accuracy in courses.items():
            taken = rounds_to(accuracy, target)
            row: dict[str, object] = {"task": place.task, "partition": place.partition, "way": way}
            row |= _columns("accuracy", at_last(accuracy), SHARE)
            row |= _columns("less_than_pooled", at_last(courses[POOLED]) - at_last(accuracy), SHARE.of_differences)
            row |= _columns("rounds_to_target", taken, POSITIVE)
            rows.append(row | {"reached": float(np.isfinite(taken).mean())})
    return pd.DataFrame(rows)


def sent(found: Sequence[tuple[Place, Courses]], per_round: Sequence[Mapping[str, int]]) -> pd.DataFrame:
    """Bytes by place, way and whether principals are credited: to the target, and accuracy at equal bytes.

    ``ratio`` is a way's bytes to the target over those of traversal learning, a geometric mean over the seeds in which
    both reach it.
    """
    return pd.DataFrame([row for one, sizes in zip(found, per_round, strict=True) for row in _sent(*one, sizes)])


def _sent(place: Place, courses: Courses, sizes: Mapping[str, int]) -> Iterator[dict[str, object]]:
    target = TARGET * at_last(courses[POOLED])
    for credited, names in zip(CREDITED, zip(TRAVERSAL, FEDERATED, strict=True), strict=True):
        cost = {way: sizes[names[way != POOLED]] for way in courses}
        equal = at_equal_bytes(dict(courses), cost)
        needed = {way: rounds_to(accuracy, target) * cost[way] for way, accuracy in courses.items()}
        for way in courses:
            row: dict[str, object] = {"task": place.task, "partition": place.partition, "credited": credited}
            row |= {"way": way, "kilobytes_a_round": cost[way] / 1e3}
            row |= _columns("megabytes_to_target", needed[way] / 1e6, POSITIVE)
            row |= {"reached": float(np.isfinite(needed[way]).mean())}
            row |= _ratio(needed[way], needed[POOLED])
            yield row | _columns("accuracy_at_equal_bytes", equal[way], SHARE)


def _ratio(these: Floats, those: Floats) -> dict[str, float]:
    """Geometric mean of paired ratios with its interval; nan where no seed has both."""
    found = mean_interval(np.log(these / those))
    return {name: float(np.exp(value)) for name, value in found.columns("ratio").items()}


def cooperatives(found: Sequence[tuple[Place, Design, Screened]]) -> pd.DataFrame:
    """All measures by place and way of screening."""
    rows: list[dict[str, object]] = []
    for place, design, screened in found:
        row = {"task": place.task, "partition": place.partition, "mode": design.mode, "scope": design.scope}
        rows.append(row | _measured(_by_name(screened)))
    return pd.DataFrame(rows)


def by_design(found: Sequence[tuple[Place, Design, Screened]]) -> pd.DataFrame:
    """All measures by way of screening, averaged over places seed by seed."""
    rows: list[dict[str, object]] = []
    for design in dict.fromkeys(design for _, design, _ in found):
        those = [_by_name(screened) for _, other, screened in found if other == design]
        means = {name: _mean([each[name] for each in those]) for name in those[0]}
        rows.append({"mode": design.mode, "scope": design.scope, "places": len(those)} | _measured(means))
    return pd.DataFrame(rows)


def _by_name(screened: Screened) -> dict[str, Floats]:
    return {**screened.measures, "worst": screened.worst, "agreement": screened.agreement}


def _mean(values: Sequence[Floats]) -> Floats:
    """(R,) means of what is known; nan where nothing is."""
    known = np.isfinite(values)
    total = np.where(known, values, 0.0).sum(axis=0)
    return np.where(known.any(axis=0), total / np.maximum(known.sum(axis=0), 1), np.nan)


def _measured(measures: Mapping[str, Floats]) -> dict[str, object]:
    return {column: value for name, within in RANGES.items() for column, value in _columns(
        name, measures[name], within).items()}  # fmt: skip


def courses_drawn(found: Sequence[tuple[Place, Courses]], per_round: Sequence[Mapping[str, int]]) -> pd.DataFrame:
    """Mean accuracy by place, way and round with its interval, and the megabytes sent until then."""
    frames = []
    for (place, courses), sizes in zip(found, per_round, strict=True):
        for way, accuracy in courses.items():
            mode = (TRAVERSAL if way == POOLED else FEDERATED)[1]
            rounds = np.arange(1, accuracy.shape[1] + 1)
            about = {"task": place.task, "partition": place.partition, "way": way, "round": rounds}
            about["megabytes"] = rounds * sizes[mode] / 1e6
            frames.append(pd.DataFrame(about | mean_interval(accuracy, within=SHARE).columns("accuracy")))
    return pd.concat(frames, ignore_index=True)


def modes(found: Sequence[tuple[Place, Courses]], per_round: Sequence[Mapping[str, int]]) -> pd.DataFrame:
    """Kilobytes of a round by data set and what is sent."""
    by_task = {place.task: sizes for (place, _), sizes in zip(found, per_round, strict=True)}
    return pd.DataFrame([{"task": task} | {mode: count / 1e3 for mode, count in sizes.items()}
                         for task, sizes in by_task.items()])  # fmt: skip


def _columns(name: str, values: Floats, within: Range) -> dict[str, object]:
    return {column: float(value) for column, value in mean_interval(values, within=within).columns(name).items()}
