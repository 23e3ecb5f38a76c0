"""Model rewards: how good a copy of the shared model each principal is given.

A model reward rule answers the accuracy it owes. Register your own with ``@reward_rule("name")`` or as an entry point
of the group ``commonweal.rewards``.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from commonweal.agents.arrays import Floats, ratio
from commonweal.agents.errors import InputError, apart
from commonweal.agents.registry import Registry
from commonweal.agents.terms import PerRun
from commonweal.economy.money.quota import credit_quotas
from commonweal.economy.money.settlement import Standing
from commonweal.economy.money.time_aware import TimeTerms, cumulated_value, valued_by_time
from commonweal.economy.rewards.accuracy import Bound
from commonweal.economy.rewards.forms import AccuracyTerms
from commonweal.economy.rewards.shaping import shaped, solo_samples

ROUNDING = 1e-9  # of accuracies
SMALLEST_PRICE = 1e-12  # of a sample that costs nothing, in units of accuracy


@dataclass(frozen=True)
class RewardTerms:
    """``scenario.rewards``: models as payment."""

    kind: str  # name of the model reward rule
    content: PerRun  # (R, 1) credit per sample, in units of the average, below which samples do not count
    joining: str  # seen or claimed: whose word counts on when a principal joined
    alone: bool  # who abstains trains a model of its own
    realise: str  # promise, noise, sparsify or snapshot: how a worse copy is made
    tolerance: PerRun  # (R, 1) accuracy by which a copy may miss what is owed
    accuracy: AccuracyTerms
    shaping_margin: PerRun  # (R, 1) ε of accuracy shaping, as a share of the cost
    altruism: PerRun  # (R, 1) β of quotas
    rho: PerRun  # (R, 1) exponent of values in time-aware rewards
    time: TimeTerms


@dataclass(frozen=True)
class MenuTerms:
    """``scenario.menu``: how much a principal puts in if it delegates."""

    offer: str  # fixed, menu or amounts
    term: int  # rounds for which a menu is offered
    reading: str  # party or published: what a party expects of the others


RewardRule = Callable[[Standing, Floats, RewardTerms], Floats]  # quality (R,) → (R, N) accuracy owed, 0 to quality


@dataclass(frozen=True)
class RewardFacts:
    """What others must know of a model reward rule."""

    by_credit: bool = True  # may look at cumulated credit
    own: bool = False  # owes what a closed form says that each has: better than the model, below 0, or outside it
    members_only: bool = False  # who stays away is owed nothing, so that nobody need work out what it would be


REWARDS: Registry[RewardRule, RewardFacts] = Registry(
    "model reward rule", "commonweal.rewards", "rewards.kind", RewardFacts()
)
reward_rule = REWARDS.register


@reward_rule("shared", by_credit=False, members_only=True)
def shared(standing: Standing, quality: Floats, terms: RewardTerms) -> Floats:
    """Everybody who takes part is given the whole model, whatever it put in: naive sharing."""
    return standing.member * quality[:, None]


@reward_rule("own_accuracy", by_credit=False, own=True)
def own_accuracy(standing: Standing, quality: Floats, terms: RewardTerms) -> Floats:
    """What a closed form says that each has in the end, who stays away included; else as ``shared``."""
    return shared(standing, quality, terms) if standing.each is None else standing.each


@reward_rule("menu", by_credit=False, members_only=True)
def by_menu(standing: Standing, quality: Floats, terms: RewardTerms) -> Floats:
    """By the best line of the menu that what was put in fulfils: its part of the model's accuracy.

    Paid with Models (Wang et al. 2025, arXiv 2412.11122): r_i(n) = (t_i / t̄_i) a(Σ n m), whatever n turns out.
    """
    menu = standing.menu
    fulfilled = standing.put[:, :, None] >= menu.amounts[:, None] * (1 - ROUNDING)
    part: Floats = np.where(fulfilled, menu.ratios[:, None], 0.0).max(axis=2, initial=0.0)
    return standing.member * part * quality[:, None]


@reward_rule("shaping", by_credit=False, members_only=True)
def by_shaping(standing: Standing, quality: Floats, terms: RewardTerms) -> Floats:
    """Accuracy shaping (Karimireddy et al. 2022): more samples than it would use alone earn a principal more accuracy.

    It goes by all that each has put in for the model as it is now, and believes what each says of its cost.
    """
    bound, price = Bound(terms.accuracy.optimum, terms.accuracy.scale), np.maximum(standing.cost, SMALLEST_PRICE)
    alone = solo_samples(bound, price)
    return standing.member * shaped(bound, standing.contributed, price, alone, quality[:, None], terms.shaping_margin)


@reward_rule("quota", members_only=True)
def by_quota(standing: Standing, quality: Floats, terms: RewardTerms) -> Floats:
    """CGSV (Xu et al. 2021): the part of the model's accuracy that a quota by cumulated credit allows."""
    return credit_quotas(standing.credit, standing.member, terms.altruism) * quality[:, None]


@reward_rule("rho_shapley")
def rho_shapley(standing: Standing, quality: Floats, terms: RewardTerms) -> Floats:
    """(φ_i / max φ)^ρ v(N), φ cumulated credit (Sim, Zhang, Chan and Low 2020): all alike with ρ = 0."""
    return standing.member * _relative(_positive(standing)) ** terms.rho * quality[:, None]


@reward_rule("time_cumulation")
def by_time_cumulation(standing: Standing, quality: Floats, terms: RewardTerms) -> Floats:
    """Time-aware reward cumulation (Chen et al. 2025), as a part of the model's accuracy."""
    value = cumulated_value(_positive(standing), standing.joined, standing.round, terms.time.beta)
    return _relative(value) ** terms.rho * quality[:, None]


@reward_rule("time_valuation")
def by_time_valuation(standing: Standing, quality: Floats, terms: RewardTerms) -> Floats:
    """Time-aware data valuation (Chen et al. 2025), as a part of the model's accuracy."""
    value = valued_by_time(_positive(standing), standing.joined, standing.round, terms.time.decay)
    return _relative(value) ** terms.rho * quality[:, None]


def _positive(standing: Standing) -> Floats:
    """(R, N) cumulated credit of who takes part, at least 0."""
    return np.where(standing.member, np.maximum(standing.credit, 0.0), 0.0)


def _relative(value: Floats) -> Floats:
    """(R, N) values relative to the largest: (r_i / max r)^ρ v(N) is given (Sim, Zhang, Chan and Low 2020)."""
    largest = value.max(axis=1, keepdims=True, initial=0.0)
    return ratio(value, largest)


def rewards(standing: Standing, quality: Floats, terms: RewardTerms) -> Floats:
    """The accuracy (R, N) that each is owed.

    Args:
        standing: what principals have done.
        quality: (R,) accuracy of the shared model.
        terms: which rule, and what it needs.

    Raises:
        InputError: if a rule promises less than no model, or more than there is.
    """
    owed = REWARDS[terms.kind](standing, quality, terms)
    if terms.kind == "shared" or REWARDS.facts(terms.kind).own:  # a closed form is held to its own range
        return owed
    if not ((owed >= 0.0) & (owed <= quality[:, None] + ROUNDING)).all():
        run = int(np.argmax(np.maximum(owed - quality[:, None], -owed).max(axis=1)))  # the worst, or one with a nan
        most = " where the model has ".join(apart(owed[run].max(), quality[run]))
        found = f"accuracies from {owed[run].min():g} to {most}"
        raise InputError(f"rewards.kind = {terms.kind!r} gave {found}; a rule gives from 0 to the model's")
    return owed
