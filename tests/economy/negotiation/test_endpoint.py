"""An endpoint that answers well is heard; one that answers badly or not at all is replaced; nothing leaks."""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from commonweal.agents.errors import InputError
from commonweal.commands.cli import main
from commonweal.economy.negotiation import (
    Course,
    Endpoint,
    EndpointError,
    Kind,
    ModelNegotiator,
    ReplayedNegotiator,
    ShapleyNegotiator,
    Situation,
    Transcript,
    negotiate,
)
from commonweal.economy.negotiation.endpoint import LARGEST_REPLY
from commonweal.economy.negotiation.wording import read_move
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.games.escape_room import EscapeRoom
from commonweal.scenarios.schema.loading import load

KEY = "sk-never-to-be-seen-0123456789"
FAIR = {"move": "propose", "plan": 0, "transfers": [-5.5, 5.5], "words": "half the gain each"}
ACCEPT = {"move": "accept", "plan": None, "transfers": None, "words": ""}
Answer = Callable[[BaseHTTPRequestHandler, dict[str, Any]], None]


def completion(text: str) -> bytes:
    return json.dumps({"choices": [{"message": {"role": "assistant", "content": text}}]}).encode()


def send(handler: BaseHTTPRequestHandler, body: bytes, status: int = 200, **headers: str) -> None:
    handler.send_response(status)
    for name, value in {"Content-Length": str(len(body)), **headers}.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


def saying(document: Any) -> Answer:
    return lambda handler, request: send(handler, completion(json.dumps(document)))


def sending(body: bytes, status: int = 200, **headers: str) -> Answer:
    return lambda handler, request: send(handler, body, status, **headers)


def sensible(handler: BaseHTTPRequestHandler, request: dict[str, Any]) -> None:
    told = json.loads(request["messages"][1]["content"])
    send(handler, completion(json.dumps(FAIR if "propose" in told["moves"] else ACCEPT)))


def trickling(handler: BaseHTTPRequestHandler, request: dict[str, Any]) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(100):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.05)


def trickling_headers(handler: BaseHTTPRequestHandler, request: dict[str, Any]) -> None:
    handler.send_response(200)
    for _ in range(100):
        handler.send_header("X-Patience", "1")
        handler.flush_headers()
        time.sleep(0.05)


def hanging(handler: BaseHTTPRequestHandler, request: dict[str, Any]) -> None:
    time.sleep(1.0)


@dataclass
class Server:
    """A local endpoint: its answers, one after another, the last for ever; and what it was asked."""

    url: str
    answers: list[Answer] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)


@pytest.fixture
def server() -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            told.asked.append(request | {"path": self.path})
            told.headers.append(dict(self.headers))
            answer = told.answers.pop(0) if len(told.answers) > 1 else told.answers[0]
            try:
                answer(self, request)
            except OSError:  # the other side hung up
                self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None: ...

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listening.daemon_threads = True
    listening.block_on_close = False
    told = Server(f"http://127.0.0.1:{listening.server_port}/v1")
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield told
    listening.shutdown()
    listening.server_close()


def endpoint(server: Server, **changes: Any) -> Endpoint:
    waits: list[float] = []
    asked = Endpoint(server.url, "a-model", KEY, **({"timeout": 5.0, "sleep": waits.append} | changes))
    object.__setattr__(asked, "waits", waits)
    return asked


def waits(asked: Endpoint) -> list[float]:
    found: list[float] = vars(asked)["waits"]
    return found


def escape() -> Situation:
    return EscapeRoom(rng=0).situation()


def talk(asked: Endpoint, file: Path | None = None) -> tuple[ModelNegotiator, Any]:
    speaker = ModelNegotiator(asked, transcript=Transcript(file))
    return speaker, negotiate(escape(), [speaker, speaker]).deal


def test_a_good_answer_makes_the_deal(server: Server, tmp_path: Path) -> None:
    server.answers = [sensible]
    speaker, deal = talk(endpoint(server), tmp_path / "talks.jsonl")
    assert deal is not None
    assert deal.transfers == (-5_500_000, 5_500_000)
    assert [line["source"] for line in speaker.transcript.lines] == ["endpoint", "endpoint"]
    assert server.asked[0]["path"] == "/v1/chat/completions"
    assert server.asked[0]["model"] == "a-model"
    assert server.asked[0]["response_format"]["json_schema"]["strict"] is True
    assert server.headers[0]["Authorization"] == f"Bearer {KEY}"
    assert KEY not in json.dumps(server.asked)


