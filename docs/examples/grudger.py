"""Grudgers in the commons: they delegate until they see too few others do so, and never again after that."""

from typing import Any

import pandas as pd

from commonweal import Action, Cooperative, Principal, View, load


class Grudger(Principal):
    """Delegates while at least a quarter of its neighbours do; once disappointed, free-rides for ever."""

    disappointed: int | None = None  # the round in which it gave up

    def choose(self, view: View) -> Action:
        """Its own rule; what its policy proposes is ``view.proposal``."""
        if self.disappointed is None and view.delegating_share < 0.25:
            self.disappointed = view.round
        return Action.DELEGATE if self.disappointed is None else Action.FREE_RIDE


def play(kind: str, grudgers: int = 5, rounds: int = 120, seed: int = 7) -> dict[str, Any]:
    """One run of the commons in which the first principals are grudgers: who gave up when, and who earned what."""
    scenario = load("commons", {"settlement.kind": kind})
    model = Cooperative(scenario, rng=seed, principals=dict.fromkeys(range(grudgers), Grudger))
    payoff = model.play(rounds).principals["payoff"]
    gave_up = [p.disappointed for p in model.principals if isinstance(p, Grudger) and p.disappointed is not None]
    model.release()
    return {
        "settlement": kind,
        "gave up": f"{len(gave_up)} of {grudgers}",
        "first in round": min(gave_up, default="–"),
        "grudgers earned": payoff[:grudgers].mean(),
        "others earned": payoff[grudgers:].mean(),
    }


if __name__ == "__main__":
    rows = [play(kind) for kind in ("equal", "data", "credit")]
    print(pd.DataFrame(rows).to_string(index=False, float_format="{:.3f}".format))
