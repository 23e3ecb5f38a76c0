"""The certificate that ships with the scenario ``synthesised``: nothing in it was changed, and it is of that one."""

from pathlib import Path

from commonweal.scenarios.schema.loading import load
from commonweal.scenarios.studies.attacks import read_certificate
from commonweal.scenarios.studies.attacks.enclosed import opened
from commonweal.scenarios.studies.attacks.shape import demand_whole

FILE = Path(__file__).parents[4] / "docs" / "certificates" / "synthesised.certificate.json"


def test_its_digest_is_that_of_its_content_and_no_part_is_missing() -> None:
    demand_whole(read_certificate(FILE))


def test_it_is_of_the_scenario_as_the_library_has_it() -> None:
    with opened(read_certificate(FILE).content["scenario"]) as scenario:
        assert scenario == load("synthesised")


def test_seeds_that_judge_are_not_those_of_the_search_and_the_bound_is_above_every_finalist() -> None:
    content = read_certificate(FILE).content
    seeds, epsilon = content["budget"]["seeds"], content["epsilon"]["money"]
    assert not set(seeds["search"]) & set(seeds["fresh"])
    assert all(each["gain"]["value"] <= epsilon["epsilon"] for each in content["attacks"]["money"])
    assert content["budget_balance"]["balanced"]