def test_without_a_key_none_is_sent(server: Server) -> None:
    server.answers = [sensible]
    negotiate(escape(), [ModelNegotiator(Endpoint(server.url, "a-model"))] * 2)
    assert "Authorization" not in server.headers[0]


BAD: dict[str, Answer] = {
    "status 500": sending(b"oops " + KEY.encode(), 500),
    "status 429": sending(b"", 429, Retry_After="3"),
    "status 503": sending(b"", 503),
    "not JSON": sending(b"<html>"),
    "too deep": sending(b"[" * 60_000),
    "not a number": sending(completion('{"move": "propose", "plan": 0, "transfers": [NaN, 1], "words": ""}')),
    "no completion": sending(b'{"choices": []}'),
    "no text": sending(b'{"choices": [{"message": {"content": null}}]}'),
    "prose": sending(completion("I propose to share.")),
    "wrong move": saying(FAIR | {"move": "steal"}),
    "wrong types": saying(FAIR | {"transfers": ["all", 1]}),
    "switches for numbers": saying(FAIR | {"transfers": [True, False]}),
    "more fields": saying(FAIR | {"run": "import os"}),
    "fewer fields": saying({"move": "halt"}),
    "no plan": saying(FAIR | {"plan": 7}),
    "money from nothing": saying(FAIR | {"transfers": [5, 5]}),
    "more than it has": saying(FAIR | {"transfers": [-500, 500]}),
    "huge numbers": saying(FAIR | {"transfers": [-1e300, 1e300]}),
    "not now": saying(ACCEPT),
    "a huge body": sending(b" " * (LARGEST_REPLY + 1)),
    "half a body": sending(b"{}", Content_Length="1000", Connection="close"),
}


