"""What is worth showing of an economy, by what its scenario is about, and what its numbers are called."""

from functools import cache

from commonweal.agents.actions import Action
from commonweal.agents.values import subject_of
from commonweal.economy.round.words import Verb, Words
from commonweal.economy.world.world import World
from commonweal.scenarios.schema.words import words_for

ACTION_NAMES = tuple(action.name.lower() for action in Action)  # by code


def pays_money(world: World) -> bool:
    """Whether there is money in an economy; the model may be all that is paid with."""
    terms = world.terms
    gifts = terms.market.kind == "donation"
    return bool(terms.market.price.any() or terms.population.endowment.any() or terms.market.public or gifts)


def names_count(world: World) -> bool:
    """Whether principals have names, good or bad, that others go by."""
    return world.terms.reciprocity.kind != "none"


def gives_models(world: World) -> bool:
    """Whether the model that a principal is given is worth something to it."""
    return bool(world.terms.market.model_value.any())


def rewards_differ(world: World) -> bool:
    """Whether principals may put in, and be given, more or less than each other."""
    return world.terms.rewards.kind != "shared" or world.terms.menu.offer != "fixed"


def makes_copies(world: World) -> bool:
    """Whether the models that are given are really made, so that they may miss what was promised."""
    return world.terms.rewards.realise != "promise"


def takes_back(world: World) -> tuple[str, ...]:
    """The metrics of what is taken from principals that an economy has."""
    terms = world.terms
    able = {"slashed": terms.stakes.stake, "clawed": terms.clawback.share, "fees": terms.identity.cost}
    return tuple(name for name, term in able.items() if term.any())


def buys_tolerance(world: World) -> bool:
    """Whether the cooperative pays for looser limits."""
    return bool(world.terms.tolerance.budget.any())


def holds_back(world: World) -> bool:
    """Whether credit is held back until it is sure."""
    return bool(world.terms.settlement.hold_back.any())


def learns_values(world: World) -> bool:
    """Whether agents must learn what their principals want."""
    return world.terms.beliefs.kind == "learned" and len(world.senses) > 0


def words_of(world: World) -> Words:
    """What an economy calls things; the same object at each call."""
    terms = world.terms
    can, task = tuple(terms.actions.available), (terms.task.metric, terms.task.kind, terms.task.target)
    return _words(terms.market.kind, terms.actions.defect, can, terms.values.concern, task)


@cache
def _words(kind: str, attack: str, available: tuple[str, ...], concern: str, task: tuple[str, ...]) -> Words:
    return words_for([kind], [attack], [available], [concern], *([each] for each in task))


def action_words(world: World, code: int) -> Verb:
    """What an economy calls an action."""
    return words_of(world).verb(ACTION_NAMES[code])


def accuracy_name(world: World) -> str:
    """What quality is in an economy, with its unit."""
    return words_of(world).result_label


def credit_unit(world: World) -> str:
    """What credit is measured in."""
    return words_of(world).credit_unit


def subject(world: World, dimension: int) -> str:
    """What a value dimension is about: "class 3", or "feature 5" for the samples in its top quarter."""
    terms = world.terms.values.dimensions[dimension]
    return subject_of(terms.label, terms.feature, terms.probe)


def unit(world: World, dimension: int) -> str:
    """Unit of a dimension's probe loss: a withheld purpose's is bounded by 1."""
    return "nat" if world.terms.values.dimensions[dimension].sense == "protect" else "bounded by 1"
