"""Tactics: what a principal does in each round of a run, from what it sees and remembers.

A tactic is data: it has a JSON document, and two with the same document do the same. A kind of tactic of one's own is a
frozen dataclass that extends ``Tactic``.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np

from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.errors import InputError, shown
from commonweal.economy.arena.history import History, Past
from commonweal.economy.arena.moves import Moves

KINDS: dict[str, type["Tactic"]] = {}  # by name, as documents say


@dataclass(frozen=True)
class Tactic:
    """Chooses a move for each of B principals in each round; those of different runs know nothing of each other."""

    moves: Moves
    kind: ClassVar[str] = ""

    def __init_subclass__(cls, **how: Any) -> None:
        """Let documents name it."""
        super().__init_subclass__(**how)
        if cls.kind:
            KINDS[cls.kind] = cls

    @property
    def sees(self) -> tuple[str, ...]:
        """(F,) names of the sights that it is given, as ``sights.sight_names`` calls them."""
        return ()

    def begin(self, runs: int) -> Any:
        """What B = ``runs`` principals remember before the first round."""
        return None

    def choose(self, sights: Floats, played: int, memory: Any) -> tuple[Ints, Any]:
        """The moves of a round.

        Args:
            sights: (B, F) what each sees, in the order of ``sees``.
            played: rounds before this one, of the episode or of the futures.
            memory: what each remembers, as ``begin`` or the last round answered.

        Returns:
            (B, D) codes in ``moves``, and what each remembers from then on.
        """
        raise NotImplementedError

    def said(self) -> dict[str, Any]:
        """Its own part of the document."""
        return {}

    @classmethod
    def read(cls, moves: Moves, said: Mapping[str, Any]) -> "Tactic":
        """The tactic with such a part of a document."""
        raise NotImplementedError

    def document(self) -> dict[str, Any]:
        """All that it is, as a JSON document; ``tactic_of`` reads it."""
        return {"tactic": self.kind, "moves": self.moves.document(), **self.said()}

    @property
    def identity(self) -> str:
        """SHA-256 of its document: the same for tactics that do the same."""
        return hashlib.sha256(json.dumps(self.document(), sort_keys=True).encode()).hexdigest()


def tactic_of(document: Mapping[str, Any]) -> Tactic:
    """The tactic with a document.

    Raises:
        InputError: if it is none of a tactic.
    """
    kind = document.get("tactic")
    if not isinstance(kind, str) or kind not in KINDS:
        raise InputError(f"tactic: {shown(kind)} must be one of {', '.join(sorted(KINDS))}")
    try:
        return KINDS[kind].read(Moves(document["moves"]), document)
    except InputError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise InputError(f"tactic {kind}: its document is not whole: {shown(str(error))}") from None


@dataclass(frozen=True)
class Constant(Tactic):
    """The same move in every round."""

    codes: tuple[int, ...]  # (D,)
    kind: ClassVar[str] = "constant"

    def __post_init__(self) -> None:
        object.__setattr__(self, "codes", _code(self.codes, self.moves))

    def choose(self, sights: Floats, played: int, memory: Any) -> tuple[Ints, Any]:
        """The move."""
        return np.tile(np.array(self.codes), (len(sights), 1)), memory

    def said(self) -> dict[str, Any]:
        """Its codes."""
        return {"codes": list(self.codes)}

    @classmethod
    def read(cls, moves: Moves, said: Mapping[str, Any]) -> "Constant":
        """By its codes."""
        return cls(moves, tuple(said["codes"]))


@dataclass(frozen=True)
class Programme(Tactic):
    """One move after another, each from a round on; perhaps over and over."""

    steps: tuple[tuple[int, tuple[int, ...]], ...]  # rounds before each move, ascending from 0, and its codes (D,)
    every: int | None = None  # rounds after which it begins again; None: the last move goes on
    kind: ClassVar[str] = "programme"

    def __post_init__(self) -> None:
        steps = tuple((int(start), _code(codes, self.moves)) for start, codes in self.steps)
        starts = [start for start, _ in steps]
        if not starts or starts[0] != 0 or starts != sorted(set(starts)):
            raise InputError(f"programme: steps begin in rounds {starts}: must ascend from 0")
        if self.every is not None and self.every <= starts[-1]:
            raise InputError(f"programme: every = {self.every} must be above the round of the last step, {starts[-1]}")
        object.__setattr__(self, "steps", steps)

    def choose(self, sights: Floats, played: int, memory: Any) -> tuple[Ints, Any]:
        """The move that is due."""
        now = played if self.every is None else played % self.every
        due = [codes for start, codes in self.steps if start <= now]
        return np.tile(np.array(due[-1]), (len(sights), 1)), memory

    def said(self) -> dict[str, Any]:
        """Its steps."""
        return {"steps": [[start, list(codes)] for start, codes in self.steps], "every": self.every}

    @classmethod
    def read(cls, moves: Moves, said: Mapping[str, Any]) -> "Programme":
        """By its steps."""
        return cls(moves, tuple((start, tuple(codes)) for start, codes in said["steps"]), said["every"])


@dataclass(frozen=True)
class Threshold(Tactic):
    """One move while something that it sees is above a level, and another one else."""

    sight: str
    level: float
    above: tuple[int, ...]  # (D,) codes while the sight is above the level
    otherwise: tuple[int, ...]  # (D,)
    kind: ClassVar[str] = "threshold"

    def __post_init__(self) -> None:
        for name in ("above", "otherwise"):
            object.__setattr__(self, name, _code(getattr(self, name), self.moves))

    @property
    def sees(self) -> tuple[str, ...]:
        """The one sight."""
        return (self.sight,)

    def choose(self, sights: Floats, played: int, memory: Any) -> tuple[Ints, Any]:
        """One move or the other."""
        return np.where(sights[:, :1] > self.level, np.array(self.above), np.array(self.otherwise)), memory

    def said(self) -> dict[str, Any]:
        """Its sight, level and moves."""
        return {"sight": self.sight, "level": self.level, "above": list(self.above), "otherwise": list(self.otherwise)}

    @classmethod
    def read(cls, moves: Moves, said: Mapping[str, Any]) -> "Threshold":
        """By its sight, level and moves."""
        moved = (tuple(said["above"]), tuple(said["otherwise"]))
        return cls(moves, str(said["sight"]), float(said["level"]), *moved)


@dataclass(frozen=True, eq=False)
class Net(Tactic):
    """A multilayer perceptron with tanh between its layers, over sights and history; it takes the highest output.

    The outputs of each factor stand one after another, in the order of the menu. What a principal chooses does not
    depend on how many choose with it, to the last bit.
    """

    names: tuple[str, ...]  # (F,) sights
    history: History
    layers: tuple[tuple[Floats, Floats], ...]  # weights (in, out) and biases (out,) of each layer
    kind: ClassVar[str] = "net"

    def __post_init__(self) -> None:
        wide = [self.history.width, *(len(bias) for _, bias in self.layers)]
        shapes = [weight.shape for weight, _ in self.layers]
        if len(self.names) != len(self.history.mean) or not np.array_equal(self.history.sizes, self.moves.sizes):
            raise InputError("net: its history must be of its sights and moves")
        outputs = int(self.moves.sizes.sum())
        if not self.layers or shapes != list(pairwise(wide)) or wide[-1] != outputs:
            raise InputError(f"net: layers {shapes} must lead from {wide[0]} inputs to {outputs} outputs")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Net) and self.document() == other.document()

    def __hash__(self) -> int:
        return hash(self.identity)

    @property
    def sees(self) -> tuple[str, ...]:
        """All that it takes in."""
        return self.names

    def begin(self, runs: int) -> Past:
        """Nothing yet."""
        return self.history.begin(runs)

    def choose(self, sights: Floats, played: int, memory: Past) -> tuple[Ints, Past]:
        """The choice of the highest output in each factor; the first of equal ones."""
        inputs, means = self.history.inputs(sights, memory)
        outputs = self.outputs(inputs)
        edges = np.cumsum(self.moves.sizes)[:-1]
        codes = np.stack([part.argmax(axis=1) for part in np.split(outputs, edges, axis=1)], axis=1)
        return codes, Past(codes, means)

    def outputs(self, inputs: Floats) -> Floats:
        """(B, sum of sizes) outputs for inputs (B, width)."""
        for place, (weight, bias) in enumerate(self.layers):
            inputs = np.tanh(inputs) if place else inputs
            # einsum adds up in the same order for any number of rows, which BLAS does not
            inputs = np.einsum("bi,oi->bo", inputs, np.ascontiguousarray(weight.T), optimize=False) + bias
        return inputs

    def said(self) -> dict[str, Any]:
        """Sights, history and weights."""
        layers = [[weight.tolist(), bias.tolist()] for weight, bias in self.layers]
        return {"sights": list(self.names), **self.history.document(), "layers": layers}

    @classmethod
    def read(cls, moves: Moves, said: Mapping[str, Any]) -> "Net":
        """By its sights, history and weights."""
        mean, scale = (np.array(said[name], dtype=np.float64) for name in ("mean", "scale"))
        history = History(mean, scale, moves.sizes, tuple(said["rates"]), bool(said["recalls"]))
        layers = tuple((np.array(weight, dtype=np.float64), np.array(bias, dtype=np.float64))
                       for weight, bias in said["layers"])  # fmt: skip
        return cls(moves, tuple(said["sights"]), history, layers)


def _code(codes: Sequence[int], moves: Moves) -> tuple[int, ...]:
    """The code of one move, checked."""
    places = moves.demand(np.asarray(codes))
    if places.ndim != 1:
        raise InputError(f"moves: a move has one code ({len(moves.sizes)},), not an array {places.shape}")
    return tuple(places.tolist())
