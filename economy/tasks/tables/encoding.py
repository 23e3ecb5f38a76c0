"""Features from columns, by scikit-learn's transformers: standardised numbers, categories one-hot, text as TF-IDF.

They are fitted on the training rows where a column says which these are, and on all rows otherwise; never on labels.
"""

from typing import Any

import numpy as np

from commonweal.agents.arrays import Bools, Floats
from commonweal.agents.errors import InputError
from commonweal.economy.tasks.tables.roles import Roles
from commonweal.economy.tasks.tables.table import Column, Table

MOST_CATEGORIES = 1000  # of a column: as many features
MOST_WORDS = 300  # of a column of text: its most frequent ones are features
MOST_FEATURES = 20_000
LONG = 3.0  # words of a value, on average, from which a column is guessed to be text
MISSING = "(missing)"  # category of values that are not there


def encoded(table: Table, roles: Roles, training: Bools) -> tuple[Floats, tuple[str, ...]]:
    """Features of every row and their names.

    Args:
        table: of M rows.
        roles: what its columns are for.
        training: (M,) rows that transformers are fitted on.

    Returns:
        (M, d) and d names, like ``age``, ``ward=surgery`` and ``note:fever``.

    Raises:
        InputError: if a column cannot be made into features.
    """
    parts = [_encoded(table, table.columns[name], roles, training) for name in roles.features(table)]
    names = tuple(name for _, found in parts for name in found)
    if len(names) > MOST_FEATURES:
        raise InputError(
            f"{table.name}: its columns make {len(names)} features; at most {MOST_FEATURES} are allowed: "
            "name fewer in task.columns"
        )
    return np.column_stack([features for features, _ in parts]), names


def kept_rows(table: Table, roles: Roles) -> Bools:
    """(M,) rows that are kept: under ``missing = drop`` those of which nothing is missing.

    Raises:
        InputError: if a feature is missing and that is refused, or a column is missing as a whole.
    """
    features = [table.columns[name] for name in roles.features(table)]
    for column in features:
        if column.missing.all():
            raise InputError(
                f"{table.name}: column {column.name!r} has no value in any row; leave it out of task.columns"
            )
    if roles.missing == "refuse" and (gaps := [column for column in features if column.missing.any()]):
        raise InputError(
            f"{table.name}: row {table.row(gaps[0].missing)} has no {gaps[0].name!r} ({len(gaps)} such columns); "
            "with task.missing = 'refuse' every value must be there"
        )
    if roles.missing != "drop":
        return np.ones(len(table), dtype=bool)
    others = [table.columns[name] for name in roles.named.values()]
    kept: Bools = ~np.any([column.missing for column in (*features, *others)], axis=0)
    if not kept.any():
        raise InputError(f"{table.name}: something is missing in every row; task.missing = 'drop' leaves none")
    return kept


def _encoded(table: Table, column: Column, roles: Roles, training: Bools) -> tuple[Floats, list[str]]:
    kind = kind_of(column, roles)
    if kind == "array":
        return _flattened(table, column)
    if kind == "number":
        return _standardised(table, column, training), [column.name]
    if kind == "text":
        return _weighed_words(table, column, training)
    return _one_hot(table, column, training)


def kind_of(column: Column, roles: Roles) -> str:
    """Whether a column holds arrays, numbers, categories or text: as the scenario says, or guessed."""
    if column.array:
        return "array"
    if column.name in roles.text:
        return "text"
    if column.name in roles.categorical:
        return "category"
    if column.numeric:
        return "number"
    return "text" if not roles.text and not roles.categorical and _is_text(column) else "category"


def _is_text(column: Column) -> bool:
    """Whether words are text: several a value, and hardly any value twice."""
    there = column.values[~column.missing]
    several = np.mean([len(value.split()) for value in there[:1000]]) >= LONG
    return bool(several and len(np.unique(there.astype(str))) > len(there) / 2)


def _flattened(table: Table, column: Column) -> tuple[Floats, list[str]]:
    """(M, numbers of an array) as they are."""
    flat: Floats = column.values.reshape(len(column.values), -1)
    wrong: Bools = np.asarray((~np.isfinite(flat)).any(axis=1), dtype=bool)
    if wrong.any():
        raise InputError(
            f"{table.name}: {column.name!r} of row {table.row(wrong)} holds nan or infinite numbers; all must be finite"
        )
    return flat, [f"{column.name}[{place}]" for place in range(flat.shape[1])]


def _standardised(table: Table, column: Column, training: Bools) -> Floats:
    """(M, 1) mean 0 and standard deviation 1 in training rows; what is missing is their median."""
    from sklearn.impute import SimpleImputer
    from sklearn.preprocessing import StandardScaler

    if (infinite := np.isinf(column.values)).any():
        raise InputError(
            f"{table.name}: row {table.row(infinite)} has an infinite {column.name!r}; every value must be finite"
        )
    if column.missing[training].all():
        raise InputError(f"{table.name}: column {column.name!r} has no value in any training row")
    values: Floats = column.values[:, None]
    if column.missing.any():
        values = SimpleImputer(strategy="median").fit(values[training]).transform(values)
    scaled: Floats = StandardScaler().fit(values[training]).transform(values)
    return scaled


def _one_hot(table: Table, column: Column, training: Bools) -> tuple[Floats, list[str]]:
    """(M, categories of training rows); a category that training rows do not have is 0 everywhere."""
    from sklearn.preprocessing import OneHotEncoder

    words = np.where(column.missing, MISSING, column.written()).astype(str)[:, None]
    if (many := len(np.unique(words[training]))) > MOST_CATEGORIES:
        raise InputError(
            f"{table.name}: column {column.name!r} has {many} categories; at most {MOST_CATEGORIES} are allowed: "
            "leave it out of task.columns, or name it in task.text"
        )
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(words[training])
    return encoder.transform(words), [f"{column.name}={category}" for category in encoder.categories_[0]]


def _weighed_words(table: Table, column: Column, training: Bools) -> tuple[Floats, list[str]]:
    """(M, words) TF-IDF of the most frequent words of training rows; a row has length 1, or 0 without any of them."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts: Any = column.written()
    vectorizer = TfidfVectorizer(max_features=MOST_WORDS)
    try:
        vectorizer.fit(texts[training])
    except ValueError:
        raise InputError(
            f"{table.name}: column {column.name!r} (task.text) has no words in training rows; "
            "a word has two letters at least"
        ) from None
    words = vectorizer.get_feature_names_out()
    return vectorizer.transform(texts).toarray(), [f"{column.name}:{word}" for word in words]
