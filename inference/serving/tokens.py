"""Who may ask: tokens, of which only hashes are kept.

A token has 256 bits of chance in it, so one round of SHA-256 is enough: there is nothing to guess, as there is with
passwords.
"""

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from voc.errors import InputError

TOKENS_FILE = "serve-tokens.txt"
VARIABLE = "VOC_SERVE_TOKENS"
_LINE = re.compile(r"(?P<name>[A-Za-z0-9._-]{1,40})\s+(?P<digest>[0-9a-f]{64})")


@dataclass(frozen=True)
class Tokens:
    """Hashes by name. The name says whose token it is: it stands in the log, the token never does."""

    digests: Mapping[str, bytes]

    def holder(self, authorization: str) -> str | None:
        """Whose token a header `Authorization: Bearer …` has; None where it is nobody's. All are compared, each in
        constant time, so that how long it takes tells nothing."""
        scheme, _, token = authorization.partition(" ")
        digest = hashlib.sha256(token.strip().encode()).digest()
        found = None
        for name, known in self.digests.items():
            if hmac.compare_digest(known, digest):
                found = name
        return found if scheme.lower() == "bearer" else None

    def __bool__(self) -> bool:
        return bool(self.digests)


def load_tokens(file: Path, environment: Mapping[str, str] = os.environ) -> Tokens:
    """Tokens of a file and of the variable VOC_SERVE_TOKENS: lines (in the variable also commas between them) of a name
    and a SHA-256 in hexadecimal. Raises InputError that names the line, and nothing that stands in it."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    own = _parsed(lines, str(file))
    return Tokens(own | _parsed(re.split("[,\n]", environment.get(VARIABLE, "")), VARIABLE))


def new_token(name: str, file: Path | None = None) -> tuple[str, str]:
    """A new token and the line that lets it in, which is added to `file` where one is given.

    Raises InputError for a name that is taken, or that is none.
    """
    token = secrets.token_urlsafe(32)
    line = f"{name} {hashlib.sha256(token.encode()).hexdigest()}"
    if not _LINE.fullmatch(line):
        raise InputError("token: expected a name of 1 to 40 letters, digits, dots, hyphens, got another one")
    if file is not None:
        if name in load_tokens(file, {}).digests:
            raise InputError(f"{file}: expected a new name, got {name!r}, which has a token; take its line out first")
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8") as kept:
            kept.write(line + "\n")
    return token, line


def check_address(host: str, tokens: Tokens) -> None:
    """Raise InputError where others than this machine can reach `host` and nobody has to say who he is."""
    if not tokens and not _is_loopback(host):
        raise InputError(
            f"--host {host}: expected tokens for an address that others can reach, got none; "
            "make one with: voc serve-token NAME -w WORKSPACE"
        )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _parsed(lines: Iterable[str], where: str) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        parts = _LINE.fullmatch(line.strip())
        if parts is None:
            raise InputError(f"{where}:{number}: expected a name and a SHA-256 in hexadecimal, got something else")
        if parts["name"] in found:
            raise InputError(f"{where}:{number}: expected each name once, got {parts['name']!r} again")
        found[parts["name"]] = bytes.fromhex(parts["digest"])
    return found
