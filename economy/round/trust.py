"""What nodes claim is held against what is known, before updates are admitted; who is caught lying is corrected.

In the modes ``secure`` and ``two-servers`` alone (``economy.wire.trust``). Everything is asked after all claims are
made. An opened update is known to the orchestrator: that is its price.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch

from commonweal.agents.arrays import Bools, Floats
from commonweal.agents.streams import Streams
from commonweal.economy.learning.guards import Told
from commonweal.economy.learning.network import Passage, to_numpy, to_tensor
from commonweal.economy.learning.traversal import PathPassage
from commonweal.economy.round.record import Exam, Moment, Traversed
from commonweal.economy.wire.claims import (
    CorrectedPassage,
    Lies,
    LyingPassage,
    OnePlace,
    Secret,
    flat_directions,
    flat_of,
)
from commonweal.economy.wire.modes import SECRET
from commonweal.economy.wire.passages import SecretPassage
from commonweal.economy.wire.trust import (
    Checked,
    Claims,
    Group,
    fixed_point_error,
    group_of,
    not_as_opened,
    random_halves,
    search,
)
from commonweal.economy.world.world import World


def must_trust(world: World) -> bool:
    """Whether what is said of single principals is claimed."""
    return world.terms.learning.wire in SECRET


def chances(moment: Moment, world: World, streams: Streams) -> Floats | None:
    """(R, 1 + H, N) uniform numbers: who opens its update, who is in which half; None: nobody is checked by chance."""
    learning = world.terms.learning
    if not must_trust(world) or not (learning.audit or learning.halves):
        return None
    return streams.audit.uniform(1 + learning.halves, moment.actions.shape[1])


def caught_lying(moment: Moment) -> Bools:
    """(R, N) whose claims of its update turned out not to be true."""
    checked: Checked | None = moment.notes.get("trust")
    return np.zeros(moment.actions.shape, dtype=np.bool_) if checked is None else checked.caught


def verified(traversed: Traversed, world: World) -> Traversed:
    """The lesson once claims are checked: those caught lying have the products of the update that they opened.

    Args:
        traversed: with products as claimed; lies of the world's conduct are not in them yet.
        world: what does not change.
    """
    passage = _as_claimed(traversed, world)
    exam = traversed.exam if passage is None else _examined(passage, traversed.exam)
    secret = passage or _secret(traversed.passage, world)
    checking = _Checking(secret, exam, traversed.active, world)
    checked = checking.run(traversed.luck)
    told = replace(traversed, exam=exam, passage=passage or traversed.passage, checked=checked)
    if not checked.caught.any():
        return told
    corrected = CorrectedPassage(told.passage, checked.caught, checking.rows_of(checked.caught))
    return replace(told, passage=corrected, exam=_examined(corrected, exam))


def _secret(passage: Passage, world: World) -> Secret:
    """A passage of which sums are known and claims are made."""
    if isinstance(passage, SecretPassage):
        return passage
    layers = world.network.trained
    if world.terms.learning.wire == "secure":
        return OnePlace(passage, layers)
    paths = passage.passage if isinstance(passage, Told) else passage
    assert isinstance(paths, PathPassage)
    return OnePlace(paths, layers - 1)


def _as_claimed(traversed: Traversed, world: World) -> LyingPassage | None:
    """The passage with the lies of those who take part; None: there are none."""
    conduct = world.conduct
    if conduct is None or not (conduct.exaggerates.any() or conduct.pads.any()):
        return None
    along = tuple(v[:, 0] for v in traversed.exam.directions)
    shares, pads = ((part * traversed.active) for part in (conduct.exaggerates, conduct.pads))
    lies = Lies(to_tensor(shares, along[0]), to_tensor(pads, along[0]), along)
    return LyingPassage(_secret(traversed.passage, world), lies)


def _examined(passage: Passage, exam: Exam) -> Exam:
    """The exam with the products of another passage."""
    products = to_numpy(passage.products(exam.directions))
    return replace(exam, slopes=products[..., 0], alignments=products[..., 1:])


@dataclass
class _Checking:
    """The checks of one round."""

    secret: Secret
    exam: Exam
    active: Bools  # (R, N) who put something in
    world: World

    def __post_init__(self) -> None:
        secret, exam = self.secret, self.exam
        products = np.concatenate([exam.slopes[..., None], exam.alignments], axis=2)
        rest = to_numpy(secret.unclaimed(exam.directions))
        claimed, squares = products - rest, to_numpy(secret.squared_norms())
        sound = self.active & np.isfinite(claimed).all(axis=2) & np.isfinite(squares)
        self.senseless = self.active & ~sound  # who claims what is no number
        self.claims = Claims(
            products=np.where(sound[..., None], claimed, 0.0),
            norms=np.sqrt(np.where(sound, np.maximum(squares, 0.0), 0.0)),
            directions=flat_directions(exam.directions, secret.depth),
            lengths=np.sqrt(np.maximum(np.diagonal(exam.gram, axis1=1, axis2=2), 0.0)),
            active=self.active,
            rounding=torch.finfo(self.world.terms.dtype).eps,
            fixed=self._fixed(),
        )
        self.opened = np.zeros_like(self.active)
        self.caught = np.zeros_like(self.active)
        self.lies = np.zeros(products.shape)
        self.rows = secret.loss.new_zeros(0, 0)

    def run(self, luck: Floats | None) -> Checked:
        """Check the sum of all, those of halves, and updates that are opened by chance or because sums do not add up.

        Args:
            luck: (R, 1 + H, N) uniform numbers: who opens its update, who is in which half; None: nobody, none.
        """
        learning = self.world.terms.learning
        groups = [group_of(self.active, self.claims, self.sum_of)]
        whole = groups[0]
        if luck is not None:
            halves = random_halves(self.active, luck[:, 1:])
            groups += [group_of(members, self.claims, self.sum_of) for members in np.moveaxis(halves, 1, 0)]
            self.open(self.active & (luck[:, 0] < learning.audit))
        excess = np.stack([group.excess for group in groups], axis=1)
        if learning.distrust != "note":
            self.open(self.senseless)
            self._pursue(groups, whole_groups=learning.distrust == "all")
        return Checked(
            residual=_relative(whole, self.claims),
            excess=excess,
            opened=self.opened,
            caught=self.caught,
            lies=self.lies,
        )

    def _pursue(self, groups: list[Group], whole_groups: bool) -> None:
        """Open updates until all sums add up, or a search finds nobody."""
        hopeless = np.zeros(len(self.active), dtype=bool)
        while True:
            now = [group.without(self.caught, self.lies) for group in groups]
            excess = np.stack([group.excess for group in now], axis=1)
            failing = (excess > 1).any(axis=1) & ~hopeless
            if not failing.any():
                return
            chosen = _worst(now, excess, failing)
            named = chosen.members if whole_groups else search(chosen, self._corrected(), self.sum_of)
            before = self.caught
            self.open(self.active & failing[:, None] if whole_groups else named)
            hopeless |= failing & (self.caught == before).all(axis=1)

    def open(self, asked: Bools) -> None:
        """Let principals open their updates, those that have not."""
        asked = asked & ~self.opened
        if not asked.any():
            return
        rows = self.secret.opened(asked)
        run, principal = np.nonzero(asked)
        exact, sizes = np.zeros_like(self.claims.products), np.zeros_like(self.claims.norms)
        flat, hidden = to_numpy(rows), self.claims.directions.shape[2]
        exact[run, principal] = np.einsum("mp,mdp->md", flat[:, :hidden], self.claims.directions[run])
        sizes[run, principal] = np.linalg.norm(flat, axis=1)
        caught = not_as_opened(self.claims, asked, exact, sizes)
        self.lies = np.where(caught[..., None], self.claims.products - exact, self.lies)
        self._keep(asked, rows)
        self.caught = self.caught | caught

    def sum_of(self, members: Bools) -> Floats:
        """(R, P) the sum of a group in the layers whose sums are hidden."""
        if not self.secret.depth:
            return np.zeros((len(members), 0))
        # Who put nothing in counts for nothing: weight 1, so that the sum of all is not asked for again
        weights = np.where(self.active, members, 1.0)
        return to_numpy(flat_of(self.secret.hidden_sum(to_tensor(weights, self.secret.loss))))

    def rows_of(self, chosen: Bools) -> torch.Tensor:
        """(M, P) updates of some who have opened theirs."""
        return self.rows[torch.as_tensor(chosen[self.opened])]

    def _keep(self, asked: Bools, rows: torch.Tensor) -> None:
        """Note opened updates, run after run."""
        both = self.opened | asked
        merged = rows.new_empty(int(both.sum()), rows.shape[1])
        for known, own in ((self.opened, self.rows), (asked, rows)):
            if known.any():
                merged[torch.as_tensor(known[both])] = own
        self.opened, self.rows = both, merged

    def _corrected(self) -> Claims:
        """What is claimed, and of those caught what is so."""
        return replace(self.claims, products=self.claims.products - self.lies)

    def _fixed(self) -> Floats:
        """(R,) by how much a number of a hidden sum is off at most."""
        nodes = 0 if self.world.nodes is None else len(self.world.nodes.here)
        return fixed_point_error(nodes, (self.secret.owners.owner >= 0).sum(1).numpy())


def _worst(groups: list[Group], excess: Floats, failing: Bools) -> Group:
    """In each run the smallest of the groups that do not add up; without members where all do."""
    run = np.arange(len(failing))
    sizes = np.stack([group.members.sum(axis=1) for group in groups], axis=1)
    place = np.where(excess > 1, sizes, np.iinfo(np.int64).max).argmin(axis=1)
    members, residual, tolerance = (
        np.stack([getattr(group, name) for group in groups], axis=1)[run, place]
        for name in ("members", "residual", "tolerance")
    )
    return Group(members & failing[:, None], residual * failing[:, None], tolerance)


def _relative(group: Group, claims: Claims) -> Floats:
    """(R, D) residuals relative to what all claim, by size."""
    claimed = np.abs(claims.products).sum(axis=1)
    relative: Floats = np.abs(group.residual) / np.where(claimed > 0, claimed, 1.0)
    return relative
