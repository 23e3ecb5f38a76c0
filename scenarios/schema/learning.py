"""What is learned, from which data, what is screened off, and how contributions are measured."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from commonweal.agents.documents import FileName
from commonweal.scenarios.schema.fields import Count, Part, Share, field, section
from commonweal.scenarios.schema.privacy import Privacy
from commonweal.scenarios.schema.relevance import (
    draws_coalitions,
    draws_parts,
    hides,
    learns,
    own_network,
    screens,
    tabled,
    valued,
    votes,
    weighs,
    wired,
)


class Task(Part):
    """Which data the cooperative learns from, and how it is spread over principals."""

    kind: Annotated[str, AfterValidator(FileName.of)] = field("digits", "data set: digits, breast_cancer, wine, diabetes, sentences, synthetic, openml:NAME, csv:FILE, parquet:FILE, torch:FILE.py:NAME or torch:MODULE:NAME for a data set of torch or Hugging Face, or a registered task; of other packages, where these are installed: mnist_5k, japanese_vowels, adult", "name")
    label: str = field("", "column of a table of one's own that is learned", "column", matters=tabled)
    owner: str = field("", "column that says whose a row is: its owners are the principals; empty: none", "column", matters=tabled)
    weight: str = field("", "column with what a row counts in learning, and where quality, validation and probes are measured; empty: all alike", "column", matters=tabled)
    split: str = field("", "column with train, validation or test; empty: validation and test are drawn", "column", matters=tabled)
    columns: tuple[str, ...] = field((), "columns that are learned from; empty: all others", "columns", max_length=10_000, matters=tabled)
    categorical: tuple[str, ...] = field((), "columns of categories, each value a feature; empty: words that are no text", "columns", max_length=10_000, matters=tabled)
    text: tuple[str, ...] = field((), "columns of text, whose 300 most frequent words are features; empty: guessed", "columns", max_length=100, matters=tabled)
    missing: Literal["impute", "refuse", "drop"] = field("impute", "values that are not there. impute: a number is the median of its column, a category one of its own, a text empty; refuse: none may be missing; drop: rows that miss one are left out", "name", matters=tabled)
    target: Literal["auto", "class", "number"] = field("auto", "what labels are; auto: numbers where some are fractions or more than 50 differ, else classes", "name", matters=tabled)
    partition: Literal["equal", "dirichlet", "power", "cgsv_power", "class", "owner"] = field("dirichlet", "how training samples are spread over principals; cgsv_power: power, rounded as CGSV does; owner: as the data say, which is usual where task.owner is given", "name")
    concentration: float = field(1.0, "Dirichlet concentration of each class over principals: small is non-IID", "1", gt=0, le=1e6, matters=lambda s: s.task.partition == "dirichlet")
    label_noise: Share = field(0.0, "share of its labels that a noisy principal holds wrong")
    noisy_share: Share = field(0.0, "share of principals whose labels are noisy", matters=lambda s: s.task.label_noise > 0)
    validation: Count = field(300, "samples of the validation set that credit is measured on", "samples", matters=draws_parts)
    test: Count = field(300, "samples of the test set that revenue is measured on", "samples", matters=draws_parts)
    metric: str = field("auto", "what quality is, on the test set: accuracy, balanced_accuracy, auc or log_loss (McFadden) where labels are classes, r2 where they are numbers, or a registered metric; auto: accuracy or r2", "name", matters=lambda s: s.market.kind != "curve")
    drift: float = field(0.0, "rotation of the features per round, by the largest angle", "radian per round", ge=0, le=1)
    samples: Count = field(4000, "size of the synthetic data set", "samples", le=10_000_000)
    features: Count = field(20, "features of the synthetic data set", "features", le=10_000)
    classes: int = field(4, "classes of the synthetic data set", "classes", ge=2, le=1000)
    separation: float = field(2.0, "distance of synthetic class centres from the origin, in standard deviations", "standard deviations", ge=0, le=100)


class Learning(Part):
    """The shared network and how it is trained."""

    network: Annotated[str, AfterValidator(FileName.of)] = field("mlp", "the shared network: mlp, conv, module:FILE.py:NAME or module:MODULE:NAME for a torch.nn.Module of one's own, or a registered network", "name")
    replace_norms: Literal["group", "refuse"] = field("group", "what becomes of BatchNorm in a module of one's own, since a sample's gradient knows no batch. group: GroupNorm with its weights, 16 channels a group; refuse: one line names the layer", "name", matters=own_network)
    initial_weights: Literal["drawn", "own"] = field("drawn", "what the trained part of a module of one's own begins with. drawn: each run's own random weights; own: what the module has when it is made, the same in all runs", "name", matters=own_network)
    hidden: tuple[Annotated[int, Field(ge=1, le=100_000)], ...] = field((32,), "units of each hidden layer", "units", max_length=10)
    activation: Literal["relu", "tanh"] = field("relu", "activation of hidden units", "name")
    rate: float = field(0.5, "learning rate eta", "1", gt=0, le=1000)
    method: Literal["traversal", "federated"] = field("traversal", "traversal: one exact gradient with explicit paths; federated: FedAvg, local training and an average of the deltas", "name")
    local_epochs: int = field(5, "full-batch steps of each contributor on its own samples in a round (method = federated)", "epochs", ge=1, le=1000)
    sampling: Literal["each", "pool"] = field("each", "each: every contributor puts in the same number; pool: batches are drawn from all contributed data", "name")
    samples: Count = field(8, "samples each contributor puts in (sampling = each)", "samples per round", le=100_000)
    batch: Count = field(320, "size of the virtual batch (sampling = pool)", "samples per round", le=10_000_000)
    wire: Literal["off", "paths", "cut", "cut-gradients", "secure", "two-servers", "deltas"] = field("off", "what leaves a node that holds samples. off: nothing is sent, all is in one place; paths: every sample's path; cut: of the first layer sums alone; cut-gradients: each principal's own gradient of it too; secure: sums that hide every node's, and what nodes claim of each principal; two-servers: as secure, and the last layer in shares of two servers; deltas: each principal's change of the network (method = federated)", "name", matters=learns)
    nodes: int = field(4, "nodes that hold the principals' samples, neighbours together", "nodes", ge=1, le=10_000, matters=wired)
    patience: float = field(30.0, "how long a node may take to answer before the round goes on without it", "seconds", gt=0, le=3600, matters=wired)
    quorum: Share = field(0.5, "share of those who put something in that must be reached for a round to count", matters=wired)
    audit: Share = field(0.0, "chance that a principal is asked in a round to open its update, which shows whether its node's claims of it are true (wire = secure, two-servers)", matters=hides)
    halves: int = field(0, "random halves of those who put something in whose sums are asked for in a round and held against claims, beside the sum of all (wire = secure, two-servers)", "halves per round", ge=0, le=8, matters=hides)
    distrust: Literal["note", "search", "all"] = field("search", "what follows where claims do not add up. note: nothing; search: halves of the group are asked for, until one principal is left, which opens its update; all: everybody opens its update", "name", matters=hides)
    privacy: Privacy = section(Privacy(), wired)


class Screening(Part):
    """Which part of an update is admissible under the principals' value profiles."""

    mode: Literal["off", "reject", "scale", "project"] = field("off", "what happens to an inadmissible update", "name", matters=valued)
    scope: Literal["own", "all", "quorum", "aggregate"] = field("aggregate", "whose profiles screen an update", "name", matters=screens)
    budget: Literal["level", "step"] = field("level", "level: the slack to the limit; step: a fixed tolerance each round", "name", matters=screens)
    step_tolerance: float = field(0.0, "harm allowed in a round under budget = step", "nat per round", ge=0, le=1e6, matters=lambda s: valued(s) and s.screening.budget == "step")
    quorum: Share = field(0.8, "share of principals that must find an update admissible under scope = quorum; of votes under vote = quorum")
    grain: Literal["principal", "class", "sample"] = field("principal", "what screening tells apart: whole updates, or first the samples in them, worst left out until the rest fits, each alone or all of a principal's claimed class; class and sample need learning.method = traversal", "name", matters=screens)
    gate: bool = field(True, "drop updates whose first-order credit this round is negative", "switch")
    safeguard: Share = field(0.02, "share of its limit by which a probe may overshoot before the step is halved")
    vote: str = field("strictest", "whose limit holds for all under scope = all or aggregate: strictest, quorum, median, mean, or a registered vote", "name", matters=votes)
    weight: Literal["equal", "data", "stake"] = field("equal", "what a principal's vote weighs: the same, the samples it holds, or the money it has at stake", "name", matters=weighs)


