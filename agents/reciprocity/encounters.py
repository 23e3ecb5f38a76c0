"""Encounters: who has whose request in a round, who judges what it does, and which names come of it."""

from dataclasses import dataclass

import numpy as np

from commonweal.agents.arrays import AnyArray, Bools, Floats, Ints, per_principal


@dataclass(frozen=True)
class Encounters:
    """R runs of N principals: every donor has one recipient and J judges, every recipient one donor."""

    counterpart: Ints = per_principal()  # (R, N) whose request each has; itself where it meets nobody
    meets: Bools = per_principal()  # (R, N) who has a request
    judges: Ints = per_principal()  # (R, N, J) third parties who judge it, all different


@dataclass(frozen=True)
class Seen:
    """What principals see of names before they choose: of their own, and of the one whose request they have."""

    image: Ints  # (R, N) name of each, in its own eyes
    other: Ints  # (R, N) name of its counterpart, in its eyes
    meets: Bools  # (R, N) who has a request
    counterpart: Ints  # (R, N) whose it is; itself where there is none
    giving: Floats | None  # (R, N, 2, 2) probability of giving that learners have come to; None: nobody learns


def draw_encounters(present: Bools, uniforms: Floats, judges: int) -> Encounters:
    """Who meets and judges whom: a random circle in which each has the next one's request, and one of judges.

    Each of the others is as likely a counterpart, and each third party as likely a judge. Who is absent meets nobody;
    where fewer than ``judges`` + 2 are present nobody does.

    Args:
        present: (R, N) who takes part.
        uniforms: (R, 2, N) uniform numbers in [0, 1).
        judges: J.
    """
    runs, principals = present.shape
    row = np.arange(runs)[:, None]
    count = present.sum(axis=1, keepdims=True)
    enough = count >= judges + 2
    counterpart = np.where(present & enough, _next_in_circle(uniforms[:, 0], present, count), np.arange(principals))
    order, place = _circle(uniforms[:, 1], present)
    size = np.maximum(count, 1)
    distance = (place[row, counterpart] - place) % size  # of the counterpart, along the circle of judges
    steps = np.arange(1, judges + 1)
    steps = steps + (steps >= distance[..., None])  # over the counterpart
    seats = order[row[..., None], (place[..., None] + steps) % size[..., None]]
    return Encounters(counterpart, present & enough, seats)


def _circle(uniform: Floats, present: Bools) -> tuple[Ints, Ints]:
    """A random order (R, N) with those present first, and the place (R, N) of each in it."""
    order = np.argsort(uniform + ~present, axis=1)
    place = np.empty_like(order)
    np.put_along_axis(place, order, np.broadcast_to(np.arange(order.shape[1]), order.shape), axis=1)
    return order, place


def _next_in_circle(uniform: Floats, present: Bools, count: Ints) -> Ints:
    """(R, N) who comes next in a random circle of those present."""
    order, place = _circle(uniform, present)
    following = (place + 1) % np.maximum(count, 1)
    return np.take_along_axis(order, following, axis=1)


def images_of_others(image: AnyArray, counterpart: Ints) -> Ints:
    """(R, N) names of everybody's counterpart: public ones (R, N), or those (R, N, N) in each viewer's eyes."""
    if image.ndim == 3:
        return np.take_along_axis(image, counterpart[..., None], axis=2)[..., 0].astype(np.int64)
    return np.take_along_axis(image, counterpart, axis=1)


def majority(verdicts: Bools) -> Bools:
    """(R, N) whether more than half of the judges say good: verdicts (R, N, J), J odd."""
    good: Bools = 2 * verdicts.sum(axis=2) > verdicts.shape[2]
    return good


def blamed(verdicts: Bools, judges: Ints, punished: Bools) -> Bools:
    """(R, N) judges whose verdict against the majority costs them their good name.

    Args:
        verdicts: (R, N, J) what judges say of each donor.
        judges: (R, N, J) who they are.
        punished: (R, N, J) whether a verdict would be punished if it is against the majority.
    """
    row, donor, seat = np.nonzero(punished & (verdicts != majority(verdicts)[..., None]))
    found = np.zeros(verdicts.shape[:2], dtype=np.bool_)
    found[row, judges[row, donor, seat]] = True
    return found


def gifts_received(amount: Ints, counterpart: Ints) -> Ints:
    """(R, N) what each receives, where each gives an amount (R, N) to its counterpart."""
    received = np.zeros_like(amount)
    np.add.at(received, (np.arange(len(amount))[:, None], counterpart), amount)  # spare names may name one twice
    return received
