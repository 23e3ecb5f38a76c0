"""Rules played with the same seeds, in a thread of their own: the tab goes on meanwhile.

All seeds of a rule are one ensemble, all rules go on round by round, and what was played once is not played again.
"""

import logging
from collections.abc import Callable
from threading import Event, Lock, Thread
from time import monotonic
from typing import Any

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.agents.errors import InputError
from commonweal.agents.threads import settle_for_one_thread
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.economy.runs.metrics import round_metrics
from commonweal.figures.browser.compared.compare_document import compare_document
from commonweal.figures.browser.compared.compare_measures import KEPT, measures_for, words_of_all
from commonweal.figures.browser.compared.compare_plan import Plan
from commonweal.figures.browser.compared.compared import Compared, Guess
from commonweal.figures.browser.compared.rules import MOST, choices_document
from commonweal.figures.browser.fields.scenarios import title_of
from commonweal.figures.browser.tab.worker import give_back
from commonweal.scenarios.schema.scenario import Scenario

_BATCH = 8  # seeds that are played together
_TELL = 0.4  # seconds between documents while playing

logger = logging.getLogger(__name__)


class Batch:
    """Seeds of one rule that are played together.

    Args:
        scenario: of the rule.
        seeds: S.
        rounds: T.
    """

    def __init__(self, scenario: Scenario, seeds: tuple[int, ...], rounds: int) -> None:
        self.seeds, self.round = seeds, 0
        self.courses = np.full((len(KEPT), len(seeds), rounds), np.nan)  # of KEPT
        self._scenario = scenario
        self._ensemble: Ensemble | None = None

    def step(self) -> None:
        """Play a round of all seeds.

        Raises:
            InputError: if the scenario asks for what the data or this machine cannot give, or a network diverges.
        """
        ensemble = self._ensemble = self._ensemble or Ensemble(self._scenario, self.seeds)
        before = ensemble.state
        record = ensemble.step()
        metrics = round_metrics(record, before, ensemble.state, ensemble.people, ensemble.world)
        metrics["welfare_each"] = metrics["welfare"] / ensemble.world.shape[1]
        unknown = np.full(len(self.seeds), np.nan)  # where nothing is valued
        self.courses[:, :, self.round] = [metrics.get(name, unknown) for name in KEPT]
        self.round += 1

    def release(self) -> None:
        """Release the runs; the courses stay."""
        self._ensemble = None


