"""CGSV: cosine credit, reputations, quotas, and a collaboration in which everybody holds a model of its own."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from papers.cgsv_round import (
    CgsvTerms,
    Holders,
    aggregated,
    cosines,
    first_holders,
    moved_reputation,
    normalised,
    play_cgsv,
    rewards,
)
from papers.model_shapley import Scope
from torch import Tensor, nn
from torch.nn.functional import cosine_similarity, cross_entropy, linear

from commonweal.agents.arrays import Floats
from commonweal.agents.streams import Streams
from commonweal.economy.credit import CREDITS
from commonweal.economy.credit.cgsv import quotas
from commonweal.economy.credit.exact import all_coalitions, shapley_value
from commonweal.economy.learning.mlp import MLP
from commonweal.economy.learning.module import ModuleNetwork
from commonweal.testing.credit import TWINS, setting, written_out

DOUBLE = torch.float64


class TestCosine:
    def test_it_is_the_cosine_of_the_screened_update_with_the_step_for_the_part_that_was_kept(self) -> None:
        game = setting().game()
        flat = torch.cat([u.flatten(2) for u in written_out(game)], dim=2)
        expected = cosine_similarity(flat, flat.sum(1, keepdim=True), dim=2)
        np.testing.assert_allclose(CREDITS["cosine"](game).values, game.kept * expected.numpy(), rtol=1e-9, atol=1e-12)

    def test_for_a_small_step_credit_is_not_the_slope(self) -> None:
        """Directions have no length."""
        small, large = (CREDITS["cosine"](setting().game(rate=rate)).values for rate in (1e-5, 0.3))
        np.testing.assert_array_equal(small, large)

    def test_a_step_that_harms_is_credited_like_one_that_helps(self) -> None:
        game = setting().game()
        harmful = setting().game(rate=-0.3)
        np.testing.assert_array_equal(CREDITS["cosine"](game).values, CREDITS["cosine"](harmful).values)
        assert (CREDITS["cosine"](game).values[:, TWINS[0]] > 0).all()


class TestFormulas:
    def test_the_golden_step(self) -> None:
        # Changes (3, 4), (1, 0), (0, −2), Γ = .5, equal shares: φ, r = (4, 8, 1) / 13 and q by hand, for ‖Δ‖ + 0
        changes = torch.tensor([[[3.0, 4.0], [1.0, 0.0], [0.0, -2.0]]], dtype=DOUBLE)
        updates = normalised(changes, 0.5)
        credit = cosines(updates, aggregated(updates, np.full((1, 3), 1 / 3)))
        np.testing.assert_allclose(credit, [[0.496139, 0.992278, 0.124035]], atol=6e-7)
        reputation = moved_reputation(np.zeros((1, 3)), credit, 0.95)
        np.testing.assert_allclose(reputation, np.array([[4, 8, 1]]) / 13, atol=1e-7)
        np.testing.assert_allclose(quotas(reputation, 1.0), [[0.544502, 1.0, 0.140118]], atol=6e-7)

    @pytest.mark.parametrize(("players", "published", "distance"), [(5, 0.97, 0.009), (10, 0.988, 0.0108)])
    def test_cosines_are_nearly_shapley_shares(self, players: int, published: float, distance: float) -> None:
        # Xu et al., approximation experiment: updates i.i.d. N(0, I_1000), ν(S) = cos(u_S, u_N), means over 50 draws
        correlations, apart = [], []
        for draw in range(50):
            updates = np.random.default_rng([players, draw]).normal(size=(players, 1000))
            sums, whole = all_coalitions(players) @ updates, updates.sum(axis=0)
            length = np.linalg.norm(sums, axis=1) * np.linalg.norm(whole)
            worth = np.divide(sums @ whole, length, out=np.zeros_like(length), where=length > 0)
            exact = shapley_value(worth[None])[0]
            found = cosines(torch.tensor(updates)[None], torch.tensor(whole)[None])[0]
            exact, found = exact / exact.sum(), found / found.sum()
            correlations.append(np.corrcoef(exact, found)[0, 1])
            apart.append(np.abs(exact - found).sum())
        error = 3 * np.std(correlations) / np.sqrt(50)
        assert abs(np.mean(correlations) - published) < error
        assert abs(np.mean(apart) / distance - 1) < 0.2

    @given(hnp.arrays(float, (2, 4), elements=st.floats(-1, 1)), st.floats(0.01, 10))
    def test_reputations_are_shares_and_the_best_gets_the_whole_quota(self, credit: Floats, altruism: float) -> None:
        reputation = moved_reputation(np.zeros_like(credit), credit, 0.9)
        np.testing.assert_allclose(reputation.sum(axis=1), 1)
        due = quotas(reputation, altruism)
        assert (due > 0).all() and (due.max(axis=1) == 1).all()
        for one, other in zip(due, reputation, strict=True):
            order = np.argsort(other)
            apart = np.diff(other[order]) > 1e-12  # of a tie rounding decides which is larger
            assert (np.diff(one[order])[apart] >= 0).all()


class TestRewards:
    AGGREGATE = (torch.tensor([[[5.0, -4.0, 0.1], [3.0, 0.2, 0.3]]]), torch.tensor([[[9.0, -8.0]]]))

    @pytest.mark.parametrize(
        ("scope", "quota", "kept"),
        [("layer", 0.5, (3, 1)), ("layer", 0.34, (3, 1)), ("layer", 1.0, (5, 1)), ("global", 0.5, (2, 2)),
         ("global", 1.0, (6, 2)), ("global", 0.2, (0, 2))],
    )  # fmt: skip
    def test_a_quota_keeps_as_many_entries_as_the_authors_say(
        self, scope: Scope, quota: float, kept: tuple[int, int]
    ) -> None:
        # layer: min(⌈q D_l⌉, D_l − 1) of 6 and of 2 entries; global: ⌈q 8⌉ of all 8
        handed = rewards(self.AGGREGATE, np.array([[quota, 1e-9]]), scope)
        assert tuple(int((h[0, 0] != 0).sum()) for h in handed) == kept

    def test_the_largest_entries_are_kept_as_they_are(self) -> None:
        first, second = rewards(self.AGGREGATE, np.array([[0.5]]), "layer")
        assert first.tolist() == [[[[5.0, -4.0, 0.0], [3.0, 0.0, 0.0]]]]
        assert second.tolist() == [[[[9.0, 0.0]]]]


class TestCollaboration:
    WIDTHS = (4, 3, 3)  # of two classes the outputs would be each other's negatives, and which is larger chance
    COUNTS = (5, 2, 7)  # samples of each principal

    def collaboration(self, runs: int = 2) -> tuple[MLP, Holders, tuple[Tensor, Tensor, Tensor]]:
        network = MLP(self.WIDTHS, "tanh", DOUBLE)
        generator = torch.Generator().manual_seed(3)
        features = torch.randn(runs, 3, 7, 4, generator=generator, dtype=DOUBLE)
        labels = torch.randint(3, features.shape[:3], generator=generator)
        real = (torch.arange(7) < torch.tensor(self.COUNTS)[:, None]).expand(runs, -1, -1)
        holders = first_holders(network.initial(Streams.from_seeds(range(runs)).task), 3)
        return network, holders, (features, labels, real)

    def plain(self, holders: Holders, data: tuple[Tensor, Tensor, Tensor], run: int, rate: float) -> list[list[Tensor]]:
        """Everybody's model after a first round, one principal after another, with autograd."""
        updates = []
        for i, count in enumerate(self.COUNTS):
            start = [p[run, i].clone() for p in holders.models]
            own = [p.clone().requires_grad_() for p in start]
            for _ in range(3):
                hidden = torch.tanh(linear(data[0][run, i, :count], own[0][:, :-1], own[0][:, -1]))
                loss = cross_entropy(linear(hidden, own[1][:, :-1], own[1][:, -1]), data[1][run, i, :count])
                own = [(p - rate * g).detach().requires_grad_() for p, g in zip(own, torch.autograd.grad(loss, own), strict=True)]  # fmt: skip # noqa: E501
            change = torch.cat([(p.detach() - s).flatten() for p, s in zip(own, start, strict=True)])
            updates.append(0.5 * change / (change.norm() + 1e-7))
        weights = torch.tensor(self.COUNTS, dtype=DOUBLE) / sum(self.COUNTS)
        whole = (weights[:, None] * torch.stack(updates)).sum(0)
        moved = torch.stack([0.05 * cosine_similarity(u, whole, dim=0) for u in updates]).clamp(min=1e-3)
        due = torch.tanh(moved / moved.sum())
        models = []
        for i, quota in enumerate((due / due.max()).tolist()):
            parts = whole.split([p[run, i].numel() for p in holders.models])
            handed = []
            for p, part in zip(holders.models, parts, strict=True):
                kept = part.abs().argsort(descending=True)[: min(int(np.ceil(quota * len(part))), len(part) - 1)]
                handed.append(p[run, i] + torch.zeros_like(part).index_copy(0, kept, part[kept]).view_as(p[run, i]))
            models.append(handed)
        return models

    def test_all_at_once_is_one_after_another(self) -> None:
        network, holders, data = self.collaboration()
        played = play_cgsv(network, holders, data, np.full(2, 0.4))
        for run in range(2):
            for i, expected in enumerate(self.plain(holders, data, run, 0.4)):
                for model, own in zip(played.holders.models, expected, strict=True):
                    torch.testing.assert_close(model[run, i], own, rtol=1e-9, atol=1e-12)

    def test_everybody_holds_a_model_of_its_own(self) -> None:
        network, holders, data = self.collaboration()
        for _ in range(3):
            played = play_cgsv(network, holders, data, np.full(2, 0.4))
            holders = played.holders
        best = played.quota.argmax(axis=1)
        assert (played.quota.min(axis=1) < 0.9).all()
        for run in range(2):
            worst = played.quota[run].argmin()
            assert not torch.equal(holders.models[0][run, worst], holders.models[0][run, best[run]])

    def test_a_run_plays_alone_as_with_others(self) -> None:
        network, holders, data = self.collaboration()
        together = play_cgsv(network, holders, data, np.full(2, 0.4))
        one = Holders(tuple(p[1:] for p in holders.models), holders.reputation[1:])
        alone = play_cgsv(network, one, tuple(d[1:] for d in data), np.full(1, 0.4))  # type: ignore[arg-type]
        np.testing.assert_allclose(alone.credit[0], together.credit[1], rtol=1e-12)
        np.testing.assert_allclose(alone.quota[0], together.quota[1], rtol=1e-12)

    def test_with_a_huge_beta_all_get_the_same_and_globally_all_of_it(self) -> None:
        network, holders, data = self.collaboration()
        terms = CgsvTerms(altruism=1e7, scope="global")
        played = play_cgsv(network, holders, data, np.full(2, 0.4), terms=terms)
        for before, after, whole in zip(holders.models, played.holders.models, played.aggregate, strict=True):
            torch.testing.assert_close(after, before + whole.unsqueeze(1), rtol=1e-12, atol=1e-15)

    def test_who_has_no_samples_gets_the_least(self) -> None:
        network, holders, (features, labels, real) = self.collaboration()
        empty = real.clone()
        empty[:, 1] = False
        played = play_cgsv(network, holders, (features, labels, empty), np.full(2, 0.4))
        assert (played.credit[:, 1] == 0).all()
        assert (played.quota.argmin(axis=1) == 1).all()

    def test_any_module_can_be_held(self) -> None:
        module = ModuleNetwork(nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 3)).double(), 4, DOUBLE)
        _, _, data = self.collaboration()
        holders = first_holders(module.initial(Streams.from_seeds(range(2)).task), 3)
        played = play_cgsv(module, holders, data, np.full(2, 0.4))
        assert len(played.holders.models) == len(holders.models)
        assert not torch.equal(played.holders.models[0], holders.models[0])
