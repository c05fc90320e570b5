"""Who asks, and what they may see and do. Every question in `queries` and every action goes through `current`.

What is refused is refused here and in `queries`, not by leaving out a button: a URL, a callback of a page that was
drawn an hour ago, a download and a page that somebody adds tomorrow all end at the same decision.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from voc.app.launch import WORKSPACE_VARIABLE
from voc.app.sessions import COOKIE, sessions
from voc.config import AccessSettings, Config, load_config
from voc.data.accounts import Account, Role, read_people
from voc.data.people import user_name
from voc.data.workspace import SETTINGS_FILE, FileState, file_state
from voc.errors import AccessError, WorkspaceError
from voc.inference.marts_area import Area

P = ParamSpec("P")
T = TypeVar("T")
_CLOCKS_DIFFER = 300.0
"""Seconds that a provider's clock may be ahead of ours."""


class May(StrEnum):
    """What somebody may do beyond seeing figures."""

    READ = "read"
    """See contacts and customers: what people said, and who they are."""
    DECIDE = "decide"
    """Say what a theme is called, whose it is, whether it is one."""
    LABEL = "label"
    """Correct what the model says of a contact."""
    REVIEW = "review"
    """Work through the queue of contacts to label."""
    MODELS = "models"
    """See how good the models are and how the runs went."""
    PEOPLE = "people"
    """Say who may use the app."""


_ALLOWED: dict[Role, frozenset[May]] = {
    Role.PRODUCT: frozenset({May.READ, May.DECIDE, May.LABEL}),
    Role.ANALYST: frozenset({May.READ, May.DECIDE, May.LABEL, May.REVIEW, May.MODELS}),
    Role.ADMIN: frozenset(May),
    Role.LEADERSHIP: frozenset(),
}
_PAGES: dict[str, May] = {
    "contacts": May.READ, "contact": May.READ, "map": May.READ, "churn": May.READ,
    "review": May.REVIEW, "models": May.MODELS, "people": May.PEOPLE,
}  # fmt: skip
"""What a page wants, by its file's name; all others are figures, open to everybody who is in."""


class Why(StrEnum):
    """Why somebody is not let in."""

    NOBODY = "nobody"
    """Nobody has signed in."""
    OVER = "over"
    """The session is over."""
    STRANGER = "stranger"
    """The provider knows them, the people file does not."""
    UNVERIFIED = "unverified"
    """The provider does not vouch for the e-mail address."""


class NotSignedInError(AccessError):
    """Nobody whom we know asks."""

    def __init__(self, why: Why) -> None:
        super().__init__(f"not signed in: {why}")
        self.why = why


@dataclass(frozen=True)
class Person:
    """Somebody who uses the app."""

    name: str
    role: Role
    area: Area = None
    """Products whose contacts they see; None: all."""
    signed_in: bool = True
    """False where the app is open and everybody is the same one."""

    def may(self, what: May) -> bool:
        """Whether they may do this."""
        return what in _ALLOWED[self.role] and (self.signed_in or what != May.PEOPLE)

    def may_open(self, page: Path) -> bool:
        """Whether this page is for them."""
        wanted = _PAGES.get(page.stem)
        return wanted is None or self.may(wanted)


@dataclass(frozen=True)
class Claim:
    """What a browser shows for who it is: the token of a session here, or what a provider vouched for."""

    token: str = ""
    vouched: Mapping[str, Any] | None = None


_acting: ContextVar[Claim | None] = ContextVar("voc_acting", default=None)


def current() -> Person:
    """Who asks. Raises NotSignedInError for nobody whom we know, ConfigError where a file is wrong."""
    place = root()
    settings = settings_of(place).access
    if settings.mode == "open":
        return Person(user_name(), Role.ADMIN, signed_in=False)
    claim = _claim()
    name, account = _with_token(place, claim) if settings.mode == "password" else _vouched_for(place, claim, settings)
    return Person(name, account.role, account.products if account.role == Role.PRODUCT else None)


def require(what: May) -> Person:
    """Who asks, if they may do this. Raises AccessError."""
    person = current()
    if not person.may(what):
        raise AccessError(f"role {person.role} may not: {what}")
    return person


def may(what: May) -> bool:
    """Whether who asks may do this."""
    return current().may(what)


def kept(do: Callable[P, T]) -> Callable[P, T]:
    """The same, for whoever asks now, when it is called later in another thread (a download).

    Who it is, and whether they still may, is looked at again then.
    """
    claim = _claim()

    def later(*args: P.args, **kwargs: P.kwargs) -> T:
        with acting(claim):
            return do(*args, **kwargs)

    return later


@contextmanager
def acting(claim: Claim) -> Iterator[None]:
    """For as long as the context lasts whoever shows this claim asks."""
    token = _acting.set(claim)
    try:
        yield
    finally:
        _acting.reset(token)


def mode() -> str:
    """How people come in: open, password or oidc."""
    return settings_of(root()).access.mode


def sign_out() -> None:
    """End the session of who asks, here and, with a provider, in the browser."""
    if mode() == "password":
        sessions().end(_claim().token)
    else:
        st.logout()


def settings_of(workspace: Path) -> Config:
    """The settings as the workspace's file has them now. Raises ConfigError."""
    path = workspace / SETTINGS_FILE
    return _settings(path, file_state(path))


def root() -> Path:
    """Folder of this app's workspace. Raises WorkspaceError where the process was given none."""
    given = os.environ.get(WORKSPACE_VARIABLE)
    if not given:
        raise WorkspaceError(f"{WORKSPACE_VARIABLE} is not set; start the app with: voc app --workspace FOLDER")
    return Path(given)


@lru_cache(maxsize=4)
def _settings(path: Path, _state: FileState) -> Config:
    return load_config(path)


def _claim() -> Claim:
    """Of the session in whose thread this runs; nobody's where there is none."""
    if (acting := _acting.get()) is not None:
        return acting
    if get_script_run_ctx(suppress_warning=True) is None:
        return Claim()
    shown = st.user.to_dict()
    return Claim(str(shown.get(COOKIE) or ""), shown)


def _with_token(workspace: Path, claim: Claim) -> tuple[str, Account]:
    if not claim.token:
        raise NotSignedInError(Why.NOBODY)
    found = sessions().person(claim.token, read_people(workspace))
    if found is None:
        raise NotSignedInError(Why.OVER)
    return found


def _vouched_for(workspace: Path, claim: Claim, settings: AccessSettings) -> tuple[str, Account]:
    """Streamlit keeps what the provider said for 30 days and looks at no time in it: we do."""
    said = claim.vouched or {}
    if said.get("is_logged_in") is not True:
        raise NotSignedInError(Why.NOBODY)
    now, begun, ends = time.time(), _seconds(said.get("iat")), _seconds(said.get("exp"))
    limit = 3600 * settings.session_hours
    if begun is None or ends is None or now >= ends or now - begun >= limit or begun - now > _CLOCKS_DIFFER:
        raise NotSignedInError(Why.OVER)
    if settings.verified_email and said.get("email_verified") not in (True, "true"):
        raise NotSignedInError(Why.UNVERIFIED)
    found = read_people(workspace).with_email(str(said.get("email") or ""))
    if found is None:
        raise NotSignedInError(Why.STRANGER)
    return found


def _seconds(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
