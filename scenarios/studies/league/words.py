"""What attacks do, in plain words: deviations, programmes, and networks by what they were seen to do."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from commonweal.agents.arrays import Ints
from commonweal.economy.arena.moves import Move, Moves
from commonweal.economy.arena.tactics import Constant, Programme, Tactic
from commonweal.economy.futures.deviations import Deviation

_DOES = {
    None: "", "delegate": "contributes its data", "free_ride": "free-rides", "defect": "defects",
    "abstain": "stays away",
}  # fmt: skip
_FORMS = {
    "own": "its own samples", "wrong": "puts in wrong labels", "junk": "puts in random data",
    "stale": "puts in its first few samples over and over", "disguised": "puts in old samples under fresh noise",
    "replay": "puts in the samples of one round over and over",
}  # fmt: skip
_PARTS = 5  # parts of an episode by which networks are described
_NEARLY = 0.9  # share of moves that may be called all


def move_in_words(move: Move) -> str:
    """What a principal does in a round."""
    action = None if move.action is None else move.action.name.lower()
    does = _FORMS.get(move.form or "", "") if move.form is not None else _DOES[action]
    words = [does] if does else []
    if action != "abstain":
        if move.share != 1.0:
            words.append(f"with {move.share:.0%} of its samples" if move.share else "without any samples")
        if move.looser:
            words.append(f"claims limits {abs(move.looser):.0%} {'looser' if move.looser > 0 else 'stricter'}")
        if move.dearer:
            words.append(f"claims a cost {abs(move.dearer):.0%} {'higher' if move.dearer > 0 else 'lower'}")
        if move.exaggerates:
            more = "more" if move.exaggerates > 0 else "less"
            words.append(f"claims {abs(move.exaggerates):.0%} {more} of its update")
    text = ", ".join(words) or "does as its policy says"
    return text if does or not words else f"does as its policy says, {text}"


def in_words(deviation: Deviation) -> str:
    """What a deviation does in all rounds."""
    timed = _when(deviation)
    if deviation.tactic is not None:
        does = tactic_in_words(deviation.tactic)
    else:
        own = Move("", deviation.action, deviation.form, deviation.share, deviation.looser, deviation.dearer,
                   deviation.exaggerates)  # fmt: skip
        does = move_in_words(own) + ("" if timed else " in all rounds")
    return "; ".join([does, *timed, *_else(deviation)])


def _when(deviation: Deviation) -> list[str]:
    words = []
    if deviation.joins:
        words.append(f"joins after {deviation.joins} rounds")
    if deviation.leaves is not None:
        words.append(f"leaves after {deviation.leaves} rounds")
    if deviation.is_passing:
        until = "on" if deviation.until is None else f"to {deviation.until}"
        words.append(f"only from round {deviation.from_round + 1} {until}, before that and after as its policy says")
    return words


def _else(deviation: Deviation) -> list[str]:
    """What lasts for the whole run."""
    words = []
    if deviation.identities > 1:
        words.append(f"under {deviation.identities} names" + (", one at a time" if deviation.sheds else ""))
    if deviation.earlier:
        words.append(f"says it joined {deviation.earlier} rounds earlier")
    if deviation.line is not None:
        words.append(f"takes line {deviation.line + 1} of the menu")
    if deviation.slanders:
        words.append("calls everybody bad")
    if deviation.copies:
        words.append("puts in the same samples under all names")
    if deviation.policy is not None:
        words.append(f"goes by {deviation.policy}")
    return words


def tactic_in_words(tactic: Tactic) -> str:
    """What a tactic does, where it does not look at what it sees."""
    if isinstance(tactic, Constant):
        return f"{move_in_words(tactic.moves.at(tactic.codes))} in all rounds"
    if isinstance(tactic, Programme):
        if len(tactic.steps) == 1:
            return f"{move_in_words(tactic.moves.at(tactic.steps[0][1]))} in all rounds"
        starts = [start for start, _ in tactic.steps]
        does = [move_in_words(tactic.moves.at(codes)) for _, codes in tactic.steps]
        if tactic.every is not None:
            ends = [*starts[1:], tactic.every]
            turns = [f"{_rounds(end - start)}: {what}" for start, end, what in zip(starts, ends, does, strict=True)]
            return f"over and over, {'; then '.join(turns)}"
        spans = [f"rounds {a + 1} to {b}" for a, b in pairwise(starts)] + [f"from round {starts[-1] + 1} on"]
        return "; ".join(f"{span}: {what}" for span, what in zip(spans, does, strict=True))
    return f"chooses anew in each round from {len(tactic.sees)} things that it sees"


def _rounds(count: int) -> str:
    return "one round" if count == 1 else f"{count} rounds"


def moves_seen(moves: Moves, codes: Ints) -> pd.DataFrame:
    """Shares of moves in parts of an episode, as they were seen.

    Args:
        moves: the menu.
        codes: (T, B, D) of B episodes of T rounds.

    Returns:
        A row for each part and thing that was done: from_round, to_round, does, share; the most frequent first.
    """
    rows = [
        {"from_round": begin, "to_round": end, "does": does, "share": share}
        for begin, end, shares in _by_part(moves, codes)
        for does, share in shares.items()
    ]
    return pd.DataFrame(rows)


def _by_part(moves: Moves, codes: Ints) -> list[tuple[int, int, dict[str, float]]]:
    """First and last round of each part of an episode, and the share of each thing that was done in it."""
    parts = np.array_split(np.arange(len(codes)), min(_PARTS, len(codes)))
    return [(int(part[0]) + 1, int(part[-1]) + 1, _shares(moves, codes[part])) for part in parts]


def _shares(moves: Moves, codes: Ints) -> dict[str, float]:
    """Share of each thing that was done, in words, so that moves that come to the same are counted together."""
    numbers, counts = np.unique(moves.flat(codes), return_counts=True)
    found: dict[str, float] = {}
    for number, count in zip(numbers, counts / counts.sum(), strict=True):
        does = move_in_words(moves.at(moves.codes(number)))
        found[does] = found.get(does, 0.0) + float(count)
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def seen_in_words(moves: Moves, codes: Ints) -> str:
    """What a network does, from the moves (T, B, D) that it was seen to make: which most often, and when it changes."""
    spans: list[tuple[int, int, str, list[float]]] = []
    for begin, end, shares in _by_part(moves, codes):
        does, share = next(iter(shares.items()))
        if spans and spans[-1][2] == does:
            spans[-1] = (spans[-1][0], end, does, [*spans[-1][3], share])
        else:
            spans.append((begin, end, does, [share]))
    parts = [
        f"{f'rounds {a} to {b}' if len(spans) > 1 else 'all rounds'}: {does}{_mostly(often)}"
        for a, b, does, often in spans
    ]
    flat = moves.flat(codes)
    changed = float((flat[1:] != flat[:-1]).sum(axis=0).mean()) if len(flat) > 1 else 0.0
    return "; ".join([*parts, f"changes its move {changed:.1f} times in {len(flat)} rounds", _reacts(flat)])


def _mostly(shares: Sequence[float]) -> str:
    share = float(np.mean(shares))
    return "" if share >= _NEARLY else f" ({share:.0%} of the time)"


def _reacts(flat: Ints) -> str:
    """Whether runs differ in what is done in the same round: they do only where what it sees decides."""
    usual = float(np.mean([np.unique(row, return_counts=True)[1].max() / len(row) for row in flat]))
    if usual > 0.99:
        return "does the same in every run, whatever it sees"
    return f"{1 - usual:.0%} of its moves depend on what it sees"
