"""The scenario: one complete, validated description of an economy. Every field has a unit, bounds, a default and a line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Share = Annotated[float, Field(ge=0, le=1, json_schema_extra={"unit": "share"})]
Count = Annotated[int, Field(ge=1, json_schema_extra={"unit": "count"})]
Utility = Annotated[float, Field(ge=0, le=1e6, json_schema_extra={"unit": "money"})]
PerRound = Annotated[float, Field(ge=0, le=1, json_schema_extra={"unit": "per round"})]


def field(default: Any, description: str, unit: str = "", allowed: str = "", **bounds: Any) -> Any:
    """A scenario field: default, one line of description, unit, bounds, and what bounds cannot say in words."""
    if extra := {key: text for key, text in (("unit", unit), ("allowed", allowed)) if text}:
        bounds["json_schema_extra"] = extra
    return Field(default, description=description, **bounds)


class Part(BaseModel):
    """A section of a scenario: unknown keys are errors, values are finite, and nothing changes after validation."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=False)


class Task(Part):
    """Which data the cooperative learns from, and how it is spread over principals."""

    kind: str = field("digits", "data set: digits, breast_cancer, wine, synthetic, openml:NAME, or a registered task", "name")
    partition: Literal["equal", "dirichlet", "power", "class"] = field("dirichlet", "how training samples are spread over principals", "name")
    concentration: float = field(1.0, "Dirichlet concentration of each class over principals: small is non-IID", "1", gt=0, le=1e6)
    label_noise: Share = field(0.0, "share of its labels that a noisy principal holds wrong")
    noisy_share: Share = field(0.0, "share of principals whose labels are noisy")
    validation: Count = field(300, "samples of the validation set that credit is measured on", "samples")
    test: Count = field(300, "samples of the test set that revenue is measured on", "samples")
    drift: float = field(0.0, "rotation of the features per round, by the largest angle", "radian per round", ge=0, le=1)
    samples: Count = field(4000, "size of the synthetic data set", "samples", le=10_000_000)
    features: Count = field(20, "features of the synthetic data set", "features", le=10_000)
    classes: int = field(4, "classes of the synthetic data set", "classes", ge=2, le=1000)
    separation: float = field(2.0, "distance of synthetic class centres from the origin, in standard deviations", "standard deviations", ge=0, le=100)


class Population(Part):
    """Who the principals are and whom they know."""

    count: Count = field(40, "number of principals", "principals", le=10_000_000)
    graph: Literal["complete", "cliques", "ring", "lattice", "watts_strogatz", "barabasi_albert", "file"] = field("complete", "who knows whom", "name")
    degree: Count = field(4, "neighbours of a principal (cliques, ring, Watts-Strogatz) or edges of a newcomer (Barabasi-Albert)", "principals")
    rewiring: Share = field(0.1, "Watts-Strogatz rewiring probability")
    edges: Path | None = field(None, "edge-list file for graph = 'file': two principal numbers a line", "path")
    start_delegate: Share = field(0.6, "share of principals that delegate at the start")
    start_free_ride: Share = field(0.2, "share of principals that free-ride at the start")
    start_defect: Share = field(0.2, "share of principals that defect at the start")
    start_abstain: Share = field(0.0, "share of principals that abstain at the start")
    cost_low: Utility = field(0.00025, "lowest cost of delegating a sample", "money per sample")
    cost_high: Utility = field(0.00075, "highest cost of delegating a sample", "money per sample")
    cost_types: tuple[Utility, ...] = field((), "costs of delegating a sample, each a type of principal; empty: spread between cost_low and cost_high", "money per sample", max_length=20)
    type_shares: tuple[Share, ...] = field((), "probability that a principal is of each type; empty: all types alike", "share", max_length=20)
    outside_option: Utility = field(0.0, "payoff of abstaining", "money per round")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        starts = self.start_delegate + self.start_free_ride + self.start_defect + self.start_abstain
        if abs(starts - 1) > 1e-9:
            raise ValueError(f"start_delegate + start_free_ride + start_defect + start_abstain = {starts:g}; the shares must sum to 1")
        if self.cost_low > self.cost_high:
            raise ValueError(f"cost_low = {self.cost_low:g} exceeds cost_high = {self.cost_high:g}")
        if self.graph == "file" and self.edges is None:
            raise ValueError("graph = 'file' needs edges, the path of an edge-list file")
        if self.graph == "cliques" and self.count % (self.degree + 1):
            raise ValueError(f"count = {self.count} must be a multiple of degree + 1 = {self.degree + 1} for graph = 'cliques'")
        if self.graph in ("ring", "watts_strogatz", "barabasi_albert") and self.degree >= self.count:
            raise ValueError(f"degree = {self.degree} must be below count = {self.count}")
        if len(set(self.cost_types)) < len(self.cost_types):
            raise ValueError(f"cost_types = {list(self.cost_types)}: types must differ")
        if self.type_shares and len(self.type_shares) != len(self.cost_types):
            raise ValueError(f"type_shares has {len(self.type_shares)} entries for {len(self.cost_types)} cost_types; give one for each")
        if self.type_shares and abs((total := sum(self.type_shares)) - 1) > 1e-9:
            raise ValueError(f"type_shares sum to {total:g}; they must sum to 1")
        return self


