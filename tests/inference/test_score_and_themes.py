"""Scoring and themes over the lake: once, twice, killed in between."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from deltalake import write_deltalake

from tests.inference.scoring_commands import kill_scoring, run_scoring
from voc.data import contracts
from voc.data.columns import vectors_of
from voc.data.lake import Lake, Rows
from voc.data.text import contact_text
from voc.data.workspace import Workspace
from voc.errors import WorkspaceError
from voc.inference.answers import SURE_TURN, Answers, directions
from voc.inference.score import score
from voc.inference.themes import themes
from voc.labels import TaskName
from voc.models.decisions import Decisions
from voc.models.facts import read_facts
from voc.models.predictions import Passages, Predictions
from voc.models.reading import Segmented
from voc.models.tasks import Floats, Task, default_tasks

TableOf = Callable[[Workspace, str, str], str]
SCORES = ("scores", "model_version, contact_id")


def test_every_contact_once(trained: Workspace) -> None:
    summary = score(trained)
    contacts = trained.lake.query("SELECT count(*) AS n FROM contacts")["n"][0].as_py()
    found = trained.lake.query("SELECT count(*) AS n, count(DISTINCT contact_id) AS ids FROM scores").to_pylist()
    assert found == [{"n": contacts, "ids": contacts}]
    assert summary.contacts == contacts
    assert vectors_of(trained.lake.query("SELECT embedding FROM scores LIMIT 7")["embedding"]).shape == (
        7,
        32,
    )


def test_reasons_are_those_above_the_threshold_in_order(trained: Workspace) -> None:
    score(trained)
    rows = trained.lake.query("SELECT reasons, abstained, top_reason FROM scores").to_pylist()
    for row in rows:
        probabilities = [entry["probability"] for entry in row["reasons"]]
        assert row["abstained"] == (not probabilities)
        assert probabilities == sorted(probabilities, reverse=True)
        assert not probabilities or row["reasons"][0]["reason"] == row["top_reason"]


def test_decisions_say_which_words_they_rest_on(trained: Workspace) -> None:
    score(trained)
    rows = trained.lake.query(
        "SELECT turns, reasons, churn_intent, churn_evidence FROM scores JOIN contacts USING (contact_id)"
    )
    marked = 0
    for row in rows.to_pylist():
        assert (row["churn_evidence"] is not None) == row["churn_intent"]
        for found in [entry["evidence"] for entry in row["reasons"]] + [row["churn_evidence"]]:
            if found is not None:
                turn = row["turns"][found["turn"]]
                assert turn["speaker"] == "customer"
                assert turn["text"][found["begin"] : found["end"]].strip()
                marked += 1
    assert marked > 20


def test_each_turn_of_the_customer_has_a_sentiment(trained: Workspace) -> None:
    score(trained)
    rows = trained.lake.query(
        "SELECT turns, sentiment, sentiment_probability, sentiment_course FROM scores JOIN contacts USING (contact_id)"
    ).to_pylist()
    for row in rows:
        own = [number for number, turn in enumerate(row["turns"]) if turn["speaker"] == "customer"]
        course = row["sentiment_course"]
        assert [said["turn"] for said in course] == own
        if len(own) == 1 and row["sentiment_probability"] >= SURE_TURN:  # the turn is the contact
            assert course[0]["sentiment"] == row["sentiment"]
            assert course[0]["probability"] == pytest.approx(row["sentiment_probability"], abs=1e-5)
    assert max(len(row["sentiment_course"]) for row in rows) > 3


def test_a_turn_has_a_mood_only_where_that_is_sure(trained: Workspace) -> None:
    assert trained.current_model is not None
    facts = read_facts(trained.models / trained.current_model)
    turns = [[{"speaker": who, "text": who} for who in ("customer", "agent", "customer", "customer")]]
    one = {task.name: np.full((1, len(task.labels)), 0.1, np.float32) for task in facts.tasks}
    moods = np.array([[[0.74, 0.06, 0.2], [0.1, 0.1, 0.8], [np.nan] * 3]], np.float32)  # the last one was not read
    spoken = {task.name: np.zeros((1, len(task.labels)), np.int64) for task in facts.tasks}
    found = Predictions(one, np.zeros((1, 2), np.float32), one, spoken, {"sentiment": moods})
    columns = Answers(facts, turns, ["customer\ncustomer\ncustomer"], found).columns()
    (course,) = columns["sentiment_course"]
    assert [(said["turn"], said["sentiment"]) for said in course] == [(0, "neutral"), (2, "positive")]
    assert [said["probability"] for said in course] == pytest.approx([0.06, 0.8])


def test_several_reasons_are_mentions_of_their_own(trained: Workspace) -> None:
    assert trained.current_model is not None
    facts = read_facts(trained.models / trained.current_model)
    reason = next(task for task in facts.tasks if task.name == TaskName.REASON)
    turns = [
        [
            {"speaker": "customer", "text": "It is  late. And my bill is far too high."},
            {"speaker": "customer", "text": "Bye now, all."},
        ],
        [{"speaker": "customer", "text": "It is  late. And my bill is far too high."}],
        [{"speaker": "customer", "text": "Bye now, all."}],
    ]
    texts = [contact_text(spoken) for spoken in turns]
    read = Segmented.of(texts)
    sure = np.zeros((3, len(reason.labels)), np.float32)
    sure[0, [0, 1, 2]] = [0.97, 0.98, 0.99]  # the second and the third stand in the same passage
    sure[1, [0, 1]] = 0.99  # both in one
    sure[2, 0] = 0.99  # one alone
    spoken = np.zeros(sure.shape, np.int64)
    spoken[0, [0, 1, 2]] = [0, 2, 2]
    vectors = np.eye(len(read.unique), 8, dtype=np.float32)
    every = {task.name: np.full((3, len(task.labels)), 0.1, np.float32) for task in facts.tasks}
    chosen = {task.name: np.zeros((3, len(task.labels)), np.int64) for task in facts.tasks}
    found = Predictions(every | {reason.name: sure}, vectors[:3], {}, chosen | {reason.name: spoken}, {},
                        Passages(read.rows, vectors))  # fmt: skip
    answers = Answers(facts, turns, texts, found)
    column = answers.mentions()
    assert column.type == contracts.SCORES.schema.field("mentions").type
    first, second, third = column.to_pylist()
    assert (second, third) == (None, None)
    assert [(each["turn"], each["begin"], each["end"]) for each in first] == [(1, 0, 13), (0, 0, 12)]
    assert [np.argmax(each["embedding"]) for each in first] == [read.unique.index("Bye now, all."), 0]
    agents = [[turn | {"speaker": "agent"} for turn in spoken] for spoken in turns]
    assert Answers(replace(facts, speakers="everyone"), agents, texts, found).mentions().null_count == 3


def test_a_contact_in_which_the_customer_says_nothing_mentions_nothing(trained: Workspace) -> None:
    assert trained.current_model is not None
    facts = read_facts(trained.models / trained.current_model)
    silent = [[{"speaker": "agent", "text": "Is anybody there?"}]]
    read = Segmented.of([""])
    every = {task.name: np.full((1, len(task.labels)), 0.99, np.float32) for task in facts.tasks}  # and every reason
    chosen = {task.name: np.zeros((1, len(task.labels)), np.int64) for task in facts.tasks}
    vectors = np.ones((1, 8), np.float32)
    answers = Answers(facts, silent, [""], Predictions(every, vectors, {}, chosen, {}, Passages(read.rows, vectors)))
    assert answers.mentions().to_pylist() == [None]


def test_mentions_are_scored_on_real_contacts(trained: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    by_threshold = Decisions.decide

    def decide(self: Decisions, task: Task, probabilities: Floats) -> np.ndarray:
        if task.name != TaskName.REASON:
            return by_threshold(self, task, probabilities)
        return probabilities >= np.sort(probabilities, axis=1)[:, -3:-2]  # so small a model is sure of hardly any

    monkeypatch.setattr(Decisions, "decide", decide)
    score(trained, engine="torch")
    rows = trained.lake.query(
        "SELECT turns, reasons, mentions, embedding FROM scores JOIN contacts USING (contact_id)"
    ).to_pylist()
    several = [row for row in rows if row["mentions"]]
    assert several
    for row in rows:
        places = list({tuple(each["evidence"].values()): None for each in row["reasons"] if each["evidence"]})
        found = [(each["turn"], each["begin"], each["end"]) for each in row["mentions"] or ()]
        assert found == (places if len(places) > 1 else [])
    vectors = np.array([each["embedding"] for row in several for each in row["mentions"]])
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0, abs=1e-5)
    assert vectors.shape[1] == len(rows[0]["embedding"])


def test_a_table_of_an_older_version_gets_the_column(trained: Workspace) -> None:
    score(trained)
    rows = trained.lake.dataset("scores").to_table()
    last = max(rows["day"].to_pylist())
    shutil.rmtree(trained.lake.root / "scores")
    older = rows.filter(pc.less(rows["day"], last)).drop_columns(["sentiment_course"])
    write_deltalake(trained.lake.root / "scores", older, partition_by=["day"])
    assert score(trained).contacts == rows.num_rows - older.num_rows
    known = "SELECT count(*) AS n FROM scores WHERE sentiment_course IS NOT NULL"
    assert trained.lake.query(known).to_pylist() == [{"n": rows.num_rows - older.num_rows}]
    score(trained, since=min(rows["day"].to_pylist()))
    assert trained.lake.query(known).to_pylist() == [{"n": rows.num_rows}]


def test_directions_never_contradict_the_intent() -> None:
    task = default_tasks(("bill",))[3]
    sure = np.eye(6, dtype=np.float32)[[0, 0, 4]]
    assert task.labels[0] == "leaving"
    assert directions(task, sure, np.array([True, False, True])) == ["leaving", "none", "leaving"]


def test_only_a_sure_direction_counts() -> None:
    task = default_tasks(("bill",))[3]
    rows = np.full((2, 6), 0.01, dtype=np.float32)
    rows[:, task.labels.index("staying")] = 0.95, 0.6
    assert directions(task, rows, np.array([False, False])) == ["staying", "none"]


def test_second_run_changes_nothing(trained: Workspace, table_of: TableOf) -> None:
    score(trained)
    before, version = table_of(trained, *SCORES), trained.lake.version("scores")
    assert score(trained).contacts == 0
    assert trained.lake.version("scores") == version
    assert table_of(trained, *SCORES) == before


class FailingLake(Lake):
    """A lake whose n-th commit of scores does not happen."""

    def __init__(self, root: Path, fail_at: int) -> None:
        super().__init__(root)
        self.left = fail_at

    def append(self, name: str, rows: Rows) -> None:
        if name == "scores":
            self.left -= 1
            if self.left < 0:
                raise KeyboardInterrupt
        super().append(name, rows)


class FailingWorkspace(Workspace):
    """A workspace over a failing lake."""

    @property
    def lake(self) -> Lake:
        return FailingLake(self.root / "lake", fail_at=5)


def test_interrupted_run_ends_in_the_same_table(trained: Workspace, table_of: TableOf) -> None:
    with pytest.raises(KeyboardInterrupt):
        score(FailingWorkspace(trained.root, trained.config, trained.taxonomy))
    assert trained.lake.version("scores") == 4  # five commits, counted from 0
    score(trained)
    resumed = table_of(trained, *SCORES)
    trained.lake.replace("scores", trained.lake.dataset("scores").schema.empty_table())
    score(trained)
    assert table_of(trained, *SCORES) == resumed


def test_killed_process_ends_in_the_same_table(trained: Workspace, table_of: TableOf) -> None:
    left = kill_scoring(trained, 3)
    total = trained.lake.query("SELECT count(*) AS n FROM contacts")["n"][0].as_py()
    assert 0 < left < total  # it was really killed in between
    run_scoring(trained)
    killed = table_of(trained, *SCORES)
    trained.lake.replace("scores", trained.lake.dataset("scores").schema.empty_table())
    run_scoring(trained)
    assert table_of(trained, *SCORES) == killed


def test_no_model_is_one_line(workspace: Workspace) -> None:
    with pytest.raises(WorkspaceError, match="no model yet; train one with: voc train"):
        score(workspace)


def test_a_taxonomy_changed_under_the_model_is_one_line(trained: Workspace) -> None:
    path = trained.root / "taxonomy.toml"
    text = path.read_text(encoding="utf-8")
    gone = trained.taxonomy.reason_ids[0]
    path.write_text(text.replace(f"[reasons.{gone}]", "[reasons.brand_new]"), encoding="utf-8")
    message = f"does not know brand_new; taxonomy.toml no longer has {gone}; train one for these with: voc train"
    with pytest.raises(WorkspaceError, match=message):
        score(Workspace.open(trained.root))
    path.write_text(text.replace(trained.taxonomy.reasons[gone].name, "Another name"), encoding="utf-8")
    assert score(Workspace.open(trained.root)).contacts > 0  # names may change


def test_themes_cover_every_contact_and_repeat(trained: Workspace, table_of: TableOf) -> None:
    score(trained)
    summary = themes(trained)
    assert summary.contacts == trained.lake.query("SELECT count(*) AS n FROM contacts")["n"][0].as_py()
    before = table_of(trained, "theme_assignments", "contact_id")
    assert themes(trained).themes == summary.themes
    assert table_of(trained, "theme_assignments", "contact_id") == before


def test_theme_rows_are_facts_of_the_assignments(trained: Workspace) -> None:
    score(trained)
    themes(trained)
    rows = trained.lake.query("SELECT * FROM themes").to_pylist()
    assert rows
    for row in rows:
        counted = trained.lake.query(
            "SELECT count(*) AS n, count(DISTINCT customer_id) AS c"
            " FROM theme_assignments JOIN contacts USING (contact_id) WHERE theme_id = $theme",
            {"theme": row["theme_id"]},
        ).to_pylist()[0]
        assert (row["contacts"], row["customers"]) == (counted["n"], counted["c"])
        people = trained.lake.query(
            "SELECT count(DISTINCT customer_id) AS n FROM contacts WHERE contact_id IN (SELECT unnest($ids))",
            {"ids": row["verbatim_ids"]},
        )
        assert people["n"][0].as_py() == len(row["verbatim_ids"])


def test_themes_without_scores_is_one_line(trained: Workspace) -> None:
    with pytest.raises(WorkspaceError, match="run: voc score"):
        themes(trained)


def test_unscored_contacts_of_a_scored_day_are_added(trained: Workspace, table_of: TableOf) -> None:
    score(trained)
    before = table_of(trained, *SCORES)
    late = trained.lake.query("SELECT * FROM contacts LIMIT 1").to_pylist()[0] | {"contact_id": "late"}
    schema = trained.lake.dataset("contacts").schema
    trained.lake.append("contacts", pa.Table.from_pylist([late], schema=schema))
    assert score(trained).contacts == 1
    again = trained.lake.query("SELECT * FROM scores WHERE contact_id <> 'late' ORDER BY model_version, contact_id")
    assert again.num_rows == len(json.loads(before))
