"""Reading stop conditions from text: ``converged(accuracy, 20, 0.01) | collapsed(share_delegate, 0.05, 20)``.

The text is a Python expression of calls, ``&``, ``|`` and brackets; it is parsed and nothing of it is run.
"""

import ast
from dataclasses import fields
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
_ALLOWED: dict[Any, str] = {str: "the name of a metric", int: "a whole number", float: "a number"}  # by type


def read_stop(text: str) -> Stop:
    """The condition that ``text`` says; ``str`` of it reads back as the same.

    Raises:
        InputError: if the text is no condition; the message says where and what was expected.
    """
    line = " ".join(text.split())
    try:
        return _condition(ast.parse(line, mode="eval").body)
    except SyntaxError as error:
        rest = line[error.offset - 1 :] if error.offset else ""
        where = repr(shorten(rest)) if rest else "the end"
        why = f"{error.msg} at {where}; conditions are {forms()}, joined by & and |"
    except (RecursionError, MemoryError):
        why = "too many brackets in brackets, or conditions"
    except ValueError as error:  # an InputError is one too
        why = str(error)
    raise InputError(f"stop = {shorten(text)!r}: {why}") from None


def forms() -> str:
    """The simple conditions with their arguments, as a person writes them."""
    return ", ".join(f"{name}({', '.join(f.name for f in fields(kind))})" for name, kind in CONDITIONS.items())


def _condition(node: ast.expr) -> Stop:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr | ast.BitAnd):
        left, right = _condition(node.left), _condition(node.right)
        return left | right if isinstance(node.op, ast.BitOr) else left & right
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id not in CONDITIONS:
        name = ast.unparse(node.func if isinstance(node, ast.Call) else node)
        close = get_close_matches(name, CONDITIONS, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise InputError(f"{shorten(name)!r} is no condition; there are {forms()}{hint}")
    name, wanted = node.func.id, fields(CONDITIONS[node.func.id])
    if len(node.args) != len(wanted) or node.keywords:
        listed = ", ".join(field.name for field in wanted)
        raise InputError(f"{name} takes {len(wanted)} arguments ({listed}), not {len(node.args) + len(node.keywords)}")
    return CONDITIONS[name](*(_value(name, f.name, f.type, each) for f, each in zip(wanted, node.args, strict=True)))


def _value(name: str, field: str, kind: Any, node: ast.expr) -> Any:
    """An argument, read as what its field is."""
    if kind is str and isinstance(node, ast.Name):
        return node.id
    try:
        value = ast.literal_eval(node)
    except ValueError:
        value = None
    if kind is not str and (type(value) is int or type(value) is kind):
        return kind(value)
    raise InputError(f"{field} = {shorten(ast.unparse(node))} in {name}(…): must be {_ALLOWED[kind]}")
