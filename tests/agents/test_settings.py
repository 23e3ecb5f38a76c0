"""What a program has set for its other work changes no number, and is as it was afterwards."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch

from commonweal.agents.settings import own_settings
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.loading import load

SETTINGS: dict[str, Callable[[], object]] = {
    "precision": lambda: torch.set_float32_matmul_precision("medium"),
    "dtype": lambda: torch.set_default_dtype(torch.float64),
    "device": lambda: torch.set_default_device("meta"),
    "floating-point errors": lambda: np.seterr(all="raise"),
}


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    with np.errstate():
        yield
    torch.set_float32_matmul_precision("highest")
    torch.set_default_dtype(torch.float32)
    torch.set_default_device(None)


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("network", ["mlp", "conv"])
def test_settings_of_libraries_change_no_number(name: str, network: str) -> None:
    economy = load("commons", {"rounds": 3, "learning.network": network})
    plain = Ensemble(economy, [0]).run().rounds
    SETTINGS[name]()
    assert Ensemble(economy, [0]).run().rounds.equals(plain)


def test_settings_are_as_before_afterwards() -> None:
    for setting in SETTINGS.values():
        setting()
    with pytest.raises(ZeroDivisionError), own_settings():
        assert torch.get_float32_matmul_precision() == "highest"
        assert torch.zeros(1).dtype is torch.float32
        assert torch.zeros(1).device.type == "cpu"
        assert np.geterr()["over"] == "warn"
        _ = 1 / 0
    assert torch.get_float32_matmul_precision() == "medium"
    assert torch.zeros(1).dtype is torch.float64
    assert torch.zeros(1).device.type == "meta"
    assert np.geterr()["under"] == "raise"
