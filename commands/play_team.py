"""What ``commonweal play software-team`` does: a project played selfishly or by a deal, or a division explained."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.agents.errors import InputError, shown
from commonweal.commands.console import width
from commonweal.commands.play import talks_of
from commonweal.economy.money.ledger import MICRO
from commonweal.economy.negotiation import NEGOTIATORS
from commonweal.scenarios.games.product_game import shares_of_team, substitutes_behind
from commonweal.scenarios.games.project import Project
from commonweal.scenarios.games.project_log import EXAMPLE, read_project
from commonweal.scenarios.games.software_team import REWARD, SoftwareTeam, name_of
from commonweal.scenarios.runs.text_table import MISSING, Column, in_a_row, lines, wrapped

_ROUNDED = 0.5  # per cent by which shares that were rounded may miss 100


@dataclass(frozen=True)
class TeamRequest:
    """What is asked."""

    negotiator: str | None = None  # who speaks for all owners; None where they do not talk
    log: Path | None = None  # the library's example if None
    reward: float | None = None  # money; 100 if None
    division: str | None = None  # per cent of each owner; what it presupposes is asked if given
    nobody: float | None = None  # what nobody at all is worth, of the whole; what the log says if None

    @property
    def given(self) -> list[str]:
        """The options that no other game has and that were given."""
        named = {"log": self.log, "reward": self.reward, "division": self.division, "nobody": self.nobody}
        return [f"--{name}" for name, value in named.items() if value is not None]


def play_team(request: TeamRequest) -> list[str]:
    """Play the project, or say what a division of its reward presupposes.

    Raises:
        InputError: if the log, the reward, the division or the negotiator cannot be, or do not go together.
    """
    project = read_project(request.log or EXAMPLE)
    if request.division is not None:
        _require_nothing_played(request)
        shares = read_division(request.division, project.owners)
        return presupposed(project, shares, request.nobody)
    if request.nobody is not None:
        raise InputError("--nobody is of --division: give both, or neither")
    speakers = None if request.negotiator is None else [NEGOTIATORS[request.negotiator]()] * len(project.owners)
    reward = REWARD if request.reward is None else request.reward
    team = SoftwareTeam(project, reward, negotiated=speakers is not None, negotiators=speakers)
    while team.running:
        team.step()
    return [*wrapped(sentence(team), width()), "", *talks_of(team), "", *lines(columns(team), width())]


def _require_nothing_played(request: TeamRequest) -> None:
    """Raise InputError where a division comes with an option of a game."""
    played = {"--negotiated": request.negotiator, "--reward": request.reward}
    if given := [name for name, value in played.items() if value is not None]:
        raise InputError(f"{given[0]} does not go with --division, which plays no game: leave one of them out")


def sentence(team: SoftwareTeam) -> str:
    """What came of it, in a sentence or two."""
    alone = team.plans[0]
    skipped = ((name, team.project.skipped(alone, seat)) for seat, name in enumerate(team.players))
    skipping = [f"{name} skips {in_a_row(stages)}" for name, stages in skipped if stages]
    habit = in_a_row(skipping) if skipping else "nobody skips anything"
    selfish = f"{habit}, and the project is worth {team.worth(alone):.4g} of {team.reward:.4g}"
    if team.talks is None:
        return f"Paid by completions and each for itself, {selfish}."
    if team.deal is None:
        return f"No deal: paid by completions and each for itself, {selfish}."
    transfers = np.array(team.deal.transfers) / MICRO
    paid, payer = int(transfers.argmax()), int(transfers.argmin())
    prices = (
        f" {team.players[paid]} is paid {transfers[paid]:.2f}; {team.players[payer]} pays {-transfers[payer]:.2f}."
        if transfers.any()
        else ""
    )
    together = f"{name_of(team.project, team.plan)} and the project is worth {team.worth(team.plan):.4g}"
    return f"By a deal {together}; each for itself, {selfish}.{prices}"


def columns(team: SoftwareTeam) -> list[Column]:
    """A row an owner: its stages, its shares, and what it has each for itself and, if they talked, by the deal."""
    project, alone = team.project, team.plans[0]
    seats = range(len(team.players))
    both = [
        Column("owner", team.players, number=False),
        Column("stages", [", ".join(np.array(project.stages)[project.owned == seat]) for seat in seats], False, 2),
        Column("completed %", _percent(project.completions), rank=1),
        Column("Shapley %", _percent(team.shapley_shares), rank=1),
        Column("effort", [f"{effort:.2f}" for effort in project.efforts @ project.owns], rank=1),
        Column("alone: skips", [", ".join(project.skipped(alone, seat)) or MISSING for seat in seats], False, 1),
        Column("alone: has", [f"{each:.2f}" for each in team.outside]),
    ]
    if team.deal is None:
        return both
    prices = [f"{transfer / MICRO:+.2f}" for transfer in team.deal.transfers]
    skipped = [", ".join(project.skipped(team.plan, seat)) or MISSING for seat in seats]
    has = [f"{each:.2f}" for each in team.payoffs]
    return [*both, Column("deal: skips", skipped, False, 1), Column("transfer", prices), Column("deal: has", has)]


def read_division(text: str, owners: tuple[str, ...]) -> Floats:
    """(n,) shares that sum to 1, of per cents separated by commas.

    Raises:
        InputError: if they are no division among so many owners.
    """
    try:
        shares = np.array([float(part.strip().removesuffix("%")) for part in text.split(",")])
    except ValueError:
        raise InputError(f"division = {shown(text)}: must be per cents like 10,15,20,30,20,5") from None
    if len(shares) != len(owners):
        raise InputError(f"division has {len(shares)} shares: must have {len(owners)}, of {', '.join(owners)}")
    for owner, share in zip(owners, shares, strict=True):
        if not 0 <= share <= 100 + _ROUNDED:
            raise InputError(f"division: {owner}'s share = {share:g}: must be from 0 to 100 per cent")
    if abs(shares.sum() - 100) > _ROUNDED:
        raise InputError(f"division sums to {shares.sum():.6g}: must sum to 100 per cent")
    found: Floats = shares / shares.sum()
    return found


def presupposed(project: Project, shares: Floats, nobody: float | None) -> list[str]:
    """Which substitutes make a division (n,) Shapley's, and which the log has.

    Raises:
        InputError: if nobody at all can be worth nothing or as much as the team.
    """
    logged = project.members
    if nobody is None:
        nobody = float(logged.prod())
        if not 0 < nobody < 1:
            raise InputError(f"by the log nobody at all is worth {nobody:g}: give --nobody, between 0 and 1")
    needed = substitutes_behind(shares, nobody)
    apart = int(np.abs(needed - logged).argmax())
    told = (
        f"This division is Shapley's if nobody at all is worth {nobody:.4g} of the whole and substitutes are as good "
        f"as the table says. It is furthest from the log in {project.owners[apart]}, whose work a substitute would "
        f"have to do at {needed[apart]:.3f} of its quality, not at {logged[apart]:.3f}."
    )
    table = [
        Column("owner", project.owners, number=False),
        Column("division %", _percent(shares)),
        Column("substitute it presupposes", [f"{each:.4f}" for each in needed]),
        Column("substitute in the log", [f"{each:.4f}" for each in logged]),
        Column("Shapley % of the log", _percent(shares_of_team(logged)), rank=1),
        Column("completed %", _percent(project.completions), rank=1),
    ]
    return [*wrapped(told, width()), "", *lines(table, width())]


def _percent(shares: Floats) -> list[str]:
    return [f"{100 * share:.1f}" for share in shares]
