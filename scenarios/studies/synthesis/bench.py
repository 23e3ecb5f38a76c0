"""A bench: plays rules of a scenario on some seeds, what they serve and what attacks gain from them."""

from collections.abc import Callable
from dataclasses import dataclass

from commonweal.agents.arrays import Floats
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.attacks.registry import Attack
from commonweal.scenarios.studies.incentives.playing import Span, play_deviations, rounds_of
from commonweal.scenarios.studies.pieces import Pieces
from commonweal.scenarios.studies.synthesis.attacks import by_members, tried_in_search
from commonweal.scenarios.studies.synthesis.levers import Rule, under
from commonweal.scenarios.studies.synthesis.options import SynthesisOptions
from commonweal.scenarios.studies.synthesis.playing import Life, Served, of_attacks

Which = Callable[[Scenario, int], tuple[Attack, ...]]


@dataclass(frozen=True)
class Bench:
    """Plays rules of a scenario on some seeds."""

    scenario: Scenario
    options: SynthesisOptions
    seeds: tuple[int, ...]
    members: int  # who try an attack, in each seed
    pieces: Pieces

    @property
    def span(self) -> Span:
        """Attacks begin with the first round, and others may react."""
        return Span(0, self.options.horizon, "adapt", "money")

    def attacks(self, rule: Rule, which: Which = tried_in_search) -> tuple[Attack, ...]:
        """What is tried against a rule."""
        return which(under(rule, self.scenario, self.options, honest=True), self.options.horizon)

    def gains(self, rule: Rule, attacks: tuple[Attack, ...], what: str = "attacks") -> Floats:
        """(S, A) gains of attacks on a rule under which everybody else begins honestly."""
        tried = by_members(attacks, self.scenario.population.count, self.members)
        honest = under(rule, self.scenario, self.options, honest=True)
        found = play_deviations(honest, self.seeds, [tried] * len(self.seeds), self.span,
                                workers=self.options.workers, pieces=self.pieces, what=what)  # fmt: skip
        return of_attacks(found.gains, attacks)

    def served(self, rule: Rule) -> Served:
        """What a rule brings about where principals follow the scenario's own policies."""
        life = Life(under(rule, self.scenario, self.options, honest=False), self.seeds, self.scenario.rounds)
        return self._lived(life)

    def honest(self, rule: Rule) -> Served:
        """What a rule brings about where all are honest, over the rounds of an attack."""
        life = Life(under(rule, self.scenario, self.options, honest=True), self.seeds, self.options.horizon)
        return self._lived(life)

    def _lived(self, life: Life) -> Served:
        lived: Served = self.pieces.play("lives", [life.piece], self.options.workers)[0]
        return lived

    def rounds(self, rule: Rule, which: Which = tried_in_search) -> int:
        """Rounds of single runs that it takes to try a rule."""
        tried = by_members(self.attacks(rule, which), self.scenario.population.count, self.members)
        lives = (self.scenario.rounds + self.options.horizon) * len(self.seeds)
        return rounds_of([tried] * len(self.seeds), self.span) + lives
