"""`voc theme` on a small workspace: every action is an edit, and what cannot be done is one line."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from click.testing import Result
from typer.testing import CliRunner

from voc.cli import app
from voc.data.contracts import CONTRACTS
from voc.data.demo import taxonomy_toml
from voc.data.people import USER_VARIABLE
from voc.data.text import fold
from voc.data.workspace import Workspace
from voc.errors import ThemeError
from voc.inference.theme_edits import current_edits, history

Theme = Callable[..., Result]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Two themes; three contacts of the first, one of them about the router."""
    made = Workspace.create(tmp_path / "w", "", taxonomy_toml())
    texts = ["Račun je prevelik.", "Рутер не ради.", "Račun opet nije dobar."]
    contacts = [
        {"contact_id": f"c{n}", "search_text": fold(text), "turns": [{"speaker": "customer", "text": text}]}
        for n, text in enumerate(texts)
    ]
    assigned = [{"contact_id": f"c{n}", "theme_id": "T001"} for n in range(len(texts))]
    themes = [{"theme_id": name, "label": name, "status": "active"} for name in ("T001", "T012")]
    for name, rows in (("contacts", contacts), ("theme_assignments", assigned), ("themes", themes)):
        made.lake.append(name, pa.Table.from_pylist(rows, schema=CONTRACTS[name].schema))
    return made


@pytest.fixture
def theme(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Theme:
    monkeypatch.setenv(USER_VARIABLE, "Ana")

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["theme", *arguments, "-w", str(workspace.root)])

    return run


def test_each_action_is_stored_with_who(theme: Theme, workspace: Workspace) -> None:
    for arguments in (
        ("name", "12", "Router drops"),
        ("owner", "T012", "Network"),
        ("fixed", "12", "--on", "2026-03-01", "--release", "4.2"),
        ("split", "1", "--words", "ruter"),
        ("merge", "1", "12"),
    ):
        done = theme(*arguments)
        assert done.exit_code == 0, done.output
    assert "T001 merge T012, by Ana. It takes effect with the next: voc themes" in done.output
    found = current_edits(workspace.lake)
    assert (found.labels, found.owners, found.merged) == (
        {"T012": "Router drops"},
        {"T012": "Network"},
        {"T001": "T012"},
    )
    assert (str(found.fixed["T012"].day), found.fixed["T012"].release) == ("2026-03-01", "4.2")
    assert found.splits[0].contact_ids == ("c1",)
    assert {edit.who for edit in history(workspace.lake)} == {"Ana"}


def test_undo_takes_back_the_last_one_or_a_certain_one(theme: Theme, workspace: Workspace) -> None:
    theme("name", "12", "Router drops")
    theme("hide", "12")
    assert current_edits(workspace.lake).dismissed == {"T012"}
    assert theme("undo", "12").exit_code == 0
    found = current_edits(workspace.lake)
    assert (found.dismissed, found.labels) == (frozenset(), {"T012": "Router drops"})
    assert theme("undo", "12", "--edit", history(workspace.lake)[-1].edit_id).exit_code == 0
    assert current_edits(workspace.lake).dismissed == {"T012"}


def test_history_says_what_holds(theme: Theme, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voc.cli_themes.out.width", 200)
    theme("name", "12", "Router [drops]")
    theme("owner", "12", "Network")
    theme("undo", "12")
    lines = [line for line in theme("history", "12").output.splitlines() if "Ana" in line]
    assert ["holds" in line for line in lines] == [True, False, False]
    assert "Router [drops]" in lines[0] and "undone" in lines[1] and "undo" in lines[2]


def test_what_cannot_be_done_is_an_error_of_one_line(theme: Theme, workspace: Workspace) -> None:
    for arguments, said in (
        (("name", "99", "x"), "theme T099: expected one of the 2 themes"),
        (("fixed", "12"), "expected a day or a release, got neither"),
        (("split", "1", "--words", "struja"), "say, got none of them"),
        (("undo", "12"), "expected an edit that holds, got none to undo"),
    ):
        done = theme(*arguments)
        assert isinstance(done.exception, ThemeError)
        assert said in str(done.exception) and "\n" not in str(done.exception)
    assert history(workspace.lake) == ()
