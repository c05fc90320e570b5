"""Promotion: what the comparison says about arrays, and what it does to a workspace, with the real MLflow."""

import json
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from mlflow import MlflowClient

from voc.config import PromotionSettings
from voc.data.workspace import Workspace
from voc.errors import WorkspaceError
from voc.models.classifier import Classifier
from voc.models.folder import Model, load_model, save_model
from voc.models.metrics import Decisions, task_quality
from voc.models.registry import REGISTERED_MODEL, Registry
from voc.models.tasks import Task, default_tasks
from voc.training.promote import (
    Judged,
    Line,
    PromotionError,
    common_tasks,
    compare,
    compare_decisions,
    joint_bounds,
    promote,
    rollback,
)

REASONS = tuple(f"r{number}" for number in range(12))
LANGUAGES = ("en", "hr", "sl")
SETTINGS = PromotionSettings(draws=400)


def guesses(truth: Decisions, wrong: np.ndarray, random: np.random.Generator) -> Decisions:
    """The truth, with another label in the rows that are wrong."""
    labels = np.where(wrong, random.integers(truth.shape[1], size=len(truth)), truth.argmax(axis=1))
    return np.eye(truth.shape[1], dtype=bool)[labels]


Spoil = Callable[[np.ndarray, np.ndarray], np.ndarray]


def judged(seed: int, rows: int = 900, spoil: Spoil | None = None) -> tuple[Judged, list[str]]:
    """Two models that err on the same hard contacts and each on some of its own; `spoil(reasons, languages)` says how
    much more often the challenger is wrong."""
    random = np.random.default_rng(seed)
    reasons, languages = random.integers(len(REASONS), size=rows), random.choice(LANGUAGES, rows)
    truth, hard = np.eye(len(REASONS), dtype=bool)[reasons], random.random(rows) < 0.12
    champion = guesses(truth, hard | (random.random(rows) < 0.05), random)
    more = 0.05 + (spoil(reasons, languages) if spoil else 0.0)
    challenger = guesses(truth, hard | (random.random(rows) < more), random)
    return Judged("reason", REASONS, np.arange(rows), truth, champion, challenger), languages.tolist()


def lines_of(seed: int, rows: int = 900, spoil: Spoil | None = None) -> tuple[Line, ...]:
    one, languages = judged(seed, rows, spoil)
    return compare_decisions([one], languages, SETTINGS)


def refused(lines: tuple[Line, ...]) -> set[str]:
    return {line.where for line in lines if line.worse(SETTINGS.margin)}


def test_figures_are_those_of_the_reports() -> None:
    one, languages = judged(1)
    lines = {line.where: line for line in compare_decisions([one], languages, SETTINGS)}
    task, names = Task("reason", "multilabel", REASONS), np.asarray(languages)
    for where, rows in {"all": names != "", **{name: names == name for name in LANGUAGES}}.items():
        quality = task_quality(task, one.truth[rows], one.challenger[rows], one.challenger[rows].astype(np.float32))
        assert lines[where].challenger == pytest.approx(quality.macro_f1)
        assert lines[where].contacts == rows.sum()
        if where == "all":
            assert {name: lines[name].challenger for name in REASONS} == pytest.approx(
                {name: quality.per_class[name]["f1"] for name in REASONS}
            )


def test_models_that_are_as_good_pass_although_single_lines_look_worse() -> None:
    found = [lines_of(seed) for seed in range(40)]
    # 4 of 40 are expected at most, and more than 8 would come by chance once in a hundred; 21 of 250 other seeds seen.
    assert sum(bool(refused(lines)) for lines in found) <= 8
    # An interval for each line by itself would have refused three in four.
    assert sum(any(line.doubtful(SETTINGS.margin) for line in lines) for lines in found) > 20


@pytest.mark.parametrize(
    ("spoil", "where"),
    [
        pytest.param(lambda reasons, languages: 0.5 * (reasons == 3), "r3", id="a reason"),
        pytest.param(lambda reasons, languages: 0.3 * (languages == "sl"), "sl", id="a language"),
        pytest.param(lambda reasons, languages: 0.15, "all", id="everywhere a little"),
    ],
)
def test_what_is_worse_is_named(spoil: Spoil, where: str) -> None:
    lines = lines_of(2, spoil=spoil)
    assert where in refused(lines)
    worse = next(line for line in lines if line.where == where)
    assert worse.low < worse.difference < worse.high < 0


