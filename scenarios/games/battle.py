"""The rules of a raid: four heroes against a boss for ten turns, many battles at once, all luck an argument.

Raid Battle of Shapley-Coop (Hua et al. 2025, arXiv 2506.07388).
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from commonweal.agents.arrays import Bools, Floats, Ints

HEROES = 4
TURNS = 10
HEALTH = 400.0  # of a hero
FIREBALL = (100.0, 150.0)  # least and most damage
HEAL = (150.0, 200.0)  # least and most health given back
COOLDOWN = 3  # turns for which who taunted cannot taunt again
BLOW = 200.0  # to each of the two weakest heroes
GLANCE = 100.0  # to a hero that taunts, and then to nobody else
WOUNDED = 200.0  # health at which healers heal
LOST = -100.0  # team reward of a lost battle


class Role(IntEnum):
    """What a hero does; tanks and healers throw fireballs in turns in which there is nothing else to do."""

    FIGHTER = 0
    TANK = 1
    HEALER = 2


@dataclass(frozen=True)
class Battle:
    """B battles. Arrays are replaced, never written to."""

    boss: Floats  # (B,) health left
    health: Floats  # (B, 4) of heroes
    ready: Ints  # (B, 4) turn from which each may taunt
    damage: Floats  # (B, 4) done by each hero
    score: Floats  # (B,) team reward; nan while fighting
    turn: int = 0  # turns played

    @property
    def over(self) -> Bools:
        """(B,) whether it is won or lost."""
        return ~np.isnan(self.score)


def muster(boss: float, battles: int) -> Battle:
    """Battles before the first turn, against a boss of so much health."""
    shape = (battles, HEROES)
    fighting = np.full(battles, np.nan)
    return Battle(np.full(battles, boss), np.full(shape, HEALTH), np.zeros(shape, np.int64), np.zeros(shape), fighting)


def fight_turn(battle: Battle, roles: Ints, luck: Floats) -> Battle:
    """One turn: the heroes act one after another, then the boss strikes.

    Args:
        battle: before.
        roles: (4,) or (B, 4) role of each hero.
        luck: (B, 4) uniform numbers in [0, 1), one for each hero.

    Returns:
        Battles after the turn; those that were over before stay as they are.
    """
    roles = np.broadcast_to(roles, battle.health.shape)
    health, ready, damage = battle.health.copy(), battle.ready.copy(), battle.damage.copy()
    taunter = np.full(len(health), -1)
    row = np.arange(len(health))
    for hero in range(HEROES):
        alive = health[:, hero] > 0
        taunts = alive & (roles[:, hero] == Role.TANK) & (ready[:, hero] <= battle.turn) & (taunter < 0)
        weakest = _by_weakness(health)[:, 0]
        heals = alive & (roles[:, hero] == Role.HEALER) & (health[row, weakest] <= WOUNDED)
        taunter[taunts], ready[taunts, hero] = hero, battle.turn + 1 + COOLDOWN
        given = np.where(heals, _between(HEAL, luck[:, hero]), 0.0)
        health[row, weakest] = np.minimum(health[row, weakest] + given, HEALTH)
        damage[:, hero] += np.where(alive & ~taunts & ~heals, _between(FIREBALL, luck[:, hero]), 0.0)
    boss = battle.boss - (damage - battle.damage).sum(axis=1)
    won = boss <= 0
    health = np.where(won[:, None], health, np.maximum(health - _blows(health, taunter), 0.0))
    dead = (health <= 0).sum(axis=1)
    lost = (dead == HEROES) | (battle.turn + 1 == TURNS)
    reward = 100.0 * (1 - dead / HEROES - battle.turn / TURNS)
    score = np.where(won, reward, np.where(lost, LOST, np.nan))
    still, each = ~battle.over, ~battle.over[:, None]
    return Battle(
        boss=np.where(still, boss, battle.boss),
        health=np.where(each, health, battle.health),
        ready=np.where(each, ready, battle.ready),
        damage=np.where(each, damage, battle.damage),
        score=np.where(still, score, battle.score),
        turn=battle.turn + 1,
    )


def fight(boss: float, roles: Ints, luck: Floats) -> Battle:
    """Whole battles, with luck (B, 10, 4)."""
    battle = muster(boss, len(luck))
    for turn in range(TURNS):
        battle = fight_turn(battle, roles, luck[:, turn])
    return battle


def rewards(battle: Battle) -> Floats:
    """(B, 4) what each hero gets: the reward of a won battle goes by damage done, a lost one costs all the same."""
    share = battle.damage / np.maximum(battle.damage.sum(axis=1, keepdims=True), 1.0)
    won = (battle.boss <= 0)[:, None]
    reward: Floats = battle.score[:, None] * np.where(won, share, 1 / HEROES)
    return reward


def _blows(health: Floats, taunter: Ints) -> Floats:
    """(B, 4) what the boss does: a glance at who taunts, else a blow to each of the two weakest."""
    hero = np.arange(HEROES)
    struck = (_by_weakness(health)[:, :2, None] == hero).any(axis=1)
    blows: Floats = np.where(taunter[:, None] < 0, BLOW * struck, GLANCE * (taunter[:, None] == hero))
    return blows


def _by_weakness(health: Floats) -> Ints:
    """(B, 4) heroes from the weakest on, the dead last."""
    return np.argsort(np.where(health > 0, health, np.inf), axis=1, kind="stable")


def _between(ends: tuple[float, float], uniform: Floats) -> Floats:
    drawn: Floats = ends[0] + (ends[1] - ends[0]) * uniform
    return drawn
