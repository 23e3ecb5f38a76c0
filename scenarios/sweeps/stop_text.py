"""Reading stop conditions from text: ``converged(accuracy, 20, 0.01) | collapsed(share_delegate, 0.05, 20)``.

    condition = part { "|" part }           part = simple { "&" simple }          & binds more tightly than |
    simple    = "(" condition ")" | name "(" argument { "," argument } ")"

Nothing is evaluated but numbers.
"""

import re
from dataclasses import Field, fields
from difflib import get_close_matches
from typing import Any

from commonweal.agents.errors import InputError
from commonweal.scenarios.schema.notation import shorten
from commonweal.scenarios.sweeps.stopping import Budget, Collapsed, Converged, Stop

CONDITIONS: dict[str, type[Converged] | type[Collapsed] | type[Budget]] = {
    "converged": Converged,
    "collapsed": Collapsed,
    "budget": Budget,
}

_TOKEN = re.compile(r"\s*(?:([A-Za-z_]\w*)|([-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)|([&|(),]))")
_DEEPEST = 50  # brackets in brackets
_ALLOWED: dict[Any, str] = {str: "the name of a metric", int: "a whole number", float: "a number"}  # by type


def read_stop(text: str) -> Stop:
    """The condition that ``text`` says; ``str`` of it reads back as the same.

    Raises:
        InputError: if the text is no condition; the message says where and what was expected.
    """
    reader = _Reader(text)
    stop = reader.condition(0)
    reader.take("", "'&', '|' or the end")
    return stop


def forms() -> str:
    """The simple conditions with their arguments, as a person writes them."""
    return ", ".join(f"{name}({', '.join(f.name for f in fields(kind))})" for name, kind in CONDITIONS.items())


class _Reader:
    """A place in a text of tokens."""

    def __init__(self, text: str) -> None:
        self.text, self.tokens, place = text, list[str](), 0
        while match := _TOKEN.match(text, place):
            self.tokens.append(match.group().strip())
            place = match.end()
        if rest := text[place:].strip():
            raise self.refusal(f"{rest[0]!r} means nothing there")
        self.tokens.append("")  # the end
        self.at = 0

    def refusal(self, why: str) -> InputError:
        return InputError(f"stop = {shorten(self.text)!r}: {why}")

    def take(self, wanted: str, named: str) -> None:
        """Pass over a token that must come now."""
        if self.tokens[self.at] != wanted:
            found = f"{self.tokens[self.at]!r}" if self.tokens[self.at] else "the end"
            raise self.refusal(f"{found} where {named} was expected")
        self.at += 1

    def passed(self, token: str) -> bool:
        """Pass over ``token`` if it comes now."""
        comes = self.tokens[self.at] == token
        self.at += comes
        return comes

    def condition(self, depth: int) -> Stop:
        stop = self.part(depth)
        while self.passed("|"):
            stop = stop | self.part(depth)
        return stop

    def part(self, depth: int) -> Stop:
        stop = self.simple(depth)
        while self.passed("&"):
            stop = stop & self.simple(depth)
        return stop

    def simple(self, depth: int) -> Stop:
        if depth > _DEEPEST:
            raise self.refusal(f"more than {_DEEPEST} brackets in brackets")
        if self.passed("("):
            stop = self.condition(depth + 1)
            self.take(")", "')'")
            return stop
        return self.call()

    def call(self) -> Stop:
        name = self.tokens[self.at]
        if name not in CONDITIONS:
            close = get_close_matches(name, CONDITIONS, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise self.refusal(f"{repr(name) if name else 'the end'} is no condition; there are {forms()}{hint}")
        self.at += 1
        self.take("(", f"'(' after {name}")
        return self.built(name, self.arguments(name))

    def arguments(self, name: str) -> list[str]:
        texts: list[str] = []
        while not self.passed(")"):
            if texts:
                self.take(",", f"',' or ')' in {name}(…)")
            if self.tokens[self.at] in {"", "&", "|", "(", ")", ","}:
                self.take("an argument", f"an argument of {name}")
            texts.append(self.tokens[self.at])
            self.at += 1
        return texts

    def built(self, name: str, texts: list[str]) -> Stop:
        wanted = fields(CONDITIONS[name])
        if len(texts) != len(wanted):
            listed = ", ".join(field.name for field in wanted)
            raise self.refusal(f"{name} takes {len(wanted)} arguments ({listed}), not {len(texts)}")
        values = [self.value(name, field, text) for field, text in zip(wanted, texts, strict=True)]
        try:
            return CONDITIONS[name](*values)
        except InputError as error:
            raise self.refusal(str(error)) from None

    def value(self, name: str, field: "Field[Any]", text: str) -> Any:
        """An argument, read as what its field is."""
        kind: Any = field.type
        try:
            if (kind is str) != text.isidentifier():
                raise ValueError
            return kind(text)
        except ValueError:
            raise self.refusal(f"{field.name} = {text} in {name}(…): must be {_ALLOWED[kind]}") from None