class Comparison:
    """Plays what a tab compares.

    Args:
        tell: called, from any thread, when there is something new to show; it must not wait for the comparison.
    """

    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell = tell
        self._lock, self._stop = Lock(), Event()
        self._thread: Thread | None = None
        self._kept: dict[str, dict[int, Floats]] = {}  # (KEPT, T) by scenario and seed
        self._now: dict[str, Batch] = {}  # what is being played, by scenario
        self._failed: dict[str, str] = {}  # why, by scenario
        self.playing = False
        self._spent, self._told = 0.0, 0.0  # seconds of playing, and when it was last told of
        self.plan: Plan | None = None
        self.guess: Guess | None = None

    def compare(self, plan: Plan) -> None:
        """Play what is missing of a plan, in place of what is being played."""
        with self._lock:
            self._stop.set()
            before, self._stop, self.plan = self._thread, Event(), plan
            self.playing, work = True, (plan, self._stop, before)
            self._thread = Thread(target=self._play, args=work, name="commonweal compare", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Stop playing; what was played to the end stays."""
        self.playing = False
        self._stop.set()

    def forget(self) -> None:
        """Stop, and release all that was played."""
        self.stop()
        with self._lock:
            self._kept, self._now, self._failed = {}, {}, {}
            self.plan = self.guess = None

    def join(self, seconds: float) -> bool:
        """Wait for the end of playing; whether it came."""
        if self._thread is not None:
            self._thread.join(seconds)
        return self._thread is None or not self._thread.is_alive()

    @property
    def stopped(self) -> bool:
        """Whether it was stopped before all was played."""
        return self._stop.is_set()

    def document(self) -> tuple[dict[str, Any], bytes] | None:
        """What is to be shown now, as ``compare_document`` says, and how far it is; None where nothing is compared.

        Returns:
            With ``scenario`` (its title), ``field`` (its path), ``fields`` (as ``choices_document``), ``asked``
            (``seeds``, ``rounds``, and the most rules), ``look`` (``mean``, ``band``, ``single``: whether they are
            shown), and ``progress``: ``playing``, ``done``, ``text``.
        """
        plan = self.plan
        if plan is None:
            return None
        compared = self._compared(plan)
        document, courses = compare_document(compared, self.guess, plan.look["single"])
        more = {
            "scenario": title_of(plan.scenario.name),
            "field": plan.path,
            "fields": choices_document(plan.scenario),
            "asked": {"seeds": len(plan.seeds), "rounds": plan.rounds, "most_rules": MOST},
            "look": dict(plan.look),
            "progress": self._progress(plan),
        }
        return document | more, courses

    def _progress(self, plan: Plan) -> dict[str, Any]:
        there = sum(len(self._there(plan, key)) for key in plan.keys)
        wanted = len(plan.seeds) * len(plan.rules)
        playing = self.playing
        at = next((f", round {batch.round} of {plan.rounds}" for batch in list(self._now.values()) if playing), "")
        stopped = ", stopped" if self._stop.is_set() and there < wanted else ""
        text = f"{there} of {wanted} runs stored{at}{stopped}, {self._spent:.0f} s"
        return {"playing": playing, "done": there == wanted, "text": text}

    def _there(self, plan: Plan, key: str) -> list[int]:
        """The seeds of which all rounds are kept."""
        kept = self._kept.get(key, {})
        return [seed for seed in plan.seeds if seed in kept and kept[seed].shape[1] >= plan.rounds]

    def _compared(self, plan: Plan) -> Compared:
        """What there is: all rounds of the seeds that are played to the end; before, the rounds that are played."""
        with self._lock:
            there = {key: self._there(plan, key) for key in plan.keys}
            any_there = {seed for seeds in there.values() for seed in seeds}
            batches = [self._now[key] for key in plan.keys if key in self._now]
            seeds = tuple(seed for seed in plan.seeds if seed in any_there) or next((b.seeds for b in batches), ())
            rounds = plan.rounds if any_there else max((batch.round for batch in batches), default=0)
            courses = np.stack([self._course(key, seeds, rounds) for key in plan.keys], axis=1)
            errors = tuple(self._failed.get(key, "") for key in plan.keys)
        measures = measures_for(plan.economies)
        complete = all(error or len(there[key]) == len(seeds) for key, error in zip(plan.keys, errors, strict=True))
        verb = words_of_all(plan.economies).delegate
        columns = [KEPT.index(measure.name) for measure in measures]
        done = complete and bool(any_there)
        return Compared(plan.rules, seeds, measures, courses[columns], verb.do, verb.does, done, errors)

    def _course(self, key: str, seeds: tuple[int, ...], rounds: int) -> Floats:
        """(KEPT, S, T) of a rule; nan where it is not played."""
        course = np.full((len(KEPT), len(seeds), rounds), np.nan)
        kept, batch = self._kept.get(key, {}), self._now.get(key)
        for place, seed in enumerate(seeds):
            if seed in kept and kept[seed].shape[1] >= rounds:
                course[:, place] = kept[seed][:, :rounds]
            elif batch is not None and seed in batch.seeds:
                course[:, place] = batch.courses[:, batch.seeds.index(seed), :rounds]
        return course

    def _play(self, plan: Plan, stop: Event, before: Thread | None) -> None:
        if before is not None:
            before.join()
        settle_for_one_thread()
        began, spent = monotonic(), self._spent
        try:
            with self._lock:
                self._now = {}
            while not stop.is_set() and (batches := self._missing(plan)):
                self._now = batches
                for _ in range(plan.rounds):
                    self._round(batches)
                    self._spent = spent + monotonic() - began
                    if stop.is_set():
                        return
                    self._tell_at_times()
                self._keep(batches)
        finally:
            for batch in self._now.values():
                batch.release()
            give_back()
            if self._stop is stop:  # nothing else is being played by now
                self.playing = False
                self._tell()

    def _missing(self, plan: Plan) -> dict[str, Batch]:
        """The next seeds to play, a batch for every rule that lacks some of them; none where nothing is missing."""
        lacking = {key: [seed for seed in plan.seeds if seed not in self._there(plan, key)]
                   for key in plan.keys if key not in self._failed}
        wanted = sorted({seed for seeds in lacking.values() for seed in seeds}, key=plan.seeds.index)[:_BATCH]
        batches = {}
        for key, scenario in zip(plan.keys, plan.economies, strict=True):
            if seeds := tuple(seed for seed in wanted if seed in lacking.get(key, ())):
                batches[key] = Batch(scenario, seeds, plan.rounds)
        return batches

    def _round(self, batches: dict[str, Batch]) -> None:
        """Play a round of all rules. One that cannot be played is told why, and the others go on."""
        for key, batch in list(batches.items()):
            try:
                batch.step()
            except InputError as error:
                self._fail(key, batches, str(error))
            except Exception as error:
                logger.exception("a comparison failed", exc_info=error)
                self._fail(key, batches, f"This should not have happened: {type(error).__name__}: {error}")

    def _fail(self, key: str, batches: dict[str, Batch], why: str) -> None:
        with self._lock:
            self._failed[key] = why
            batches.pop(key).release()

    def _keep(self, batches: dict[str, Batch]) -> None:
        """Keep what was played to the end."""
        with self._lock:
            for key, batch in batches.items():
                batch.release()
                self._kept.setdefault(key, {}).update(zip(batch.seeds, batch.courses.swapaxes(0, 1), strict=True))
            self._now = {}

    def _tell_at_times(self) -> None:
        if monotonic() - self._told > _TELL:
            self._told = monotonic()
            self._tell()
