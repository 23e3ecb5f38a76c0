"""Standard output and error of the command: whatever a terminal cannot show is written in signs that it can."""

import codecs
import errno
import os
import sys
import unicodedata

from commonweal.agents.errors import memory_refused

_PLAIN = {  # sign: what a terminal that has it not shows instead
    "–": "-", "—": "-", "−": "-", "…": "...", "±": "+/-", "×": "x", "·": ".", "⁄": "/", "°": " degrees", "‖": "||",
    "≥": ">=", "≤": "<=", "≈": "~", "≠": "!=", "→": "->", "√": "sqrt", "∞": "infinity", "∅": "none",
    "─": "-", "⟨": "<", "⟩": ">", "‘": "'", "’": "'", "“": '"', "”": '"', "ß": "ss",
    **dict(zip("▁▂▃▄▅▆▇█", "12345678", strict=True)),
}  # fmt: skip

_LONGEST = 80  # characters of a file's name worth repeating


def write_readably() -> None:
    """Let standard output and error write what their encoding lacks by something like it, and never raise for it."""
    codecs.register_error("commonweal", _spell)
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):  # what a program has put there may have none
            reconfigure(errors="commonweal")


def _spell(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_spelt, error.object[error.start : error.end])), error.end


def _spelt(sign: str) -> str:
    """ASCII for one character: from the table, a Greek letter's name, the letter without its accents, or ?."""
    if sign in _PLAIN:
        return _PLAIN[sign]
    words = unicodedata.name(sign, "").split()
    if words[:1] == ["GREEK"] and len(words) == 4:  # GREEK SMALL LETTER ALPHA
        return words[-1].capitalize() if words[1] == "CAPITAL" else words[-1].lower()
    parts = (_PLAIN.get(part, part) for part in unicodedata.normalize("NFKD", sign) if not unicodedata.combining(part))
    return "".join(part if part.isascii() else "?" for part in parts)


_FULL = (errno.ENOSPC, errno.EIO, errno.EFBIG, errno.EDQUOT)
_REFUSED = {*_FULL, errno.EPIPE, errno.ENAMETOOLONG, errno.EACCES, errno.EPERM, errno.EROFS, errno.EMFILE, errno.ENFILE}


def refused(error: Exception) -> str | None:
    """One line for what the machine refuses, be the program right or not: memory, or a file and why; else None."""
    if not isinstance(error, OSError):
        return memory_refused(error)
    if error.errno not in _REFUSED:
        return None
    name = None if error.filename is None else str(error.filename)
    if name is None:
        name = "standard output" if error.errno in _FULL else "the system"
    return f"{name if len(name) <= _LONGEST else name[:_LONGEST] + '…'}: {error.strerror or error}"


def give_up_output() -> None:
    """Where standard output takes no more, write nothing more to it, also not when the process ends."""
    try:
        sys.stdout.flush()
    except OSError:
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except OSError:  # what a program has put there may be no file
            return
