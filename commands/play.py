"""What ``commonweal play`` does: plays a small game once and tells what was said and what everybody has of it."""

from commonweal.agents.errors import InputError
from commonweal.economy.money.ledger import MICRO
from commonweal.economy.negotiation import NEGOTIATORS, Move, Situation
from commonweal.scenarios.games.escape_room import EscapeRoom
from commonweal.scenarios.games.negotiated_game import NegotiatedGame
from commonweal.scenarios.games.raid_battle import RaidBattle

GAMES = {
    "escape-room": "one of two can leave, if the other stays and holds the lever",
    "raid-battle": "four heroes against a boss; who protects the others does no damage, and damage is what pays",
    "software-team": "six owners of a project's stages; who reviews completes little, and completions are what pays",
}
TEAM = "software-team"


def list_games() -> list[str]:
    """A line for each game."""
    return [f"{name:<{max(map(len, GAMES))}}  {what}" for name, what in GAMES.items()]


def play(name: str, negotiator: str | None, boss: float, seed: int) -> list[str]:
    """Play a game and say what happened; ``commonweal.commands.play_team`` does for the software team.

    Args:
        name: of ``GAMES``, but the software team.
        negotiator: name of who speaks for all players; None where they do not talk.
        boss: health of the boss, in raid-battle.
        seed: of all luck.

    Raises:
        InputError: if there is no such game or negotiator.
    """
    if name not in GAMES:
        raise InputError(f"unknown game {name!r}: must be one of {', '.join(GAMES)}")
    players = 2 if name == "escape-room" else 4
    speakers = None if negotiator is None else [NEGOTIATORS[negotiator]()] * players
    game: NegotiatedGame
    if name == "escape-room":
        game = EscapeRoom(negotiated=speakers is not None, negotiators=speakers, rng=seed)
        game.step()
        return [*talks_of(game), *_payoffs(game)]
    raid = RaidBattle(boss, negotiated=speakers is not None, negotiators=speakers, rng=seed)
    while raid.running:
        raid.step()
    outcome = "won" if raid.battle.boss[0] <= 0 else "lost"
    return [*talks_of(raid), f"{outcome} in turn {raid.battle.turn}: team reward {raid.score:g}", *_payoffs(raid)]


def talks_of(game: NegotiatedGame) -> list[str]:
    """What was said before a game, a line a move, and whether it binds."""
    if game.talks is None:
        return ["nobody talks"]
    said = [_sentence(move, game.talks.situation) for move in game.talks.said]
    return [*said, "no deal" if game.deal is None else "a deal, in escrow and binding"]


def _sentence(move: Move, situation: Situation) -> str:
    words = f" ({' '.join(move.words.split())})" if move.words else ""
    text = f"{situation.parties[move.party]}: {move.kind}{words}"
    if move.proposal is None:
        return text
    prices = ", ".join(f"{t / MICRO:+g}" for t in move.proposal.transfers)
    return f"{text}: {situation.courses[move.proposal.course].name}, with transfers {prices}"


def _payoffs(game: NegotiatedGame) -> list[str]:
    width = max(map(len, game.players))
    return [f"{name:<{width}}  {amount:+.2f}" for name, amount in zip(game.players, game.payoffs, strict=True)]