class Actions(Part):
    """What each action does to samples."""

    available: tuple[Literal["abstain", "delegate", "free_ride", "defect"], ...] = field(
        ("delegate", "free_ride", "defect"), "actions a principal may take", "names", min_length=1)
    free_ride: Literal["idle", "junk", "stale", "disguised", "replay"] = field("idle", "form of free-riding: nothing, noise, the same few samples over and over, those under fresh noise each time (FedAvg: a delta of noise), or one round's samples over and over (FedAvg: the model's last change)", "name")
    stale_samples: Count = field(2, "samples a stale or disguised free-rider puts in over and over", "samples")
    noise: float = field(0.3, "standard deviation of the noise under which a free-rider disguises its samples (free_ride = disguised)", "as features", ge=0, le=100)
    defect: Literal["poison", "leak"] = field("poison", "form of defection: wrong labels, or selling the model outside", "name")
    defect_gain: Utility = field(0.002, "private gain of a defector", "money per round")


class Imitation(Part):
    """Fermi imitation: copy a better-paid other with probability 1 / (1 + exp(-intensity (w_j - w_i)))."""

    intensity: float = field(2000.0, "strength of selection beta", "per money", ge=0, le=1e9)
    reach: Literal["population", "neighbours"] = field("population", "whom a principal compares itself with", "name")


class BestResponse(Part):
    """Myopic best response to the counterfactual payoffs of the last round."""

    inertia: Share = field(0.0, "probability of keeping the last action although another paid more")


class QLearning(Part):
    """Independent Q-learning over actions."""

    exploration: Share = field(0.05, "probability of a random action")
    rate: Share = field(0.2, "weight of the newest payoff in an action's value")
    loss_aversion: float = field(1.0, "weight of a loss against an equal gain in an action's value", "1", ge=0, le=100)


class Conditional(Part):
    """Fischbacher-Gaechter types: shares of conditional cooperators, free-riders and hump-shaped; the rest choose at random."""

    cooperators: Share = field(0.55, "share of conditional cooperators")
    free_riders: Share = field(0.23, "share of unconditional free-riders")
    hump_shaped: Share = field(0.12, "share of hump-shaped conditional cooperators")
    slope: float = field(1.0, "how strongly a conditional cooperator follows its neighbours' delegating share", "1", ge=0, le=10)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (total := self.cooperators + self.free_riders + self.hump_shaped) > 1 + 1e-9:
            raise ValueError(f"cooperators + free_riders + hump_shaped = {total:g} exceeds 1")
        return self


class Policy(Part):
    """How principals choose their actions."""

    mix: dict[str, Annotated[float, Field(gt=0, le=1)]] = field({"imitation": 1.0}, "share of principals following each policy: fixed, imitation, best_response, learning, conditional, wait_and_see, or a registered policy", "share by name", min_length=1)
    revision: PerRound = field(0.1, "probability that a principal reconsiders in a round")
    mutation: PerRound = field(0.01, "probability that a principal takes a random action in a round")
    memory: Share = field(0.8, "weight of the past in a principal's remembered payoff")
    imitation: Imitation = Imitation()
    best_response: BestResponse = BestResponse()
    learning: QLearning = QLearning()
    conditional: Conditional = Conditional()
    options: dict[str, float] = field({}, "parameters of registered policies, by name", "by name")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if abs((total := sum(self.mix.values())) - 1) > 1e-9:
            raise ValueError(f"the shares of mix sum to {total:g}; they must sum to 1")
        return self


