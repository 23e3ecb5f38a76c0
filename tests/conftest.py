"""What all tests share: how many random cases are tried, and that no test fails because the machine is slow.

Where CI is set, Hypothesis tries the same cases every time. ``pytest --hypothesis-profile=thorough`` tries many more.
"""

import gc
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("thorough", settings.default, deadline=None, max_examples=1000)
settings.register_profile("commonweal", settings.default, deadline=None, max_examples=50)
settings.load_profile("commonweal")


def pytest_collection_finish() -> None:
    """What was imported by then stays to the end: the collector of garbage need not look through it again and again."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish() -> None:
    """At the end all can go: libraries would say that they leak."""
    gc.unfreeze()


@pytest.fixture(autouse=True)
def nothing_stays_registered() -> Iterator[None]:
    """What a test registers is gone when it ends: workers that later tests start could not import it."""
    before = _registered()
    yield
    after = _registered()
    assert {name: count for name, count in after.items() if count > before.get(name, count)} == {}


def _registered() -> dict[str, int]:
    """How many functions from outside the library each plug point holds, by its group."""
    found = sys.modules.get("commonweal.agents.registry")
    registries = [] if found is None else found.REGISTRIES
    return {each.group: sum(_is_of_a_test(plug) for plug in each._plugs.values()) for each in registries}


def _is_of_a_test(plug: Any) -> bool:
    return not str(getattr(plug, "__module__", "commonweal")).startswith(
        ("commonweal", "tests.helpers", "functools")
    )


@pytest.fixture(autouse=True)
def no_screen_is_said(nothing_stays_registered: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where tests print is as wide as they say: pytest-xdist sets COLUMNS in its workers."""
    for name in ("COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def pictures_unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures are put together and saved without being painted: for tests of commands that look at something else."""
    from matplotlib.figure import Figure  # not every test needs it

    def save(figure: Figure, file: Path, **_: Any) -> None:
        Path(file).write_bytes(b"a picture")

    monkeypatch.setattr(Figure, "savefig", save)
