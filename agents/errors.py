"""Errors that a person can act on: one line that says what, where, and what is allowed."""


class InputError(ValueError):
    """Bad input from a person. Its message is one line; the command line prints it and exits with status 2."""


def apart(number: float, *limits: float, digits: int = 6) -> list[str]:
    """A number and the limits it breaks, in as few digits as tell it from them, so that no line contradicts itself.

    Args:
        number: what is wrong.
        limits: what it is held against; where one is the same number it is written the same.
        digits: significant ones at least.
    """
    for count in range(digits, 17):
        first, *others = texts = [f"{each:.{count}g}" for each in (number, *limits)]
        if all(text != first or limit == number for text, limit in zip(others, limits, strict=True)):
            return texts
    return [repr(float(each)) for each in (number, *limits)]
