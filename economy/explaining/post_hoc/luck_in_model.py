"""The luck game in a transition model that is learned from other runs, with the innovations of the run explained.

The model is played again as ``episodes`` and ``commitment`` play the economy, with the run's own innovations or those
of strangers, drawn from other runs (abduction, action, prediction: Pearl 2009).
"""

from collections.abc import Sequence

import numpy as np

from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.economy.credit.exact import all_coalitions, shapley_value
from commonweal.economy.explaining.post_hoc.courses import Facts, Training, explainer
from commonweal.economy.explaining.post_hoc.expectation import fit_expectation
from commonweal.economy.explaining.post_hoc.transitions import Transitions, remembered

_STRANGERS, _FUTURES = 16, 256  # of the game of all coalitions, and of that along the course


@explainer("model_luck", Facts("luck game in a learned transition model (ours)", "Pearl 2009"))
def model_luck(series: Floats, episodes: Sequence[range], training: Training) -> Floats:
    """Shapley values of the game over all coalitions of episodes, which cover the course without gaps."""
    return shapley_value(_worths(series, episodes, training, all_coalitions(len(episodes)), _STRANGERS))


@explainer("model_expectation", Facts("change of expectation in a learned transition model (ours)", "Pearl 2009"))
def model_expectation(series: Floats, episodes: Sequence[range], training: Training) -> Floats:
    """What the model expects after an episode less what it expects before; episodes cover the course without gaps."""
    prefixes = np.tri(len(episodes) + 1, len(episodes), -1, dtype=bool)
    return np.diff(_worths(series, episodes, training, prefixes, _FUTURES), axis=1)


def _worths(series: Floats, episodes: Sequence[range], training: Training, coalitions: Bools, strangers: int) -> Floats:
    """(R, 2^E or E + 1) expected outcomes, where episodes in a coalition keep the innovations of the run."""
    model, stream = training.transitions, np.random.default_rng(training.seed)
    final = fit_expectation(remembered(training.courses.series)[:, -1], training.courses.outcome)
    found = []
    for start, own in zip(series[:, 0], model.innovations_of(series), strict=True):
        luck = model.innovations[stream.integers(len(model.innovations), size=(strangers, len(own)))]
        ends, place = _played(model, start, np.concatenate([own[None], luck]), episodes, coalitions)
        found.append(final.predict(ends).reshape(-1, strangers).mean(axis=1)[place])
    return np.stack(found)


def _played(
    model: Transitions, start: Floats, luck: Floats, episodes: Sequence[range], coalitions: Bools
) -> tuple[Floats, Ints]:
    """States at the end of runs of the model, coalitions with the same state until an episode played as one.

    Args:
        model: that is played.
        start: (C,) channels in the first round.
        luck: (1 + K, T − 1, C) innovations, the run's own first.
        episodes: E of them.
        coalitions: (M, E).

    Returns:
        (B K, 2 C), and (M,) which of B each coalition is.
    """
    strangers, place = len(luck) - 1, np.zeros(len(coalitions), dtype=np.int64)
    states = np.tile(start, (strangers, 2))
    for stage, rounds in enumerate(episodes):
        nodes, first, after = np.unique(coalitions[:, : stage + 1], axis=0, return_index=True, return_inverse=True)
        states = states.reshape(-1, strangers, states.shape[-1])[place[first]].reshape(-1, states.shape[-1])
        place = after.ravel()
        kept = nodes[:, stage, None, None]
        for t in rounds:
            if t > 0:
                innovations = np.where(kept, luck[0, t - 1], luck[1:, t - 1])
                states = model.step(states, innovations.reshape(-1, luck.shape[2]))
    return states, place
