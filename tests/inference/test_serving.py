"""The served endpoint: a real server over HTTP, and its parts."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from voc.config import ServingSettings
from voc.data.workspace import Workspace
from voc.errors import InputError, MissingExtraError, ModelFolderError
from voc.inference.score import score
from voc.inference.serving.app import serving_app
from voc.inference.serving.batching import Batcher, BusyError
from voc.inference.serving.metrics import Metrics
from voc.inference.serving.rate import Buckets
from voc.inference.serving.schema import QUESTIONS
from voc.inference.serving.scorer import Asked, Scorer
from voc.inference.serving.server import listening_at, serve
from voc.inference.serving.tokens import TOKENS_FILE, VARIABLE, Tokens, check_address, load_tokens, new_token

SECRET = "Mojatajnaprica"
GOOD = {"contacts": [{"text": f"{SECRET}: račun je previsok, odlazim od vas!", "language": "hr"}]}
DECIDED = (
    "reasons", "abstained", "top_reason", "top_probability", "sentiment", "sentiment_probability",
    "sentiment_course", "churn_intent", "churn_probability", "churn_evidence",
)  # fmt: skip


@pytest.fixture(scope="module")
def scorer(exported_fp32: Path) -> Scorer:
    workspace = Workspace.open(exported_fp32)
    assert workspace.current_model is not None
    return Scorer(workspace.models / workspace.current_model)


@pytest.fixture
def client_of(scorer: Scorer) -> Iterator[Callable[..., TestClient]]:
    """A client of the app in this process, with settings of choice and the token `t` of `shop`, or without any."""
    running = []

    def make(with_token: bool = True, score: Callable[..., Any] = scorer.score, **settings: Any) -> TestClient:
        chosen, metrics = ServingSettings(**settings), Metrics(scorer)
        batcher = Batcher(score, chosen, 2, metrics.scored).__enter__()
        running.append(batcher)
        token, line = new_token("shop")
        tokens = load_tokens(Path("/nowhere"), {VARIABLE: line}) if with_token else Tokens({})
        client = TestClient(serving_app(scorer, batcher, chosen, tokens, metrics), raise_server_exceptions=False)
        if with_token:
            client.headers["Authorization"] = f"Bearer {token}"
        return client

    yield make
    for batcher in running:
        batcher.__exit__()


def test_says_what_scoring_says(exported_fp32: Path, client_of: Callable[..., TestClient], tmp_path: Path) -> None:
    workspace = Workspace.open(Path(shutil.copytree(exported_fp32, tmp_path / "ws")))
    score(workspace)
    rows = workspace.lake.query(
        f"SELECT c.turns, c.language, s.model_version, {', '.join(f's.{name}' for name in DECIDED)} "
        "FROM contacts c JOIN scores s USING (contact_id) ORDER BY c.contact_id LIMIT 60"
    ).to_pylist()
    asked = [
        {
            "id": str(number),
            "turns": [{"speaker": turn["speaker"], "text": turn["text"]} for turn in row["turns"]],
            "language": row["language"],
        }
        for number, row in enumerate(rows)
    ]
    answer = client_of().post("/v1/score", json={"contacts": asked})
    assert answer.status_code == 200, answer.text
    assert [contact["id"] for contact in answer.json()["contacts"]] == [str(number) for number in range(60)]
    assert any(row["reasons"] for row in rows) and {row["language"] for row in rows} >= {"hr", "sl", "sr", "en"}
    for row, found in zip(rows, answer.json()["contacts"], strict=True):
        assert answer.json()["model_version"] == row["model_version"]
        for name in DECIDED:
            assert found[name] == close_to(row[name]), name


def close_to(value: Any) -> Any:
    """The same, numbers as near as fp32 gives them in other company."""
    if isinstance(value, float):
        return pytest.approx(value, abs=1e-5)
    if isinstance(value, dict):
        return {name: close_to(each) for name, each in value.items()}
    return [close_to(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize("example", QUESTIONS, ids=["turns and text", "other languages"])
def test_examples_of_the_description_work(example: Any, client_of: Callable[..., TestClient]) -> None:
    client = client_of(with_token=False)
    found = client.post("/v1/score", json=example)
    assert found.status_code == 200 and len(found.json()["contacts"]) == 2
    given = client.get("/openapi.json").json()["paths"]["/v1/score"]["post"]["requestBody"]["content"]
    assert example in [each["value"] for each in given["application/json"]["examples"].values()]


def test_a_language_that_nobody_told_is_found(scorer: Scorer) -> None:
    texts = ["Рачун је нетачан већ други месец.", "The invoice has been wrong for two months now."]
    found = scorer.score([Asked.text(text) for text in texts])
    assert [each["language"] for each in found] == ["sr", "en"]


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({"contacts": []}, 422, "contacts: expected at least 1, got 0"),
        ({}, 422, "contacts: Field required, got an object of 0"),
        ({"contacts": [{"language": "hr"}]}, 422, "contacts.0: expected text or turns, got neither"),
        ({"contacts": [{"text": "a", "turns": []}]}, 422, "contacts.0: expected text or turns, got both"),
        ({"contacts": [{"text": " "}]}, 422, "contacts.0: expected at least one customer's turn with words, got none"),
        (
            {"contacts": [GOOD["contacts"][0], {"text": "da", "language": SECRET}]},
            422,
            "contacts.1.language: expected 'en', 'hr', 'sl', 'sr', 'hbs' or 'other', got a text of 14 characters",
        ),
        (
            {"contacts": [{"turns": [{"speaker": SECRET, "text": "da"}]}]},
            422,
            "contacts.0.turns.0.speaker: expected 'customer', 'agent' or 'bot', got a text of 14 characters",
        ),
        ({"contacts": [{"text": "da", SECRET: 1}]}, 422, "contacts.0: unknown field; expected only those of the"),
        ({"contacts": [{"text": 5}]}, 422, "contacts.0.text: expected a valid string, got a number"),
        ({"contacts": [{"text": "da"}] * 5}, 422, "contacts: expected at most 4, got 5"),
        ({"contacts": [{"text": "da " * 40}]}, 422, "contacts.0: expected at most 100 characters, got 120"),
        ({"contacts": [{"text": "x" * 5000}]}, 413, "body: expected at most 2,000 bytes, got more"),
        (f'{{"contacts": "{SECRET}', 422, "body: expected JSON, got something broken at character 13"),
    ],
    ids=lambda value: str(value)[:40] if isinstance(value, str) else None,
)
def test_a_mistake_is_one_line_that_names_the_field_and_repeats_nothing(
    body: Any, status: int, error: str, client_of: Callable[..., TestClient]
) -> None:
    client = client_of(max_contacts=4, max_characters=100, max_body_bytes=2000)
    sent = body if isinstance(body, str) else json.dumps(body)
    found = client.post("/v1/score", content=sent, headers={"Content-Type": "application/json"})
    assert found.status_code == status, found.text
    assert found.json()["error"].startswith(error)
    assert SECRET not in found.text and "\n" not in found.json()["error"]


def test_many_mistakes_are_still_one_line(client_of: Callable[..., TestClient]) -> None:
    found = client_of().post("/v1/score", json={"contacts": [{"text": 1}] * 9})
    assert found.json()["error"].endswith("; and 4 more")


def test_a_body_without_a_length_is_measured_as_it_comes(client_of: Callable[..., TestClient]) -> None:
    client = client_of(max_body_bytes=2000)
    found = client.post("/v1/score", content=(b"x" * 100 for _ in range(100)))
    assert "content-length" not in found.request.headers
    assert (found.status_code, found.json()["error"]) == (413, "body: expected at most 2,000 bytes, got more")


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer wrong", "Basic {token}", "{token}", "Bearer {token}x"], ids=str
)
def test_without_a_known_token_nobody_gets_in(header: str | None, client_of: Callable[..., TestClient]) -> None:
    client = client_of()
    token = client.headers.pop("Authorization").removeprefix("Bearer ")
    headers = {} if header is None else {"Authorization": header.format(token=token)}
    for found in (client.post("/v1/score", json=GOOD, headers=headers), client.get("/metrics", headers=headers)):
        assert found.status_code == 401 and found.headers["WWW-Authenticate"] == "Bearer"
        assert token not in found.text
    for path in ("/health/live", "/health/ready", "/openapi.json"):
        assert client.get(path).status_code == 200


def test_who_asks_too_often_is_told_when_to_come_again(client_of: Callable[..., TestClient]) -> None:
    client = client_of(requests_per_minute=3)
    assert [client.post("/v1/score", json=GOOD).status_code for _ in range(5)] == [200, 200, 200, 429, 429]
    assert 1 <= int(client.post("/v1/score", json=GOOD).headers["Retry-After"]) <= 21


def test_buckets_fill_up_again_each_for_itself() -> None:
    now = [0.0]
    buckets = Buckets(60, lambda: now[0])
    assert [buckets.take("a") for _ in range(60)] == [0.0] * 60
    assert buckets.take("a") == 1.0
    assert buckets.take("b") == 0.0
    now[0] = 2.0
    assert [buckets.take("a"), buckets.take("a"), buckets.take("a")] == [0.0, 0.0, 1.0]
    now[0] = 10_000.0
    assert sum(buckets.take("a") == 0.0 for _ in range(100)) == 60  # never more than full


def test_metrics_count_and_hold_no_words(client_of: Callable[..., TestClient], scorer: Scorer) -> None:
    client = client_of()
    client.post("/v1/score", json={"contacts": GOOD["contacts"] * 3})
    client.post("/v1/score", json={"contacts": [{"text": SECRET, "language": SECRET}]})
    client.get(f"/{SECRET}")
    text = client.get("/metrics").text
    lines = text.splitlines()
    assert 'voc_requests_total{route="/v1/score",status="200"} 1.0' in lines
    assert 'voc_requests_total{route="/v1/score",status="422"} 1.0' in lines
    assert 'voc_requests_total{route="other",status="404"} 1.0' in lines
    assert "voc_contacts_total 3.0" in lines and "voc_waiting_contacts 0.0" in lines
    assert f'voc_model{{precision="fp32",version="{scorer.facts.version}"}} 1.0' in lines
    assert SECRET not in text


def test_an_error_of_ours_is_logged_without_its_message(
    client_of: Callable[..., TestClient], caplog: pytest.LogCaptureFixture
) -> None:
    def broken(contacts: Sequence[Asked]) -> list[dict[str, Any]]:
        raise ValueError(contacts[0].customers_words)

    with caplog.at_level("DEBUG"):
        found = client_of(score=broken).post("/v1/score", json=GOOD)
    assert (found.status_code, found.json()) == (500, {"error": "an error of ours; the log says where"})
    assert "ValueError in broken" in caplog.text
    assert SECRET not in caplog.text


def test_contacts_that_wait_are_read_together_and_too_many_are_refused() -> None:
    go, batches = threading.Event(), []

    def slow(contacts: Sequence[Asked]) -> list[dict[str, Any]]:
        batches.append(len(contacts))
        assert go.wait(20)
        return [{"text": contact.customers_words} for contact in contacts]

    settings = ServingSettings(most_waiting=9, batch_contacts=5, batch_wait_ms=0)
    with Batcher(slow, settings, 1) as batcher:
        first = batcher.submit([Asked.text("first")])
        until = time.monotonic() + 20
        while not batches and time.monotonic() < until:
            time.sleep(0.001)
        rest = batcher.submit([Asked.text(str(number)) for number in range(8)])
        assert batcher.waiting == 9 and not batcher.ready
        with pytest.raises(BusyError):
            batcher.submit([Asked.text("one more")])
        assert rest[2].cancel()  # a caller who went away spoils nobody else's answer
        go.set()
    assert batches == [1, 4, 3]
    assert first[0].result()["text"] == "first"
    assert [each.result()["text"] for each in rest if not each.cancelled()] == ["0", "1", "3", "4", "5", "6", "7"]
    assert batcher.waiting == 0


def test_too_many_waiting_contacts_are_503(client_of: Callable[..., TestClient]) -> None:
    go = threading.Event()

    def slow(contacts: Sequence[Asked]) -> list[dict[str, Any]]:
        assert go.wait(20)
        return [{"language": "hr"} for _ in contacts]

    client = client_of(score=slow, most_waiting=2)
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(client.post, "/v1/score", json={"contacts": GOOD["contacts"] * 2})
        until = time.monotonic() + 20
        while client.get("/health/ready").status_code == 200 and time.monotonic() < until:
            time.sleep(0.005)
        refused = client.post("/v1/score", json=GOOD)
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
        assert client.get("/health/live").status_code == 200
        go.set()
        assert held.result().status_code == 200


def test_a_token_is_kept_as_a_hash_alone(tmp_path: Path) -> None:
    file = tmp_path / TOKENS_FILE
    tokens = {name: new_token(name, file)[0] for name in ("shop", "crm")}
    assert not any(token in file.read_text() for token in tokens.values())
    assert file.stat().st_mode & 0o077 == 0
    known = load_tokens(file, {})
    assert {name: known.holder(f"Bearer {token}") for name, token in tokens.items()} == {"shop": "shop", "crm": "crm"}
    with pytest.raises(InputError, match="expected a new name, got 'crm'"):
        new_token("crm", file)
    with pytest.raises(InputError, match="expected a name of 1 to 40 letters"):
        new_token("two words", file)
    file.write_text(f"# ours\n\nshop {tokens['shop']}\n")
    with pytest.raises(InputError, match=rf"{TOKENS_FILE}:3: expected a name and a SHA-256") as raised:
        load_tokens(file, {})
    assert tokens["shop"] not in str(raised.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_this_machine_alone_needs_no_tokens(host: str) -> None:
    check_address(host, Tokens({}))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.com", ""])
def test_an_open_address_needs_tokens(host: str, exported_fp32: Path) -> None:
    with pytest.raises(InputError, match="expected tokens for an address that others can reach, got none"):
        serve(Workspace.open(exported_fp32), host, 0)
    check_address(host, Tokens({"shop": b"0" * 32}))


def test_what_is_not_installed_is_named_with_the_line_that_installs_it(
    exported_fp32: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(MissingExtraError, match=r"voc serve \(uvicorn\) needs .* pip install 'voc-insights\[serve\]'"):
        serve(Workspace.open(exported_fp32), "127.0.0.1", 0)


def test_without_an_export_is_one_line(trained: Workspace) -> None:
    with pytest.raises(ModelFolderError, match="not an exported model"):
        serve(trained, "127.0.0.1", 0)


@dataclass(frozen=True)
class Running:
    """`voc serve` as a process."""

    process: "subprocess.Popen[str]"
    address: str
    token: str

    def ask(self, body: Any) -> tuple[int, Any]:
        with closing(http.client.HTTPConnection(self.address, timeout=60)) as connection:
            connection.request("POST", "/v1/score", json.dumps(body), self.headers)
            response = connection.getresponse()
            return response.status, json.loads(response.read())

    @property
    def headers(self) -> dict[str, str]:
        return {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}


@pytest.fixture
def running(exported_fp32: Path) -> Iterator[Running]:
    token, line = new_token("shop")
    command = [sys.executable, "-m", "voc.cli", "serve", "-w", str(exported_fp32), "--port", "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, VARIABLE: line}
    ) as process:
        assert process.stdout is not None
        words = process.stdout.readline().split()
        try:
            yield Running(process, words[3].removeprefix("http://"), token)
        finally:
            process.kill()


def test_a_real_server_answers_many_at_once_and_ends_when_told_with_nothing_lost(running: Running) -> None:
    alone = running.ask(GOOD)
    assert alone[0] == 200
    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda _: running.ask(GOOD), range(64)))
        assert all(status == 200 and told["contacts"] for status, told in answers)
        texts = [" ".join(f"Račun {number} {line} nije plaćen." for line in range(40)) for number in range(40)]
        under_way = pool.submit(running.ask, {"contacts": [{"text": text, "language": "hr"} for text in texts]})
        until = time.monotonic() + 30
        while waiting(running) == 0 and time.monotonic() < until:
            time.sleep(0.005)
        running.process.send_signal(signal.SIGTERM)
        assert not under_way.done()
        status, told = under_way.result()
        assert (status, len(told["contacts"])) == (200, 40)
    _, logged = running.process.communicate(timeout=30)
    assert running.process.returncode == 0, logged
    assert logged.count("POST /v1/score 200") == 66 and "token=shop" in logged
    for never in (SECRET, running.token):
        assert never not in logged


def waiting(running: Running) -> float:
    with closing(http.client.HTTPConnection(running.address, timeout=60)) as connection:
        connection.request("GET", "/metrics", headers=running.headers)
        lines = connection.getresponse().read().decode().splitlines()
    return float(next(line for line in lines if line.startswith("voc_waiting_contacts ")).split()[1])


def test_a_taken_port_is_one_line(running: Running, exported_fp32: Path) -> None:
    port = int(running.address.rpartition(":")[2])
    with pytest.raises(InputError, match=f"127.0.0.1:{port}: expected an address to listen on, got none"):
        serve(Workspace.open(exported_fp32), "127.0.0.1", port)


def test_serving_imports_no_torch() -> None:
    code = (
        "import sys; import voc.inference.serving.server, voc.inference.serving.app\n"
        "print(sorted({'torch', 'transformers', 'sklearn', 'mlflow', 'bertopic', 'datasets'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_answer_in_two_parts_waits_for_no_acknowledgement() -> None:
    with listening_at("127.0.0.1", 0) as listening, socket.create_connection(listening.getsockname()):
        connection, _address = listening.accept()
        with connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