def test_a_loss_within_the_margin_passes() -> None:
    lines = lines_of(3, rows=6_000, spoil=lambda reasons, languages: 0.02)
    (whole,) = (line for line in lines if line.where == "all")
    assert whole.high < 0  # surely a little worse
    assert whole.difference > -0.03
    assert not whole.worse(margin=0.03)


def test_few_contacts_prove_nothing_and_fewer_are_not_looked_at() -> None:
    one, languages = judged(4, rows=60, spoil=lambda reasons, languages: 0.1)
    lines = compare_decisions([one], languages, SETTINGS)
    assert not refused(lines)
    assert {line.where for line in lines} <= {"all", *LANGUAGES}  # no reason has 20 contacts
    everything = compare_decisions([one], languages, SETTINGS.model_copy(update={"least_support": 1}))
    assert {line.where for line in everything} >= {"all", *LANGUAGES, *REASONS}


def test_the_same_seed_gives_the_same_lines() -> None:
    one, languages = judged(5)
    assert compare_decisions([one], languages, SETTINGS) == compare_decisions([one], languages, SETTINGS)
    other = SETTINGS.model_copy(update={"seed": 14})
    assert compare_decisions([one], languages, SETTINGS) != compare_decisions([one], languages, other)


def test_rows_of_a_task_are_those_with_a_label() -> None:
    one, languages = judged(6)
    some = np.arange(0, 900, 3)
    part = replace(
        one, rows=some, truth=one.truth[some], champion=one.champion[some], challenger=one.challenger[some]
    )  # fmt: skip
    lines = {line.where: line for line in compare_decisions([part], languages, SETTINGS)}
    assert lines["all"].contacts == 300
    assert lines["hr"].contacts == (np.asarray(languages)[some] == "hr").sum()


def test_a_figure_that_never_moves_is_certain() -> None:
    drawn = np.stack([np.random.default_rng(1).normal(size=300), np.full(300, -1.0)], axis=1)
    low, high = joint_bounds(np.array([0.0, -1.0]), drawn, 0.9)
    assert low[0] < 0 < high[0]
    assert low[1] == high[1] == -1


def test_only_what_both_models_know_is_compared() -> None:
    old, new = default_tasks(("a", "b", "c"), directions=False), default_tasks(("b", "c", "d"))
    tasks, notes = common_tasks(old, new)
    assert tasks[0].labels == ("b", "c")
    assert [task.name for task in tasks] == ["reason", "sentiment", "churn_intent"]
    assert "only the 2 labels that both models know" in notes[0]
    assert "churn_direction: the current model does not know it" in notes[1]


def another(workspace: Workspace, name: str, thresholds: Mapping[str, float] | None = None) -> str:
    """A registered copy of the current model that decides otherwise."""
    assert workspace.current_model is not None
    model = load_model(workspace.models / workspace.current_model)
    decisions = replace(model.decisions, thresholds={**model.decisions.thresholds, **(thresholds or {})})
    return stored(workspace, replace(model, manifest=replace(model.manifest, version=name), decisions=decisions))


def stored(workspace: Workspace, model: Model) -> str:
    folder = save_model(model, workspace.models / model.version, "card")
    with Registry(workspace.tracking_uri, "voc").run("train") as run:
        run.model(folder)
    return model.version


def latest(workspace: Workspace, name: str) -> tuple[Mapping[str, str], Mapping[str, object]]:
    """Parameters of the last run of that name, and its table of differences."""
    client = MlflowClient(workspace.tracking_uri, workspace.tracking_uri)
    experiment = client.get_experiment_by_name("voc").experiment_id
    newest = ["attributes.start_time DESC"]
    run = client.search_runs([experiment], f"tags.mlflow.runName = '{name}'", order_by=newest)[0]
    folder = workspace.root / "downloaded"
    folder.mkdir(exist_ok=True)
    table = Path(client.download_artifacts(run.info.run_id, "tables/differences.json", str(folder)))
    return run.data.params, json.loads(table.read_text())


def alias(workspace: Workspace, name: str) -> str:
    client = MlflowClient(workspace.tracking_uri, workspace.tracking_uri)
    return str(client.get_model_version_by_alias(REGISTERED_MODEL, name).tags["folder"])


