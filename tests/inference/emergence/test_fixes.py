"""A theme marked as fixed is tested by every `voc signals`. A small synthetic lake of counts."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from voc.data.contracts import CONTRACTS
from voc.data.demo import taxonomy_toml
from voc.data.workspace import Workspace
from voc.inference.emergence.run import emergence
from voc.inference.theme_edits import dismiss, mark_fixed, undo_last

FIRST = date(2026, 3, 2)
DAYS, FIXED = 64, 44
FIX_DAY = FIRST + timedelta(FIXED)


def _workspace(root: Path, courses: dict[str, list[int]]) -> Workspace:
    """Themes with so many customers a day each, and fifteen customers a day who speak of nothing."""
    workspace = Workspace.create(root, '[company]\nname = "Test company"\n', taxonomy_toml())
    rows, assigned = [], []
    everything: dict[str | None, list[int]] = {**courses, None: [15] * DAYS}
    for theme, course in everything.items():
        for day, customers in enumerate(course):
            when = FIRST + timedelta(day)
            start = datetime(when.year, when.month, when.day, 9, tzinfo=UTC)
            for place in range(customers):
                name = f"{theme}-{day}-{place}"
                rows.append({"contact_id": name, "customer_id": name, "day": when, "started_at": start})
                assigned.append({"contact_id": name, "day": when, "theme_id": theme})
    themes = [{"theme_id": theme, "label": theme, "status": "active"} for theme in courses]
    for name, values in (("contacts", rows), ("theme_assignments", assigned), ("themes", themes)):
        workspace.lake.append(name, pa.Table.from_pylist(values, schema=CONTRACTS[name].schema))
    return workspace


def _poisson(seed: int, before: float, after: float) -> list[int]:
    draw = np.random.default_rng(seed)
    return [int(n) for n in [*draw.poisson(before, FIXED + 1), *draw.poisson(after, DAYS - FIXED - 1)]]


@pytest.fixture(scope="module")
def tested(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    steady = _poisson(3, 6, 6)
    back = [*_poisson(4, 6, 1)[: DAYS - 3], 25, 25, 25]
    courses = {
        "T001": _poisson(1, 10, 3),
        "T002": steady,
        "T003": back,
        "T004": _poisson(5, 6, 6),
        "T005": _poisson(6, 6, 6),
        "T006": _poisson(7, 6, 6),
    }
    workspace = _workspace(tmp_path_factory.mktemp("fixes") / "w", courses)
    lake = workspace.lake
    for theme in ("T001", "T002", "T003"):
        mark_fixed(lake, theme, "ana", day=FIX_DAY, release="4.2" if theme == "T001" else None)
    mark_fixed(lake, "T004", "ana", day=FIRST + timedelta(DAYS - 2))
    mark_fixed(lake, "T005", "ana", day=FIX_DAY)
    undo_last(lake, "T005", "ana")
    mark_fixed(lake, "T006", "ana", day=FIX_DAY)
    dismiss(lake, "T006", "ana")
    emergence(workspace)
    return workspace


@pytest.fixture
def row(tested: Workspace) -> Callable[[str], dict[str, Any]]:
    rows = {each["theme_id"]: each for each in tested.lake.query("SELECT * FROM closures").to_pylist()}
    return rows.__getitem__


def test_a_fix_that_helped_comes_back_as_resolved(row: Callable[[str], dict[str, Any]]) -> None:
    found = row("T001")
    assert (found["verdict"], found["fixed_on"], found["release"]) == ("resolved", FIX_DAY, "4.2")
    assert found["low"] < 0.3 < found["high"] < 1
    assert (found["days_before"], found["days_after"]) == (28, DAYS - FIXED - 1)
    assert found["tested_on"] == FIRST + timedelta(DAYS - 1)


def test_a_fix_that_changed_nothing_is_unproven(row: Callable[[str], dict[str, Any]]) -> None:
    found = row("T002")
    assert found["verdict"] == "unproven"
    assert found["low"] < 1 < found["high"]


def test_a_theme_that_rises_again_has_regressed_whatever_its_mean(row: Callable[[str], dict[str, Any]]) -> None:
    found = row("T003")
    assert found["verdict"] == "regressed"
    assert found["ratio"] < 1.2


def test_a_fix_of_yesterday_waits(row: Callable[[str], dict[str, Any]]) -> None:
    found = row("T004")
    assert (found["verdict"], found["ratio"], found["days_after"]) == ("unproven", None, 1)


def test_what_is_undone_or_hidden_is_not_tested(tested: Workspace) -> None:
    found = tested.lake.query("SELECT theme_id FROM closures ORDER BY theme_id")["theme_id"].to_pylist()
    assert found == ["T001", "T002", "T003", "T004"]
