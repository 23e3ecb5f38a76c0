"""The world of R runs, which is drawn once and stays, and the state of a cooperative, which changes every round."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from commonweal.agents.arrays import Floats, Ints, Labels
from commonweal.agents.conduct import Conduct
from commonweal.agents.graphs import Graph
from commonweal.economy.credit.alike import Likeness, Seen
from commonweal.economy.credit.history import CreditHistory
from commonweal.economy.learning.guards import keys_of
from commonweal.economy.learning.network import Network, Objectives, Parameters
from commonweal.economy.money.ledger import Ledger
from commonweal.economy.money.membership import Membership
from commonweal.economy.tasks import METRICS, FeatureTable, Holdings, Metric, Supply, metric_of
from commonweal.economy.wire.nodes import Nodes
from commonweal.economy.world.terms import Terms


@dataclass(frozen=True)
class World:
    """What does not change while R runs of N principals with K value dimensions play."""

    terms: Terms
    graph: Graph
    customers: int  # what revenue scales with: the principals at the beginning, without spare names

    # what is learned, from which data, and how it is measured; nearly empty in a market that does not learn
    holdings: Holdings
    truth: Labels  # (F, M) right labels of all samples, F one or R
    features: FeatureTable
    network: Network
    exam: Objectives  # the validation loss and the K probe losses
    probes: Objectives | None  # the probe losses alone; None where nobody values anything
    test: tuple[Tensor, Tensor]  # features (R, E, d) and labels (R, E) that revenue is measured on
    senses: Floats  # (K,) +1 withhold, −1 protect
    drift: Tensor | None  # (R, d, d) rotation of the features in a round; None where nothing drifts

    # rules; economy.round sets them up and gives them their types, which stand above this file
    market: Any  # economy.round.market.Market
    mechanisms: tuple[Any, ...] = ()  # economy.round.mechanism.Mechanism: those that are on, in order

    # only metrics by which classes count alike set it
    balance: Tensor | None = None  # (R, C) what a sample of each class counts for; None: all samples alike

    # only runs over nodes set it
    nodes: Nodes | None = None  # who holds the samples; None: they are in ``features``
    secrets: Ints | None = None  # (R,) what the keys of principals come from; None: nobody draws noise

    # only futures with deviations set these
    bearer: Ints | None = None  # (R, N + spares) the principal behind each name; None: everybody has its own alone
    conduct: Conduct | None = None  # how single principals differ from what the scenario says

    @property
    def shape(self) -> tuple[int, int]:
        """(R, N), spare names included."""
        return len(self.test[1]), self.graph.principals

    @property
    def has_samples(self) -> bool:
        """Whether the principals' samples are in this process."""
        return bool(len(self.features.rows)) or not self.market.learns

    @cached_property
    def metric(self) -> Metric:
        """What quality is."""
        return METRICS[metric_of(self.terms.task.metric, self.holdings.target)]

    def importance(self, labels: Tensor, sample: Ints) -> Tensor | None:
        """(R, S) what samples count for in learning; None: all alike.

        Args:
            labels: (R, S) classes that they are said to be of.
            sample: (R, S) their ids.
        """
        balanced = None if self.balance is None else self.balance.gather(1, labels)
        counted = self.counted(sample)
        if balanced is None or counted is None:
            return counted if balanced is None else balanced
        return balanced * counted

    def counted(self, sample: Ints) -> Tensor | None:
        """(R, S) what samples (R, S) count by their weights in the data; None: all alike."""
        if self.holdings.sample_weights is None:
            return None
        weights = np.take_along_axis(self.holdings.sample_weights, sample, axis=1)
        return torch.as_tensor(weights, dtype=self.terms.dtype, device=torch.device(self.terms.device))

    @cached_property
    def test_weights(self) -> Tensor | None:
        """(R, E) what test samples count; None: all alike."""
        return self.counted(self.holdings.test)

    @property
    def even(self) -> bool:
        """Whether all samples of the validation set count alike."""
        return self.balance is None and self.holdings.sample_weights is None

    @cached_property
    def planned(self) -> Holdings:
        """What batches are planned from: where nodes hold the samples, every label is 0, so that a shift is left.

        Where labels are numbers, every one is 1, so that a factor is left.
        """
        if self.nodes is None:
            return self.holdings
        labels = np.full_like(self.holdings.labels, 1 if self.holdings.target == "number" else 0)
        return replace(self.holdings, labels=labels)

    @cached_property
    def keys(self) -> Ints:
        """(R, N) what each principal draws the noise from that it adds to what leaves its node."""
        assert self.secrets is not None
        return keys_of(self.secrets, self.graph.principals)

    @cached_property
    def permitted(self) -> Tensor | None:
        """(R, E) which test samples are of a class that no dimension withholds; None where all are."""
        withheld = [d.label for d in self.terms.values.dimensions if d.sense == "withhold" and d.label is not None]
        if not withheld:
            return None
        labels = self.test[1]
        return ~torch.isin(labels, torch.tensor(withheld, device=labels.device))

    @cached_property
    def likeness(self) -> Likeness:
        """What makes samples alike, where credit is discounted by them."""
        return Likeness.of(self.exam.features[:, : self.exam.sizes[0]], self.features, self.truth.shape[1])


@dataclass(frozen=True)
class State:
    """A cooperative between two rounds. Its people are a ``Population`` beside it, of the same R runs and N columns."""

    round: int  # rounds played

    # the model
    parameters: Parameters
    last_delta: Parameters  # the last step per unit of rate under FedAvg, where it may be sent back; else empty
    quality: Floats  # (R,) what customers pay for: the metric of the model after the last round, on the test set
    revenue: Floats  # (R,) what it brought in, money
    supply: Supply  # where everybody's walk through its data goes on

    # what everybody contributed
    history: CreditHistory
    recent: tuple[Seen, ...]  # samples by owner of the last rounds, where credit is discounted by them; else empty
    membership: Membership

    # money
    ledger: Ledger
    rival: Floats  # (R,) quality of the rival's model

    mechanisms: Mapping[str, Any]  # the state of each mechanism that is on, by its name
