"""A large day in shards: the same table as in one piece, wherever a run is stopped; scoring anew; other versions."""

import json
import shutil
import weakref
from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from tests.inference.scoring_commands import kill_scoring, run_scoring
from voc.config import ScoringSettings
from voc.data.contracts import CUSTOMERS
from voc.data.contracts import SCORES as SCORES_CONTRACT
from voc.data.lake import Lake, Rows
from voc.data.workspace import Workspace
from voc.errors import WorkspaceError
from voc.inference.parts import Part
from voc.inference.pending import Pending, Place, plan, shards
from voc.inference.score import score

TableOf = Callable[[Workspace, str, str], str]
SCORES = ("scores", "model_version, contact_id")
SMALL = "commit_contacts = 60\nread_contacts = 40\nshard_contacts = {shard}"


def in_shards(workspace: Workspace, shard: int) -> Workspace:
    """The workspace with shards of this size, and 40 contacts read together."""
    path = workspace.root / "voc.toml"
    lines = path.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not line.startswith(("commit_contacts", "read_contacts", "shard_contacts"))]
    place = kept.index("[scoring]") + 1
    path.write_text("\n".join([*kept[:place], SMALL.format(shard=shard), *kept[place:]]) + "\n", encoding="utf-8")
    return Workspace.open(workspace.root)


def counted(workspace: Workspace, table: str, where: str = "true") -> int:
    return int(workspace.lake.query(f"SELECT count(*) AS n FROM {table} WHERE {where}")["n"][0].as_py())


def emptied(workspace: Workspace) -> None:
    workspace.lake.replace("scores", workspace.lake.dataset("scores").schema.empty_table())


def add_late(workspace: Workspace, day: date, *names: str) -> None:
    row = workspace.lake.query("SELECT * FROM contacts ORDER BY contact_id LIMIT 1").to_pylist()[0]
    late = [row | {"contact_id": name, "day": day} for name in names]
    schema = workspace.lake.dataset("contacts").schema
    workspace.lake.append("contacts", pa.Table.from_pylist(late, schema=schema))


@pytest.fixture
def one_day(trained: Workspace) -> Workspace:
    """400 contacts on a single large day, 7 on the day before and 13 on the day after."""
    rows = trained.lake.query("SELECT * FROM contacts ORDER BY contact_id LIMIT 420")
    middle = date(2026, 5, 4)
    days = [middle - timedelta(1)] * 7 + [middle + timedelta(1)] * 13 + [middle] * 400
    place = rows.schema.get_field_index("day")
    trained.lake.replace("contacts", rows.set_column(place, "day", pa.array(days, pa.date32())))
    return trained


def test_shards_and_a_whole_day_give_the_same_table(one_day: Workspace, table_of: TableOf) -> None:
    score(in_shards(one_day, 10**6))
    assert one_day.lake.version("scores") == 2  # the days before, the large one, the days after
    whole = table_of(one_day, *SCORES)
    emptied(one_day)
    begun = one_day.lake.version("scores")
    score(in_shards(one_day, 90))  # of 120 contacts: whole parts of 40
    assert one_day.lake.version("scores") - begun == 4 + 2
    assert table_of(one_day, *SCORES) == whole


def test_no_more_than_a_shard_is_read_at_a_time(one_day: Workspace) -> None:
    settings = ScoringSettings(commit_contacts=60, read_contacts=40, shard_contacts=80)
    pending = Pending(str(one_day.current_model))
    ahead = plan(one_day.lake, pending, settings)
    assert [span.large for span in ahead.spans] == [False, True, False]
    found = list(shards(one_day.lake, pending, ahead.spans[1], settings))
    assert [shard.contacts.num_rows for shard in found[:-1]] == [80] * (len(found) - 1)
    assert all(before.cut.upto == shard.cut.after for before, shard in pairwise(found))
    ids = [one for shard in found for one in shard.contacts["contact_id"].to_pylist()]
    assert ids == sorted(ids) and len(ids) == ahead.spans[1].contacts
    assert not list(one_day.lake.root.glob(".score-*"))


class FailingLake(Lake):
    """A lake whose n-th commit of scores does not happen."""

    def __init__(self, root: Path, fail_at: int) -> None:
        super().__init__(root)
        self.left = fail_at

    def append(self, name: str, rows: Rows) -> None:
        self._count(name)
        super().append(name, rows)

    def replace(self, name: str, rows: Rows, where: str | None = None) -> None:
        self._count(name)
        super().replace(name, rows, where)

    def _count(self, name: str) -> None:
        if name == "scores":
            self.left -= 1
            if self.left < 0:
                raise KeyboardInterrupt


