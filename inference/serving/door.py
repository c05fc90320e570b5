"""What every request passes first: who asks, how often, how much. What is kept of it afterwards is figures."""

import asyncio
import logging
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from voc.config import ServingSettings
from voc.inference.serving.metrics import Metrics
from voc.inference.serving.rate import Buckets
from voc.inference.serving.tokens import Tokens

SCORE, METRICS, LIVE, READY, DESCRIPTION = "/v1/score", "/metrics", "/health/live", "/health/ready", "/openapi.json"
ROUTES = frozenset({SCORE, METRICS, LIVE, READY, DESCRIPTION})
_OPEN = frozenset({LIVE, READY, DESCRIPTION})
_EVERYBODY = "-"
log = logging.getLogger("voc.serving")


@dataclass(frozen=True)
class _Guest:
    """Whose request it is, and its body."""

    name: str
    body: bytes


class Door:
    """An ASGI app around another one."""

    def __init__(self, app: ASGIApp, settings: ServingSettings, tokens: Tokens, metrics: Metrics) -> None:
        self.app = app
        self._settings = settings
        self._tokens = tokens
        self._metrics = metrics
        self._buckets = Buckets(settings.requests_per_minute)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begin, status, name, size = time.perf_counter(), 0, _EVERYBODY, 0
        route = scope["path"] if scope["path"] in ROUTES else "other"  # anything else is the caller's own words

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            guest = await self._let_in(scope, receive)
            name, size = guest.name, len(guest.body)
            await self.app(scope, _replayed(guest.body, receive), noted)
        except HTTPException as refused:
            await _refusal(refused.status_code, str(refused.detail), refused.headers)(scope, receive, noted)
        except Exception as error:
            # The message of an exception may hold what a customer wrote; where it came from does not.
            place = traceback.extract_tb(error.__traceback__)[-1]
            log.error("%s in %s:%s", type(error).__name__, place.name, place.lineno)
            if status == 0:
                await _refusal(500, "an error of ours; the log says where")(scope, receive, noted)
        finally:
            seconds = time.perf_counter() - begin
            self._metrics.answered(route, status, seconds)
            log.info("%s %s %d bytes=%d ms=%.0f token=%s", scope["method"], route, status, size, seconds * 1000, name)

    async def _let_in(self, scope: Scope, receive: Receive) -> _Guest:
        if scope["path"] in _OPEN:
            return _Guest(_EVERYBODY, b"")
        headers = {key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]}
        name = self._tokens.holder(headers.get("authorization", "")) if self._tokens else _EVERYBODY
        if name is None:
            raise HTTPException(
                401, "expected a header Authorization: Bearer TOKEN with a token that is known",
                {"WWW-Authenticate": "Bearer"},
            )  # fmt: skip
        if scope["path"] == SCORE and (wait := self._buckets.take(name)):
            raise HTTPException(
                429, f"expected at most {self._settings.requests_per_minute:,} requests a minute, got more",
                {"Retry-After": str(int(wait) + 1)},
            )  # fmt: skip
        return _Guest(name, await self._body(headers.get("content-length", ""), receive))

    async def _body(self, told: str, receive: Receive) -> bytes:
        most = self._settings.max_body_bytes
        too_much = HTTPException(413, f"body: expected at most {most:,} bytes, got more")
        if told.isdigit() and int(told) > most:
            raise too_much
        parts, size, more = [], 0, True
        try:
            async with asyncio.timeout(self._settings.body_seconds):
                while more:
                    message = await receive()
                    if message["type"] != "http.request":
                        raise HTTPException(400, "body: expected all of it, got a part")
                    parts.append(message.get("body", b""))
                    size += len(parts[-1])
                    more = message.get("more_body", False)
                    if size > most:
                        raise too_much
        except TimeoutError:
            raise HTTPException(408, f"body: expected within {self._settings.body_seconds:g} s, got a part") from None
        return b"".join(parts)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """What the app receives instead: the body at once, then whatever else comes."""
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _refusal(status: int, error: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    # What is left of a body that nobody reads ends with the connection.
    return JSONResponse({"error": error}, status, {**(headers or {}), "Connection": "close"})
