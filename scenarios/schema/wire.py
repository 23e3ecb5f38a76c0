"""What learning over nodes needs: rules that can do without the samples."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from commonweal.scenarios.schema.relevance import hides, screens, wired


def wire_demands(scenario: Any) -> Iterator[tuple[str, bool, str]]:
    """Field, whether it fits the others, and what it must be.

    Args:
        scenario: a Scenario.
    """
    secret, off = hides(scenario), f"0 where learning.wire = {scenario.learning.wire!r}, which leaves nothing to claim"
    yield "learning.audit", secret or scenario.learning.audit == 0, off
    yield "learning.halves", secret or scenario.learning.halves == 0, off
    yield from _privacy(scenario)
    if not wired(scenario):
        return
    from commonweal.economy.credit import CREDITS

    learning, credit = scenario.learning, scenario.credit
    where = f"where learning.wire = {learning.wire!r}"
    yield "learning.network", learning.network == "mlp", f"mlp {where}, which cuts between its layers"
    method = "federated" if learning.wire == "deltas" else "traversal"
    yield "learning.method", learning.method == method, f"{method} {where}"
    facts = CREDITS.facts(credit.kind) if credit.kind in CREDITS else None
    if facts is not None:
        yield "credit.kind", not facts.needs_samples, f"another {where}: {credit.kind} compares samples, which stay on their nodes"
        single = learning.wire in ("paths", "cut-gradients", "deltas")
        yield "credit.kind", single or not facts.needs_updates, f"another {where}, or learning.wire paths or cut-gradients: {credit.kind} needs every principal's update"
    yield "credit.novelty.memory", credit.novelty.memory == 0, f"0 {where}: samples are not remembered outside their nodes"
    alike = credit.replication.penalty > 0 and credit.replication.similarity == "samples"
    yield "credit.replication.similarity", not alike, f"updates {where}: samples stay on their nodes"
    robust = scenario.settlement.kind == "robust"
    yield "settlement.kind", not robust, f"another {where}: robust compares samples, which stay on their nodes"
    yield "screening.grain", scenario.screening.grain == "principal" or not screens(scenario), f"principal {where}: single samples are not told apart"
    yield "actions.selection", scenario.actions.selection == "none", f"none {where}: labels stay on their nodes"
    yield "learning.nodes", learning.nodes > 1 or not secret, f"above 1 {where}: a sum over one node hides nothing"
    yield "device", scenario.device == "cpu", f"cpu {where}"


SENSE = {  # why a defence makes no sense in a mode that sends something and refuses it
    "cut_noise": "sends nothing of each sample that noise could hide",
    "nopeek": "sends nothing of each sample that could be less alike",
    "clip": "has no updates to clip",
    "update_noise": "sends no update whose every entry noise could hide",
    "rounding": "has no products that nodes tell alone",
    "smallest": "hides no samples among others",
}


def _privacy(scenario: Any) -> Iterator[tuple[str, bool, str]]:
    """Defences where they change what leaves a node."""
    from commonweal.economy.learning.guards import GUARDS

    learning, privacy = scenario.learning, scenario.learning.privacy
    wire = learning.wire if wired(scenario) else "off"
    for name, why in SENSE.items():
        everything = {"off": "leaves all in one place", "paths": "sends samples as they are"}
        reason = f"which {everything.get(wire, why)}"
        fits = name in GUARDS[wire] or getattr(privacy, name) == 0
        yield f"learning.privacy.{name}", fits, f"0 where learning.wire = {wire!r}, {reason}"
    may_leave = "abstain" in scenario.actions.available
    yield "actions.available", privacy.smallest == 0 or may_leave, "with abstain where learning.privacy.smallest is above 0: who holds less stays away"
    yield "learning.privacy.update_noise", privacy.update_noise == 0 or privacy.clip > 0, "0 without learning.privacy.clip, of which it is a multiple"
    cut = privacy.cut_noise > 0 or privacy.nopeek > 0
    name = "cut_noise" if privacy.cut_noise > 0 else "nopeek"
    yield f"learning.privacy.{name}", not cut or bool(learning.hidden), "0 without a hidden layer, behind which the network is cut"
    unchecked = learning.distrust == "note" and learning.audit == 0 and learning.halves == 0
    yield "learning.privacy.rounding", privacy.rounding == 0 or unchecked, "0 where claims are checked, since rounded ones do not add up: set learning.distrust = note, without audits and halves"
