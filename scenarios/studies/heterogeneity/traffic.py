"""What a round of learning sends over the wire, by formula: traversal learning in its modes beside FedAvg.

FedAvg sends the network to every node and takes back a change: one per node, or, where principals are to be credited,
one per principal.
"""

from collections.abc import Mapping

from commonweal.economy.wire.sizes import Sizes, federated_bytes, round_bytes, visit_bytes

# Names of a way of learning without credit and of the same with credit for every principal.
TRAVERSAL = ("cut, no credit", "cut")
FEDERATED = ("FedAvg, by node", "FedAvg, by principal")
_MODES = ("paths", "cut", "cut-gradients", "secure", "two-servers")
DIRECTIONS = 1  # the exam's gradient, which credit of first order needs


def bytes_per_round(sizes: Sizes) -> Mapping[str, int]:
    """Bytes of a round, up and down, by what is sent; nothing is rejected or scaled, which would ask for a second sum.

    Args:
        sizes: of the round.
    """
    found = {TRAVERSAL[0]: visit_bytes("cut", sizes).total}
    found |= {mode: round_bytes(mode, sizes, DIRECTIONS).total for mode in _MODES}
    by_node, by_principal = FEDERATED
    found[by_node] = federated_bytes(sizes, each=False).total
    return found | {by_principal: federated_bytes(sizes, each=True).total}
