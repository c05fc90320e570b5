"""What people say in the app is learnt from, and the queue that asks them for it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from typer.testing import CliRunner

from voc.cli import app
from voc.data.contracts import LABELS, SCORES
from voc.data.corrections import Place
from voc.data.splits import split_of
from voc.data.workspace import Workspace
from voc.inference.corrections import Proposal, judge, queue, waiting
from voc.labels import Split
from voc.models.tasks import default_tasks
from voc.training.doubts import Doubt, LabelDoubt
from voc.training.labelled import labelled_sets, labelled_table
from voc.training.review import SECOND_SHARE, queue_doubts, queue_suggestions, reviewers_of
from voc.training.suggest import Suggestion, suggest
from voc.training.train import TrainSummary, train

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
VERSION = "v1"


def say(workspace: Workspace, contact: str, who: str = "Ana", minute: int = 0, **labels: str) -> None:
    said = {task: (label,) for task, label in labels.items()}
    judge(workspace, Proposal(contact), said, who, Place.REVIEW, model=VERSION, at=NOON + timedelta(minutes=minute))


def labelled(workspace: Workspace, split: str) -> list[dict[str, object]]:
    sql = "SELECT * FROM labels WHERE split = $split AND sentiment = 'negative' ORDER BY contact_id"
    return list(workspace.lake.query(sql, {"split": split}).to_pylist())


def unlabelled(workspace: Workspace, split: Split) -> list[str]:
    ids = workspace.lake.query("SELECT contact_id FROM contacts ANTI JOIN labels USING (contact_id)")["contact_id"]
    return sorted(each for each in ids.to_pylist() if split_of(each) == split)


def rows_of(workspace: Workspace, contact: object) -> list[dict[str, object]]:
    return [row for row in labelled_table(workspace.lake).to_pylist() if row["contact_id"] == contact]


def scored(workspace: Workspace) -> None:
    contacts = workspace.lake.query("SELECT contact_id, day FROM contacts ORDER BY contact_id").to_pylist()
    vectors = np.random.default_rng(1).normal(size=(len(contacts), 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    rows = [
        contact
        | {"model_version": VERSION, "top_reason": "roaming", "top_probability": 0.3, "embedding": vector.tolist()}
        for contact, vector in zip(contacts, vectors, strict=True)
    ]
    workspace.lake.append("scores", pa.Table.from_pylist(rows, schema=SCORES.schema))
    (workspace.models / VERSION).mkdir(parents=True)
    workspace.make_current(VERSION)


def suggestion(contact: str, uncertainty: float = 0.5) -> Suggestion:
    return Suggestion(contact, "en", uncertainty, None, None, None, "")


def test_a_correction_takes_the_place_of_a_label_task_by_task_but_never_in_test(workspace: Workspace) -> None:
    train_label, dev_label, test_label = (labelled(workspace, split)[0] for split in ("train", "dev", "test"))
    new = unlabelled(workspace, Split.DEV)[0]
    for contact in (train_label, dev_label, test_label):
        say(workspace, str(contact["contact_id"]), sentiment="positive")
    say(workspace, new, reason="roaming")
    say(workspace, unlabelled(workspace, Split.TEST)[0], reason="roaming")
    for old in (train_label, dev_label):
        (row,) = rows_of(workspace, old["contact_id"])
        assert (row["sentiment"], row["split"], row["corrected"]) == ("positive", old["split"], True)
        assert (row["reasons"], row["churn_intent"]) == (old["reasons"], old["churn_intent"])
    (row,) = rows_of(workspace, test_label["contact_id"])
    assert (row["sentiment"], row["split"], row["corrected"]) == ("negative", "test", False)
    # A contact that had no label is learnt from whatever its hash says: nobody chooses a model on the doubtful alone.
    (row,) = rows_of(workspace, new)
    assert (row["reasons"], row["sentiment"], row["split"]) == (["roaming"], None, "train")
    assert rows_of(workspace, unlabelled(workspace, Split.TEST)[0]) == []
    # One whose label came to test only afterwards is learnt from no longer.
    label = {"contact_id": new, "sentiment": "negative", "split": "test", "source": "x", "digest": "x"}
    workspace.lake.append("labels", pa.Table.from_pylist([label], schema=LABELS.schema))
    (row,) = rows_of(workspace, new)
    assert (row["reasons"], row["sentiment"], row["corrected"]) == (None, "negative", False)
    assert sum(row["corrected"] for row in labelled_table(workspace.lake).to_pylist()) == 2


def test_without_corrections_the_training_set_is_what_it_was(workspace: Workspace) -> None:
    tasks = default_tasks(workspace.taxonomy.reason_ids, directions=False)
    before = {split: one.digest for split, one in labelled_sets(workspace.lake, tasks, "customer").items()}
    say(workspace, str(labelled(workspace, "test")[0]["contact_id"]), sentiment="positive")
    assert {split: one.digest for split, one in labelled_sets(workspace.lake, tasks, "customer").items()} == before
    say(workspace, str(labelled(workspace, "train")[0]["contact_id"]), sentiment="positive")
    after = {split: one.digest for split, one in labelled_sets(workspace.lake, tasks, "customer").items()}
    assert after[Split.TRAIN] != before[Split.TRAIN] and after[Split.TEST] == before[Split.TEST]


def test_training_learns_from_corrections_and_says_of_how_many(
    trained: Workspace, trained_once: tuple[Path, TrainSummary]
) -> None:
    new = unlabelled(trained, Split.TRAIN)[:12]
    for contact in new:
        say(trained, contact, sentiment="negative", reason="roaming", churn_intent="no")
    summary = train(trained)
    before = trained_once[1]
    assert (before.corrected, summary.corrected) == (0, 12)
    assert summary.rows["train"] == before.rows["train"] + 12
    assert (summary.rows["dev"], summary.rows["test"]) == (before.rows["dev"], before.rows["test"])


def test_the_command_fills_the_queue_without_the_test_split_and_without_what_is_judged(workspace: Workspace) -> None:
    scored(workspace)
    judged = suggest(workspace, 5)[0].contact_id
    say(workspace, judged, sentiment="neutral")
    assert judged not in {each.contact_id for each in suggest(workspace, 200)}
    done = CliRunner().invoke(app, ["suggest", "-w", str(workspace.root), "--queue", "--count", "40"])
    assert done.exit_code == 0, done.output
    assert "The queue of the page Review holds 40." in done.output
    queued = queue(workspace.lake)
    assert len(queued) == 40 and judged not in {each.contact_id for each in queued}
    assert all(split_of(each.contact_id) != Split.TEST for each in queued)
    assert {each.reviewers for each in queued} == {1, 2}


def test_neither_sheet_nor_queue_is_one_line(workspace: Workspace) -> None:
    for command in ("suggest", "doubts"):
        done = CliRunner().invoke(app, [command, "-w", str(workspace.root)])
        assert done.exit_code == 2 and "expected --out FILE, --queue" in " ".join(done.output.split())


def test_a_new_queue_keeps_what_waits_for_its_second_person(workspace: Workspace) -> None:
    twice = [f"a{number}" for number in range(80) if reviewers_of(f"a{number}") == 2][:2]
    once = [f"a{number}" for number in range(80) if reviewers_of(f"a{number}") == 1][:2]
    queue_suggestions(workspace, [suggestion(each) for each in (*twice, *once)])
    say(workspace, twice[0], sentiment="neutral")
    say(workspace, once[0], sentiment="neutral")
    assert queue_suggestions(workspace, [suggestion("b")]) == 2
    assert [each.contact_id for each in queue(workspace.lake)] == [twice[0], "b"]
    assert waiting(queue(workspace.lake), [], "Marko") and twice[0] in waiting(queue(workspace.lake), [], "Marko")


def test_about_a_sixth_of_the_queue_is_for_two_people() -> None:
    twice = sum(reviewers_of(f"contact {number}") == 2 for number in range(4000)) / 4000
    assert twice == pytest.approx(SECOND_SHARE, abs=0.02)


def test_doubtful_labels_come_in_turn_with_suggestions_and_never_from_test(workspace: Workspace) -> None:
    def doubt(contact: str, support: float, split: str = "train") -> Doubt:
        label = LabelDoubt(0, ("negative",), ("neutral",), support, 1 - support)
        return Doubt(contact, "en", split, "x", "sentiment", label, "")

    say(workspace, "judged", sentiment="neutral")
    queue_suggestions(workspace, [suggestion("s1"), suggestion("s2"), suggestion("s3")])
    found = [doubt("worst", 0.01), doubt("tested", 0.02, "test"), doubt("judged", 0.03), doubt("worst", 0.04)]
    assert queue_doubts(workspace, [*found, doubt("mild", 0.2), doubt("too many", 0.3)], 2) == 5
    rows = workspace.lake.query("SELECT * FROM review_queue ORDER BY place").to_pylist()
    assert [row["contact_id"] for row in rows] == ["s1", "worst", "s2", "mild", "s3"]
    assert [row["why"] for row in rows] == ["uncertain", "doubted", "uncertain", "doubted", "uncertain"]
    assert rows[1]["uncertainty"] == pytest.approx(0.99)