def test_a_worse_model_is_refused_unless_forced(trained: Workspace) -> None:
    first = trained.current_model
    assert first is not None
    blind = another(trained, "blind", {"sentiment": 1.1})  # never sure of a mood
    found = compare(trained, blind)
    with pytest.raises(PromotionError, match=r"task sentiment, \w+.*: macro-F1 0\.000 instead of 0\.\d+.*interval -"):
        promote(trained, found)
    assert trained.current_model == first
    assert "\n" not in (found.refusal or "\n")
    parameters, table = latest(trained, "promote")
    assert (parameters["outcome"], parameters["champion"]) == ("refused", first)
    assert table["refusal"] == found.refusal
    promote(trained, found, force=True)
    assert (trained.current_model, trained.previous_model) == (blind, first)
    assert (alias(trained, "champion"), alias(trained, "previous")) == (blind, first)
    assert latest(trained, "promote")[0]["outcome"] == "forced"
    rows = trained.lake.query("SELECT inputs FROM runs WHERE step = 'promote' ORDER BY started_at, inputs DESC")
    assert {json.loads(row)["outcome"] for row in rows["inputs"].to_pylist()} == {"refused", "forced"}


def test_a_model_that_is_as_good_is_promoted_and_rolled_back_and_forth(trained: Workspace) -> None:
    first, same = trained.current_model, another(trained, "same")
    found = compare(trained, same)
    assert found.lines and all(line.difference == 0 for line in found.lines)
    promote(trained, found)
    assert trained.current_model == same
    for current, before in [(first, same), (same, first)]:
        done = rollback(trained)
        assert (done.current, done.before, done.incompatible) == (current, before, None)
        assert (trained.current_model, trained.previous_model) == (current, before)
        assert (alias(trained, "champion"), alias(trained, "previous")) == (current, before)


def test_nothing_to_compare_with_says_so_and_promotes(trained: Workspace) -> None:
    same = another(trained, "same")
    (trained.models / "current").unlink()
    found = compare(trained, same)
    assert found.notes == ("no current model: nothing to compare with",)
    promote(trained, found)
    assert (trained.current_model, trained.previous_model) == (same, None)
    with pytest.raises(WorkspaceError, match="nothing to go back to"):
        rollback(trained)


def test_a_task_without_test_labels_says_so(trained: Workspace) -> None:
    labels = trained.lake.query("SELECT * REPLACE (NULL::VARCHAR AS sentiment) FROM labels")
    trained.lake.replace("labels", labels.cast(trained.lake.dataset("labels").schema))
    found = compare(trained, another(trained, "blind", {"sentiment": 1.1}))
    assert found.notes == ("task sentiment: no labels in the test split, so not compared",)
    assert found.refusal is None


@pytest.mark.parametrize(
    ("version", "message"), [("v9", "no model version 'v9'"), ("", "is the current one already")], ids=["none", "same"]
)
def test_versions_that_cannot_be_promoted_are_one_line(trained: Workspace, version: str, message: str) -> None:
    with pytest.raises(WorkspaceError, match=message):
        compare(trained, version or trained.current_model or "")


def without_a_reason(workspace: Workspace) -> tuple[Workspace, str]:
    """The workspace after a reason was renamed in its taxonomy."""
    path = workspace.root / "taxonomy.toml"
    text = path.read_text(encoding="utf-8")
    gone = next(iter(tomllib.loads(text)["reasons"]))
    path.write_text(text.replace(f"[reasons.{gone}]", "[reasons.brand_new]"), encoding="utf-8")
    return Workspace.open(workspace.root), gone


def test_a_model_of_another_taxonomy_is_refused(trained: Workspace) -> None:
    same = another(trained, "same")
    workspace, gone = without_a_reason(trained)
    found = compare(workspace, same)
    with pytest.raises(PromotionError, match=f"does not know brand_new; taxonomy.toml no longer has {gone}"):
        promote(workspace, found)
    assert workspace.current_model != same
    promote(workspace, found, force=True)
    assert workspace.current_model == same


def test_a_model_for_the_new_taxonomy_is_compared_in_what_both_know(trained: Workspace) -> None:
    workspace, gone = without_a_reason(trained)
    old = load_model(workspace.models / str(workspace.current_model))
    tasks = default_tasks(workspace.taxonomy.reason_ids, directions=False)
    manifest = replace(old.manifest, version="fresh", taxonomy_digest=workspace.taxonomy.digest)
    fresh = Classifier.fresh(workspace.config.encoder.name, tasks, max_tokens=48)
    found = compare(workspace, stored(workspace, Model(manifest, fresh, old.tokenizer, old.decisions)))
    assert found.incompatible is None
    assert f"only the {len(tasks[0].labels) - 1} labels that both models know" in found.notes[0]
    assert {line.task for line in found.lines} == {"reason", "sentiment", "churn_intent"}
    assert gone not in {line.where for line in found.lines}
