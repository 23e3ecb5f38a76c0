"""Makes notebooks of the tutorials, and plays them: ``python docs/site/notebooks.py --write``.

A tutorial is a Markdown page. Its Python blocks and its ``bash`` blocks become cells; a ``text`` block right after one
shows what the cell prints, with … for what is left out. ``--outputs`` plays the tutorials and writes these anew.
"""

import os
import re
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import nbformat
from code_blocks import Block, blocks_of
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

TUTORIALS = Path(__file__).parents[1] / "tutorials"
LEFT_OUT = "…"


def tutorials() -> list[Path]:
    """The pages."""
    return sorted(TUTORIALS.glob("*.md"))


def cells_of(page: Path) -> list[Block]:
    """The page from its first line to its last: blocks that are played, and the text between them (language "")."""
    lines, cells, at = page.read_text(encoding="utf-8").splitlines(keepends=True), [], 0
    for block in (block for block in blocks_of(page) if block.language in ("python", "bash") and not block.reason):
        begin, end = block.line - 2, block.line - 1 + block.text.count("\n") + 1  # with its fences
        cells += [Block(page, at + 1, "", "".join(lines[at:begin])), block]
        at = end
    return [*cells, Block(page, at + 1, "", "".join(lines[at:]))]


def notebook_of(page: Path) -> nbformat.NotebookNode:
    """The notebook of a page, without outputs."""
    cells = []
    for number, block in enumerate(cells_of(page)):
        source = block.text.strip("\n")
        if block.language == "":
            cell = new_markdown_cell(source)
        else:
            cell = new_code_cell(f"%%bash\n{source}" if block.language == "bash" else source)
        cell["id"] = f"cell-{number}"
        cells += [cell] if source else []
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


def written(page: Path) -> str:
    """The file of a page's notebook."""
    return nbformat.writes(notebook_of(page)) + "\n"


def printed_by(page: Path, folder: Path) -> dict[int, str]:
    """Play a page's notebook in a folder.

    Args:
        page: a tutorial.
        folder: where it is played; what it writes stays there.

    Returns:
        What each cell printed, by the line of the page at which it begins.

    Raises:
        CellExecutionError: if a cell fails.
    """
    notebook = notebook_of(page)
    commands = Path(sys.executable).parent
    surroundings = {**os.environ, "PATH": f"{commands}:{os.environ['PATH']}", "OMP_NUM_THREADS": "1", "COLUMNS": "84"}
    client = NotebookClient(notebook, timeout=900, resources={"metadata": {"path": str(folder)}})
    client.execute(env=surroundings)
    played = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return {block.line: told(cell) for block, cell in zip(_code(page), played, strict=True)}


def _code(page: Path) -> list[Block]:
    return [block for block in cells_of(page) if block.language]


def told(cell: nbformat.NotebookNode) -> str:
    """What a cell printed, and what its last line is worth; nothing of its progress."""
    texts = []
    for output in cell.outputs:
        if output.output_type == "stream" and output.name == "stdout":
            texts.append(output.text)
        elif output.output_type == "execute_result":
            texts.append(output.data.get("text/plain", "") + "\n")
    return "".join(texts)


def shown_after(page: Path) -> dict[int, Block]:
    """The text block that shows what a cell prints, by the line of the page at which the cell begins."""
    found, last = {}, None
    for block in blocks_of(page):
        if block.language in ("python", "bash"):
            last = None if block.reason else block
        elif block.language == "text" and last:
            if block.line - 2 <= last.line + last.text.count("\n") + 2:  # nothing but a blank line between them
                found[last.line] = block
            last = None
    return found


def agrees(shown: str, printed: str) -> bool:
    """Whether what is shown is printed, in this order, but for numbers, digests, spaces and what is left out."""
    rest = _words(printed)
    for part in re.split(rf"^\s*{LEFT_OUT}\s*$", shown, flags=re.MULTILINE):
        if words := _words(part):
            _, found, rest = rest.partition(words)
            if not found:
                return False
    return True


def _words(text: str) -> str:
    text = re.sub(r"\b[0-9a-f]{64}\b", " ", text)  # digests, which go with the version of the code
    return " ".join(re.sub(r"[-+−]?\d*[.,]?\d+(e[-+]\d+)?|[\[\]─-╿]", " # ", text).replace("#", " ").split())


def with_outputs(page: Path) -> str:
    """The page with what its cells print now; blocks that leave something out stay as they are."""
    with tempfile.TemporaryDirectory() as folder:
        printed = printed_by(page, Path(folder))
    lines = page.read_text(encoding="utf-8").splitlines(keepends=True)
    for line, block in sorted(shown_after(page).items(), reverse=True):
        if LEFT_OUT not in block.text:
            new = replace(block, text=printed[line].rstrip() + "\n")
            lines[block.line - 1 : block.line - 1 + block.text.count("\n")] = [new.text]
        elif not agrees(block.text, printed[line]):
            print(f"{page.name}:{block.line} shows something else than this:\n{printed[line]}")
    return "".join(lines)


def main() -> None:
    """Write the notebooks; with --outputs play the named tutorials first, all if none is named."""
    names = [word for word in sys.argv[1:] if not word.startswith("--")]
    for page in tutorials():
        if "--outputs" in sys.argv[1:] and (not names or page.stem in names):
            page.write_text(with_outputs(page), encoding="utf-8")
        if "--write" in sys.argv[1:]:
            page.with_suffix(".ipynb").write_text(written(page), encoding="utf-8")


if __name__ == "__main__":
    main()