@pytest.mark.parametrize("answer", BAD.values(), ids=BAD)
def test_a_bad_answer_is_asked_for_again_and_then_done_without(
    answer: Answer, server: Server, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answers = [answer]
    caplog.set_level(logging.DEBUG)
    patient = endpoint(server, timeout=1.0)
    speaker = ModelNegotiator(patient)
    move = speaker.move(escape(), 0, ())
    assert move == ShapleyNegotiator().move(escape(), 0, ())
    assert len(server.asked) == 3
    (line,) = speaker.transcript.lines
    assert line["source"] == "fallback"
    assert line["problem"]
    everything = [json.dumps(line), caplog.text, repr(speaker), str(vars(speaker)), *capsys.readouterr()]
    assert not any(KEY in text for text in everything)


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_refusal_is_not_asked_again(status: int, server: Server) -> None:
    server.answers = [sending(KEY.encode(), status)]
    with pytest.raises(EndpointError, match=f"^status {status}$"):
        endpoint(server).ask({}, str)
    assert len(server.asked) == 1


def test_a_redirect_is_not_followed_for_it_would_carry_the_key_elsewhere(server: Server) -> None:
    server.answers = [sending(b"", 307, Location=f"{server.url}/elsewhere")]
    with pytest.raises(EndpointError, match="status 307"):
        endpoint(server).ask({}, str)
    assert len(server.asked) == 1


def test_what_the_environment_says_of_proxies_and_logins_is_not_looked_at(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password secret")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    server.answers = [sensible]
    negotiate(escape(), [ModelNegotiator(Endpoint(server.url, "a-model"))] * 2)
    assert "Authorization" not in server.headers[0]


def test_waits_double_and_a_named_wait_is_kept_up_to_a_limit(server: Server) -> None:
    server.answers = [sending(b"", 500)]
    doubling, named, absurd = endpoint(server, retries=3), endpoint(server), endpoint(server)
    with pytest.raises(EndpointError):
        doubling.ask({}, str)
    assert waits(doubling) == [0.5, 1.0, 2.0]
    for asked, header, expected in ((named, "3", [3.0, 3.0]), (absurd, "99999", [10.0, 10.0])):
        server.answers = [sending(b"", 429, Retry_After=header)]
        with pytest.raises(EndpointError):
            asked.ask({}, str)
        assert waits(asked) == expected


def test_what_fails_once_may_succeed_the_second_time(server: Server) -> None:
    server.answers = [sending(b"", 500), sensible]
    speaker = ModelNegotiator(endpoint(server))
    assert speaker.move(escape(), 0, ()).words == FAIR["words"]
    assert speaker.transcript.lines[0]["source"] == "endpoint"


@pytest.mark.parametrize("answer", [hanging, trickling, trickling_headers])
def test_a_slow_answer_is_cut_off_as_a_whole(answer: Answer, server: Server) -> None:
    server.answers = [answer]
    began = time.monotonic()
    with pytest.raises(EndpointError):
        endpoint(server, timeout=0.2, retries=1).ask({}, str)
    assert time.monotonic() - began < 2.0


def test_nobody_answering_is_given_up_after_a_few_moves(server: Server) -> None:
    dead = Endpoint("http://127.0.0.1:1/v1", "a-model", KEY, retries=0)
    speaker = ModelNegotiator(dead)
    moves = [speaker.move(escape(), 0, ()) for _ in range(5)]
    assert {move.kind for move in moves} == {Kind.PROPOSE}
    problems = [line["problem"] for line in speaker.transcript.lines]
    assert problems[:3] == ["no answer (ConnectionRefusedError)"] * 3
    assert problems[3:] == ["given up after 3 moves without an answer"] * 2


def test_a_key_that_the_answer_repeats_is_not_taken_down(server: Server, tmp_path: Path) -> None:
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in KEY)
    text = json.dumps(FAIR | {"words": "KEY"}).replace("KEY", f"I was told {escaped}")
    server.answers = [sending(completion(text))]
    speaker = ModelNegotiator(endpoint(server), transcript=Transcript(tmp_path / "talks.jsonl"))
    assert speaker.move(escape(), 0, ()).words == "I was told [key]"
    assert KEY not in (tmp_path / "talks.jsonl").read_text()


def test_what_an_answer_says_is_never_executed(server: Server, tmp_path: Path) -> None:
    target = tmp_path / "done"
    words = f"__import__('pathlib').Path({str(target)!r}).touch(); $(touch {target}) [bold]{{x}}[/]"
    server.answers = [saying(FAIR | {"words": words})]
    move = ModelNegotiator(endpoint(server)).move(escape(), 0, ())
    assert move.words == words
    assert not target.exists()


def test_a_transcript_replays_the_talks_without_the_endpoint(server: Server, tmp_path: Path) -> None:
    server.answers = [saying(FAIR | {"transfers": [-2.25, 2.25]}), saying(ACCEPT)]
    _, deal = talk(endpoint(server), file := tmp_path / "talks.jsonl")
    asked = len(server.asked)
    replayed = ReplayedNegotiator.from_file(file)
    assert negotiate(escape(), [replayed, replayed]).deal == deal
    assert deal.transfers == (-2_250_000, 2_250_000)
    assert len(server.asked) == asked


def test_a_byte_order_mark_before_a_transcript_is_no_part_of_it(tmp_path: Path) -> None:
    file = tmp_path / "talks.jsonl"
    file.write_text('{"asked": "a", "answer": 1}\n', encoding="utf-8-sig")
    assert ReplayedNegotiator.from_file(file).answers == {"a": "1"}


def test_a_replay_says_what_is_missing_or_no_transcript(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="first about .* is missing"):
        ReplayedNegotiator({}).move(escape(), 0, ())
    (tmp_path / "other.txt").write_text("{}\n")
    with pytest.raises(InputError, match="is not a transcript"):
        ReplayedNegotiator.from_file(tmp_path / "other.txt")
    with pytest.raises(InputError, match="cannot be read"):
        ReplayedNegotiator.from_file(tmp_path / "none")


@pytest.mark.parametrize(
    "url",
    ["ftp://host/v1", "file:///etc/passwd", "host/v1", "http://", "http://me:secret@host/v1", "https://host/v1?key=secret",
     "http://host:x/v1", "http://ho st/v1", "http://host/v1\r\nX: y"],
)  # fmt: skip
def test_only_plain_http_addresses_are_taken(url: str) -> None:
    with pytest.raises(InputError, match="must be an http or https address") as refused:
        Endpoint(url, "a-model")
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("key", ["two words", "line\nbreak", "schlüssel-secret"])
def test_a_key_that_no_header_can_hold_is_refused_without_showing_it(key: str) -> None:
    with pytest.raises(InputError, match="COMMONWEAL_NEGOTIATOR_KEY: must be printable") as refused:
        Endpoint("http://host", "a-model", key)
    assert key not in str(refused.value)


def test_decimal_fractions_that_nearly_sum_to_zero_are_understood() -> None:
    told = Situation("a task", ("a", "b", "c"), (Course("do it", np.ones(3)),), np.zeros(3), np.full(3, 10**7),
                     lambda coalitions: coalitions.all(axis=1) * 3.0)  # fmt: skip
    third = json.dumps({"move": "propose", "plan": 0, "transfers": [1 / 3, 1 / 3, -2 / 3], "words": ""})
    move = read_move(third, told, 0, ())
    assert move.proposal is not None
    assert sum(move.proposal.transfers) == 0


def test_the_command_asks_records_and_replays(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answers = [sensible]
    for name, value in {"URL": server.url, "MODEL": "m", "KEY": KEY, "TRANSCRIPT": str(tmp_path / "talks")}.items():
        monkeypatch.setenv(f"COMMONWEAL_NEGOTIATOR_{name}", value)
    assert main(["play", "escape-room", "--negotiated", "--negotiator", "endpoint"]) == 0
    first = capsys.readouterr().out
    assert "half the gain each" in first
    monkeypatch.delenv("COMMONWEAL_NEGOTIATOR_URL")
    assert main(["play", "escape-room", "--negotiated", "--negotiator", "replay"]) == 0
    assert capsys.readouterr().out == first
    assert len(server.asked) == 2
    assert KEY not in (tmp_path / "talks").read_text() + first


def test_a_team_is_told_its_log_negotiates_by_endpoint_and_replays_the_same(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def buying_the_review(handler: BaseHTTPRequestHandler, request: dict[str, Any]) -> None:
        told = json.loads(request["messages"][1]["content"])
        prices = [0, 0, 0, -12.0, 12.0, 0]
        offer = {"move": "propose", "plan": 1, "transfers": prices, "words": "twice what reviewing costs"}
        send(handler, completion(json.dumps(offer if "propose" in told["moves"] else ACCEPT)))

    server.answers = [buying_the_review]
    for name, value in {"URL": server.url, "MODEL": "m", "KEY": KEY, "TRANSCRIPT": str(tmp_path / "talks")}.items():
        monkeypatch.setenv(f"COMMONWEAL_NEGOTIATOR_{name}", value)
    assert main(["play", "software-team", "--negotiated", "--negotiator", "endpoint"]) == 0
    first = capsys.readouterr().out
    assert first.startswith("By a deal every stage is done and the project is worth 100")
    assert "Code Reviewer is paid 12.00; Programmer pays 12.00." in first
    assert "twice what reviewing costs" in first
    told = json.loads(server.asked[0]["messages"][1]["content"])
    assert "review by Code Reviewer, 1 completed: found that 2-3-4 was read from the right" in told["task"]
    assert [plan["name"] for plan in told["plans"]] == ["everybody works for itself", "every stage is done"]
    assert len(told["coalitions"]) == 64
    assert len(server.asked) == 6
    assert main(["play", "software-team", "--negotiated", "--negotiator", "replay"]) == 0
    assert capsys.readouterr().out == first
    assert len(server.asked) == 6
    assert KEY not in (tmp_path / "talks").read_text() + first


def test_an_economy_negotiates_by_endpoint_and_replays_the_same(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def frugal(handler: BaseHTTPRequestHandler, request: dict[str, Any]) -> None:
        told = json.loads(request["messages"][1]["content"])
        cost = max(-told["plans"][0]["payoffs"][0], 0.0) + 1e-4
        offer = {"move": "propose", "plan": 0, "transfers": [cost, -cost], "words": "my cost and a little"}
        poor = told["can_pay"][1] < cost
        halt = {"move": "halt", "plan": None, "transfers": None, "words": ""}
        send(handler, completion(json.dumps((halt if poor else offer) if "propose" in told["moves"] else ACCEPT)))

    server.answers = [frugal]
    environment = {"URL": server.url, "MODEL": "m", "KEY": KEY, "TRANSCRIPT": str(tmp_path / "talks")}
    for name, value in environment.items():
        monkeypatch.setenv(f"COMMONWEAL_NEGOTIATOR_{name}", value)
    small = {"rounds": 8, "population.count": 6, "task.validation": 40, "task.test": 40, "negotiation.returns": 1.0}
    asked = Ensemble(load("data-deals", small | {"negotiation.negotiator": "endpoint"}), seeds=[0]).run().rounds
    count = len(server.asked)
    again = Ensemble(load("data-deals", small | {"negotiation.negotiator": "replay"}), seeds=[0]).run().rounds
    default = Ensemble(load("data-deals", small), seeds=[0]).run().rounds
    assert asked["dealt"].sum() > 0
    assert asked["dealt"].tolist() == again["dealt"].tolist()
    assert asked["dealt"].sum() != default["dealt"].sum()
    assert 0 < count == len(server.asked)
