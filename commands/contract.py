"""``commonweal contract solve``: the menu of a contract file, its certificate and its figure, without an economy."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from commonweal.agents.version import software_version
from commonweal.commands.console import say, show, tell_where
from commonweal.commands.run import draw_menu
from commonweal.economy.menus import Menu, solve
from commonweal.scenarios.runs.store import ABOUT, identity_of, writing
from commonweal.scenarios.runs.text_table import Column
from commonweal.scenarios.schema.contract_files import ContractFile, read_contract

_INDENT = 16  # blanks before what a line of the verdict says
_HEADS = {  # column of the table of lines: how it is headed and written
    "cost": ("cost of a sample", "{:g}"),
    "share": ("share", "{:g}"),
    "samples": ("samples", "{:.4f}"),
    "value": ("worth", "{:.4f}"),
    "ratio": ("of model", "{:.4f}"),
    "alone": ("alone", "{:.4f}"),
    "rent": ("rent", "{:.4f}"),
}


def conduct_contract(words: Sequence[str], source: str, out: Path | None, force: bool = False) -> None:
    """Solve, show and keep.

    Args:
        words: the command line, kept with the menu.
        source: name or path of a contract file.
        out: folder; results/contract-NAME if None.
        force: replace results of another command.

    Raises:
        InputError: if that is not possible; nothing is left behind then.
    """
    contract = read_contract(source)
    folder = out or Path("results") / f"contract-{contract.name}"
    identity = identity_of("contract", contract.model_dump(mode="json"))
    with writing(folder, identity, force=force) as partial:
        menu = solve(contract.problem())
        tell(contract, menu)
        lines(menu).to_csv(partial / "menu.csv", index=False)
        (partial / "menu.json").write_text(_as_json(record(contract, menu)), encoding="utf-8")
        about = {"commonweal": software_version(), "identity": identity, "command": list(words)}
        about["contract"] = contract.name
        (partial / ABOUT).write_text(_as_json(about), encoding="utf-8")
        pictures = [file.name for file in draw_menu(contract.name, menu, partial)]
    tell_where("results", folder, ["menu.csv", "menu.json"])
    tell_where("figures", folder, pictures)


def lines(menu: Menu) -> pd.DataFrame:
    """The menu, a row a type: cost, share, samples, value, ratio, alone, rent."""
    columns = (
        menu.problem.costs, menu.problem.shares, menu.amounts, menu.values, menu.ratios, menu.reservation, menu.rents
    )  # fmt: skip
    return pd.DataFrame(dict(zip(_HEADS, columns, strict=True)))


def record(contract: ContractFile, menu: Menu) -> dict[str, Any]:
    """Everything about a solved contract, as plain numbers."""
    residuals = {name: float(value) for name, value in vars(menu.residuals).items()}
    return {
        "contract": contract.model_dump(mode="json"),
        "lines": lines(menu).to_dict(orient="records"),
        "served": menu.served.tolist(),
        "expected_value_of_whole_model": menu.ceilings.tolist(),
        "objective": menu.objective,
        "standard_error": float(menu.standard_error),
        "gap": menu.gap,
        "complete_information": menu.complete_information,
        "information_cost": menu.information_cost,
        "residuals": residuals,
    }


def tell(contract: ContractFile, menu: Menu) -> None:
    """Print the menu and what certifies it."""
    about = f": {contract.description}" if contract.description else ""
    say(contract.name + about)
    rows = []
    for number, line in enumerate(lines(menu).itertuples(index=False)):
        texts = [form.format(value) for (_, form), value in zip(_HEADS.values(), line, strict=True)]
        if not menu.served[number]:
            texts = [*texts[:2], "none", "–", "–", texts[5], "–"]
        rows.append([str(number + 1), *texts])
    heads = ("line", *(head for head, _ in _HEADS.values()))
    show([Column(*column) for column in zip(heads, zip(*rows, strict=True), strict=True)])
    for text in verdict(menu):
        say(text, _INDENT)


def verdict(menu: Menu) -> Iterator[str]:
    """What the menu is worth and what certifies it, a line each; money if not said otherwise."""
    error = f" ± {menu.standard_error:.2g} (standard error over sampled outcomes)" if menu.standard_error else ""
    yield f"model           {menu.objective:.6f}{error}, expected worth to a party that is given the whole of it"
    yield f"known costs     {menu.complete_information:.6f} if the cooperative saw every cost"
    why = "lost because costs are private" if menu.information_cost >= 0 else "since menus cover costs on average only"
    yield f"information     {menu.information_cost:.6f} {why}"
    yield f"residuals       {_residuals(menu)} of a perfect model's worth"
    yield f"optimality gap  {menu.gap:.1g}, at most" + ("" if menu.is_optimal else "; another menu may be better")
    if left := [str(number + 1) for number, served in enumerate(menu.served) if not served]:
        yield f"not served      {'type' if len(left) == 1 else 'types'} {', '.join(left)}"


def _residuals(menu: Menu) -> str:
    return ", ".join(f"{name} {value:.1g}" for name, value in vars(menu.residuals).items())


def _as_json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2) + "\n"
