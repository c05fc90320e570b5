"""The marts' file: made once for each state of the lake, whole or not at all, and the same whoever makes it."""

import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import astuple
from pathlib import Path
from typing import Any

import duckdb
import pytest

from voc.app import freshness
from voc.app.freshness import Shown
from voc.data.workspace import Workspace
from voc.inference import marts_store
from voc.inference.marts import Criteria, Marts, Selection
from voc.inference.marts_map import Region
from voc.inference.marts_store import Wanted, made, prepare


@pytest.fixture
def workspace(make: Any, tmp_path: Path) -> Workspace:
    workspace: Workspace = make.workspace(tmp_path / "w")
    make.fill(workspace.lake, contacts=60, days=10)
    return workspace


def loaded(workspace: Workspace, folder: Path | None) -> Marts:
    return Marts.load(workspace.lake, workspace.current_model, folder=folder)


def files(workspace: Workspace) -> list[str]:
    return sorted(path.name for path in workspace.marts.iterdir() if not path.name.startswith(".marts"))


def commit(workspace: Workspace, make: Any) -> None:
    workspace.lake.append("labels", make.table("labels", []))


@pytest.fixture
def both(workspace: Workspace) -> Iterator[tuple[Marts, Marts]]:
    pair = loaded(workspace, workspace.marts), loaded(workspace, None)
    yield pair
    for marts in pair:
        marts.close()


def test_answers_are_the_same_from_a_kept_and_from_a_passing_file(both: tuple[Marts, Marts]) -> None:
    def answers(marts: Marts) -> list[object]:
        span = marts.span()
        assert span is not None
        chosen = Selection(span.first, span.last)
        found = marts.contacts(chosen, Criteria(words="RAČUN"), 10)
        assert found.total and found.contacts[0].turns
        frames = [marts.reasons(chosen), marts.daily(chosen), marts.reason_slices(chosen, "segment"), marts.weeks()]
        return [
            span, marts.options(), marts.totals(chosen), found, marts.themes(chosen),
            marts.marked(chosen, Region.rectangle(-1, 1, -1, 1)).customers,
            marts.call_list(chosen, "stated", 5, 60), *(frame.to_dict() for frame in frames),
        ]  # fmt: skip

    kept, passing = map(answers, both)
    assert kept == passing


def test_a_file_is_made_once_for_each_state(workspace: Workspace, make: Any) -> None:
    assert prepare(workspace) == (1, 1)
    (first,) = files(workspace)
    stamp = (workspace.marts / first).stat().st_mtime_ns
    loaded(workspace, workspace.marts).close()
    assert prepare(workspace) == (1, 0) and (workspace.marts / first).stat().st_mtime_ns == stamp
    for _ in range(3):
        commit(workspace, make)
        assert prepare(workspace) == (1, 1)
    newest = Wanted(workspace.current_model).name(workspace.lake)
    kept = files(workspace)
    assert len(kept) == 2 and newest in kept and first not in kept  # that one, and the one that was shown before


def test_each_model_and_area_has_a_file_of_its_own(workspace: Workspace) -> None:
    wanted = [Wanted("a"), Wanted("b"), Wanted("a", "head"), Wanted("a", None, ("Mobile",)), Wanted("a", None, ())]
    assert len({each.name(workspace.lake) for each in wanted}) == len(wanted)
    assert len({each.name(workspace.lake).partition("-")[0] for each in wanted}) == 1


def test_a_lake_that_was_made_anew_is_not_the_old_one(make: Any, tmp_path: Path) -> None:
    names = []
    for place in ("one", "other"):
        lake = make.workspace(tmp_path / place).lake
        make.fill(lake, contacts=60, days=10)
        names.append((Wanted(make.model).name(lake), lake.versions(*marts_store.TABLES)))
    assert names[0][1] == names[1][1] and names[0][0] != names[1][0]


def test_what_fails_leaves_no_file(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marts_store, "SCRIPTS", (*marts_store.SCRIPTS, "SELECT * FROM nowhere"))
    for folder in (workspace.marts, None):
        with pytest.raises(duckdb.CatalogException):
            loaded(workspace, folder)
    assert files(workspace) == []


