"""`voc bench serving`: the served endpoint beside `mlflow models serve` of the same export, on the same machine."""

import http.client
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from voc.data.workspace import Workspace
from voc.errors import InputError
from voc.experiments import processes
from voc.experiments.bench import BenchResult, Progress, machine_context
from voc.experiments.processes import VOC, free_address
from voc.inference.serving.artefact import save_export
from voc.inference.serving.tokens import VARIABLE, new_token
from voc.models.exported import load_exported
from voc.models.registry import RunLog

SEED = 13
CLIENTS = 32
_CONTACTS = "SELECT language, turns FROM contacts ORDER BY contact_id"


@dataclass(frozen=True)
class Sizes:
    """How much is measured: rounds in which both sides take turns, in each so many contacts one after the other, and
    so many of all clients together; before that, so many to warm up."""

    rounds: int = 5
    single: int = 100
    together: int = 320
    warm: int = 32


@dataclass(frozen=True)
class Side:
    """A server: its address without scheme, the route, what a contact becomes as its question, and what its answer
    says about the one contact of a question."""

    name: str
    address: str
    route: str
    headers: Mapping[str, str]
    question: Callable[[Mapping[str, Any]], object]
    answer: Callable[[Any], Mapping[str, Any]]


def serving(workspace: Workspace, progress: Progress, run: RunLog, sizes: Sizes = Sizes()) -> BenchResult:
    """Milliseconds for one contact (p50 and p99 of a round, medians of rounds) and contacts a second with 32 clients.

    Both servers run on this machine at once, with this process as their client; only one is asked at a time. Raises
    WorkspaceError without a model, ModelFolderError without an export, InputError with too few contacts.
    """
    folder = workspace.models / workspace.required_model()
    exported = load_exported(folder)
    contacts = _draw(workspace, sizes.warm + sizes.rounds * (sizes.single + sizes.together))
    found: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="voc-bench-") as name:
        progress("starting both", 0.0)
        place = save_export(folder, Path(name) / "model")
        with ours(workspace) as (mine, own_start), mlflows(place) as (theirs, other_start):
            warm = contacts[: sizes.warm]
            same = _same(*([ask(side, [one])[1][0] for one in warm] for side in (mine, theirs)))
            rest = iter(contacts[sizes.warm :])
            for number in range(sizes.rounds):
                one_by_one = [next(rest) for _ in range(sizes.single)]
                at_once = [next(rest) for _ in range(sizes.together)]
                for side in (mine, theirs):
                    _add(found, side, latency(side, one_by_one) | throughput(side, at_once))
                progress("rounds", (number + 1) / sizes.rounds)
    figures = {"same_decisions": same, "start_seconds": own_start, "mlflow.start_seconds": other_start}
    for name, values in found.items():
        figures |= {name: float(np.median(values)), f"{name}.low": min(values), f"{name}.high": max(values)}
    run.table("serving", figures)
    context = machine_context() | {
        "data": f"{len(contacts):,} contacts of the workspace{' (synthetic)' * workspace.config.company.synthetic}",
        "model": exported.facts.version, "precision": exported.precision, "clients": CLIENTS, "sizes": vars(sizes),
        "seed": SEED,
    }  # fmt: skip
    return BenchResult("serving", figures, context)


