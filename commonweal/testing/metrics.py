"""What metrics promise, held on drawn scores and labels."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from commonweal.agents.arrays import Floats
from commonweal.economy.tasks.metrics import METRICS, Metric
from commonweal.testing.promises import Promises, close

RUNS, SAMPLES = 3, 60
CLASSES = (2, 4)


def check_metric(name: str) -> None:
    """Hold a registered metric to what every metric promises.

    It answers one finite number for each run, 1 at most; scores that know every label are worth more than drawn ones;
    the order of samples does not matter; weights of 1 are none, a sample of weight 2 counts as two and one of weight 0
    as none; where nothing counts it answers 0; a run is measured alone as in an ensemble; and it leaves scores, labels
    and weights as they were. Metrics of classes are held with two and with four of them.

    Args:
        name: as a scenario file says it.

    Raises:
        AssertionError: which promise is broken, and in which case.
        InputError: if there is no such metric.
    """
    says, target = Promises(f"metric {name!r}"), METRICS.facts(name).target
    scores_of_a_label: Sequence[int] = (1,) if target == "number" else CLASSES
    for count in (*scores_of_a_label, *((1,) if target == "any" else ())):
        case = "numbers" if count == 1 else f"{count} classes"
        _Held(METRICS[name], says, count, case).promises()


@dataclass(frozen=True)
class _Held:
    """One metric, and how it is held to its promises for labels of one kind."""

    metric: Metric
    says: Promises
    scores: int  # C; 1 where labels are numbers
    case: str

    def drawn(self) -> tuple[Tensor, Tensor]:
        """Scores (R, E, C) and labels (R, E); every class is there."""
        generator = torch.Generator().manual_seed(self.scores)
        scores = torch.randn(RUNS, SAMPLES, self.scores, generator=generator)
        if self.scores == 1:
            return scores, torch.randn(RUNS, SAMPLES, generator=generator)
        labels = torch.randint(self.scores, (RUNS, SAMPLES), generator=generator)
        labels[:, : self.scores] = torch.arange(self.scores)
        return scores, labels

    def demand(self, kept: bool, promise: str) -> None:
        """Demand a promise in this case."""
        self.says.demand(kept, promise, self.case)

    def promises(self) -> None:
        """All of them."""
        scores, labels = self.drawn()
        found = self.metric(scores, labels, None)
        self.demand(found.shape == (RUNS,), f"it answers (R,) qualities, not {found.shape}")
        self.demand(bool((found <= 1 + 1e-9).all()), "quality is 1 at most, and finite")
        self.demand(not bool((found != found).any()), "quality is 1 at most, and finite")
        known = scores.new_zeros(scores.shape)
        known = labels.unsqueeze(2).to(scores) if self.scores == 1 else known.scatter(2, labels.unsqueeze(2), 20.0)
        best = self.metric(known, labels, None)
        self.demand(bool((best > found).all()), "scores that know every label are worth more than drawn ones")
        self.order(scores, labels, found)
        self.weights(scores, labels, found)
        alone = self.metric(scores[1:2], labels[1:2], None)
        self.demand(close(alone, found[1:2]), "a run is measured alone as in an ensemble")

    def order(self, scores: Tensor, labels: Tensor, found: Floats) -> None:
        """Samples in another order, and what is given stays."""
        kept = scores.clone(), labels.clone()
        turned = self.metric(scores.flip(1), labels.flip(1), None)
        self.demand(close(turned, found), "the order of samples does not matter")
        same = torch.equal(kept[0], scores) and torch.equal(kept[1], labels)
        self.demand(same, "it leaves what it is given as it was")

    def weights(self, scores: Tensor, labels: Tensor, found: Floats) -> None:
        """What samples count."""
        ones = torch.ones(labels.shape)
        self.demand(close(self.metric(scores, labels, ones), found, 1e-6), "weights of 1 are none")
        doubled = ones.clone()
        doubled[:, 7] = 2.0
        twice = [torch.cat([each, each[:, 7:8]], dim=1) for each in (scores, labels)]
        expected = self.metric(twice[0], twice[1], None)
        kept = close(self.metric(scores, labels, doubled), expected, 1e-6)
        self.demand(kept, "a sample of weight 2 counts as two")
        without = ones.clone()
        without[:, -5:] = 0.0
        expected = self.metric(scores[:, :-5], labels[:, :-5], None)
        self.demand(close(self.metric(scores, labels, without), expected, 1e-6), "a sample of weight 0 counts as none")
        nothing = self.metric(scores, labels, 0 * ones)
        self.demand(bool((nothing == 0).all()), "where nothing counts it answers 0")
