"""The tables of the study: designs against the references, who is served, who is in the way, and how values move."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from commonweal.agents.actions import Action
from commonweal.agents.arrays import AnyArray, Bools, Floats
from commonweal.scenarios.runs.intervals import ANYWHERE, POSITIVE, SHARE, Interval, Range, mean_interval
from commonweal.scenarios.studies.compare.ranking import rank_sets
from commonweal.scenarios.studies.pluralism.designs import FREE, UNSCREENED, Design
from commonweal.scenarios.studies.pluralism.measures import by_tenth, leximin_better, nash_welfare
from commonweal.scenarios.studies.pluralism.playing import Played

_PLACES = 40  # rounds of a course of limits, at most
_GOOD = {"delegating": 1.0, "accuracy": 1.0, "violated": -1.0}  # whether more of it is better


@dataclass(frozen=True)
class Judged:
    """A cooperative and what became of it."""

    design: Design
    played: Played

    @property
    def name(self) -> str:
        """Of the design."""
        return self.design.name

    def outcomes(self) -> dict[str, Floats]:
        """(S,) what is compared: late means."""
        utility = self.played.people["utility"]
        return {
            "delegating": self.played.share("delegating"),
            "accuracy": self.played.late(self.played.accuracy),
            "violated": self.played.share("violated"),
            "away": self.played.share("away"),
            "utility": utility.mean(axis=1),
        }


RANGES = {"delegating": SHARE, "accuracy": SHARE, "violated": SHARE, "away": SHARE, "utility": ANYWHERE}


def of_one(values: Floats, name: str, within: Range = ANYWHERE) -> dict[str, float]:
    """Columns of a row: the mean of (S,) and its interval."""
    return {column: float(end) for column, end in mean_interval(values, within=within).columns(name).items()}


def frontier(judged: Sequence[Judged]) -> pd.DataFrame:
    """A row per cooperative, the references first: accuracy, violations and participation, and who is on the frontier.

    A design is on it unless another is surely better by one of the three and by none of them worse on average.
    """
    on = _undominated([each.outcomes() for each in judged if each.name not in (FREE, UNSCREENED)])
    rows, number = [], 0
    for each in judged:
        columns: dict[str, Any] = {}
        for name, values in each.outcomes().items():
            columns |= of_one(values, name, RANGES[name])
        compared = each.name not in (FREE, UNSCREENED)
        said = {"design": each.name, "frontier": bool(on[number]) if compared else None}
        number += compared
        rows.append(said | columns | dict(each.design.fields))
    return pd.DataFrame(rows)


def _undominated(outcomes: Sequence[Mapping[str, Floats]]) -> Bools:
    """(M,) which designs no other is surely better than by something, and by nothing worse on average."""
    values = np.stack([[sign * each[name] for name, sign in _GOOD.items()] for each in outcomes])  # (M, 3, S)
    ahead = mean_interval(np.moveaxis(values[:, None] - values[None], 3, 0))  # (M, M, 3)
    dominates = (ahead.low > 0).any(axis=2) & (ahead.value >= 0).all(axis=2)
    undominated: Bools = np.logical_not(dominates.any(axis=0))
    return undominated


def differences(judged: Sequence[Judged]) -> pd.DataFrame:
    """A row per cooperative and reference: by how much it differs in the same seeds.

    ``accuracy_kept`` is the accuracy over the reference's. Utility is not compared with members whose values count
    nothing, since there it is money.
    """
    by_name = {each.name: each.outcomes() for each in judged}
    rows = []
    for reference in (FREE, UNSCREENED):
        usual = by_name[reference]
        for name, own in by_name.items():
            if name in (reference, FREE):
                continue
            columns: dict[str, Any] = {"design": name, "reference": reference}
            for outcome in ("delegating", "accuracy", "violated", "utility"):
                change = own[outcome] - usual[outcome]
                if outcome == "utility" and reference == FREE:
                    change = np.full_like(change, np.nan)
                columns |= of_one(change, outcome, RANGES[outcome].of_differences)
            with np.errstate(invalid="ignore", divide="ignore"):
                columns |= of_one(own["accuracy"] / usual["accuracy"], "accuracy_kept", POSITIVE)
            rows.append(columns)
    return pd.DataFrame(rows)


def served(judged: Sequence[Judged]) -> pd.DataFrame:
    """A row per cooperative and group: share of rounds violated and delegating, and utility, of its members."""
    rows = []
    for each in judged:
        for trait, group, members in groups(each.played):
            columns: dict[str, Any] = {"design": each.name, "trait": trait, "group": group,
                                       "principals": float(members.sum(axis=1).mean())}  # fmt: skip
            for name in ("violated", "delegating", "utility"):
                columns |= of_one(_mean_of(each.played.people[name], members), name, RANGES[name])
            rows.append(columns)
    return pd.DataFrame(rows)


def groups(played: Played) -> Iterator[tuple[str, str, Bools]]:
    """Trait, group and members (S, N) of every group that anybody is in."""
    yield "everybody", "all", np.ones(played.camp.shape, dtype=np.bool_)
    if played.limits.shape[2] > 1:
        for camp in range(played.limits.shape[2]):
            yield "camp", f"camp {camp}", played.camp == camp
    if len(played.policies) > 1:
        for place, name in enumerate(played.policies):
            yield "policy", name, played.policy == place
    for action in Action:
        if (members := played.action == action).any():
            yield "action at the end", action.name.lower(), members


def _mean_of(values: Floats, members: Bools) -> Floats:
    """(S,) mean of (S, N) over members; nan in seeds without any."""
    with np.errstate(invalid="ignore"):
        mean: Floats = (values * members).sum(axis=1) / members.sum(axis=1)
    return mean


def welfare(judged: Sequence[Judged]) -> pd.DataFrame:
    """A row per cooperative in which principals mind: Nash welfare, and the ranks it may have by leximin of tenths."""
    minding = [each for each in judged if each.name != FREE]
    ordered = np.stack([by_tenth(each.played.people["utility"]) for each in minding], axis=1)  # (S, M, J)
    first, last = rank_sets(leximin_better(ordered))
    rows = []
    for place, each in enumerate(minding):
        people = each.played.people
        found = nash_welfare(people["utility"], people["outside"])
        columns = of_one(found.value, "nash_welfare", POSITIVE) | of_one(found.above, "with_surplus", SHARE)
        columns |= of_one(found.of_those, "nash_of_those", POSITIVE) | of_one(ordered[:, place, 0], "worst_off")
        rows.append({"design": each.name, **columns, "leximin_first": first[place], "leximin_last": last[place]})
    return pd.DataFrame(rows)


def tyranny(judged: Sequence[Judged], relaxed: Mapping[str, Played]) -> pd.DataFrame:
    """A row per design: accuracy lost to the strictest, who in ``relaxed`` claim the next ones' limits."""
    rows = []
    for each in judged:
        if (without := relaxed.get(each.name)) is None:
            continue
        own, other = each.outcomes(), Judged(each.design, without).outcomes()
        columns = of_one(own["accuracy"], "accuracy", SHARE) | of_one(other["accuracy"], "accuracy_without", SHARE)
        columns |= of_one(other["accuracy"] - own["accuracy"], "tyranny", SHARE.of_differences)
        for name in ("delegating", "violated", "utility"):
            columns |= of_one(other[name] - own[name], f"{name}_more_without", RANGES[name].of_differences)
        rows.append({"design": each.name, **columns})
    return pd.DataFrame(rows)


