"""The bench of a whole night in miniature: the steps are there, their shares close, the workspace stays as it is."""

import json
from pathlib import Path

import pytest

from tests.experiments.tracked import Tracked
from voc.data.workspace import Workspace
from voc.errors import InputError
from voc.experiments.daily import daily
from voc.experiments.processes import watched


def test_a_night_in_miniature(trained: Workspace) -> None:
    tracked = Tracked()
    result = daily(trained, 80, lambda what, share: None, tracked)  # type: ignore[arg-type]
    figures = result.figures
    assert figures["contacts"] == figures["rows.score"] == 80
    assert figures["rows.ingest"] >= 80  # customers and outcomes besides
    steps = [name for name in figures if name.startswith("share.")]
    assert {"share.ingest", "share.score", "share.themes", "share.signals"} <= set(steps)
    assert sum(figures[name] for name in steps) == pytest.approx(1)
    assert figures["minutes"] * 60 > sum(figures[name] for name in figures if name.startswith("seconds."))
    assert figures["contacts_per_second"] == pytest.approx(80 / (60 * figures["minutes"]))
    assert figures["peak_rss_mb"] > 50
    assert tracked.tables["daily"] == figures
    json.dumps(result.context)
    assert trained.lake.version("scores") == -1  # the workspace itself was left alone


def test_a_command_that_fails_is_told_with_its_last_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"voc score: expected it to end with 0, got 2: .*voc\.toml"):
        watched(["score", "--workspace", str(tmp_path)])
