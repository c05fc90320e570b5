"""Wrong labels come first, whatever the kind of task, and no label is judged by itself."""

import csv
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from voc.cli import app
from voc.data.ingest import ingest
from voc.data.workspace import Workspace
from voc.errors import TrainingError
from voc.models.tasks import Floats, Task
from voc.training.doubts import FOLDS, Doubt, LabelDoubt, doubts, label_doubts, out_of_sample, write_doubts

ROWS, WRONG = 600, 48  # 8 %: what chance would find
TASKS = {
    "multiclass": Task("sentiment", "multiclass", ("negative", "neutral", "positive")),
    "binary": Task("churn_intent", "binary", ("no", "yes")),
    "multilabel": Task("reason", "multilabel", ("bill", "plan", "port", "signal")),
}


def subjects(rows: int, count: int, seed: int, noise: float = 0.2) -> tuple[np.ndarray, Floats]:
    """Rows of a few subjects: their number, and vectors that overlap somewhat (32 wide)."""
    draw = np.random.default_rng(seed)
    subject = draw.integers(0, count, rows)
    vectors = draw.normal(size=(count, 32))[subject] / np.sqrt(32) + noise * draw.normal(size=(rows, 32))
    return subject, np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def right(task: Task, subject: np.ndarray) -> Floats:
    """Targets that the subject tells; of the multilabel task, every third row has two labels."""
    if task.kind == "binary":
        return (subject % 2)[:, None].astype(np.float32)
    targets = np.eye(len(task.labels), dtype=np.float32)[subject % len(task.labels)]
    if task.kind == "multilabel":
        targets[subject >= len(task.labels), -1] = 1
    return targets


def spoilt(task: Task, targets: Floats, wrong: np.ndarray) -> Floats:
    """The same with another label in these rows."""
    found = targets.copy()
    found[wrong] = 1 - found[wrong] if task.kind == "binary" else np.roll(targets[wrong], 1, axis=1)
    return found


def named(task: Task, target: Floats) -> tuple[str, ...]:
    if task.kind == "binary":
        return (task.labels[int(target[0])],)
    return tuple(task.labels[place] for place in np.flatnonzero(target))


def groups(rows: int) -> list[str]:
    return [f"text {row}" for row in range(rows)]


@pytest.mark.parametrize("kind", TASKS)
@pytest.mark.parametrize("seed", [1, 2])
def test_planted_wrong_labels_come_first(kind: str, seed: int) -> None:
    task = TASKS[kind]
    subject, vectors = subjects(ROWS, 6, seed)
    targets = right(task, subject)
    wrong = np.random.default_rng(seed).choice(ROWS, WRONG, replace=False)
    found = label_doubts(task, spoilt(task, targets, wrong), vectors, groups(ROWS), seed)
    first = found[:WRONG]
    hits = [doubt for doubt in first if doubt.row in set(wrong.tolist())]
    recall = len({doubt.row for doubt in found} & set(wrong.tolist())) / WRONG
    assert len(hits) / len(first) > 0.7  # 0.08 by chance
    assert recall > 0.7
    assert sum(doubt.proposed == named(task, targets[doubt.row]) for doubt in hits) > 0.6 * len(hits)
    assert all(doubt.given != doubt.proposed for doubt in found)
    assert [doubt.support for doubt in found] == sorted(doubt.support for doubt in found)
    assert all(0 <= doubt.support <= 1 and 0 <= doubt.confidence <= 1 for doubt in found)


def test_right_labels_raise_few_doubts() -> None:
    task = TASKS["multiclass"]
    subject, vectors = subjects(ROWS, 3, 1, noise=0.1)
    assert len(label_doubts(task, right(task, subject), vectors, groups(ROWS), 1)) < 0.02 * ROWS


