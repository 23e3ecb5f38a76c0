"""Runs of one scenario with what was asked for, so that they can say what came out."""

from dataclasses import dataclass
from html import escape

from commonweal.economy.runs.results import Results
from commonweal.scenarios.runs.measures import measures_of, title
from commonweal.scenarios.runs.outcome import Outcome, sentences
from commonweal.scenarios.runs.tables import summarise
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.schema.words import words_of


@dataclass(frozen=True)
class Played(Results):
    """Frames of all runs; the column ``run`` counts the seeds."""

    scenario: Scenario
    seeds: tuple[int, ...]

    def summary(self) -> str:
        """What came out, in one to three sentences, of means over the last quarter of rounds."""
        if self.rounds.empty:
            return "No round was played."
        seeds = self.rounds["run"].map(dict(enumerate(self.seeds)))
        runs = summarise(self.rounds.assign(seed=seeds)).assign(seed=self.seeds)
        start, words = self.scenario.population.start_delegate, words_of(self.scenario)
        return sentences(Outcome(runs, (), words, measures_of(runs, words), start))

    def _repr_html_(self) -> str:
        """What came out in words, and means of every run, for notebooks."""
        return f"<p><b>{escape(self.scenario.name)}</b>: {escape(self.summary())}</p>{super()._repr_html_()}"

    def shown(self) -> dict[str, str]:
        """The metrics of the economy's market, as it calls them."""
        words = words_of(self.scenario)
        return {name: title(name, words) for name in super().shown() if words.has(name)}
