"""What is installed is whole, goes by the one name, and works wherever one stands and whatever lies beside it."""

import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import urllib.request
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SETUP = PROJECT["tool"]["setuptools"]
FOLDERS = {name: Path(folder) for name, folder in SETUP["package-dir"].items()}
BESIDE = ("agents", "economy", "scenarios", "commands")  # what other people call their things, too
README = (ROOT / "README.md").read_text(encoding="utf-8")


def installed_place(file: Path) -> str:
    """Where a file of the tree lies in the wheel."""
    (name,) = (name for name, folder in FOLDERS.items() if file.is_relative_to(folder))
    return "/".join((*name.split("."), *file.relative_to(FOLDERS[name]).parts))


def files() -> list[Path]:
    """All that is of the product."""
    found = (file.relative_to(ROOT) for folder in FOLDERS.values() for file in (ROOT / folder).rglob("*"))
    return [file for file in found if (ROOT / file).is_file() and "__pycache__" not in file.parts]


def test_every_folder_of_code_is_a_package_by_name() -> None:
    code = [file for file in files() if file.suffix == ".py"]
    there = {installed_place(file).rpartition("/")[0].replace("/", ".") for file in code}
    assert sorted(there) == sorted(SETUP["packages"])
    assert not [file for file in code if not (ROOT / file.parent / "__init__.py").is_file()]


def built(kind: str, source: Path, place: Path) -> Path:
    """A wheel or an sdist of a source tree, made without a network."""
    place.mkdir(exist_ok=True)
    code = f"import sys; from setuptools.build_meta import build_{kind} as build; build(sys.argv[1])"
    subprocess.run([sys.executable, "-c", code, str(place)], cwd=source, check=True, capture_output=True)
    (file,) = place.iterdir()
    return file


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a clean checkout has of what is built, so that nothing is written into this one."""
    tree = tmp_path_factory.mktemp("tree")
    for folder in FOLDERS.values():
        shutil.copytree(ROOT / folder, tree / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree)
    return tree


@pytest.fixture(scope="module")
def wheel(tree: Path) -> Path:
    return built("wheel", tree, tree / "wheel")


def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_holds_every_file_under_the_one_name_and_nothing_else(wheel: Path) -> None:
    inside = {name for name in names(wheel) if ".dist-info/" not in name}
    assert inside == {installed_place(file) for file in files()}
    assert "commonweal/py.typed" in inside


@pytest.mark.slow
def test_the_same_wheel_can_be_built_of_the_source_distribution(wheel: Path, tree: Path, tmp_path: Path) -> None:
    with tarfile.open(built("sdist", tree, tmp_path / "sdist")) as archive:
        archive.extractall(tmp_path, filter="data")
    (unpacked,) = tmp_path.glob("commonweal-*")
    assert names(built("wheel", unpacked, tmp_path / "wheel")) == names(wheel)


@pytest.fixture(scope="module")
def stranger(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel and a distribution that owns ``agents``, and libraries of this one's.

    Returns:
        The folder of its commands.
    """
    home = tmp_path_factory.mktemp("stranger")
    rival = home / "rival"
    (rival / "agents").mkdir(parents=True)
    (rival / "agents" / "__init__.py").write_text("OWNER = 'rival'\n", encoding="utf-8")
    (rival / "pyproject.toml").write_text(
        '[project]\nname = "rival-agents"\nversion = "1"\n[build-system]\nrequires = ["setuptools"]\n'
        'build-backend = "setuptools.build_meta"\n',
        encoding="utf-8",
    )
    wheels = [wheel, built("wheel", rival, home / "wheel")]
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home / "venv")], check=True)
    bin = home / "venv" / "bin"
    pip = [sys.executable, "-m", "pip", "--python", str(bin / "python"), "install", "--no-index", "--no-deps"]
    subprocess.run([*pip, *map(str, wheels)], check=True, capture_output=True)
    (site,) = (home / "venv" / "lib").glob("python*/site-packages")
    libraries = {sysconfig.get_path(name) for name in ("purelib", "platlib")}  # without the .pth of an editable install
    (site / "libraries.pth").write_text("\n".join(libraries), encoding="utf-8")
    return bin


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder full of modules with the names of our folders."""
    refusal = "raise ImportError('what lies in the folder one stands in')\n"
    for name in BESIDE:
        (tmp_path / f"{name}.py").write_text(refusal, encoding="utf-8")
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "__init__.py").write_text(refusal, encoding="utf-8")
    return tmp_path


def environment() -> dict[str, str]:
    """No setting of Python's; what Jupyter's libraries read from an environment they read from this one."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    shared = {"JUPYTER_PATH": f"{sys.prefix}/share/jupyter", "JUPYTER_CONFIG_PATH": f"{sys.prefix}/etc/jupyter"}
    return {**kept, **shared, "MPLBACKEND": "agg"}


def done(words: list[str | Path], folder: Path) -> str:
    """What a command that must succeed prints."""
    told = subprocess.run(words, cwd=folder, env=environment(), capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    return told.stdout


@pytest.mark.slow
class TestInstalled:
    """The wheel, beside somebody else's ``agents``, in a folder of the user's own."""

    def test_both_distributions_keep_their_own(self, stranger: Path, tmp_path: Path) -> None:
        code = "import agents, commonweal.agents.actions as ours; print(agents.OWNER, ours.__file__)"
        owner, file = done([stranger / "python", "-c", code], tmp_path).split()
        assert owner == "rival"
        assert Path(file).is_relative_to(stranger.parent)

    def test_a_scenario_is_played_from_anywhere(self, stranger: Path, elsewhere: Path) -> None:
        done([stranger / "commonweal", "run", "commons", "--rounds", "3", "--seeds", "1"], elsewhere)
        assert (elsewhere / "results" / "commons" / "rounds.parquet").is_file()

    def test_the_notebook_code_of_the_readme_runs_there(self, stranger: Path, elsewhere: Path) -> None:
        (block,) = (block for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if "@" not in block)
        assert "price_of_anarchy" in done([stranger / "python", "-c", block], elsewhere)

    @pytest.mark.skipif(find_spec("solara") is None, reason="the page needs the extra browser")
    def test_the_page_is_served_there(self, stranger: Path, elsewhere: Path) -> None:
        words = [stranger / "commonweal", "serve", "commons", "--port", "0"]
        with subprocess.Popen(words, cwd=elsewhere, env=environment(), stdout=subprocess.PIPE, text=True) as page:
            try:
                assert page.stdout is not None
                address = page.stdout.readline().split()[1]
                with urllib.request.urlopen(address, timeout=60) as answer:
                    assert "Commonweal" in answer.read().decode()
            finally:
                page.send_signal(signal.SIGINT)
            assert page.wait(timeout=60) in (0, 130)
