"""Made-up sentences to a hospital, and the ward that each is for: a tiny task for networks that read tokens.

Words are drawn, so that what can be learned is known: a word is of its ward, of any ward, or of none.
"""

from functools import cache

import numpy as np

from commonweal.agents.arrays import Ints
from commonweal.economy.tasks.dataset import Dataset, checked
from commonweal.economy.tasks.datasets import TaskTerms, task

WARDS = {
    "heart": ["heart", "chest", "pulse", "artery", "pressure", "valve", "rhythm", "vein", "palpitation", "statin"],
    "bones": ["bone", "knee", "hip", "fracture", "plaster", "joint", "spine", "ankle", "shoulder", "limp"],
    "children": ["child", "infant", "vaccine", "growth", "mother", "school", "cradle", "milk", "measles", "toddler"],
    "eyes": ["eye", "sight", "lens", "glasses", "cataract", "retina", "blurred", "tear", "lid", "iris"],
}
COMMON = (
    "the", "a", "i", "my", "we", "since", "today", "please", "doctor", "for", "with", "after", "night", "week", "pain",
    "see", "letter", "again", "was", "feel", "not", "can", "hospital",
)  # fmt: skip
WORDS = ("", *COMMON, *(word for words in WARDS.values() for word in words))  # of each token; 0 pads
SENTENCES, LONGEST, SHORTEST = 2000, 12, 6
OF_WARD, OF_ANY = 0.25, 0.15  # chances of a word; the others say nothing


@cache
def sentences() -> Dataset:
    """The sentences as rows of tokens, always the same."""
    rng = np.random.default_rng(20)
    labels = np.arange(SENTENCES) % len(WARDS)
    size = len(WORDS) - 1 - len(COMMON)
    each = size // len(WARDS)
    shape = (SENTENCES, LONGEST)
    own = 1 + len(COMMON) + labels[:, None] * each + rng.integers(each, size=shape)
    anything, nothing = 1 + len(COMMON) + rng.integers(size, size=shape), 1 + rng.integers(len(COMMON), size=shape)
    kind = rng.random(shape)
    tokens = np.where(kind < OF_WARD, own, np.where(kind < OF_WARD + OF_ANY, anything, nothing))
    lengths = rng.integers(SHORTEST, LONGEST + 1, size=(SENTENCES, 1))
    tokens = np.where(np.arange(LONGEST) < lengths, tokens, 0)
    return checked(Dataset("sentences", tokens.astype(np.float64), labels, classes=len(WARDS)))


def written(tokens: Ints) -> str:
    """A row of tokens (L,) in words."""
    return " ".join(WORDS[int(token)] for token in tokens if token)


@task("sentences")
def read_sentences(terms: TaskTerms, generator: np.random.Generator) -> Dataset:
    """2000 made-up sentences of up to 12 tokens below 64, for one of 4 wards; for networks that embed tokens."""
    return sentences()
