"""What everybody's action was worth to an outcome, and whose actions do the same or need each other."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.economy.explaining.explanation import Explanation
from commonweal.economy.explaining.profiles import PAYOFFS, names_of, play_profiles
from commonweal.economy.explaining.sketch import Baseline, Played, explain, of_actions, sketch
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.runs.measures import SHARES
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.explain.options import ExplainOptions
from commonweal.scenarios.studies.explain.replies import Reply, joined_answers, joined_runs
from commonweal.scenarios.studies.explain.sentences import valued
from commonweal.scenarios.studies.explain.watching import Run, Watched, demand_metrics
from commonweal.scenarios.studies.pieces import Piece, Pieces, Tick

USUAL = ("welfare",)
MOST = 64  # principals whose actions are told apart
TOGETHER = 32  # profiles that are played as one piece
HELD = 20_000  # principals in runs computed at once
_PAIRS = 40  # of a run and outcome that a table shows
_WORDS = tuple(action.name.lower() for action in Action)


def explain_actions(runs: Sequence[Run], watched: Watched, options: ExplainOptions, pieces: Pieces) -> Reply:
    """Explain what came of what everybody did most.

    Args:
        runs: the first of those that were watched, one seed each.
        watched: as they went.
        options: outcomes, how many profiles, and what actions are compared with.
        pieces: plays profiles.

    Raises:
        InputError: if there are too many principals, or an outcome is not measured.
    """
    outcomes, count = options.outcome or USUAL, runs[0].scenario.population.count
    profiles = usual_profiles(watched)[: len(runs)]  # (R, N)
    designs = [_Design.of(watched, run, profiles[run], options) for run in range(len(runs))]
    asked = [part for run, design in zip(runs, designs, strict=True) for part in _parts(run, design, outcomes, options)]
    pieces.expect(sum(piece.rounds for piece in asked))
    found = iter(pieces.play("action profiles", asked, options.workers))
    played = [np.concatenate([next(found) for _ in range(0, len(each.profiles), _size(count))]) for each in designs]
    for number, each in enumerate(played):
        demand_finite(each, names_of(outcomes, count), f"seed {runs[number].seed}")
    fits = [_Fit.of(design, own, names_of(outcomes, count), place)
            for design, own in zip(designs, played, strict=True) for place in range(own.shape[1])]  # fmt: skip
    values = pieces.play("models of outcomes", [each.piece for each in fits], options.workers)
    answers = played[0].shape[1]
    why = joined_runs([joined_answers(values[k : k + answers]) for k in range(0, len(values), answers)])
    why = replace(why, target=f"mean of the last {_counted(options)} of {options.play} rounds",
                  provenance={**why.provenance, **_provenance(runs, profiles)})  # fmt: skip
    chosen = [[_WORDS[code] for code in profile] for profile in profiles]
    sentence = " ".join(valued(why, chosen[0], _when(watched), 0, answer) for answer in range(min(3, answers)))
    seeds = [run.seed for run in runs]
    tables = {"actions": actions_table(why, chosen, seeds), "pairs": pairs_table(why, seeds)}
    return Reply(sentence, tables, {"actions": why}, _notes(why, options), _name(outcomes, options))


def demand_actions(scenario: Scenario, known: Sequence[str], options: ExplainOptions) -> None:
    """Raise InputError where actions cannot be explained."""
    if (count := scenario.population.count) > MOST:
        raise InputError(f"outcome: the actions of at most {MOST} principals are told apart; there are {count}")
    if said := [name for name in options.outcome if name in SHARES]:
        raise InputError(f"outcome {said[0]}: an action profile says it itself; explain what follows, like welfare")
    demand_metrics([*known, PAYOFFS], options.outcome)


def demand_finite(outcomes: Floats, names: Sequence[str], where: str) -> None:
    """Raise InputError where an outcome (M, A) is unknown."""
    if (unknown := ~np.isfinite(outcomes).all(axis=0)).any():
        raise InputError(f"outcome {names[int(unknown.argmax())]}: has no value in some of what was played, {where}")


def usual_profiles(watched: Watched) -> Ints:
    """(R, N) what each did most in the last quarter of rounds; of those done as often, the one of the lower code."""
    actions = watched.decisions.actions
    late = actions[:, actions.shape[1] - _quarter(watched) :]
    counts = (late[..., None] == np.arange(len(_WORDS))).sum(axis=1)
    usual: Ints = counts.argmax(axis=2)
    return usual


def _quarter(watched: Watched) -> int:
    rounds: int = watched.decisions.actions.shape[1]
    return max(1, rounds // 4)


def _when(watched: Watched) -> str:
    rounds = watched.decisions.actions.shape[1]
    return f"what it did most in rounds {rounds - _quarter(watched)} to {rounds - 1}"


@dataclass(frozen=True)
class _Design:
    """The profiles that are played for one run."""

    profiles: Ints  # (M, N), the one that is explained first
    baseline: Baseline

    @classmethod
    def of(cls, watched: Watched, run: int, profile: Ints, options: ExplainOptions) -> "_Design":
        """All profiles of what may be chosen, if they are few enough, or some of them."""
        done = (watched.decisions.actions[run][..., None] == np.arange(len(_WORDS))).mean(axis=0)  # (N, 4)
        law = np.zeros_like(done)
        if options.baseline == "instead-of":
            law[:, Action[options.instead_of.upper()]] = 1.0
            words = f"all {options.instead_of.replace('_', '-')}"
        elif options.baseline == "as-played":
            law, words = done, "the shares of actions that each played"
        else:
            law[:, watched.decisions.available] = 1.0 / len(watched.decisions.available)
            words = "the average of all profiles"
        return cls(draw_profiles(profile, law, options.profiles), Baseline(words, law))


def draw_profiles(profile: Ints, law: Floats, budget: int) -> Ints:
    """Different profiles in which everybody does as in one profile, or as a baseline may have it.

    Args:
        profile: (N,) codes.
        law: (N, q) of the baseline.
        budget: profiles at most, 4 or more.

    Returns:
        (M, N) all of them, if there are no more than the budget; else the profile itself, the baseline's likeliest, and
        random ones: coalitions of every size alike do as in the profile, and the others are drawn by the law.
    """
    allowed = law > 0
    allowed[np.arange(len(profile)), profile] = True
    few = np.log(allowed.sum(axis=1)).sum() <= np.log(budget) + 1e-9
    others = _all(allowed) if few else _some(profile, law, budget)
    rows = np.concatenate([profile[None], law.argmax(axis=1)[None], others])
    _, first = np.unique(rows, axis=0, return_index=True)
    return rows[np.sort(first)][:budget]


def _all(allowed: Bools) -> Ints:
    grid = np.meshgrid(*(np.flatnonzero(own) for own in allowed), indexing="ij")
    return np.stack([each.ravel() for each in grid], axis=1).astype(np.int64)


def _some(profile: Ints, law: Floats, budget: int) -> Ints:
    """(3 M, N) more than are needed, as some may be the same."""
    rng = np.random.default_rng([budget, len(profile)])
    keeps = rng.random((3 * budget, len(profile))) < rng.random((3 * budget, 1))
    drawn = (rng.random((3 * budget, len(profile), 1)) > np.cumsum(law, axis=1)[:, :-1]).sum(axis=2)
    return np.where(keeps, profile, drawn)


@dataclass(frozen=True)
class _Asked:
    """Some profiles of a run, to play."""

    run: Run
    profiles: Ints  # (M, N)
    outcomes: tuple[str, ...]
    play: int
    last: int

    @property
    def piece(self) -> Piece:
        """As one ensemble."""
        return Piece(_play, self, self.play * len(self.profiles))


def _name(outcomes: Sequence[str], options: ExplainOptions) -> str:
    against = options.instead_of if options.baseline == "instead-of" else options.baseline
    played = f"{options.profiles}-of-{options.play}-rounds-last-{_counted(options)}"
    return "-".join(("actions", *outcomes, "against", against, played))


def _counted(options: ExplainOptions) -> int:
    """Rounds at the end of a play that count."""
    usual = options.play // 2 if "last" not in options.model_fields_set else options.play
    return min(options.last, max(1, usual))


def _size(count: int) -> int:
    """Profiles in a piece."""
    return max(1, min(TOGETHER, HELD // count))


def _parts(run: Run, design: _Design, outcomes: Sequence[str], options: ExplainOptions) -> list[Piece]:
    size, last = _size(run.scenario.population.count), _counted(options)
    return [_Asked(run, design.profiles[k : k + size], tuple(outcomes), options.play, last).piece
            for k in range(0, len(design.profiles), size)]  # fmt: skip


def _play(asked: _Asked, tick: Tick) -> Floats:
    """(M, A) means over the last rounds."""
    economy = Ensemble(asked.run.scenario, [asked.run.seed]).snapshot
    count = len(asked.profiles)
    series = play_profiles(economy, asked.profiles, asked.outcomes, asked.play, lambda: tick(count))
    means: Floats = series[0, :, -asked.last :].mean(axis=1)
    return means


@dataclass(frozen=True)
class _Fit:
    """A model of one outcome, and what it says of the profile that was played first."""

    played: Played
    baseline: Baseline

    @classmethod
    def of(cls, design: _Design, outcomes: Floats, names: Sequence[str], place: int) -> "_Fit":
        """Of the outcome (M,) at one place of (M, A)."""
        return cls(of_actions(design.profiles, outcomes[:, [place]], names[place : place + 1]), design.baseline)

    @property
    def piece(self) -> Piece:
        """To fit, which takes as long as some rounds."""
        return Piece(_fit, self, len(self.played.profiles), (Explanation,))


def _fit(asked: _Fit, tick: Tick) -> Explanation:
    played = asked.played
    return explain(sketch(played), played.profiles[:1], asked.baseline, observed=played.outcomes[:1])


def _provenance(runs: Sequence[Run], profiles: Ints) -> dict[str, str]:
    told = ["; ".join(_WORDS[code] for code in profile) for profile in profiles]
    return {"seeds": " ".join(str(run.seed) for run in runs), "profiles": " | ".join(told)}


def actions_table(why: Explanation, chosen: Sequence[Sequence[str]], seeds: Sequence[int]) -> pd.DataFrame:
    """A row for every run, outcome and principal: its action, what that is worth and its interval; largest first."""
    table = why.frame().rename(columns={"answer": "outcome", "reason": "principal"})
    action = [chosen[run][why.names.index(name)] for run, name in zip(table["run"], table["principal"], strict=True)]
    table.insert(3, "action", action)
    if "value_low" not in table:
        table = table.assign(value_low=table["value"], value_high=table["value"])
    return _sorted(table, seeds, -table["value"].abs())


def _sorted(table: pd.DataFrame, seeds: Sequence[int], by: pd.Series) -> pd.DataFrame:
    """A table by run, outcome as first seen and a number, with seeds in the place of runs."""
    keyed = table.assign(_by=by, _outcome=pd.factorize(table["outcome"])[0])
    order = keyed.sort_values(["run", "_outcome", "_by"], kind="stable", ignore_index=True)
    seed = order["run"].map(dict(enumerate(seeds)))
    return order.drop(columns=["run", "_by", "_outcome"]).assign(seed=seed)


def pairs_table(why: Explanation, seeds: Sequence[int]) -> pd.DataFrame:
    """Dividends of pairs of principals: below 0 one does what the other does, above 0 they need each other."""
    assert why.interactions is not None  # a sketch knows them
    first, second = np.triu_indices(len(why.names), 1)
    names = np.array(why.names, dtype=object)
    frames = [
        pd.DataFrame({
            "run": run, "outcome": why.answers[answer], "principal": names[first], "other": names[second],
            "dividend": why.interactions[run, first, second, answer],
        })
        for run in range(len(why.value)) for answer in range(len(why.answers))
    ]  # fmt: skip
    table = pd.concat(frames, ignore_index=True)
    largest = table["dividend"].abs().groupby([table["run"], table["outcome"]]).rank(ascending=False, method="first")
    kept = table[(largest <= _PAIRS) & (table["dividend"] != 0)]
    return _sorted(kept, seeds, kept["dividend"])


def _notes(why: Explanation, options: ExplainOptions) -> tuple[str, ...]:
    notes = [
        f"actions: everybody keeps to one action for {options.play} rounds, from the start of the run on the same"
        f" random numbers, policies do not react; outcomes are means of the last {_counted(options)} of them,"
        f" {why.evaluations} profiles were played.",
        "pairs: a dividend below 0 says that two together add less than each alone, as who brings the same does; it is"
        " a hint where to look, no proof.",
    ]
    if not why.exact:
        notes.append("actions: intervals are of the model of profiles not played, and hold less often than 95 %.")
    return tuple(notes)
