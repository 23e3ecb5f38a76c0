"""A Dask worker that answers with a pickled object: what a client does with it."""

from pathlib import Path
from typing import Any

import pytest

from commonweal import Ensemble, load
from commonweal.economy.wire import cluster
from commonweal.economy.wire.served import Post, answer_frame

distributed = pytest.importorskip("distributed")


def rigged(marker: str) -> type:
    """A node whose second visit is answered by an object that touches a file where it is unpickled."""
    from pathlib import Path

    class Trap:
        def __reduce__(self) -> Any:
            return (Path.touch, (Path(marker),))

    class Rigged:
        def __init__(self, **post: Any) -> None:
            self.node, self.own = Post(**post).node(), post["number"]

        def answer(self, frame: bytes) -> Any:
            trapped = self.own == 1 and b'"round":1,' in frame[:200]
            return Trap() if trapped else answer_frame(self.node, frame)

    return Rigged


@pytest.mark.slow
@pytest.mark.parametrize("plain", [True, False])
def test_a_pickled_answer_is_not_read(plain: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    marker = tmp_path / "executed"
    monkeypatch.setattr(cluster, "Served", rigged(str(marker)))
    reads = {"deserializers": list(cluster.PLAIN)} if plain else {}
    fields = {"learning.wire": "cut", "learning.nodes": 3, "learning.patience": 2.0, "population.count": 12}
    with (
        distributed.LocalCluster(n_workers=3, threads_per_worker=1, dashboard_address=None, host="127.0.0.1") as local,
        distributed.Client(local, direct_to_workers=True, **reads) as client,
    ):
        files = [str(tmp_path / f"node-{node}.npz") for node in range(3)]
        workers = cluster.Workers(client, list(client.scheduler_info(n_workers=-1)["workers"]), files)
        ensemble = Ensemble(load("commons", fields), [0], open_nodes=workers)
        first, second = ensemble.step(), ensemble.step()
        assert "wire" not in first.notes
        assert second.notes["wire"].lost.any()  # either way the round goes on without that node
        assert marker.exists() is not plain
        assert ensemble.world.nodes is not None
        ensemble.world.nodes.close()
