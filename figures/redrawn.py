"""Figures of whatever a folder holds, drawn from what is stored there in any look: runs, sweeps, studies, contracts."""

import json
import logging
from collections.abc import Callable
from pathlib import Path

from commonweal.agents.errors import InputError
from commonweal.economy.menus import Menu, solve
from commonweal.figures.looks import printed_as, read_look
from commonweal.figures.menus import draw_menu
from commonweal.figures.plots import draw_all
from commonweal.figures.printing import keep
from commonweal.figures.studies import draw as draw_study
from commonweal.scenarios.runs.store import read_about
from commonweal.scenarios.schema.contract_files import ContractFile
from commonweal.scenarios.studies.answers import read
from commonweal.scenarios.sweeps.manifest import is_sweep

_say = logging.getLogger("commonweal.figures").info


def redraw(
    folder: Path | str,
    *,
    formats: str = "png",
    style: str = "page",
    width: float | None = None,
    out: Path | str | None = None,
) -> list[Path]:
    """Draw the figures of stored results again, without playing anything.

    Args:
        folder: of a run, a comparison, a sweep, a study or a contract.
        formats: of png, pdf and svg, separated by commas.
        style: column, page or slide: how wide figures are, and how large their type.
        width: inches, if it is not that of the style.
        out: folder for the figures; where the results have theirs if None.

    Returns:
        The files written: each figure in every format, and what it draws as CSV.

    Raises:
        InputError: if the folder holds no results, a file cannot be written, or there is no such format or style.
    """
    with printed_as(read_look(formats, style, width)):
        return drawn(Path(folder), _say, None if out is None else Path(out))


def drawn(folder: Path, tell: Callable[[str], None] = _say, out: Path | None = None) -> list[Path]:
    """The same in the look of here and now.

    Args:
        folder: of results.
        tell: called with a line for each figure that is not drawn, and why.
        out: folder for the figures; where the results have theirs if None.

    Raises:
        InputError: if the folder holds no results, or a file cannot be written.
    """
    if is_sweep(folder):
        return draw_all(folder, tell, out)
    about = read_about(folder)
    if "study" in about:
        kept = (keep(figure, (out or folder) / name) for name, figure in draw_study(read(folder)).items())
        return [file for files in kept for file in files]
    if "contract" in about:
        return keep_menu(str(about["contract"]), _menu(folder), out or folder)
    return draw_all(folder, tell, out)


def keep_menu(name: str, menu: Menu, folder: Path) -> list[Path]:
    """Keep the figure of a menu; its data beside the lines of the menu, which are menu.csv."""
    return keep(draw_menu(name, menu), folder / "menu", data="menu_figure")


def _menu(folder: Path) -> Menu:
    """The menu of a contract that was kept, solved again from its terms."""
    try:
        document = json.loads((folder / "menu.json").read_text(encoding="utf-8"))["contract"]
        return solve(ContractFile.model_validate(document).problem())
    except (OSError, ValueError, KeyError) as error:  # a broken contract is a ValueError too
        raise InputError(f"{folder}/menu.json: not readable: {str(error).splitlines()[0]}") from None
