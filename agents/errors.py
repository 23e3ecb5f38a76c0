"""Errors that a person can act on: one line that says what, where, and what is allowed."""


class InputError(ValueError):
    """Bad input from a person. Its message is one line; the command line prints it and exits with status 2."""
