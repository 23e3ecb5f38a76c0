"""Paid by completions nobody reviews; by a deal the review is done, and everybody has more."""

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.agents.errors import InputError
from commonweal.commands.cli import main
from commonweal.economy.credit.exact import all_coalitions
from commonweal.economy.negotiation import Kind, shapley_values
from commonweal.scenarios.games.project import Project, best_by_coalition, payoffs_by_plan, plan_of_each_for_itself
from commonweal.scenarios.games.project_log import EXAMPLE, read_project
from commonweal.scenarios.games.software_team import SoftwareTeam

REVIEWER = 4


def played(negotiated: bool, project: Project | None = None) -> SoftwareTeam:
    team = SoftwareTeam(project, negotiated=negotiated)
    while team.running:
        team.step()
    return team


@st.composite
def projects(draw: st.DrawFn) -> Project:
    stages = draw(st.integers(1, 5))
    owned = draw(st.lists(st.integers(0, 2), min_size=stages, max_size=stages))
    owners = tuple(dict.fromkeys(owned))
    numbers = [
        np.array(draw(st.lists(st.integers(*ends), min_size=stages, max_size=stages)), dtype=float)
        for ends in ((1, 50), (0, 30), (0, 10))
    ]
    names = tuple(f"stage {i}" for i in range(stages))
    return Project(names, ("",) * stages, tuple(map(str, owners)), np.array([owners.index(o) for o in owned]),
                   numbers[0], numbers[1], numbers[2] / 10)  # fmt: skip


def test_paid_by_completions_only_the_review_is_skipped() -> None:
    team = played(negotiated=False)
    assert team.project.skipped(team.plan) == ["review"]
    assert [owner.done for owner in team.owners] == [["scope"], ["components"], ["files"], ["code"], [], ["checks"]]
    assert team.worth(team.plan) == pytest.approx(70)
    # 70 shared by 1, 4, 2, 45, 0, 2 completions of 54, less efforts
    expected = 70 * np.array([1, 4, 2, 45, 0, 2]) / 54 - [1, 3, 2.5, 20, 0, 1]
    np.testing.assert_allclose(team.payoffs, expected, atol=1e-6)


def test_by_a_deal_the_review_is_done_and_everybody_has_more() -> None:
    team, alone = played(negotiated=True), played(negotiated=False)
    assert team.project.skipped(team.plan) == []
    assert team.worth(team.plan) == pytest.approx(100)
    assert team.payoffs.sum() == pytest.approx(100 - 33.5)
    assert (team.payoffs > alone.payoffs + 0.15).all()
    assert team.deal is not None
    assert np.argmax(team.deal.transfers) == REVIEWER
    assert [i for i, transfer in enumerate(team.deal.transfers) if transfer > 0] == [REVIEWER]


def test_the_default_negotiator_asks_for_shapley_values_of_what_coalitions_can_have() -> None:
    team = SoftwareTeam(negotiated=True)
    situation = team.situation()
    fair = shapley_values(situation.value, 6)
    while team.running:
        team.step()
    np.testing.assert_allclose(team.payoffs, fair, atol=1e-5)


def test_the_ledger_of_a_team_is_cleared() -> None:
    for team in (played(True), played(False)):
        assert team.ledger.balances.sum() == 0
        assert not team.ledger.escrows.any()
        assert not team.ledger.treasury.any()


def test_where_nothing_is_skipped_there_is_no_deal() -> None:
    example = read_project(EXAMPLE)
    team = played(True, replace(example, efforts=np.zeros(6)))
    assert team.talks is not None
    assert team.talks.said[0].kind is Kind.HALT
    assert team.deal is None
    assert team.project.skipped(team.plan) == []


def test_a_reward_must_be_a_sum_of_money() -> None:
    with pytest.raises(InputError, match="reward = 0: must be more than 0 and at most 1_000_000"):
        SoftwareTeam(reward=0.0)


@given(projects())
def test_who_skips_everything_has_nothing_and_income_is_what_the_project_is_worth(project: Project) -> None:
    payoffs = payoffs_by_plan(project, 100.0)
    plans = all_coalitions(len(project.stages))
    worth = 100 * np.where(plans, 1.0, project.substitutes).prod(axis=1)
    some = plans.any(axis=1)
    np.testing.assert_allclose((payoffs.sum(axis=1) + plans @ project.efforts)[some], worth[some], atol=1e-9)
    assert (payoffs[~(plans @ project.owns)] == 0).all()


@given(projects())
def test_each_for_itself_chooses_what_recursion_over_all_histories_chooses(project: Project) -> None:
    payoffs = payoffs_by_plan(project, 100.0)

    def foreseen(done: tuple[int, ...]) -> int:
        """By recursion over histories: what the owner of the next stage chooses, and all after it."""
        if len(done) == len(project.stages):
            return int(np.dot(done, 2 ** np.arange(len(done))))
        skipping, doing = foreseen((*done, 0)), foreseen((*done, 1))
        owner = project.owned[len(done)]
        return doing if payoffs[doing, owner] >= payoffs[skipping, owner] else skipping

    assert plan_of_each_for_itself(payoffs, project.owned) == foreseen(())


