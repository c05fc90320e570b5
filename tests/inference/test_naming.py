"""A language model may name themes: asked over HTTP, given no verbatim, believed only where it answers with a name."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.inference.topics import add, without_contacts
from voc.config import Config, NamingSettings
from voc.errors import ConfigError
from voc.inference.naming import name_groups, name_themes, names_by_model
from voc.inference.themes import themes
from voc.models.phrases import BETWEEN

WORDS = {1: ["router overheats", "hot router"]}
KEY = "sk-very-secret"


class Service:
    """An OpenAI-compatible service that says what a test wants, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answer: Any = "Hot router"
        self.status = 200
        self.raw: bytes | None = None
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                service.asked.append({"path": self.path} | json.loads(body))
                service.keys.append(self.headers.get("Authorization"))
                said = {"choices": [{"message": {"role": "assistant", "content": service.answer}}]}
                content = service.raw if service.raw is not None else json.dumps(said).encode()
                self.send_response(service.status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service()
    thread = threading.Thread(target=service.server.serve_forever)
    thread.start()
    yield service
    service.server.shutdown()
    thread.join()
    service.server.server_close()


def test_a_name_is_asked_for_in_the_language_with_words_alone(service: Service) -> None:
    settings = NamingSettings(url=service.url, model="small", key_variable="KEY")
    found = names_by_model(WORDS, "hr", settings, {"KEY": KEY})
    assert found.names == {1: "Hot router"} and found.failure is None
    (asked,) = service.asked
    assert asked["path"] == "/v1/chat/completions" and asked["model"] == "small" and asked["temperature"] == 0
    assert "Croatian" in asked["messages"][0]["content"]
    assert json.loads(asked["messages"][1]["content"]) == WORDS[1]
    assert service.keys == [f"Bearer {KEY}"]


@pytest.mark.parametrize("said", ['"Hot router."', "  hot router\n", "„Hot router“"])
def test_a_name_is_cleaned(service: Service, said: str) -> None:
    service.answer = said
    assert names_by_model(WORDS, "en", NamingSettings(url=service.url)).names == {1: "Hot router"}


@pytest.mark.parametrize(
    "said",
    ["", "Sure! Here are some:\n1. Hot router", "a" * 61, "call 0911234567", "<b>hot</b>", "see https://evil.example"],
)  # fmt: skip
def test_what_is_no_name_is_left_out_and_no_failure(service: Service, said: str) -> None:
    service.answer = said
    found = names_by_model(WORDS, "en", NamingSettings(url=service.url))
    assert not found.names and found.failure is None


@pytest.mark.parametrize(
    ("status", "raw", "what"),
    [
        (500, b"", "HTTP 500"), (401, b"bad key sk-very-secret", "HTTP 401"), (200, b"<html>", "JSONDecodeError"),
        (200, b'{"choices": []}', "IndexError"), (200, b"[1]", "TypeError"), (200, b" " * 200_000, "ValueError"),
    ],
)  # fmt: skip
def test_a_service_that_fails_is_named_in_one_line_without_its_secrets(
    service: Service, status: int, raw: bytes, what: str
) -> None:
    service.status, service.raw = status, raw
    settings = NamingSettings(url=service.url, key_variable="KEY")
    found = names_by_model({**WORDS, 2: ["bill"]}, "en", settings, {"KEY": KEY})
    assert not found.names
    assert found.failure and what in found.failure and "\n" not in found.failure
    assert KEY not in found.failure and service.url not in found.failure
    assert len(service.asked) == 1  # one failure is enough


def test_nobody_there_and_no_key() -> None:
    found = names_by_model(WORDS, "en", NamingSettings(url="http://127.0.0.1:9/v1", timeout_seconds=2))
    assert not found.names and found.failure and "ConnectError" in found.failure
    keyless = names_by_model(WORDS, "en", NamingSettings(url="http://127.0.0.1:9/v1", key_variable="NO_KEY"), {})
    assert keyless.failure == "[naming] expected a key in the environment variable NO_KEY, got none"


def test_off_by_default() -> None:
    assert names_by_model(WORDS, "en", NamingSettings()).names == {}


def test_themes_get_their_names_once_and_the_service_never_sees_a_verbatim(tmp_path: Path, service: Service) -> None:
    settings = f'[themes]\nmin_theme_size = 10\n\n[naming]\nurl = "{service.url}"\nmodel = "small"\n'
    workspace = without_contacts(tmp_path / "w", settings)
    for topic in (0, 1):
        add(workspace, topic, 60)
    assert themes(workspace).naming_failure is None
    before = workspace.lake.query("SELECT theme_id, label FROM themes ORDER BY theme_id").to_pylist()
    labels = [row["label"] for row in before]
    assert labels.count("Hot router") == 1 and len(labels) == len(service.asked) > 1  # two of one name are no use
    texts = [
        turn["text"] for row in workspace.lake.query("SELECT turns FROM contacts").to_pylist() for turn in row["turns"]
    ]
    sent = [each["messages"][1]["content"] for each in service.asked]
    assert not any(text in content for text in texts for content in sent)
    service.answer = "Another name"
    themes(workspace)
    assert workspace.lake.query("SELECT theme_id, label FROM themes ORDER BY theme_id").to_pylist() == before
    assert len(service.asked) == len(before)


def test_without_the_service_themes_keep_their_phrases(tmp_path: Path) -> None:
    workspace = without_contacts(
        tmp_path / "w", '[themes]\nmin_theme_size = 10\n\n[naming]\nurl = "http://127.0.0.1:9/v1"\n'
    )
    for topic in (0, 1):
        add(workspace, topic, 60)
    summary = themes(workspace)
    assert summary.naming_failure and "ConnectError" in summary.naming_failure
    assert {line.label for line in summary.themes} == {"Router overheats nightly", "Račun je dvostruko naplaćen"}


@dataclass
class Told:
    """Three contacts in Croatian and as many in English of each of two themes, and one more in Croatian."""

    texts: list[str] = field(
        default_factory=lambda: [
            *(f"{mark} otkazao se prijenos" for mark in ("ma", "evo", "pa")), "cancel it now", "so cancel it now",
            "do cancel it now", *(f"{mark} izgubljena kartica" for mark in ("ma", "evo", "pa", "e")), "lost my wallet",
            "so lost my wallet", "do lost my wallet",
        ]
    )  # fmt: skip
    customers: list[str] = field(default_factory=lambda: list("abcdefghijklm"))
    languages: list[str] = field(default_factory=lambda: ["hr"] * 3 + ["en"] * 3 + ["hr"] * 4 + ["en"] * 3)


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({}, ["Otkazao se prijenos", "Izgubljena kartica"]),
        ({"themes": {"name_language": "en"}}, ["Cancel", "Lost my wallet"]),
    ],
)
def test_new_themes_are_named_in_the_language_of_most_contacts_or_the_one_set(
    settings: dict[str, Any], names: list[str]
) -> None:
    members = np.repeat([0, 1], [6, 7])
    found = name_themes(Told(), members, [("otkazao",), ("kartica",)], [0, 1], set(), Config(**settings))
    assert [found.names[place].split(BETWEEN)[0] for place in (0, 1)] == names and found.failure is None
    one = name_themes(Told(), members, [("otkazao",), ("kartica",)], [1], set(), Config(**settings))
    assert one.names == {1: found.names[1]}  # the others have a name


def test_groups_are_named_by_words_of_that_language() -> None:
    members = np.repeat([0, 1], [6, 7])
    for language, words in (("hr", {"otkazao", "prijenos"}), ("en", {"cancel"})):
        named = name_groups(Told(), members, 2, Config(**{"themes": {"name_language": language}}))
        assert set(named[0].lower().split(", ")) == words


def test_an_address_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"naming\.url"):
        _ = without_contacts(tmp_path / "w", '[naming]\nurl = "file:///etc/passwd"\n').config
