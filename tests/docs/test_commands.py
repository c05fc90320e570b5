"""Every command that the docs show exists, with the options shown."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from voc.cli import app

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def commands() -> Iterator[tuple[str, str]]:
    for page in PAGES:
        for block in re.findall(r"```sh\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
            for line in block.splitlines():
                if line.strip() and not line.startswith("#"):
                    yield page.name, line.strip()


@pytest.mark.parametrize(("page", "line"), [pytest.param(*item, id=": ".join(item)) for item in commands()])
def test_command_exists(page: str, line: str) -> None:
    words = [word for word in shlex.split(line, comments=True) if not re.fullmatch(r"[A-Z_]+=\S*", word)]
    program, arguments = Path(words[0]).name, words[1:]
    if program == "make":
        rules = (ROOT / "Makefile").read_text(encoding="utf-8")
        assert all(re.search(rf"^{re.escape(word)}:", rules, re.MULTILINE) for word in arguments)
    elif program == "voc":
        group = typer.main.get_command(app)
        command = group.commands[arguments[0]]  # type: ignore[attr-defined]
        while isinstance(command, TyperGroup):
            arguments = arguments[1:]
            command = command.commands[arguments[0]]
        command.make_context(arguments[0], arguments[1:])
    else:
        assert program in {"git", "cd", "mlflow", "pip", "export", "ls"}


def test_there_are_commands_to_test() -> None:
    assert len(list(commands())) > 10


def test_links_between_pages_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