@given(projects())
def test_a_coalition_can_have_the_most_of_all_its_plans(project: Project) -> None:
    payoffs = payoffs_by_plan(project, 100.0)
    alone = plan_of_each_for_itself(payoffs, project.owned)
    plans = all_coalitions(len(project.stages))
    best = best_by_coalition(payoffs, project.owned, alone)
    for place, members in enumerate(all_coalitions(len(project.owners))):
        free = [i for i, owner in enumerate(project.owned) if members[owner]]
        most = -np.inf
        for choice in product((False, True), repeat=len(free)):
            plan = plans[alone].copy()
            plan[free] = choice
            most = max(most, payoffs[int(plan @ 2 ** np.arange(len(plan)))][members].sum())
        assert best[place] == pytest.approx(most, abs=1e-9)


@given(projects())
def test_no_deal_leaves_anybody_with_less_than_without(project: Project) -> None:
    team = played(True, project)
    assert (team.payoffs >= team.outside - 1e-5).all()


def printed(capsys: pytest.CaptureFixture[str], words: str) -> str:
    assert main(["play", "software-team", *words.split()]) == 0
    return capsys.readouterr().out


def test_the_command_answers_in_a_sentence_and_shows_both_ways_side_by_side(capsys: pytest.CaptureFixture[str]) -> None:
    alone = printed(capsys, "")
    habit = "Code Reviewer skips review, and the project is worth 70 of 100."
    assert alone.startswith(f"Paid by completions and each for itself, {habit}")
    assert "nobody talks" in alone
    both = printed(capsys, "--negotiated")
    assert both.startswith(f"By a deal every stage is done and the project is worth 100; each for itself, {habit}")
    assert "Code Reviewer is paid 15.42; Programmer pays 12.35." in both
    assert "a deal, in escrow and binding" in both
    (row,) = [line.split() for line in both.splitlines() if line.startswith("Code Reviewer  ")]
    assert row[2:] == ["review", "1.8", "20.2", "6.00", "review", "0.00", "–", "+15.42", "11.23"]


def test_the_command_says_which_substitutes_a_division_presupposes(capsys: pytest.CaptureFixture[str]) -> None:
    told = printed(capsys, "--division 10,15,20,30,20,5 --nobody 0.2")
    assert told.startswith("This division is Shapley's if nobody at all is worth 0.2 of the whole")
    assert "furthest from the log in Programmer, whose work a substitute would have to do at 0.611" in told
    rows = [line for line in told.splitlines() if line[:3] in ("CEO", "CPO", "CTO", "Pro", "Cod", "Cou")]
    presupposed = [row.replace("Code Reviewer", "Reviewer").split()[2] for row in rows]
    assert presupposed == ["0.8544", "0.7878", "0.7251", "0.6109", "0.7251", "0.9250"]


def test_rounded_shares_of_the_paper_are_taken(capsys: pytest.CaptureFixture[str]) -> None:
    assert "0.2213" in printed(capsys, "--division 1.82,7.27,3.64,81.82,1.82,3.64")


def test_a_log_of_ones_own_is_played(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mine.csv"
    file.write_text("stage,owner,completed,effort\nwriting,Ada,20,5\nproofs,Bo,1,60\n", encoding="utf-8")
    assert "Bo skips proofs, and the project is worth 700 of 1000" in printed(capsys, f"--log {file} --reward 1000")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("software-team --log none.csv", "none.csv: cannot be read"),
        ("software-team --division 50,50", "division has 2 shares: must have 6, of CEO, CPO"),
        ("software-team --division 10,15,20,30,20,15", "division sums to 110: must sum to 100"),
        ("software-team --division 40,-15,20,30,20,5", "CPO's share = -15: must be from 0 to 100"),
        ("software-team --division a,b", "must be per cents like"),
        ("software-team --division 10,15,20,30,20,5 --nobody 1", "nobody = 1: must be more than 0 and less than 1"),
        ("software-team --nobody 0.2", "--nobody is of --division"),
        ("software-team --negotiated --division 10,15,20,30,20,5", "--negotiated does not go with --division"),
        ("software-team --reward 5 --division 10,15,20,30,20,5", "--reward does not go with --division"),
        ("software-team --negotiator endpoint", "give --negotiated too"),
        ("software-team --reward -5", "reward = -5: must be more than 0"),
        ("escape-room --log mine.csv", "--log is of software-team: escape-room has no such option"),
    ],
)
def test_bad_options_are_refused_in_a_line(words: str, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["play", *words.split()]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert line in said.err
