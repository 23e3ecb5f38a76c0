"""Fields and their values in words that need no heading, for titles, axes and legends: "settlement rule: by credit"."""

import re
from collections.abc import Mapping, Sequence

from commonweal.agents.documents import is_number
from commonweal.economy.round.words import ACTIONS, Words
from commonweal.scenarios.schema.field_words import IN_SENTENCES, LABELS, choice_words
from commonweal.scenarios.schema.notation import split_path

_ALONE: Mapping[str, str] = {  # where a label says too little without its heading; {delegate} and the like as there
    "screening.scope": "Limits held in screening",
    "screening.step_tolerance": "Harm allowed a round",
    "screening.quorum": "Quorum of screening",
    "screening.grain": "Grain of screening",
    "screening.gate": "Gate of screening",
    "screening.vote": "How limits are voted on",
    "screening.weight": "Weight of votes",
    "credit.kind": "Credit rule",
    "credit.estimator": "Estimator of credit",
    "credit.mode": "Mode of the estimator",
    "settlement.kind": "Settlement rule",
    "settlement.horizon": "Rounds of credit settled",
    "settlement.discount": "Discount of credit a round",
    "settlement.reserve": "Share kept in reserve",
    "settlement.floor": "Share split equally",
    "market.groups": "Groups in the market",
    "market.group_size": "Size of a group",
    "market.contribution": "What a contribution costs",
    "market.punishment.probability": "Chance of punishing",
    "market.baseline": "Quality worth nothing below",
    "population.count": "Number of principals",
    "population.start_delegate": "Share that starts to {delegate}",
    "population.start_free_ride": "Share that starts to {free_ride}",
    "population.start_defect": "Share that starts to {defect}",
    "population.start_abstain": "Share that starts to {abstain}",
    "policy.revision": "Share that reconsiders a round",
    "policy.mutation": "Share that acts at random",
    "policy.best_response.inertia": "Inertia of best responses",
    "policy.learning.exploration": "Exploration of learners",
    "policy.q_network.hidden": "Hidden units of Q-networks",
    "policy.q_network.rate": "Step size of Q-networks",
    "policy.q_network.discount": "Discount of Q-networks",
    "policy.q_network.exploration": "Exploration of Q-networks",
    "policy.q_network.temperature": "Temperature of Q-networks",
    "policy.q_network.batch": "Decisions a step of Q-networks",
    "policy.q_network.steps": "Steps of Q-networks a round",
    "values.outcome_low": "Lowest cost of an outcome",
    "values.outcome_high": "Highest cost of an outcome",
    "values.complicity_low": "Lowest cost of complicity",
    "values.complicity_high": "Highest cost of complicity",
    "values.loss_aversion": "Loss aversion in values",
    "values.stubbornness": "Stubbornness",
    "stakes.audit": "Principals audited a round",
    "stakes.reveal": "Share of audits that reveal",
    "stakes.slash": "Share of the stake lost",
    "clawback.share": "Share clawed back",
}
_NAMES = ("Banzhaf", "Beta-Shapley", "FedAvg", "GTG:", "NoPeek", "Q-networks", "Shapley")  # of people and methods
_LISTED = re.compile(r"values\.(dimensions|camps)\[(\d+)\]\.(\w+)")
_USUAL = Words()


def field_title(path: str, words: Words = _USUAL) -> str:
    """A field in words: "settlement rule"; one that nobody named by the last part of its path.

    Args:
        path: dotted, of a field of a scenario.
        words: what the economy calls its actions.
    """
    if found := _LISTED.fullmatch(path):
        return f"{found[3].replace('_', ' ')} of {found[1][:-1]} {found[2]}"
    label = _ALONE.get(path) or IN_SENTENCES.get(path) or LABELS.get(path, "")
    label = label.format_map({action: words.verb(action).do for action in ACTIONS})
    label = label or split_path(path)[-1].replace("_", " ")
    return label if label.startswith(_NAMES) else label[:1].lower() + label[1:]


def field_titles(paths: Sequence[str], words: Words = _USUAL) -> list[str]:
    """Fields in words; with their sections where two would be called the same."""
    titles = [field_title(path, words) for path in paths]
    return [title if titles.count(title) == 1 else f"{title} ({split_path(path)[0].replace('_', ' ')})"
            for path, title in zip(paths, titles, strict=True)]  # fmt: skip


def value_title(path: str, text: str) -> str:
    """A value in words where it has any: "by credit"; as it is written elsewhere.

    Args:
        path: of the field.
        text: the value as a person writes it: a number, or a name.
    """
    return text if is_number(text) else choice_words(path, text)
