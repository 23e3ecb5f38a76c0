"""What the fields of a scenario are called on the page and in figures: labels, the words of their choices, units."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from commonweal.agents.module_names import in_short
from commonweal.scenarios.schema.notation import split_path

LONGEST = 22  # characters of a label that fit beside a value

GROUPS: Mapping[str, str] = {  # heading by section, in the order in which headings stand
    "settlement": "Pay", "rewards": "Pay", "credit": "Pay",
    "screening": "Screening",
    "values": "Values", "beliefs": "Values", "tolerance": "Values",
    "population": "People", "actions": "People", "policy": "People",
    "task": "Data", "learning": "Data",
    "stakes": "Contract", "clawback": "Contract", "identity": "Contract", "menu": "Contract", "negotiation": "Contract",
    "mechanisms": "Contract",
    "reciprocity": "Names",
    "market": "Market",
}  # fmt: skip
_ELSEWHERE = "Data"  # heading of fields that belong to no section: rounds, number format, device

LABELS: Mapping[str, str] = {  # {delegate} and the like: what the action is called in this economy
    "rounds": "Rounds",
    "precision": "Number format",
    "device": "Computed on",
    "task.kind": "Task",
    "task.label": "Column to learn",
    "task.owner": "Column of owners",
    "task.weight": "Column of weights",
    "task.split": "Column of parts",
    "task.columns": "Columns of features",
    "task.categorical": "Columns of categories",
    "task.text": "Columns of text",
    "task.missing": "Missing values",
    "task.target": "Labels are",
    "task.partition": "Spread of data",
    "task.concentration": "Evenness of classes",
    "task.label_noise": "Wrong labels",
    "task.noisy_share": "Noisy principals",
    "task.validation": "Validation samples",
    "task.test": "Test samples",
    "task.metric": "Quality is",
    "task.drift": "Drift a round",
    "task.samples": "Synthetic samples",
    "task.features": "Synthetic features",
    "task.classes": "Synthetic classes",
    "task.separation": "Synthetic separation",
    "population.count": "Principals",
    "population.graph": "Who knows whom",
    "population.degree": "Acquaintances",
    "population.rewiring": "Rewiring",
    "population.start_delegate": "Start: {delegate}",
    "population.start_free_ride": "Start: {free_ride}",
    "population.start_defect": "Start: {defect}",
    "population.start_abstain": "Start: {abstain}",
    "population.cost_low": "Lowest cost",
    "population.cost_high": "Highest cost",
    "population.cost_types": "Costs of the types",
    "population.type_shares": "Shares of the types",
    "population.outside_option": "Pay outside",
    "population.endowment": "Money at start",
    "population.table": "Table of principals",
    "population.samples": "Samples of each",
    "actions.available": "Actions",
    "actions.free_ride": "Way of free-riding",
    "actions.stale_samples": "Stale samples",
    "actions.noise": "Noise over samples",
    "actions.selection": "Samples left out",
    "actions.defect": "Way of defecting",
    "actions.defect_gain": "Gain of defecting",
    "policy.mix": "Policy",
    "policy.revision": "Reconsider",
    "policy.mutation": "Act at random",
    "policy.memory": "Memory of pay",
    "policy.imitation.intensity": "Strength of imitation",
    "policy.imitation.reach": "Whom to imitate",
    "policy.best_response.inertia": "Inertia",
    "policy.learning.exploration": "Exploration",
    "policy.learning.rate": "Weight of new pay",
    "policy.learning.loss_aversion": "Weight of a loss",
    "policy.q_network.hidden": "Hidden units",
    "policy.q_network.rate": "Step size",
    "policy.q_network.discount": "Discount",
    "policy.q_network.exploration": "Exploration",
    "policy.q_network.anneal": "Exploration falls in",
    "policy.q_network.temperature": "Temperature",
    "policy.q_network.memory": "Rounds remembered",
    "policy.q_network.batch": "Decisions a step",
    "policy.q_network.steps": "Steps a round",
    "policy.q_network.until": "Learns until",
    "policy.conditional.cooperators": "Conditional givers",
    "policy.conditional.free_riders": "Never givers",
    "policy.conditional.hump_shaped": "Hump-shaped givers",
    "policy.conditional.slope": "Slope of giving",
    "values.concern": "Broken limits cost",
    "values.outcome_low": "Lowest: outcome",
    "values.outcome_high": "Highest: outcome",
    "values.complicity_low": "Lowest: complicity",
    "values.complicity_high": "Highest: complicity",
    "values.homophily": "Camps side by side",
    "values.voice": "Voice",
    "values.influence": "Influence",
    "values.stubbornness": "Stubborn",
    "values.self_weight": "Own opinion",
    "values.confidence": "Heed up to",
    "values.experience": "Moved by harm",
    "values.loss_aversion": "Loss aversion",
    "values.for_sale": "Limits for sale",
    "values.price_low": "Lowest price",
    "values.price_high": "Highest price",
    "learning.network": "Network",
    "learning.replace_norms": "BatchNorm becomes",
    "learning.initial_weights": "First weights",
    "learning.hidden": "Hidden units",
    "learning.activation": "Activation",
    "learning.rate": "Learning rate",
    "learning.method": "Training",
    "learning.local_epochs": "Local epochs",
    "learning.sampling": "Batches",
    "learning.samples": "Samples of each",
    "learning.batch": "Pooled batch",
    "learning.wire": "What leaves a node",
    "learning.nodes": "Nodes",
    "learning.patience": "Wait for a node",
    "learning.quorum": "Quorum of a round",
    "learning.audit": "Opened updates",
    "learning.halves": "Halves checked",
    "learning.distrust": "Where claims fail",
    "learning.privacy.cut_noise": "Noise at the cut",
    "learning.privacy.nopeek": "NoPeek weight",
    "learning.privacy.clip": "Longest gradient",
    "learning.privacy.update_noise": "Noise on updates",
    "learning.privacy.rounding": "Products rounded",
    "learning.privacy.smallest": "Smallest holding",
    "screening.mode": "Mode",
    "screening.scope": "Limits held",
    "screening.budget": "Budget",
    "screening.step_tolerance": "Harm a round",
    "screening.quorum": "Quorum",
    "screening.grain": "Grain",
    "screening.gate": "Gate",
    "screening.safeguard": "Overshoot allowed",
    "screening.vote": "Limit of all",
    "screening.weight": "Votes weighed",
    "credit.kind": "Credit",
    "credit.budget": "Coalitions tried",
    "credit.estimator": "Estimator",
    "credit.mode": "Estimator mode",
    "credit.regressor": "Fitted to coalitions",
    "credit.aumann_shapley.gradients": "Gradients of a step",
    "credit.beta_shapley.alpha": "Beta-Shapley alpha",
    "credit.beta_shapley.beta": "Beta-Shapley beta",
    "credit.weighted_banzhaf.weight": "Banzhaf weight",
    "credit.gtg_shapley.between": "GTG: least change",
    "credit.gtg_shapley.within": "GTG: close enough",
    "credit.gtg_shapley.converged": "GTG: converged at",
    "credit.novelty.memory": "Repeats remembered",
    "credit.replication.penalty": "Penalty on copies",
    "credit.replication.similarity": "Copies told by",
    "settlement.kind": "Settlement",
    "settlement.horizon": "Horizon",
    "settlement.discount": "Discount a round",
    "settlement.alpha": "Exponent of credit",
    "settlement.reserve": "Kept in reserve",
    "settlement.floor": "Split equally",
    "settlement.clip": "Harm set off",
    "settlement.altruism": "Evenness of quotas",
    "settlement.time.beta": "Pay: later rounds",
    "settlement.time.decay": "Pay: late joiners",
    "settlement.cap": "Cap on credit",
    "settlement.hold_back": "Hold-back",
    "market.kind": "Kind",
    "market.multiplication": "Multiplication",
    "market.contribution": "Contribution",
    "market.groups": "Groups",
    "market.group_size": "Group size",
    "market.lonely": "Alone in a group",
    "market.punishment.probability": "Punish",
    "market.punishment.cost": "Cost of punishing",
    "market.punishment.fine": "Fine",
    "market.price": "Price of quality",
    "market.baseline": "Worth nothing below",
    "market.rivalry": "Rivalry",
    "market.leak": "Speed of leaks",
    "market.rival_decay": "Decay of the rival",
    "market.model_value": "Value of the model",
    "stakes.stake": "Stake",
    "stakes.audit": "Audits a round",
    "stakes.reveal": "Audits that reveal",
    "stakes.slash": "Stake lost",
    "stakes.sees": "Audits look at",
    "clawback.share": "Clawback",
    "identity.cost": "Price of a name",
    "rewards.kind": "Model given",
    "rewards.content": "Content asked for",
    "rewards.joining": "Joining told by",
    "rewards.accuracy.kind": "Accuracy known by",
    "rewards.accuracy.optimum": "Best accuracy",
    "rewards.accuracy.scale": "Scale of accuracy",
    "rewards.accuracy.drop": "Missing with one sample",
    "rewards.accuracy.exponent": "Exponent of accuracy",
    "rewards.accuracy.options": "Numbers of the form",
    "rewards.shaping_margin": "Shaping margin",
    "rewards.altruism": "Model: evenness",
    "rewards.time.beta": "Model: later rounds",
    "rewards.time.decay": "Model: late joiners",
    "rewards.rho": "Exponent of values",
    "rewards.alone": "Train alone",
    "rewards.realise": "Worse copies by",
    "rewards.tolerance": "Copies may miss by",
    "menu.offer": "Samples asked for",
    "menu.term": "Rounds of a menu",
    "menu.reading": "Reading of the menu",
    "negotiation.kind": "Data deals",
    "negotiation.negotiator": "Who speaks",
    "negotiation.every": "Rounds between talks",
    "negotiation.returns": "Returns expected",
    "negotiation.concession": "Concession",
    "tolerance.budget": "Money for limits",
    "beliefs.kind": "Limits are",
    "beliefs.passive": "Told of the model",
    "beliefs.query": "Agents ask",
    "beliefs.every": "Rounds per query",
    "beliefs.most": "Queries in all",
    "beliefs.cost": "Cost of a query",
    "beliefs.sharpness": "Sharpness of answers",
    "beliefs.prior_mean": "Prior: mean",
    "beliefs.prior_sd": "Prior: SD",
    "beliefs.forgetting": "Agents forget",
    "beliefs.margin": "Margin of agents",
    "beliefs.points": "Levels thought of",
    "tolerance.kind": "Limits bought",
    "tolerance.options": "Steps to choose from",
    "market.benefit": "Worth of a gift",
    "market.cost": "Cost of a gift",
    "reciprocity.kind": "Giving goes",
    "reciprocity.norm": "Norm of judges",
    "reciprocity.images": "Names are",
    "reciprocity.judges": "Judges of each",
    "reciprocity.dissent": "Dissent punished",
    "reciprocity.execution": "Gifts that fail",
    "reciprocity.perception": "Acts misseen",
    "reciprocity.assignment": "Verdicts turned",
    "reciprocity.observed": "Acts seen by others",
    "reciprocity.terms.pay": "Pay bad names lose",
    "reciprocity.terms.to": "It goes to",
    "reciprocity.terms.stake": "Stake of bad names",
    "reciprocity.terms.out": "Rounds bad names rest",
    "reciprocity.learner.signals": "Learners judge",
    "reciprocity.learner.belief": "Learners expect",
    "reciprocity.learner.weight": "Weight of that",
    "reciprocity.learner.memory": "Record remembered",
    "reciprocity.learner.schedules": "Schedules planned",
    "reciprocity.learner.ahead": "Rounds planned",
    "reciprocity.learner.rate": "Learners' step",
    "reciprocity.learner.search": "Rounds per search",
    "reciprocity.learner.explore": "Learners explore",
}

IN_SENTENCES: Mapping[str, str] = {  # where a label says too little away from its heading
    "screening.mode": "Screening mode",
    "screening.budget": "Screening budget",
    "market.kind": "Kind of market",
}

_CHOICES: Mapping[str, Mapping[str, str]] = {
    "settlement.kind": {"credit": "by credit", "equal": "equally", "data": "by samples", "robust": "by robust credit",
                        "quota": "by quotas", "time_cumulation": "by time and credit",
                        "time_valuation": "by time of joining", "synthesised": "by samples and capped credit",
                        "worth": "as credited"},
    "stakes.sees": {"action": "what is done", "content": "samples"},
    "rewards.kind": {"time_cumulation": "by time and credit", "time_valuation": "by time of joining",
                     "quota": "by quotas", "menu": "by the menu", "shaping": "shaped",
                     "own_accuracy": "each its own", "rho_shapley": "by credit"},
    "credit.kind": {"aumann_shapley": "Aumann–Shapley", "shapley": "Shapley", "estimated_shapley": "estimated Shapley",
                    "banzhaf": "Banzhaf", "weighted_banzhaf": "weighted Banzhaf", "beta_shapley": "Beta-Shapley",
                    "gtg_shapley": "GTG-Shapley", "fedsv": "FedSV"},
    "credit.estimator": {"msr": "MSR", "kernel_shap": "KernelSHAP", "leverage_shap": "LeverageSHAP"},
    "beliefs.kind": {"known": "known to agents", "learned": "learned by agents"},
    "beliefs.query": {"believed": "at the believed limit", "fixed": "at the prior's middle",
                      "informative": "what tells most"},
    "actions.selection": {"none": "none", "classes": "screened classes"},
    "values.concern": {"none": "nothing", "member": "participants", "share": "who harms"},
    "values.influence": {"friedkin_johnsen": "by neighbours", "hegselmann_krause": "by the like-minded"},
    "screening.scope": {"all": "of all", "own": "one's own", "quorum": "of a quorum"},
    "screening.vote": {"strictest": "the strictest", "quorum": "of a quorum", "median": "the median",
                       "mean": "the mean"},
    "screening.weight": {"equal": "alike", "data": "by samples", "stake": "by stakes"},
    "screening.gate": {"true": "on", "false": "off"},
    "task.kind": {"breast_cancer": "breast cancer"},
    "task.partition": {"cgsv_power": "power, as in CGSV", "class": "by class", "power": "power law",
                       "owner": "by owner"},
    "task.metric": {"auto": "as usual", "balanced_accuracy": "balanced accuracy", "auc": "area under the ROC curve",
                    "log_loss": "log loss explained", "r2": "R²"},
    "population.graph": {"complete": "all know all", "watts_strogatz": "small world",
                         "barabasi_albert": "few know many", "file": "of a file"},
    "policy.imitation.reach": {"population": "anybody"},
    "learning.network": {"mlp": "MLP", "conv": "convolutional"},
    "learning.replace_norms": {"group": "GroupNorm", "refuse": "a refusal"},
    "learning.initial_weights": {"drawn": "drawn for each run", "own": "those of the module"},
    "learning.activation": {"relu": "ReLU"},
    "learning.method": {"federated": "FedAvg"},
    "learning.sampling": {"each": "alike from each", "pool": "from the pool"},
    "settlement.clip": {"net": "over the horizon", "gross": "never"},
    "tolerance.kind": {"posted": "at posted prices", "clarke": "by Clarke taxes", "dagva": "by expected externality"},
    "market.groups": {"all": "one of all"},
    "market.lonely": {"play": "one plays on", "outside": "one stays outside"},
    "reciprocity.kind": {"none": "to oneself", "requests": "by request", "pool": "into a pool",
                         "admission": "if admitted"},
    "reciprocity.learner.signals": {"norm": "by the norm", "learned": "as they learn"},
    "reciprocity.learner.belief": {"pooled": "what all do", "norm": "the norm", "equilibrium": "an equilibrium"},
    "menu.offer": {"menu": "by the menu", "amounts": "as each likes"},
    "menu.reading": {"party": "as a party", "published": "as published"},
    "negotiation.kind": {"shapley_coop": "Shapley-Coop"},
    "negotiation.negotiator": {"shapley": "Shapley"},
    "rewards.joining": {"seen": "what is seen", "claimed": "what is claimed"},
    "rewards.accuracy.kind": {"bound": "a bound", "fitted": "a fitted curve", "power_law": "a power law"},
    "rewards.realise": {"promise": "promise only"},
}  # fmt: skip

_UNITS: Mapping[str, str] = {  # as they stand behind a value; none where the label says it
    "1": "", "share": "", "name": "", "names": "", "count": "", "switch": "", "principals": "", "samples": "",
    "features": "", "classes": "", "class": "", "feature": "", "units": "", "share by name": "", "as limit": "",
    "by name": "",
    "as features": "", "money per sample": "", "nat (protect), 1 (withhold)": "", "samples per round": "",
    "money per unit of probe loss and round": "", "per money": "", "coalitions": "", "gradients": "", "epochs": "",
    "per round": "a round", "radian per round": "rad", "money per round": "money", "nat per round": "nat",
    "standard deviations": "SD", "standard errors": "SE",
}  # fmt: skip


def group_of(path: str) -> str:
    """The heading under which a field stands."""
    return GROUPS.get(split_path(path)[0], _ELSEWHERE)


def label_words(path: str, actions: Mapping[str, str]) -> str:
    """A field's label; of a field that nobody gave one, its name.

    Args:
        path: of the field.
        actions: what each action is called, by its name in scenarios.
    """
    label = LABELS.get(path, "").format_map(actions)
    if not label:
        label = split_path(path)[-1].replace("_", " ")
        label = label[:1].upper() + label[1:]
    return label if len(label) <= LONGEST else label[: LONGEST - 1].rstrip() + "…"


def unlike(labels: Iterable[str]) -> list[str]:
    """The labels, numbered where two would be the same."""
    given: list[str] = []
    for label in labels:
        number, told = 1, label
        while told in given:
            number += 1
            told = f"{label[: LONGEST - 3]} {number}"
        given.append(told)
    return given


def choice_words(path: str, name: str) -> str:
    """What a choice is called."""
    return in_short(name) if name.startswith("module:") else _CHOICES.get(path, {}).get(name, name.replace("_", " "))


def unit_words(path: str, unit: str) -> str:
    """The unit as it stands behind a value.

    Args:
        path: of the field.
        unit: as the schema writes it.
    """
    return "" if LABELS.get(path, "").endswith(" a round") and unit == "per round" else _UNITS.get(unit, unit)


def plain(value: Any) -> str:
    """A value as it stands in a field: numbers exact, without an exponent, thousands apart from five figures on."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple | list):
        return ", ".join(map(plain, value))
    if not isinstance(value, int | float):
        return str(value)
    grouped = "," if abs(value) >= 10_000 else ""
    text = f"{Decimal(repr(value)):{grouped}f}".replace(",", "\u202f").replace("-", "\u2212")
    return text.rstrip("0").rstrip(".") if "." in text else text
