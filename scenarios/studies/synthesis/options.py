"""What the study of synthesis lets its user choose."""

from typing import Literal

from commonweal.scenarios.schema.scenario import Count, field
from commonweal.scenarios.studies.base import StudyOptions

Served = Literal["welfare", "accuracy", "participation"]


class SynthesisOptions(StudyOptions):
    """How long to search, against which attacks, and how what is found is judged."""

    rules: int = field(60, "rules that are tried, known ones among them", "rules", ge=2, le=100_000)
    only: tuple[str | dict[str, str | int | float], ...] = field(
        (), "rules that are tried, and no others: known ones by their names, and tables of levers like {like ="
        " 'capped credit', hold-back = 2, reserve = 0.1}; all known ones and what is proposed if not given", "rules")
    served: Served = field(
        "welfare", "what a good rule is good for, beside being hard to exploit: welfare (payoffs and what the treasury"
        " keeps, less audits), accuracy, or participation (the share that delegates)", "name")  # fmt: skip
    epsilon: float = field(
        0.001, "gain from attacks that is allowed: the winner serves most of the rules whose epsilon is at most that,"
        " or has the smallest epsilon where none is", "money per round", ge=-1e6, le=1e6)  # fmt: skip
    audit_price: float = field(
        0.001, "what an audit costs the cooperative, taken off welfare", "money per audit", ge=0, le=1e6)
    endowment: float = field(
        0.2, "money that principals have from the start: no rule can ask for higher stakes or dearer names", "money",
        ge=0, le=1e6)
    horizon: Count = field(50, "rounds that an attack lasts", "rounds")
    attackers: Count = field(3, "principals that try each attack, one at a time, in each seed", "principals")
    finalists: Count = field(6, "rules of the frontier that are judged on held-out seeds", "rules")
    held_out: int = field(8, "further seeds on which finalists are judged, and the winner chosen", "seeds", ge=2,
                          le=10_000)
    judges: Count = field(8, "principals that try each attack on held-out seeds, in each", "principals")
    budget: int = field(
        60, "attacks that a search tries against each finalist, beside the catalogue", "attacks", ge=2, le=100_000)
    training: int = field(
        10, "generations of programmes in which a learner trains against each finalist; 0: none does", "generations",
        ge=0, le=100_000)
    last: int = field(
        8, "further seeds on which the winner is judged, once it is chosen", "seeds", ge=2, le=10_000)
    last_judges: Count | None = field(
        None, "principals that try each attack on those, in each; all if not given: luck between them cancels",
        "principals")
    strongest: Count = field(
        8, "attacks, beside the catalogue, that the winner is judged by there: the strongest so far of all families",
        "attacks")
    confidence: float = field(0.95, "of all intervals", "share", ge=0.5, le=0.999)
    workers: Count | None = field(
        None, "processes; as many as cores if not given; scripts that ask for several need a main guard", "processes")
