"""The benches on real data, as far as they are quick; the data sets' folder is named by VOC_BENCH_DATA."""

import os
from pathlib import Path

import pytest

from voc.data.ingest import ingest
from voc.errors import InputError, WorkspaceError
from voc.experiments.bench import run_bench
from voc.experiments.sets import labels_of
from voc.experiments.suites.banking77 import banking
from voc.experiments.suites.star import star_workspace
from voc.experiments.suites.transfer import development_sets
from voc.models.registry import Registry
from voc.models.tasks import Task

DATA = os.environ.get("VOC_BENCH_DATA")
without_data = pytest.mark.skipif(DATA is None, reason="VOC_BENCH_DATA is not set")


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(f"sqlite:///{tmp_path / 'mlflow.db'}", "bench")


def nothing(what: str, share: float) -> None: ...


def test_unknown_bench_names_the_known_ones(registry: Registry) -> None:
    with pytest.raises(InputError, match=r"expected one of quality --suite star, .*; got tea --suite star"):
        run_bench("tea", "star", None, None, registry, nothing)


def test_missing_data_is_said_clearly(registry: Registry) -> None:
    with pytest.raises(InputError, match="VOC_BENCH_DATA"):
        run_bench("quality", "star", None, None, registry, nothing)


def test_missing_workspace_is_said_clearly(registry: Registry) -> None:
    with pytest.raises(InputError, match="--workspace"):
        run_bench("quality", "churn-behaviour", None, None, registry, nothing)
    with pytest.raises(WorkspaceError):
        run_bench("quality", "churn-behaviour", None, Path("/no/such/place"), registry, nothing)


def test_churn_behaviour_judges_every_form_and_kind(registry: Registry, trained_once: tuple[Path, object]) -> None:
    result = run_bench("quality", "churn-behaviour", None, trained_once[0], registry, nothing)
    assert len([name for name in result.figures if name.count(".") == 2]) == 5 * 11
    mean = sum(result.figures[f"accuracy.{form}"] for form in ("en", "hr", "sl", "sr-Cyrl", "sr-Latn")) / 5
    assert result.figures["accuracy"] == pytest.approx(mean, abs=0.01)
    assert "synthetic" in str(result.context["model"])


@pytest.mark.real_data
@without_data
def test_all_star_dialogues_close(tmp_path: Path) -> None:
    workspace = star_workspace(Path(str(DATA)), tmp_path)
    summary = ingest(workspace, [tmp_path / "sources" / "contacts.jsonl"])
    assert (summary.read, summary.stored, summary.quarantined) == (6652, 6205, 447)  # 447 have no turns at all
    assert summary.closes
    assert len(workspace.taxonomy.reason_ids) == 24


@pytest.mark.real_data
@without_data
def test_development_contacts_have_reasons_of_banking77() -> None:
    rows = list(banking(Path(str(DATA))))
    task = Task("reason", "multilabel", labels_of(rows, "reason"))
    sets = development_sets(task)  # raises where a reason is none of Banking77's
    assert set(sets) == {"en", "hr", "sl", "sr-Cyrl", "sr-Latn"}
    assert min(len(labelled) for labelled in sets.values()) >= 150