class AumannShapley(Part):
    """Credit along the step of a round."""

    gradients: int = field(2, "gradients of the validation loss along the step, beside the one where it starts: the more, the smaller the residual", "gradients", ge=0, le=64)


class BetaShapley(Part):
    """Beta(alpha, beta): which coalitions a marginal contribution counts in; (1, 1) is Shapley's."""

    alpha: float = field(4.0, "large values stress small coalitions", "1", gt=0, le=1000)
    beta: float = field(1.0, "large values stress large coalitions", "1", gt=0, le=1000)


class WeightedBanzhaf(Part):
    """Every other contributor is there with one probability."""

    weight: float = field(0.75, "probability that another contributor is there", "share", "a number above 0 and below 1", gt=0, lt=1)


class GtgShapley(Part):
    """Guided truncated permutations (Liu et al. 2022), where credit.budget does not allow every coalition."""

    between: float = field(0.001, "a round whose step changed the validation loss by less credits nobody", "nat", ge=0, le=1e6)
    within: Share = field(0.01, "share of the step's worth: so close to the whole step, the rest of an order adds nothing")
    converged: float = field(0.05, "mean relative change of the credits at which no further orders are drawn", "share", ge=0, le=1)


class Novelty(Part):
    """A discount on credit for putting in the same samples again."""

    memory: int = field(0, "rounds, this one included, over which credit above zero is divided by how often its principal put in nearly the same; 0: never", "rounds", ge=0, le=1000)


