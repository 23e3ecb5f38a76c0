"""How revenue comes in and is paid out, and what is agreed before a round."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from commonweal.scenarios.schema.fields import Count, Part, PerRound, Share, Utility, field, section
from commonweal.scenarios.schema.relevance import buys, gives, leaks, learns, pays_by_credit, pays_money, sells, shares

_Number = Annotated[float, Field(ge=-1e12, le=1e12)]
_Numbers = _Number | tuple[_Number, ...] | tuple[tuple[_Number, ...], ...]


def _by_power_law(scenario: Any) -> bool:
    return bool(scenario.rewards.accuracy.kind == "power_law")


class TimeAware(Part):
    """How the time of joining counts where it counts at all (Chen et al. 2025)."""

    beta: float = field(1.0, "time-aware cumulation: weight of a round against the one before it; the larger, the less joining early counts", "1", gt=0, le=1e6)
    decay: float = field(0.05, "time-aware valuation: rate at which what is worth something together counts for less, the later the last of them joined", "per round", ge=0, le=100)


class Settlement(Part):
    """How revenue becomes payments."""

    kind: str = field("credit", "settlement rule: equal, data, credit, robust (credit less what is put in by others too), quota (CGSV), time_cumulation or time_valuation (credit, and the earlier joined the more), synthesised (samples put in, at their credit up to a cap), worth (of revenue as much as credit is of what the model is worth, where a closed form says that), or a registered rule", "name", matters=lambda s: sells(s) and pays_money(s))
    horizon: Count = field(50, "rounds over which credit is cumulated", "rounds", le=100_000, matters=pays_by_credit)
    discount: Share = field(0.95, "weight of a round's credit one round later", matters=pays_by_credit)
    alpha: float = field(1.0, "exponent of cumulated credit in the shares", "1", ge=0, le=100, matters=pays_by_credit)
    reserve: Share = field(0.0, "share of revenue kept in the treasury", matters=learns)
    floor: Share = field(0.0, "share of payments split equally among participants", matters=learns)
    clip: Literal["net", "gross"] = field("net", "net credit over the horizon before clipping at zero, or clip each round", "name")
    altruism: float = field(1.0, "beta of the quotas tanh(beta r) of CGSV: the larger, the more even (kind = quota)", "1", gt=0, le=1e9)
    time: TimeAware = TimeAware()
    cap: float = field(1.0, "times the typical credit of a sample held, above which more credit brings no more pay (kind = synthesised)", "1", gt=0, le=1e6, matters=lambda s: s.settlement.kind == "synthesised")
    hold_back: float = field(0.0, "standard errors held back from cumulated credit until it is sure: of what chance, or its estimate, would make of worthless data", "standard errors", ge=0, le=100, matters=learns)


class Punishment(Part):
    """Costly punishment in a public-goods market: contributors punish the members of their groups who give nothing."""

    probability: PerRound = field(0.0, "probability that a contributor punishes in a round")
    cost: Utility = field(0.1, "cost to a contributor of each member it punishes", "money")
    fine: Utility = field(0.3, "loss of a member by each contributor that punishes it", "money")


class Market(Part):
    """How model quality becomes revenue; or how contributions do, where there is no model but a public good."""

    kind: str = field("model", "model: customers pay for its quality; curve: accuracy is rewards.accuracy of the round's samples, without a task; public_goods: contributions are multiplied and shared, without a task; donation: gifts of a fixed worth, without a task; or a registered market", "name")
    multiplication: float = field(1.6, "revenue of a group for each unit contributed (kind = public_goods)", "1", ge=0, le=1e6, matters=shares)
    contribution: Utility = field(1.0, "what a principal that delegates pays into each of its groups (kind = public_goods)", "money per round", matters=shares)
    groups: Literal["all", "blocks", "random", "neighbourhoods"] = field("all", "who shares a public good: all; blocks of group_size, the same or dealt anew each round; or each principal with its neighbours, overlapping", "name", matters=shares)
    group_size: Count = field(4, "members of a group (groups = blocks or random)", "principals", matters=shares)
    lonely: Literal["play", "outside"] = field("play", "what becomes of the only one of a group who takes part: play (it shares what it pays in with nobody) or outside (there is no game in that group; who finds none has the outside option)", "name", matters=lambda s: shares(s) and "abstain" in s.actions.available)
    punishment: Punishment = section(Punishment(), shares)
    benefit: Utility = field(3.0, "what a gift is worth to who receives it (kind = donation)", "money per round", matters=gives)
    cost: Utility = field(1.0, "what a gift costs who makes it (kind = donation)", "money per round", matters=gives)
    price: Utility = field(0.01, "revenue per principal for each unit of accuracy above the baseline", "money per round", matters=sells)
    baseline: Share = field(0.1, "accuracy that is worth nothing")
    rivalry: Share = field(1.0, "how far a rival's quality displaces ours (1: customers pay only for the advantage)", matters=leaks)
    leak: PerRound = field(0.5, "how fast leaks close the rival's gap when everybody leaks", matters=leaks)
    rival_decay: PerRound = field(0.02, "how fast an unfed rival model decays")
    model_value: Utility = field(0.0, "utility of the shared model to a participant, for each unit of accuracy", "money per round", matters=sells)


class Accuracy(Part):
    """The accuracy that is expected of samples: max(0, optimum - (sqrt(2k (2 + ln(x/k))) + 4) / sqrt(x)), k the scale."""

    kind: str = field("bound", "bound: the formula above; power_law: optimum - drop x^-exponent; fitted: a power law through the accuracies seen so far; where market.kind = curve also federated_mean, logarithm, linear_gaussian and others, or a registered closed form", "name")
    optimum: Share = field(1.0, "accuracy by unlimited samples (bound, power_law)")
    scale: float = field(1.0, "k: the larger, the more samples it takes (bound)", "samples", gt=0, le=1e6)
    drop: float = field(1.0, "accuracy that is missing with one sample (power_law)", "share", gt=0, le=1e12, matters=_by_power_law)
    exponent: float = field(0.5, "how fast that vanishes with more (power_law)", "1", gt=0, le=10, matters=_by_power_law)
    options: dict[str, _Numbers] = field({}, "the closed form's own numbers by name: a number, a list with one for each principal, or a list of such lists", "by name", "a table, each value a number, a list of numbers, or a list of lists of numbers")


class Stakes(Part):
    """What participants hold in escrow, and lose when they are caught cheating."""

    stake: Utility = field(0.0, "stake a participant holds in escrow", "money")
    audit: PerRound = field(0.0, "probability that a participant is audited", matters=lambda s: s.stakes.stake > 0)
    reveal: Share = field(1.0, "probability that an audit reveals the action; negative cumulated credit is always evidence", matters=lambda s: s.stakes.stake > 0)
    slash: Share = field(1.0, "share of its stake that a caught participant loses", matters=lambda s: s.stakes.stake > 0)
    sees: Literal["action", "content"] = field("action", "what an audit reveals: action, that a principal free-rides or defects; content, that what it puts in is no data, under whatever action (negative credit is no evidence then)", "name", matters=lambda s: s.stakes.stake > 0)


class Clawback(Part):
    """What a principal whose credit turns out to be harm gives back."""

    share: Share = field(0.0, "share of what it was paid within settlement.horizon that is taken back from a principal whose netted credit is below zero, and redistributed")


class Identity(Part):
    """What a name costs."""

    cost: Utility = field(0.0, "price of a name, paid to the cooperative on first taking part under it", "money", matters=lambda s: s.population.endowment > 0)


class Rewards(Part):
    """Models as pay: how good a copy of the model each is given."""

    kind: str = field("shared", "model reward rule, how good a copy of the model each is given: shared (the whole model), own_accuracy (what a closed form says that each has), menu, shaping, quota, rho_shapley (by credit relative to the largest), time_cumulation, time_valuation, or a registered rule", "name")
    content: Share = field(0.0, "what must be in samples to count where models are given for samples (kind = menu or shaping): cumulated credit per sample, as a share of everybody's average; with 0 all count, junk too")
    joining: Literal["seen", "claimed"] = field("seen", "whose word counts on when a principal joined, where a rule goes by it: seen (the cooperative's) or claimed (the principal's)", "name")
    accuracy: Accuracy = section(Accuracy(), lambda s: s.market.kind == "curve")
    shaping_margin: float = field(0.01, "by how much more than it costs a further sample is rewarded under accuracy shaping, as a share of its cost", "share", ge=0, le=100)
    altruism: float = field(1.0, "beta of the quotas tanh(beta r) of CGSV: the larger, the more even (kind = quota)", "1", gt=0, le=1e9)
    time: TimeAware = TimeAware()
    rho: float = field(1.0, "exponent of values, relative to the largest, in the accuracy that is given (kind = rho_shapley, time_cumulation or time_valuation)", "1", ge=0, le=100)
    alone: bool = field(False, "who abstains trains a model of its own", "switch")
    realise: Literal["promise", "noise", "sparsify", "snapshot"] = field("promise", "how a worse copy of the model is made: promise takes its accuracy as given; the others make it and measure it", "name")
    tolerance: Share = field(0.02, "accuracy by which a copy may miss what is owed")


class Menu(Part):
    """How much a principal puts in if it delegates."""

    offer: Literal["fixed", "menu", "amounts"] = field("fixed", "how much who delegates puts in: fixed (learning.samples), menu (a line of the optimal menu for the cost types), or amounts (whatever is best for it, the others given)", "name")
    term: Count = field(1, "rounds for which a menu is offered and amounts are planned", "rounds", le=1_000_000)
    reading: Literal["party", "published"] = field("party", "what a party expects of the others in a menu: party (itself and the rest at random) or published (as the paper writes it)", "name")


class Negotiation(Part):
    """Deals that principals make before a round."""

    kind: Literal["none", "shapley_coop"] = field("none", "data deals before a round: none, or shapley_coop: who gains pays others to delegate, at Shapley prices", "name")
    negotiator: str = field("shapley", "who speaks in talks: shapley, endpoint (a language model), replay (a transcript), or a registered negotiator", "name")
    every: Count = field(1, "rounds from one talk to the next; a deal binds for one round", "rounds")
    returns: Share = field(0.2, "what one more contribution is expected to earn in data deals, as a share of what contributions earned on average; below 1 returns diminish")
    concession: Share = field(0.1, "share of its gain that a party gives up in each further round of talks")


class Tolerance(Part):
    """Looser limits that the cooperative buys."""

    budget: Utility = field(0.0, "what the cooperative spends at most of its treasury on looser limits", "money per round")
    kind: Literal["posted", "clarke", "dagva"] = field("posted", "posted: sellers are paid their price; clarke, dagva: a common limit is chosen by declared values, with Clarke taxes or by expected externalities", "name", matters=buys)
    options: int = field(10, "steps of the common limit to choose among, from the strictest first limit to the loosest for sale", "steps", ge=1, le=1000, matters=lambda s: buys(s) and s.tolerance.kind != "posted")
