"""A negotiator that asks a language model behind an OpenAI-compatible endpoint, or the default one where that fails."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from commonweal.economy.negotiation.endpoint import Endpoint, EndpointError
from commonweal.economy.negotiation.shapley_negotiator import ShapleyNegotiator
from commonweal.economy.negotiation.talks import Move, Negotiator, Situation, negotiator
from commonweal.economy.negotiation.transcripts import TRANSCRIPT, Transcript
from commonweal.economy.negotiation.wording import read_move, request

MOST_WORDS = 500  # characters of what the model says that others hear
PATIENCE = 3  # moves in a row without an answer, after which the endpoint is not asked again


@dataclass
class ModelNegotiator:
    """Speaks as a language model does; every move is recorded."""

    endpoint: Endpoint
    fallback: Negotiator = field(default_factory=ShapleyNegotiator)
    transcript: Transcript = field(default_factory=Transcript)
    failures: int = 0  # moves in a row for which there was no answer

    def move(self, situation: Situation, party: int, said: Sequence[Move]) -> Move:
        """The model's move, or the fallback's."""
        problem = f"given up after {PATIENCE} moves without an answer"
        if self.failures < PATIENCE:
            try:
                read = partial(read_move, situation=situation, party=party, said=said)
                move = self.endpoint.ask(request(situation, party, said), read)
                move = replace(move, words=self.endpoint.redacted(move.words)[:MOST_WORDS])
                self.failures = 0
                self.transcript.note(situation, move, said, "endpoint")
                return move
            except EndpointError as error:
                self.failures += 1
                problem = str(error)
        move = self.fallback.move(situation, party, said)
        self.transcript.note(situation, move, said, "fallback", problem)
        return move


@negotiator("endpoint")
def ask_endpoint_from_environment() -> ModelNegotiator:
    """Asks the endpoint that the environment names, and keeps a transcript where it names a file for it."""
    file = os.environ.get(TRANSCRIPT)
    return ModelNegotiator(Endpoint.from_environment(), transcript=Transcript(Path(file) if file else None))