def erosion(played: Mapping[float, Played], senses: AnyArray) -> pd.DataFrame:
    """A row per rate of experience and value dimension: how far limits loosen, and who is violated by the first ones.

    ``by_gain`` is how much further they loosen than at the first rate, in the same seeds; below 0 they tighten.

    Args:
        played: by rate.
        senses: (K,) +1 where a higher limit is stricter, −1 where a lower one is.
    """
    rows = []
    usual: Floats | None = None  # (S, K) at the first rate
    for rate, each in played.items():
        sizes = np.stack([(each.camp == camp).sum(axis=1) for camp in range(each.limits.shape[2])], axis=1)  # (S, C)
        means = (np.nan_to_num(each.limits) * sizes[:, None, :, None]).sum(axis=2) / sizes.sum(axis=1)[:, None, None]
        by_first = _of_everybody(each, "first_violated", sizes)
        loosened = senses * (means[:, 0] - means[:, -1])  # (S, K)
        usual = loosened if usual is None else usual
        for k in range(len(senses)):
            columns = of_one(means[:, 0, k], "mean_limit_at_first") | of_one(means[:, -1, k], "mean_limit_at_last")
            columns |= of_one(loosened[:, k], "loosened") | of_one(loosened[:, k] - usual[:, k], "by_gain")
            columns |= of_one(each.share("violated"), "violated", SHARE) | of_one(by_first, "violated_by_first", SHARE)
            rows.append({"experience": rate, "dimension": k, **columns})
    return pd.DataFrame(rows)


def _of_everybody(played: Played, name: str, sizes: AnyArray) -> Floats:
    """(S,) late mean of a camps' share over all principals."""
    late = np.nan_to_num(played.late(played.camps[name]))
    mean: Floats = (late * sizes).sum(axis=1) / sizes.sum(axis=1)
    return mean


