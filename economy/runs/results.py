"""What is kept of a run: tidy frames that load in pandas, and the notebook that fills them round by round."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from commonweal.agents.actions import Action
from commonweal.agents.arrays import AnyArray, Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.agents.population import Population
from commonweal.economy.money.ledger import MICRO, Transfer, entries
from commonweal.economy.round.record import Record
from commonweal.economy.runs.metrics import broken_limits, round_metrics
from commonweal.economy.tasks import Batch, names_of
from commonweal.economy.world.world import State, World

PROFILE_SNAPSHOTS = 40  # of the value profiles, in a run
_SHOWN = ("share_delegate", "share_free_ride", "share_defect", "share_abstain", "accuracy", "welfare", "gini")
_ROWS = 12  # of a table in a notebook


@dataclass(frozen=True)
class Results:
    """Frames of R runs; the column ``run`` counts from 0."""

    rounds: pd.DataFrame  # one row per run and round: the metrics
    principals: pd.DataFrame  # one row per run and principal, at the end
    profiles: pd.DataFrame  # run, round, principal, dimension, limit
    ledger: pd.DataFrame | None  # every transfer: run, round, source, target, amount (micro-units), reason
    balances: pd.DataFrame | None  # run, account, balance (micro-units), at the end
    wire: pd.DataFrame | None  # one row per run, round and node: what went over the wire; None without one

    def _repr_html_(self) -> str:
        """Means over the last quarter of rounds, a row a run, for notebooks."""
        if self.rounds.empty:
            return "<p>No round was played.</p>"
        left = self.rounds.groupby("run").cumcount(ascending=False)
        played = self.rounds.groupby("run")["round"].transform("size")
        called = {name: told for name, told in self.shown().items() if name in self.rounds}
        means = self.rounds[left < np.ceil(played / 4)].groupby("run")[list(called)].mean().reset_index()
        means = means.rename(columns=called)
        table = means.head(_ROWS).to_html(index=False, border=0, float_format="{:.3g}".format)
        more = f"<p>… and {len(means) - _ROWS} more runs</p>" if len(means) > _ROWS else ""
        return f"<p>{len(means)} runs, {played.max()} rounds; means over the last quarter of them</p>{table}{more}"

    def shown(self) -> dict[str, str]:
        """The metrics that notebooks show, and what they are called."""
        return {name: name for name in _SHOWN}


class Notebook:
    """Takes notes while runs are played."""

    def __init__(self, world: World, opening: tuple[Transfer, ...], rounds: int, ledger: bool) -> None:
        self._world = world
        self._every = max(1, rounds // PROFILE_SNAPSHOTS)
        self._rounds: list[dict[str, Floats]] = []  # a round: (R,) by metric
        self._numbers: list[int] = []  # of the rounds
        self._profiles: list[tuple[int, Floats]] = []
        self._entries: list[dict[str, AnyArray]] | None = [] if ledger else None
        self._wire: list[dict[str, Ints]] = []  # a round: (J,) by name, where nodes hold the samples
        if self._entries is not None and opening:
            self._entries.append(entries(opening, 0))
        summed = ("delegated", "credit", "payments", "payoff", "reward", "put", "right", "value_cost", "violated")
        requests = ("met", "gave")
        self._sums = {name: np.zeros(world.shape) for name in (*summed, *requests)}

    def note(self, record: Record, before: State, after: State, people: Population) -> None:
        """Take in one round."""
        metrics = round_metrics(record, before, after, people, self._world)
        self._rounds.append(metrics)
        self._numbers.append(record.round)
        if record.round % self._every == 0 and len(self._world.senses):
            self._profiles.append((record.round, people.limits))
        if self._entries is not None:
            self._entries.append(entries(record.payday.transfers, record.round))
        if (nodes := self._world.nodes) is not None:
            self._wire.append({**vars(nodes.taken()), "lost": (~nodes.present).astype(np.int64)})
        self._sums["delegated"] += record.actions == Action.DELEGATE
        self._sums["credit"] += record.produce.credit
        self._sums["payments"] += record.payday.payments / MICRO
        self._sums["payoff"] += record.payday.payoffs
        self._sums["reward"] += record.payday.rewards
        self._sums["put"] += record.produce.put.total
        if (cost := record.payday.value_cost) is not None:
            self._sums["value_cost"] += cost
        if (told := record.notes.get("reciprocity")) is not None:
            self._sums["met"] += told.meets
            self._sums["gave"] += told.meets & told.gave
        if record.lesson is not None:
            self._note_quality(record.lesson.batch)
            if len(self._world.senses):
                self._sums["violated"] += broken_limits(record, people, self._world).any(axis=2)

    def results(self, state: State, people: Population) -> Results:
        """The frames, after the last round."""
        balances = _matrix_frame(state.ledger.balances, "account", "balance") if self._entries is not None else None
        ledger = None
        if self._entries is not None:
            ledger = pd.concat([pd.DataFrame(columns) for columns in self._entries], ignore_index=True)
        frames = self._round_frame(), self._principals(state, people), self._profile_frame()
        return Results(*frames, ledger, balances, self._wire_frame())

    def _note_quality(self, batch: Batch) -> None:
        """Count the samples put in whose label is the data's own."""
        principals = self._world.shape[1]
        run = np.arange(len(batch.owner))[:, None]
        truth = self._world.truth[run % len(self._world.truth), batch.sample]
        right = (batch.label == truth) & (batch.owner >= 0)
        if batch.junk is not None:
            right &= ~batch.junk
        place = (batch.owner + principals * run)[right]
        counted = np.bincount(place, minlength=self._sums["right"].size)
        self._sums["right"] += counted.reshape(self._sums["right"].shape)

    def _principals(self, state: State, people: Population) -> pd.DataFrame:
        ledger = state.ledger
        runs, principals = people.shape
        played = max(1, len(self._rounds))
        labelled = self._world.market.learns  # without a task there are no labels to be right or wrong
        with np.errstate(invalid="ignore"):
            quality = self._sums["right"] / self._sums["put"] if labelled else np.full(people.shape, np.nan)
        names = np.array(self._world.terms.policy.names)
        columns = {
            "run": np.repeat(np.arange(runs), principals),
            "principal": np.tile(np.arange(principals), runs),
            **({"owner": np.tile(names_of(self._world), runs)} if self._world.holdings.owner_names else {}),
            "policy": names[people.policy],
            "cost": people.cost,
            "action": np.array([action.name.lower() for action in Action])[people.action],
            "samples_held": self._world.holdings.count,
            "data_quality": quality,
            "delegated_share": self._sums["delegated"] / played,
            "credit": self._sums["credit"],
            "payments": self._sums["payments"],
            "payoff": self._sums["payoff"],
            "contributed": state.membership.contributed,
            "joined": state.membership.joined,
            "reward": self._sums["reward"] / played,
            "balance": ledger.principals / MICRO,
            "escrow": ledger.escrows / MICRO,
            "reputation": people.reputation,
        }
        if (known := state.mechanisms.get("reciprocity")) is not None:
            image = known.image if known.opinions is None else known.esteem
            columns |= {"image": image, "requests": self._sums["met"], "given": self._sums["gave"]}
        if len(self._world.senses):
            columns["violated"] = self._sums["violated"] / played
        if people.minds:
            columns |= {"value_cost": self._sums["value_cost"], "utility": columns["payoff"] - self._sums["value_cost"]}
        if self._world.terms.values.camps:
            columns["camp"] = people.camp
        return pd.DataFrame({name: np.ravel(values) for name, values in columns.items()})

    def _round_frame(self) -> pd.DataFrame:
        if not self._rounds:
            return pd.DataFrame()
        courses = {name: np.stack([metrics[name] for metrics in self._rounds], axis=1) for name in self._rounds[0]}
        runs, played = next(iter(courses.values())).shape
        labels = {"run": np.repeat(np.arange(runs), played), "round": np.tile(self._numbers, runs)}
        return pd.DataFrame({**labels, **{name: course.ravel() for name, course in courses.items()}})

    def _wire_frame(self) -> pd.DataFrame | None:
        """Every node's part of every round; of frames, which carry all runs at once, each run counts an equal part."""
        if (nodes := self._world.nodes) is None:
            return None
        runs, count, played = self._world.shape[0], nodes.roster.nodes, len(self._wire)
        principals = np.bincount(nodes.roster.node, minlength=count)
        labels = {
            "run": np.repeat(np.arange(runs), played * count),
            "round": np.tile(np.repeat(self._numbers, count), runs),
            "node": np.tile(np.arange(count), runs * played),
            "principals": np.tile(principals, runs * played),
            "bytes_federated": np.tile((1 + principals) * nodes.model_bytes, runs * played),
        }
        if principals.max(initial=0) == 1:
            alone = np.full(count, -1)
            alone[nodes.roster.node] = np.arange(len(nodes.roster.node))
            labels["principal"] = np.tile(alone, runs * played)
        names = list(self._wire[0]) if self._wire else []
        noted = {name: np.tile(np.concatenate([told[name] for told in self._wire]), runs) for name in names}
        frame = pd.DataFrame({**labels, **noted})
        sizes = [name for name in names if name.endswith(("down", "up"))]
        frame[sizes] = frame[sizes] / runs
        return frame.rename(columns={name: f"bytes_{name}" for name in sizes}).astype({"round": np.int64})

    def _profile_frame(self) -> pd.DataFrame:
        frames = []
        for number, limits in self._profiles:
            run, principal, dimension = np.indices(limits.shape).reshape(3, -1)
            columns = {"run": run, "round": number, "principal": principal, "dimension": dimension}
            frames.append(pd.DataFrame({**columns, "limit": limits.ravel()}))
        names = ["run", "round", "principal", "dimension", "limit"]
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=names)


def _matrix_frame(matrix: AnyArray, column: str, value: str) -> pd.DataFrame:
    run, place = np.indices(matrix.shape).reshape(2, -1)
    return pd.DataFrame({"run": run, column: place, value: matrix.ravel()})


def rounds_to_play(rounds: Any, usual: int) -> int:
    """How many rounds are asked for.

    Args:
        rounds: as somebody gave it; None for as many as the scenario says.
        usual: what the scenario says.

    Raises:
        InputError: if it is not a whole number from 0.
    """
    if rounds is None:
        return usual
    if isinstance(rounds, bool) or not isinstance(rounds, int | np.integer) or rounds < 0:
        raise InputError(f"rounds = {rounds!r}: must be a whole number from 0")
    return int(rounds)