class Dimension(Part):
    """One thing principals care about: a group the model must not fail, or a purpose it must not serve."""

    sense: Literal["protect", "withhold"] = Field(description="protect: the group's loss must not rise above the limit; withhold: the bounded loss must not fall below it", json_schema_extra={"unit": "name"})
    label: int | None = field(None, "class the probe is made of", "class", ge=0)
    feature: int | None = field(None, "feature the probe is made of: samples in its top quarter", "feature", ge=0)
    limit: float = field(1.0, "middle of the principals' limits on the probe loss", "nat (protect), 1 (withhold)", ge=0, le=1e6)
    spread: float = field(0.0, "half width of the principals' limits around the middle", "as limit", ge=0, le=1e6)
    samples: Count = field(32, "samples of the probe", "samples", le=100_000)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.label is None) == (self.feature is None):
            raise ValueError("give exactly one of label and feature")
        if self.sense == "withhold" and self.label is None:
            raise ValueError("withhold needs a label: a purpose the model must not serve is a class")
        if self.sense == "withhold" and self.limit + self.spread > 1:
            raise ValueError(f"limit + spread = {self.limit + self.spread:g} exceeds 1, the largest bounded loss")
        return self


class Values(Part):
    """What principals value, and how their values move."""

    dimensions: tuple[Dimension, ...] = field((), "value dimensions, each with a probe", "list", max_length=8)
    influence: Literal["none", "friedkin_johnsen", "hegselmann_krause"] = field("none", "how acquaintances move a principal's limits", "name")
    stubbornness: Share = field(0.2, "weight of a principal's first opinion (Friedkin-Johnsen)")
    self_weight: Share = field(0.5, "weight of a principal's own current opinion among its acquaintances'")
    confidence: float = field(0.1, "largest difference of limits that still influences (Hegselmann-Krause)", "as limit", ge=0, le=1e6)
    experience: float = field(0.0, "rate at which harm suffered tightens a limit and payoff loosens it", "per round", ge=0, le=10)
    loss_aversion: float = field(2.25, "weight of a loss against an equal gain (Tversky and Kahneman)", "1", ge=0, le=100)
    for_sale: Share = field(0.0, "share of each of its limits that a principal would give up for money (contract.admissibility_budget)")
    price_low: Utility = field(0.0, "lowest price for which a principal gives up the whole of a limit", "money per round")
    price_high: Utility = field(0.0, "highest price for which a principal gives up the whole of a limit", "money per round")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.price_low > self.price_high:
            raise ValueError(f"price_low = {self.price_low:g} exceeds price_high = {self.price_high:g}")
        return self


class Learning(Part):
    """The shared network and how it is trained."""

    network: str = field("mlp", "the shared network: mlp, conv, or a registered network", "name")
    hidden: tuple[Annotated[int, Field(ge=1, le=100_000)], ...] = field((32,), "units of each hidden layer", "units", max_length=10)
    activation: Literal["relu", "tanh"] = field("relu", "activation of hidden units", "name")
    rate: float = field(0.5, "learning rate eta", "1", gt=0, le=1000)
    method: Literal["traversal", "federated"] = field("traversal", "traversal: one exact gradient with explicit paths; federated: FedAvg, local training and an average of the deltas", "name")
    local_epochs: int = field(5, "full-batch steps of each contributor on its own samples in a round (method = federated)", "epochs", ge=1, le=1000)
    sampling: Literal["each", "pool"] = field("each", "each: every contributor puts in the same number; pool: batches are drawn from all contributed data", "name")
    samples: Count = field(8, "samples each contributor puts in (sampling = each)", "samples per round", le=100_000)
    batch: Count = field(320, "size of the virtual batch (sampling = pool)", "samples per round", le=10_000_000)


