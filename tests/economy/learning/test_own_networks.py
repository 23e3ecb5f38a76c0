"""Networks of one's own: what takes the place of layers that see a batch, frozen backbones, and what is refused."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from commonweal.agents.errors import InputError
from commonweal.agents.registry import plugin_modules, rules_from_elsewhere
from commonweal.agents.streams import Streams
from commonweal.economy.learning import NETWORKS, LearningTerms, Site
from commonweal.economy.learning.network import CPU, Owners
from commonweal.economy.learning.own.backbone import computed, known
from commonweal.economy.learning.own.layers import SeededDropout, adapt
from commonweal.economy.learning.own.masks import kept, sample_keys
from commonweal.economy.learning.own.network import OwnNetwork, in_round, prepared, with_secrets
from commonweal.economy.learning.own.tokens import Bag
from commonweal.economy.runs.checkpoint import restore, save
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.loading import load
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.sweeps.sweep_files import read_sheet
from commonweal.testing import check_network
from tests.helpers.own_rules import forgotten

FILE = Path(__file__).parents[2] / "helpers" / "own_networks.py"
EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"
CLASSES, DOUBLE = 3, torch.float64
TERMS = LearningTerms("mlp", (8,), "relu", np.array([[0.5]]))
WORKING = ("Images", "Tokens", "largest", "headed", "Named", "Attention", "plain")


def named(name: str, file: Path = FILE) -> str:
    return f"module:{file}:{name}"


def made(name: str, terms: LearningTerms = TERMS, dtype: torch.dtype = DOUBLE, drifts: bool = False) -> OwnNetwork:
    network = NETWORKS[named(name)](terms, Site(9, CLASSES, dtype, CPU, shape=(3, 3), drifts=drifts))
    assert isinstance(network, OwnNetwork)
    return network


def rows(count: int, seed: int = 0, width: int = 9) -> Tensor:
    return torch.randn(count, width, generator=torch.Generator().manual_seed(seed), dtype=DOUBLE)


def small(network: str, **changes: Any) -> Scenario:
    usual = {"population.count": 5, "rounds": 4, "task.drift": 0.0, "learning.network": network}
    return load("commons", usual | {"task.validation": 40, "task.test": 60} | changes)


@pytest.mark.parametrize("name", WORKING)
def test_a_module_of_ones_own_keeps_every_promise_of_a_network(name: str) -> None:
    check_network(named(name), shape=(3, 3))


@pytest.mark.parametrize(
    ("file", "name", "features"),
    [("own_conv", "SmallResNet", 9), ("own_backbone", "on_filters", 9), ("own_text", "WordVectors", 9),
     ("own_text", "on_tf_idf", 9)],
)  # fmt: skip
def test_so_do_those_of_the_examples(file: str, name: str, features: int) -> None:
    check_network(named(name, EXAMPLES / f"{file}.py"), features=features, shape=(3, 3))


@pytest.mark.parametrize(("name", "fault"), [
    ("wide", "forward gives shape (3, 6) for 3 samples: must be (3, 3), a score for each class"),
    ("squeezed", "forward gives shape (3,) for one sample: must be (1, 3)"),
    ("doubled", "forward gives a tuple for 3 samples"),
    ("single", "gives scores in float16: must be those of its features, float64"),
    ("chance", "gives other scores for the same samples each time: it draws at random: take nn.Dropout"),
    ("noisy", "gives other scores for the same samples each time"),
    ("averaged", "the scores of a sample depend on the others in its batch"),
    ("branches", "looks at single values of samples (if, int(), .item(), a mask as index): take torch.where"),
    ("in_place", "line 100) writes in place: write y = y + x instead of y += x"),
    ("spoiled", "writes in place: write y = y * 2 instead of y *= 2"),
    ("counts", "its buffer 'seen' changes whenever it is evaluated"),
    ("mistyped", "layer 'out' (Linear) mixes types"),
    ("unknown", "AttributeError: 'Bent' object has no attribute 'nothing'"),
    ("two_inputs", "TypeError"),
    ("recurrent", "layer 'layer' (LSTM) has no gradient for each sample in torch: write its step with nn.Linear"),
    ("cell", "layer 'layer' (GRUCell) has no gradient for each sample"),
    ("alpha", "layer 'layer' (AlphaDropout) draws at random, and nothing takes its place: take nn.Dropout"),
    ("leaky", "layer 'layer' (RReLU) draws at random, and nothing takes its place: take nn.LeakyReLU"),
    ("attends", "layer 'layer' (MultiheadAttention) draws masks of its own for attention: give it dropout = 0"),
    ("floats", "layer 'layer' (Embedding) needs whole numbers: begin forward with features.long()"),
    ("mixed_up", "layer 'layer' (Linear) raises RuntimeError: mat1 and mat2 shapes cannot be multiplied"),
    ("reshaped", "9 rows for 1 samples: the first axis must be that of samples"),
    ("raises", "called with (features=9) it raises OSError: no weights for 9 features"),
    ("asks", "it needs the argument 'vocabulary': must be among features, classes, shape, hidden, or have a default"),
    ("nothing", "it has no parameters; something must be trained"),
    ("frozen", "all its parameters are frozen; something must be trained"),
    ("scored", "it gives list: must be a torch.nn.Module, or a backbone and a head"),
    ("loose", "self.backbone gives tuple: must be a tensor, samples first"),
    ("mixing", "its backbone gives shape (27,) for 3 samples: must be samples first"),
    ("ready", "own_networks.py: ready is a module made already: name its class, or a function that makes it"),
    ("number", "number is no torch.nn.Module, and no function that makes one"),
    ("NotAModule", "NotAModule is no torch.nn.Module"),
    ("Nampd", "own_networks.py has no 'Nampd'; did you mean 'Named'?"),
])  # fmt: skip
def test_what_cannot_be_trained_is_refused_in_one_line(name: str, fault: str) -> None:
    with pytest.raises(InputError) as refused:
        made(name)
    assert fault in str(refused.value)
    assert "\n" not in str(refused.value) and str(refused.value).startswith("learning.network")


@pytest.mark.parametrize(("text", "fault"), [
    (None, ": cannot read "),
    ("def Net(:\n", "nets.py cannot be imported: line 1: SyntaxError"),
    ("\n\n1 / 0\n", "nets.py cannot be imported: line 3: ZeroDivisionError: division by zero"),
    ("import not_there_at_all\n", "nets.py cannot be imported: line 1: ModuleNotFoundError: No module named"),
    ("raise SystemExit(0)\n", "nets.py cannot be imported: line 1: SystemExit: it ends the program"),
    ("number = 1\n", "nets.py has no 'Net'; it has number"),
])  # fmt: skip
def test_a_file_that_cannot_be_used_is_refused_where_a_scenario_names_it(
    text: str | None, fault: str, tmp_path: Path
) -> None:
    if text is not None:
        (tmp_path / "nets.py").write_text(text)
    with pytest.raises(InputError) as refused:
        small(named("Net", tmp_path / "nets.py"))
    assert fault in str(refused.value) and "\n" not in str(refused.value)


@pytest.mark.parametrize(("name", "fault"), [
    ("module:nowhere_to_be_found:Net", "there is no module 'nowhere_to_be_found' that Python can import: name its"),
    ("module:nets.py", "must end in FILE.py:NAME or MODULE:NAME"),
    ("module:nets.py:", "must end in FILE.py:NAME or MODULE:NAME"),
    ("module:torch.nn:Lineer", "torch.nn has no 'Lineer'"),
])  # fmt: skip
def test_a_name_that_stands_for_nothing_is_refused(name: str, fault: str) -> None:
    with pytest.raises(InputError) as refused:
        small(name)
    assert fault in str(refused.value)


class TestNorms:
    @pytest.mark.parametrize(("channels", "groups"), [(3, 1), (16, 1), (32, 2), (64, 4), (512, 32), (1024, 32)])
    def test_batch_norm_becomes_group_norm_of_16_channels_and_keeps_its_weights(
        self, channels: int, groups: int
    ) -> None:
        old = nn.BatchNorm2d(channels)
        nn.init.normal_(old.weight)
        (new,) = adapt(nn.Sequential(old), "group").children()
        assert isinstance(new, nn.GroupNorm) and new.num_groups == groups
        assert torch.equal(new.weight, old.weight) and torch.equal(new.bias, old.bias)

    def test_it_can_be_refused_instead(self) -> None:
        with pytest.raises(InputError, match=r"layer 'body\.1' \(BatchNorm2d\) takes averages over a batch"):
            made("Images", replace(TERMS, replace_norms="refuse"))

    def test_instance_norm_forgets_other_samples(self) -> None:
        (new,) = adapt(nn.Sequential(nn.InstanceNorm1d(4, track_running_stats=True)), "group").children()
        assert not list(new.buffers())

    def test_what_is_frozen_keeps_its_averages_and_drops_nothing(self) -> None:
        frozen = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout(0.5)).requires_grad_(False)
        module = adapt(nn.Sequential(frozen, nn.Linear(4, 2)), "refuse")
        assert isinstance(frozen[1], nn.BatchNorm1d)
        assert not frozen.training and module.training


class TestDropout:
    KEY = torch.tensor([12345, 3, 0])

    def test_units_are_dropped_as_often_as_the_layer_says(self) -> None:
        keys = sample_keys(rows(400), self.KEY)
        for chance in (0.0, 0.1, 0.5, 1.0):
            dropped = 1 - kept(keys, 4096, 500, chance).double().mean()
            assert abs(dropped - chance) <= 4 * (chance * (1 - chance) / 200_000) ** 0.5

    def test_two_samples_layers_rounds_or_secrets_share_no_mask(self) -> None:
        features = rows(2)
        one = kept(sample_keys(features, self.KEY), 1, 4000, 0.5)
        others = [kept(sample_keys(features, self.KEY), 2, 4000, 0.5)]
        others += [kept(sample_keys(features, self.KEY + torch.eye(3)[k].long()), 1, 4000, 0.5) for k in range(3)]
        for other in (*others, one.flip(0)):
            assert abs((one == other).double().mean() - 0.5) < 0.03

    def test_images_of_few_grey_levels_have_masks_of_their_own(self) -> None:
        levels = torch.randint(17, (3000, 64), generator=torch.Generator().manual_seed(0)) / 8.0 - 1
        for kind in (torch.float32, torch.float64):
            assert len(sample_keys(levels.to(kind), self.KEY).unique()) == len(levels.unique(dim=0))

    def test_whole_channels_are_dropped_where_the_layer_says_so(self) -> None:
        layer = SeededDropout(0.5, whole=True, number=0)
        layer.keys = sample_keys(rows(50), self.KEY)
        given = layer(torch.ones(50, 8, 3, 3))
        assert set(given.flatten(2).sum(2).unique().tolist()) == {0.0, 18.0}

    def test_a_sample_has_one_mask_wherever_it_stands(self) -> None:
        network = made("Images")
        parameters = in_round(network, network.initial(Streams.from_seeds([0]).task), round=2)
        features, order = rows(6)[None], torch.tensor([4, 2, 0, 5, 1, 3])
        torch.testing.assert_close(
            network.taught(parameters, features[:, order]), network.taught(parameters, features)[:, order]
        )

    def test_masks_are_new_in_each_round_and_step_and_off_where_the_network_is_measured(self) -> None:
        network = made("Images")
        streams = Streams.from_seeds([0, 1])
        parameters = with_secrets(network, network.initial(streams.task), streams.masks)
        assert len(parameters[-1][:, 0].unique()) == 2
        features = rows(6).expand(2, 6, 9)
        seen = [in_round(network, parameters, **when) for when in ({"round": 0}, {"round": 1}, {"step": 1})]
        taught = [network.taught(each, features) for each in seen]
        assert not torch.allclose(taught[0], taught[1]) and not torch.allclose(taught[0], taught[2])
        assert all(torch.equal(network.logits(each, features), network.logits(parameters, features)) for each in seen)

    def test_a_layer_that_is_used_twice_draws_twice(self) -> None:
        layer = SeededDropout(0.5, whole=False, number=0)
        layer.keys = sample_keys(rows(20), self.KEY)
        first, second = layer(torch.ones(20, 30)), layer(torch.ones(20, 30))
        assert not torch.equal(first, second)

    @pytest.mark.parametrize("changes", [{}, {"learning.method": "federated", "learning.local_epochs": 2}])
    @pytest.mark.parametrize(("name", "task"), [("Images", "digits"), ("Tokens", "sentences")])
    def test_a_run_is_the_same_alone_and_among_others(self, name: str, task: str, changes: dict[str, Any]) -> None:
        scenario = small(named(name), **{"task.kind": task}, **changes)
        alone, together = Ensemble(scenario, [1]), Ensemble(scenario, [0, 1, 2])
        for _ in range(3):
            one, several = alone.step(), together.step()
            assert np.array_equal(one.payday.payoffs[0], several.payday.payoffs[1])
        for own, among in zip(alone.state.parameters, together.state.parameters, strict=True):
            torch.testing.assert_close(own[0], among[1], rtol=1e-4, atol=1e-6)  # torch adds convolutions up differently

    def test_without_it_nothing_is_drawn(self) -> None:
        network = made("plain")
        parameters = network.initial(Streams.from_seeds([0]).task)
        assert not network.draws and len(parameters) == network.trained + 1

    def test_a_run_goes_on_from_a_checkpoint_under_the_same_masks(self, tmp_path: Path) -> None:
        through, stopped = (Ensemble(small(named("Images")), [0]) for _ in range(2))
        for _ in range(2):
            through.step(), stopped.step()
        save(tmp_path / "c.npz", stopped)
        again = Ensemble(small(named("Images")), [0])
        restore(tmp_path / "c.npz", again)
        through.step(), again.step()
        assert all(torch.equal(a, b) for a, b in zip(through.state.parameters, again.state.parameters, strict=True))


class TestBackbone:
    @pytest.mark.parametrize("name", ["headed", "Named"])
    def test_its_features_are_looked_up_and_junk_is_computed(self, name: str) -> None:
        network, data = made(name), rows(40)
        ready = prepared(network, data)
        assert isinstance(ready, OwnNetwork) and ready.known is not None
        parameters = network.initial(Streams.from_seeds([0, 1]).task)
        mixed = torch.cat([data[[5, 7, 5]], rows(2, seed=9)]).expand(2, 5, 9)
        torch.testing.assert_close(ready.logits(parameters, mixed), network.logits(parameters, mixed))
        assert torch.equal(ready.known.of(data, ready.made), computed(ready.made, data).flatten(1))

    def test_the_same_data_are_computed_once(self) -> None:
        network, data = made("headed"), rows(40)
        assert known(network.made, data) is known(network.made, data.clone())
        assert known(network.made, data) is not known(network.made, data + 1)

    def test_only_the_head_is_trained(self) -> None:
        network = made("Named")
        assert network.made.trained == ("head.weight", "head.bias")
        owners = Owners(torch.zeros(1, 4, dtype=torch.int64), 1)
        passage = network.traverse(
            network.initial(Streams.from_seeds([0]).task), rows(4)[None], torch.zeros(1, 4, dtype=torch.int64), owners
        )
        assert passage.gradients.shape == (1, 4, CLASSES * (6 + 9) + CLASSES)

    def test_features_that_turn_are_computed_anew(self) -> None:
        network, data = made("headed", drifts=True), rows(6)
        assert prepared(network, data) is network
        parameters = network.initial(Streams.from_seeds([0]).task)
        turn = torch.linalg.qr(rows(9, seed=3)).Q[None]
        turned = network.logits(network.turn(parameters, turn), data[None])
        torch.testing.assert_close(turned, network.logits(parameters, (data @ turn[0])[None]))

    def test_a_run_needs_no_look_up(self) -> None:
        ensemble = Ensemble(small(named("headed")), [0])
        plain = replace(ensemble.world.network, known=None)  # type: ignore[type-var]
        other = Ensemble(small(named("headed")), [0])
        other.world = replace(other.world, network=plain)
        for _ in range(2):
            ensemble.step(), other.step()
        for one, two in zip(ensemble.state.parameters, other.state.parameters, strict=True):
            torch.testing.assert_close(one, two, rtol=1e-4, atol=1e-5)


class TestFirstWeights:
    def test_matrices_are_drawn_norms_keep_theirs_and_padding_is_nothing(self) -> None:
        network = made("Images")
        parameters = dict(zip(network.made.trained, network.initial(Streams.from_seeds([0, 1]).task)[:-2], strict=True))
        assert (parameters["body.1.weight"] == 1).all() and not parameters["out.bias"].any()
        bound = 9**-0.5
        assert 0.9 * bound < parameters["body.0.weight"].abs().max() <= bound
        tokens = made("Tokens")
        vectors = tokens.initial(Streams.from_seeds([0]).task)[tokens.made.trained.index("vectors.weight")]
        assert not vectors[0, 0].any() and 0.8 < vectors[0, 1:].std() < 1.2

    def test_a_module_may_keep_its_own(self) -> None:
        own = replace(TERMS, initial_weights="own")
        first = made("headed", own).initial(Streams.from_seeds([0, 1]).task)
        again = made("headed", own, torch.float32).initial(Streams.from_seeds([7]).task)
        assert torch.equal(first[0][0], first[0][1]) and first[0].any()
        torch.testing.assert_close(first[0][0].float(), again[0][0])

    def test_making_a_module_moves_no_generator_of_the_program(self) -> None:
        torch.manual_seed(5)
        expected = torch.rand(3)
        torch.manual_seed(5)
        made("Images", replace(TERMS, hidden=(17,)))
        assert torch.equal(torch.rand(3), expected)


class TestTokens:
    @pytest.mark.parametrize("mode", ["mean", "sum", "max"])
    def test_a_bag_is_that_of_torch(self, mode: str) -> None:
        old = nn.EmbeddingBag(10, 4, mode=mode, padding_idx=0)
        tokens = torch.tensor([[1, 2, 0, 0], [3, 3, 9, 1], [0, 0, 0, 0]])
        torch.testing.assert_close(Bag(old)(tokens), old(tokens))

    def test_junk_counts_as_the_nearest_tokens(self) -> None:
        scenario = small(named("Tokens"), **{
            "task.kind": "sentences", "actions.free_ride": "junk", "policy.mix": {"fixed": 1.0},
            "population.start_delegate": 0.5, "population.start_free_ride": 0.5, "population.start_defect": 0.0,
        })  # fmt: skip
        ensemble = Ensemble(scenario, [0])
        assert np.isfinite(ensemble.step().payday.payoffs).all()

    def test_data_with_tokens_that_no_layer_knows_are_refused(self) -> None:
        with pytest.raises(InputError, match="the data hold the token 64, and layer 'vectors' knows tokens from 0 to"):
            prepared(made("Tokens"), torch.full((3, 9), 64.0, dtype=DOUBLE))

    def test_tokens_do_not_turn(self) -> None:
        with pytest.raises(InputError, match=r"its features are tokens, which do not turn: must be task\.drift = 0"):
            made("Tokens", drifts=True)


class TestScenarios:
    def test_a_file_is_seen_from_the_scenario_that_names_it(self, tmp_path: Path) -> None:
        (tmp_path / "nets.py").write_text(FILE.read_text())
        (tmp_path / "mine.toml").write_text('[learning]\nnetwork = "module:nets.py:plain"\n')
        assert load(tmp_path / "mine.toml").learning.network == named("plain", tmp_path / "nets.py")

    def test_and_from_the_sweep_that_varies_it(self, tmp_path: Path) -> None:
        (tmp_path / "nets.py").write_text(FILE.read_text())
        (tmp_path / "sweep.toml").write_text(
            'name = "s"\nscenario = "commons"\n[vary]\nlearning.network = ["mlp", "module:nets.py:plain"]\n'
        )
        (varied,) = read_sheet(tmp_path / "sweep.toml").listed
        assert varied.levels == (("mlp",), (named("plain", tmp_path / "nets.py"),))

    def test_what_a_file_says_is_part_of_what_a_run_is(self, tmp_path: Path) -> None:
        file, found = tmp_path / "nets.py", []
        for text in (FILE.read_text(), FILE.read_text() + "\nnew = 1\n", FILE.read_text()):
            file.write_text(text)
            found.append(rules_from_elsewhere(small(named("plain", file)).model_dump()))
        assert found[0] == found[2] != found[1]
        assert list(found[0]) == ["network 'module:nets.py:plain'"]

    def test_a_changed_file_is_another_network(self, tmp_path: Path) -> None:
        file = tmp_path / "nets.py"
        for hidden in (3, 5):
            file.write_text(
                "from torch import nn\ndef net(features, classes):\n"
                f"    return nn.Sequential(nn.Linear(features, {hidden}), nn.Linear({hidden}, classes))\n"
            )
            parameters = Ensemble(small(named("net", file)), [0]).state.parameters
            assert parameters[0].shape == (1, hidden, 64)

    def test_a_module_that_python_imports_is_imported_in_workers_too(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "my_own_nets.py").write_text(FILE.read_text())
        monkeypatch.syspath_prepend(tmp_path)
        with forgotten():
            scenario = small("module:my_own_nets:plain")
            assert "my_own_nets" in plugin_modules()
            assert rules_from_elsewhere(scenario.model_dump()) != {}
            Ensemble(scenario, [0]).step()

    @pytest.mark.parametrize("wire", ["paths", "cut", "secure"])
    def test_over_a_wire_it_is_refused_in_one_line(self, wire: str) -> None:
        with pytest.raises(InputError, match=f"learning.network must be mlp where learning.wire = '{wire}'"):
            small(named("plain"), **{"learning.wire": wire})
