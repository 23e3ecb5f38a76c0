"""A module made for a task: called with what its maker asks for, and cut into a frozen backbone and a trained head."""

import inspect
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import UninitializedParameter

from commonweal.agents.errors import InputError, memory_refused
from commonweal.economy.learning.own.layers import adapt, drops_of
from commonweal.economy.learning.own.named import Maker

BACKBONE = "backbone"  # name of the part whose features are computed once, where all of it is frozen
ARGUMENTS = ("features", "classes", "shape", "hidden")


@dataclass(frozen=True)
class Wanted:
    """What a module is made for."""

    features: int  # d
    classes: int  # C
    shape: tuple[int, ...]  # of one sample: (1, rows, columns) of an image, (d,) of anything else
    hidden: tuple[int, ...]  # learning.hidden
    norms: str  # group or refuse
    dtype: torch.dtype
    device: torch.device


@dataclass(frozen=True)
class Made:
    """A module that is ready to be trained sample by sample; shared by all networks made alike, never changed."""

    name: str  # as messages call it: learning.network = 'module:…'
    module: nn.Module
    trained: tuple[str, ...]  # names of the parameters that are trained
    drops: tuple[str, ...]  # names of the layers that draw masks
    shape: tuple[int, ...]  # of a sample as forward is given it
    whole: nn.Module | None = None  # the frozen backbone, where there is one: ``module`` has a stand-in in its place
    given: tuple[int, ...] = ()  # shape of what the backbone gives for one sample


class Joined(nn.Module):
    """A head behind a backbone."""

    def __init__(self, backbone: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.backbone, self.head = backbone, head

    def forward(self, values: Tensor) -> Any:
        """(S, C) scores of samples."""
        return self.head(self.backbone(values))


class StandIn(nn.Module):
    """Gives what the backbone gave for the same samples, computed before."""

    given: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("given", torch.empty(0), persistent=False)

    def forward(self, *values: Any, **named: Any) -> Tensor:
        """(S, …) features of the samples."""
        return self.given


def make(maker: Maker, name: str, wanted: Wanted) -> Made:
    """Call a maker, and put what can be trained sample by sample in the place of what cannot.

    Args:
        maker: class or function with parameters among ``ARGUMENTS``.
        name: of the network, for messages.
        wanted: what the module is made for.

    Raises:
        InputError: if it asks for something else, raises, or gives no module that can be trained.
    """
    given = arguments(maker, name, wanted)
    module = _called(maker, name, given)
    shape = wanted.shape if "shape" in given else (wanted.features,)
    _complete(module.to(wanted.device), name, wanted, shape)
    try:
        module = adapt(module.to(wanted.dtype), wanted.norms)
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
    trained = tuple(each for each, parameter in module.named_parameters() if parameter.requires_grad)
    if not trained:
        frozen = any(True for _ in module.parameters())
        raise InputError(f"{name}: {'all its parameters are frozen' if frozen else 'it has no parameters'}; "
                         "something must be trained")  # fmt: skip
    whole = _cut(module)
    return Made(name, module, trained, tuple(each for each, _ in drops_of(module)), shape, whole)


def arguments(maker: Maker, name: str, wanted: Wanted) -> dict[str, Any]:
    """What a maker asks for, by the names of its parameters.

    Raises:
        InputError: if it asks for something that is not there.
    """
    try:
        parameters = inspect.signature(maker).parameters.values()
    except (TypeError, ValueError):
        raise InputError(f"{name}: it does not say which arguments it takes") from None
    found: dict[str, Any] = {}
    for each in parameters:
        if each.kind in (each.VAR_POSITIONAL, each.VAR_KEYWORD):
            continue
        if each.name in ARGUMENTS and each.kind is not each.POSITIONAL_ONLY:
            found[each.name] = getattr(wanted, each.name)
        elif each.default is each.empty:
            raise InputError(f"{name}: it needs the argument {each.name!r}: must be among {', '.join(ARGUMENTS)}, "
                             "or have a default")  # fmt: skip
    return found


def one_line(error: BaseException) -> str:
    """An error of foreign code, with its first lines as one."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text if len(text) <= 240 else text[:240] + ' …'}"


def _called(maker: Maker, name: str, given: Mapping[str, Any]) -> nn.Module:
    """The module that a maker gives; of a backbone and a head, both joined."""
    try:
        with _same_chance():
            made = maker(**given)
    except Exception as error:  # whatever foreign code raises
        if isinstance(error, InputError) or memory_refused(error):
            raise
        said = ", ".join(f"{key}={value!r}" for key, value in given.items())
        raise InputError(f"{name}: called with ({said}) it raises {one_line(error)}") from None
    if isinstance(made, tuple) and len(made) == 2 and all(isinstance(each, nn.Module) for each in made):
        backbone, head = made
        return Joined(backbone.requires_grad_(False), head)
    if not isinstance(made, nn.Module):
        raise InputError(f"{name}: it gives {type(made).__name__}: must be a torch.nn.Module, or a backbone and a head")
    return made


def _complete(module: nn.Module, name: str, wanted: Wanted, shape: tuple[int, ...]) -> None:
    """Let lazy layers see samples, so that they know their sizes."""
    if any(isinstance(each, UninitializedParameter) for each in module.parameters()):
        try:
            with _same_chance(), torch.no_grad():
                module(torch.zeros(2, *shape, device=wanted.device))
        except Exception as error:  # whatever foreign code raises
            raise InputError(f"{name}: forward raises {one_line(error)}") from None


def _cut(module: nn.Module) -> nn.Module | None:
    """The frozen backbone of a module, which now has a stand-in for it; None where there is none."""
    backbone = module._modules.get(BACKBONE)
    if backbone is None or any(each.requires_grad for each in backbone.parameters()):
        return None
    module._modules[BACKBONE] = StandIn()
    return backbone.eval()


@contextmanager
def _same_chance() -> Iterator[None]:
    """What a maker draws is the same each time, and moves no generator of the program."""
    numbers, others = np.random.get_state(), random.getstate()
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            np.random.seed(0)
            random.seed(0)
            yield
    finally:
        np.random.set_state(numbers)
        random.setstate(others)
