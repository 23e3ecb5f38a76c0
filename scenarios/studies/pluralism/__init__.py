"""Pluralism: who is served and who leaves when principals act on their values."""

from commonweal.scenarios.studies.pluralism.options import PluralismOptions
from commonweal.scenarios.studies.pluralism.study import pluralism

__all__ = ["PluralismOptions", "pluralism"]
