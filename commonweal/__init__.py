"""Commonweal: who contributes to a data cooperative, who defects, and under which rules cooperation survives.

This is the public door: what ``__all__`` lists stays, everything behind it may move without notice. A name is imported
when it is first asked for, so that ``import commonweal`` needs no heavy library.
"""

from os import environ as _environ
from typing import TYPE_CHECKING

# MKL is to round alike wherever numbers lie in memory: a run is the same alone and in an ensemble. It reads this
# at its first product of matrices.
_environ.setdefault("MKL_CBWR", "AUTO,STRICT")

if TYPE_CHECKING:
    from commonweal.agents.actions import Action
    from commonweal.agents.arrays import per_principal
    from commonweal.agents.beliefs import Belief, Inquiry, query
    from commonweal.agents.errors import InputError
    from commonweal.agents.policies import Observation, PolicyTerms, drawn_action, policy
    from commonweal.agents.population import Population
    from commonweal.agents.principal import Principal, View
    from commonweal.agents.reciprocity.norms import Norm, norm
    from commonweal.agents.rule_files import import_rules
    from commonweal.agents.streams import Stream
    from commonweal.agents.terms import PerRun, term
    from commonweal.economy.arena.arena import Arena
    from commonweal.economy.arena.history import History
    from commonweal.economy.arena.moves import Moves
    from commonweal.economy.arena.tactics import Constant, Net, Programme, Tactic, Threshold, tactic_of
    from commonweal.economy.credit import Credit, RoundGame, credit_rule
    from commonweal.economy.explaining.decisions import (
        Place,
        explain_course,
        explain_decision,
        explain_outcome,
        explain_prediction,
    )
    from commonweal.economy.explaining.episodes import LuckGame, explain_luck
    from commonweal.economy.explaining.explanation import Explanation
    from commonweal.economy.explaining.interventions import Intervention, explain_interventions
    from commonweal.economy.explaining.profiles import play_profiles
    from commonweal.economy.explaining.sights import watched
    from commonweal.economy.explaining.sketch import (
        as_played,
        explain,
        instead_of,
        of_actions,
        of_cells,
        sketch,
        uniform,
    )
    from commonweal.economy.explaining.tree import Outcome
    from commonweal.economy.explaining.values import Effort
    from commonweal.economy.futures.deviations import Deviation
    from commonweal.economy.futures.play import Futures, play_futures
    from commonweal.economy.learning import LearningTerms, Site, network
    from commonweal.economy.learning.losses import Loss
    from commonweal.economy.learning.module import ModuleNetwork
    from commonweal.economy.learning.network import Network
    from commonweal.economy.menus import MenuProblem, solve
    from commonweal.economy.money.ledger import Accounts, Reason, Transfer
    from commonweal.economy.money.settlement import SettlementTerms, Standing, settlement_rule
    from commonweal.economy.negotiation import Kind, Move, Negotiator, Proposal, Situation, negotiator
    from commonweal.economy.rewards.accuracy import Bound
    from commonweal.economy.rewards.forms import Accuracies, Pool, closed_form
    from commonweal.economy.rewards.rules import RewardTerms, reward_rule
    from commonweal.economy.round.market import market
    from commonweal.economy.round.mechanism import Mechanism, mechanism
    from commonweal.economy.round.record import Effects, Foregone, Income, Moment, Produce
    from commonweal.economy.runs.cooperative import Cooperative
    from commonweal.economy.runs.ensemble import Ensemble
    from commonweal.economy.runs.results import Results
    from commonweal.economy.screening.admissible import ScreeningTerms
    from commonweal.economy.screening.votes import vote
    from commonweal.economy.tasks import Dataset, TaskTerms, metric, names_of, probe, task
    from commonweal.figures.redrawn import redraw
    from commonweal.scenarios.atlas.base import result
    from commonweal.scenarios.atlas.check import Check
    from commonweal.scenarios.atlas.nudge import Nudge
    from commonweal.scenarios.runs.faithful import Faithfulness, faithfulness
    from commonweal.scenarios.runs.playing import run
    from commonweal.scenarios.schema.fields import field
    from commonweal.scenarios.schema.loading import load, revise
    from commonweal.scenarios.schema.scenario import Scenario
    from commonweal.scenarios.studies import Answer, Question, StudyOptions, ask, study
    from commonweal.scenarios.studies.attacks import attack
    from commonweal.scenarios.sweeps.sweep import sweep

    __version__: str

