"""The study ``attacks``: every settlement against every attack, what attackers gain and honest principals lose."""

from commonweal.scenarios.studies.attack_matrix.study import AttackOptions, attack_matrix

__all__ = ["AttackOptions", "attack_matrix"]
