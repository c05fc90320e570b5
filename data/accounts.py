"""Who may use the app: the people of a workspace, in its file `people.toml`.

The file is written by `voc user` and by the app's page People, one writer at a time, and replaced as a whole; only its
owner may read it. Passwords stand in it as argon2id hashes (RFC 9106), each with a salt of its own.
"""

import json
import secrets
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from pydantic import ConfigDict, Field, ValidationInfo, field_validator, model_validator

from voc.config import Settings, parse, read_toml
from voc.data.locks import alone
from voc.data.workspace import write_atomically
from voc.errors import AccessError, ConfigError

PEOPLE_FILE = "people.toml"
LEAST_PASSWORD, MOST_PASSWORD = 12, 1024
"""Characters of a password."""
LONGEST_NAME = 64
_PATIENCE = 10.0  # seconds that a change waits for another one to be written
_HEADER = "# Written by `voc user` and by the page People of the app. Passwords are hashes (argon2id).\n"


class Role(StrEnum):
    """What somebody is here for."""

    PRODUCT = "product"
    """Sees the contacts of their own products alone."""
    ANALYST = "analyst"
    """Sees all contacts, and how good the models are; labels."""
    ADMIN = "admin"
    """The same, and says who may use the app."""
    LEADERSHIP = "leadership"
    """Sees figures alone: no contact, no customer, nobody's words."""


class Account(Settings):
    """One person, as the file holds them."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
    role: Role
    products: tuple[str, ...] = ()
    """Of role `product`: which ones. Empty for all other roles: they see all."""
    email: str | None = None
    """By which an identity provider knows them; compared without regard to case."""
    password: str | None = Field(None, repr=False)
    """Hash of it."""

    @field_validator("products", "email")
    @classmethod
    def _plain(cls, value: tuple[str, ...] | str | None, info: ValidationInfo) -> tuple[str, ...] | str | None:
        for text in (value,) if isinstance(value, str) else value or ():
            if not all(_shown(text)):
                raise ValueError("expected text on one line")
        if info.field_name == "email" and isinstance(value, str) and value.count("@") != 1:
            raise ValueError(f"expected an e-mail address, got {value!r}")
        return value

    @field_validator("password", mode="before")
    @classmethod
    def _hash(cls, value: object) -> object:
        """A message about it would hold what came, perhaps a password in plain text: `_whole` says it without."""
        return value if value is None or (isinstance(value, str) and value.startswith("$argon2id$")) else ""

    @model_validator(mode="after")
    def _whole(self) -> "Account":
        if self.password == "":
            raise ValueError("password: expected a hash that `voc user password` wrote")
        if (self.role == Role.PRODUCT) != bool(self.products):
            raise ValueError(
                "role product needs at least one product" if not self.products else f"role {self.role} has no products"
            )
        return self


class _File(Settings):
    people: dict[str, Account] = Field(default_factory=dict)


class LastAdminError(AccessError):
    """Nobody would be left who may change the list in the app."""


@dataclass(frozen=True)
class People:
    """Everybody who may use the app, by name."""

    accounts: Mapping[str, Account]

    def named(self, name: str) -> tuple[str, Account] | None:
        """Somebody by name, whatever its case; with the name as the file spells it."""
        wanted = folded(name)
        return next(((known, each) for known, each in self.accounts.items() if folded(known) == wanted), None)

    def known(self, name: str) -> tuple[str, Account]:
        """The same. Raises AccessError where there is nobody of that name."""
        found = self.named(name)
        if found is None:
            raise AccessError(f"nobody is called {name!r}; see: voc user list")
        return found

    def with_email(self, email: str) -> tuple[str, Account] | None:
        """Somebody by e-mail address, whatever its case."""
        wanted = email.strip().casefold()
        found = ((name, each) for name, each in self.accounts.items() if (each.email or "").casefold() == wanted)
        return next(found, None) if wanted else None

    @property
    def admins(self) -> tuple[str, ...]:
        """Names of those who may change the file in the app."""
        return tuple(name for name, each in self.accounts.items() if each.role == Role.ADMIN)


def read_people(root: Path) -> People:
    """The people of the workspace in `root`; nobody where there is no file. Raises ConfigError with one line."""
    path = root / PEOPLE_FILE
    try:
        stat = path.stat()
    except FileNotFoundError:
        return People({})
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    return _read(path, stat.st_mtime_ns, stat.st_ino, stat.st_size)


def add(root: Path, name: str, account: Account) -> str:
    """Add somebody. Gives the name as it is stored. Raises AccessError where there is somebody of that name."""
    named = checked_name(name)

    def change(people: People) -> dict[str, Account]:
        if people.named(named):
            raise AccessError(f"{named!r} is there already; see: voc user list")
        return {**people.accounts, named: account}

    _change(root, change)
    return named


def update(root: Path, name: str, change: Callable[[Account], Account], *, keep_an_admin: bool = False) -> None:
    """Change what is known of somebody. Raises AccessError where there is nobody of that name.

    With `keep_an_admin` the last admin cannot become something else.
    """

    def changed(people: People) -> dict[str, Account]:
        known, account = people.known(name)
        return {**people.accounts, known: change(account)}

    _change(root, changed, keep_an_admin=keep_an_admin)


def remove(root: Path, name: str, *, keep_an_admin: bool = False) -> None:
    """Take somebody out: what they have open ends with it. Raises AccessError where there is nobody of that name.

    With `keep_an_admin` the last admin cannot be taken out.
    """

    def change(people: People) -> dict[str, Account]:
        known, _ = people.known(name)
        return {key: each for key, each in people.accounts.items() if key != known}

    _change(root, change, keep_an_admin=keep_an_admin)


def altered(
    account: Account, role: Role | None = None, products: tuple[str, ...] | None = None, email: str | None = None
) -> Account:
    """The account with what is given changed; an empty e-mail address takes it away. Raises ConfigError."""
    new = role or account.role
    kept = account.products if products is None else products
    return checked_account(
        new,
        kept if new == Role.PRODUCT or products else (),
        account.email if email is None else email,
        account.password,
    )


def checked_account(
    role: Role | str, products: tuple[str, ...] = (), email: str | None = None, password: str | None = None
) -> Account:
    """An account of these values; `password` is a hash. Raises ConfigError that names what is wrong."""
    given = {"role": role, "products": products, "email": (email or "").strip() or None, "password": password}
    return parse(Account, given, "person")


def folded(name: str) -> str:
    """What is the same of a name however it is typed: case, spaces and ways to write a letter do not count."""
    return unicodedata.normalize("NFC", " ".join(name.split())).casefold()


def checked_name(name: str) -> str:
    """A name as it is stored. Raises AccessError for one that cannot be."""
    named = unicodedata.normalize("NFC", " ".join(name.split()))
    if not 1 <= len(named) <= LONGEST_NAME or not all(_shown(named)):
        raise AccessError(f"expected a name of 1 to {LONGEST_NAME} characters on one line, got {name!r}")
    return named


def hashed(password: str, name: str = "") -> str:
    """The hash that is kept of a password. Raises AccessError, without the password, for one that is too weak."""
    if not LEAST_PASSWORD <= len(password) <= MOST_PASSWORD:
        raise AccessError(f"expected a password of {LEAST_PASSWORD} to {MOST_PASSWORD} characters, got {len(password)}")
    if len(set(password)) < 5 or (name and folded(password) == folded(name)):
        raise AccessError("expected a password that is harder to guess")
    return _hasher().hash(password)


def right(password: str, account: Account | None) -> bool:
    """Whether this is the person's password. Takes as long where there is no such person, or one without a password."""
    known, nobodys = account.password if account else None, _nobodys()
    try:
        matched = _hasher().verify(known or nobodys, password[: MOST_PASSWORD + 1])
    except (Argon2Error, InvalidHashError):
        return False
    return matched and known is not None