def test_equal_texts_never_judge_each_other() -> None:
    """Random labels, every text twice with the same label: who has seen the other one knows it."""
    draw = np.random.default_rng(1)
    vectors = np.repeat(draw.normal(size=(60, 128)), 2, axis=0).astype(np.float32)
    labels = np.repeat(draw.integers(0, 2, 60), 2)
    apart = out_of_sample(vectors, labels, np.arange(120) // 2, 1).argmax(axis=1)
    leaking = out_of_sample(vectors, labels, np.arange(120), 1).argmax(axis=1)
    assert (leaking == labels).mean() > 0.85
    assert (apart == labels).mean() < 0.65


def test_probabilities_are_of_every_label_and_row() -> None:
    subject, vectors = subjects(90, 3, 1)
    found = out_of_sample(vectors, subject, np.arange(90), 1)
    assert found.shape == (90, 3)
    assert found.sum(axis=1) == pytest.approx(1)
    assert (found == out_of_sample(vectors, subject, np.arange(90), 1)).all()


@pytest.mark.parametrize("kind", TASKS)
def test_rows_without_a_label_and_labels_of_a_few_rows_are_not_judged(kind: str) -> None:
    task = TASKS[kind]
    subject, vectors = subjects(200, 2, 1)
    rare = Task(task.name, task.kind, (*task.labels, "rare")) if kind != "binary" else task
    targets = np.full((200, rare.outputs), np.nan, dtype=np.float32)
    targets[:100] = 0
    targets[np.arange(100), 0 if kind == "binary" else subject[:100]] = subject[:100] if kind == "binary" else 1
    if kind != "binary":
        targets[: FOLDS - 1] = np.eye(rare.outputs, dtype=np.float32)[-1]
    found = label_doubts(rare, targets, vectors, groups(200), 1)
    assert all(doubt.row < 100 for doubt in found)
    assert all(("rare" in doubt.proposed) == ("rare" in doubt.given) for doubt in found)


@pytest.mark.parametrize("kind", TASKS)
def test_too_little_to_judge_is_no_doubt(kind: str) -> None:
    task = TASKS[kind]
    subject, vectors = subjects(50, 4, 1)
    nothing = np.full((50, task.outputs), np.nan, dtype=np.float32)
    assert label_doubts(task, nothing, vectors, groups(50), 1) == []
    same = np.zeros((50, task.outputs), dtype=np.float32)
    same[:, 0] = 1
    assert label_doubts(task, same, vectors, groups(50), 1) == []
    assert label_doubts(task, right(task, subject), vectors, ["one text"] * 50, 1) == []


def test_a_label_whose_texts_are_nearly_all_equal_is_judged_all_the_same() -> None:
    """Fewer different texts than folds: some models are without the label, and no warning comes of it."""
    subject, vectors = subjects(100, 3, 1)
    words = [f"text {row}" if label else f"greeting {row % 2}" for row, label in enumerate(subject)]
    for task in TASKS.values():
        label_doubts(task, right(task, subject), vectors, words, 1)


def test_the_labels_of_the_lake(workspace: Workspace) -> None:
    found = doubts(workspace)
    assert found and {doubt.task for doubt in found} <= {"reason", "sentiment", "churn_intent"}
    assert {doubt.split for doubt in found} == {"train", "dev", "test"}
    supports = [doubt.label.support for doubt in found]
    assert supports == sorted(supports)
    known = {row["contact_id"]: row for row in workspace.lake.query("SELECT * FROM labels").to_pylist()}
    for doubt in found:
        given = known[doubt.contact_id]
        assert doubt.text and doubt.text not in repr(doubt)
        if doubt.task == "reason":
            assert set(doubt.label.given) == set(given["reasons"])
        if doubt.task == "sentiment":
            assert doubt.label.given == (given["sentiment"],)


def test_no_labels_is_one_line(tmp_path: Path, workspace: Workspace) -> None:
    empty = Workspace.create(
        tmp_path / "empty",
        (workspace.root / "voc.toml").read_text(),
        (workspace.root / "taxonomy.toml").read_text(),
    )
    with pytest.raises(TrainingError, match="expected labelled contacts, got none"):
        doubts(empty)


def test_the_sheet_says_labels_as_ingest_takes_them(workspace: Workspace, tmp_path: Path) -> None:
    found = [
        Doubt("=c1", "hr", "train", "ana", "reason", LabelDoubt(0, ("bill_higher",), (), 0.1, 0.9), "=HYPERLINK()"),
        Doubt("c2", "sl", "dev", "ana", "sentiment", LabelDoubt(1, ("neutral",), ("negative",), 0.2, 0.7), "b"),
        Doubt("c3", "en", "test", "ana", "churn_intent", LabelDoubt(2, ("no",), ("yes",), 0.3, 0.7), "c"),
    ]
    path = tmp_path / "doubts.csv"
    write_doubts(found, path)
    assert "HYPERLINK" not in path.read_text()
    write_doubts(found, path, with_text=True)
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["given"] for row in rows] == ['["bill_higher"]', "neutral", "false"]
    assert [row["proposed"] for row in rows] == ["[]", "negative", "true"]
    assert rows[0]["contact_id"] == " =c1" and rows[0]["text"] == " =HYPERLINK()" and rows[0]["support"] == "0.100"
    labels = tmp_path / "labels.csv"
    labels.write_text("contact_id,churn_intent\nc3," + rows[2]["proposed"] + "\n")
    assert ingest(workspace, [labels]).stored == 1


def test_the_command(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "sheets" / "doubts.csv"
    done = CliRunner().invoke(app, ["doubts", "-w", str(workspace.root), "--out", str(path)])
    assert done.exit_code == 0, done.output
    assert "doubtful labels (" in done.output
    assert path.read_text(encoding="utf-8-sig").startswith("contact_id,language,split,labelled_by,task,given,")
