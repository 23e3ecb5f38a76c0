"""Which version of the library this is."""

from importlib.metadata import PackageNotFoundError, version


def software_version() -> str:
    """The version of the installed distribution."""
    try:
        return version("commonweal")
    except PackageNotFoundError:
        return "not installed"