def _change(root: Path, change: Callable[[People], dict[str, Account]], *, keep_an_admin: bool = False) -> None:
    with alone(root, "people", _PATIENCE):
        before = read_people(root)
        accounts = change(before)
        if keep_an_admin and before.admins and not People(accounts).admins:
            raise LastAdminError(f"{before.admins[0]!r} is the last admin, and stays one")
        seen: dict[str, str] = {}
        for name, account in accounts.items():
            email = (account.email or "").casefold()
            if email and seen.setdefault(email, name) != name:
                raise AccessError(f"{account.email} belongs to {seen[email]!r} already")
        write_atomically(root / PEOPLE_FILE, _toml(accounts), private=True)


@lru_cache(maxsize=4)
def _read(path: Path, _changed: int, _inode: int, _size: int) -> People:
    """Read once for each state of the file: every question of the app asks who may see what."""
    return People(parse(_File, read_toml(path), str(path)).people)


def _toml(accounts: Mapping[str, Account]) -> str:
    blocks = [_HEADER]
    for name, account in accounts.items():
        lines = [f"[people.{_quoted(name)}]", f"role = {_quoted(account.role)}"]
        if account.products:
            lines.append(f"products = [{', '.join(map(_quoted, account.products))}]")
        for key in ("email", "password"):
            if value := getattr(account, key):
                lines.append(f"{key} = {_quoted(value)}")
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks)


def _quoted(text: str) -> str:
    """As a TOML string. JSON writes those the same way; control characters, where they differ, were refused."""
    return json.dumps(text, ensure_ascii=False)


def _shown(text: str) -> list[bool]:
    """Of each character, whether it is one that people see (no control, no direction mark)."""
    return [unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Zl", "Zp") for letter in text]


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()  # RFC 9106, the low-memory recommendation: 64 MiB, 3 passes, 4 lanes


@cache
def _nobodys() -> str:
    """A hash of no password, to compare with where there is nobody."""
    return _hasher().hash(secrets.token_hex())