class Screening(Part):
    """Which part of an update is admissible under the principals' value profiles."""

    mode: Literal["off", "reject", "scale", "project"] = field("off", "what happens to an inadmissible update", "name")
    scope: Literal["own", "all", "quorum", "aggregate"] = field("aggregate", "whose profiles screen an update", "name")
    budget: Literal["level", "step"] = field("level", "level: the slack to the limit; step: a fixed tolerance each round", "name")
    step_tolerance: float = field(0.0, "harm allowed in a round under budget = step", "nat per round", ge=0, le=1e6)
    quorum: Share = field(0.8, "share of principals that must find an update admissible under scope = quorum")
    gate: bool = field(True, "drop updates whose first-order credit this round is negative", "switch")
    safeguard: Share = field(0.02, "share of its limit by which a probe may overshoot before the step is halved")


class BetaShapley(Part):
    """Beta(alpha, beta): which coalitions a marginal contribution counts in; (1, 1) is Shapley's."""

    alpha: float = field(4.0, "large values stress small coalitions", "1", gt=0, le=1000)
    beta: float = field(1.0, "large values stress large coalitions", "1", gt=0, le=1000)


class WeightedBanzhaf(Part):
    """Every other contributor is there with one probability."""

    weight: float = field(0.75, "probability that another contributor is there", "share", "a number above 0 and below 1", gt=0, lt=1)


class GtgShapley(Part):
    """Guided truncated permutations (Liu et al. 2022)."""

    between: float = field(0.001, "a round whose step changed the validation loss by less credits nobody", "nat", ge=0, le=1e6)
    within: Share = field(0.01, "share of the step's worth: so close to the whole step, the rest of an order adds nothing")
    converged: float = field(0.05, "mean relative change of the credits at which no further orders are drawn", "share", ge=0, le=1)


class Novelty(Part):
    """Who puts in the same again earns less."""

    memory: int = field(0, "rounds, this one included, over which credit above zero is divided by how often its principal put in nearly the same; 0: never", "rounds", ge=0, le=1000)


class Replication(Part):
    """Who puts in what others put in earns less (Agarwal, Dahleh and Sarkar 2019)."""

    penalty: float = field(0.0, "lambda of the factor exp(-lambda sum of similarities) on credit above zero; from 0.7 on copying oneself does not pay", "1", ge=0, le=100)
    similarity: Literal["samples", "updates"] = field("samples", "samples: near copies among what two principals put in; updates: cosine of their updates", "name")


class Credit(Part):
    """How a contribution is measured."""

    kind: str = field("first_order", "credit rule: first_order, second_order, aumann_shapley, leave_one_out, shapley, fedsv, gtg_shapley, estimated_shapley, banzhaf, weighted_banzhaf, beta_shapley, neighbours, cosine, or a registered rule", "name")
    budget: int = field(500, "coalitions that an estimate may evaluate per run and round", "coalitions", ge=4, le=10_000_000)
    estimator: Literal["adjusted", "permutation", "antithetic", "stratified", "msr", "kernel_shap", "leverage_shap"] = field("adjusted", "adjusted: regression-adjusted Monte Carlo; the others are baselines", "name")
    mode: Literal["auto", "mse", "audit"] = field("auto", "adjusted estimator: audit is unbiased; mse has the smaller error; auto is exact where the budget allows, else mse", "name")
    regressor: Literal["auto", "linear", "pairwise", "interactions", "tree"] = field("auto", "adjusted estimator: what is fitted to coalitions; auto weighs interactions of all orders and trees by held-out error", "name")
    beta_shapley: BetaShapley = BetaShapley()
    weighted_banzhaf: WeightedBanzhaf = WeightedBanzhaf()
    gtg_shapley: GtgShapley = GtgShapley()

    @model_validator(mode="after")
    def _estimable(self) -> Self:
        if self.kind in ("banzhaf", "weighted_banzhaf", "beta_shapley") and self.estimator in ("kernel_shap", "leverage_shap"):
            raise ValueError(f"estimator = '{self.estimator}' estimates Shapley values only; kind = '{self.kind}' needs another")
        return self
    novelty: Novelty = Novelty()
    replication: Replication = Replication()


