"""Evolution: symmetric games, flows, finite populations, and the study that reads them off a live economy."""

from commonweal.scenarios.studies.evolution.study import EvolutionOptions, evolution

__all__ = ["EvolutionOptions", "evolution"]
