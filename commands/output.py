"""Standard output and error of the command: whatever a terminal cannot show is written in signs that it can."""

import codecs
import sys
import unicodedata

_PLAIN = {  # sign: what a terminal that has it not shows instead
    "–": "-", "—": "-", "−": "-", "…": "...", "±": "+/-", "×": "x", "·": ".", "⁄": "/", "°": " degrees", "‖": "||",
    "≥": ">=", "≤": "<=", "≈": "~", "≠": "!=", "→": "->", "√": "sqrt", "∞": "infinity", "∅": "none",
    "⟨": "<", "⟩": ">", "‘": "'", "’": "'", "“": '"', "”": '"', "ß": "ss",
    **dict(zip("▁▂▃▄▅▆▇█", "12345678", strict=True)),
}  # fmt: skip


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
