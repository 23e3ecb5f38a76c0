"""Certificates as files: any change of a byte is refused in one line, and verdicts are chained to what stood before."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commonweal.agents.errors import InputError
from commonweal.scenarios.studies.attacks import Certificate, append_verdict, read_certificate, write_certificate
from commonweal.scenarios.studies.attacks.certificate import digest_of

CONTENT = {"scenario": {"document": {"name": "toy", "rounds": 3}}, "epsilon": {"money": {"epsilon": 0.1, "low": None}}}
VERDICT = {"attacks": {"mixed": "built-in"}, "falls": False, "found": {"money": {"gain": 0.05}}, "seeds": {"a": [7]}}
MADE = Certificate.of(CONTENT).with_verdict(VERDICT).with_verdict(VERDICT | {"falls": True})
TEXT = MADE.text().encode()
DOCUMENT = json.loads(TEXT)


def refused(file: Path) -> str:
    with pytest.raises(InputError) as refusal:
        read_certificate(file)
    assert "\n" not in str(refusal.value) and str(refusal.value).startswith(("cannot read", str(file)))
    return str(refusal.value)


def kept(folder: Path, document: object) -> Path:
    """A document written as certificates are."""
    file = folder / "kept.json"
    file.write_text(json.dumps(document, indent=1) + "\n")
    return file


class TestReading:
    def test_what_is_written_is_read_again(self, tmp_path: Path) -> None:
        write_certificate(MADE, tmp_path / "new" / "c.json")
        assert read_certificate(tmp_path / "new" / "c.json") == MADE

    @settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    @given(st.integers(0, len(TEXT) - 1), st.integers(1, 255))
    def test_a_change_of_any_byte_is_refused(self, tmp_path: Path, place: int, by: int) -> None:
        changed = bytearray(TEXT)
        changed[place] ^= by
        (tmp_path / "c.json").write_bytes(changed)
        refused(tmp_path / "c.json")

    @settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    @given(st.integers(0, len(TEXT)), st.binary(min_size=1, max_size=3))
    def test_so_are_bytes_put_in(self, tmp_path: Path, place: int, more: bytes) -> None:
        (tmp_path / "c.json").write_bytes(TEXT[:place] + more + TEXT[place:])
        refused(tmp_path / "c.json")

    @settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    @given(st.integers(0, len(TEXT) - 1), st.integers(1, 40))
    def test_and_bytes_taken_out(self, tmp_path: Path, place: int, count: int) -> None:
        (tmp_path / "c.json").write_bytes(TEXT[:place] + TEXT[place + count :])
        refused(tmp_path / "c.json")

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("", "is not JSON"),
            ("[" * 100_000, "is not JSON"),
            ("[1, 2]", "is no certificate of commonweal"),
            ('{"format": "another"}', "is no certificate of commonweal"),
            ('{"format": "commonweal certificate 1"}', "was changed"),
        ],
    )
    def test_what_is_no_certificate_is_refused_in_one_line(self, tmp_path: Path, text: str, reason: str) -> None:
        (tmp_path / "c.json").write_text(text)
        assert reason in refused(tmp_path / "c.json")

    @pytest.mark.parametrize(
        "part", [{"content": 3}, {"verdicts": 3}, {"verdicts": [3]}, {"verdicts": [{}]}, {"digest": None}]
    )
    def test_parts_of_another_type_are_refused_in_one_line(self, tmp_path: Path, part: dict[str, object]) -> None:
        assert "was changed" in refused(kept(tmp_path, DOCUMENT | part))

    def test_a_missing_file_is_refused_in_one_line(self, tmp_path: Path) -> None:
        assert "No such file" in refused(tmp_path / "nothing.json")


class TestChain:
    def test_each_verdict_holds_the_digest_of_what_stood_before(self) -> None:
        first, second = MADE.verdicts
        assert first.content["after"] == MADE.digest == digest_of(CONTENT)
        assert second.content["after"] == first.digest and MADE.head == second.digest

    def test_it_stands_until_a_verdict_says_that_it_fell(self) -> None:
        assert Certificate.of(CONTENT).with_verdict(VERDICT).stands and not MADE.stands

    def test_a_verdict_taken_out_of_the_middle_is_noticed(self, tmp_path: Path) -> None:
        later = DOCUMENT | {"verdicts": DOCUMENT["verdicts"][1:]}
        assert "verdict 1 does not follow what stands before it" in refused(kept(tmp_path, later))

    def test_verdicts_that_change_places_are_noticed(self, tmp_path: Path) -> None:
        turned = DOCUMENT | {"verdicts": DOCUMENT["verdicts"][::-1]}
        assert "does not follow" in refused(kept(tmp_path, turned))

    def test_a_verdict_whose_digest_was_made_anew_breaks_the_chain_behind_it(self, tmp_path: Path) -> None:
        content = DOCUMENT["verdicts"][0]["content"] | {"falls": True}
        first = {"content": content, "digest": digest_of(content)}
        forged = DOCUMENT | {"verdicts": [first, DOCUMENT["verdicts"][1]]}
        assert "verdict 2 does not follow" in refused(kept(tmp_path, forged))

    def test_a_content_whose_digest_was_made_anew_breaks_the_chain_behind_it(self, tmp_path: Path) -> None:
        content = CONTENT | {"epsilon": {"money": {"epsilon": 0.01}}}
        forged = DOCUMENT | {"content": content, "digest": digest_of(content)}
        assert "verdict 1 does not follow" in refused(kept(tmp_path, forged))

    def test_verdicts_that_others_appended_meanwhile_stay(self, tmp_path: Path) -> None:
        file, made = tmp_path / "c.json", Certificate.of(CONTENT)
        write_certificate(made, file)
        append_verdict(file, made, VERDICT)
        after = append_verdict(file, made, VERDICT | {"falls": True})
        assert len(after.verdicts) == 2 and read_certificate(file) == after == MADE

    def test_nothing_is_appended_to_another_certificate(self, tmp_path: Path) -> None:
        file = tmp_path / "c.json"
        write_certificate(Certificate.of(CONTENT | {"more": 1}), file)
        with pytest.raises(InputError, match="holds another certificate than it did"):
            append_verdict(file, MADE, VERDICT)
