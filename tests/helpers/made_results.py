"""Results made up in the form of stored ones, as a sweep over one field would leave them."""

import numpy as np
import pandas as pd

KIND = "settlement.kind"
RULES = ("equal", "data", "credit")


def sweep(rules: tuple[str, ...] = RULES, seeds: int = 8, rounds: int = 120, count: int = 40, dimensions: int = 2,
          path: str = KIND) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Rounds, principals and profiles as a sweep over one field would store them: later rules cooperate more."""
    noise = np.random.default_rng(20240501)
    kept: tuple[list[pd.DataFrame], ...] = ([], [], [])
    for run, (place, rule) in enumerate((p, r) for p, r in enumerate(rules) for _ in range(seeds)):
        goal = 0.15 + 0.7 * place / max(1, len(rules) - 1)
        frames = (_rounds(noise, goal, rounds, dimensions), _principals(noise, goal, count),
                  _profiles(noise, rounds, count, dimensions))
        for frame, found in zip(frames, kept, strict=True):
            frame["run"], frame[path] = run, rule
            found.append(frame)
    together = [pd.concat(found, ignore_index=True) for found in kept]
    return together[0], together[1], together[2]


def _rounds(noise: np.random.Generator, goal: float, rounds: int, dimensions: int) -> pd.DataFrame:
    time = np.arange(rounds)
    goal = float(np.clip(goal + noise.normal(0, 0.08), 0.02, 0.95))
    delegate = goal + (0.6 - goal) * np.exp(-time / 25) + noise.normal(0, 0.02, rounds)
    delegate = np.clip(delegate, 0, 1)
    defect = (1 - delegate) * (0.3 + 0.2 * np.tanh(time / 40))
    accuracy = 0.1 + 0.82 * (1 - np.exp(-time * goal / 12)) * (0.8 + 0.2 * goal) + noise.normal(0, 0.006, rounds)
    columns = {
        "round": time, "share_abstain": 0.0, "share_delegate": delegate, "share_defect": defect,
        "share_free_ride": 1 - delegate - defect, "accuracy": accuracy, "welfare": 0.4 * accuracy - 0.16 * delegate,
        "screened_share": np.clip(0.5 * np.exp(-time / 60) + noise.normal(0, 0.03, rounds), 0, 1),
    }
    for k in range(dimensions):
        columns |= {f"level_{k}": 1.9 * np.exp(-time / 15) + 0.55 + 0.2 * k + noise.normal(0, 0.03, rounds),
                    f"limit_{k}": 0.9 + 0.15 * np.exp(-time / 50), f"mean_limit_{k}": 1.2 - 0.05 * k + 0 * time}
    return pd.DataFrame(columns)


def _principals(noise: np.random.Generator, goal: float, count: int) -> pd.DataFrame:
    quality = np.where(noise.random(count) < 0.5, 1.0, np.round(noise.uniform(0.3, 1, count), 2))
    taken = np.where(noise.random(count) < 0.5, "free_ride", "defect")
    action = np.where(noise.random(count) < goal, "delegate", taken)
    wrong = (action == "defect") & (noise.random(count) < 0.8)
    quality = np.where(wrong, np.round(noise.uniform(0, 0.4, count), 2), quality)
    credit = 0.06 * (quality - 0.45) * noise.gamma(3, 0.35, count) + noise.normal(0, 0.004, count)
    quality = np.where((action == "free_ride") & (noise.random(count) < 0.4), np.nan, quality)
    return pd.DataFrame({
        "principal": np.arange(count), "policy": np.where(np.arange(count) % 2, "imitation", "learning"),
        "action": action, "data_quality": quality, "credit": np.where(np.isnan(quality), 0.0, credit),
        "balance": np.round(noise.gamma(1 + 3 * (1 - goal), 0.2, count), 6), "escrow": 0.0,
    })


def _profiles(noise: np.random.Generator, rounds: int, count: int, dimensions: int) -> pd.DataFrame:
    times = np.arange(0, rounds, max(1, rounds // 40))
    start = noise.uniform(0.6, 1.6, (dimensions, count))
    pull = (1 - np.exp(-times / 30))[:, None, None] * 0.7
    limits = start + pull * (start.mean(axis=1, keepdims=True) - start)
    time, dimension, principal = np.meshgrid(times, range(dimensions), range(count), indexing="ij")
    return pd.DataFrame({"round": time.ravel(), "dimension": dimension.ravel(), "principal": principal.ravel(),
                         "limit": limits.ravel()})