class FailingWorkspace(Workspace):
    """A workspace over a failing lake."""

    @property
    def lake(self) -> Lake:
        return FailingLake(self.root / "lake", fail_at=3)


def failing(workspace: Workspace) -> Workspace:
    return FailingWorkspace(workspace.root, workspace.config, workspace.taxonomy)


def test_a_run_stopped_within_a_day_goes_on_at_its_shard(one_day: Workspace, table_of: TableOf) -> None:
    workspace = in_shards(one_day, 80)
    with pytest.raises(KeyboardInterrupt):
        score(failing(workspace))
    assert counted(workspace, "scores") == 7 + 80 + 80  # the day before and two shards of the large one
    version = workspace.lake.version("scores")
    left = score(workspace)
    assert left.contacts == counted(workspace, "contacts") - 167
    assert left.late == 0
    resumed = table_of(workspace, *SCORES)
    assert workspace.lake.version("scores") > version + 2
    emptied(workspace)
    score(workspace)
    assert table_of(workspace, *SCORES) == resumed


def test_killed_in_the_middle_of_a_shard_ends_in_the_same_table(one_day: Workspace, table_of: TableOf) -> None:
    workspace = in_shards(one_day, 40)
    left = kill_scoring(workspace, 2)
    assert 0 < left < counted(workspace, "contacts")  # it was really killed in between
    run_scoring(workspace)
    assert not [path for path in workspace.lake.root.glob(".score-*") if path.is_dir()]
    killed = table_of(workspace, *SCORES)
    emptied(workspace)
    run_scoring(workspace)
    assert table_of(workspace, *SCORES) == killed


def test_late_contacts_of_old_days_are_found_and_nothing_else_is_read(trained: Workspace, table_of: TableOf) -> None:
    score(trained)
    before = json.loads(table_of(trained, *SCORES))
    oldest = trained.lake.query("SELECT min(day) AS day FROM contacts")["day"][0].as_py()
    add_late(trained, oldest, "late-1", "late-2")
    summary = score(trained)
    assert (summary.contacts, summary.late, summary.days) == (2, 2, 1)
    after = json.loads(table_of(trained, *SCORES))
    assert [row for row in after if not row["contact_id"].startswith("late-")] == before


def test_one_contact_in_the_place_of_another_is_found(trained: Workspace) -> None:
    """A day's number of contacts is as before, and yet one of them is new."""
    score(trained)
    rows = trained.lake.query("SELECT * FROM contacts ORDER BY day, contact_id").to_pylist()
    rows[0] |= {"contact_id": "another"}
    trained.lake.replace("contacts", pa.Table.from_pylist(rows, schema=trained.lake.dataset("contacts").schema))
    assert score(trained).contacts == 1


def test_since_scores_those_days_anew_and_leaves_the_others(one_day: Workspace, table_of: TableOf) -> None:
    workspace = in_shards(one_day, 80)
    score(workspace)
    whole, model = table_of(workspace, *SCORES), str(workspace.current_model)
    spoilt = workspace.lake.query("SELECT * FROM scores").to_pylist()
    for row in spoilt:
        row["top_reason"] = "spoilt"
    workspace.lake.replace("scores", pa.Table.from_pylist(spoilt, schema=workspace.lake.dataset("scores").schema))
    summary = score(workspace, since=date(2026, 5, 4))
    assert summary.contacts == counted(workspace, "contacts") - 7
    assert counted(workspace, "scores", "top_reason = 'spoilt'") == 7
    score(workspace, since=date(2026, 5, 1))
    assert table_of(workspace, *SCORES) == whole
    assert {row["model_version"] for row in json.loads(whole)} == {model}


def test_scoring_anew_takes_up_where_it_was_stopped(one_day: Workspace, table_of: TableOf) -> None:
    workspace, since = in_shards(one_day, 80), date(2026, 5, 1)
    score(workspace)
    whole = table_of(workspace, *SCORES)
    with pytest.raises(KeyboardInterrupt):
        score(failing(workspace), since=since)
    assert counted(workspace, "scores") == len(json.loads(whole))  # nobody misses a score meanwhile
    add_late(workspace, date(2026, 5, 4), "zz-late")
    assert score(workspace, since=since).contacts == len(json.loads(whole)) + 1 - 167
    rows = [row for row in json.loads(table_of(workspace, *SCORES)) if row["contact_id"] != "zz-late"]
    assert rows == json.loads(whole)
    assert score(workspace, since=since).contacts == len(rows) + 1  # the next one begins from the start


