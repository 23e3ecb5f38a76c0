"""``commonweal learn``: one principal learns what pays against all others; what it learned is kept in a file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from commonweal.agents.errors import InputError
from commonweal.agents.threads import settle_for_one_thread
from commonweal.commands.console import say
from commonweal.economy.arena.tactics import Programme, Tactic
from commonweal.economy.learners.files import write_tactic
from commonweal.scenarios.runs.progress import progress
from commonweal.scenarios.schema.loading import load
from commonweal.scenarios.studies.training.judging import Judged, judge
from commonweal.scenarios.studies.training.training import METHODS, Training, fresh_seeds, train


@dataclass(frozen=True)
class LearnRequest:
    """What a person asks for."""

    words: Sequence[str]  # the command line, kept with the result
    scenario: str  # library name or path
    file: Path  # for what is learned
    changes: Mapping[str, Any]  # fields of the scenario, by path
    parts: Mapping[str, Any]  # of the training, where they differ from the usual
    seed: int = 0  # of the training
    held_out: int = 16  # fresh seeds that judge
    force: bool = False  # replace a file that is there


def conduct_learn(request: LearnRequest) -> None:
    """Train, judge on fresh seeds, and keep what was learned.

    Raises:
        InputError: if that is not possible.
    """
    scenario, training = load(request.scenario, request.changes), _training(request.parts)
    if request.file.exists() and not request.force:
        raise InputError(f"{request.file}: is there already; replace it with --force or name another file")
    if request.held_out < 2:
        raise InputError(f"--held-out {request.held_out}: must be 2 or more, because one seed judges by its luck")
    settle_for_one_thread()
    with progress() as tell:
        told = _Count(tell, training)
        trained = train(scenario, training, request.seed, on_rounds=told)
    found = judge(scenario, training, trained, fresh_seeds(request.seed, request.held_out))
    judged = {"gain": found.gain, "low": found.low, "high": found.high, "held_out": request.held_out}
    head = dict(trained.head) | {"command": list(request.words), "judged": judged}
    write_tactic(request.file, trained.tactic, head)
    _tell(request.file, trained.tactic, found, request.held_out)


def _training(parts: Mapping[str, Any]) -> Training:
    """The training with some parts given; InputError where one is unknown."""
    known = {part.name for part in fields(Training)} - {"ppo", "population"}
    if unknown := sorted(set(parts) - known):
        raise InputError(f"option {unknown[0]}: must be one of {', '.join(sorted(known))}")
    if (method := parts.get("method", METHODS[0])) not in METHODS:
        raise InputError(f"option method = {method!r}: must be one of {', '.join(METHODS)}")
    return Training(**parts)


class _Count:
    """Tells how many rounds were played."""

    def __init__(self, tell: Any, training: Training) -> None:
        self.tell, self.done = tell, 0
        self.all = (training.updates + 1) * training.horizon * training.runs

    def __call__(self, rounds: int) -> None:
        self.done = min(self.done + rounds, self.all)
        self.tell("rounds of training", self.done, self.all)


def _tell(file: Path, tactic: Tactic, found: Judged, seeds: int) -> None:
    """Say what was learned, and what it brings."""
    if isinstance(tactic, Programme):
        plan = [f"{tactic.moves.at(codes).name} from round {start + 1}" for start, codes in tactic.steps]
        say(f"It learned: {'; '.join(plan)}.")
    say(found.sentence(seeds))
    say(f"tactic  {file}", 8)
    say(f"as a policy  policy.mix = {{\"learned:{file}\" = 1.0}}", 13)
