"""Claims of nodes against what is known of their sums: which sum does not add up, and who is behind it.

Σ_i ⟨u_i, v⟩ = ⟨Σ_i u_i, v⟩ for every direction v. The left side is claimed, the right side is a sum that hides every
node's part. The same holds for any group of principals. Lies that cancel in the sum of all are seen in that of a random
half: a nonzero vector has a nonzero sum over a random subset with a chance of at least one half (Freivalds,
"Probabilistic Machines Can Use Less Running Time", IFIP 1977), whatever the liars have agreed, since the half is drawn
after they have claimed.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from commonweal.agents.arrays import Bools, Floats
from commonweal.economy.wire.masks import BITS

SLACK = 64.0  # roundings of a product of sizes that honest numbers may be apart; docs/wire.md has the most seen
FEWEST = 2  # principals in a random half, and outside it: the sum over one hides nothing


@dataclass(frozen=True)
class Claims:
    """What nodes claim of N principals, and the directions that they were asked about."""

    products: Floats  # (R, N, D) ⟨u_i, v_d⟩ of the layers whose sums are hidden
    norms: Floats  # (R, N) ‖u_i‖ of all layers
    directions: Floats  # (R, D, P) v_d in the layers whose sums are hidden
    lengths: Floats  # (R, D) ‖v_d‖ in all layers
    active: Bools  # (R, N) who put something in
    rounding: float  # of one number, relative
    fixed: Floats  # (R,) by how much each number of a sum is off at most, being summed in fixed point

    def scale(self) -> Floats:
        """(R, N) sizes that roundings are relative to: of each update, no larger than all would be like the median.

        A size is claimed too: who exaggerates it must not make room for a lie.
        """
        found = np.where(self.active, self.norms, np.nan)
        middle = np.nan_to_num(np.nanmedian(np.where(self.active.any(axis=1, keepdims=True), found, 0.0), axis=1))
        most = self.active.sum(axis=1) * middle
        return np.where(self.active, np.minimum(self.norms, most[:, None]) + middle[:, None], 0.0)

    def tolerance(self, members: Bools, lengths: Floats) -> Floats:
        """(R, D) by how much claims of a group may be off what its sum says.

        Args:
            members: (R, N) of the group.
            lengths: (R,) ‖Σ u‖ of its sum.
        """
        sizes = (self.scale() * members).sum(axis=1) + lengths
        rounded = SLACK * self.rounding * self.lengths * sizes[:, None]
        tolerated: Floats = rounded + self.fixed[:, None] * np.abs(self.directions).sum(axis=2)
        return tolerated

    def tolerance_of_one(self, sizes: Floats) -> Floats:
        """(R, N, D) by how much each principal's claims may be off its own update.

        Args:
            sizes: (R, N) ‖u_i‖ as opened.
        """
        tolerated: Floats = SLACK * self.rounding * (self.scale() + sizes)[..., None] * self.lengths[:, None]
        return tolerated


@dataclass(frozen=True)
class Group:
    """Principals whose sum is known, and by how much their claims are off."""

    members: Bools  # (R, N)
    residual: Floats  # (R, D) Σ_i claimed − ⟨Σ u, v_d⟩
    tolerance: Floats  # (R, D)

    @property
    def excess(self) -> Floats:
        """(R,) largest residual in units of what is tolerated; above 1 somebody lies."""
        tolerated = np.maximum(self.tolerance, np.finfo(np.float64).tiny)
        largest: Floats = (np.abs(self.residual) / tolerated).max(axis=1, initial=0.0)
        return largest

    def without(self, members: Bools, lies: Floats) -> "Group":
        """The group once some claims are corrected by lies (R, N, D)."""
        inside = (self.members & members)[..., None] * lies
        return replace(self, residual=self.residual - inside.sum(axis=1))


@dataclass(frozen=True)
class Checked:
    """What became of claims that nodes made of their principals."""

    residual: Floats  # (R, D) by how much claims do not add up to the sum, relative to the sizes of all claims
    excess: Floats  # (R, 1 + H) how far claims of all, and of random halves, are off, in units of what is tolerated
    opened: Bools  # (R, N) who opened its update
    caught: Bools  # (R, N) whose claims are not what its update says
    lies: Floats  # (R, N, D) what they claimed too much

    @property
    def failed(self) -> Bools:
        """(R, 1 + H) whether claims of all, and of random halves, do not add up."""
        return self.excess > 1


SumOf = Callable[[Bools], Floats]  # of groups (R, N): their sums (R, P)


def group_of(members: Bools, claims: Claims, sum_of: SumOf) -> Group:
    """A group of principals and its residual: asks for its sum."""
    total = sum_of(members)
    told = np.einsum("rdp,rp->rd", claims.directions, total)
    claimed = (claims.products * members[..., None]).sum(axis=1)
    return Group(members, claimed - told, claims.tolerance(members, np.linalg.norm(total, axis=1)))


def random_halves(active: Bools, luck: Floats) -> Bools:
    """(R, H, N) each one's coin says whether it is in a half; nobody where a half or its rest would be too small.

    Args:
        active: (R, N) who put something in.
        luck: (R, H, N) uniform numbers in [0, 1).
    """
    halves: Bools = active[:, None] & (luck < 0.5)
    inside = halves.sum(axis=2)
    outside = active.sum(axis=1)[:, None] - inside
    large: Bools = np.minimum(inside, outside) >= FEWEST
    return halves & large[..., None]


def search(group: Group, claims: Claims, sum_of: SumOf) -> Bools:
    """Who is behind a sum that does not add up: halves the group until one is left, following the larger residual.

    Args:
        group: whose residual is too large; without members in runs in which it is not.
        claims: what is claimed.
        sum_of: asks for the sum of a group.

    Returns:
        (R, N) one of each run's group.
    """
    while (group.members.sum(axis=1) > 1).any():
        half = _first_half(group.members)
        one = group_of(half, claims, sum_of)
        other = replace(one, members=group.members & ~half, residual=group.residual - one.residual)
        first = (one.excess >= other.excess)[:, None]
        group = replace(
            one,
            members=np.where(first, one.members, other.members),
            residual=np.where(first, one.residual, other.residual),
        )
    return group.members


def _first_half(members: Bools) -> Bools:
    place = np.cumsum(members, axis=1)
    half: Bools = members & (place <= (place[:, -1:] + 1) // 2)
    return half


def not_as_opened(claims: Claims, opened: Bools, true: Floats, sizes: Floats) -> Bools:
    """(R, N) whose claims are not those of the update that it has opened.

    Args:
        claims: what is claimed.
        opened: (R, N) who opened its update.
        true: (R, N, D) products of those updates, in the layers whose sums are hidden.
        sizes: (R, N) their sizes in all layers.
    """
    apart = np.abs(claims.products - true) > claims.tolerance_of_one(sizes)
    allowed = SLACK * claims.rounding * (claims.scale() + sizes) ** 2
    wrong: Bools = apart.any(axis=2) | (np.abs(claims.norms**2 - sizes**2) > allowed)
    return opened & wrong


def fixed_point_error(nodes: int, samples: Floats) -> Floats:
    """(R,) by how much a number of a hidden sum is off at most: each node rounds its own by half a unit.

    Args:
        nodes: whose numbers are summed.
        samples: (R,) that the sum is divided by.
    """
    error: Floats = nodes * 2.0 ** -(BITS + 1) / np.maximum(samples, 1)
    return error
