"""Themes that people marked as fixed, each tested on the days since: the table `closures`."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from voc.inference.emergence.alerts import Alert
from voc.inference.emergence.closure import BEFORE_DAYS, LEAST_DAYS, Closure, Verdict, close
from voc.inference.emergence.series import Series
from voc.inference.theme_edits import Edits

_NOTHING = Closure(Verdict.UNPROVEN, math.nan, math.nan, math.nan, 0, 0, 0, 0, False)


@dataclass(frozen=True)
class FixLine:
    """One theme that is marked as fixed, and what the days since say."""

    edit_id: str
    theme_id: str
    fixed_on: date
    release: str | None
    tested_on: date
    """Last day of the data."""
    closure: Closure


def judge_fixes(edits: Edits, series: Series, alerts: Sequence[Alert], zone: ZoneInfo) -> tuple[FixLine, ...]:
    """Test every fix that holds, by theme. `alerts` are the series' own, `zone` says which day an edit belongs to.

    The time before is that since the alert that the fix was about began, where there is one, else the four weeks before
    the fix. A theme with a living alert that began after the fix has regressed, whatever its mean. Themes that were
    merged or dismissed are left out.
    """
    if not series.days:
        return ()
    last = series.day(series.days - 1)
    found = []
    for theme, fixed in sorted(edits.fixed.items()):
        if theme in edits.merged or theme in edits.dismissed:
            continue
        since = fixed.since(zone)
        own = [alert for alert in alerts if alert.group == theme]
        closure = _judge(series, theme, (since - series.first_day).days, own)
        found.append(FixLine(fixed.edit_id, theme, since, fixed.release, last, closure))
    return tuple(found)


def record(line: FixLine) -> dict[str, Any]:
    """The line as a row of `closures`."""
    closure = line.closure
    return {
        "edit_id": line.edit_id,
        "theme_id": line.theme_id,
        "fixed_on": line.fixed_on,
        "release": line.release,
        "tested_on": line.tested_on,
        "verdict": str(closure.verdict),
        "before": closure.before,
        "after": closure.after,
        "days_before": closure.days_before,
        "days_after": closure.days_after,
        "ratio": closure.ratio if closure.known else None,
        "low": closure.low if closure.known else None,
        "high": closure.high if closure.known else None,
        "exact": closure.exact,
    }


def _judge(series: Series, theme: str, fixed: int, alerts: Sequence[Alert]) -> Closure:
    if theme not in series.groups or not 0 <= fixed < series.days:
        return _NOTHING  # nobody spoke of it, or the day lies outside the data: it cannot be compared, or not yet
    earlier = [
        alert.began
        for alert in alerts
        if alert.began <= fixed - LEAST_DAYS and (alert.last_day is None or alert.last_day >= fixed - BEFORE_DAYS)
    ]
    found = close(series, theme, fixed, max(earlier, default=None))
    returned = any(alert.last_day is None and alert.began > fixed for alert in alerts)
    return replace(found, verdict=Verdict.REGRESSED) if returned else found
