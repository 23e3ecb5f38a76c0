"""Negotiated terms: three rounds of talks, binding deals, and who speaks for the parties."""

from economy.contracts.negotiation.endpoint import Endpoint, EndpointError
from economy.contracts.negotiation.model_negotiator import ModelNegotiator
from economy.contracts.negotiation.pricing import fair_payoffs, fair_proposal, redistribution, shapley_values
from economy.contracts.negotiation.shapley_negotiator import ShapleyNegotiator
from economy.contracts.negotiation.talks import (
    NEGOTIATORS,
    Kind,
    Move,
    Negotiator,
    Plan,
    Proposal,
    Situation,
    Talks,
    negotiate,
    negotiator,
)
from economy.contracts.negotiation.transcripts import ReplayedNegotiator, Transcript

__all__ = [
    "NEGOTIATORS",
    "Endpoint",
    "EndpointError",
    "Kind",
    "ModelNegotiator",
    "Move",
    "Negotiator",
    "Plan",
    "Proposal",
    "ReplayedNegotiator",
    "ShapleyNegotiator",
    "Situation",
    "Talks",
    "Transcript",
    "fair_payoffs",
    "fair_proposal",
    "negotiate",
    "negotiator",
    "redistribution",
    "shapley_values",
]
