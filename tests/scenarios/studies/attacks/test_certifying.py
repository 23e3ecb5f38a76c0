"""Certificates: what they say of games whose gaps are known, and what attempts to break them come to."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from commonweal.agents.actions import Action
from commonweal.agents.errors import InputError
from commonweal.economy.futures.deviations import Deviation
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.starting import begin
from commonweal.scenarios.studies.attacks import (
    ATTACKS,
    Attempt,
    Certificate,
    CertifyOptions,
    attack,
    certify,
    exploitability,
    refute,
    rerun,
    write_certificate,
)
from commonweal.scenarios.studies.attacks.coverage import MEASURED
from commonweal.scenarios.studies.attacks.exploitability import strongest
from commonweal.scenarios.studies.attacks.menu import moves_of
from commonweal.scenarios.studies.attacks.registry import attacks_of, searched_families
from commonweal.scenarios.studies.attacks.trying import Trying, try_attacks
from commonweal.scenarios.studies.attacks.written import deviation_document, read_deviation
from commonweal.scenarios.studies.incentives.base_runs import DRAWN
from commonweal.scenarios.studies.pieces import Pieces

ROOT = Path(__file__).parents[4]
GAME = revise(
    load("public-goods"),
    {"population.count": 6, "market.groups": "all", "market.multiplication": 1.8, "policy.mix": {"fixed": 1.0}},
)
FEW = CertifyOptions(horizon=4, budget=6, principals=2, held_out=3, finalists=4, workers=1)
FREE_RIDING = 1 - 1.8 / 6  # what it gains in a round to keep a unit that all six would share


@pytest.fixture(scope="module")
def made() -> Certificate:
    return certify(GAME, FEW, range(2))


@pytest.fixture
def of_others() -> Iterator[list[Deviation]]:
    """A family that somebody else has registered, and what it gives."""
    gives = [Deviation("theirs", (0,), Action.FREE_RIDE)]
    attack("of_others")(lambda scenario, horizon: tuple(gives))
    yield gives
    ATTACKS._plugs.pop("of_others")


class TestExploitability:
    def test_in_a_linear_public_goods_game_the_strongest_attack_is_to_keep_everything(self) -> None:
        """It gains 1 − r/N of each unit, whatever others do: Isaac and Walker (1988)."""
        found = exploitability(GAME, FEW, range(2))
        assert found.finalists[0].attack.name == "free_ride" and found.finalists[0].group == "place 1"
        np.testing.assert_allclose([found.epsilon.value, found.epsilon.low, found.epsilon.high], FREE_RIDING)

    def test_where_everybody_keeps_all_nothing_gains(self) -> None:
        nobody = revise(GAME, {"population.start_delegate": 0.0, "population.start_free_ride": 1.0})
        found = exploitability(nobody, FEW, range(2))
        assert float(found.epsilon.high) == 0.0 and found.finalists[0].found == 0.0

    def test_an_attack_that_does_in_all_seeds_what_another_did_is_judged_once(self) -> None:
        """Who keeps all keeps all, whatever share it would have put in."""
        finalists = exploitability(GAME, FEW, range(2)).finalists
        found = [(each.group, each.found) for each in finalists if each.found > 0]
        assert len(set(found)) == len(found) > 1

    def test_held_out_families_make_no_certificate(self) -> None:
        assert "mixed" in ATTACKS and "mixed" not in searched_families()
        with pytest.raises(InputError, match="option families: mixed is held out"):
            exploitability(GAME, FEW.model_copy(update={"families": ("mixed",)}), range(2))

    def test_the_bound_does_not_go_by_the_seeds_of_the_search(self) -> None:
        drawn = revise(GAME, {"policy.mutation": 0.3})
        found = exploitability(drawn, FEW, range(2))
        assert float(found.epsilon.value) == found.gains[:, 0].mean() and found.evidence.base.seeds == (2, 3, 4)


class TestInterval:
    @pytest.mark.parametrize("means", [[1.0, 0, 0, -1], [1.0, 1.0, 0, 0], [1.0, 1.0, 1.0, 1.0]])
    def test_it_covers_the_largest_gain_in_93_to_97_percent(self, means: list[float]) -> None:
        """Of 1,500 games of Gaussian gains with half of the noise in common; the standard error is .5 %."""
        generator, covered = np.random.default_rng(3), 0
        for _ in range(1500):
            noise = generator.standard_normal((64, 1)) + generator.standard_normal((64, len(means)))
            found = strongest(np.array(means) + 0.7 * noise)
            covered += bool(found.low <= 1.0 <= found.high)
        assert 0.93 <= covered / 1500 <= 0.97

    def test_the_upper_end_has_the_smaller_part_of_the_error(self) -> None:
        """Of one attack: 1 % are above it and 4 % below the lower end, a little less as ends follow skewness."""
        generator = np.random.default_rng(4)
        found = [strongest(generator.standard_normal((64, 1))) for _ in range(2500)]
        above = np.mean([each.high < 0 for each in found])
        below = np.mean([each.low > 0 for each in found])
        assert 0.004 <= above <= 0.013 and 0.027 <= below <= 0.045


class TestContent:
    def test_it_states_the_bound_and_what_decides_on_it(self, made: Certificate) -> None:
        content = made.content
        assert content["epsilon"]["money"]["epsilon"] == pytest.approx(FREE_RIDING)
        assert content["epsilon"]["money"] == content["epsilon"]["utility"]  # nobody minds
        assert content["scenario"]["document"]["market"]["multiplication"] == 1.8
        assert content["budget"]["seeds"] == {"search": [0, 1], "fresh": [2, 3, 4]}
        assert content["budget"]["families"] == dict.fromkeys(searched_families(), "built-in")
        assert content["rule"]["settlement.kind"] == "equal" and content["rule"]["market.kind"] == "public_goods"
        assert content["budget_balance"]["balanced"] and content["budget_balance"]["revenue"] > 0
        assert set(content["version"]) == {"commonweal", "code"}

    def test_individual_rationality_is_what_taking_part_brings(self, made: Certificate) -> None:
        """Two of six contribute .3 each to all at a cost of 1; who keeps has .6."""
        found = made.content["individual_rationality"]["money"]
        assert found["least_margin"]["value"] == pytest.approx(0.6 - 1) and not found["holds"]

    def test_where_somebody_minds_utility_and_money_are_apart(self) -> None:
        minding = revise(
            load("value-conflict"),
            {"population.count": 4, "task.validation": 60, "values.concern": "member",
             "actions.available": ["abstain", "delegate", "free_ride", "defect"]},
        )
        quick = CertifyOptions(
            families=("windows",), search="none", horizon=2, principals=1, held_out=2, finalists=2, workers=1
        )
        content = certify(minding, quick, range(2)).content
        assert content["epsilon"]["utility"]["unit"] == "utility per round"
        assert content["epsilon"]["money"]["unit"] == "money per round"
        assert content["epsilon"]["utility"] != content["epsilon"]["money"]

    def test_files_that_the_scenario_names_are_in_it(self, tmp_path: Path) -> None:
        edges = tmp_path / "who.txt"
        edges.write_text("0 1\n1 2\n2 3\n3 4\n4 5\n5 0\n")
        ring = revise(GAME, {"population.graph": "file", "population.edges": str(edges)})
        certificate = certify(ring, FEW, range(2))
        assert str(tmp_path) not in certificate.text()
        edges.unlink()
        assert rerun(certificate, workers=1) == certificate

    def test_so_is_a_table_of_ones_own_whose_rows_are_drawn_from_a_pool(self, tmp_path: Path) -> None:
        begun = begin(tmp_path / "clinics", "hospitals")
        quick = CertifyOptions(families=("programmes",), search="none", horizon=4, principals=1, held_out=2,
                               finalists=2, workers=1)  # fmt: skip
        certificate = certify(load(begun.scenario), quick, range(2))  # programmes put in more and less by turns
        assert str(tmp_path) not in certificate.text()
        assert certificate.content["rule"]["task.kind"] == "csv:hospitals.csv"
        shutil.rmtree(tmp_path / "clinics")
        assert rerun(certificate, workers=1) == certificate


class TestRerunning:
    def test_played_again_it_is_the_same_to_the_last_digit(self, made: Certificate) -> None:
        assert rerun(made, workers=1).text() == made.text()

    @pytest.mark.slow
    def test_a_fresh_process_elsewhere_makes_it_from_the_file_alone(self, made: Certificate, tmp_path: Path) -> None:
        write_certificate(made, tmp_path / "c.json")
        words = [sys.executable, "-m", "commonweal.commands.cli", "certify", "--check", "c.json"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, env=environment)
        assert done.returncode == 0, done.stderr
        assert "c.json: the same to the last digit, played again by the same code" in done.stdout
        assert [entry.name for entry in tmp_path.iterdir()] == ["c.json"]

    def test_a_false_bound_with_a_digest_of_its_own_is_found_out(self, made: Certificate) -> None:
        content = json.loads(json.dumps(made.content))
        content["epsilon"]["money"]["epsilon"] = 0.01
        assert rerun(Certificate.of(content), workers=1).content["epsilon"] != content["epsilon"]


class TestRefuting:
    def test_a_true_certificate_stands(self, made: Certificate) -> None:
        verdict = refute(made, Attempt(("mixed",), 4, 1))
        assert not verdict["falls"] and verdict["found"]["money"]["gain"]["value"] <= FREE_RIDING + 1e-9

    def test_one_that_states_too_little_falls(self, made: Certificate) -> None:
        content = json.loads(json.dumps(made.content))
        content["epsilon"]["money"]["epsilon"] = 0.5
        verdict = refute(Certificate.of(content), Attempt(("catalogue",), 4, 1))
        assert verdict["falls"] and verdict["found"]["money"]["deviation"]["name"] == "free_ride"

    def test_seeds_are_fresh_each_time(self, made: Certificate) -> None:
        first = refute(made, Attempt(("mixed",), 4, 1))
        assert first["seeds"] == {"choosing": [5, 6], "judging": [7, 8]}
        second = refute(made.with_verdict(first), Attempt(("mixed",), 4, 1))
        assert second["seeds"] == {"choosing": [9, 10], "judging": [11, 12]}

    def test_an_attack_that_somebody_else_registered_is_tried(
        self, made: Certificate, of_others: list[Deviation]
    ) -> None:
        verdict = refute(made, Attempt(("of_others",), 4, 1))
        assert verdict["found"]["money"]["gain"]["value"] == pytest.approx(FREE_RIDING)
        assert verdict["attacks"]["of_others"] != "built-in"  # a fingerprint of its code

    @pytest.mark.parametrize(
        ("gives", "reason"),
        [
            ([Deviation("by two", (0, 1), Action.FREE_RIDE)], "by two must be of principal 0 alone"),
            (["free_ride"], "gives 'free_ride': must be Deviations"),
            ([Deviation("a", (0,)), Deviation("a", (0,), share=0.5)], "two deviations of one name"),
            ([], "nothing is to be tried"),
        ],
    )
    def test_what_is_no_attack_is_refused_in_one_line(
        self, made: Certificate, of_others: list[Deviation], gives: list[Deviation], reason: str
    ) -> None:
        of_others[:] = gives
        with pytest.raises(InputError, match=reason) as refusal:
            refute(made, Attempt(("of_others",), 4, 1))
        assert "\n" not in str(refusal.value)

    def test_attacks_come_from_a_file_too(self, made: Certificate, tmp_path: Path) -> None:
        file = tmp_path / "mine.json"
        file.write_text('[{"name": "at last", "action": "free_ride", "from_round": 2}]')
        found = refute(made, Attempt((str(file),), 4, 1))["found"]["money"]
        assert found["gain"]["value"] == pytest.approx(FREE_RIDING / 2)  # two rounds of four
        assert found["deviation"] == {"name": "at last", "action": "free_ride", "from_round": 2}

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("{", "is not JSON"),
            ("[]", "must hold attacks"),
            ("[3]", "3 is no attack"),
            ('{"action": "free_ride"}', "name of an attack is missing"),
            ('{"name": "a", "action": "steal"}', "action = 'steal': must be one of abstain, delegate"),
            ('{"name": "a", "colour": 1}', "'colour' is no field of an attack"),
            ('{"name": "a", "share": "half"}', "share = 'half': is no value of that field"),
            ('{"name": "a", "share": 3.0}', "share in \\[0, 1\\]"),
        ],
    )
    def test_a_bad_file_of_attacks_is_refused_in_one_line(
        self, made: Certificate, tmp_path: Path, text: str, reason: str
    ) -> None:
        (tmp_path / "bad.json").write_text(text)
        with pytest.raises(InputError, match=reason) as refusal:
            refute(made, Attempt((str(tmp_path / "bad.json"),), 4, 1))
        assert "\n" not in str(refusal.value)


class TestFamilies:
    @pytest.mark.parametrize("name", ["commons", "value-conflict", "leading-eight", "big-firms", "robust"])
    def test_every_built_in_family_gives_attacks_that_can_be_written_and_read(self, name: str) -> None:
        scenario = load(name)
        for family in ("catalogue", "windows", "mixed", "programmes", "thresholds", "patterns"):
            found = attacks_of(family, scenario, 20)
            assert found
            for each in found:
                document = json.loads(json.dumps(deviation_document(each.deviation)))
                assert read_deviation(document) == replace(each.deviation, members=(0,))

    @pytest.mark.parametrize("family", ["mixed", "patterns"])
    def test_what_is_drawn_is_the_same_each_time(self, family: str) -> None:
        assert attacks_of(family, GAME, 20) == attacks_of(family, GAME, 20)

    def test_attacks_that_react_to_what_they_see_gain_only_in_the_rounds_in_which_they_keep_all(self) -> None:
        """Half of six contribute, so 'while most neighbours delegate' never holds for one of them: 2 of 5."""
        half = revise(GAME, {"population.start_delegate": 0.5, "population.start_free_ride": 0.5})
        trying = Trying(half, FEW, "money", Pieces())
        attacks = [each for each in attacks_of("thresholds", half, 4) if "most neighbours" in each.name]
        tried = try_attacks(trying, attacks, (0, 1), "thresholds")
        gains = dict(zip([each.name for each in attacks], tried.gains[:, 0].mean(axis=0), strict=True))
        assert gains["free_ride while most neighbours delegate"] == pytest.approx(0.0)
        assert gains["free_ride unless most neighbours delegate"] == pytest.approx(FREE_RIDING)

    def test_to_keep_all_by_turns_gains_half(self) -> None:
        trying = Trying(GAME, FEW, "money", Pieces())
        (attack,) = (a for a in attacks_of("programmes", GAME, 4) if a.name == "delegate and free_ride by turns")
        tried = try_attacks(trying, [attack], (0, 1), "programmes")
        assert tried.gains[0, 0, 0] == pytest.approx(FREE_RIDING / 2)


class TestMenu:
    def test_only_moves_that_make_sense_are_on_it(self) -> None:
        assert moves_of(GAME).factors["does"] == ("as before", "delegate", "free_ride", "abstain")
        assert set(moves_of(load("value-conflict")).factors) == {"does", "share", "looser"}
        assert set(moves_of(load("tolerance-for-sale")).factors) == {"does", "share", "looser", "dearer"}

    def test_a_poor_menu_has_the_actions_alone(self) -> None:
        assert moves_of(load("commons"), rich=False).factors == {
            "does": ("as before", "delegate", "free_ride", "defect", "abstain")
        }


def test_certificates_quote_the_coverage_that_the_page_shows() -> None:
    page = (ROOT / "docs" / "certificates.md").read_text(encoding="utf-8")
    assert MEASURED and all(f"| {covered} |" in page for covered in MEASURED.values())


def test_a_type_that_few_seeds_have_is_judged_by_all_its_members() -> None:
    """Certifying ended with an error where the search had found the strongest attack with a type that is rare later."""
    firms = load("big-firms", {"population.count": 6})
    options = CertifyOptions(horizon=2, principals=2, workers=1)
    attack = attacks_of("catalogue", firms, 2)[0]
    tried = try_attacks(Trying(firms, options, "money", Pieces()), [attack], range(6), "attacks")
    types = {kind: those for (trait, kind), those in tried.evidence.members.items() if trait == DRAWN}
    assert set(types) > set(tried.groups)
    (gains,) = tried.evidence.gains.values()
    for kind, those in types.items():
        assert tried.of(attack, kind).mean() == pytest.approx(gains.alone[..., 0][those].mean())
    with pytest.raises(InputError, match="nobody of type 'cost 7' tries in these 6 seeds"):
        tried.of(attack, "cost 7")
