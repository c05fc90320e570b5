"""Screenshots of every page: `python tests/app/screenshots.py WORKSPACE OUT_FOLDER`. Not a test."""

import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from voc.app.launch import command

BROWSER_ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
WIDTHS = (1440, 390)
PATHS = ("", "reasons", "themes", "map", "churn", "journey", "contacts", "review", "models", "report")
PATIENCE = 180
"""Seconds that a busy machine may take for anything."""
PARTING = 60
"""Seconds that a server may take to end."""


def chromium() -> str | None:
    """Where Chromium is, if anywhere."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def free_port() -> int:
    """One that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def running(arguments: list[str], ready: str, environment: dict[str, str], log: Path) -> Iterator[None]:
    """A server for as long as the block runs, which begins when the address `ready` answers."""
    with log.open("wb") as target:
        telling = {**environment, "PYTHONFAULTHANDLER": "1"}
        process = subprocess.Popen(arguments, env=telling, stdout=target, stderr=subprocess.STDOUT)
        try:
            for _ in range(5 * PATIENCE):
                assert process.poll() is None, log.read_text()
                try:
                    with urllib.request.urlopen(ready, timeout=1):
                        break
                except OSError:
                    time.sleep(0.2)
            yield
        finally:
            process.terminate()
            try:
                process.wait(PARTING)
            except subprocess.TimeoutExpired:
                # Seldom, on a busy machine, Streamlit does not end when told to, which is not what these tests are
                # about: it is made to say where each of its threads stands, and nothing is left behind.
                process.send_signal(signal.SIGABRT)
                process.wait(PARTING)
                logging.warning("a server did not end within %s s:\n%s", PARTING, log.read_text()[-8000:])


@contextmanager
def served(workspace: Path, port: int | None = None, log: Path | None = None) -> Iterator[str]:
    """The app, on a free port unless one is given, for as long as the block runs; gives its address."""
    port = port or free_port()
    arguments, environment = command(workspace, port)
    address = f"http://localhost:{port}"
    with (
        tempfile.TemporaryDirectory() as folder,
        running(arguments, f"{address}/_stcore/health", environment, log or Path(folder) / "app.log"),
    ):
        yield address


def settled(page: Page) -> None:
    """Wait until the script has run and its elements stand still."""
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]', timeout=1000 * PATIENCE)
    page.wait_for_selector('[data-testid="stMain"] :is(h1, h2)', timeout=1000 * PATIENCE)
    page.wait_for_timeout(700)


def shoot(browser: Browser, address: str, out: Path, name: str, width: int, dark: bool) -> None:
    """The page at `address` from its top to its end, saved as one picture."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light")
    page = context.new_page()
    page.set_default_timeout(1000 * PATIENCE)
    page.goto(address)
    settled(page)
    height = page.evaluate("document.querySelector('[data-testid=\"stMain\"]').scrollHeight")
    page.set_viewport_size({"width": width, "height": max(600, min(int(height) + 10, 5000))})
    page.wait_for_timeout(900)
    page.screenshot(path=out / f"{name}-{width}-{'dark' if dark else 'light'}.png")
    context.close()


def main(workspace: Path, out: Path, more: list[str]) -> None:
    """Every page (and every path in `more`) at each width in both modes."""
    out.mkdir(parents=True, exist_ok=True)
    with served(workspace) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=BROWSER_ARGUMENTS)
        for path in (*PATHS, *more):
            name = f"{workspace.name}-{''.join(c if c.isalnum() else '_' for c in path) or 'overview'}"
            for width in WIDTHS:
                for dark in (False, True):
                    if os.environ.get("QUICK") and dark != (width == 390):
                        continue
                    shoot(browser, f"{address}/{path}", out, name, width, dark)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
