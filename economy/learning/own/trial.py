"""A trial of a module on a few made-up samples, so that what cannot be trained is refused in one line before a run."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.utils.hooks import RemovableHandle

from commonweal.agents.errors import InputError, memory_refused
from commonweal.agents.streams import Streams
from commonweal.economy.learning.losses import Loss
from commonweal.economy.learning.network import Owners
from commonweal.economy.learning.own.backbone import computed
from commonweal.economy.learning.own.layers import called
from commonweal.economy.learning.own.making import BACKBONE, Wanted, make, one_line
from commonweal.economy.learning.own.named import Maker
from commonweal.economy.learning.own.network import OwnNetwork

SAMPLES, RUNS = 3, 2
CHANCE = "draws at random: take nn.Dropout, whose masks are drawn for each run, and no other chance"
VALUES = "looks at single values of samples (if, int(), .item(), a mask as index): take torch.where"
ADDS = "writes in place: write y = y + x instead of y += x"
TYPES = "mixes types: leave features and parameters in the type in which they come"
SAYS = (  # what torch says, and what that means
    ("randomness", CHANCE),
    (".item()", VALUES),
    ("data-dependent", VALUES),
    ("inplace operation", "writes in place: write y = y * 2 instead of y *= 2"),
    ("in-place operation", ADDS),
    ("the broadcast shape", ADDS),
    ("inplace arithmetic", ADDS),
    ("Batching rule", "has no rule for torch.func.vmap: take another layer"),
    ("indices' to have", "needs whole numbers: begin forward with features.long()"),
    ("same dtype", TYPES),
)


@dataclass(frozen=True)
class _Case:
    """A module on trial."""

    network: OwnNetwork
    maker: Maker
    classes: int

    @property
    def name(self) -> str:
        """As messages call it."""
        return self.network.made.name

    def demand(self, kept: bool, fault: str) -> None:
        """Raise InputError unless it is kept."""
        if not kept:
            raise InputError(f"{self.name}: {fault}")


def tried(maker: Maker, name: str, wanted: Wanted, first: str, loss: Loss, drifts: bool) -> OwnNetwork:
    """The network of a maker's module, after a trial.

    Args:
        maker: gives the module.
        name: of the network, for messages.
        wanted: what the module is made for.
        first: what runs begin with: drawn, or own.
        loss: that it is trained by.
        drifts: whether the features turn.

    Raises:
        InputError: naming the network, and the layer or the line where it is known.
    """
    made = make(maker, name, wanted)
    site = (wanted.features, wanted.dtype, wanted.device)
    network = OwnNetwork(made.module, *site, loss, made=made, first=first, drifts=drifts)
    case = _Case(network, maker, wanted.classes)
    rows = torch.randn(SAMPLES, wanted.features, generator=torch.Generator().manual_seed(0), dtype=wanted.dtype)
    rows = rows.to(wanted.device)
    with torch.random.fork_rng(devices=[]):
        if made.whole is not None:
            with _naming(case, made.whole):
                shape = tuple(computed(made, rows).shape)
            rest = f"its backbone gives shape {shape} for {SAMPLES} samples: must be samples first"
            case.demand(shape[:1] == (SAMPLES,), rest)
            network = replace(network, made=replace(made, given=shape[1:]))
            case = replace(case, network=network)
        _scores(case, rows)
        _gradients(case, rows)
    return network


def _scores(case: _Case, rows: Tensor) -> None:
    """Scores of a batch: (S, C), the same again, each from its own sample alone, and nothing in the module moves."""
    module = case.network.made.module
    before = {name: buffer.clone() for name, buffer in module.named_buffers()}
    with torch.no_grad(), _naming(case, module):
        scores = _once(case, rows)
        again, alone = _once(case, rows), _once(case, rows[:1])
    wanted, kind = (SAMPLES, case.classes), _type(rows)
    _demand_scores(case, scores, wanted)
    _demand_scores(case, alone, (1, case.classes))
    given = f"forward gives scores in {_type(scores)}: must be those of its features, {kind}"
    case.demand(scores.dtype == rows.dtype, given)
    moved = [name for name, buffer in module.named_buffers() if not torch.equal(buffer, before[name])]
    changes = f"its buffer {next(iter(moved), '')!r} changes whenever it is evaluated"
    case.demand(not moved, f"{changes}: leave it out, since nothing but parameters is learned")
    case.demand(torch.equal(scores, again), f"forward gives other scores for the same samples each time: it {CHANCE}")
    same = torch.allclose(scores[:1], alone, rtol=1e-3, atol=1e-4)
    case.demand(same, "the scores of a sample depend on the others in its batch: every sample must be scored by itself")


def _demand_scores(case: _Case, scores: object, wanted: tuple[int, int]) -> None:
    """One score of each class for each sample."""
    found = f"shape {tuple(scores.shape)}" if isinstance(scores, Tensor) else f"a {type(scores).__name__}"
    kept = isinstance(scores, Tensor) and tuple(scores.shape) == wanted
    count = f"{wanted[0]} samples" if wanted[0] > 1 else "one sample"
    case.demand(kept, f"forward gives {found} for {count}: must be {wanted}, a score for each class")


def _gradients(case: _Case, rows: Tensor) -> None:
    """The gradient of each sample, in two runs at once."""
    network = case.network
    parameters = network.initial(Streams.from_seeds(range(RUNS)).task)
    features = rows.expand(RUNS, *rows.shape)
    owners = Owners(torch.zeros(RUNS, SAMPLES, dtype=torch.int64, device=rows.device), 1)
    labels = owners.owner if network.loss.target == "class" else owners.owner.to(rows.dtype)
    with _naming(case, network.made.module):
        network.traverse(parameters, features, labels, owners)


def _once(case: _Case, rows: Tensor) -> Tensor:
    """What forward gives for samples (S, d), as the module was made."""
    made = case.network.made
    given = {} if made.whole is None else {f"{BACKBONE}.given": computed(made, rows)}
    scores: Tensor = functional_call(made.module, given, (rows.unflatten(-1, made.shape),))
    return scores


def _type(values: Tensor) -> str:
    return str(values.dtype).removeprefix("torch.")


@contextmanager
def _naming(case: _Case, module: nn.Module) -> Iterator[None]:
    """Say in one line what a module raises, in which layer or line, and what to do instead.

    Raises:
        InputError: if it does.
    """
    inside: list[tuple[str, nn.Module]] = []
    handles = [handle for name, layer in module.named_modules() for handle in _watch(name, layer, inside)]
    try:
        yield
    except Exception as error:  # whatever foreign code raises
        cause = error.__cause__ if isinstance(error, InputError) and error.__cause__ is not None else error
        if memory_refused(cause) or isinstance(cause, InputError):
            raise
        where = _place(case.maker, inside, cause)
        meant = next((f"{way} ({_brief(cause)})" for said, way in SAYS if said in str(cause)), "")
        raise InputError(f"{case.name}: {where} {meant or f'raises {one_line(cause)}'}") from None
    finally:
        for handle in handles:
            handle.remove()


def _watch(name: str, layer: nn.Module, inside: list[tuple[str, nn.Module]]) -> Iterator[RemovableHandle]:
    """Hooks that keep the layers that are being computed, the innermost last."""

    def enter(module: nn.Module, given: object) -> None:
        inside.append((name, layer))

    def leave(module: nn.Module, given: object, found: object) -> None:
        inside.pop()

    yield layer.register_forward_pre_hook(enter)
    yield layer.register_forward_hook(leave)


def _place(maker: Maker, inside: list[tuple[str, nn.Module]], error: BaseException) -> str:
    """Where a module raises: in a layer of torch, or in a line of its own code."""
    name, layer = inside[-1] if inside else ("", None)
    if name and layer is not None and type(layer).__module__.startswith("torch."):
        return called(name, layer)
    file = _file_of(maker)
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    return f"forward ({Path(file).name}, line {lines[-1]})" if lines else "forward"


def _file_of(maker: Maker) -> str:
    """Where the code of a maker is; empty where that is not known."""
    code = getattr(getattr(maker, "forward", maker), "__code__", None) or getattr(maker.__init__, "__code__", None)
    return code.co_filename if code is not None else ""


def _brief(error: BaseException) -> str:
    """The beginning of what torch says, which goes on about its own insides."""
    text = " ".join(str(error).split())
    first = text.partition(". ")[0]
    return f"{type(error).__name__}: {first if len(first) <= 120 else first[:120] + ' …'}"
