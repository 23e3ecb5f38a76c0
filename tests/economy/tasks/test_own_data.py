"""Data of one's own: tables in files, data sets of torch and Hugging Face, and who owns what."""

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.agents.errors import InputError
from commonweal.agents.streams import Streams
from commonweal.agents.terms import stack
from commonweal.economy.tasks import (
    Dataset,
    Examples,
    Holdings,
    ProbeTerms,
    TaskTerms,
    draw_dataset,
    draw_holdings,
    load_examples,
)
from commonweal.economy.tasks.parts import divided
from commonweal.scenarios.schema.scenario import Scenario

Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a table and gives the kind of the task that reads it."""

    def written(table: pd.DataFrame | str | bytes, name: str = "wards.csv") -> str:
        file = tmp_path / name
        if isinstance(table, pd.DataFrame):
            text = io.BytesIO()
            table.to_parquet(text) if name.endswith(".parquet") else table.to_csv(text, index=False)
            table = text.getvalue()
        file.write_bytes(table.encode() if isinstance(table, str) else table)
        return f"{file.suffix[1:]}:{file}" if file.suffix != ".py" else str(file)

    return written


def wards(rows: int = 60, seed: int = 0) -> pd.DataFrame:
    """A table of three wards of unlike sizes."""
    draw = np.random.default_rng(seed)
    return pd.DataFrame({
        "ward": np.where(np.arange(rows) < rows // 2, "north", np.where(np.arange(rows) < rows - 5, "south", "east")),
        "age": draw.normal(60, 10, rows).round(1),
        "sex": draw.choice(["f", "m"], rows),
        "died": np.arange(rows) % 2,
        "w": draw.uniform(0.5, 2, rows),
        "part": np.array(["train", "train", "validation", "test"])[np.arange(rows) % 4],
    })  # fmt: skip


def terms(kind: str, **fields: Any) -> TaskTerms:
    usual: dict[str, Any] = {"kind": kind, "label": "died", "validation": 8, "test": 8, "columns": ["age", "sex"]}
    return stack(TaskTerms, [Scenario.model_validate({"task": usual | fields}).task] * 2, "task")


def data(kind: str, **fields: Any) -> Dataset:
    return draw_dataset(terms(kind, **fields), np.random.default_rng(0))


def held(
    kind: str, principals: int = 3, dimensions: Sequence[ProbeTerms] = (), **fields: Any
) -> tuple[Examples, Holdings]:
    own = terms(kind, owner="ward", **({"partition": "owner"} | fields))
    streams = Streams.from_seeds([0, 1])
    examples = load_examples(own, streams.task)
    return examples, draw_holdings(examples, principals, own, dimensions, streams)


def test_numbers_are_standardised_and_categories_have_a_feature_each(write: Write) -> None:
    table = wards()
    found = data(write(table))
    assert found.feature_names == ("age", "sex=f", "sex=m")
    np.testing.assert_allclose(found.features[:, 0], (table.age - table.age.mean()) / table.age.std(ddof=0))
    np.testing.assert_array_equal(found.features[:, 1], table.sex == "f")
    assert (found.classes, found.class_names, found.target) == (2, ("0", "1"), "class")


def test_a_table_says_the_same_as_text_and_as_parquet(write: Write) -> None:
    text, binary = data(write(wards())), data(write(wards(), "wards.parquet"))
    np.testing.assert_array_equal(text.features, binary.features)
    np.testing.assert_array_equal(text.labels, binary.labels)


def test_transformers_are_fitted_on_training_rows_where_a_column_says_which_they_are(write: Write) -> None:
    table = wards()
    found, trains = data(write(table), split="part").features[:, 0], table.part == "train"
    np.testing.assert_allclose(found[trains].mean(), 0, atol=1e-12)
    np.testing.assert_allclose(found[trains].std(), 1)
    assert abs(found.mean()) > 1e-3  # of all rows


def test_a_category_that_no_training_row_has_is_none_of_those_known(write: Write) -> None:
    table = wards()
    table.loc[2, "sex"] = "unknown"  # a row of the validation set
    found = data(write(table), split="part")
    assert found.feature_names == ("age", "sex=f", "sex=m")
    assert not found.features[2, 1:].any()


def test_missing_values_are_the_median_a_category_of_their_own_or_leave_their_row_out(write: Write) -> None:
    table = wards().astype({"sex": object})
    table.loc[3, "age"], table.loc[5, "sex"] = np.nan, None
    kind, median = write(table), table.age.median()
    imputed = data(kind)
    assert imputed.feature_names == ("age", "sex=(missing)", "sex=f", "sex=m")
    filled = table.age.fillna(median)
    np.testing.assert_allclose(imputed.features[3, 0], (median - filled.mean()) / filled.std(ddof=0))
    assert imputed.features[5, 1] == 1
    assert len(data(kind, missing="drop").labels) == len(table) - 2
    with pytest.raises(InputError, match=r"wards.csv: row 5 has no 'age' \(2 such columns\)"):  # the header is row 1
        data(kind, missing="refuse")


def test_text_is_guessed_where_values_are_long_and_unlike_and_becomes_words_by_tf_idf(write: Write) -> None:
    table = wards(8)
    table["note"] = [f"patient {place} has {'high fever' if place % 2 else 'no pain'}" for place in range(8)]
    found = data(write(table), columns=["age", "note"])
    assert {"note:fever", "note:pain", "note:patient"} <= set(found.feature_names)
    words = found.features[:, 1:]
    np.testing.assert_allclose((words**2).sum(axis=1), 1)
    named = data(write(table), columns=["note"], categorical=["note"])
    assert len(named.feature_names) == 8  # each text is a category


def test_dates_are_days_and_true_is_one(write: Write) -> None:
    table = wards(4)
    table["day"], table["icu"] = ["2020-01-01", "2020-01-02", "2020-01-03", "2020-01-05"], [True, False, True, True]
    found = data(write(table), columns=["day", "icu"])
    np.testing.assert_allclose(found.features[:, 0], (np.array([0, 1, 2, 4]) - 1.75) / np.std([0, 1, 2, 4]))
    assert found.features[1, 1] < 0 < found.features[0, 1]


@pytest.mark.parametrize(
    ("labels", "target"),
    [([1, 2, 3, 1], "class"), ([0.5, 1, 2, 3], "number"), (list(range(51)), "number"), (["1.5", "b", "c"], "class")],
)
def test_labels_are_numbers_where_some_are_fractions_or_more_than_50_differ(
    write: Write, labels: list[Any], target: str
) -> None:
    kind = write(pd.DataFrame({"x": range(len(labels)), "died": labels}))
    assert data(kind, columns=[]).target == target
    if target == "number":
        assert data(kind, columns=[], target="class").classes == len(set(labels))


def test_owners_are_the_principals_and_each_holds_its_own_rows(write: Write) -> None:
    table = wards()
    examples, holdings = held(write(table))
    assert holdings.owner_names == ("east", "north", "south")
    assert examples.owners is not None
    for run in range(2):
        whose = np.repeat(np.arange(3), holdings.count[run])
        np.testing.assert_array_equal(examples.owners[0, holdings.held[run]], whose)
        parts = (holdings.held[run], holdings.validation[run], holdings.test[run])
        assert sorted(np.concatenate(parts)) == list(range(len(table)))


def test_a_split_column_says_what_is_measured_on(write: Write) -> None:
    table = wards()
    _, holdings = held(write(table), split="part")
    for part, ids in (("train", holdings.held), ("validation", holdings.validation), ("test", holdings.test)):
        np.testing.assert_array_equal(np.sort(ids[1]), np.flatnonzero(table.part == part))


def test_a_registered_task_goes_on_splitting_as_before() -> None:
    order = np.random.default_rng(3).permutation(20)
    for found, wanted in zip(divided(order, None, None, 4, 6), np.split(order, [4, 10]), strict=True):
        np.testing.assert_array_equal(found, wanted)


@given(st.integers(2, 8), st.integers(0, 2**32 - 1), st.data())
def test_every_owner_keeps_a_sample_to_train_on(owners: int, seed: int, drawn: st.DataObject) -> None:
    rng = np.random.default_rng(seed)
    whose = rng.permutation(np.concatenate([np.arange(owners), rng.integers(0, owners, 20)]))
    test = drawn.draw(st.integers(0, 20))
    validation = drawn.draw(st.integers(0, 20 - test))
    parts = divided(rng.permutation(len(whose)), whose, None, test, validation)
    assert [len(part) for part in parts] == [test, validation, len(whose) - test - validation]
    assert sorted(np.concatenate(parts)) == list(range(len(whose)))
    assert set(whose[parts[2]]) == set(range(owners))


def test_weights_are_one_on_average_over_training_samples_and_weigh_probes(write: Write) -> None:
    table = wards()
    _, holdings = held(write(table), weight="w", dimensions=[ProbeTerms(label=1, feature=None, samples=4)])
    assert holdings.sample_weights is not None
    for run in range(2):
        np.testing.assert_allclose(holdings.sample_weights[run, holdings.held[run]].mean(), 1)
        ids = holdings.probes[run, 0]
        np.testing.assert_allclose(holdings.weights[run, 0], table.w[ids] / table.w[ids].sum())


CODE = """
import torch
from torch.utils.data import Dataset, TensorDataset

