"""What a scenario says of negotiated data deals."""

from dataclasses import dataclass

from commonweal.agents.terms import PerRun


@dataclass(frozen=True)
class NegotiationTerms:
    """``scenario.negotiation``."""

    kind: str  # none or shapley_coop
    negotiator: str  # name of the negotiator
    every: int  # rounds from one talk to the next
    returns: PerRun  # (R, 1) what one more contribution earns, as a share of what they earned on average
    concession: PerRun  # (R, 1) share of its gain that a party gives up in each further round of talks
