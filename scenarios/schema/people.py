"""Who the principals are, what they may do, how they choose, and what they value."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from commonweal.agents.errors import apart
from commonweal.scenarios.schema.fields import Count, Part, PerRound, Share, Utility, field, section
from commonweal.scenarios.schema.relevance import (
    costs_spread,
    follows,
    forms,
    limited,
    may,
    minds,
    reads_edges,
    remembers,
    screens,
    valued,
)


class Population(Part):
    """Who the principals are and whom they know."""

    count: Count = field(40, "number of principals", "principals", le=10_000_000)
    graph: Literal["complete", "cliques", "ring", "lattice", "watts_strogatz", "barabasi_albert", "file"] = field("complete", "who knows whom", "name")
    degree: Count = field(4, "neighbours of a principal (cliques, ring, Watts-Strogatz) or edges of a newcomer (Barabasi-Albert)", "principals")
    rewiring: Share = field(0.1, "Watts-Strogatz rewiring probability")
    edges: Path | None = field(None, "edge-list file for graph = 'file': two principal numbers a line", "path", matters=reads_edges)
    start_delegate: Share = field(0.6, "share of principals that delegate at the start")
    start_free_ride: Share = field(0.2, "share of principals that free-ride at the start")
    start_defect: Share = field(0.2, "share of principals that defect at the start")
    start_abstain: Share = field(0.0, "share of principals that abstain at the start")
    cost_low: Utility = field(0.00025, "lowest cost of delegating a sample", "money per sample", matters=costs_spread)
    cost_high: Utility = field(0.00075, "highest cost of delegating a sample", "money per sample", matters=costs_spread)
    cost_types: tuple[Utility, ...] = field((), "costs of delegating a sample, each a type of principal; empty: spread between cost_low and cost_high", "money per sample", max_length=20)
    type_shares: tuple[Share, ...] = field((), "probability that a principal is of each type; empty: all types alike", "share", max_length=20)
    outside_option: Utility = field(0.0, "payoff of abstaining", "money per round", matters=may("abstain"))
    endowment: Utility = field(0.0, "money a principal starts with", "money")
    samples: tuple[Annotated[float, Field(ge=0, le=1e12)], ...] = field((), "samples that each principal holds where none are drawn from a task: what it puts in, and at most where it chooses (menu.offer = amounts); empty: learning.samples, and without a limit", "samples", "empty or a list of numbers between 0 and 1e12, one for each principal", max_length=100_000, matters=forms)
    table: Path | None = field(None, "CSV or parquet file with a row per principal, by name, and of the columns cost, policy, action, limit_0, limit_1, ..., price, endowment and samples those that it gives; the rest is drawn", "path")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        starts = self.start_delegate + self.start_free_ride + self.start_defect + self.start_abstain
        if abs(starts - 1) > 1e-9:
            raise ValueError(f"start_delegate + start_free_ride + start_defect + start_abstain = {apart(starts, 1)[0]}; the shares must sum to 1")
        if self.cost_low > self.cost_high:
            raise ValueError("cost_low = {} exceeds cost_high = {}".format(*apart(self.cost_low, self.cost_high)))
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
            raise ValueError(f"type_shares sum to {apart(total, 1)[0]}; they must sum to 1")
        if self.samples and len(self.samples) != self.count:
            raise ValueError(f"samples has {len(self.samples)} entries for count = {self.count} principals; give one for each")
        return self


class Actions(Part):
    """What each action does to samples."""

    available: tuple[Literal["abstain", "delegate", "free_ride", "defect"], ...] = field(
        ("delegate", "free_ride", "defect"), "actions a principal may take", "names", min_length=1)
    free_ride: Literal["idle", "junk", "stale", "disguised", "replay"] = field("idle", "form of free-riding: nothing, noise, the same few samples over and over, those under fresh noise each time (FedAvg: a delta of noise), or one round's samples over and over (FedAvg: the model's last change)", "name")
    stale_samples: Count = field(2, "samples a stale or disguised free-rider puts in over and over", "samples")
    noise: float = field(0.3, "standard deviation of the noise under which a free-rider disguises its samples (free_ride = disguised)", "as features", ge=0, le=100)
    defect: Literal["poison", "leak"] = field("poison", "form of defection: wrong labels, or selling the model outside", "name")
    defect_gain: Utility = field(0.002, "private gain of a defector", "money per round", matters=may("defect"))
    selection: Literal["none", "classes"] = field("none", "what who delegates leaves out: nothing, or the classes most of whose samples were screened out the last time that it put them in", "name", matters=lambda s: screens(s) and s.screening.grain != "principal")


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


class QNetwork(Part):
    """A network that learns what each action is worth, given what a principal sees; all who follow the policy share it."""

    hidden: Count = field(16, "hidden units of the network", "units", le=4096)
    rate: float = field(0.01, "step size of Adam on the network's weights", "1", ge=0, le=1)
    discount: float = field(0.8, "weight of the utility that follows, a round later", "per round", ge=0, lt=1)
    exploration: Share = field(0.05, "probability of a random action, once it has fallen to this")
    anneal: float = field(30.0, "rounds in which exploration falls from 1", "rounds", ge=0, le=1e6)
    temperature: float = field(0.1, "temperature of the choice among learned values, in standard deviations of utility; 0: the best", "1", ge=0, le=1e6)
    memory: Count = field(50, "rounds whose decisions are remembered", "rounds", le=100_000)
    batch: Count = field(64, "decisions remembered of a round, and gone over again in a step", "decisions", le=100_000)
    steps: Count = field(4, "steps of Adam in a round", "steps", le=1000)
    until: float = field(0.0, "rounds after which nothing more is learned; 0: never", "rounds", ge=0, le=1e9)


class Conditional(Part):
    """Fischbacher-Gaechter types: shares of conditional cooperators, free-riders and hump-shaped; the rest choose at random."""

    cooperators: Share = field(0.55, "share of conditional cooperators")
    free_riders: Share = field(0.23, "share of unconditional free-riders")
    hump_shaped: Share = field(0.12, "share of hump-shaped conditional cooperators")
    slope: float = field(1.0, "how strongly a conditional cooperator follows its neighbours' delegating share", "1", ge=0, le=10)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (total := self.cooperators + self.free_riders + self.hump_shaped) > 1 + 1e-9:
            raise ValueError(f"cooperators + free_riders + hump_shaped = {apart(total, 1)[0]} exceeds 1")
        return self


class Policy(Part):
    """How principals choose their actions."""

    mix: dict[str, Annotated[float, Field(gt=0, le=1)]] = field({"imitation": 1.0}, "share of principals following each policy: fixed, imitation, best_response, learning, q_network, conditional, wait_and_see, or a registered policy", "share by name", min_length=1)
    revision: PerRound = field(0.1, "probability that a principal reconsiders in a round")
    mutation: PerRound = field(0.01, "probability that a principal takes a random action in a round")
    memory: Share = field(0.8, "weight of the past in a principal's remembered payoff", matters=remembers)
    imitation: Imitation = section(Imitation(), follows("imitation"))
    best_response: BestResponse = section(BestResponse(), follows("best_response"))
    learning: QLearning = section(QLearning(), follows("learning"))
    conditional: Conditional = section(Conditional(), follows("conditional"))
    q_network: QNetwork = section(QNetwork(), follows("q_network"))
    options: dict[str, float] = field({}, "parameters of registered policies, by name", "by name")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if abs((total := sum(self.mix.values())) - 1) > 1e-9:
            raise ValueError(f"the shares of mix sum to {apart(total, 1)[0]}; they must sum to 1")
        return self


class Dimension(Part):
    """One thing principals care about: a group the model must not fail, or a purpose it must not serve."""

    sense: Literal["protect", "withhold"] = Field(description="protect: the group's loss must not rise above the limit; withhold: the bounded loss must not fall below it", json_schema_extra={"unit": "name"})
    label: int | None = field(None, "class the probe is made of", "class", ge=0)
    feature: int | None = field(None, "feature the probe is made of: samples in its top quarter", "feature", ge=0)
    probe: str | None = field(None, "rule that chooses the probe's held-out samples, or makes samples of its own", "name", "a registered probe")
    limit: float = field(1.0, "middle of the principals' limits on the probe loss", "nat (protect), 1 (withhold)", ge=0, le=1e6, matters=limited)
    spread: float = field(0.0, "half width of the principals' limits around the middle", "as limit", ge=0, le=1e6)
    samples: Count = field(32, "samples of the probe", "samples", le=100_000)
    weight: float = field(1.0, "factor on everybody's concerns about this dimension", "1", ge=0, le=1e6, matters=minds)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if sum(each is not None for each in (self.label, self.feature, self.probe)) != 1:
            raise ValueError("give exactly one of label, feature and probe")
        if self.sense == "withhold" and self.limit + self.spread > 1 + 1e-9:
            raise ValueError(f"limit + spread = {apart(self.limit + self.spread, 1)[0]} exceeds 1, the largest bounded loss")
        return self


class Camp(Part):
    """Principals who think alike."""

    share: Share = field(0.5, "share of the principals that are in this camp")
    limits: tuple[Annotated[float, Field(ge=0, le=1e6)], ...] = field((), "middle of its limits, one for each dimension; empty: those of the dimensions", "as limit", max_length=8)
    weights: tuple[Annotated[float, Field(ge=0, le=1e6)], ...] = field((), "factors on its concerns, one for each dimension; empty: 1", "1", max_length=8)


class Values(Part):
    """What principals value, what it costs them when their limits are broken, and how their values move."""

    dimensions: tuple[Dimension, ...] = field((), "value dimensions, each with a probe", "list", max_length=8)
    concern: Literal["none", "member", "share"] = field("none", "what a broken limit costs its owner: nothing; outcome concern, and complicity if it takes part (member) or as far as its own update did the harm (share)", "name", matters=valued)
    outcome_low: Utility = field(0.0, "lowest outcome concern: what a unit of violation costs whatever a principal does", "money per unit of probe loss and round", matters=minds)
    outcome_high: Utility = field(0.0, "highest outcome concern", "money per unit of probe loss and round", matters=minds)
    complicity_low: Utility = field(0.05, "lowest complicity concern: what a unit of violation costs who takes part", "money per unit of probe loss and round", matters=minds)
    complicity_high: Utility = field(0.05, "highest complicity concern", "money per unit of probe loss and round", matters=minds)
    camps: tuple[Camp, ...] = field((), "camps of principals who think alike; empty: all are of one kind", "list", max_length=8, matters=valued)
    homophily: Share = field(0.0, "how far camps hold neighbouring places of the graph: 0 not at all, 1 wholly", matters=lambda s: bool(s.values.camps))
    voice: Share = field(0.0, "share of a violation by which who takes part and is violated claims a stricter limit, a round; claims relax as fast once the limit is kept", matters=screens)
    influence: Literal["none", "friedkin_johnsen", "hegselmann_krause"] = field("none", "how acquaintances move a principal's limits", "name")
    stubbornness: Share = field(0.2, "weight of a principal's first opinion (Friedkin-Johnsen)", matters=lambda s: s.values.influence == "friedkin_johnsen")
    self_weight: Share = field(0.5, "weight of a principal's own current opinion among its acquaintances'")
    confidence: float = field(0.1, "largest difference of limits that still influences (Hegselmann-Krause)", "as limit", ge=0, le=1e6, matters=lambda s: s.values.influence == "hegselmann_krause")
    experience: float = field(0.0, "rate at which harm suffered tightens a limit and payoff loosens it", "per round", ge=0, le=10, matters=valued)
    loss_aversion: float = field(2.25, "weight of a loss against an equal gain (Tversky and Kahneman)", "1", ge=0, le=100)
    for_sale: Share = field(0.0, "share of each of its limits that a principal would give up for money (tolerance.budget)")
    price_low: Utility = field(0.0, "lowest price for which a principal gives up the whole of a limit", "money per round")
    price_high: Utility = field(0.0, "highest price for which a principal gives up the whole of a limit", "money per round")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.price_low > self.price_high:
            raise ValueError("price_low = {} exceeds price_high = {}".format(*apart(self.price_low, self.price_high)))
        for name in ("outcome", "complicity"):
            if (low := getattr(self, f"{name}_low")) > (high := getattr(self, f"{name}_high")):
                raise ValueError(f"{name}_low = {{}} exceeds {name}_high = {{}}".format(*apart(low, high)))
        if self.camps and abs((total := sum(camp.share for camp in self.camps)) - 1) > 1e-9:
            raise ValueError(f"the shares of camps sum to {apart(total, 1)[0]}; they must sum to 1")
        for k, camp in enumerate(self.camps):
            for name in ("limits", "weights"):
                if (given := len(getattr(camp, name))) not in (0, len(self.dimensions)):
                    raise ValueError(f"camps[{k}].{name} has {given} entries for {len(self.dimensions)} dimensions; give one for each, or none")
        return self
