"""What researchers look at: one number per run and round."""

from dataclasses import replace

import numpy as np

from commonweal.agents.actions import ABSTAIN, Action, action_shares
from commonweal.agents.arrays import Bools, Floats, Ints, gini, ratio
from commonweal.agents.concerns import violations
from commonweal.agents.population import Population
from commonweal.agents.values import held_by
from commonweal.economy.money.ledger import MICRO, Ledger
from commonweal.economy.round.mechanism import state_of_others
from commonweal.economy.round.record import Lesson, Record, norms_of
from commonweal.economy.round.sift import cut_off
from commonweal.economy.screening.admissible import Screened
from commonweal.economy.wire.trust import Checked
from commonweal.economy.world.world import State, World

BELIEF_METRICS = ("belief_error", "belief_rms", "belief_coverage", "misjudged", "caution", "queries")
SHARES = tuple(f"share_{action.name.lower()}" for action in Action)


def round_metrics(
    record: Record, before: State, after: State, people: Population, world: World
) -> dict[str, Floats]:
    """Metrics of a round by name, each (R,).

    Shares are of all N principals; money is in units of money; clawed is what was taken back; welfare is the sum of
    payoffs and of what the treasury kept; permitted accuracy is that on classes that nobody withholds; samples
    screened are a share of those in updates that were screened, left out under a finer grain; probe losses are before
    the step (level), what the step was predicted to do to them, and what it did.
    """
    produce, payday = record.produce, record.payday
    shares = action_shares(record.actions)
    kept = (after.ledger.treasury - before.ledger.treasury) / MICRO
    metrics = {name: shares[:, action] for action, name in enumerate(SHARES)}
    metrics |= {
        "accuracy": payday.quality,
        "validation_loss": produce.loss,
        "revenue": payday.revenue / MICRO,
        "paid": payday.payments.sum(axis=1) / MICRO,
        "treasury": after.ledger.treasury / MICRO,
        "clawed": clawed(record),
        "welfare": payday.payoffs.sum(axis=1) + kept,
        "gini": gini(after.ledger.owned),
        "credit_concentration": concentration(payday.cumulated),
        **_lesson_metrics(record, world),
        "rival": after.rival,
    }
    metrics |= solvency(after.ledger) | _contract_metrics(record) | _name_metrics(record)
    metrics |= _mechanism_metrics(after, world) | _trust_metrics(record)
    if record.lesson is None or not len(world.senses):
        return metrics
    broken = broken_limits(record, people, world)
    valued = _value_metrics(record.lesson, people, world) | _concern_metrics(record, broken, metrics["welfare"])
    permitted = np.full(len(record.actions), np.nan) if produce.permitted is None else produce.permitted
    valued |= {"permitted_accuracy": permitted, "samples_screened": _samples_screened(record.lesson)}
    valued |= _belief_metrics(record, people, world)
    return metrics | valued | _camp_metrics(record, broken, people, world)


def _name_metrics(record: Record) -> dict[str, Floats]:
    """Share of requests that were fulfilled, share of good names after the round, and what gifts are worth and cost.

    Worth and cost are as known after the round, money; nothing where names do not count.
    """
    told = record.notes.get("reciprocity")
    if told is None:
        return {}
    met = told.meets.sum(axis=1)
    return {
        "cooperation": ratio((told.gave & told.meets).sum(axis=1), met),
        "good_names": told.good.mean(axis=1),
        "gift_worth": told.benefit,
        "gift_cost": told.cost,
    }


def _trust_metrics(record: Record) -> dict[str, Floats]:
    """By how much claims of nodes do not add up, and the numbers of updates opened and of lies caught.

    Nothing where nodes claim nothing.
    """
    checked: Checked | None = record.notes.get("trust")
    if checked is None:
        return {}
    return {
        "claims_off": checked.residual.max(axis=1),
        "updates_opened": checked.opened.sum(axis=1).astype(np.float64),
        "lies_caught": checked.caught.sum(axis=1).astype(np.float64),
    }


