"""Signing in, in a real browser: with a password, and with a provider that is a real one but small."""

import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from voc.app.launch import check_access
from voc.data.workspace import Workspace

pytestmark = pytest.mark.browser
HERE = Path(__file__).parent


def company(make: Any, root: Path, settings: str, password: str | None) -> Workspace:
    workspace: Workspace = make.workspace(root, f'[company]\nname = "Zvono"\n\n[access]\n{settings}\n')
    make.fill(workspace.lake, contacts=120, days=20)
    make.let_in(workspace, {"Ana": ("product", ("Mobile",)), "Iva": ("admin", ())}, password)
    return workspace


def test_with_a_password(make: Any, tools: Any, browser_page: Any, tmp_path: Path) -> None:
    workspace = company(make, tmp_path / "w", 'mode = "password"', make.password)
    others = workspace.lake.query("SELECT contact_id FROM contacts WHERE product = 'Television'").to_pylist()
    page, log = browser_page, tmp_path / "log"
    with tools.served(workspace.root, log=log) as address:
        page.goto(f"{address}/contact?contact={others[0]['contact_id']}")
        assert "/login" in page.url and page.locator("input").count() == 2
        page.fill("#name", "ana")
        page.fill("#password", "not that one, no")
        page.click("button")
        assert page.locator("[role=alert]").inner_text() == "Name or password is wrong."
        page.fill("#password", make.password)
        page.click("button")
        page.wait_for_url("**/contact?contact=*")
        tools.settled(page)
        page.get_by_text("It may have been deleted").wait_for()
        assert page.get_by_text("Hvala").count() == 0
        (cookie,) = [each for each in page.context.cookies() if each["name"] == "voc_session"]
        assert cookie["httpOnly"] and cookie["sameSite"] == "Lax"
        page.reload()
        tools.settled(page)
        page.get_by_role("button", name="Sign out").click()
        page.get_by_text("Your session is over").wait_for()
        page.get_by_role("link", name="Sign in").click()
        page.wait_for_url("**/login?next=*")
    said = log.read_text()
    assert "A sign-in failed." in said
    assert make.password not in said and "not that one" not in said and cookie["value"] not in said


def test_with_a_provider(make: Any, tools: Any, browser_page: Any, tmp_path: Path) -> None:
    workspace = company(make, tmp_path / "w", 'mode = "oidc"', None)
    page, log = browser_page, tmp_path / "log"
    port, provider = tools.free_port(), tools.free_port()
    address = f"http://localhost:{port}"
    secrets = workspace.root / "secrets.toml"
    secrets.touch(0o600)
    secrets.write_text(
        f'[auth]\nredirect_uri = "{address}/oauth2callback"\ncookie_secret = "{"0123456789abcdef" * 4}"\n'
        f'client_id = "client"\nclient_secret = "secret-of-client"\n'
        f'server_metadata_url = "http://localhost:{provider}/.well-known/openid-configuration"\n'
    )
    check_access(workspace)

    def sign_in(email: str, verified: str = "yes", seconds: int = 600) -> None:
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"http://localhost:{provider}/authorize?*")
        page.fill("[name=email]", email)
        page.fill("[name=verified]", verified)
        page.fill("[name=seconds]", str(seconds))
        page.click("button")
        page.wait_for_url(f"{address}/**")

    def anew() -> None:
        page.context.clear_cookies()
        page.goto(address)
        tools.settled(page)

    script = [sys.executable, str(HERE / "oidc_provider.py"), str(provider), f"{address}/oauth2callback"]
    with (
        tools.running(script, f"http://localhost:{provider}/jwks", dict(os.environ), tmp_path / "provider"),
        tools.served(workspace.root, port, log),
    ):
        page.goto(address)
        tools.settled(page)
        assert page.get_by_text("What changed?").count() == 0
        sign_in("ANA@example.com")
        page.get_by_text("You see: Mobile").wait_for()
        page.get_by_text("What changed?").wait_for()

        anew()
        sign_in("nobody@example.com")
        page.get_by_text("nobody has given you access").wait_for()
        anew()
        sign_in("iva@example.com", verified="no")
        page.get_by_text("is not verified").wait_for()
        anew()
        sign_in("iva@example.com", seconds=12)
        page.get_by_text("Administrator").wait_for()
        time.sleep(13)
        page.reload()
        page.get_by_text("Your session is over").wait_for()
        sign_in("iva@example.com")
        page.get_by_text("Administrator").wait_for()
        page.get_by_role("button", name="Sign out").click()
        page.get_by_text("Your company's account lets you in.").wait_for()
    said = log.read_text()
    assert "secret-of-client" not in said and "0123456789abcdef" not in said
