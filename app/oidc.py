"""Signing in with an identity provider (OpenID Connect): what Streamlit needs for it, checked before it is used."""

import stat
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import ConfigDict, Field

from voc.config import Settings, load_config, parse, read_toml
from voc.data.workspace import SETTINGS_FILE
from voc.errors import ConfigError, VocError

SECRETS_FILE = "secrets.toml"
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class ProviderSecrets(Settings):
    """Table `[auth]` of `secrets.toml`, by Streamlit's names."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
    redirect_uri: str
    cookie_secret: str = Field(repr=False)
    client_id: str
    client_secret: str = Field(repr=False)
    server_metadata_url: str
    client_kwargs: dict[str, str] = Field(default_factory=dict)


def secrets(root: Path) -> dict[str, Any] | None:
    """What Streamlit gets, where people come in by a provider; else, and where something is wrong, None.

    `voc app` has checked it before (`checked`); here a mistake must not take down the page that says so.
    """
    try:
        if load_config(root / SETTINGS_FILE).access.mode != "oidc":
            return None
        return {"auth": checked(root).model_dump()}
    except VocError:
        return None


def checked(root: Path) -> ProviderSecrets:
    """The provider's settings. Raises ConfigError, without a secret in it, that says what is wrong."""
    path = root / SECRETS_FILE
    given = read_toml(path)
    if set(given) != {"auth"} or not isinstance(given["auth"], dict):
        raise ConfigError(f"{path}: expected one table [auth], got {', '.join(map(repr, given)) or 'nothing'}")
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigError(f"{path}: others may read or write it; run: chmod 600 {path}")
    for name, value in given["auth"].items():
        if name != "client_kwargs" and not isinstance(value, str):
            raise ConfigError(f"{path}: auth.{name}: expected text")
    found = parse(ProviderSecrets, given["auth"], f"{path}: auth")
    if len(found.cookie_secret) < 32:
        raise ConfigError(f"{path}: auth.cookie_secret: expected 32 random characters or more")
    redirect, metadata = urlsplit(found.redirect_uri), urlsplit(found.server_metadata_url)
    if redirect.path.rsplit("/", 1)[-1] != "oauth2callback":
        raise ConfigError(f"{path}: auth.redirect_uri: expected the app's address with /oauth2callback")
    for name, parts in (("redirect_uri", redirect), ("server_metadata_url", metadata)):
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
            raise ConfigError(f"{path}: auth.{name}: expected an https address")
    return found
