"""What credit rules promise, held in the game of one small round."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from commonweal.agents.arrays import Bools, Floats
from commonweal.agents.streams import Streams
from commonweal.economy.credit import CREDITS, Credit, CreditRule, RoundGame, admissible_step
from commonweal.economy.learning.mlp import MLP
from commonweal.economy.learning.module import ModuleNetwork
from commonweal.economy.learning.network import Network, Objectives, Owners, Parameters
from commonweal.testing.promises import Promises, close, terms_of

FEATURES, HIDDEN, CLASSES, VALUES, VALIDATION = 5, 6, 3, 2, 20
DOUBLE = torch.float64
TWINS, DROPPED, ABSENT = (0, 1), 2, 3  # principals 0 and 1 put in the same; 2 is screened away; 3 puts nothing in


@dataclass(frozen=True)
class Setting:
    """Everything a game of R runs is made of, drawn run by run so that a run can also be played alone."""

    parameters: Parameters
    features: Tensor  # (R, S, d)
    labels: Tensor  # (R, S)
    owner: Tensor  # (R, S)
    tried: Tensor  # (R, V + K·b, d) validation samples, then probe samples
    answers: Tensor  # (R, V + K·b)
    weights: Floats  # (R, N)
    multipliers: Floats  # (R, N, K)
    seeds: Sequence[int]  # R

    def run(self, number: int) -> "Setting":
        """One run of it."""
        part = slice(number, number + 1)
        parameters = tuple(p[part] for p in self.parameters)
        rest = {name: value[part] for name, value in vars(self).items() if name != "parameters"}
        return Setting(parameters, **rest)

    def game(self, rate: float = 0.3, network: Network | None = None, **options: Any) -> RoundGame:
        """The round's game as a round sets it up.

        Args:
            rate: η of the step.
            network: a perceptron with one hidden layer where none is given.
            options: fields of ``scenario.credit``.
        """
        chosen: Network = network or MLP((FEATURES, HIDDEN, CLASSES), "tanh", DOUBLE)
        owners = Owners(self.owner, self.weights.shape[1])
        passage = chosen.traverse(self.parameters, self.features, self.labels, owners)
        examined = chosen.examine(self.parameters, self._objectives())
        directions = examined.directions
        probes = tuple(v[:, 1:] for v in directions)
        return RoundGame(
            network=chosen,
            parameters=self.parameters,
            passage=passage,
            weights=self.weights,
            multipliers=self.multipliers,
            probes=probes,
            curvature=examined.curvature,
            samples=lambda: (self.features, self.labels),
            gradient=tuple(v[:, 0] for v in directions),
            level=examined.levels[:, 0].numpy(),
            slopes=passage.products(directions).numpy()[..., 0],
            whole=admissible_step(passage, probes, self.weights, self.multipliers),
            rate=np.full((len(self.weights), 1), rate),
            features=self.tried[:, :VALIDATION],
            labels=self.answers[:, :VALIDATION],
            terms=terms_of({f"credit.{name}": value for name, value in _flat(options)}, len(self.seeds)).credit,
            stream=Streams.from_seeds(self.seeds).credit,
        )

    def _objectives(self) -> Objectives:
        sizes = (VALIDATION, 3, 3)
        weights = torch.cat([torch.full((size,), 1 / size, dtype=DOUBLE) for size in sizes])
        bounded = torch.tensor([False] * (VALIDATION + 3) + [True] * 3)
        return Objectives(self.tried, self.answers, weights.expand(len(self.tried), -1), sizes, bounded)


def _flat(options: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Fields of nested sections by their dotted path."""
    for name, value in options.items():
        if isinstance(value, Mapping):
            yield from ((f"{name}.{inside}", each) for inside, each in _flat(value))
        else:
            yield name, value


