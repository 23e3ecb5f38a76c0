"""The study of privacy: what it plays and attacks, that defences reach economy and attacker alike, and what it says."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from commonweal.agents.errors import InputError
from commonweal.economy.leaking.defences import Defence
from commonweal.economy.learning.guards import Guard
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.figures.studies import draw
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.studies import ask
from commonweal.scenarios.studies.base import Answer
from commonweal.scenarios.studies.pieces import Pieces
from commonweal.scenarios.studies.privacy.designs import NONE, Design, defended, designs, observed
from commonweal.scenarios.studies.privacy.options import PrivacyOptions
from commonweal.scenarios.studies.privacy.playing import Asked, Played
from commonweal.scenarios.studies.privacy.study import headline
from commonweal.scenarios.studies.privacy.tables import Leak, strongest

SMALL: dict[str, Any] = {
    "principals": 5, "rounds": 4, "judged": 2, "watched": 3, "targets": 2, "holdings": [1], "workers": 1,
    "noises": [1.0], "nopeeks": [1.0], "clips": [0.5], "roundings": [0.5], "every": [2], "smallest": [16],
}  # fmt: skip


@pytest.fixture(scope="module")
def answer() -> Answer:
    return ask("privacy", "commons", 2, **SMALL)


def played(defence: Defence, modes: tuple[str, ...], **changes: Any) -> Played:
    options = PrivacyOptions(principals=5, rounds=5)
    scenario = revise(observed(load("commons"), options), changes)
    wired = ("cut",) if defence.guard.cut_noise or defence.guard.nopeek else ("secure",)
    scenario = defended(scenario, Design("", "", defence, wired))
    asked = Asked(scenario, (0, 1), defence, modes, 2, 2, 3, 1, (1,))
    (found,) = Pieces().play("", [asked.piece])
    assert isinstance(found, Played)
    return found


class TestDesigns:
    def test_everybody_delegates_and_nothing_else_happens(self) -> None:
        scenario = observed(load("value-conflict"), PrivacyOptions())
        assert (scenario.population.count, scenario.screening.mode, scenario.task.drift) == (10, "off", 0.0)
        record = Ensemble(scenario, [0]).step()
        assert (record.actions == 1).all() or len(np.unique(record.actions)) == 1

    def test_a_defence_is_tried_where_it_changes_what_is_seen(self) -> None:
        modes = {each.name: each.modes for each in designs(PrivacyOptions())}
        assert modes[NONE] == ("paths", "cut", "cut-gradients", "secure", "two-servers")
        assert modes["noise at the cut 1"] == ("cut", "cut-gradients")
        assert modes["NoPeek 3"] == ("cut", "cut-gradients")
        assert modes["clipped"] == ("cut-gradients", "secure")
        assert modes["clipped, noise 0.1"] == ("secure",)
        assert modes["products rounded to 0.1"] == ("secure",)
        alone = designs(PrivacyOptions(modes=("two-servers",)))
        assert [each.name for each in alone] == [NONE]

    @pytest.mark.parametrize(
        ("scenario", "changes", "complaint"),
        [
            ("commons", {"learning.method": "federated"}, "learning.method = 'federated'"),
            ("commons", {"learning.hidden": []}, "hidden layer"),
            ("public-goods", {}, "market.kind"),
        ],
    )
    def test_a_scenario_without_a_cut_is_refused_in_a_line(
        self, scenario: str, changes: dict[str, Any], complaint: str
    ) -> None:
        with pytest.raises(InputError, match=complaint):
            ask("privacy", scenario, 2, changes)

    def test_a_noise_below_0_is_refused(self) -> None:
        with pytest.raises(InputError, match="option noises: -1"):
            ask("privacy", "commons", 2, noises=[-1.0])

    def test_one_seed_is_refused(self) -> None:
        with pytest.raises(InputError, match="at least 2"):
            ask("privacy", "commons", 1)


class TestPlaying:
    def test_without_a_defence_credit_is_the_undisturbed_credit_and_accuracy_the_economys(self) -> None:
        found = played(Defence(), ("cut",))
        np.testing.assert_allclose(found.outcomes["pearson_undisturbed"], 1.0, atol=1e-9)
        np.testing.assert_allclose(found.outcomes["whole_run_undisturbed"], 1.0, atol=1e-9)
        scenario = observed(load("commons"), PrivacyOptions(principals=5, rounds=5))
        ensemble = Ensemble(scenario, [0, 1])
        record = [ensemble.step() for _ in range(5)][-1]
        np.testing.assert_array_equal(found.outcomes["accuracy"], record.payday.quality)

    def test_exact_credit_agrees_with_the_exact_shapley_value(self) -> None:
        found = played(Defence(), (), **{"credit.kind": "shapley"})
        np.testing.assert_allclose(found.outcomes["pearson_shapley"], 1.0, atol=1e-9)

    def test_in_the_clear_modes_samples_are_recovered_and_labels_read(self) -> None:
        found = played(Defence(), ("paths", "cut", "cut-gradients", "two-servers", "secure"))
        assert (found.leaks["paths|reading|first|nmse"] == 0).all()
        for mode in ("cut", "cut-gradients"):
            assert (found.leaks[f"{mode}|pseudo-inverse|first|nmse"] < 1e-8).all()
            assert (found.leaks[f"{mode}|labels|trained|right"] == 1).all()
        assert (found.leaks["two-servers|labels|first|right"] == 1).all()
        assert not [name for name in found.leaks if name.startswith("secure|") and not name.endswith("guess")]

    def test_noise_at_the_cut_reaches_attacker_and_credit(self) -> None:
        bare, noisy = (played(Defence(Guard(cut_noise=noise)), ("cut",)) for noise in (0.0, 3.0))
        decoder = "cut|decoder|first|nmse"
        assert (noisy.leaks[decoder] > 1.5 * bare.leaks[decoder]).all()
        assert (noisy.outcomes["pearson_undisturbed"] < 0.99).all()
        assert (noisy.leaks["cut|pseudo-inverse|first|nmse"] > 0.1).all()
        assert "cut|decoder of all visits|trained|nmse" in noisy.leaks

    def test_nopeek_lowers_distance_correlation_and_what_is_recovered(self) -> None:
        bare, shy = (played(Defence(Guard(nopeek=weight)), ("cut",)) for weight in (0.0, 30.0))
        assert (shy.outcomes["correlation"] < bare.outcomes["correlation"] - 0.05).all()
        for attacker in ("MAP of activity", "decoder"):
            name = f"cut|{attacker}|trained|nmse"
            assert (shy.leaks[name] > 1.3 * bare.leaks[name]).all()

    def test_who_guesses_a_weak_nopeek_term_recovers_what_a_naive_attacker_does_not(self) -> None:
        found = played(Defence(Guard(nopeek=0.3)), ("cut",)).leaks
        guessed = found["cut|pseudo-inverse, term guessed|first|nmse"]
        assert (guessed < 1e-6).all()
        assert (found["cut|pseudo-inverse|first|nmse"] > 100 * guessed).all()

    def test_a_u_shape_hides_nothing_from_who_knows_the_last_layer(self) -> None:
        bare, shaped = (played(Defence(u_shaped=each), ("cut",)) for each in (False, True))
        assert (shaped.leaks["cut|labels|first|right"] == 1).all()
        np.testing.assert_allclose(
            shaped.leaks["cut|MAP of gradient|first|nmse"], bare.leaks["cut|MAP of gradient|first|nmse"], atol=1e-5
        )

    def test_who_holds_too_little_takes_no_part(self) -> None:
        everybody = played(Defence(Guard(smallest=10_000)), ())
        assert np.isnan(everybody.outcomes["pearson_undisturbed"]).all()
        assert (everybody.outcomes["accuracy"] < 0.5).all()
        assert (everybody.outcomes["taking_part"] == 0).all()

    def test_noise_on_clipped_updates_leaves_less_of_credit_the_stronger_it_is(self) -> None:
        found = [played(Defence(Guard(clip=4.0, update_noise=z)), ()) for z in (0.0, 2.0)]
        kept = [each.outcomes["pearson_undisturbed"].mean() for each in found]
        assert kept[1] < kept[0] - 0.1


class TestAnswer:
    @pytest.mark.slow
    def test_every_mode_and_defence_has_a_row_with_leak_fidelity_and_accuracy(self, answer: Answer) -> None:
        trade = answer.tables["trade"]
        assert len(trade) == 5 + 2 + 2 + 1 + 1 + 1 + 1 + 2
        for name in ("recovered", "pearson_undisturbed", "pearson_shapley", "accuracy", "membership"):
            assert {name, f"{name}_low", f"{name}_high"} <= set(trade.columns)
        bare = trade[trade["defence"] == NONE].set_index("mode")
        assert bare.loc["cut", "recovered"] == pytest.approx(1.0, abs=1e-3)
        assert bare.loc["secure", "recovered"] < 0.9
        assert np.isnan(bare.loc["secure", "labels"])

    def test_the_headline_names_the_strongest_attacker_and_the_setting_that_leaks_least(self, answer: Answer) -> None:
        assert answer.headline.startswith("The best of six attackers recovers")
        assert "in cut" in answer.headline
        assert "leaks least" in answer.headline or "No setting keeps" in answer.headline

    def test_the_strongest_is_who_recovers_most_on_average(self) -> None:
        def leak(name: str, error: float) -> Leak:
            return Leak("cut", NONE, NONE, name, "first", np.array([error, error]), np.array([0.5, 0.5]))

        best = strongest([leak("one", 0.3), leak("two", 0.1), leak("three", 40.0)])
        assert best is not None
        assert best.attacker == "two"
        np.testing.assert_allclose(best.recovered, 0.8)
        assert strongest([]) is None

    def test_only_clipped_updates_with_noise_under_secret_sums_promise_anything(self, answer: Answer) -> None:
        promised = answer.tables["trade"].dropna(subset=["epsilon"])
        assert list(promised["mode"] + " " + promised["defence"]) == ["secure clipped, noise 0.5"]
        assert "means nothing" in answer.tables["promises"]["worth"].iloc[0]

    def test_the_headline_says_where_no_setting_keeps_credit(self, answer: Answer) -> None:
        spoiled = answer.tables["trade"].assign(pearson_undisturbed=0.2)
        assert "No setting keeps a correlation of 0.9" in headline({"trade": spoiled}, 0.9)

    def test_figures_are_drawn(self, answer: Answer) -> None:
        more = pd.concat([answer.tables["holdings"], answer.tables["holdings"].assign(samples=16)])
        wider = Answer("privacy", answer.headline, {**answer.tables, "holdings": more}, answer.notes, answer.provenance)
        assert set(draw(wider)) == {"trade", "holdings"}

    def test_pieces_that_are_kept_are_not_played_again(self, tmp_path: Any) -> None:
        small = {**SMALL, "modes": ["cut"], "noises": [], "clips": [], "u_shape": False}
        first = ask("privacy", "commons", 2, folder=tmp_path / "kept", **small)
        files = sorted(file.name for file in (tmp_path / "kept").glob("*.npz"))
        again = ask("privacy", "commons", 2, folder=tmp_path / "kept", **small)
        assert files == sorted(file.name for file in (tmp_path / "kept").glob("*.npz"))
        pd.testing.assert_frame_equal(first.tables["trade"], again.tables["trade"])