class TimeAware(Part):
    """How the time of joining counts where it counts at all (Chen et al. 2025)."""

    beta: float = field(1.0, "time-aware cumulation: weight of a round against the one before it; the larger, the less joining early counts", "1", gt=0, le=1e6)
    decay: float = field(0.05, "time-aware valuation: rate at which what is worth something together counts for less, the later the last of them joined", "per round", ge=0, le=100)


class Settlement(Part):
    """How revenue becomes payments."""

    kind: str = field("credit", "settlement rule: equal, data, credit, robust (credit less what is put in by others too), quota (CGSV), time_cumulation or time_valuation (credit, and the earlier joined the more), or a registered rule", "name")
    horizon: Count = field(50, "rounds over which credit is cumulated", "rounds", le=100_000)
    discount: Share = field(0.95, "weight of a round's credit one round later")
    alpha: float = field(1.0, "exponent of cumulated credit in the shares", "1", ge=0, le=100)
    reserve: Share = field(0.0, "share of revenue kept in the treasury")
    floor: Share = field(0.0, "share of payments split equally among participants")
    clip: Literal["net", "gross"] = field("net", "net credit over the horizon before clipping at zero, or clip each round", "name")
    altruism: float = field(1.0, "beta of the quotas tanh(beta r) of CGSV: the larger, the more even (kind = quota)", "1", gt=0, le=1e9)
    time: TimeAware = TimeAware()
    hold_back: float = field(0.0, "standard errors held back from cumulated credit until it is sure: of what chance, or its estimate, would make of worthless data", "standard errors", ge=0, le=100)


class Punishment(Part):
    """Costly punishment in a public-goods market: contributors punish the members of their groups who give nothing."""

    probability: PerRound = field(0.0, "probability that a contributor punishes in a round")
    cost: Utility = field(0.1, "cost to a contributor of each member it punishes", "money")
    fine: Utility = field(0.3, "loss of a member by each contributor that punishes it", "money")


class Market(Part):
    """How model quality becomes revenue; or how contributions do, where there is no model but a public good."""

    kind: Literal["model", "curve", "public_goods"] = field("model", "model: customers pay for its quality; curve: accuracy is contract.accuracy of the round's samples, without a task; public_goods: contributions are multiplied and shared, without a task", "name")
    multiplication: float = field(1.6, "revenue of a group for each unit contributed (kind = public_goods)", "1", ge=0, le=1e6)
    contribution: Utility = field(1.0, "what a principal that delegates pays into each of its groups (kind = public_goods)", "money per round")
    groups: Literal["all", "blocks", "random", "neighbourhoods"] = field("all", "who shares a public good: all; blocks of group_size, the same or dealt anew each round; or each principal with its neighbours, overlapping", "name")
    group_size: Count = field(4, "members of a group (groups = blocks or random)", "principals")
    punishment: Punishment = Punishment()
    price: Utility = field(0.01, "revenue per principal for each unit of accuracy above the baseline", "money per round")
    baseline: Share = field(0.1, "accuracy that is worth nothing")
    rivalry: Share = field(1.0, "how far a rival's quality displaces ours (1: customers pay only for the advantage)")
    leak: PerRound = field(0.5, "how fast leaks close the rival's gap when everybody leaks")
    rival_decay: PerRound = field(0.02, "how fast an unfed rival model decays")
    model_value: Utility = field(0.0, "utility of the shared model to a participant, for each unit of accuracy", "money per round")


class Accuracy(Part):
    """The accuracy that is expected of samples: max(0, optimum - (sqrt(2k (2 + ln(x/k))) + 4) / sqrt(x)), k the scale."""

    kind: Literal["bound", "fitted"] = field("bound", "bound: the formula above; fitted: a power law through the accuracies seen so far", "name")
    optimum: Share = field(1.0, "accuracy by unlimited samples (bound)")
    scale: float = field(1.0, "k: the larger, the more samples it takes (bound)", "samples", gt=0, le=1e6)


