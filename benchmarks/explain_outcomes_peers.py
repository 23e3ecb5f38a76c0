"""Others' answers to the games of ``explain_outcomes.py``, which runs this file in an environment of its own.

    python explain_outcomes_peers.py shapzero|shapiq GAMES.npz ANSWERS.json

GAMES holds outcomes of all profiles by name, (q, …, q), the profiles that are explained, ``explained of NAME``, and
``budgets of NAME``. No module of this library is imported, nor is one of theirs by it.
"""

import contextlib
import io
import json
import sys
import tempfile
import warnings
from importlib import metadata
from pathlib import Path

import numpy as np

DRAWS = {"shapzero": 1, "shapiq": 3}  # SHAP zero fixes its own design


class Asked:
    """A game that counts the different profiles it was asked for."""

    def __init__(self, outcomes):
        self.outcomes, self.seen = outcomes, set()

    def __call__(self, profiles):
        """Outcomes of profiles (m, n)."""
        profiles = np.asarray(profiles).astype(int)
        self.seen |= {tuple(row) for row in profiles.tolist()}
        return self.outcomes[tuple(profiles.T)]


def shapzero(outcomes, explained, budget, draw):
    """Coefficients of SHAP zero and how many profiles they took."""
    import shapzero as package

    asked, q, players = Asked(outcomes), len(outcomes), outcomes.ndim
    np.random.seed(draw)
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        explainer = package.init(q=q, n=players, exp_dir=folder, model=asked)
        try:
            found = explainer.compute_fourier_transform(budget=budget, verbose=False)
        except Exception as error:
            return {"refused": f"{type(error).__name__}: {error}"[:120], "asked": len(asked.seen)}
        stated = explainer.run_params["total_samples_required"]
        found = {tuple(int(k) for k in key): complex(value) for key, value in found.items()}
    return {
        "asked": len(asked.seen),
        "stated": int(stated),
        "frequencies": [list(key) for key in found],
        "real": [value.real for value in found.values()],
        "imaginary": [value.imag for value in found.values()],
    }


def shapiq(outcomes, explained, budget, draw):
    """Values of KernelSHAP of shapiq: every coalition with as many draws of the others as there is room."""
    from shapiq.approximator import KernelSHAP

    q, players = len(outcomes), outcomes.ndim
    rng, values = np.random.default_rng(draw), []
    coalitions = min(2**players, budget)
    repeats = budget // coalitions
    for row in explained:

        def game(members, row=row):
            drawn = rng.integers(0, q, (repeats, *members.shape))
            profiles = np.where(members.astype(bool), row, drawn)
            return outcomes[tuple(np.moveaxis(profiles, -1, 0))].mean(axis=0)

        found = KernelSHAP(n=players, random_state=draw).approximate(coalitions, game)
        values.append([float(found[(i,)]) for i in range(players)])
    return {"values": values}


def main(peer, games, answers):
    """Ask one of them all games at all their budgets."""
    warnings.simplefilter("ignore")
    given = np.load(games)
    names = [name for name in given.files if not name.startswith(("explained of ", "budgets of "))]
    ask = {"shapzero": shapzero, "shapiq": shapiq}[peer]
    found = {}
    for name in names:
        explained, budgets = given[f"explained of {name}"], given[f"budgets of {name}"]
        found[name] = {
            str(budget): [ask(given[name], explained, int(budget), draw) for draw in range(DRAWS[peer])]
            for budget in budgets
        }
    said = {"version": metadata.version(peer), "answers": found}
    Path(answers).write_text(json.dumps(said), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
