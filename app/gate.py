"""The door of the app: with passwords, nothing of it is reachable before somebody has signed in.

An ASGI middleware around Streamlit's server. It shows the form, checks the password and sets the session's cookie
(HttpOnly, SameSite=Lax); to whoever has no session it gives the form instead of a page, and refuses everything else,
the web socket first of all. What the session is worth is decided again for every question (`access`).
"""

import asyncio
import logging
import os
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from voc import i18n
from voc.app import login_page
from voc.app.access import settings_of
from voc.app.launch import WORKSPACE_VARIABLE
from voc.app.reader import LANGUAGE
from voc.app.sessions import COOKIE, HEADER, LOGIN, attempts, sessions
from voc.config import AccessSettings, Config
from voc.data.accounts import Account, People, read_people, right
from voc.errors import VocError

_HEALTH = "/_stcore/health"
_FRONT_END = "/static/"
"""Streamlit's own scripts and fonts, the same everywhere; a page whose session is over still loads more of them."""
_MOST_BYTES = 8_192
_NOT_PAGES = ("/_stcore/", "/media/", "/component/", "/oauth2callback")
_SAFE = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"SAMEORIGIN"),
    (b"referrer-policy", b"same-origin"),
)
_log = logging.getLogger(__name__)


class Gate:
    """Lets through who may come in."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._root = Path(os.environ.get(WORKSPACE_VARIABLE, "."))
        self._checking = asyncio.Semaphore(2)  # each check of a password takes 64 MiB for a moment

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Of a request or a web socket."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        # Nobody but this gate may say whose session it is.
        headers = [(name, value) for name, value in scope["headers"] if name.lower() != HEADER.encode()]
        scope = {**scope, "headers": headers}
        guarded = _with_safe_headers(send)
        try:
            settings = settings_of(self._root)
            people = read_people(self._root) if settings.access.mode == "password" else None
        except VocError as error:
            if scope["type"] == "http" and scope["path"] == _HEALTH:
                await self._app(scope, receive, guarded)
                return
            _log.error("%s", error)
            await _refuse(scope, receive, guarded, 503, "The app's settings cannot be read; its log says why.")
            return
        if people is None:
            await self._app(scope, receive, guarded)
            return
        await self._password(scope, receive, guarded, settings, people)

    async def _password(self, scope: Scope, receive: Receive, send: Send, settings: Config, people: People) -> None:
        path = scope["path"]
        token = _token(scope)
        if sessions().person(token, people):
            if path == LOGIN:
                await RedirectResponse(_next(scope), 303)(scope, receive, send)
                return
            scope["headers"].append((HEADER.encode(), token.encode("latin-1")))
            await self._app(scope, receive, send)
        elif scope["type"] == "http" and path == LOGIN:
            response = await self._login(Request(scope, receive), settings, people)
            await response(scope, receive, send)
        elif scope["type"] == "http" and (path == _HEALTH or path.startswith(_FRONT_END)):
            await self._app(scope, receive, send)
        elif scope["type"] == "http" and scope["method"] in ("GET", "HEAD") and not path.startswith(_NOT_PAGES):
            query = scope["query_string"].decode("latin-1")
            wanted = quote(path + (f"?{query}" if query else ""), safe="")
            await RedirectResponse(f"{LOGIN}?next={wanted}", 303)(scope, receive, send)
        else:
            await _refuse(scope, receive, send, 401, "Sign in first.")

    async def _login(self, request: Request, settings: Config, people: People) -> Response:
        target, company = _next(request.scope), settings.company.name
        with i18n.using(_language(request, target)):
            if request.method != "POST":
                return _page(login_page.form(target, company))
            if not _same_origin(request):
                return PlainTextResponse("Sign in from the app's own page.", 403)
            fields = await _fields(request)
            if fields is None:
                return PlainTextResponse("Too long.", 413)
            name, password = fields.get("name", ""), fields.get("password", "")
            found = people.named(name)
            if wait := attempts().wait(name, known=found is not None):
                said = login_page.wait(wait)
                return _page(login_page.form(target, company, name, said), 429, retry=wait)
            # Counted before it is looked at: of many attempts at once none gets by.
            attempts().failed(name, known=found is not None)
            async with self._checking:
                matched = await asyncio.to_thread(right, password, found[1] if found else None)
            if not matched or found is None:
                _log.warning("A sign-in failed.")
                return _page(login_page.form(target, company, name, login_page.wrong()), 401)
            return _signed_in(*found, target, settings.access)


def _signed_in(name: str, account: Account, target: str, settings: AccessSettings) -> Response:
    attempts().succeeded(name)
    seconds = 3600 * settings.session_hours
    response = RedirectResponse(target, 303)
    response.set_cookie(
        COOKIE, sessions().begin(name, account, seconds), max_age=int(seconds), path="/", httponly=True,
        samesite="lax", secure=settings.secure_cookie,
    )  # fmt: skip
    return response


def _token(scope: Scope) -> str:
    cookies: SimpleCookie = SimpleCookie()
    for name, value in scope["headers"]:
        if name.lower() == b"cookie":
            try:
                cookies.load(value.decode("latin-1"))
            except CookieError:
                continue
    found = cookies.get(COOKIE)
    return found.value if found and found.value.isascii() else ""


def _next(scope: Scope) -> str:
    """Where somebody was going: a page of ours, whatever the address says."""
    asked = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("next", ["/"])[0]
    inside = asked.startswith("/") and not asked.startswith("//")
    plain = all(letter.isprintable() and letter != "\\" for letter in asked)
    return quote(asked, safe="/?&=%:+,;~@!$'()*-._") if inside and plain and not asked.startswith(LOGIN) else "/"


def _language(request: Request, target: str) -> str:
    """The one in the link, as on every page; else the nearest to the browser's."""
    asked = parse_qs(urlsplit(target).query).get(LANGUAGE, [""])[0]
    browser = request.headers.get("accept-language", "").split(",")[0].split(";")[0]
    return asked if asked in i18n.NAMES else i18n.nearest(browser)


def _same_origin(request: Request) -> bool:
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


async def _fields(request: Request) -> dict[str, str] | None:
    """Of the form; None where it is far too long for one."""
    body = b""
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > _MOST_BYTES:
                return None
    except ClientDisconnect:
        return None
    given = parse_qs(body.decode("utf-8", errors="replace"), keep_blank_values=True)
    return {key: values[0] for key, values in given.items()}


def _page(html: str, status: int = 200, retry: float = 0.0) -> Response:
    headers = {"Content-Security-Policy": login_page.POLICY, "Cache-Control": "no-store"}
    if retry:
        headers["Retry-After"] = str(int(retry) + 1)
    return HTMLResponse(html, status, headers)


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, text: str) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008, "reason": ""})
    else:
        await PlainTextResponse(text, status, {"Cache-Control": "no-store"})(scope, receive, send)


def _with_safe_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            there = {name.lower() for name, _ in message["headers"]}
            message["headers"] = [*message["headers"], *(each for each in _SAFE if each[0] not in there)]
        await send(message)

    return sending