def setting(runs: int = 2, principals: int = 5) -> Setting:
    """Twins, one that was screened away, one that put nothing in, and others; in padded places stands anything."""
    generator = torch.Generator().manual_seed(11)
    network = MLP((FEATURES, HIDDEN, CLASSES), "tanh", DOUBLE)
    owners = [TWINS[0], TWINS[1], DROPPED, *range(4, principals)]
    features = torch.randn(runs, len(owners) * 4 + 2, FEATURES, generator=generator, dtype=DOUBLE)
    labels = torch.randint(CLASSES, features.shape[:2], generator=generator)
    features[:, 4:8], labels[:, 4:8] = features[:, :4], labels[:, :4]  # the twins' samples
    owner = torch.tensor([i for i in owners for _ in range(4)] + [-1, -1]).expand(runs, -1)
    tried = torch.randn(runs, VALIDATION + VALUES * 3, FEATURES, generator=generator, dtype=DOUBLE)
    answers = torch.randint(CLASSES, tried.shape[:2], generator=generator)
    weights = np.linspace(0.5, 1.0, principals)[None].repeat(runs, axis=0)
    multipliers = np.random.default_rng(7).uniform(-0.2, 0.2, size=(runs, principals, VALUES))
    weights[:, TWINS[1]], multipliers[:, TWINS[1]] = weights[:, TWINS[0]], multipliers[:, TWINS[0]]
    for nothing in (DROPPED, ABSENT):
        weights[:, nothing], multipliers[:, nothing] = 0.0, 0.0
    parameters = network.initial(Streams.from_seeds(range(runs)).task)
    return Setting(parameters, features, labels, owner, tried, answers, weights, multipliers, range(runs))


def written_out(game: RoundGame) -> list[Tensor]:
    """Every ũ_i = w_i u_i − Σ_k μ_ik p_k, each entry (R, N, *shape)."""
    weights, multipliers = torch.as_tensor(game.weights), torch.as_tensor(game.multipliers)
    return [
        torch.einsum("rn,rnoi->rnoi", weights, u) - torch.einsum("rnk,rkoi->rnoi", multipliers, p)
        for u, p in zip(game.passage.updates(), game.probes, strict=True)
    ]


@dataclass(frozen=True)
class CreditClaims:
    """What a credit rule claims beyond what all rules promise; what is not claimed is not checked."""

    total: Callable[[RoundGame], Floats] | None = None  # (R,) what the credits of a round sum to
    evaluations: int | None = None  # coalitions evaluated where three of five have an update; all rules name theirs
    errors: float = 5.0  # standard errors within which an estimate keeps symmetries; exact credit keeps them exactly
    linear: bool = False  # credit under two validation sets at once is the mean of those under each
    copying: tuple[float, float] | None = None  # what an update and its copy earn together, of what it earns alone
    slope: bool = False  # for a small step credit is the slope along the screened update


def check_credit_rule(name: str, claims: CreditClaims | None = None, **options: Any) -> None:
    """Hold a registered credit rule to what every credit rule promises, and to what it claims itself.

    It credits every principal of every run; twins are credited the same; who puts nothing in, and whose update was
    screened away, is credited nothing, and so is everybody in a round without samples; what screening cuts
    earns less; the order of principals does
    not matter; the same game gives the same credit; a run is credited alone as in an ensemble; a network is credited
    as any other that equals it; and the rule says how many coalitions it evaluated, within its budget, and standard
    errors where it estimates.

    Args:
        name: as a scenario file says it.
        claims: what else it keeps.
        options: fields of ``scenario.credit`` that the rule is to be held under, ``budget=100``.

    Raises:
        AssertionError: which promise is broken, and in which case.
        InputError: if there is no such rule.
    """
    held = HeldCredit(CREDITS[name], Promises(f"credit rule {name!r}"), claims or CreditClaims(), options)
    held.promises()
    held.says_how_it_came_about(name)