Setting = tuple[str, float]  # influence, homophily


def camps(played: Mapping[Setting, Played]) -> pd.DataFrame:
    """A row per setting and camp: who leaves, who is violated, and how far apart camps are at first and at last."""
    rows = []
    for (influence, homophily), each in played.items():
        for camp in range(each.limits.shape[2]):
            columns: dict[str, Any] = {"influence": influence, "homophily": homophily, "camp": camp}
            for name in ("away", "violated"):
                columns |= of_one(each.late(each.camps[name][..., camp]), name, SHARE)
            columns |= of_one(_mean_of(each.people["utility"], each.camp == camp), "utility")
            rows.append(columns)
    return pd.DataFrame(rows)


VERDICTS = ("influence", "exit", "both", "neither surely")


def influence_or_exit(played: Mapping[Setting, Played]) -> pd.DataFrame:
    """A row per setting: how much closer camps come, how many stay away of the camp of which most do, and what wins."""
    rows = []
    for (influence, homophily), each in played.items():
        apart = _apart(each.limits)
        with np.errstate(invalid="ignore", divide="ignore"):
            closer = 1 - apart[:, -1] / apart[:, 0]  # (S, K)
        away = each.late(each.camps["away"])  # (S, C)
        camp = int(np.nanmean(away, axis=0).argmax())
        columns = of_one(np.nanmean(closer, axis=1), "closer") | of_one(away[:, camp], "away", SHARE)
        wins = (columns["closer_low"] > 0.5, columns["away_low"] > 0.5)
        verdict = {(True, False): 0, (False, True): 1, (True, True): 2, (False, False): 3}[wins]
        rows.append({"influence": influence, "homophily": homophily, "wins": VERDICTS[verdict], **columns,
                     "leaving_camp": camp})  # fmt: skip
    return pd.DataFrame(rows)


def _apart(limits: Floats) -> Floats:
    """(S, T, K) spread between the camps' mean limits (S, T, C, K)."""
    apart: Floats = np.nanmax(limits, axis=2) - np.nanmin(limits, axis=2)
    return apart


def spreads(played: Mapping[Setting, Played]) -> pd.DataFrame:
    """A row per setting, value dimension and round: the spread between the camps' mean limits."""
    tables = []
    for (influence, homophily), each in played.items():
        apart = _apart(each.limits)
        shown = _shown_rounds(apart.shape[1])
        for k in range(apart.shape[2]):
            columns = mean_interval(apart[:, shown, k], within=POSITIVE).columns("spread")
            setting = {"influence": influence, "homophily": homophily, "dimension": k, "round": shown + 1}
            tables.append(pd.DataFrame(setting | columns))
    return pd.concat(tables, ignore_index=True)


def limits_course(played: Mapping[float, Played]) -> pd.DataFrame:
    """A row per rate of experience, camp, value dimension and round: the mean limit."""
    tables = []
    for rate, each in played.items():
        shown = _shown_rounds(each.limits.shape[1])
        for camp, k in np.ndindex(each.limits.shape[2:]):
            columns = mean_interval(each.limits[:, shown, camp, k]).columns("mean_limit")
            setting = {"experience": rate, "camp": camp, "dimension": k, "round": shown + 1}
            tables.append(pd.DataFrame(setting | columns))
    return pd.concat(tables, ignore_index=True)


def course(judged: Sequence[Judged]) -> pd.DataFrame:
    """A row per cooperative, camp and round: shares of the camp that are violated, delegate and stay away."""
    tables = []
    for each in judged:
        rounds, number = each.played.accuracy.shape[1], each.played.limits.shape[2]
        for camp in range(number):
            columns: dict[str, Any] = {"design": each.name, "camp": camp, "round": np.arange(1, rounds + 1)}
            for name in ("violated", "delegating", "away"):
                columns |= mean_interval(each.played.camps[name][..., camp], within=SHARE).columns(name)
            tables.append(pd.DataFrame(columns))
    return pd.concat(tables, ignore_index=True)


def _shown_rounds(rounds: int) -> AnyArray:
    """Numbers from 0 of the rounds that a course shows, the first and the last among them."""
    return np.unique(np.linspace(0, rounds - 1, min(_PLACES, rounds)).round().astype(np.int64))


def interval_of(table: pd.DataFrame, row: int, name: str) -> Interval:
    """() an estimate of a row and its interval."""
    return Interval(*(np.asarray(table[f"{name}{end}"].iloc[row], dtype=np.float64) for end in ("", "_low", "_high")))
