"""What learning over nodes needs: rules that can do without the samples."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from commonweal.scenarios.schema.relevance import screens, wired


def wire_demands(scenario: Any) -> Iterator[tuple[str, bool, str]]:
    """Field, whether it fits the others, and what it must be.

    Args:
        scenario: a Scenario.
    """
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
    yield "screening.grain", scenario.screening.grain == "principal" or not screens(scenario), f"principal {where}: single samples are not told apart"
    yield "actions.selection", scenario.actions.selection == "none", f"none {where}: labels stay on their nodes"
    hides = learning.wire in ("secure", "two-servers")
    yield "learning.nodes", learning.nodes > 1 or not hides, f"above 1 {where}: a sum over one node hides nothing"
    yield "device", scenario.device == "cpu", f"cpu {where}"
