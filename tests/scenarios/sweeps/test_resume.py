"""A sweep survives anything: killed at any moment, main or worker, it ends with the tables it would have had."""

import contextlib
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from tests.helpers.swept import TIMING

ROOT = Path(__file__).parents[3]
SWEEP = """
scenario = "commons"
replications = 8
stop = "converged(accuracy, 75, 0.01)"

[set]
rounds = 150
task.kind = "wine"
task.validation = 30
task.test = 30
population.count = 12

[vary]
settlement.kind = ["equal", "data", "credit"]
population.graph = ["complete", "ring"]
settlement.horizon = [10, 50]
market.leak = [0.1, 0.5]
"""
RUNS = 8 * 3 * 2 * 2 * 2
KILLS = 12


def begun(
    folder: Path, *options: str, limit: int | None = None, within: Sequence[str] = ()
) -> subprocess.Popen[str]:
    """The command, in a process of its own; by way of another command if words of one are given."""
    there = ["sh", "-c", 'cd "$0" && exec "$@"', str(folder)]  # who enters a namespace begins at its root
    words = [*within, *(there if within else ()), sys.executable, "-m", "commonweal.commands.cli"]
    words += ["sweep", "sweep.toml", "--workers", "2", "--out", "swept", *options]

    def prepared() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell's background jobs ignore it
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.Popen(
        words,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "MPLBACKEND": "agg"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=prepared,
        start_new_session=True,
    )


def ended(process: subprocess.Popen[str]) -> str:
    _, said = process.communicate(timeout=300)
    return said


def tables(folder: Path) -> tuple[pd.DataFrame, bytes]:
    runs = pd.read_parquet(folder / "swept" / "runs.parquet").drop(columns=list(TIMING))
    return runs, (folder / "swept" / "rounds.parquet").read_bytes()


def assert_same(these: tuple[pd.DataFrame, bytes], those: tuple[pd.DataFrame, bytes]) -> None:
    pd.testing.assert_frame_equal(these[0], those[0], check_exact=True)
    assert these[1] == those[1]
    assert len(these[0]) == RUNS == these[0]["run_id"].nunique()


def stored(folder: Path) -> int:
    """How many chunks lie in shards."""
    return len(list((folder / "swept").glob("shards/*.runs.parquet")))


def await_chunks(folder: Path, process: subprocess.Popen[str], count: int) -> None:
    for _ in range(3000):
        if stored(folder) >= count or process.poll() is not None:
            return
        time.sleep(0.02)
    raise AssertionError("nothing is ever stored")


def children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in listed.read_text().split()] if listed.exists() else []


def workers_of(pid: int) -> list[int]:
    """Processes that play chunks: children of the fork server, which is a child of the main process."""
    return [worker for child in children(pid) for worker in children(child)]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sweep.toml").write_text(SWEEP)
    return tmp_path


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[pd.DataFrame, bytes]:
    """The tables of a sweep that nobody disturbed."""
    folder = tmp_path_factory.mktemp("undisturbed")
    (folder / "sweep.toml").write_text(SWEEP)
    process = begun(folder)
    said = ended(process)
    assert process.returncode == 0, said
    return tables(folder)


@pytest.mark.slow
def test_a_main_process_killed_at_random_moments_leaves_a_sweep_that_goes_on(
    folder: Path, whole: tuple[pd.DataFrame, bytes]
) -> None:
    moments, kills, finished = random.Random(1), 0, 0
    while kills < KILLS or not finished:
        process = begun(folder)
        if kills < KILLS and kills % 4:  # most while chunks are played, the others wherever they fall
            await_chunks(folder, process, stored(folder) + moments.randint(1, 2))
            time.sleep(moments.uniform(0, 0.3))
        elif kills < KILLS:
            time.sleep(moments.uniform(0, 6))
        else:
            process.wait(timeout=300)
        orphans = workers_of(process.pid)
        process.kill()
        process.communicate()
        if process.returncode == 0:
            finished += 1
            assert_same(tables(folder), whole)
            shutil.rmtree(folder / "swept")  # and from the start, until it was killed often enough
            continue
        assert process.returncode == -signal.SIGKILL
        kills += 1
        await_death(orphans)


