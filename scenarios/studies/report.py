"""The report of a study: headline, figures, tables, notes and provenance, as Markdown and as HTML.

The HTML page contains its figures, so it can be sent as one file.
"""

import json
from base64 import b64encode
from collections.abc import Mapping
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd

from commonweal.scenarios.runs.text_table import MISSING, Column
from commonweal.scenarios.studies.base import Answer

ROWS = 40  # of a table that a report shows; the file has all

_STYLE = """body{font:15px/1.5 system-ui,sans-serif;color:#222;max-width:62rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}p.headline{font-size:1.1rem}
table{border-collapse:collapse;font-size:.85rem}td,th{padding:.2rem .7rem;text-align:right;border-bottom:1px solid #ddd}
td:first-child,th:first-child{text-align:left}img{max-width:100%}pre{background:#f5f5f5;padding:.7rem;overflow:auto}"""


def shown(table: pd.DataFrame, rows: int = ROWS) -> pd.DataFrame:
    """A table as people read it: texts, an estimate ``x`` with ``x_low`` and ``x_high`` as ``x [low, high]``."""
    columns: dict[str, list[str]] = {}
    for name in map(str, table.columns):
        if name.removesuffix("_low").removesuffix("_high") != name and _stem(name) in table.columns:
            continue
        texts = [_text(value) for value in table[name].head(rows)]
        if f"{name}_low" in table.columns and f"{name}_high" in table.columns:
            ends = zip(table[f"{name}_low"].head(rows), table[f"{name}_high"].head(rows), strict=True)
            texts = [
                text if MISSING in (text, _text(low)) else f"{text} [{_text(low)}, {_text(high)}]"
                for text, (low, high) in zip(texts, ends, strict=True)
            ]
        columns[name.replace("_", " ")] = texts
    return pd.DataFrame(columns)


def as_columns(table: pd.DataFrame) -> list[Column]:
    """The columns of a table for a screen. Estimates, and what tells rows apart, matter more than other numbers."""
    texts = shown(table, len(table))
    kinds = {str(name).replace("_", " "): kind.kind for name, kind in table.dtypes.items()}
    estimates = [name for name in texts if f"{name} low" in kinds and f"{name} high" in kinds]

    def rank(place: int, name: str) -> int:
        if not place or name in estimates[:1]:
            return min(place, 1)
        if texts[name].nunique() == 1 < len(texts):
            return 5
        return 3 if name in estimates else 2 if kinds[name] not in "iuf" else 4

    return [
        Column(name, list(texts[name]), number=kinds[name] in "iuf", rank=rank(place, name))
        for place, name in enumerate(map(str, texts))
    ]


def _stem(name: str) -> str:
    return name.removesuffix("_low") if name.endswith("_low") else name.removesuffix("_high")


def _text(value: object) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return MISSING
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    return f"{float(value):.4g}" if isinstance(value, float | np.floating) else str(value)


def as_markdown(answer: Answer, pictures: Mapping[str, Path]) -> str:
    """The report as Markdown, with figures by file name."""
    parts = [f"# {_title(answer)}", answer.headline]
    parts += [f"![{_words(name)}]({file.name})" for name, file in pictures.items()]
    for name, table in answer.tables.items():
        parts += [f"## {_words(name).capitalize()}", _markdown_table(shown(table)), *_rest(name, table)]
    if answer.notes:
        parts += ["## Notes", "\n".join(f"- {note}" for note in answer.notes)]
    parts += ["## Where this comes from", f"```json\n{_provenance(answer)}\n```"]
    return "\n\n".join(parts) + "\n"


def _markdown_table(texts: pd.DataFrame) -> str:
    rows = [list(texts.columns), ["---"] + ["---:"] * (len(texts.columns) - 1), *texts.to_numpy().tolist()]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in rows)


def as_html(answer: Answer, pictures: Mapping[str, Path]) -> str:
    """The report as one HTML page that needs no other file."""
    body = [f"<h1>{escape(_title(answer))}</h1>", f'<p class="headline">{escape(answer.headline)}</p>']
    for name, file in pictures.items():
        data = b64encode(file.read_bytes()).decode("ascii")
        body.append(f'<p><img alt="{escape(_words(name))}" src="data:image/png;base64,{data}"></p>')
    for name, table in answer.tables.items():
        body += [f"<h2>{escape(_words(name).capitalize())}</h2>", shown(table).to_html(index=False, border=0)]
        body += [f"<p>{escape(line)}</p>" for line in _rest(name, table)]
    if answer.notes:
        body += ["<h2>Notes</h2><ul>", *(f"<li>{escape(note)}</li>" for note in answer.notes), "</ul>"]
    body += ["<h2>Where this comes from</h2>", f"<pre>{escape(_provenance(answer))}</pre>"]
    head = f'<meta charset="utf-8"><title>{escape(_title(answer))}</title><style>{_STYLE}</style>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(body)}</body></html>\n'


def _title(answer: Answer) -> str:
    return f"{_words(answer.study).capitalize()}: {answer.provenance.get('scenario', '')}"


def _words(name: str) -> str:
    return name.replace("_", " ").replace("-", " ")


def _rest(name: str, table: pd.DataFrame) -> list[str]:
    left = len(table) - ROWS
    return [f"… and {left} more rows in {name}.parquet"] if left > 0 else []


def _provenance(answer: Answer) -> str:
    return json.dumps(answer.provenance, indent=2, default=str)