def _mechanism_metrics(after: State, world: World) -> dict[str, Floats]:
    """What mechanisms from elsewhere know, means over principals."""
    known = state_of_others(after, world)
    return {name: values.mean(axis=1) if values.ndim == 2 else values for name, values in known.items()}


def _lesson_metrics(record: Record, world: World) -> dict[str, Floats]:
    """What screening and the gate did; nothing where nothing is learned."""
    if (lesson := record.lesson) is None:
        nothing = np.zeros(len(record.actions))
        return {"screened_share": nothing, "gated_share": nothing, "step_factor": nothing + 1}
    return {
        "screened_share": screened_share(lesson, world),
        "gated_share": lesson.gated.sum(axis=1) / np.maximum(lesson.active.sum(axis=1), 1),
        "step_factor": lesson.factor,
    }


def clawed(record: Record) -> Floats:
    """(R,) money taken back from who did harm."""
    taken = record.notes.get("clawback")
    return np.zeros(len(record.actions)) if taken is None else np.maximum(-taken.net, 0).sum(axis=1) / MICRO


def solvency(ledger: Ledger) -> dict[str, Floats]:
    """Smallest balance and escrow of a principal, and what all accounts claim beyond what came in; (R,) money each."""
    least = ledger.balances[:, :-2].reshape(len(ledger.balances), 2, -1).min(axis=2) / MICRO
    return {
        "least_balance": least[:, 0],
        "least_escrow": least[:, 1],
        "unfunded": ledger.balances.sum(axis=1) / MICRO,  # the market owes what came in
    }


def _contract_metrics(record: Record) -> dict[str, Floats]:
    """What data deals, sales of tolerance and model rewards came to; 0 where there are none.

    Share of principals that a data deal binds and what all get for it; what looser limits were bought for, and which
    share of a limit was given up on average over those sold; mean accuracy of participants' own models, share of
    principals that were given what they were owed, and samples put in by all.
    """
    payday, deals, sale = record.payday, record.notes.get("deals"), record.notes.get("tolerance")
    nothing = np.zeros(len(record.actions))
    member = record.actions != ABSTAIN
    members = np.maximum(member.sum(axis=1), 1)
    sold = None if sale is None else np.maximum((sale.loosened > 0).sum(axis=(1, 2)), 1)
    return {
        "own_accuracy": (payday.rewards * member).sum(axis=1) / members,
        "promise_kept": kept_promises(record).sum(axis=1) / record.actions.shape[1],
        "samples": record.produce.put.total.sum(axis=1).astype(np.float64),
        "dealt_share": nothing if deals is None else deals.bound.mean(axis=1),
        "dealt": nothing if deals is None else deals.received.sum(axis=1) / MICRO,
        "tolerance_paid": nothing if sale is None else sale.payments.sum(axis=1) / MICRO,
        "loosened": nothing if sale is None else sale.loosened.sum(axis=(1, 2)) / sold,
    }


def kept_promises(record: Record) -> Bools:
    """(R, N) whether each was given the model it was owed, within the tolerance."""
    copies = record.notes.get("copies")
    kept: Bools = np.ones(record.actions.shape, dtype=np.bool_) if copies is None else copies.met
    return kept


def _value_metrics(lesson: Lesson, people: Population, world: World) -> dict[str, Floats]:
    limits = people.limits
    by_dimension = {
        "level": lesson.exam.levels,
        "limit": lesson.exam.levels - lesson.common_room * world.senses,
        "predicted_change": predicted_changes(lesson, world),
        "true_change": lesson.levels - lesson.exam.levels,
        "shadow_price": lesson.screened.shadow_prices,
        "mean_limit": limits.mean(axis=1),
        "spread_limit": limits.std(axis=1),
    }
    return {f"{name}_{k}": values[:, k] for name, values in by_dimension.items() for k in range(len(world.senses))}


