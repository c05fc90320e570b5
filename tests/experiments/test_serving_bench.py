"""The bench of the served endpoint in miniature: two real servers, the same questions, every figure."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest

from tests.experiments.tracked import Tracked
from voc.data.workspace import Workspace
from voc.errors import InputError, ModelFolderError
from voc.experiments.serving import Side, Sizes, ask, serving, throughput
from voc.training.exporting import export

SMALL = Sizes(rounds=2, single=4, together=16, warm=4)


def test_all_figures_of_both_sides(trained: Workspace) -> None:
    with (trained.root / "voc.toml").open("a") as file:
        file.write("[export]\nmargin = 1.0\n")
    workspace = Workspace.open(trained.root)
    export(workspace, precision="fp32")
    tracked = Tracked()
    result = serving(workspace, lambda what, share: None, tracked, SMALL)  # type: ignore[arg-type]
    own = {name for name in result.figures if not name.startswith("mlflow.") and name != "same_decisions"}
    assert {"p50_ms", "p99_ms", "contacts_per_second_32", "p99_ms_32", "start_seconds"} <= own
    assert {f"mlflow.{name}" for name in own} | own | {"same_decisions"} == set(result.figures)
    assert all(np.isfinite(value) and value > 0 for value in result.figures.values())
    assert result.figures["same_decisions"] == 1.0
    assert result.figures["p50_ms"] <= result.figures["p99_ms"]
    assert tracked.tables["serving"] == result.figures
    json.dumps(result.context)


def test_without_an_export_is_one_line(trained: Workspace) -> None:
    with pytest.raises(ModelFolderError, match="not an exported model"):
        serving(trained, lambda what, share: None, Tracked(), SMALL)  # type: ignore[arg-type]


@pytest.fixture
def side(tmp_path: Path) -> Any:
    asked = []

    class Echo(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            asked.append((self.client_address[1], json.loads(body)))
            self.send_response(200 if b"bad" not in body else 422)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    Thread(target=server.serve_forever, daemon=True).start()
    address = f"127.0.0.1:{server.server_port}"
    yield Side("echo", address, "/", {}, lambda contact: {"asked": contact}, lambda told: told["asked"]), asked
    server.shutdown()
    server.server_close()


def test_every_contact_is_asked_once_by_some_client_on_its_own_connection(side: Any) -> None:
    server, asked = side
    contacts = [{"number": number} for number in range(20)]
    found = throughput(server, contacts, 8)
    assert set(found) == {"contacts_per_second_8", "p99_ms_8"}
    assert sorted(body["asked"]["number"] for _, body in asked) == list(range(20))
    assert len({client for client, _ in asked}) == 8


def test_a_bad_answer_is_no_measurement(side: Any) -> None:
    server, _ = side
    assert ask(server, [{"text": "da"}])[1] == [{"text": "da"}]
    with pytest.raises(InputError, match="echo: expected an answer, got status 422"):
        ask(server, [{"text": "bad"}])