def await_death(workers: list[int]) -> None:
    """Workers do not outlive the main process."""
    deadline = time.monotonic() + 20
    while any(map(alive, workers)):
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.slow
def test_workers_killed_at_random_moments_cost_nothing(folder: Path, whole: tuple[pd.DataFrame, bytes]) -> None:
    moments, kills = random.Random(2), 0
    while kills < KILLS:
        process = begun(folder)
        await_chunks(folder, process, 1)
        while process.poll() is None:
            if kills < KILLS and (there := workers_of(process.pid)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(moments.choice(there), signal.SIGKILL)
                    kills += 1
            time.sleep(moments.uniform(0.3, 1.5))
        said = ended(process)
        assert process.returncode == 0, said
        assert_same(tables(folder), whole)
        shutil.rmtree(folder / "swept")


@pytest.mark.slow
def test_control_c_says_how_to_go_on(folder: Path, whole: tuple[pd.DataFrame, bytes]) -> None:
    process = begun(folder)
    await_chunks(folder, process, 2)
    workers = workers_of(process.pid)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does, to all of them
    said = ended(process)
    assert process.returncode == 130
    assert said.splitlines()[-1] == (
        "commonweal: interrupted; what is finished lies in swept/ and the same command continues"
    )
    assert "Traceback" not in said
    assert not any(map(alive, workers))
    process = begun(folder)
    assert (ended(process), process.returncode)[1] == 0
    assert_same(tables(folder), whole)


@pytest.mark.slow
def test_a_limit_on_file_size_ends_in_one_line_and_the_sweep_goes_on_without_it(
    folder: Path, whole: tuple[pd.DataFrame, bytes]
) -> None:
    process = begun(folder, limit=len(whole[1]) // 2)  # enough for a shard, not for the table of rounds
    said = ended(process)
    assert process.returncode == 2
    assert "swept: cannot be written: " in said.splitlines()[-1]
    assert "Traceback" not in said
    assert stored(folder) > 0
    process = begun(folder)
    assert (ended(process), process.returncode)[1] == 0
    assert_same(tables(folder), whole)


@contextlib.contextmanager
def small_disk(place: Path, size: int) -> Iterator[tuple[list[str], Path]]:
    """A disk with little room, in a mount namespace of its own: it is gone with the last process that sees it.

    Its keeper waits at a pipe that is closed when this process ends, however it ends.

    Args:
        place: folder to mount it in.
        size: bytes.

    Yields:
        Words that let a command see it; and where the test sees what these commands see.
    """
    if not all(map(shutil.which, ("unshare", "nsenter"))):
        pytest.skip("no mount namespaces here")
    keeps = 'mount -t tmpfs -o "size=$1" tmpfs "$0" && echo mounted && exec cat'
    words = ["unshare", "--mount", "sh", "-c", keeps, str(place), str(size)]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as keeper:
        assert keeper.stdout and keeper.stderr
        if not keeper.stdout.readline():
            pytest.skip(f"no small disk can be mounted here: {keeper.stderr.read().strip()}")
        yield ["nsenter", "--mount", f"--target={keeper.pid}"], Path(f"/proc/{keeper.pid}/root")


@pytest.mark.slow
def test_a_full_disk_ends_in_one_line_and_the_sweep_goes_on_when_there_is_room(
    folder: Path, whole: tuple[pd.DataFrame, bytes]
) -> None:
    (folder / "swept").mkdir()
    with small_disk(folder / "swept", len(whole[1])) as (within, root):  # room for some of the shards
        seen = root / folder.relative_to("/")
        process = begun(folder, within=within)
        said = ended(process)
        assert process.returncode == 2
        assert said.splitlines()[-1].endswith("swept: cannot be written: No space left on device")
        assert "Traceback" not in said
        assert stored(seen) > 0
        subprocess.run([*within, "mount", "-o", "remount,size=50m", str(folder / "swept")], check=True)
        process = begun(folder, within=within)
        assert (ended(process), process.returncode)[1] == 0
        assert_same(tables(seen), whole)
    assert not any((folder / "swept").iterdir())  # nothing is mounted for others


@pytest.mark.slow
def test_an_undisturbed_sweep_has_every_run_exactly_once(whole: tuple[pd.DataFrame, bytes]) -> None:
    runs, _ = whole
    assert (runs["status"] == "ok").all()
    assert not runs.duplicated(["point", "seed"]).any()
    assert (runs["rounds"] < 150).any() and (runs["rounds"] == 150).any()  # the stop condition matters here


@pytest.mark.slow
def test_one_kill_and_one_continuation(folder: Path) -> None:
    small = SWEEP.replace('"equal", "data", "credit"', '"credit"').replace("10, 50", "50").replace("= 8", "= 4")
    (folder / "sweep.toml").write_text(
        small.replace(", 75, 0.01", ", 150, 0.0")
    )
    process = begun(folder)
    await_chunks(folder, process, 1)
    process.kill()
    process.communicate()
    before = stored(folder)
    process = begun(folder)
    said = ended(process)
    assert process.returncode == 0, said
    runs = pq.read_table(folder / "swept" / "runs.parquet").to_pandas()
    assert len(runs) == 16 == runs["run_id"].nunique()
    assert process.returncode == 0 and before < 4
