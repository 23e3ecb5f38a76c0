"""Comparing rules on the same seeds: what the page may ask for, and when it is told."""

from collections.abc import Mapping
from dataclasses import replace
from threading import Lock
from typing import Any

from commonweal.agents.errors import InputError
from commonweal.figures.browser.compared.compare_plan import Plan, changed, first_plan
from commonweal.figures.browser.compared.compared import Guess
from commonweal.figures.browser.tab.comparison import Comparison
from commonweal.figures.browser.tab.topic import Document, Order, Topic


class Comparing(Topic):
    """Rules beside each other, played in a thread of their own."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._telling = Lock()
        self.comparison = Comparison(self._tell)

    def orders(self) -> Mapping[str, Order]:
        """See ``changed`` for what ``compare`` may ask for."""
        return {"compare": self._compare, "compare more": self._more, "compare stop": self._stop,
                "compare guess": self._guess}  # fmt: skip

    def greeted(self) -> None:
        """A browser that connects again is told what is there."""
        self._tell()

    def begun(self) -> None:
        """Rules of another scenario are not compared any more; the browser asks anew once it shows them."""
        plan, shown = self.comparison.plan, self.session.stage.shown
        if plan is not None and shown is not None and shown.scenario != plan.scenario:
            self.comparison.forget()
            self.session.send({"kind": "compare", "stale": True})

    def close(self) -> None:
        """Stop playing and release all."""
        self.comparison.forget()

    def _compare(self, document: Document) -> None:
        """Play what is asked for, beginning with what the scenario is about."""
        if self.session.stage.shown is None:  # the first run is being set up
            self.session.worker.order(lambda: self._begin(document))
        else:
            self._begin(document)

    def _begin(self, document: Document) -> None:
        shown = self.session.stage.shown
        if shown is not None:
            self._play(changed(self.comparison.plan or first_plan(shown.scenario), document))

    def _more(self, document: Document) -> None:
        """``seeds``: how many more; those that are there are not played again."""
        plan = self._plan()
        more = document.get("seeds")
        self._play(changed(plan, {"seeds": len(plan.seeds) + more if isinstance(more, int) else more}))

    def _stop(self, document: Document) -> None:
        self.comparison.stop()
        self._tell()

    def _guess(self, document: Document) -> None:
        """``rule`` (its place), ``first`` (round) and ``values``, evenly spaced to the last; none forgets the guess."""
        plan, values = self._plan(), tuple(float(value) for value in document.get("values") or ())
        rule = int(document.get("rule", 0))
        if not 0 <= rule < len(plan.rules) or len(values) > 500:
            raise InputError("this guess is for no rule that is compared")
        self.comparison.guess = Guess(rule, values, int(document.get("first", 1))) if values else None
        self._tell()

    def _plan(self) -> Plan:
        if self.comparison.plan is None:
            raise InputError("nothing is compared yet")
        return self.comparison.plan

    def _play(self, plan: Plan) -> None:
        before = self.comparison.plan
        if before is not None and plan.rules != before.rules:
            self.comparison.guess = None
        if before is not None and plan == replace(before, look=plan.look) and not self.comparison.stopped:
            self.comparison.plan = plan  # only the look differs
        else:
            self.comparison.compare(plan)
        self._tell()

    def _tell(self) -> None:
        with self._telling:
            found = self.comparison.document()
            if found is not None:
                self.session.send(*found)