def test_an_id_with_a_quote_is_only_text(one_day: Workspace) -> None:
    rows = one_day.lake.query("SELECT * FROM contacts ORDER BY contact_id").to_pylist()
    for number, row in enumerate(rows):
        row["contact_id"] = f"o'{number:05d}' OR '1'='1"
    one_day.lake.replace("contacts", pa.Table.from_pylist(rows, schema=one_day.lake.dataset("contacts").schema))
    workspace = in_shards(one_day, 80)
    score(workspace)
    assert score(workspace, since=date(2026, 5, 1)).contacts == len(rows)
    assert counted(workspace, "scores") == len(rows)


def test_another_version_has_its_own_scores_and_people_see_the_current_ones(
    trained: Workspace, table_of: TableOf
) -> None:
    score(trained)
    seen, current = table_of(trained, *SCORES), str(trained.current_model)
    other = "20990101-000000-abcd"
    folder = Path(shutil.copytree(trained.models / current, trained.models / other))
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    (folder / "manifest.json").write_text(json.dumps(manifest | {"version": other}), encoding="utf-8")
    last = trained.lake.query("SELECT max(day) AS day FROM contacts")["day"][0].as_py()
    new = score(trained, model=other, since=last)
    assert 0 < new.contacts == counted(trained, "contacts", f"day = DATE '{last}'")
    assert new.model_version == other and trained.current_model == current
    assert score(trained, model=other).contacts == counted(trained, "contacts") - new.contacts
    rows = json.loads(table_of(trained, *SCORES))
    assert [row for row in rows if row["model_version"] == current] == json.loads(seen)
    mine = [{**row, "model_version": current} for row in rows if row["model_version"] == other]
    assert [row["contact_id"] for row in mine] == [row["contact_id"] for row in json.loads(seen)]


def test_an_unknown_version_is_one_line(trained: Workspace) -> None:
    with pytest.raises(WorkspaceError, match="no model version 'v9'"):
        score(trained, model="v9")


def test_small_days_are_together_and_a_large_one_alone_however_little_of_it_is_left(trained: Workspace) -> None:
    settings = ScoringSettings(commit_contacts=10**6)
    pending = Pending("none")
    together = plan(trained.lake, pending, settings)
    assert len(together.spans) == 1 and together.contacts == counted(trained, "contacts")
    alone = plan(trained.lake, pending, ScoringSettings(commit_contacts=1))
    assert all(span.first == span.last and span.large for span in alone.spans)
    day = together.spans[0].last
    contacts = trained.lake.query("SELECT contact_id, day FROM contacts ORDER BY day, contact_id")
    most = contacts.slice(0, contacts.num_rows - 1)
    read = {field.name: pa.nulls(most.num_rows, field.type) for field in SCORES_CONTRACT.schema}
    read |= {"contact_id": most["contact_id"], "day": most["day"], "model_version": pa.repeat("none", most.num_rows)}
    trained.lake.append("scores", pa.table(read, schema=SCORES_CONTRACT.schema))
    add_late(trained, day + timedelta(1), "small")
    enough = together.contacts - counted(trained, "contacts", f"day < DATE '{day}'") - 1
    left = plan(trained.lake, pending, ScoringSettings(commit_contacts=enough))
    assert [(span.first, span.contacts, span.large) for span in left.spans] == [
        (day, 1, True),
        (day + timedelta(1), 1, False),
    ]
    reached = plan(trained.lake, Pending("none", anew=True), ScoringSettings(commit_contacts=1), Place(day, "k"))
    assert [(span.first, span.after) for span in reached.spans] == [(day, "k"), (day + timedelta(1), None)]


def test_files_have_small_row_groups(tmp_path: Path) -> None:
    """A reader holds at least one of them in memory, and a whole large day may be a single file."""
    lake = Lake(tmp_path)
    rows = pa.table({"customer_id": [str(number) for number in range(20_000)]})
    empty = {field.name: pa.nulls(rows.num_rows, field.type) for field in CUSTOMERS.schema}
    whole = pa.table({**empty, "customer_id": rows["customer_id"]}, schema=CUSTOMERS.schema)
    for write in (lake.append, lake.replace):
        write("customers", whole)
        for file in DeltaTable(str(tmp_path / "customers")).file_uris():
            found = pq.read_metadata(file)
            assert found.row_group(0).num_rows <= 8192 < found.num_rows
            assert found.row_group(0).column(0).compression == "SNAPPY"


def test_what_has_been_read_is_let_go(one_day: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many parts there are, no more are held than are on their way."""
    workspace, made, held = in_shards(one_day, 40), list[weakref.ref[Part]](), list[int]()
    usual = Part.of

    def watched(contacts: pa.Table, speakers: str) -> Part:
        part = usual(contacts, speakers)
        made.append(weakref.ref(part))
        return part

    monkeypatch.setattr(Part, "of", watched)
    score(workspace, lambda done, all_of_them: held.append(sum(part() is not None for part in made)))
    assert len(made) >= 10
    assert max(held) <= 2
