"""The fields of the page as a document: what stands first, what each holds, what it may hold, what is wrong with it."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from commonweal.agents.errors import InputError
from commonweal.agents.values import subject_of
from commonweal.figures.browser.fields.parameters import (
    Settings,
    changed,
    choices,
    economy,
    kind_of,
    settable,
    setting,
    typed,
    whole_number,
)
from commonweal.figures.browser.fields.sliders import slider
from commonweal.figures.browser.notes.shown import ACTION_NAMES
from commonweal.scenarios.schema.describe import allowed, find_spec
from commonweal.scenarios.schema.field_words import (
    GROUPS,
    IN_SENTENCES,
    choice_words,
    group_of,
    label_words,
    plain,
    unit_words,
    unlike,
)
from commonweal.scenarios.schema.notation import split_path, value_at
from commonweal.scenarios.schema.relevance import (
    gives,
    learns_to_give,
    learns_values,
    matters,
    minds,
    names_count,
    pays_money,
    sells,
    shares,
    valued,
)
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.schema.words import words_of

MOST_FIRST = 14  # fields that stand there before any is looked for
PAIRS: Mapping[str, tuple[str, str]] = {  # two fields on one line, by the first of them: the other, and their label
    "population.cost_low": ("population.cost_high", "Cost a sample"),
    "values.price_low": ("values.price_high", "Price of a limit"),
    "values.outcome_low": ("values.outcome_high", "Outcome concern"),
    "values.complicity_low": ("values.complicity_high", "Complicity concern"),
}
_SECOND = {high: low for low, (high, _) in PAIRS.items()}
SEED = "seed"  # path of the seed, which is no field of a scenario


def fields_document(
    played: Scenario, base: Scenario, settings: Settings, errors: Mapping[str, str], seeds: tuple[str, str] = ("0", "0")
) -> dict[str, Any]:
    """Everything that can be set, for the left column.

    Args:
        played: the scenario of the run that is shown.
        base: the scenario that was chosen, as it is.
        settings: what the fields hold, by path; those not named hold what the scenario says.
        errors: what is wrong, by path of the field, as ``problems`` tells it.
        seeds: as typed, and of the run that is shown.

    Returns:
        ``groups``: each with ``name`` and ``fields``; ``changes``: how many are not played yet; ``more``: how many do
        not stand there ``first``; ``seed``: a field as well. A field has ``path``, ``label``, ``help``, ``allowed``,
        ``unit``, ``kind`` (choice, number, whole, yes-no, list, text or pair), ``text`` (what it holds), ``own`` (what
        the scenario says), ``choices`` (value and words each), ``slider`` (see ``slider``, or None), ``first``,
        ``changed`` (not played yet), ``differs`` (from the scenario's own), ``error`` ("" if there is none), and where
        it is a pair ``parts``: two fields.
    """
    form = Form(played, base, settings, errors)
    fields = form.fields()
    seed = _seed(seeds, errors)
    groups = {name: [each for each in fields if each["group"] == name] for name in form.headings}
    return {
        "kind": "fields",
        "groups": [{"name": name, "fields": members} for name, members in groups.items() if members],
        "changes": sum(each["changed"] for each in _leaves(fields)) + seed["changed"],
        "more": sum(not each["first"] for each in fields),
        "seed": seed,
    }


def problems(base: Scenario, settings: Settings, seed: str = "0") -> dict[str, str]:
    """What is wrong with what the fields hold: one line by path of the field, in the words of the page.

    Args:
        base: the scenario that was chosen.
        settings: values by path, as typed.
        seed: as typed.
    """
    wrong = dict(_refused(settings, seed))
    if not any(path in settings for path in wrong):
        try:
            economy(base, settings)
        except InputError as error:
            wrong[blamed(str(error), base, settings)] = str(error)
    return {path: in_words(text, base) for path, text in wrong.items()}


def _refused(settings: Settings, seed: str) -> Iterator[tuple[str, str]]:
    """Fields that hold what is no value at all, and why."""
    for path, value in settings.items():
        try:
            typed(path, value)
        except InputError as error:
            yield path, str(error)
    try:
        whole_number(SEED, seed)
    except InputError as error:
        yield SEED, str(error)


_PATH = re.compile(r"^[a-z_]+(?= = )|\b[a-z_]+(?:(?:\.[a-z_]+|\[\d+\])+)")
_SECTION = re.compile(r"([a-z_]+(?:\.[a-z_]+|\[\d+\])*): ")  # errors of a whole section begin with it


def blamed(text: str, base: Scenario, settings: Settings) -> str:
    """The path of the field that an error is about: the one it begins with, else one of those that were changed.

    Args:
        text: of the error.
        base: the scenario that was chosen.
        settings: what was changed, the last last.
    """
    known = settable(base)
    named = [path for path in _PATH.findall(_spelled(text, known)) if path in known]
    mine = [path for path in named if path in settings]
    begins = named[:1] if named and text.startswith(named[0]) else []
    return next(iter([*begins, *mine, *named]), next(reversed(list(settings)), SEED))


def _spelled(text: str, known: Collection[str]) -> str:
    """An error of a section with the whole path of each field that it names."""
    section = _SECTION.match(text)
    if section is None:
        return text
    whole = {path.removeprefix(f"{section[1]}."): path for path in known if path.startswith(f"{section[1]}.")}
    return re.sub(r"\w+", lambda found: whole.get(found[0], found[0]), text[section.end() :])


def in_words(text: str, scenario: Scenario) -> str:
    """An error with fields named as the page does."""
    labels = labels_of(scenario)
    told = _PATH.sub(lambda found: IN_SENTENCES.get(found[0], labels.get(found[0], found[0])), _spelled(text, labels))
    told = re.sub(r"(?<=\d)_(?=\d)", "\u202f", told)  # thousands, as the page writes them
    return told[:1].upper() + told[1:]


def labels_of(scenario: Scenario) -> dict[str, str]:
    """The label of every field that can be set, by path; no two are the same."""
    paths = settable(scenario)
    return dict(zip(paths, unlike(_label(path, scenario) for path in paths), strict=True))


def _label(path: str, scenario: Scenario) -> str:
    parts = split_path(path)
    if parts[:2] == ["values", "camps"]:
        return f"Camp {int(parts[2]) + 1}: {parts[3]}"
    if parts[:2] != ["values", "dimensions"]:
        words = words_of(scenario)
        return label_words(path, {action: words.verb(action).do for action in ACTION_NAMES})
    dimension = scenario.values.dimensions[int(parts[2])]
    what = subject_of(dimension.label, dimension.feature, dimension.probe)
    if parts[3] == "limit":
        return f"{dimension.sense.capitalize()} {what}"
    return f"{parts[3].capitalize()}, {dimension.sense} {what.replace('class ', '').replace('feature ', 'f')}"


@dataclass(frozen=True)
class Form:
    """The fields of one scenario while they are filled in."""

    played: Scenario
    base: Scenario
    settings: Settings
    errors: Mapping[str, str]

    @cached_property
    def now(self) -> Scenario:
        """The scenario that the fields describe; the one played where that is none."""
        try:
            return economy(self.base, self.settings)
        except InputError:
            return self.played

    @cached_property
    def labels(self) -> dict[str, str]:
        """By path."""
        return labels_of(self.base)

    @cached_property
    def edited(self) -> dict[str, Any]:
        """What is not as the scenario says, by path."""
        return changed(self.base, self.settings)

    @property
    def headings(self) -> list[str]:
        """Of the groups: what the scenario is about comes first."""
        first = ["Names"] * names_count(self.now) + ["Market"] * shares(self.now) + ["Values"] * valued(self.now)
        return list(dict.fromkeys([*first, *GROUPS.values()]))

    def fields(self) -> list[dict[str, Any]]:
        """All that change something, and those that hold what is not the scenario's."""
        usable = [path for path in settable(self.base) if matters(self.now, path) or path in self.edited]
        usable += [path for path in self.errors if path not in usable and path in self.labels]
        first = set(leading(self.now, self.base, usable)) | set(self.edited) | set(self.errors)
        usable.sort(key=lambda path: path.startswith("values.dimensions["))  # beneath how values move
        return [self.pair(path, first) if self._paired(path, usable) else self.field(path) | {"first": path in first}
                for path in usable if not self._paired(_SECOND.get(path, ""), usable)]  # fmt: skip

    def _paired(self, path: str, usable: list[str]) -> bool:
        return path in PAIRS and path in usable and PAIRS[path][0] in usable

    def pair(self, path: str, first: set[str]) -> dict[str, Any]:
        """Two fields on one line."""
        high, label = PAIRS[path]
        parts = [self.field(path), self.field(high)]
        return {
            "path": path, "label": label, "group": group_of(path), "kind": "pair", "parts": parts,
            "help": "; ".join(part["help"] for part in parts), "allowed": parts[0]["allowed"], "unit": parts[0]["unit"],
            "first": path in first or high in first, "error": parts[0]["error"] or parts[1]["error"],
            **{key: any(part[key] for part in parts) for key in ("changed", "differs")},
        }  # fmt: skip

    def field(self, path: str) -> dict[str, Any]:
        """One field."""
        spec = find_spec(split_path(path)) or {}
        own, kind = setting(path, value_at(self.base, path)), kind_of(path)
        held = self.edited.get(path, own)
        return {
            "path": path, "label": self.labels[path], "group": group_of(path), "kind": kind,
            "help": spec.get("description", ""), "allowed": allowed(spec),
            "unit": unit_words(path, spec.get("unit", "")),
            "text": plain(held), "own": plain(own), "error": self.errors.get(path, ""),
            "choices": [list(each) for each in _offered(path, kind, own, held)],
            "slider": slider(path, self.base, own, held) if kind in ("number", "whole") else None,
            "changed": self._not_played(path, held), "differs": path in self.edited,
        }  # fmt: skip

    def _not_played(self, path: str, held: Any) -> bool:
        """Whether a field holds what is not in the run that is shown."""
        try:
            playing = setting(path, value_at(self.played, path))
        except (IndexError, KeyError, AttributeError):  # of another scenario
            return path in self.edited
        return bool(changed_from(path, playing, held))


def changed_from(path: str, playing: Any, held: Any) -> bool:
    """Whether what a field holds is another value than the one played, however it is written."""
    try:
        return bool(held != playing and typed(path, held) != typed(path, playing))
    except InputError:
        return True


def _offered(path: str, kind: str, own: Any, held: Any) -> Iterator[tuple[str, str]]:
    """What can be chosen: value and words each."""
    names = list(dict.fromkeys([*choices(path), *(str(each) for each in (own, held))])) if kind == "choice" else []
    for name in ["true", "false"] if kind == "yes-no" else names:
        words = choice_words(path, name)
        yield name, {"true": "yes", "false": "no"}.get(words, words) if kind == "yes-no" else _mix_words(words)


def _mix_words(words: str) -> str:
    """A table of shares as people say it: "imitation 0.5, fixed 0.5"."""
    return words.strip("{}").replace(" =", "").replace("'", "") if words.startswith("{") else words


def _seed(seeds: tuple[str, str], errors: Mapping[str, str]) -> dict[str, Any]:
    held, playing = seeds
    return {
        "path": SEED, "label": "Seed", "kind": "whole", "help": "which random numbers the run is played on",
        "allowed": "a whole number of at least 0", "unit": "", "text": held, "own": playing, "choices": [],
        "slider": None, "first": True, "error": errors.get(SEED, ""), "changed": held.strip() != playing.strip(),
        "differs": False,
    }  # fmt: skip


def _leaves(fields: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for each in fields:
        yield from each.get("parts", [each])


def leading(scenario: Scenario, base: Scenario, usable: list[str]) -> list[str]:
    """The paths of the fields that stand there first: what it is about, what the scenario itself sets, and the usual.

    Args:
        scenario: as the fields describe it.
        base: as it was chosen.
        usable: paths to choose from.
    """
    groups = ("Names", "Pay", "Contract", "Market")
    special = [path for path in usable if group_of(path) in groups and _set_by(base, path)]
    found = dict.fromkeys(_SECOND.get(path, path) for path in (*_about(scenario), *special, *_usual(scenario)))
    return [path for path in found if path in usable][:MOST_FIRST]


def leading_labels(scenario: Scenario) -> dict[str, str]:
    """The fields that stand first for a scenario, by path, with their labels: by which it is worth comparing."""
    labels = labels_of(scenario)
    usable = [path for path in labels if matters(scenario, path)]
    return {path: labels[path] for path in leading(scenario, scenario, usable)}


def _set_by(base: Scenario, path: str) -> bool:
    """Whether a scenario says something of its own in a field."""
    try:
        return bool(value_at(base, path) != value_at(_defaults(), path))
    except (IndexError, KeyError):
        return True


@cache
def _defaults() -> Scenario:
    return Scenario()


def _about(scenario: Scenario) -> Iterator[str]:
    """What an economy is about, by what it has."""
    if shares(scenario):
        yield from ("market.kind", "market.multiplication", "market.contribution", "market.groups", "policy.revision")
    if names_count(scenario):
        yield from _names(scenario)
    if sells(scenario) and pays_money(scenario) and not valued(scenario):
        yield "settlement.kind"
    if scenario.market.model_value > 0:
        yield from ("rewards.kind", "market.model_value", "menu.offer")
    if valued(scenario):
        yield from _values(scenario)
    yield from ("population.count", "population.graph") if scenario.population.graph != "complete" else _COUNT
    yield from ("population.cost_types",) if scenario.population.cost_types else ("population.cost_low",)
    yield from ("policy.mix", "task.kind")


_COUNT = ("population.count",)


def _names(scenario: Scenario) -> Iterator[str]:
    yield from ("reciprocity.kind", "reciprocity.norm", "reciprocity.judges")
    yield from ("reciprocity.execution", "reciprocity.perception", "reciprocity.assignment")
    if learns_to_give(scenario):
        yield from ("reciprocity.learner.signals", "reciprocity.learner.belief")
    if gives(scenario):
        yield from ("market.benefit", "market.cost")


def _values(scenario: Scenario) -> Iterator[str]:
    if minds(scenario):
        yield from ("values.concern", "values.complicity_low")
    yield "values.influence"
    if scenario.values.influence != "none":
        yield "values.stubbornness"
    yield from (f"values.dimensions[{place}].limit" for place in range(len(scenario.values.dimensions)))
    if learns_values(scenario):
        yield from ("beliefs.most", "beliefs.query")
    yield from ("screening.mode", "screening.scope", "screening.budget")
    if scenario.tolerance.budget > 0:
        yield from ("tolerance.budget", "values.for_sale", "values.price_low")


def _usual(scenario: Scenario) -> Iterator[str]:
    """What people ask about in most economies."""
    yield "task.drift"
    if sells(scenario) and not valued(scenario):
        yield from ("settlement.horizon", "rewards.kind", "stakes.stake", "stakes.audit", "negotiation.kind")
        yield "screening.gate"
