"""The report of a study: headline, figures, tables, notes and provenance, as Markdown and as HTML.

The HTML page contains its figures, so it can be sent as one file.
"""

import json
from base64 import b64encode
from collections.abc import Mapping
from html import escape
from pathlib import Path

import pandas as pd

from commonweal.scenarios.studies.base import Answer
from commonweal.scenarios.studies.shown import ROWS, shown, words

_IMAGES = {".png": "png", ".svg": "svg+xml"}
_STYLE = """body{font:15px/1.5 system-ui,sans-serif;color:#222;max-width:62rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}p.headline{font-size:1.1rem}
table{border-collapse:collapse;font-size:.85rem}td,th{padding:.2rem .7rem;text-align:right;border-bottom:1px solid #ddd}
td:first-child,th:first-child{text-align:left}img{max-width:100%}pre{background:#f5f5f5;padding:.7rem;overflow:auto}"""


def as_markdown(answer: Answer, pictures: Mapping[str, Path]) -> str:
    """The report as Markdown, with figures by file name."""
    parts = [f"# {_title(answer)}", answer.headline]
    parts += [f"![{words(name)}]({file.name})" for name, file in pictures.items()]
    for name, table in answer.tables.items():
        parts += [f"## {words(name).capitalize()}", _markdown_table(shown(table)), *_rest(name, table)]
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
        body.append(f"<p>{_picture(words(name), file)}</p>")
    for name, table in answer.tables.items():
        body += [f"<h2>{escape(words(name).capitalize())}</h2>", shown(table).to_html(index=False, border=0)]
        body += [f"<p>{escape(line)}</p>" for line in _rest(name, table)]
    if answer.notes:
        body += ["<h2>Notes</h2><ul>", *(f"<li>{escape(note)}</li>" for note in answer.notes), "</ul>"]
    body += ["<h2>Where this comes from</h2>", f"<pre>{escape(_provenance(answer))}</pre>"]
    head = f'<meta charset="utf-8"><title>{escape(_title(answer))}</title><style>{_STYLE}</style>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(body)}</body></html>\n'


def _picture(name: str, file: Path) -> str:
    """A picture inside of the page; of a format that pages do not show, a link to it."""
    if file.suffix not in _IMAGES:
        return f'<a href="{escape(file.name)}">{escape(name)}</a>'
    data = b64encode(file.read_bytes()).decode("ascii")
    return f'<img alt="{escape(name)}" src="data:image/{_IMAGES[file.suffix]};base64,{data}">'


def _title(answer: Answer) -> str:
    return f"{words(answer.study).capitalize()}: {answer.provenance.get('scenario', '')}"


def _rest(name: str, table: pd.DataFrame) -> list[str]:
    left = len(table) - ROWS
    return [f"… and {left} more rows in {name}.parquet"] if left > 0 else []


def _provenance(answer: Answer) -> str:
    return json.dumps(answer.provenance, indent=2, default=str)
