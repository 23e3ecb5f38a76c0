"""Names: who gives to whom, who judges it, and how principals learn to give and to judge."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from commonweal.scenarios.schema.fields import Count, Part, Share, field, section
from commonweal.scenarios.schema.relevance import gives, learns_to_give, names_count, pays_by_credit, sells


class Learner(Part):
    """Who follows the policy reciprocity: it plans through the chain of judgements that its acts and verdicts set off."""

    signals: Literal["norm", "learned"] = field("norm", "how learners judge: by reciprocity.norm, or as they learn", "name")
    belief: Literal["pooled", "norm", "equilibrium"] = field("pooled", "what estimates of how others act are shrunk to: how all act on average, the norm's rule of action, or the best rule that nobody gains by leaving if all follow it", "name")
    weight: float = field(4.0, "rounds of what was seen that this belief counts for", "rounds", ge=0, le=1e6)
    memory: Share = field(1.0, "weight of what was seen in a round one round later")
    schedules: Count = field(2, "schedules of requests that are planned through in a round", "schedules", le=256)
    ahead: Count = field(10, "rounds that are planned ahead", "rounds", le=1000)
    rate: float = field(0.05, "step size of Adam on the logits", "1", gt=0, le=10)
    search: int = field(20, "rounds from one search among the 16 deterministic rules to the next; 0: ascent alone", "rounds", ge=0, le=1_000_000)
    explore: float = field(0.01, "probability of either act that always remains", "share", ge=0, le=0.5)


class ImageTerms(Part):
    """What a bad name costs: a share of pay, time outside, or a larger stake."""

    pay: Share = field(0.0, "share of what it is paid in a round that a bad name forfeits")
    to: Literal["treasury", "good"] = field("treasury", "who gets what bad names forfeit: the treasury, or all good names that take part, alike", "name", matters=lambda s: s.reciprocity.terms.pay > 0)
    stake: float = field(1.0, "multiple of stakes.stake that a bad name must hold in escrow, as far as its money goes", "1", ge=1, le=1e6, matters=lambda s: s.stakes.stake > 0)
    out: int = field(0, "rounds that a name must stay away once it has become bad; 0: none", "rounds", ge=0, le=1_000_000)


class Reciprocity(Part):
    """Names: in every round each principal has another's request, and third parties call it good or bad for what it does."""

    kind: Literal["none", "requests", "pool", "admission"] = field("none", "none; requests: what who delegates is paid goes to whose request it has; pool: it goes to all alike; admission: bad names are paid only if a vote of their judges lets them", "name")
    norm: str = field("L6", "norm by which those judge, and vote, who follow none: L1 to L8, image-scoring, shunning, or a registered norm", "name", matters=names_count)
    images: Literal["public", "private"] = field("public", "public: everybody has one name, by the majority of its judges; private: everybody has a name in the eyes of each", "name", matters=names_count)
    judges: Count = field(1, "third parties who judge what one does, an odd number", "principals", le=1001, matters=lambda s: names_count(s) and s.reciprocity.images == "public")
    dissent: Share = field(0.0, "probability that a verdict against the majority of the judges costs its judge the good name", matters=lambda s: names_count(s) and s.reciprocity.images == "public" and s.reciprocity.judges > 1)
    execution: Share = field(0.0, "probability that a gift fails", matters=names_count)
    perception: Share = field(0.0, "probability that a judge takes a refusal for a gift (images = private: either for the other)", matters=names_count)
    assignment: Share = field(0.0, "probability that a verdict turns into its opposite", matters=names_count)
    observed: Share = field(1.0, "probability that one who is no part of an encounter sees it (images = private)", matters=lambda s: names_count(s) and s.reciprocity.images == "private")
    terms: ImageTerms = section(ImageTerms(), lambda s: names_count(s) and s.reciprocity.images == "public")
    learner: Learner = section(Learner(), learns_to_give)


def demands(scenario: Any, where: str) -> Iterator[tuple[str, bool, str]]:
    """Field, whether it fits the others, and what it must be.

    Args:
        scenario: a Scenario.
        where: begins the reason that lies in the market.
    """
    from commonweal.agents.policies import POLICIES

    names, policy = scenario.reciprocity, scenario.policy
    by_name = [name for name in policy.mix if name in POLICIES and POLICIES.facts(name).names]
    if gives(scenario):
        yield "reciprocity.kind", names.kind in ("requests", "pool"), f"requests or pool {where} a gift is for somebody else"
        yield "settlement.kind", scenario.settlement.kind == "equal", f"equal {where} there is nothing to divide"
        yield "actions.available", "defect" not in scenario.actions.available, f"without defect {where} there are no data to spoil or leak"
        yield "population.start_defect", scenario.population.start_defect == 0, f"0 {where} there are no data to spoil or leak"
        yield "settlement.hold_back", scenario.settlement.hold_back == 0, f"0 {where} what is given is known"
        yield "clawback.share", scenario.clawback.share == 0, f"0 {where} nobody gives less than nothing"
        yield "market.model_value", scenario.market.model_value == 0, f"0 {where} there is no model"
        yield "menu.offer", scenario.menu.offer == "fixed", f"fixed {where} there is no model"
        yield "negotiation.kind", scenario.negotiation.kind == "none", f"none {where} gifts are nobody's business but the donor's"
    if by_name:
        yield "reciprocity.kind", names.kind != "none", f"requests, pool or admission for policy.mix with {by_name[0]!r}, which goes by names"
    if names.kind == "none":
        return
    yield "market.kind", sells(scenario) or gives(scenario), f"model, curve or donation for reciprocity.kind = {names.kind!r}: what one's own data are paid must be known"
    available = set(scenario.actions.available)
    yield "actions.available", "delegate" in available and bool(available & {"free_ride", "defect"}), "with delegate, and free_ride or defect, for reciprocity.kind other than none: who abstains is not judged"
    yield "settlement.horizon", not pays_by_credit(scenario) or scenario.settlement.horizon == 1, f"1 for reciprocity.kind = {names.kind!r}: over a longer horizon one refusal hardly changes what is paid"
    yield "reciprocity.judges", names.judges % 2 == 1, "an odd number"
    needed = names.judges + 2
    yield "population.count", scenario.population.count >= needed, f"at least {needed} for reciprocity.judges = {names.judges}: judges are third parties"
    yield "population.count", names.images == "public" or scenario.population.count <= 2000, "at most 2000 for reciprocity.images = 'private': everybody has a name in the eyes of each"
    nobody = "for reciprocity.images = 'private': there is no name that all agree on"
    terms, alone = names.terms, names.images == "private"
    yield "reciprocity.kind", not alone or names.kind != "admission", "requests or pool for reciprocity.images = 'private': there is no name to vote on"
    yield "reciprocity.terms.pay", not alone or terms.pay == 0, f"0 {nobody}"
    yield "reciprocity.terms.out", not alone or terms.out == 0, f"0 {nobody}"
    yield "reciprocity.terms.out", names.kind != "admission" or terms.out == 0, "0 for reciprocity.kind = 'admission': judges vote on whether bad names are let in"
    yield "reciprocity.terms.stake", not alone or terms.stake == 1, f"1 {nobody}"
    yield "reciprocity.terms.stake", terms.stake == 1 or scenario.stakes.stake > 0, "1 for stakes.stake = 0: nobody holds anything"
    if "reciprocity" in policy.mix:
        yield "reciprocity.kind", names.kind == "requests", "requests for policy.mix with 'reciprocity', which plans for its own requests"
        yield "reciprocity.images", names.images == "public", "public for policy.mix with 'reciprocity', which plans for public names"
