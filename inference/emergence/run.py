"""`voc signals`: the statistics over the lake, as the tables `signals`, `alerts` and `closures`."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from voc.data.contracts import ALERTS, CLOSURES, SIGNALS
from voc.data.lake import Lake
from voc.data.runs import record_run
from voc.data.workspace import Workspace
from voc.errors import WorkspaceError
from voc.inference.emergence.alerts import Alert, Test
from voc.inference.emergence.detect import Signals, detect
from voc.inference.emergence.fixes import FixLine, judge_fixes, record
from voc.inference.emergence.series import DIMENSIONS, Series, reason_series, slice_series, theme_series
from voc.inference.theme_edits import current_edits

SHARES = {"theme": 0.8, "reason": 0.1, "slice": 0.1}
"""How the budget of false alerts is dealt to the kinds of groups. Most to themes: a reason moves with its themes, and a
slice that rises much lifts its theme."""
_NAMES = "SELECT theme_id, label FROM themes"


@dataclass(frozen=True)
class AlertLine:
    """One alert, for people."""

    alert_id: str
    kind: str
    group_id: str
    label: str
    """The theme's words where the group is a theme or a part of one, else the group's id."""
    began: date
    opened: date
    last: date
    closed: bool
    test: Test
    customers: int
    expected: float
    peak: float

    @property
    def impact(self) -> float:
        """Customers above the expected."""
        return self.customers - self.expected


@dataclass(frozen=True)
class EmergenceSummary:
    """What a run found."""

    alerts: tuple[AlertLine, ...]
    """All of them, those with the most customers above the expected first."""
    groups: int
    days: int
    last_day: date | None
    false_alerts_per_month: float
    seconds: float
    fixes: tuple[FixLine, ...] = ()
    """Themes that people marked as fixed, and whether it helped."""

    @property
    def living(self) -> tuple[AlertLine, ...]:
        """Alerts that are open on the last day of the data."""
        return tuple(alert for alert in self.alerts if not alert.closed)


def emergence(workspace: Workspace) -> EmergenceSummary:
    """Work out what is usual, what rises for themes, reasons and slices of themes, and whether fixes helped.

    The tables `signals`, `alerts` and `closures` are written whole, so running it again changes nothing. The budget of
    `false_alerts_per_month` holds over all kinds together. Raises WorkspaceError where no contact has a theme yet.
    """
    lake, settings = workspace.lake, workspace.config.emergence
    begin, started_at = time.perf_counter(), datetime.now(UTC)
    if lake.dataset("theme_assignments").count_rows() == 0:
        raise WorkspaceError(f"{workspace.root}: no themes yet; run: voc themes")
    labels = {row["theme_id"]: row["label"] for row in lake.query(_NAMES).to_pylist()}
    tables, lines, groups, days, last = [], list[AlertLine](), 0, 0, None
    fixes: tuple[FixLine, ...] = ()
    for kind, series in _series(lake, workspace.current_model):
        budget = settings.false_alerts_per_month * SHARES[kind]
        signals = detect(series, settings.model_copy(update={"false_alerts_per_month": budget}))
        found = [_line(kind, series, signals, alert, labels) for alert in signals.alerts]
        tables.append(_rows(kind, series, signals, found))
        lines += found
        if kind == "theme":
            fixes = judge_fixes(current_edits(lake), series, signals.alerts, workspace.config.zone)
        groups, days = groups + len(series.groups), series.days
        last = series.day(series.days - 1) if series.days else None
    lines.sort(key=lambda line: (-line.impact, line.alert_id))
    lake.replace("signals", pa.concat_tables(tables))
    lake.replace("alerts", pa.Table.from_pylist([_record(line) for line in lines], schema=ALERTS.schema))
    lake.replace("closures", pa.Table.from_pylist([record(line) for line in fixes], schema=CLOSURES.schema))
    seconds = time.perf_counter() - begin
    summary = EmergenceSummary(tuple(lines), groups, days, last, settings.false_alerts_per_month, seconds, fixes)
    record_run(
        lake, "signals", started_at, seconds,
        inputs={"false_alerts_per_month": settings.false_alerts_per_month},
        counts={
            "groups": groups, "days": days, "alerts": len(lines), "living": len(summary.living), "fixes": len(fixes),
        },
        versions={"model": workspace.current_model},
    )  # fmt: skip
    return summary


def _series(lake: Lake, model_version: str | None) -> Iterator[tuple[str, Series]]:
    yield "theme", theme_series(lake)
    if model_version is not None:
        yield "reason", reason_series(lake, model_version)
    parts = [slice_series(lake, dimension, model_version) for dimension in DIMENSIONS]
    yield (
        "slice",
        replace(
            parts[0],
            groups=tuple(group for part in parts for group in part.groups),
            customers=np.vstack([part.customers for part in parts]),
        ),
    )


def _line(kind: str, series: Series, signals: Signals, alert: Alert, labels: dict[str, str]) -> AlertLine:
    last = series.days - 1 if alert.last_day is None else alert.last_day
    days = slice(alert.began, last + 1)
    theme, _, rest = alert.group.partition(" ")
    label = labels.get(theme, theme) + (f" {rest}" if rest else "")
    opened = series.day(alert.first_day)
    return AlertLine(
        f"{kind}:{alert.group}:{opened}", kind, alert.group, label, series.day(alert.began), opened, series.day(last),
        alert.last_day is not None, alert.test, int(series.customers[alert.row, days].sum()),
        float(np.nansum(signals.expected[alert.row, days])), alert.peak,
    )  # fmt: skip


def _record(line: AlertLine) -> dict[str, Any]:
    values = {name: getattr(line, name) for name in ALERTS.schema.names}
    return {**values, "test": str(line.test)}


def _rows(kind: str, series: Series, signals: Signals, lines: list[AlertLine]) -> pa.Table:
    """One row a group and day; of slices only those that ever alerted, the rest would be nothing but rows."""
    alerted = {alert.row for alert in signals.alerts}
    rows = np.array([row for row in range(len(series.groups)) if kind != "slice" or row in alerted], np.int64)
    shape = (len(rows), series.days)
    identity = np.full(series.customers.shape, None, object)
    for alert, line in zip(signals.alerts, lines, strict=True):
        end = series.days if alert.last_day is None else alert.last_day + 1
        identity[alert.row, alert.first_day : end] = line.alert_id
    names = np.repeat(np.array(series.groups, object)[rows], series.days)
    first = np.datetime64(series.first_day, "D")
    days = np.tile(first + np.arange(series.days), len(rows))
    fired = signals.fired[rows].astype(object)
    fired[fired == ""] = None

    def flat(values: npt.NDArray[Any]) -> pa.Array:
        return pa.array(values[rows].reshape(-1), from_pandas=True)  # NaN becomes null

    columns = {
        "kind": pa.array([kind] * (shape[0] * shape[1]), pa.string()),
        "group_id": pa.array(names, pa.string()),
        "day": pa.array(days, pa.date32()),
        "customers": flat(series.customers),
        "expected": flat(signals.expected),
        "lower": flat(signals.lower),
        "upper": flat(signals.upper),
        "p": flat(signals.p_value),
        "q": flat(signals.q_value),
        "cusum": flat(signals.cusum),
        "fired": pa.array(fired.reshape(-1), pa.string()),
        "status": pa.array(signals.status[rows].astype(object).reshape(-1), pa.string()),
        "alert_id": pa.array(identity[rows].reshape(-1), pa.string()),
    }
    return pa.table(columns, schema=SIGNALS.schema)