def latency(side: Side, contacts: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Milliseconds of one client that asks for one contact after the other on one connection."""
    seconds, _ = ask(side, contacts)
    return {"p50_ms": float(np.quantile(seconds, 0.5) * 1000), "p99_ms": float(np.quantile(seconds, 0.99) * 1000)}


def throughput(side: Side, contacts: Sequence[Mapping[str, Any]], clients: int = CLIENTS) -> dict[str, float]:
    """Contacts a second with so many clients that each ask for one contact at a time."""
    with ThreadPoolExecutor(clients) as pool:
        begin = time.perf_counter()
        parts = pool.map(lambda number: ask(side, contacts[number::clients])[0], range(clients))
        waits = [wait for part in parts for wait in part]
        seconds = time.perf_counter() - begin
    return {
        f"contacts_per_second_{clients}": len(contacts) / seconds,
        f"p99_ms_{clients}": float(np.quantile(waits, 0.99) * 1000),
    }


def ask(side: Side, contacts: Sequence[Mapping[str, Any]]) -> tuple[list[float], list[Mapping[str, Any]]]:
    """Seconds and answers, a question a contact, on one connection. Raises InputError for any answer but a good one."""
    headers = {"Content-Type": "application/json", **side.headers}
    seconds, answers = [], []
    with closing(http.client.HTTPConnection(side.address, timeout=60)) as connection:
        for contact in contacts:
            body = json.dumps(side.question(contact), ensure_ascii=False).encode()
            begin = time.perf_counter()
            connection.request("POST", side.route, body, headers)
            response = connection.getresponse()
            told = response.read()
            seconds.append(time.perf_counter() - begin)
            if response.status != 200:
                raise InputError(f"{side.name}: expected an answer, got status {response.status}")
            answers.append(side.answer(json.loads(told)))
    return seconds, answers


@contextmanager
def ours(workspace: Workspace) -> Iterator[tuple[Side, float]]:
    """`voc serve`, and the seconds until it was ready."""
    token, line = new_token("bench")
    known = ",".join(own for own in (os.environ.get(VARIABLE), line) if own)
    address = free_address()
    command = [*VOC, "serve", "-w", str(workspace.root.resolve()), "--port", address.rpartition(":")[2]]
    begin = time.perf_counter()
    with processes.serving("voc serve", command, address, "/health/ready", {VARIABLE: known}):
        yield (
            Side(
                "voc serve", address, "/v1/score", {"Authorization": f"Bearer {token}"},
                lambda contact: {"contacts": [contact]}, lambda told: told["contacts"][0],
            ),
            time.perf_counter() - begin,
        )  # fmt: skip


@contextmanager
def mlflows(model: Path) -> Iterator[tuple[Side, float]]:
    """`mlflow models serve` of a folder, and the seconds until it was ready."""
    address = free_address()
    host, _, port = address.rpartition(":")
    command = [
        sys.executable, "-m", "mlflow", "models", "serve", "-m", str(model), "--env-manager", "local",
        "--host", host, "--port", port,
    ]  # fmt: skip
    begin = time.perf_counter()
    with processes.serving("mlflow models serve", command, address, "/ping"):
        yield (
            Side(
                "mlflow models serve", address, "/invocations", {},
                lambda contact: {"dataframe_records": [contact]}, lambda told: told["predictions"][0],
            ),
            time.perf_counter() - begin,
        )  # fmt: skip


def _draw(workspace: Workspace, count: int) -> list[dict[str, Any]]:
    rows = workspace.lake.query(_CONTACTS).to_pylist()
    if len(rows) < count:
        raise InputError(f"{workspace.root}: expected at least {count:,} contacts, got {len(rows):,}")
    return [
        {
            "language": row["language"],
            "turns": [{"speaker": turn["speaker"], "text": turn["text"]} for turn in row["turns"]],
        }
        for row in random.Random(SEED).sample(rows, count)
    ]


def _same(mine: Sequence[Mapping[str, Any]], theirs: Sequence[Mapping[str, Any]]) -> float:
    """Share of contacts about which both decide the same."""
    decided = [[_decisions(answer) for answer in answers] for answers in (mine, theirs)]
    return float(np.mean([one == other for one, other in zip(*decided, strict=True)]))


def _decisions(answer: Mapping[str, Any]) -> object:
    names = ("language", "sentiment", "churn_intent", "churn_direction")
    return [{reason["reason"] for reason in answer["reasons"]}, *(answer.get(name) for name in names)]


def _add(found: dict[str, list[float]], side: Side, figures: Mapping[str, float]) -> None:
    prefix = "mlflow." if side.route == "/invocations" else ""
    for name, value in figures.items():
        found.setdefault(prefix + name, []).append(value)
