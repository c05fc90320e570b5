"""Which model is current, and which was before: right at every moment, also when a command is killed in between."""

import os
from pathlib import Path

import pytest

from voc.data.demo import taxonomy_toml
from voc.data.workspace import Workspace, write_atomically
from voc.errors import WorkspaceError


@pytest.fixture
def three(tmp_path: Path) -> Workspace:
    """A workspace with three model folders, none of them current."""
    made = Workspace.create(tmp_path / "ws", '[company]\nname = "Test"\n', taxonomy_toml())
    for name in ("a", "b", "c"):
        (made.models / name).mkdir(parents=True)
    return made


def pointers(workspace: Workspace) -> tuple[str | None, str | None]:
    return workspace.current_model, workspace.previous_model


def test_the_model_before_is_remembered(three: Workspace) -> None:
    assert pointers(three) == (None, None)
    three.make_current("a")
    assert pointers(three) == ("a", None)
    three.make_current("b")
    assert pointers(three) == ("b", "a")
    three.make_current("b")
    assert pointers(three) == ("b", "a")
    three.make_current("c")
    assert pointers(three) == ("c", "b")
    three.make_current("b")
    assert pointers(three) == ("b", "c")


@pytest.mark.parametrize("version", ["c", "a"], ids=["promotion", "roll-back"])
def test_killed_between_the_two_files_nothing_has_changed(three: Workspace, version: str) -> None:
    three.make_current("a")
    three.make_current("b")
    before = (three.models / "current").read_text()
    three.make_current(version)
    after = pointers(three)
    (three.models / "current").write_text(before)  # as if the second write had not happened
    assert pointers(three) == ("b", "a")
    three.make_current(version)
    assert pointers(three) == after == (version, "b")


def test_no_such_version_is_one_line(three: Workspace) -> None:
    with pytest.raises(WorkspaceError, match="no model version 'z'"):
        three.make_current("z")


def test_a_file_is_replaced_whole_or_not_at_all_and_a_private_one_is_nobody_elses(tmp_path: Path) -> None:
    path = tmp_path / "people.toml"
    left = path.with_name(f".{path.name}.{os.getpid()}")  # as a killed process of the same number leaves it
    left.write_text("half")
    left.chmod(0o644)
    write_atomically(path, "old", private=True)
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("old", 0o600)
    with pytest.raises(UnicodeEncodeError):
        write_atomically(path, "new \ud800", private=True)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