def _concern_metrics(record: Record, broken: Floats, welfare: Floats) -> dict[str, Floats]:
    """Share of principals whose limits are broken, by how much on average over them and dimensions, and what it costs.

    The value cost is of all principals together, 0 where nobody minds, and net welfare is welfare less that.
    """
    minded = record.payday.value_cost
    cost = np.zeros(len(broken)) if minded is None else minded.sum(axis=1)
    return {
        "violated": broken.any(axis=2).mean(axis=1),
        "violation": broken.mean(axis=(1, 2)),
        "value_cost": cost,
        "net_welfare": welfare - cost,
    }


def _camp_metrics(record: Record, broken: Floats, people: Population, world: World) -> dict[str, Floats]:
    """Of every camp the share whose limits are broken, and the share that stays away; nan of an empty camp."""
    shares = {"violated_camp": broken.any(axis=2), "abstain_camp": record.actions == ABSTAIN}
    camps = range(len(world.terms.values.camps))
    return {f"{name}_{camp}": _share_within(among, people.camp == camp)
            for name, among in shares.items() for camp in camps}  # fmt: skip


def _share_within(among: Bools, group: Bools) -> Floats:
    """(R,) share of a group (R, N) that is among others (R, N); nan where it is empty."""
    size = group.sum(axis=1)
    share: Floats = np.divide((among & group).sum(axis=1), size, out=np.full(len(size), np.nan), where=size > 0)
    return share


def broken_limits(record: Record, people: Population, world: World) -> Floats:
    """(R, N, K) by how much the round's step leaves each true limit broken, in units of the probe loss.

    Of values that a principal holds: those that a camp gives no weight are none of its own.
    """
    minded, values = record.notes.get("concern"), world.terms.values
    broken: Floats = (
        violations(record.limits, record.taught.levels, world.senses) if minded is None else minded.violation
    )
    return broken if values.held_by_all else broken * held_by(values, people.camp)


def _belief_metrics(record: Record, people: Population, world: World) -> dict[str, Floats]:
    """How far agents know the limits of their principals, and what errors come to; nothing is wrong where they do.

    Mean error and root mean squared error of the believed limits, share of the true ones in the 95 % intervals, share
    of principals violated although the limit that their agents declared is kept, by how much the strictest declared
    limit of a participant is stricter than the strictest true one (mean over dimensions), and queries so far per
    principal and dimension.
    """
    told, true = record.notes.get("beliefs"), record.limits
    nothing = np.zeros(len(true))
    if told is None:
        return dict.fromkeys(BELIEF_METRICS, nothing) | {"belief_coverage": nothing + 1}
    away = told.mean - true
    kept = violations(told.declared, record.taught.levels, world.senses) == 0
    misjudged = (broken_limits(record, people, world) > 0) & kept
    return {
        "belief_error": np.abs(away).mean(axis=(1, 2)),
        "belief_rms": np.sqrt((away**2).mean(axis=(1, 2))),
        "belief_coverage": ((told.low <= true) & (true <= told.high)).mean(axis=(1, 2)),
        "misjudged": misjudged.any(axis=2).mean(axis=1),
        "caution": caution(told.declared, true, record.actions, world.senses),
        "queries": told.asked.mean(axis=1),
    }


def caution(declared: Floats, true: Floats, actions: Ints, senses: Floats) -> Floats:
    """By how much the strictest declared limit of participants is stricter than their strictest true one.

    Args:
        declared: (R, N, K) limits that agents file.
        true: (R, N, K) limits that principals want.
        actions: (R, N) of the round.
        senses: (K,) +1 withhold, −1 protect.

    Returns:
        (R,) mean over dimensions, in units of the probe loss; below 0 where it is looser, 0 where nobody takes part.
    """
    member = (actions != ABSTAIN)[..., None]
    filed, wanted = (np.where(member, senses * limits, -np.inf).max(axis=1) for limits in (declared, true))
    present = member.any(axis=1)
    stricter: Floats = (np.where(present, filed, 0.0) - np.where(present, wanted, 0.0)).mean(axis=1)
    return stricter