class Contract(Part):
    """What is agreed before a round."""

    stake: Utility = field(0.0, "stake a participant holds in escrow", "money")
    endowment: Utility = field(0.0, "money a principal starts with", "money")
    audit: PerRound = field(0.0, "probability that a participant is audited")
    reveal: Share = field(1.0, "probability that an audit reveals the action; negative cumulated credit is always evidence")
    slash: Share = field(1.0, "share of its stake that a caught participant loses")
    clawback: Share = field(0.0, "share of what it was paid within settlement.horizon that is taken back from a principal whose netted credit is below zero, and redistributed")
    identity_cost: Utility = field(0.0, "price of a name, paid to the cooperative on first taking part under it", "money")
    reward: str = field("shared", "model reward rule, how good a copy of the model each is given: shared (the whole model), menu, shaping, quota, time_cumulation, time_valuation, or a registered rule", "name")
    offer: Literal["fixed", "menu", "amounts"] = field("fixed", "how much who delegates puts in: fixed (learning.samples), menu (a line of the optimal menu for the cost types), or amounts (whatever is best for it, the others given)", "name")
    term: Count = field(1, "rounds for which a menu is offered and amounts are planned", "rounds", le=1_000_000)
    accuracy: Accuracy = Accuracy()
    shaping_margin: float = field(0.01, "by how much more than it costs a further sample is rewarded under accuracy shaping, as a share of its cost", "share", ge=0, le=100)
    altruism: float = field(1.0, "beta of the quotas tanh(beta r) of CGSV: the larger, the more even (reward = quota)", "1", gt=0, le=1e9)
    time: TimeAware = TimeAware()
    rho: float = field(1.0, "exponent of values, relative to the largest, in the accuracy that is given (reward = time_cumulation or time_valuation)", "1", ge=0, le=100)
    reading: Literal["party", "published"] = field("party", "what a party expects of the others in a menu: party (itself and the rest at random) or published (as the paper writes it)", "name")
    alone: bool = field(False, "who abstains trains a model of its own", "switch")
    realise: Literal["promise", "noise", "sparsify", "snapshot"] = field("promise", "how a worse copy of the model is made: promise takes its accuracy as given; the others make it and measure it", "name")
    tolerance: Share = field(0.02, "accuracy by which a copy may miss what is owed")
    admissibility_budget: Utility = field(0.0, "what the cooperative spends at most of its treasury on looser limits", "money per round")
    negotiation: Literal["none", "shapley_coop"] = field("none", "data deals before a round: none, or shapley_coop: who gains pays others to delegate, at Shapley prices", "name")
    negotiator: str = field("shapley", "who speaks in talks: shapley, endpoint (a language model), replay (a transcript), or a registered negotiator", "name")
    negotiation_every: Count = field(1, "rounds from one talk to the next; a deal binds for one round", "rounds")
    returns: Share = field(0.2, "what one more contribution is expected to earn in data deals, as a share of what contributions earned on average; below 1 returns diminish")
    concession: Share = field(0.1, "share of its gain that a party gives up in each further round of talks")


