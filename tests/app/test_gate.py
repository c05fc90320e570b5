"""The door: what reaches the app without a session, and how the form answers."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from voc.app.gate import Gate
from voc.app.launch import WORKSPACE_VARIABLE
from voc.app.sessions import COOKIE, FREE_ATTEMPTS, HEADER, LONGEST_WAIT, Attempts, Sessions, attempts, sessions
from voc.data import accounts
from voc.data.workspace import Workspace

SECRET = "a good long password"
Ask = Callable[..., "Answer"]


class Answer:
    """What came back, and what the app behind the gate was given."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.inside: list[dict[str, Any]] = []

    @property
    def status(self) -> int:
        return int(self.messages[0]["status"])

    @property
    def text(self) -> str:
        return b"".join(each.get("body", b"") for each in self.messages).decode()

    def header(self, name: str) -> str:
        return next((value.decode() for key, value in self.messages[0]["headers"] if key == name.encode()), "")


@pytest.fixture
def workspace(make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    made: Workspace = make.workspace(
        tmp_path / "w", '[company]\nname = "Zvono & sons"\n\n[access]\nmode = "password"\n'
    )
    accounts.add(made.root, "Ana", accounts.checked_account("analyst", password=accounts.hashed(SECRET)))
    monkeypatch.setenv(WORKSPACE_VARIABLE, str(made.root))
    attempts.cache_clear()
    return made


@pytest.fixture
def ask(workspace: Workspace) -> Ask:
    def ask(
        path: str, query: str = "", method: str = "GET", kind: str = "http", body: bytes = b"", **headers: str
    ) -> Answer:
        answer = Answer()

        async def app(scope: Any, receive: Any, send: Any) -> None:
            answer.inside.append(scope)
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"inside"})

        async def receive() -> dict[str, Any]:
            return {"type": "websocket.connect"} if kind == "websocket" else {"type": "http.request", "body": body}

        async def send(message: Any) -> None:
            answer.messages.append(message)

        sent = [(key.replace("_", "-").encode(), value.encode()) for key, value in headers.items()]
        scope = {
            "type": kind, "path": path, "query_string": query.encode(), "method": method, "headers": sent,
            "scheme": "http", "server": ("localhost", 80), "root_path": "", "http_version": "1.1",
        }  # fmt: skip
        asyncio.run(Gate(app)(scope, receive, send))
        return answer

    return ask


def sign_in(ask: Ask, name: str, password: str, query: str = "", **headers: str) -> Answer:
    return ask("/login", query, "POST", body=urlencode({"name": name, "password": password}).encode(), **headers)


@pytest.mark.parametrize("path", ["/_stcore/host-config", "/media/abc.csv", "/_stcore/upload_file"])
def test_without_a_session_nothing_of_the_app_is_reached(ask: Ask, path: str) -> None:
    answer = ask(path)
    assert answer.status == 401 and not answer.inside


def test_without_a_session_a_web_socket_is_refused_and_a_page_leads_to_the_form(ask: Ask) -> None:
    answer = ask("/_stcore/stream", kind="websocket", **{HEADER.replace("-", "_"): "invented", "cookie": f"{COOKIE}=x"})
    assert answer.messages[0]["type"] == "websocket.close" and not answer.inside
    answer = ask("/contacts", "q=račun&product=A%26B".encode().decode("latin-1"))
    assert answer.status == 303 and answer.header("location").startswith("/login?next=%2Fcontacts%3Fq%3D")
    assert ask("/_stcore/health").inside, "monitoring needs no session"
    assert ask("/static/js/main.js").inside, "a page whose session is over still says so"


