"""``commonweal serve`` refuses what it cannot do in one line, before anything listens."""

from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from commonweal.agents.errors import InputError
from commonweal.commands.cli import main
from commonweal.figures.browser.page import server


def test_a_port_that_is_taken_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with server.listening("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        assert main(["serve", "--port", str(port)]) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"commonweal: --host 127.0.0.1 --port {port}: Address already in use")
    assert told.count("\n") == 1


def test_an_address_that_is_not_this_machines_is_refused() -> None:
    with pytest.raises(InputError, match=r"--host 192\.0\.2\.1 --port 0: "):  # TEST-NET-1, RFC 5737
        server.listening("192.0.2.1", 0)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["serve", "comons"], "unknown scenario 'comons'"),
        (["serve", "nowhere.toml"], "nowhere.toml: no such scenario file"),
        (["serve", "--run", "nowhere/1"], "--run nowhere/1: nowhere is no folder"),
        (["serve", "--port", "70000"], "'--port': Input should be less than or equal to 65535"),
    ],
)
def test_what_is_not_there_is_refused_in_one_line(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    printed = capsys.readouterr().err
    assert told in printed
    assert printed.count("\n") == 1


def test_without_the_libraries_of_the_page_it_is_said_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def version(name: str) -> str:
        if name == "solara-assets":
            raise PackageNotFoundError(name)
        return "1"

    monkeypatch.setattr(server, "version", version)
    assert main(["serve"]) == 2
    assert capsys.readouterr().err == (
        "commonweal: the browser page needs solara-assets, which is not installed: pip install 'commonweal[browser]'\n"
    )


@pytest.mark.parametrize(
    ("host", "own"),
    [("127.0.0.1", True), ("127.8.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False),
     ("::", False), ("192.168.1.4", False), ("somewhere.example", False)],
)  # fmt: skip
def test_only_loopback_addresses_are_this_machines_alone(host: str, own: bool) -> None:
    assert server.is_loopback(host) is own


@pytest.mark.parametrize(
    ("words", "demanded", "warning"),
    [
        (["--host", "127.0.0.1"], False, ""),
        (["--host", "localhost"], False, ""),
        (["--no-token"], False, ""),
        (["--host", "0.0.0.0"], True, "with its token"),
        (["--host", "0.0.0.0", "--no-token"], False, "no login"),
    ],
)
def test_an_address_that_others_can_reach_comes_with_a_warning_and_a_token(
    words: list[str], demanded: bool, warning: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tokens: list[str | None] = []
    monkeypatch.setattr(server, "_run", lambda opening, served, token, listener: tokens.append(token))
    for _ in range(2):
        assert main(["serve", "leaky", "--port", "0", *words]) == 0
    first, last = tokens
    assert (first is not None) is demanded
    assert not demanded or first != last  # made anew each time
    printed = capsys.readouterr()
    host = words[1] if "0.0.0.0" in words else "127.0.0.1"
    address = printed.out.splitlines()[0].removeprefix(f"serving  http://{host}:").lstrip("0123456789")
    assert address == (f"/?token={first}" if demanded else "/")
    assert ("can be reached by others" in printed.err) is bool(warning)
    assert warning in printed.err
    assert first is None or first not in printed.err


def test_the_page_finds_its_style_and_its_element() -> None:
    folder = Path(server.__file__).parents[1] / "drawing"
    assert (folder / "style.css").is_file()
    assert (folder / "drawing.vue").is_file()
