"""Series in which the rounds that matter are planted: a motif in one of two classes of noise, a decoy in both."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from results_page import markdown
from sklearn.metrics import average_precision_score

from commonweal.agents.arrays import Bools, Floats
from commonweal.economy.explaining.post_hoc.courses import Courses, Training
from commonweal.economy.explaining.post_hoc.gradients import integrated_gradients, smoothed
from commonweal.economy.explaining.post_hoc.mask import learned_mask
from commonweal.economy.explaining.post_hoc.occlusion import occlusion_map
from commonweal.economy.explaining.post_hoc.shapelets import shapelet_map
from commonweal.economy.explaining.segments import explain_segments

ROUNDS, MOTIF, PERSISTENCE = 200, 24, 0.7
PARTS = 8  # equal segments, whose values are averaged over shifts


def planted(runs: int, seed: int) -> tuple[Courses, Bools]:
    """AR(1) series of variance 1; half of them with a motif, all with a decoy.

    Args:
        runs: R.
        seed: of all that is drawn.

    Returns:
        Courses whose outcome is 1 with the motif and 0 without, and (R, T) where the motif is.
    """
    stream = np.random.default_rng(seed)
    series = np.empty((runs, ROUNDS))
    series[:, 0] = stream.normal(size=runs)
    for t in range(1, ROUNDS):
        series[:, t] = PERSISTENCE * series[:, t - 1] + np.sqrt(1 - PERSISTENCE**2) * stream.normal(size=runs)
    wave = np.sin(np.linspace(0, 4 * np.pi, MOTIF))
    shapes = {"motif": 3 * wave, "decoy": 3 * np.abs(wave)}
    has, where = np.arange(runs) % 2 == 0, np.zeros((runs, ROUNDS), dtype=bool)
    for run in range(runs):
        half = stream.permutation(2)
        for place, (name, shape) in zip(half, shapes.items(), strict=True):
            at = place * ROUNDS // 2 + stream.integers(ROUNDS // 2 - MOTIF)
            if name == "decoy" or has[run]:
                series[run, at : at + MOTIF] += shape
                where[run, at : at + MOTIF] = name == "motif"
    return Courses(series[..., None], has.astype(np.float64)), where


def precision_table() -> str:
    """A row for each explainer: mean AUPRC over 40 series that hold the motif."""
    training = Training(planted(1000, 0)[0], 0.5)
    courses, where = planted(80, 1)
    held = courses.outcome > 0
    found = {name: precision(where[held], explain(courses.series[held], training)) for name, explain in MAPS.items()}
    rows = [[name, f"{area:.2f}"] for name, area in {"chance": where[held].mean(), **found}.items()]
    return markdown([f"classifier right {training.classifier.accuracy:.2f}", "AUPRC"], rows)


def precision(where: Bools, values: Floats) -> float:
    """Mean AUPRC over series of rounds ranked by the size of their value."""
    return float(np.mean([average_precision_score(*pair) for pair in zip(where, np.abs(values), strict=True)]))


def equal_segments(series: Floats, training: Training) -> Floats:
    """(R, T) Shapley values of eight equal segments, per round, mean over four shifts of them."""
    length, found = ROUNDS // PARTS, np.zeros(series.shape[:2])
    for shift in range(0, length, length // 4):
        ends = sorted({0, *range(shift, ROUNDS, length), ROUNDS})
        segments = [range(*pair) for pair in pairwise(ends)]
        for own, values in zip(series, found, strict=True):
            shares = explain_segments(own, segments, training.classifier.logits).values[0, :, 0]
            for segment, share in zip(segments, shares, strict=True):
                values[segment.start : segment.stop] += share / len(segment)
    return found


MAPS: dict[str, Callable[[Floats, Training], Floats]] = {
    "occlusion, windows of 10 rounds": lambda series, known: occlusion_map(known.classifier, series),
    "integrated gradients": lambda series, known: integrated_gradients(known.classifier, series, known.usual),
    "integrated gradients, sizes smoothed": lambda series, known: smoothed(
        integrated_gradients(known.classifier, series, known.usual)
    ),
    "learned mask": lambda series, known: learned_mask(known.classifier, series, known.usual),
    "equal segments, shifted, Shapley values": equal_segments,
    "shapelets, segments with Shapley values": shapelet_map,
}
