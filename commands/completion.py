"""What a shell completes: names of scenarios, sweeps, studies, results, fields and kinds of rules, all cheap to find.

``commonweal --install-completion`` sets it up. Names that a shell cannot know, like files, are left to the shell.
"""

import re
from pathlib import Path

_STUDY = re.compile(r'^@study\("([\w-]+)"', re.MULTILINE)
_RESULT = re.compile(r'^@result\(\s*"([\w-]+)"', re.MULTILINE)
_STUDIES = Path(__file__).parents[1] / "scenarios" / "studies"
_ROWS = Path(__file__).parents[1] / "scenarios" / "atlas" / "rows"


def scenarios(incomplete: str) -> list[str]:
    """Scenarios of the library."""
    from commonweal.scenarios.schema.library import library_names

    return _beginning(library_names(), incomplete)


def sweeps(incomplete: str) -> list[str]:
    """Sweeps of the library, and its scenarios."""
    from commonweal.scenarios.schema.library import library_names, sweep_names

    return _beginning([*sweep_names(), *library_names()], incomplete)


def studies(incomplete: str) -> list[str]:
    """Studies of this library, read off their files: to import them takes seconds."""
    found = (name for file in _STUDIES.glob("*/*.py") for name in _STUDY.findall(file.read_text(encoding="utf-8")))
    return _beginning(sorted(found), incomplete)


def results_of_the_field(incomplete: str) -> list[str]:
    """Results of the atlas, read off their files."""
    found = (name for file in _ROWS.glob("*.py") for name in _RESULT.findall(file.read_text(encoding="utf-8")))
    return _beginning(sorted(found), incomplete)


def kinds(incomplete: str) -> list[str]:
    """Kinds of rules that ``commonweal new`` has templates of."""
    from commonweal.commands.new import kinds as known

    return _beginning(known(), incomplete)


def fields(incomplete: str) -> list[str]:
    """Fields of a scenario and their sections; items of lists are left out."""
    from commonweal.scenarios.schema.describe import fields as known

    paths = [entry.path for entry in known() if "[" not in entry.path]
    sections = sorted({entry.section for entry in known() if entry.section and "[" not in entry.section})
    return _beginning([*sections, *paths], incomplete)


def assignments(incomplete: str) -> list[str]:
    """Fields with an equals sign, to be followed by a value."""
    if "=" in incomplete:
        return []
    from commonweal.scenarios.schema.describe import fields as known

    return _beginning([f"{entry.path}=" for entry in known() if "[" not in entry.path], incomplete)


def _beginning(names: list[str], incomplete: str) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]
