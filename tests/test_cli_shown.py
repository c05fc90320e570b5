"""What commands print, in a terminal of 80 columns."""

import re
from datetime import UTC, datetime

import pytest

from voc import cli_shown
from voc.config import ExportSettings, PromotionSettings
from voc.training.exporting import GateLine, GateReport
from voc.training.promote import Comparison, Line


def line(task: str, rows: int, expected: float) -> GateLine:
    trained, exported = {"macro_f1": 0.819, "ece": 0.024}, {"macro_f1": 0.812, "ece": 0.027}
    return GateLine(task, "sr-Cyrl", rows, 0.962, trained, exported, 0.001, 13_025, expected, 0.001)


def test_the_gate_fits_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli_shown.out, "width", 80)
    lines = (line("churn_intent", 11_016, 0.0123), line("churn_direction", 0, -0.0004))
    report = GateReport("20261123-010203-abcd", "int8", 13_025, 11_016, 0.9996, 0.9982, lines, ExportSettings())
    with cli_shown.out.capture() as captured:
        cli_shown.show_gate(report)
    said, right = captured.get().split("by the labelled contacts")
    assert "…" not in said + right and "..." not in said + right
    cells = [[cell.strip() for cell in row.split("│")[1:-1]] for row in (said + right).splitlines() if "│" in row]
    assert cells == [
        ["churn_intent", "sr-Cyrl", "13,025", "96.2%", "+1.23", "refused"],
        ["churn_direction", "sr-Cyrl", "13,025", "96.2%", "-0.04", ""],
        ["churn_intent", "sr-Cyrl", "11,016", "0.819", "0.812", "+0.70", "0.024", "0.027"],
    ]


def test_a_comparison_fits_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli_shown.out, "width", 80)
    lines = (
        Line("reason", "all", "macro-F1", 11_016, 0.844, 0.858, -0.039, 0.061, 0.05),
        Line("reason", "restaurant_search", "F1", 10_021, 0.645, 0.488, -0.268, -0.133, -0.14),
        Line("sentiment", "sr-Cyrl", "macro-F1", 71, 1.0, 0.972, -0.068, 0.008, -0.001),
    )
    comparison = Comparison(
        "20261123-010203-abcd",
        "20261122-010203-ef01",
        PromotionSettings(),
        datetime(2026, 11, 23, tzinfo=UTC),
        lines=lines,
    )
    with cli_shown.out.capture() as captured:
        cli_shown.show_comparison(comparison)
    rows = [re.split(r"\s{2,}", row.strip()) for row in captured.get().splitlines()]
    assert [row for row in rows if row[0] in {"all", "restaurant_search", "sr-Cyrl"}] == [
        ["all", "11,016", "0.844", "0.858", "+1.4", "-3.9 to +6.1"],
        ["restaurant_search", "10,021", "0.645", "0.488", "-15.7", "-26.8 to -13.3", "worse"],
        ["sr-Cyrl", "71", "1.000", "0.972", "-2.8", "-6.8 to +0.8", "worse?"],
    ]
