"""Scenarios enclosed in a document that needs no other file: the files that they name lie in it too."""

from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from commonweal.agents.documents import CODE, files_in, put_file
from commonweal.agents.errors import InputError, shown
from commonweal.agents.registry import rules_from_elsewhere
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.schema.validation import validate


def enclose(scenario: Scenario) -> dict[str, Any]:
    """The whole scenario as JSON, with what its files say and what rules from elsewhere are.

    Returns:
        ``document``: all its fields; ``files``: by the path of the field that names one, its name and contents;
        ``rules``: fingerprints of rules that are not of this library.

    Raises:
        InputError: if a file cannot be read.
    """
    _demand_no_code(scenario.task.kind, scenario.learning.network)
    document, files = scenario.model_dump(mode="json", exclude_none=True), {}
    for path, file in files_in(scenario.model_dump()):
        try:
            contents = file.read_bytes()
        except OSError as error:
            raise InputError(f"cannot read {file}: {error.strerror}") from None
        files[path] = {"name": file.name, "base64": b64encode(contents).decode()}
        put_file(document, path, file.name)
    return {"document": document, "files": files, "rules": rules_from_elsewhere(scenario.model_dump())}


@contextmanager
def opened(enclosed: Mapping[str, Any]) -> Iterator[Scenario]:
    """The scenario that was enclosed, while the block runs.

    Raises:
        InputError: if it is none of this version's, names a file that does not lie in it, or a rule from elsewhere is
            missing or another one here.
    """
    with TemporaryDirectory() as folder:
        document = deepcopy(dict(enclosed["document"]))
        for number, (path, file) in enumerate(enclosed["files"].items()):
            place = Path(folder, str(number), _plain_name(file["name"]))  # two may have one name
            try:
                contents = b64decode(file["base64"], validate=True)
                put_file(document, path, place)
            except (ValueError, KeyError, IndexError, TypeError):
                raise InputError(f"the certificate's file {shown(path)}: is of no field, or is not base64") from None
            place.parent.mkdir()
            place.write_bytes(contents)
        learning = document.get("learning", {})
        _demand_no_code(str(document.get("task", {}).get("kind", "")), str(learning.get("network", "")))
        scenario = validate(document)
        if left := {path for path, _ in files_in(scenario.model_dump())} - enclosed["files"].keys():
            raise InputError(f"{min(left)} names a file that does not lie in the certificate")
        here = rules_from_elsewhere(scenario.model_dump())
        for rule in sorted(here.keys() | enclosed["rules"].keys()):
            if here.get(rule) != enclosed["rules"].get(rule):
                raise InputError(f"{rule}, which is not of this library, is another one here than in the certificate")
        yield scenario


def _demand_no_code(kind: str, network: str) -> None:
    """Raise InputError where code makes data or network, which nobody who checks a certificate should have to run."""
    if kind.partition(":")[0] in CODE:
        raise InputError(
            f"task.kind = {kind!r}: a certificate holds data, not code that makes them; write them to a parquet file"
        )
    if network.partition(":")[0] in CODE:
        raise InputError(
            f"learning.network = {network!r}: a certificate holds no code; it must be a network that is registered"
        )


def _plain_name(name: str) -> str:
    """The name of a file, which leads into no other folder."""
    if name in ("", ".", "..") or name != Path(name).name or not name.isprintable():
        raise InputError(f"the certificate's file {shown(name)}: must be a name without folders")
    return name
