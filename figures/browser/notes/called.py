"""What actions and principals are called on the page, by the words of the market."""

from commonweal.agents.actions import Action
from commonweal.economy.world.world import World
from commonweal.figures.browser.notes.shown import words_of


def to_do(world: World, action: int) -> str:
    """An action as on a label: "delegate"."""
    return _forms(world, action)[0]


def does(world: World, action: int) -> str:
    """What one principal does: "delegates"."""
    return _forms(world, action)[1]


def doing(world: World, action: int) -> str:
    """"delegating"."""
    return _forms(world, action)[2]


def it_did(world: World, action: int) -> str:
    """"delegated"."""
    return _forms(world, action)[3]


def name_of(world: World, index: int) -> str:
    """What a principal is called."""
    return f"Principal {index}"


def _forms(world: World, action: int) -> tuple[str, str, str, str]:
    if action == Action.DELEGATE and words_of(world).doing == "contributing":
        return "contribute", "contributes", "contributing", "contributed"
    return _FORMS[Action(action)]


_FORMS = {
    Action.ABSTAIN: ("abstain", "abstains", "abstaining", "abstained"),
    Action.DELEGATE: ("delegate", "delegates", "delegating", "delegated"),
    Action.FREE_RIDE: ("free-ride", "free-rides", "free-riding", "rode free"),
    Action.DEFECT: ("defect", "defects", "defecting", "defected"),
}