x = torch.arange(96.0).reshape(24, 1, 2, 2) / 96
y = torch.arange(24) % 2
pairs = TensorDataset(x, y)
triples = TensorDataset(x, y, torch.arange(24) % 3)

class Named(Dataset):
    def __len__(self):
        return 24
    def __getitem__(self, at):
        return {"scan": x[at], "age": 50 + at, "died": "yes" if y[at] else "no", "ward": f"ward {at % 3}"}

def made():
    import datasets
    words = datasets.ClassLabel(names=["well", "ill"])
    rows = {"age": list(range(24)), "died": y.tolist(), "ward": ["a", "b", "c"] * 8}
    return datasets.Dataset.from_dict(rows).cast_column("died", words)
"""


def test_pairs_of_torch_are_images_and_labels_as_they_are(write: Write) -> None:
    found = data(f"torch:{write(CODE, 'mine.py')}:pairs", label="", columns=[])
    assert (found.shape, found.features.shape, found.classes) == ((2, 2), (24, 4), 2)
    np.testing.assert_allclose(found.features.ravel(), np.arange(96) / 96, rtol=1e-6)
    assert found.owners is None


def test_the_third_of_a_triple_is_an_owner(write: Write) -> None:
    found = data(f"torch:{write(CODE, 'mine.py')}:triples", label="", owner="owner", columns=[])
    assert found.owner_names == ("0", "1", "2")
    np.testing.assert_array_equal(found.owners, np.arange(24) % 3)


def test_dicts_have_columns_by_name_and_a_class_is_made_first(write: Write) -> None:
    found = data(f"torch:{write(CODE, 'mine.py')}:Named", owner="ward", columns=[])
    assert found.feature_names == ("scan[0]", "scan[1]", "scan[2]", "scan[3]", "age")
    assert found.class_names == ("no", "yes")
    assert found.shape is None  # more than an image


def test_a_data_set_of_hugging_face_keeps_the_names_of_its_classes(write: Write) -> None:
    pytest.importorskip("datasets")
    found = data(f"torch:{write(CODE, 'mine.py')}:made", owner="ward", columns=[])
    assert (found.class_names, found.owner_names, found.feature_names) == (("ill", "well"), ("a", "b", "c"), ("age",))
    np.testing.assert_array_equal(found.labels, 1 - np.arange(24) % 2)  # ill stands before well