def predicted_changes(lesson: Lesson, world: World) -> Floats:
    """(R, K) first-order change of every probe loss by the step: −η Σ_i ⟨p_k, ũ_i⟩."""
    places, screened = _screened_places(lesson), lesson.screened
    kept = (screened.weights[:, places, None] * lesson.exam.alignments[:, places]).sum(axis=1)
    offsets = (screened.multipliers[:, places].sum(axis=1)[:, None] @ lesson.exam.gram[:, 1:, 1:])[:, 0]
    change: Floats = -world.terms.learning.rate * lesson.factor[:, None] * (kept - offsets)
    return change


def screened_share(lesson: Lesson, world: World) -> Floats:
    """(R,) Σ‖u_i − ũ_i‖ / Σ‖u_i‖ over the updates that were screened: how much of what they say was taken off."""
    if world.terms.screening.mode == "off" or not len(world.senses):
        return np.zeros(len(lesson.factor))
    offered = lesson.active & ~lesson.gated
    if lesson.sifted is not None:
        norms, removed = taken_off(lesson)
        return ratio((removed * offered).sum(axis=1), (norms * offered).sum(axis=1))
    places, screened = _screened_places(lesson), lesson.screened
    some = Screened(screened.weights[:, places], screened.multipliers[:, places], screened.shadow_prices)
    taken = np.zeros_like(lesson.norms)
    taken[:, places] = removed_norms(
        some, lesson.norms[:, places], lesson.exam.alignments[:, places], lesson.exam.gram[:, 1:, 1:]
    )
    total = (lesson.norms * offered).sum(axis=1)
    share: Floats = ratio((taken * offered).sum(axis=1), total)
    return share


def _samples_screened(lesson: Lesson) -> Floats:
    """(R,) share of the samples in updates that were screened that a finer grain left out."""
    offered = np.where(lesson.gated, 0, lesson.put.total)
    share: Floats = (lesson.samples_screened * offered).sum(axis=1) / np.maximum(offered.sum(axis=1), 1)
    return share


def taken_off(lesson: Lesson) -> tuple[Floats, Floats]:
    """(R, N) ‖u_i‖ of every update as it was put in, and (R, N) ‖u_i − ũ_i‖ of what screening took off it."""
    screened, exam = lesson.screened, lesson.exam
    probes = exam.gram[:, 1:, 1:]
    if lesson.sifted is None:
        return lesson.norms, removed_norms(screened, lesson.norms, exam.alignments, probes)
    whole, kept = lesson.sifted.whole, screened.weights
    lost = whole.exam.alignments - kept[..., None] * exam.alignments  # of Σ_s (1 − w_i w_s) u_s
    dropped = replace(screened, weights=np.zeros_like(kept))
    norms, cut = norms_of(whole.passage), norms_of(cut_off(lesson.sifted, kept))
    return norms, removed_norms(dropped, cut, lost, probes)


def _screened_places(lesson: Lesson) -> slice | Ints:
    """Where anybody was screened; everywhere if most were, and for a single value, which numpy adds up by place."""
    offered: Bools = np.asarray((lesson.active & ~lesson.gated).any(axis=0))
    few = 2 * np.count_nonzero(offered) < len(offered) and lesson.exam.alignments.shape[2] > 1
    return np.flatnonzero(offered) if few else slice(None)


def removed_norms(screened: Screened, norms: Floats, alignments: Floats, gram: Floats) -> Floats:
    """(R, N) ‖u_i − ũ_i‖ = ‖(1 − w) u + Σ_k μ_k p_k‖, from products alone."""
    dropped, multipliers = 1 - screened.weights, screened.multipliers
    cross = (multipliers * alignments).sum(axis=2)
    square = dropped**2 * norms**2 + 2 * dropped * cross + ((multipliers @ gram) * multipliers).sum(axis=2)
    removed: Floats = np.sqrt(np.maximum(square, 0.0))
    return removed


def concentration(credit: Floats) -> Floats:
    """Herfindahl index (R,) of positive cumulated credit: 1/N when all have the same, 1 when one has all."""
    positive = np.maximum(credit, 0.0)
    total = positive.sum(axis=1)
    index: Floats = (positive**2).sum(axis=1) / np.where(total > 0, total, 1.0) ** 2
    return index
