"""The few bits of HTML that the page is made of besides Solara's inputs."""

from collections.abc import Callable, Sequence
from html import escape

import solara

from commonweal.figures.browser.pictures.png import Picture


@solara.component
def Row(kind: str = "", children: Sequence[solara.Element] = ()) -> solara.Element:
    """Things in a row."""
    return solara.Div(classes=["cw-row", kind], children=list(children))


@solara.component
def Text(text: str, kind: str = "") -> solara.Element:
    """A piece of text."""
    return solara.Text(text, classes=[kind] if kind else [])


@solara.component
def Table(title: str, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table with its title above; where a column holds numbers they stand at the right.

    Args:
        title: above it.
        headers: of the columns; no line of headers if all are empty.
        rows: cells as text.
    """
    sides = [_side([row[column] for row in rows]) for column in range(len(headers))]
    head = "".join(_cell("th", name, side) for name, side in zip(headers, sides, strict=True))
    body = "".join(
        "<tr>" + "".join(_cell("td", text, side) for text, side in zip(row, sides, strict=True)) + "</tr>"
        for row in rows
    )
    shown = f"<thead><tr>{head}</tr></thead>" * any(headers) + f"<tbody>{body}</tbody>"
    with solara.Div():
        Text(title, "cw-title")
        solara.HTML("table", unsafe_innerHTML=shown, classes=["cw-table"])


def _cell(tag: str, text: str, side: str) -> str:
    return f"<{tag}{side}>{escape(text)}</{tag}>"


def _side(cells: Sequence[str]) -> str:
    numbers = [text for text in cells if text and text[0] in "+-−0123456789"]
    filled = [text for text in cells if text not in ("", "–")]
    return ' class="cw-right"' if filled and len(numbers) == len(filled) else ""


@solara.component
def Choice(label: str, names: Sequence[str], chosen: str, on_choice: Callable[[str], None]) -> None:
    """One of some names, in a list that opens."""
    with solara.Div(classes=["cw-choice"]):
        Text(label, "cw-label")
        solara.Select("", values=list(names), value=chosen, on_value=on_choice, dense=True)


@solara.component
def Typed(value: str, on_value: Callable[[str], None]) -> None:
    """A field to type into. It reports every letter, and the whole text when it is left or Enter is pressed.

    Each drawing of the page sets a field to ``value`` anew, so ``value`` must never lag behind what was typed; and what
    is typed may come later than the next click, while the browser's ``change`` always comes before it. Solara's
    ``InputText``, which reads the text only once it is told that the field was left, loses text to either.
    """
    field = solara.v.TextField(v_model=value, on_v_model=lambda typed: on_value(typed or ""))
    solara.v.use_event(field, "change", lambda widget, event, typed: on_value(typed or ""))


@solara.component_vue("picture.vue")
def PictureElement(src: str, alt: str, clickable: bool, event_clicked: Callable[[list[float]], None]) -> None:
    """An image that tells where it is clicked."""


def Image(picture: Picture, on_click: Callable[[list[float]], None] | None = None) -> solara.Element:
    """A picture on the page.

    Args:
        picture: what to show.
        on_click: is told where it is clicked, as shares of width and height from the upper left.
    """
    return PictureElement(src=picture.src, alt=picture.alt, clickable=on_click is not None,
                          event_clicked=on_click or (lambda place: None))