def test_what_a_killed_run_left_is_cleared_away(workspace: Workspace) -> None:
    workspace.marts.mkdir()
    (workspace.marts / ".0-0.duckdb.123").write_text("half")
    (workspace.marts / ".0-0.duckdb.123.spilled").mkdir()
    for name in (".spilled-old", ".spilled-new"):
        (workspace.marts / name).mkdir()
    os.utime(workspace.marts / ".spilled-old", (0, 0))
    prepare(workspace)
    newest = Wanted(workspace.current_model).name(workspace.lake)
    assert files(workspace) == [".spilled-new", newest]  # that one may be somebody's who reads


def test_what_does_not_fit_into_memory_goes_beside_the_file_and_away_with_it(workspace: Workspace) -> None:
    prepare(workspace)
    path = workspace.marts / files(workspace)[0]
    with closing(marts_store.opened(path)) as connection, closing(marts_store.opened(path)) as other:
        places = [each.execute("SELECT current_setting('temp_directory')").fetchall() for each in (connection, other)]
        assert places[0] != places[1]
        assert connection.execute("SELECT current_setting('memory_limit')").fetchall() == [("732.4 MiB",)]
        connection.execute("SET memory_limit = '20MB'")
        connection.execute("CREATE TABLE large AS SELECT range AS n, hash(range) AS h FROM range(4_000_000)")
        assert len(files(workspace)) == 2
    assert files(workspace) == [path.name]


def test_where_nothing_may_be_written_what_does_not_fit_goes_to_the_system_s_place(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(workspace)
    path = workspace.marts / files(workspace)[0]
    may, want = os.access, workspace.marts
    monkeypatch.setattr(os, "access", lambda place, mode: Path(place) != want and may(place, mode))
    with closing(marts_store.opened(path)) as connection:
        (row,) = connection.execute("SELECT current_setting('temp_directory')").fetchall()
    assert Path(row[0]).parent == Path(tempfile.gettempdir())


def test_several_at_once_make_one_file(workspace: Workspace) -> None:
    wanted, found = Wanted(workspace.current_model), []
    threads = [
        threading.Thread(target=lambda: found.append(made(workspace.lake, wanted, workspace.marts))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1 and len(found) == 4 and len(files(workspace)) == 1


def test_a_passing_file_goes_when_the_marts_are_closed(workspace: Workspace) -> None:
    marts = loaded(workspace, None)
    place = marts._passing
    assert place is not None and place.is_dir()
    marts.close()
    assert not place.exists() and not workspace.marts.exists()


def test_no_other_product_is_in_the_file_of_an_area(workspace: Workspace) -> None:
    path = made(workspace.lake, Wanted(workspace.current_model, None, ("Mobile",)), workspace.marts)
    with duckdb.connect(str(path), read_only=True) as connection:
        assert connection.execute("SELECT DISTINCT product FROM contact").fetchall() == [("Mobile",)]
        for table in ("contact_reason", "contact_words", "judged_contact"):
            lost = connection.execute(f"SELECT count(*) FROM {table} ANTI JOIN contact USING (number)").fetchall()
            assert lost == [(0,)], table
    assert astuple(Wanted("a", None, ("x",))) == ("a", None, ("x",))


def test_a_large_lake_is_shown_as_it_was_until_the_new_marts_are_there(workspace: Workspace, make: Any) -> None:
    shown: Shown[str] = Shown(workspace.root)
    assert shown.choose("old", prepared=False, contacts=0) == "old"
    prepare(workspace)
    commit(workspace, make)
    assert shown.choose("new", prepared=False, contacts=freshness.LARGE) == "old"
    making = shown._making
    assert making is not None
    assert shown.choose("new", prepared=False, contacts=freshness.LARGE) == "old" and shown._making in (making, None)
    assert making.wait() == 0
    assert (workspace.marts / Wanted(workspace.current_model).name(workspace.lake)).is_file()
    assert shown.choose("new", prepared=True, contacts=freshness.LARGE) == "new"


def test_where_the_new_marts_cannot_be_made_whoever_asks_is_told(workspace: Workspace) -> None:
    shown: Shown[str] = Shown(workspace.root / "nowhere")
    shown.choose("old", prepared=False, contacts=0)
    assert shown.choose("new", prepared=False, contacts=freshness.LARGE) == "old"
    assert shown._making is not None
    shown._making.wait()
    assert shown.choose("new", prepared=False, contacts=freshness.LARGE) == "new"


def test_a_small_lake_is_never_shown_as_it_was(workspace: Workspace) -> None:
    shown: Shown[str] = Shown(workspace.root)
    shown.choose("old", prepared=False, contacts=0)
    assert shown.choose("new", prepared=False, contacts=freshness.LARGE - 1) == "new" and shown._making is None
