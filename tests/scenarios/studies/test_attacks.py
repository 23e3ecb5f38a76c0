"""Attacks: what who cheats puts in or sends back, and the table of every settlement against every attack."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from shared.attacks import (
    ATTACKS,
    BASE,
    SETTLEMENTS,
    TRIED,
    Attack,
    by,
    figures_of,
    futures_of,
    merged,
    play,
    read,
    table,
)
from shared.name_attacks import ATTACKS as NAME_ATTACKS
from shared.name_attacks import RULES as NAME_RULES

from commonweal.agents.actions import Action
from commonweal.agents.errors import InputError
from commonweal.agents.streams import Streams
from commonweal.economy.futures.deviations import Deviation
from commonweal.economy.futures.play import play_futures
from commonweal.economy.learning.federated import DeltaPassage
from commonweal.economy.learning.forged import forge
from commonweal.economy.learning.network import Owners
from commonweal.economy.runs.checkpoint import restore, save
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.figures.attack_maps import draw_attacks
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.studies.compare.attacks import attacks
from commonweal.scenarios.studies.incentives.catalogue import chosen
from commonweal.scenarios.studies.incentives.options import IncentivesOptions

SMALL = revise(load("commons"), {**BASE, "population.count": 6, "task.validation": 100, "task.test": 100})
FEDERATED = revise(SMALL, {"learning.method": "federated", "learning.local_epochs": 2})
SHAPES = (torch.Size([3, 4]), torch.Size([2, 3]))
WIDTH = 18  # parameters of SHAPES


def passage(owner: list[list[int]] | None = None) -> DeltaPassage:
    """Deltas of 2 runs of 3 principals, two samples each."""
    owners = Owners(torch.tensor(owner or [[0, 0, 1, 1, 2, 2]] * 2), 3)
    deltas = torch.randn(2, 3, WIDTH, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    return DeltaPassage(deltas, SHAPES, owners, torch.zeros(2, dtype=torch.float64))


def who(*rows: list[int]) -> np.ndarray:
    return np.array(rows, dtype=bool)


NOBODY = who([0, 0, 0], [0, 0, 0])
LAST = tuple(torch.ones(2, *shape, dtype=torch.float64) for shape in SHAPES)


def stream(seeds=(0, 1)):
    return Streams.from_seeds(seeds).batch


class TestForgedDeltas:
    def test_nobody_forges_nothing(self):
        honest = passage()
        assert forge(honest, NOBODY, NOBODY, LAST, stream()) is honest

    def test_who_replays_sends_its_share_of_the_last_change(self):
        forged = forge(passage(), NOBODY, who([0, 1, 0], [0, 0, 0]), LAST, stream())
        torch.testing.assert_close(forged.deltas[0, 1], torch.full((WIDTH,), 1 / 3, dtype=torch.float64))
        torch.testing.assert_close(forged.deltas[1], passage().deltas[1])

    def test_if_all_replay_the_model_moves_as_it_did_last(self):
        forged = forge(passage([[0, 0, 0, 1, 2, 2]] * 2), NOBODY, ~NOBODY, LAST, stream())
        for moved, last in zip(forged.weighted_sum(torch.ones(2, 3, dtype=torch.float64)), LAST, strict=True):
            torch.testing.assert_close(moved, last)

    def test_before_the_first_change_a_replay_sends_the_model_back_as_it_came(self):
        forged = forge(passage(), NOBODY, who([1, 0, 0], [0, 0, 0]), (), stream())
        assert (forged.deltas[0, 0] == 0).all()

    def test_disguised_noise_is_as_large_as_honest_deltas_and_points_nowhere(self):
        honest = passage()
        wide = DeltaPassage(honest.deltas.repeat(1, 1, 5000), SHAPES, honest.owners, honest.loss)
        forged = forge(wide, who([0, 0, 1], [0, 0, 0]), NOBODY, (), stream())
        usual = wide.squared_norms()[0, :2].mean().sqrt()
        assert forged.deltas[0, 2].norm() == pytest.approx(float(usual), rel=0.02)
        cosine = torch.nn.functional.cosine_similarity(forged.deltas[0, 2], wide.deltas[0, 0], dim=0)
        assert abs(float(cosine)) < 0.02
        torch.testing.assert_close(forged.deltas[:, :2], wide.deltas[:, :2])

    def test_a_runs_noise_is_its_own_whatever_runs_are_beside_it(self):
        hidden = who([0, 1, 0], [1, 0, 1])
        both = forge(passage(), hidden, NOBODY, (), stream())
        second = DeltaPassage(passage().deltas[1:], SHAPES, Owners(passage().owners.owner[1:], 3), passage().loss[1:])
        alone = forge(second, hidden[1:], NOBODY[1:], (), stream([1]))
        torch.testing.assert_close(both.deltas[1:], alone.deltas)


def attacked(scenario, *deviations: Deviation, rounds: int = 3, seeds=(0, 1), start: int = 0):
    ensemble = Ensemble(scenario, seeds)
    for _ in range(start):
        ensemble.step()
    return play_futures(ensemble.snapshot, deviations, rounds)


def free_ride(form: str, rounds: int = 2, scenario=SMALL):
    """Records of an economy whose first principal free-rides."""
    scenario = revise(scenario, {"actions.free_ride": form, "credit.novelty.memory": 2})
    ensemble = Ensemble(scenario, [0])
    actions = np.full((1, 6), int(Action.DELEGATE))
    actions[0, 0] = Action.FREE_RIDE
    records = []
    for _ in range(rounds):
        record = ensemble.act(actions)
        records.append(record)
    return ensemble, records


class TestWhatIsPutIn:
    def test_a_replay_is_the_same_samples_every_round_and_an_honest_contribution_is_not(self):
        _, (first, second) = free_ride("replay")
        own = first.lesson.batch.owner[0] == 0
        np.testing.assert_array_equal(first.lesson.batch.sample[0, own], second.lesson.batch.sample[0, own])
        assert (first.lesson.batch.sample[0, ~own] != second.lesson.batch.sample[0, ~own]).any()
        assert len(set(first.lesson.batch.sample[0, own].tolist())) == SMALL.learning.samples

    def test_disguised_samples_are_few_and_their_labels_right_but_no_two_look_the_same(self):
        ensemble, (first, _) = free_ride("disguised")
        own = first.lesson.batch.owner[0] == 0
        samples = first.lesson.batch.sample[0, own]
        assert len(set(samples.tolist())) == SMALL.actions.stale_samples
        np.testing.assert_array_equal(first.lesson.batch.label[0, own], ensemble.world.truth[0, samples])
        shown = first.lesson.recent[-1].features[0, 0]
        assert len(torch.unique(shown, dim=0)) == SMALL.learning.samples
        noise = shown - ensemble.world.features.gather(samples[None])[0]
        assert float(noise.std()) == pytest.approx(SMALL.actions.noise, rel=0.2)

    @pytest.mark.parametrize("form", ["disguised", "replay"])
    def test_neither_costs_anything(self, form):
        _, (record, _) = free_ride(form)
        assert record.lesson.put.delegated[0, 0] == 0
        assert record.lesson.put.total[0, 0] == SMALL.learning.samples

    def test_copies_are_the_very_samples_of_the_first_member_and_cost_nothing(self):
        replicated = Deviation("copies", (0,), identities=3, copies=True)
        equal = revise(SMALL, {"settlement.kind": "equal", "market.model_value": 0.0})
        futures = attacked(equal, replicated, rounds=1)
        one, three = futures.payoffs[:, 0, 0, 0], futures.payoffs[:, 1, 0, [0, 6, 7]].sum(axis=1)
        cost = SMALL.population.cost_low * SMALL.learning.samples
        paid = futures.payoffs[:, 1, 0, 6]
        np.testing.assert_allclose(three, 3 * paid - cost, atol=1e-9)  # equal pay, and the cost once
        assert (three > one).all()

    def test_a_copying_pair_puts_in_one_principals_samples_twice(self):
        futures = attacked(SMALL, Deviation("pair", (0, 1), copies=True), rounds=1)
        copied = futures.payoffs[:, 1, 0, 1] - futures.payoffs[:, 1, 0, 0]  # twins in credit; one has no cost
        cost = SMALL.population.cost_low * SMALL.learning.samples
        np.testing.assert_allclose(copied, cost, atol=2e-6)


class TestUnderFedAvg:
    def test_only_federated_runs_remember_the_last_change(self):
        for scenario, kept in ((SMALL, False), (FEDERATED, True)):
            ensemble = Ensemble(scenario, [0])
            ensemble.step()
            assert bool(ensemble.state.last_delta) is kept

    def test_the_last_change_is_the_step_that_was_taken(self):
        ensemble = Ensemble(revise(FEDERATED, {"task.drift": 0.0}), [0])
        before = ensemble.state.parameters
        ensemble.step()
        for old, new, change in zip(before, ensemble.state.parameters, ensemble.state.last_delta, strict=True):
            torch.testing.assert_close(old - FEDERATED.learning.rate * change, new)

    def test_a_replay_goes_on_from_a_checkpoint_as_if_it_had_never_stopped(self, tmp_path):
        replaying = revise(FEDERATED, {"actions.free_ride": "replay", "population.start_delegate": 0.5,
                                       "population.start_free_ride": 0.5})  # fmt: skip
        whole, stopped, restored = (Ensemble(replaying, [0]) for _ in range(3))
        for ensemble in (whole, stopped):
            ensemble.step()
        save(tmp_path / "run.npz", stopped)
        restore(tmp_path / "run.npz", restored)
        np.testing.assert_array_equal(whole.step().payday.payoffs, restored.step().payday.payoffs)

    @pytest.mark.parametrize("form", ["disguised", "replay"])
    def test_an_attack_is_the_same_alone_and_beside_other_runs(self, form):
        attack = Deviation(form, (0,), Action.FREE_RIDE, form)
        together = attacked(FEDERATED, attack, start=1).payoffs
        alone = attacked(FEDERATED, attack, start=1, seeds=[1]).payoffs
        np.testing.assert_allclose(together[1:], alone, rtol=1e-5)

    def test_noise_earns_no_credit_where_an_honest_delta_does(self):
        noise = Deviation("noise", (0,), Action.FREE_RIDE, "disguised")
        futures = attacked(FEDERATED, noise, rounds=15, seeds=(0, 1, 2))
        honest, disguised = futures.payoffs[:, :, 5:, 0].mean(axis=2).T
        saved = SMALL.population.cost_low * SMALL.learning.samples
        assert (disguised - saved < honest).all()


class TestCatalogue:
    """What the study of incentives tries."""

    @pytest.mark.parametrize("method", ["traversal", "federated"])
    def test_forged_deltas_are_tried_where_deltas_are_sent(self, method):
        tried = chosen(revise(SMALL, {"learning.method": method}), IncentivesOptions())
        forged = {deviation.name for deviation in tried} & {"disguised", "replay"}
        assert forged == ({"disguised", "replay"} if method == "federated" else set())

    def test_who_sells_tolerance_may_ask_more_or_less_than_its_price(self):
        tried = chosen(load("tolerance-for-sale"), IncentivesOptions(deviations=("cost",)))
        assert [deviation.name for deviation in tried] == ["dearer", "cheaper"]


class TestTable:
    QUICK = tuple(a for a in ATTACKS if a.deviation.name in ("idle", "junk", "replay, FedAvg", "Sybil, 2"))

    def test_every_settlement_stands_every_attack_without_losing_a_micro_unit(self):
        for name in ("equal", "credit, stakes and audits", "tolerance for sale", "model: shared"):
            outcome = play(SETTLEMENTS[name], self.QUICK, range(2), 2)
            assert outcome.imbalance == 0
            assert outcome.lowest >= 0
            assert set(outcome.gain) == {attack.deviation.name for attack in self.QUICK}

    def test_gains_are_relative_to_the_honest_payoff_of_the_same_economy(self):
        idle = Attack(Deviation("idle", (0,), Action.FREE_RIDE))
        outcome = play(SETTLEMENTS["equal"], [idle], range(2), 3)
        tried = [by(first, idle.deviation) for first in TRIED]
        futures = futures_of({**BASE, **SETTLEMENTS["equal"]}, tried, range(2), 3)
        honest = abs(futures.payoffs[:, 0].mean())
        np.testing.assert_allclose(outcome.gain["idle"] * honest, futures.gains.mean(axis=1))

    def test_the_table_has_a_row_a_settlement_and_a_column_an_attack(self):
        outcomes = {name: play(SETTLEMENTS[name], self.QUICK[:2], range(2), 1) for name in ("equal", "data")}
        heads, _, *rows = table(outcomes, "loss").splitlines()
        assert heads == "| settlement | idle | junk |"
        assert [row.split(" | ")[0] for row in rows] == ["| equal", "| data"]
        maps = [figures_of(outcomes, what) for what in ("gain", "loss")]
        upper, lower = draw_attacks(list(outcomes), ["idle", "junk"], *maps, "a note").axes
        assert [len(ax.texts) for ax in (upper, lower)] == [4, 4]  # a number in every cell


    def test_a_claimed_update_pays_where_nothing_is_checked_and_not_where_it_is(self):
        lies = [a for a in ATTACKS if a.deviation.exaggerates]
        outcome = play(SETTLEMENTS["credit"], lies, range(2), 4)
        assert (outcome.gain["claims × 1.5, secure"] > 0.05).all()
        assert (abs(outcome.gain["claims × 1.5, audited"]) < 0.01).all()  # caught in the first round
        assert outcome.imbalance == 0

    def test_what_an_attack_needs_and_a_settlement_does_not_go_with_is_not_played(self):
        lies = [a for a in ATTACKS if a.deviation.cancels]
        outcome = play(SETTLEMENTS["credit, novelty"], lies, range(2), 1)
        assert all(np.isnan(seeds).all() for seeds in outcome.gain.values())
        assert table({"credit, novelty": outcome}, "gain").splitlines()[2] == "| credit, novelty | – | – |"

    def test_new_cells_stand_beside_those_of_the_page_and_replace_those_of_the_same_name(self):
        heads = ["| settlement | a | b |", "| --- | --- | --- |"]
        rows = [*heads, "| x | +1 [−1, +2] | **+3 [+0, +4]** |", "| y | – | −2 [−3, −0] |"]
        page = "\n".join(["<!-- table what -->", *rows, "<!-- end what -->"])
        new = "| settlement | b | c |\n| --- | --- | --- |\n| y | +9 [+8, +9] | +7 [+6, +8] |"
        assert merged(page, new, "what").splitlines()[2:] == [
            "| x | +1 [−1, +2] | **+3 [+0, +4]** | – |", "| y | – | +9 [+8, +9] | +7 [+6, +8] |"
        ]  # fmt: skip
        names, columns, found = read("\n".join(rows))
        assert (names, columns) == (["x", "y"], ["a", "b"])
        assert found.value[0].tolist() == [1, 3]
        assert np.isnan(found.value[1, 0])
        assert found.low[0, 1] > 0 > found.high[1, 1]  # printed as 0, and yet surely not 0
        with pytest.raises(SystemExit, match="no settlement 'z'"):
            merged(page, new.replace("| y |", "| z |"), "what")


class TestNames:
    """Attacks on names."""

    BY_NAMES = load("leading-eight")

    def test_names_are_attacked_only_where_they_count(self):
        tried = {deviation.name for deviation in chosen(self.BY_NAMES, IncentivesOptions())}
        assert {"slander", "shed"} <= tried and not tried & {"junk", "stale", "poison", "less"}
        for scenario in (SMALL, revise(self.BY_NAMES, {"reciprocity.images": "private"})):
            with pytest.raises(InputError, match="nobody has a name that others go by"):
                chosen(scenario, IncentivesOptions(deviations=("slander",)))

    def test_a_pair_may_praise_each_other(self):
        (pair,) = chosen(self.BY_NAMES, IncentivesOptions(deviations=("pair",), pair="praise"))
        assert pair.praises and pair.action == Action.FREE_RIDE and len(pair.members) == 2
        with pytest.raises(InputError, match="option deviations: pair makes no sense"):
            chosen(SMALL, IncentivesOptions(deviations=("pair",), pair="praise"))

    def test_the_league_tries_slander_rings_and_shed_names(self):
        tried = {attack.name: attack for attack in attacks(self.BY_NAMES, IncentivesOptions(names=5))}
        assert tried["ring"].praises and tried["slander"].slanders and tried["shed"].identities == 5
        assert not {"ring", "slander", "shed"} & {attack.name for attack in attacks(SMALL, IncentivesOptions())}

    @pytest.mark.parametrize("name", NAME_RULES)
    def test_every_rule_stands_every_attack_without_losing_a_micro_unit(self, name):
        few = [Attack(replace(a.deviation, identities=min(a.deviation.identities, 4)), a.changes) for a in NAME_ATTACKS]
        outcome = play(NAME_RULES[name], few, range(1), 4)
        assert outcome.imbalance == 0 and outcome.lowest >= 0
        assert set(outcome.gain) == {attack.deviation.name for attack in NAME_ATTACKS}
