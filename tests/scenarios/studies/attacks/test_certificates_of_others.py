"""Certificates and attacks that somebody else wrote: any content is refused in one line or played, and runs nothing."""

import json
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from commonweal.agents.errors import InputError
from commonweal.commands.certify import conduct_check, conduct_refute
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.studies.attacks import (
    Attempt,
    Certificate,
    CertifyOptions,
    certify,
    refute,
    rerun,
    write_certificate,
)
from commonweal.scenarios.studies.attacks.enclosed import enclose, opened
from commonweal.scenarios.studies.attacks.written import read_attacks

GAME = revise(
    load("public-goods"),
    {"population.count": 6, "market.groups": "all", "market.multiplication": 1.8, "policy.mix": {"fixed": 1.0}},
)
FEW = CertifyOptions(
    families=("windows",), search="none", horizon=2, principals=1, held_out=2, finalists=1, workers=1
)


@pytest.fixture(scope="module")
def made() -> Certificate:
    return certify(GAME, FEW, range(2))


def forged(made: Certificate, path: str, value: object) -> Certificate:
    """The same with another value at a dotted path, and a digest of its own; None takes the part away."""
    content = json.loads(json.dumps(made.content))
    *parts, last = path.split(".")
    table = content
    for part in parts:
        table = table[part]
    table.pop(last)
    if value is not None:
        table[last] = value
    return Certificate.of(content)


class TestContents:
    @pytest.mark.parametrize(
        ("path", "value"),
        [
            ("epsilon", {}), ("epsilon.money.epsilon", "0.1"), ("epsilon.utility.by", None),
            ("epsilon.money.strongest", "\x1b[2J"), ("scenario", 3), ("scenario.document", []),
            ("scenario.files", {"a": {"name": "b"}}), ("budget.families", None), ("budget.seeds", {}),
            ("budget.seeds.search", ["a"]), ("budget.seeds.fresh", []), ("budget.attacks_tried.money", None),
            ("version", {}), ("intervals", None),
        ],
    )  # fmt: skip
    def test_what_is_missing_or_of_another_type_is_refused_in_one_line(
        self, made: Certificate, path: str, value: object, tmp_path: Path
    ) -> None:
        file = tmp_path / "c.json"
        write_certificate(forged(made, path, value), file)
        before = file.read_bytes()
        for conduct in (lambda: conduct_check(file, [], 1), lambda: conduct_refute(file, ["mixed"], 4, [])):
            with pytest.raises(InputError, match="missing, or not as certificates have it") as refusal:
                conduct()
            assert str(refusal.value).startswith(f"{file}: {path.split('.')[0]}")
            assert str(refusal.value).isprintable()
        assert file.read_bytes() == before and list(tmp_path.iterdir()) == [file]

    def test_so_is_a_verdict_that_is_none(self, made: Certificate) -> None:
        with pytest.raises(InputError, match="verdict 1: attacks is missing"):
            refute(made.with_verdict({"falls": False}), Attempt(("mixed",), 4, 1))

    def test_a_certificate_whose_gains_have_no_noise_does_not_fall_by_rounding(self, made: Certificate) -> None:
        """Means of other numbers of seeds differ in the last digits, which is no gain."""
        true = made.content["epsilon"]["money"]["epsilon"]
        stated = [forged(made, "epsilon.money.epsilon", true - less) for less in (1e-14, 1e-9)]
        assert [refute(each, Attempt(("windows",), 4, 1))["falls"] for each in stated] == [False, True]


class TestFiles:
    @pytest.mark.parametrize(
        ("files", "reason"),
        [
            ({"population.edges": {"name": "../who.txt", "base64": ""}}, "must be a name without folders"),
            ({"population.edges": {"name": "..", "base64": ""}}, "must be a name without folders"),
            ({"population.edges": {"name": "who.txt", "base64": "!"}}, "is of no field, or is not base64"),
            ({"nowhere.edges": {"name": "who.txt", "base64": ""}}, "is of no field, or is not base64"),
        ],
    )
    def test_one_that_leads_elsewhere_is_refused(
        self, made: Certificate, files: Mapping[str, Any], reason: str
    ) -> None:
        with pytest.raises(InputError, match=reason):
            rerun(forged(made, "scenario.files", files), 1)

    def test_one_that_does_not_lie_in_the_certificate_is_not_played_with(
        self, made: Certificate, tmp_path: Path
    ) -> None:
        edges = tmp_path / "who.txt"
        edges.write_text("0 1\n1 2\n2 3\n3 4\n4 5\n5 0\n")
        named = revise(GAME, {"population.graph": "file", "population.edges": str(edges)})
        there = forged(made, "scenario.document", named.model_dump(mode="json", exclude_none=True))
        with pytest.raises(InputError, match=r"population\.edges names a file that does not lie in the certificate"):
            rerun(there, 1)

    def test_two_of_one_name_both_keep_what_they_say(self, tmp_path: Path) -> None:
        edges = tmp_path / "who.txt"
        edges.write_text("0 1\n1 2\n2 3\n3 4\n4 5\n5 0\n")
        enclosed = enclose(revise(GAME, {"population.graph": "file", "population.edges": str(edges)}))
        other = {"name": "who.txt", "base64": b64encode(b"other").decode()}
        enclosed["files"]["description"] = other  # the second would be written over the first
        with opened(enclosed) as scenario:
            assert scenario.population.edges is not None
            assert scenario.population.edges.read_text() == edges.read_text()


class TestAttacks:
    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ('{"name": "a", "looser": NaN}', "is not JSON"),
            ('{"name": "a", "dearer": 1e999}', "numbers must be finite"),
            ('{"name": "a", "action": ["free_ride"]}', "must be one of abstain"),
            ('{"name": "a", "tactic": {"tactic": []}}', "must be one of constant"),
            ('{"name": "a\\u001b[2J"}', "must be characters that can be printed"),
            ('{"name": "a", "leaves": -1}', "leaves and earlier >= 0"),
            ('{"name": "a", "tactic": {"tactic": "programme", "moves": {"does": ["as before"]}, '
             '"steps": [[1e999, [0]]], "every": null}}', "numbers must be finite"),
        ],
    )  # fmt: skip
    def test_what_is_no_number_or_name_is_refused_in_one_line(self, text: str, reason: str, tmp_path: Path) -> None:
        file = tmp_path / "theirs.json"
        file.write_text(text)
        with pytest.raises(InputError, match=reason) as refusal:
            read_attacks(file)
        assert str(refusal.value).startswith(str(file)) and "\n" not in str(refusal.value)