def test_the_right_password_gives_a_session_and_leads_on(ask: Ask) -> None:
    form = ask("/login", urlencode({"next": "/contacts?q=a"}))
    assert "Zvono &amp; sons" in form.text and "default-src 'none'" in form.header("content-security-policy")
    answer = sign_in(ask, "ana", SECRET, urlencode({"next": "/contacts?q=a&x=1"}))
    assert answer.status == 303 and answer.header("location") == "/contacts?q=a&x=1"
    cookie = answer.header("set-cookie")
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Max-Age=43200" in cookie
    token = cookie.partition("=")[2].partition(";")[0]
    inside = ask("/_stcore/stream", kind="websocket", cookie=f"{COOKIE}={token}", x_voc_session="invented").inside[0]
    assert [value for name, value in inside["headers"] if name == HEADER.encode()] == [token.encode()]


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "/login", "evil", "/a\r\nx: y"]
)
def test_nobody_is_led_elsewhere_after_signing_in(ask: Ask, target: str) -> None:
    assert sign_in(ask, "ana", SECRET, urlencode({"next": target})).header("location") == "/"


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer_and_no_line_with_either(
    ask: Ask, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        wrong, unknown = sign_in(ask, "Ana", "not the password"), sign_in(ask, "Eve", "not the password")
    assert wrong.status == unknown.status == 401
    assert wrong.text.replace("Ana", "Eve") == unknown.text
    assert not wrong.header("set-cookie")
    said = " ".join(each.getMessage() for each in caplog.records)
    assert "A sign-in failed." in said and "not the password" not in said and "Eve" not in said


def test_somebody_unknown_takes_as_much_work_as_a_wrong_password(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[str] = []
    hasher = accounts._hasher()

    class Counting:
        hash = staticmethod(hasher.hash)

        @staticmethod
        def verify(known: str, password: str) -> bool:
            compared.append(known)
            return bool(hasher.verify(known, password))

    monkeypatch.setattr(accounts, "_hasher", lambda: Counting)
    account = accounts.read_people(workspace.root).accounts["Ana"]
    assert accounts.right(SECRET, account)
    assert not accounts.right("wrong", account) and not accounts.right("wrong", None)
    parameters = {known.rsplit("$", 2)[0] for known in compared}
    assert len(compared) == 3 and len(parameters) == 1, "the same algorithm with the same cost each time"


@pytest.mark.parametrize("name", ["Ana", "Eve"])
def test_after_a_few_failures_attempts_have_to_wait_whoever_it_is(ask: Ask, name: str) -> None:
    assert sign_in(ask, name, "not the password").status == 401
    for _ in range(FREE_ATTEMPTS + 5):
        attempts().failed(name, known=name == "Ana")
    answer = sign_in(ask, name, SECRET)
    assert answer.status == 429 and int(answer.header("retry-after")) >= 1
    assert "Too many attempts" in answer.text


def test_waits_double_up_to_a_limit_and_end_with_success() -> None:
    now = [1000.0]
    counted = Attempts(lambda: now[0])
    waits = []
    for _ in range(20):
        counted.failed("Ana", known=True)
        waits.append(counted.wait(" ana ", known=True))
    assert waits[:7] == [0, 0, 0, 0, 1, 2, 4] and waits[-1] == LONGEST_WAIT
    now[0] += LONGEST_WAIT
    assert counted.wait("Ana", known=True) == 0
    counted.failed("Ana", known=True)
    counted.succeeded("Ana")
    assert counted.wait("Ana", known=True) == 0
    assert counted.wait("Iva", known=True) == 0, "others do not wait"


@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
def test_another_way_to_write_a_name_is_no_way_around_the_wait(known: bool) -> None:
    counted = Attempts(lambda: 1000.0)
    for name in ("Žana", "Z\u030cana", " žANA ", "z\u030cANA", "Žana"):
        counted.failed(name, known=known)
    assert counted.wait("Žana", known=known) == 1


def test_invented_names_do_not_fill_the_memory() -> None:
    counted = Attempts()
    for number in range(6000):
        counted.failed(f"name {number}", known=False)
    assert len(counted._failed) <= 4096


def test_a_session_is_over_on_time() -> None:
    now = [1000.0]
    kept = Sessions(lambda: now[0])
    account = accounts.checked_account("analyst")
    token = kept.begin("Ana", account, 60)
    assert kept.find(token) and kept.find(token[:-1]) is None
    now[0] += 60
    assert kept.find(token) is None
    kept.begin("Iva", account, 60)
    assert len(kept._sessions) == 1, "what is over is not kept"
    assert token not in str(kept._sessions)


def test_a_form_of_another_site_and_one_far_too_long_are_refused(ask: Ask) -> None:
    assert sign_in(ask, "ana", SECRET, origin="https://evil.example", host="localhost:8501").status == 403
    assert sign_in(ask, "ana", SECRET, origin="http://localhost:8501", host="localhost:8501").status == 303
    assert sign_in(ask, "ana", "x" * 10_000).status == 413
    assert ask("/login", method="POST", body=b"&".join([b"a=b"] * 500)).status == 401


def test_a_form_shows_a_name_as_text(ask: Ask) -> None:
    answer = sign_in(ask, '"><script>alert(1)</script>', "wrong password")
    assert "<script>" not in answer.text and "&lt;script&gt;" in answer.text


def test_the_form_speaks_the_language_of_the_link_else_of_the_browser(ask: Ask) -> None:
    assert 'lang="hr"' in ask("/login", accept_language="hr-HR,hr;q=0.9").text
    assert "Лозинка" in ask("/login", urlencode({"next": "/?lang=sr-Cyrl"}), accept_language="hr").text
    assert "Lozinka" in ask("/login", accept_language="sr-Latn-RS").text


def test_settings_that_cannot_be_read_let_nobody_in(
    ask: Ask, workspace: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    token = sessions().begin("Ana", accounts.read_people(workspace.root).accounts["Ana"], 60)
    (workspace.root / accounts.PEOPLE_FILE).write_text("people = 3")
    answer = ask("/contacts", cookie=f"{COOKIE}={token}")
    assert answer.status == 503 and not answer.inside and str(workspace.root) not in answer.text
    assert "people.toml" in caplog.text
    (workspace.root / accounts.PEOPLE_FILE).unlink()
    assert ask("/contacts", cookie=f"{COOKIE}={token}").status == 303


def test_an_open_app_lets_everybody_through_without_a_session_of_their_own_making(
    ask: Ask, workspace: Workspace
) -> None:
    (workspace.root / "voc.toml").write_text('[company]\nname = "Zvono"\n')
    answer = ask("/contacts", x_voc_session="invented")
    assert answer.text == "inside" and answer.header("x-content-type-options") == "nosniff"
    assert not [name for name, _ in answer.inside[0]["headers"] if name == HEADER.encode()]
