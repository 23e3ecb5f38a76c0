"""What settlement rules and model reward rules promise, held in drawn standings of principals."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.agents.terms import pick
from commonweal.economy.money.settlement import SETTLEMENTS, Lines, Standing
from commonweal.economy.rewards.rules import REWARDS, ROUNDING
from commonweal.testing.promises import Promises, arrays_of, close, picked, terms_of

RUNS = 3
QUALITY = np.array([0.9, 0.3, 0.0])  # of the shared model in each run; in the last there is none
MENU = Lines(np.array([[5.0, 50.0]] * RUNS), np.array([[0.5, 0.9]] * RUNS))  # samples asked for, part of the accuracy
Answer = Callable[[Standing, slice], Floats]  # a standing of some of the runs → (R, N)


def standing_with(credit: Any, member: Any = True, **said: Any) -> Standing:
    """A standing of principals, for tests of one's own: what is not said is usual.

    Args:
        credit: (R, N) cumulated credit.
        member: (R, N) who takes part.
        said: other fields of ``Standing``.
    """
    earned = np.asarray(credit, dtype=float)
    shape = earned.shape
    nothing = np.zeros((len(earned), 0))
    usual: dict[str, Any] = {
        "claims": np.full(shape, 8),
        "reputation": np.ones(shape),
        "put": np.full(shape, 8),
        "cost": np.full(shape, 0.001),
        "joined": np.zeros(shape, dtype=np.int64),
        "contributed": np.full(shape, 8.0),
        "round": 0,
        "menu": Lines(nothing, nothing),
    }
    taking_part = np.broadcast_to(member, shape)
    values = usual | said
    values["claims"] = np.where(taking_part, values["claims"], 0)
    return Standing(credit=earned, member=taking_part, **values)


def drawn_standings(count: int = 50, seed: int = 0) -> Iterator[Standing]:
    """Standings of three runs of up to six principals: credit of any sign and size, ties, abstainers, latecomers."""
    random = np.random.default_rng(seed)
    for _ in range(count):
        shape = (RUNS, int(random.integers(1, 7)))
        size = 10.0 ** random.uniform(-9, 6, shape)
        tied, any_size = random.choice([0.0, 1.0], shape), random.normal(size=shape) * size
        credit = np.where(random.random(shape) < 0.3, tied, any_size)
        put = random.choice([0.0, 8.0, 400.0, 3000.0], shape)
        yield standing_with(
            credit,
            random.random(shape) < random.choice([0.3, 0.8, 1.0]),
            claims=random.integers(0, 101, shape),
            reputation=random.random(shape),
            put=put,
            contributed=put,
            cost=random.choice([0.0, 1e-4, 1e-3, 1.0], shape),
            joined=random.integers(-1, 6, shape),
            round=5,
            menu=MENU,
        )


def check_settlement_rule(
    name: str, changes: Mapping[str, Any] | None = None, cases: Iterable[Standing] | None = None
) -> None:
    """Hold a registered settlement rule to what every settlement rule promises.

    Shares are of the standing's shape, at least nothing, and sum to 1 in each run, or to 0 where nobody is due; they
    follow principals when these change places; who abstains gets nothing; a run is settled alone as in an ensemble;
    the standing stays as it was; and where all did the same, all get the same.

    Args:
        name: as a scenario file says it.
        changes: fields of the scenario that the rule is to be held under, ``{"settlement.alpha": 2.0}``.
        cases: standings of three runs; drawn where none are given.

    Raises:
        AssertionError: which promise is broken, and in which case.
        InputError: if there is no such rule.
    """
    rule, says = SETTLEMENTS[name], Promises(f"settlement rule {name!r}")
    terms = replace(terms_of(changes or {}, RUNS).settlement, kind=name)

    def answer(case: Standing, runs: slice) -> Floats:
        return np.asarray(rule(case, pick(terms, np.arange(RUNS)[runs])))

    for number, case in enumerate(drawn_standings() if cases is None else cases):
        where = f"case {number}: credit {case.credit.tolist()}, members {case.member.tolist()}"
        shares = _hold(says, answer, case, where, moved=1e-12, alone=0.0)
        sums = shares.sum(axis=1)
        says.demand((shares >= 0).all(), "no share is below nothing", where)
        says.demand((np.isclose(sums, 1, atol=1e-12) | (sums == 0)).all(), "shares sum to 1, or to 0", where)
    alike = answer(standing_with([[2.0] * 4] * RUNS), slice(None))
    says.demand(close(alike, np.full((RUNS, 4), 0.25)), "who did the same as all others gets the same", "four alike")


def check_reward_rule(
    name: str, changes: Mapping[str, Any] | None = None, cases: Iterable[Standing] | None = None
) -> None:
    """Hold a registered model reward rule to what every model reward rule promises.

    What it owes is of the standing's shape and lies between no model and the whole one; it follows principals when
    these change places; who abstains is owed nothing; a run is rewarded alone as in an ensemble; and the standing
    stays as it was.

    Args:
        name: as a scenario file says it.
        changes: fields of the scenario that the rule is to be held under.
        cases: standings of three runs with a menu of two lines; drawn where none are given.

    Raises:
        AssertionError: which promise is broken, and in which case.
        InputError: if there is no such rule.
    """
    rule, says = REWARDS[name], Promises(f"model reward rule {name!r}")
    terms = replace(terms_of(changes or {}, RUNS).rewards, kind=name)

    def answer(case: Standing, runs: slice) -> Floats:
        return np.asarray(rule(case, QUALITY[runs], pick(terms, np.arange(RUNS)[runs])))

    for number, case in enumerate(drawn_standings() if cases is None else cases):
        where = f"case {number}: credit {case.credit.tolist()}, put in {case.put.tolist()}"
        owed = _hold(says, answer, case, where, moved=1e-9, alone=1e-12)
        says.demand((owed >= 0).all(), "nobody is owed less than no model", where)
        says.demand((owed <= QUALITY[:, None] + ROUNDING).all(), "nobody is owed more than there is", where)


def _hold(says: Promises, answer: Answer, case: Standing, where: str, *, moved: float, alone: float) -> Floats:
    """What a rule answers, held to what both kinds of rule promise, with relative errors allowed by rounding."""
    before = arrays_of(case)
    whole = answer(case, slice(None))
    says.unchanged(case, before, where)
    says.demand(whole.shape == case.credit.shape, f"it answers (R, N) numbers, and gave {whole.shape}", where)
    says.demand(np.isfinite(whole).all(), "every number is finite", where)
    says.demand(not whole[~case.member].any(), "who abstains gets nothing", where)
    order = np.random.default_rng(whole.size).permutation(whole.shape[1])
    elsewhere = answer(picked(case, (slice(None), order)), slice(None))
    says.demand(close(elsewhere, whole[:, order], moved), "what each gets does not depend on its place", where)
    for run in range(len(whole)):
        part = slice(run, run + 1)
        own = answer(replace(picked(case, part), menu=Lines(case.menu.amounts[part], case.menu.ratios[part])), part)
        kept = close(own, whole[part], alone, 0.0)
        says.demand(kept, "a run alone gets what it gets in an ensemble", f"run {run}, {where}")
    return whole
