"""From ``module:MODULE:NAME`` or ``module:FILE.py:NAME`` to the class or function that makes a network."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from torch import nn

from commonweal.agents.errors import InputError
from commonweal.agents.own_modules import object_named

Maker = Callable[..., Any]  # what gives a module, or a backbone and a head


class Everything:
    """Stands for all that can be named: any text after the colon may be one, and none is listed."""

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and bool(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())


def maker_named(rest: str, where: str) -> Maker:
    """The class or function that a name stands for, as its file is now.

    Args:
        rest: what follows the prefix: ``MODULE:NAME`` or ``FILE.py:NAME``.
        where: the field and its value, for messages.

    Raises:
        InputError: if there is none, or what has the name makes no network.
    """
    place, _, name = rest.rpartition(":")
    try:
        made = object_named(place, name, where)
    except InputError as error:
        raise InputError(f"{where}: {str(error).removeprefix(f'{where}: ')}") from None
    what = f"{Path(place).name}: {name}"
    if isinstance(made, nn.Module):
        raise InputError(f"{where}: {what} is a module made already: name its class, or a function that makes it")
    if not callable(made) or (isinstance(made, type) and not issubclass(made, nn.Module)):
        raise InputError(f"{where}: {what} is no torch.nn.Module, and no function that makes one")
    return made  # type: ignore[no-any-return]
