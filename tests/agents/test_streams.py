"""Shared streams: what is drawn once for several runs is what each would draw for itself."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from commonweal.agents.streams import SharedStream, Streams
from commonweal.economy.world.replicas import pick_streams, share_streams


@given(
    rows=st.lists(st.integers(0, 2), min_size=1, max_size=6),
    asks=st.lists(st.sampled_from(["uniform", "normal", "generators"]), max_size=5),
)
def test_they_draw_what_a_copy_for_each_run_draws(rows, asks):
    runs, streams = np.array(rows), Streams.from_seeds(range(3))
    shared = SharedStream(streams.choice.generators, np.arange(3)).copied(runs)
    copies = pick_streams(streams, runs).choice
    for ask in asks:
        if ask == "generators":  # each run may take another number of them
            drawn = [[g.random(1 + n) for n, g in enumerate(each.generators)] for each in (shared, copies)]
            for got, expected in zip(*drawn, strict=True):
                np.testing.assert_array_equal(got, expected)
        else:
            np.testing.assert_array_equal(getattr(shared, ask)(2), getattr(copies, ask)(2))


def test_copies_do_not_move_what_they_are_copies_of():
    streams = Streams.from_seeds([7])
    shared = share_streams(streams, np.array([0, 0]))
    shared.shock.uniform(5)
    shared.batch.generators[1].random()
    np.testing.assert_array_equal(streams.shock.uniform(5), Streams.from_seeds([7]).shock.uniform(5))
    np.testing.assert_array_equal(streams.batch.uniform(5), Streams.from_seeds([7]).batch.uniform(5))


def test_a_copy_goes_on_from_where_the_other_stands():
    shared = share_streams(Streams.from_seeds([7, 8]), np.array([1, 0, 1]))
    shared.shock.uniform(5)
    for generator in shared.batch.generators:
        generator.random()
    copy = share_streams(shared, np.array([2, 1]))
    for name in ("shock", "batch"):
        np.testing.assert_array_equal(getattr(copy, name).uniform(3), getattr(shared, name).uniform(3)[[2, 1]])
