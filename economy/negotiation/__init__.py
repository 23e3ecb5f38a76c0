"""Negotiated terms: three rounds of talks, binding deals, and who speaks for the parties."""

from commonweal.economy.negotiation.endpoint import Endpoint, EndpointError
from commonweal.economy.negotiation.model_negotiator import ModelNegotiator
from commonweal.economy.negotiation.pricing import fair_payoffs, fair_proposal, redistribution, shapley_values
from commonweal.economy.negotiation.shapley_negotiator import ShapleyNegotiator
from commonweal.economy.negotiation.talks import (
    NEGOTIATORS,
    Course,
    Kind,
    Move,
    Negotiator,
    Proposal,
    Situation,
    Talks,
    negotiate,
    negotiator,
)
from commonweal.economy.negotiation.transcripts import ReplayedNegotiator, Transcript

__all__ = [
    "NEGOTIATORS",
    "Course",
    "Endpoint",
    "EndpointError",
    "Kind",
    "ModelNegotiator",
    "Move",
    "Negotiator",
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
