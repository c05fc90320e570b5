"""`voc serve`: the current model's export behind a small web service, in this process, until it is told to end."""

import asyncio
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from voc.data.workspace import Workspace
from voc.errors import InputError, MissingExtraError, WorkspaceError
from voc.inference.engine.workers import cores
from voc.inference.serving.scorer import Asked, Scorer
from voc.inference.serving.tokens import TOKENS_FILE, check_address, load_tokens
from voc.models.compatibility import taxonomy_gap

_WARM = ("Internet ne radi.", "Рачун је превисок.", "I am leaving.")


def serve(
    workspace: Workspace, host: str, port: int, told: Callable[[str, str], None] = lambda address, version: None
) -> None:
    """Serve the current model at `host` and `port` (0: any that is free) until SIGTERM or SIGINT; `told` gets the
    address and the model's version once connections are taken.

    Requests that are under way then are answered before it returns. Raises WorkspaceError without a model,
    ModelFolderError without an export, InputError where the address cannot be had or may not be without tokens.
    """
    tokens = load_tokens(workspace.root / TOKENS_FILE)
    check_address(host, tokens)
    folder, settings = _model(workspace), workspace.config.serving
    try:
        import uvicorn

        from voc.inference.serving.app import serving_app
        from voc.inference.serving.batching import Batcher
        from voc.inference.serving.metrics import Metrics
    except ModuleNotFoundError as error:
        raise MissingExtraError(f"voc serve ({error.name})", "serve") from None
    with listening_at(host, port) as listening:
        scorer = Scorer(folder)
        # The first call is slow, and starts the language detector.
        scorer.score([Asked.text(text) for text in _WARM])
        metrics = Metrics(scorer)
        with Batcher(scorer.score, settings, len(cores(workspace.config.scoring.workers)), metrics.scored) as batcher:
            server = uvicorn.Server(
                uvicorn.Config(
                    serving_app(scorer, batcher, settings, tokens, metrics), log_config=None, access_log=False,
                    server_header=False, lifespan="off", limit_concurrency=settings.connections,
                    timeout_graceful_shutdown=settings.shutdown_seconds,
                )
            )  # fmt: skip
            name, own = listening.getsockname()[:2]
            told(f"http://{f'[{name}]' if ':' in name else name}:{own}", scorer.facts.version)
            with _ending_quietly():
                asyncio.run(server.serve(sockets=[listening]))


@contextmanager
def _ending_quietly() -> Iterator[None]:
    """Uvicorn sends itself the signal that it ended by once more afterwards: that one does nothing."""
    before = {each: signal.signal(each, lambda number, frame: None) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _model(workspace: Workspace) -> Path:
    version = workspace.required_model()
    gap = taxonomy_gap(workspace.models / version, workspace.taxonomy)
    if gap is not None:
        raise WorkspaceError(f"model {version} was made for other contact reasons: {gap}; train one for these first")
    return workspace.models / version


def listening_at(host: str, port: int) -> socket.socket:
    """A socket that listens there. Raises InputError where the address cannot be had."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.create_server((host, port), family=family, backlog=512)
    except OSError as error:
        raise InputError(f"{host}:{port}: expected an address to listen on, got none ({error.strerror})") from None
    # Connections inherit it. asyncio sets it only for sockets that it opened itself, and without it the second part of
    # an answer waits for the first one's acknowledgement: some 40 ms.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening
