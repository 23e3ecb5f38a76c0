"""The results of the atlas, a file each. They name heavy libraries where they play, so that listing them is instant."""

from importlib import import_module
from pkgutil import iter_modules

for _row in iter_modules(__path__):
    import_module(f"{__name__}.{_row.name}")