class Scenario(Part):
    """One complete description of an economy. Notebook use: ``Cooperative(load("commons"), rng=7).run_for(200)``."""

    name: str = field("unnamed", "short name of the scenario", "name", "letters, digits, '_', '-' and '.', not '.' first", pattern=r"^[A-Za-z0-9_-][A-Za-z0-9_.-]*$")
    description: str = field("", "what the scenario shows", "text")
    rounds: Count = field(200, "rounds to play", "rounds", le=10_000_000)
    precision: Literal["float32", "float64"] = field("float32", "number format of the network", "name")
    device: str = field("cpu", "where the network is computed: cpu, cuda or cuda:N", "name", "cpu, cuda or cuda:N", pattern=r"^(cpu|cuda(:\d+)?)$")
    task: Task = Task()
    population: Population = Population()
    actions: Actions = Actions()
    policy: Policy = Policy()
    values: Values = Values()
    learning: Learning = Learning()
    screening: Screening = Screening()
    credit: Credit = Credit()
    settlement: Settlement = Settlement()
    market: Market = Market()
    contract: Contract = Contract()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.market.kind == "public_goods":
            for path, fits, needed in self._public_goods_demands():
                if not fits:
                    raise ValueError(f"market.kind = 'public_goods': {path} must be {needed}")
        if self.contract.negotiation != "none" and "delegate" not in self.actions.available:
            raise ValueError("actions.available must hold delegate, since contract.negotiation is about delegating")
        for path, fits, needed in self._contract_demands():
            if not fits:
                raise ValueError(f"{path} must be {needed}")
        return self

    @model_validator(mode="after")
    def _affordable(self) -> Self:
        if self.contract.identity_cost > self.contract.endowment:
            raise ValueError(
                f"contract.identity_cost = {self.contract.identity_cost:g} exceeds contract.endowment = "
                f"{self.contract.endowment:g}: nobody could take part"
            )
        return self

    def _public_goods_demands(self) -> tuple[tuple[str, bool, str], ...]:
        """Field, whether it fits a market without a task, and what it must be."""
        market, actions, blocks = self.market, self.actions.available, self.market.groups in ("blocks", "random")
        return (
            ("settlement.kind", self.settlement.kind == "equal", "equal, since groups share equally"),
            ("settlement.hold_back", self.settlement.hold_back == 0, "0, since what is paid in is known"),
            ("contract.clawback", self.contract.clawback == 0, "0, since nobody pays in less than nothing"),
            ("screening.mode", self.screening.mode == "off", "off, since there are no updates to screen"),
            ("values.dimensions", not self.values.dimensions, "empty, since nothing is learned"),
            ("market.model_value", market.model_value == 0, "0, since there is no model"),
            ("actions.available", "defect" not in actions, "without defect, since there are no data to spoil or leak"),
            ("population.start_defect", self.population.start_defect == 0, "0, since there are no data to spoil or leak"),
            ("population.count", not blocks or self.population.count % market.group_size == 0,
             f"a multiple of market.group_size = {market.group_size} for market.groups = {market.groups!r}"),
            ("contract.negotiation", self.contract.negotiation == "none" or market.groups != "random",
             "none where market.groups = 'random', since nobody knows with whom to negotiate"),
        )  # fmt: skip

    def _contract_demands(self) -> tuple[tuple[str, bool, str], ...]:
        """Field, whether it fits the contract and a market without a task, and what it must be."""
        contract, curve = self.contract, self.market.kind == "curve"
        menu, worth = contract.offer == "menu", self.market.model_value > 0
        model, offers = self.market.kind == "model", contract.offer != "fixed"
        buys = contract.admissibility_budget > 0
        return (
            ("screening.mode", not curve or self.screening.mode == "off", "off where market.kind = 'curve', since there are no updates to screen"),
            ("values.dimensions", not curve or not self.values.dimensions, "empty where market.kind = 'curve', since nothing is learned"),
            ("contract.accuracy.kind", not curve or contract.accuracy.kind == "bound", "bound where market.kind = 'curve', since that is the accuracy"),
            ("contract.accuracy.kind", contract.reward != "shaping" or contract.accuracy.kind == "bound", "bound for contract.reward = 'shaping', which goes by the amounts that are best alone"),
            ("contract.negotiation", not curve or contract.negotiation == "none", "none where market.kind = 'curve', where talks have no past earnings to go by"),
            ("contract.realise", model or contract.realise == "promise", f"promise where market.kind = {self.market.kind!r}, since there is no model"),
            ("population.cost_types", not menu or bool(self.population.cost_types), "given for contract.offer = 'menu': the types that the menu is for"),
            ("population.count", not menu or self.population.count > 1, "above 1 for contract.offer = 'menu'"),
            ("population.cost_types", not menu or min(self.population.cost_types, default=1) > 0, "above 0 for contract.offer = 'menu'"),
            ("market.model_value", worth or not (offers or contract.alone), "above 0, since the model is what is paid with"),
            ("contract.offer", contract.reward != "menu" or menu, "menu for contract.reward = 'menu'"),
            ("contract.offer", contract.offer == "fixed" or self.market.kind != "public_goods", "fixed where market.kind = 'public_goods'"),
            ("screening.mode", not buys or self.screening.mode == "project", "project for contract.admissibility_budget above 0: the other modes have no shadow prices"),
            ("screening.scope", not buys or self.screening.scope in ("all", "aggregate"), "all or aggregate for contract.admissibility_budget above 0: limits that everybody shares"),
            ("screening.budget", not buys or self.screening.budget == "level", "level for contract.admissibility_budget above 0: limits that leave room"),
            ("values.dimensions", not buys or bool(self.values.dimensions), "given for contract.admissibility_budget above 0: limits to be loosened"),
        )