class Replication(Part):
    """A discount on credit for putting in what others put in (Agarwal, Dahleh and Sarkar 2019)."""

    penalty: float = field(0.0, "lambda of the factor exp(-lambda sum of similarities) on credit above zero; from 0.7 on copying oneself does not pay", "1", ge=0, le=100)
    similarity: Literal["samples", "updates"] = field("samples", "samples: near copies among what two principals put in; updates: cosine of their updates", "name", matters=learns)


class Credit(Part):
    """How a contribution is measured."""

    kind: str = field("aumann_shapley", "credit rule: first_order, second_order, aumann_shapley, lagrangian, leave_one_out, shapley, fedsv, gtg_shapley, estimated_shapley, banzhaf, weighted_banzhaf, beta_shapley, neighbours, cosine, or a registered rule", "name")
    budget: int = field(500, "coalitions that an estimate may evaluate per run and round", "coalitions", ge=4, le=10_000_000, matters=draws_coalitions)
    estimator: Literal["adjusted", "permutation", "antithetic", "stratified", "msr", "kernel_shap", "leverage_shap"] = field("adjusted", "how to estimate where the budget does not allow every coalition; adjusted: regression-adjusted Monte Carlo; the others are baselines", "name", matters=draws_coalitions)
    mode: Literal["auto", "mse", "audit"] = field("auto", "adjusted estimator: audit is unbiased; mse has the smaller error; auto is exact where the budget allows, else mse", "name", matters=draws_coalitions)
    regressor: Literal["auto", "linear", "pairwise", "interactions", "tree"] = field("auto", "adjusted estimator: what is fitted to coalitions; auto weighs interactions of all orders, trees and thresholds by held-out error", "name", matters=draws_coalitions)
    aumann_shapley: AumannShapley = section(AumannShapley(), learns)
    beta_shapley: BetaShapley = BetaShapley()
    weighted_banzhaf: WeightedBanzhaf = WeightedBanzhaf()
    gtg_shapley: GtgShapley = GtgShapley()

    @model_validator(mode="after")
    def _estimable(self) -> Self:
        if self.kind in ("banzhaf", "weighted_banzhaf", "beta_shapley") and self.estimator in ("kernel_shap", "leverage_shap"):
            raise ValueError(f"estimator = '{self.estimator}' estimates Shapley values only; kind = '{self.kind}' needs another")
        return self
    novelty: Novelty = section(Novelty(), learns)
    replication: Replication = section(Replication(), draws_coalitions)
