"""Made-up patients of twelve hospitals: the table that is bundled as ``hospitals``, from one seed.

    python docs/examples/hospitals.py hospitals.csv

Nothing in it is of a person. Hospitals hold from 12 to 1200 patients (sizes are geometric).
Each sees other patients than the next, three write down a third of outcomes wrongly, and what leads to an outcome turns
a little from year to year. A tenth of one laboratory value is missing.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

HOSPITALS = ("Alder", "Birch", "Cedar", "Elm", "Fir", "Hazel", "Juniper", "Larch", "Maple", "Oak", "Pine", "Rowan")
OUTCOMES = ("home", "rehabilitation", "readmitted", "intensive care")
CARELESS = ("Cedar", "Juniper", "Pine")  # who write down outcomes wrongly
FIRST_YEAR, YEARS = 2019, 6
SEED = 12


def patients(seed: int = SEED, smallest: int = 12, largest: int = 1200) -> pd.DataFrame:
    """A row per patient, hospital by hospital.

    Args:
        seed: of everything that is drawn.
        smallest: patients of the first hospital.
        largest: patients of the last.
    """
    generator = np.random.default_rng(seed)
    sizes = np.rint(np.geomspace(smallest, largest, len(HOSPITALS))).astype(int)
    causes = generator.standard_normal((len(OUTCOMES), 6))
    turning = generator.standard_normal((len(OUTCOMES), 6))
    parts = []
    for name, size in zip(HOSPITALS, generator.permutation(sizes), strict=True):
        hidden = generator.standard_normal((size, 6)) + 0.6 * generator.standard_normal(6)  # its own mix of patients
        year = generator.integers(YEARS, size=size)
        scores = hidden @ causes.T + 0.12 * year[:, None] * (hidden @ turning.T)
        outcome = (scores + 0.7 * generator.gumbel(size=scores.shape)).argmax(axis=1)
        wrong = generator.random(size) < (1 / 3 if name in CARELESS else 0.02)
        outcome = np.where(wrong, (outcome + generator.integers(1, len(OUTCOMES), size)) % len(OUTCOMES), outcome)
        parts.append(_as_measured(name, hidden, year, outcome, generator))
    return pd.concat(parts, ignore_index=True)


def _as_measured(
    name: str, hidden: np.ndarray, year: np.ndarray, outcome: np.ndarray, generator: np.random.Generator
) -> pd.DataFrame:
    """What a hospital writes down of its patients, in the units of the ward."""
    size = len(hidden)
    departments = np.array(["cardiology", "neurology", "surgery"])
    department = departments[np.digitize(hidden[:, 5], [-0.5, 0.5])]
    return pd.DataFrame({
        "hospital": name,
        "year": FIRST_YEAR + year,
        "age": np.clip(np.rint(62 + 14 * hidden[:, 0]), 18, 100).astype(int),
        "creatinine": np.round(np.exp(0.1 + 0.4 * hidden[:, 1]), 2),
        "haemoglobin": np.round(13 + 1.8 * hidden[:, 2], 1),
        "lactate": np.where(generator.random(size) < 0.1, np.nan, np.round(np.exp(0.4 + 0.5 * hidden[:, 3]), 1)),
        "systolic": np.rint(128 + 18 * hidden[:, 4]).astype(int),
        "department": department,
        "emergency": np.where(hidden[:, 5] + generator.standard_normal(size) > 0, "yes", "no"),
        "outcome": np.array(OUTCOMES)[outcome],
    })  # fmt: skip


if __name__ == "__main__":
    file = Path(sys.argv[1]) if len(sys.argv) == 2 else sys.exit(__doc__)
    patients().to_csv(file, index=False)
    print(f"{file}: {len(patients())} patients of {len(HOSPITALS)} hospitals")