__all__ = [
    "Accounts",
    "Accuracies",
    "Action",
    "Answer",
    "Arena",
    "Belief",
    "Bound",
    "Check",
    "Constant",
    "Cooperative",
    "Credit",
    "Dataset",
    "Deviation",
    "Effects",
    "Effort",
    "Ensemble",
    "Explanation",
    "Faithfulness",
    "Foregone",
    "Futures",
    "History",
    "Income",
    "InputError",
    "Inquiry",
    "Intervention",
    "Kind",
    "LearningTerms",
    "Loss",
    "LuckGame",
    "Mechanism",
    "MenuProblem",
    "ModuleNetwork",
    "Moment",
    "Move",
    "Moves",
    "Negotiator",
    "Net",
    "Network",
    "Norm",
    "Nudge",
    "Observation",
    "Outcome",
    "PerRun",
    "Place",
    "PolicyTerms",
    "Pool",
    "Population",
    "Principal",
    "Produce",
    "Programme",
    "Proposal",
    "Question",
    "Reason",
    "Results",
    "RewardTerms",
    "RoundGame",
    "Scenario",
    "ScreeningTerms",
    "SettlementTerms",
    "Site",
    "Situation",
    "Standing",
    "Stream",
    "StudyOptions",
    "Tactic",
    "TaskTerms",
    "Threshold",
    "Transfer",
    "View",
    "as_played",
    "ask",
    "attack",
    "closed_form",
    "credit_rule",
    "drawn_action",
    "explain",
    "explain_course",
    "explain_decision",
    "explain_interventions",
    "explain_luck",
    "explain_outcome",
    "explain_prediction",
    "faithfulness",
    "field",
    "import_rules",
    "instead_of",
    "load",
    "market",
    "mechanism",
    "metric",
    "names_of",
    "negotiator",
    "network",
    "norm",
    "of_actions",
    "of_cells",
    "per_principal",
    "play_futures",
    "play_profiles",
    "policy",
    "probe",
    "query",
    "redraw",
    "result",
    "revise",
    "reward_rule",
    "run",
    "settlement_rule",
    "sketch",
    "solve",
    "study",
    "sweep",
    "tactic_of",
    "task",
    "term",
    "uniform",
    "vote",
    "watched",
]

_HOMES = {
    "agents.actions": "Action",
    "agents.arrays": "per_principal",
    "agents.beliefs": "Belief Inquiry query",
    "agents.errors": "InputError",
    "agents.policies": "Observation PolicyTerms drawn_action policy",
    "agents.population": "Population",
    "agents.principal": "Principal View",
    "agents.reciprocity.norms": "Norm norm",
    "agents.rule_files": "import_rules",
    "agents.streams": "Stream",
    "agents.terms": "PerRun term",
    "economy.arena.arena": "Arena",
    "economy.arena.history": "History",
    "economy.arena.moves": "Moves",
    "economy.arena.tactics": "Constant Net Programme Tactic Threshold tactic_of",
    "economy.credit": "Credit RoundGame credit_rule",
    "economy.explaining.decisions": "Place explain_course explain_decision explain_outcome explain_prediction",
    "economy.explaining.episodes": "LuckGame explain_luck",
    "economy.explaining.explanation": "Explanation",
    "economy.explaining.interventions": "Intervention explain_interventions",
    "economy.explaining.profiles": "play_profiles",
    "economy.explaining.sights": "watched",
    "economy.explaining.sketch": "as_played explain instead_of of_actions of_cells sketch uniform",
    "economy.explaining.tree": "Outcome",
    "economy.explaining.values": "Effort",
    "economy.futures.deviations": "Deviation",
    "economy.futures.play": "Futures play_futures",
    "economy.learning": "LearningTerms Site network",
    "economy.learning.losses": "Loss",
    "economy.learning.module": "ModuleNetwork",
    "economy.learning.network": "Network",
    "economy.menus": "MenuProblem solve",
    "economy.money.ledger": "Accounts Reason Transfer",
    "economy.money.settlement": "SettlementTerms Standing settlement_rule",
    "economy.negotiation": "Kind Move Negotiator Proposal Situation negotiator",
    "economy.rewards.accuracy": "Bound",
    "economy.rewards.forms": "Accuracies Pool closed_form",
    "economy.rewards.rules": "RewardTerms reward_rule",
    "economy.round.market": "market",
    "economy.round.mechanism": "Mechanism mechanism",
    "economy.round.record": "Effects Foregone Income Moment Produce",
    "economy.runs.cooperative": "Cooperative",
    "economy.runs.ensemble": "Ensemble",
    "economy.runs.results": "Results",
    "economy.screening.admissible": "ScreeningTerms",
    "economy.screening.votes": "vote",
    "economy.tasks": "Dataset TaskTerms metric names_of probe task",
    "figures.redrawn": "redraw",
    "scenarios.atlas.base": "result",
    "scenarios.atlas.check": "Check",
    "scenarios.atlas.nudge": "Nudge",
    "scenarios.sweeps.sweep": "sweep",
    "scenarios.runs.faithful": "Faithfulness faithfulness",
    "scenarios.runs.playing": "run",
    "scenarios.schema.fields": "field",
    "scenarios.schema.loading": "load revise",
    "scenarios.schema.scenario": "Scenario",
    "scenarios.studies": "Answer Question StudyOptions ask study",
    "scenarios.studies.attacks": "attack",
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}

if not TYPE_CHECKING:  # where it is read, a name that does not exist is an error and not whatever this returns

    def __getattr__(name: str) -> object:
        """Import what is asked for."""
        if name == "__version__":
            from importlib.metadata import version

            return version("commonweal")
        if name not in _HOME_OF:
            raise AttributeError(f"module 'commonweal' has no attribute {name!r}")
        from importlib import import_module

        return getattr(import_module(f"commonweal.{_HOME_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__, "__version__"])