@dataclass(frozen=True)
class HeldCredit:
    """One rule, and how it is held to its promises."""

    rule: CreditRule
    says: Promises
    claims: CreditClaims = CreditClaims()
    options: Mapping[str, Any] = field(default_factory=dict)

    def credit(self, studied: Setting, rate: float = 0.3, network: Network | None = None) -> Credit:
        """What the rule says of a setting."""
        return self.rule(studied.game(rate, network, **self.options))

    def promises(self) -> None:
        """All but how the credit came about."""
        self.everybody_is_credited()
        self.symmetry()
        self.nothing_for_nothing()
        self.less_for_less()
        self.ensembles()
        self.networks()
        self.own_claims()

    def everybody_is_credited(self) -> None:
        """Shape, finite numbers, repetition."""
        once, again = (self.credit(setting()).values for _ in range(2))
        self.says.demand(once.shape == (2, 5), f"it credits (R, N) principals, and answered {once.shape}")
        self.says.demand(np.isfinite(once).all(), "credit is finite")
        self.says.demand(np.array_equal(once, again), "the same game gives the same credit")

    def symmetry(self) -> None:
        """Twins, and principals in another order."""
        whole = self.credit(setting())
        one, other = (whole.values[:, twin] for twin in TWINS)
        error = whole.standard_error
        spread = None if error is None else np.hypot(*(error[:, twin] for twin in TWINS))
        self.says.demand(self._alike(one, other, spread), "who puts in the same is credited the same", "twins")
        self.says.demand((np.abs(one) > 1e-6).all(), "who changes the loss is credited something", "twins")
        studied, order = setting(), [4, 2, 0, 3, 1]
        place = torch.tensor([*np.argsort(order), -1])
        turned = replace(
            studied,
            owner=place[studied.owner],
            weights=studied.weights[:, order],
            multipliers=studied.multipliers[:, order],
        )
        found = self.credit(turned)
        expected = whole.values[:, order]
        both = None if error is None or (drawn := found.standard_error) is None else np.hypot(error[:, order], drawn)
        kept = self._alike(expected, found.values, both)
        self.says.demand(kept, "the order of principals does not matter", f"in the order {order}")

    def nothing_for_nothing(self) -> None:
        """Who adds nothing earns nothing."""
        studied = setting()
        values = np.abs(self.credit(studied).values)
        self.says.demand(values[:, ABSENT].max() < 1e-15, "who puts nothing in is credited nothing")
        kept = values[:, DROPPED].max() < 1e-15
        self.says.demand(kept, "an update that was screened away is credited nothing", "weight and multipliers of 0")
        empty = replace(
            studied,
            features=studied.features[:, :0],
            labels=studied.labels[:, :0],
            owner=studied.owner[:, :0],
            weights=np.zeros_like(studied.weights),
            multipliers=np.zeros_like(studied.multipliers),
        )
        self.says.demand(np.abs(self.credit(empty).values).max() < 1e-15, "a round without samples credits nobody")

    def less_for_less(self) -> None:
        """What screening cuts earns less, and what it cuts to nothing earns nothing."""
        studied = setting()
        whole = self.credit(studied)
        helpful = [i for i in range(5) if i not in (DROPPED, ABSENT) and (whole.values[:, i] > 0).all()]
        for principal in helpful:
            own, error = whole.values[:, principal], whole.standard_error
            surely = 0.0 if error is None else self.claims.errors * error[:, principal]
            less, nothing = (self._cut(studied, principal, left) for left in (0.5, 0.0))
            case = f"principal {principal}"
            self.says.demand((less < own + surely).all(), "an update cut to a part earns less", case)
            self.says.demand((np.abs(nothing) < 1e-15).all(), "an update cut to nothing earns nothing", case)

    def _cut(self, studied: Setting, principal: int, left: float) -> Floats:
        """(R,) credit of one principal where screening leaves so much more of its update."""
        part = np.where(np.arange(5) == principal, left, 1.0)
        cut = replace(studied, weights=studied.weights * part, multipliers=studied.multipliers * part[:, None])
        return self.credit(cut).values[:, principal]

    def ensembles(self) -> None:
        """A run alone and beside others."""
        studied = setting(runs=3)
        together = self.credit(studied).values
        for run in range(3):
            alone = self.credit(studied.run(run)).values
            kept = close(alone[0], together[run])
            self.says.demand(kept, "a run is credited alone as in an ensemble", f"run {run} of 3")
        self.says.demand(np.abs(together[0] - together[1]).max() > 1e-4, "each run is credited for what happened in it")

    def networks(self) -> None:
        """A perceptron, and the module that it equals."""
        studied = setting()
        module = nn.Sequential(nn.Linear(FEATURES, HIDDEN), nn.Tanh(), nn.Linear(HIDDEN, CLASSES)).double()
        split = [part for p in studied.parameters for part in (p[..., :-1], p[..., -1])]
        turn = torch.eye(FEATURES, dtype=DOUBLE).expand(2, -1, -1)
        twin, wrapped = replace(studied, parameters=(*split, turn)), ModuleNetwork(module, FEATURES, DOUBLE)
        kept = close(self.credit(twin, network=wrapped).values, self.credit(studied).values, 1e-6, 1e-12)
        self.says.demand(kept, "networks that are equal are credited the same", "a perceptron as a torch module")

    def own_claims(self) -> None:
        """What the rule claims itself."""
        if self.claims.total is not None:
            game = setting().game(**self.options)
            kept = close(self.rule(game).values.sum(axis=1), self.claims.total(game), absolute=0.0)
            self.says.demand(kept, "the credits of a round sum to what it claims")
        if self.claims.linear:
            self._linear()
        if self.claims.copying is not None:
            self._copying(*self.claims.copying)
        if self.claims.slope:
            game = setting().game(rate=1e-5, **self.options)
            gradient = torch.autograd.functional.jacobian(lambda *own: game.loss(own).sum(), game.parameters)
            pairs = zip(written_out(game), gradient, strict=True)
            slopes = torch.as_tensor(sum(torch.einsum("rnoi,roi->rn", u, g) for u, g in pairs)).numpy()
            kept = close(self.rule(game).values, 1e-5 * slopes, 1e-3, 1e-12)
            self.says.demand(kept, "for a small step credit is the slope along the screened update", "η = 1e-5")

    def says_how_it_came_about(self, name: str) -> None:
        """The name, the coalitions evaluated, the budget and the standard errors of an estimate."""
        game = setting().game(**self.options)
        with _counted() as evaluated:
            credit = self.rule(game)
        most = max(evaluated, default=0) and max(np.bincount(evaluated))
        self.says.demand(credit.rule == name, f"credit names its rule, and this one's says {credit.rule!r}")
        self.says.demand(most == credit.evaluations, f"it says {credit.evaluations} evaluations, and made {most}")
        if self.claims.evaluations is not None:
            kept = most == self.claims.evaluations
            self.says.demand(kept, f"it claims {self.claims.evaluations} evaluations, and made {most}")
        within = credit.budget is None or credit.evaluations <= credit.budget
        self.says.demand(within, f"it keeps its budget of {credit.budget}, and made {credit.evaluations} evaluations")
        said = credit.standard_error is not None or credit.residual is not None
        self.says.demand(said or not credit.estimated, "an estimate has standard errors, or says what it missed")
        kept = credit.estimated or credit.standard_error is None
        self.says.demand(kept, "exact credit has no standard errors")

    def _alike(self, one: Floats, other: Floats, error: Floats | None) -> bool:
        allowed = 0.0 if error is None else self.claims.errors * error
        return bool((np.abs(one - other) <= 1e-9 * np.abs(one) + 1e-15 + allowed).all())

    def _linear(self) -> None:
        studied, half = setting(), VALIDATION // 2
        probes = [*range(VALIDATION, studied.tried.shape[1])]
        credits = []
        for part in ([*range(half)] * 2, [*range(half, VALIDATION)] * 2):
            # Multipliers of screening are given, not found again: only the validation loss changes
            tried, answers = (t[:, part + probes] for t in (studied.tried, studied.answers))
            credits.append(self.credit(replace(studied, tried=tried, answers=answers)).values)
        self.says.demand(np.abs(credits[0] - credits[1]).max() > 1e-4, "credit depends on the validation samples")
        kept = close(self.credit(studied).values, np.mean(credits, axis=0))
        self.says.demand(kept, "credit is linear in the validation samples", "two halves of them")

    def _copying(self, lowest: float, highest: float) -> None:
        studied, kept = setting(), np.arange(5) != TWINS[1]
        single = replace(studied, weights=studied.weights * kept, multipliers=studied.multipliers * kept[:, None])
        alone = self.credit(single).values[:, TWINS[0]]
        part = self.credit(studied).values[:, TWINS].sum(axis=1) / alone
        said = f"an update and its copy earn together from {lowest:g} to {highest:g} of what it earns alone"
        self.says.demand(((lowest <= part) & (part <= highest)).all(), said, f"found {part.tolist()}")


@contextmanager
def _counted() -> Iterator[list[int]]:
    """The run of every coalition that is evaluated meanwhile."""
    runs: list[int] = []
    values = RoundGame.run_values

    def counting(game: RoundGame, run: int, coalitions: Bools) -> Floats:
        runs.extend([run] * len(coalitions))
        return values(game, run, coalitions)

    RoundGame.run_values = counting  # type: ignore[method-assign, assignment]
    try:
        yield runs
    finally:
        RoundGame.run_values = values  # type: ignore[method-assign]
