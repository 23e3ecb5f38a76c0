"""What if this one deviates? The run's future with and without a deviation, many times over on the same random numbers.

The gain is U_i(d, σ_−i) − U_i(σ) with everything else alike (common random numbers; Law 2015, section 11.2).
"""

from dataclasses import dataclass
from math import floor, log10
from typing import Any

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats
from commonweal.economy.futures.deviations import Deviation
from commonweal.economy.futures.play import branch, play_futures
from commonweal.economy.round.set_up import Economy
from commonweal.economy.world.world import World
from commonweal.figures.browser.documents.cards import name_of
from commonweal.figures.browser.documents.futures import futures_document
from commonweal.figures.browser.notes.shown import action_words, words_of
from commonweal.scenarios.runs.intervals import Interval, mean_interval

FUTURES, ROUNDS = 16, 20
_LUCK = 1  # seed of the luck of the futures


@dataclass(frozen=True)
class Question:
    """Who deviates, and how; scalars only."""

    principal: int
    action: Action | None  # taken in every round; None: what its policy says
    line: int | None = None  # of the menu, taken in every round; None: the one that is best for it

    @property
    def verb(self) -> str:
        """What it does, as in "to delegate"."""
        if self.line is not None:
            return f"take line {self.line + 1}"
        return "go on" if self.action is None else self.action.name.lower().replace("_", "-")


@dataclass(frozen=True)
class Verdict:
    """What a deviation would bring over T rounds, from B futures."""

    question: Question
    round: int  # rounds played before
    gain: Interval  # () money per round, mean over futures, 95 %
    others: Interval  # () money per round that all others gain together; negative is a loss
    follows: Floats  # (B, T) its utility when it follows its policy, money; its payoff where nobody minds
    deviates: Floats  # (B, T) its utility when it deviates, money


def answer_document(verdict: Verdict, world: World) -> dict[str, Any]:
    """What the card shows of a verdict.

    Returns:
        As ``futures_document``, but of ``kind`` "answer", with whom it is about (``principal``), what was asked
        (``action`` or ``line``), and after which ``round``.
    """
    question = verdict.question
    did, does = _forms(question, world)
    net = ", value cost subtracted" * words_of(world).minds
    said = in_words(verdict, does, net, name_of(world, question.principal))
    found = futures_document(
        said, verdict.deviates, verdict.follows, verdict.gain, (f"if it {did}", "as it is"),
        verdict.round + 1,
    )
    worth = {"unit": "utility, money a round"} if words_of(world).minds else {}
    return found | worth | {"kind": "answer", "title": f"What if it {did}?", "principal": question.principal,
                    "action": question.action, "line": question.line, "round": verdict.round}


def _forms(question: Question, world: World) -> tuple[str, str]:
    """What was asked, as "defected" and "defects"."""
    if question.line is not None:
        return f"took line {question.line + 1}", f"takes line {question.line + 1}"
    if question.action is None:
        return "went on", "goes on"
    verb = action_words(world, question.action)
    return verb.did, verb.does


def in_words(verdict: Verdict, done: str = "", net: str = "", who: str = "") -> str:
    """The verdict as a sentence; no claim where the interval holds zero.

    Args:
        verdict: what came out.
        done: what the deviation does, in the words of the market; the question's if not given.
        net: what the numbers leave out, after their unit.
        who: what the principal is called; its number if not given.
    """
    question, gain = verdict.question, verdict.gain
    verb, _, rest = question.verb.partition(" ")
    done = done or f"{verb}s {rest}".strip()
    unsure = "neither clearly gains nor loses by it"
    claim = "gains by it" if gain.low > 0 else "loses by it" if gain.high < 0 else unsure
    return (f"{who or f'Principal {question.principal}'}, if it {done} from round {verdict.round + 1} on, {claim}: "
            f"{_signed(gain)} money per round{net}. "
            f"All others together: {_signed(verdict.others)} money per round.")


def _signed(found: Interval) -> str:
    """A mean with as many decimals as its interval is worth."""
    reach = float(found.high - found.low) / 2
    scale = reach if reach > 0 else abs(float(found.value)) / 10
    decimals = max(0, 1 - floor(log10(scale))) if scale > 0 else 0
    return found.text(decimals, "+").replace("-", "−")


def weigh(economy: Economy, question: Question) -> Verdict:
    """Play the futures of one run, with the deviation and without.

    Args:
        economy: one run where it stands; unchanged.
        question: who deviates, and how.

    Raises:
        InputError: if there is no such principal, or a future diverges.
    """
    several = branch(economy, FUTURES, _LUCK)
    deviation = Deviation(question.verb, (question.principal,), question.action, line=question.line)
    futures = play_futures(several, [deviation], ROUNDS)
    gain, others = mean_interval(futures.gains[:, 0]), mean_interval(-futures.losses[:, 0])
    follows, deviates = (futures.worth[:, which, :, question.principal] for which in (0, 1))
    return Verdict(question, economy.state.round, gain, others, follows, deviates)
