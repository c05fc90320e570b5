"""Who is signed in with a password, and how often somebody tried to: in the memory of the app's process. No Streamlit.

When the app is started anew everybody signs in anew.
"""

import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from threading import Lock

from voc.data.accounts import Account, People, folded

COOKIE = "voc_session"
LOGIN = "/login"
"""Path of the form."""
HEADER = "x-voc-session"
"""By which the gate hands the cookie's token to the script; `.streamlit/config.toml` maps it to `st.user`."""
FREE_ATTEMPTS = 5
LONGEST_WAIT = 300.0
"""Seconds between two attempts for one name, at most."""
_BUCKETS = 4096  # names that nobody has share so many counters: nobody can fill the memory with invented names


@dataclass(frozen=True)
class Session:
    """Somebody signed in."""

    name: str
    stamp: str
    """Changes with the person's password, and so ends the session."""
    until: float
    """Seconds since the epoch."""


class Sessions:
    """Sessions by their tokens, of which only digests are kept. For several threads at once."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._lock = Lock()
        self._sessions: dict[str, Session] = {}

    def begin(self, name: str, account: Account, seconds: float) -> str:
        """Let somebody in for so long. Gives the token: 256 random bits."""
        token = secrets.token_urlsafe(32)
        with self._lock:
            now = self._now()
            self._sessions = {key: each for key, each in self._sessions.items() if each.until > now}
            self._sessions[_digest(token)] = Session(name, _stamp(account), now + seconds)
        return token

    def find(self, token: str) -> Session | None:
        """The session of this token; None where there is none, or it is over."""
        with self._lock:
            found = self._sessions.get(_digest(token))
        return found if found and found.until > self._now() else None

    def person(self, token: str, people: People) -> tuple[str, Account] | None:
        """Who came in with this token; None where that is over, they are gone, or have another password by now."""
        session = self.find(token)
        found = people.named(session.name) if session else None
        return found if session and found and session.stamp == _stamp(found[1]) else None

    def end(self, token: str) -> None:
        """The token opens nothing any more."""
        with self._lock:
            self._sessions.pop(_digest(token), None)


class Attempts:
    """Failed attempts by name: after the first few each costs twice the wait of the one before.

    A name that nobody has is counted like any other, so the wait does not tell who exists.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = Lock()
        self._failed: dict[str, tuple[int, float]] = {}

    def wait(self, name: str, *, known: bool) -> float:
        """Seconds until the next attempt for this name is looked at; 0: it may come now."""
        with self._lock:
            failed, last = self._failed.get(_bucket(name, known), (0, 0.0))
        return max(0.0, last + _pause(failed) - self._now()) if failed else 0.0

    def failed(self, name: str, *, known: bool) -> None:
        """Another attempt failed."""
        key = _bucket(name, known)
        with self._lock:
            self._failed[key] = (self._failed.get(key, (0, 0.0))[0] + 1, self._now())

    def succeeded(self, name: str) -> None:
        """The person is in: attempts count from nought again."""
        with self._lock:
            self._failed.pop(_bucket(name, known=True), None)


@cache
def sessions() -> Sessions:
    """Those of this process."""
    return Sessions()


@cache
def attempts() -> Attempts:
    """Those of this process."""
    return Attempts()


def _stamp(account: Account) -> str:
    """What a session is bound to: another password, another stamp."""
    return _digest(account.password or "")


def _pause(failed: int) -> float:
    over = failed - FREE_ATTEMPTS
    return min(LONGEST_WAIT, 2.0 ** min(over, 30)) if over >= 0 else 0.0


def _bucket(name: str, known: bool) -> str:
    key = folded(name)  # as people are found, or another spelling of a name would be a new name to count
    return key if known else f"\0{int(_digest(key)[:8], 16) % _BUCKETS}"


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
