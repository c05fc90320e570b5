"""The replay: rivals, life of alerts, shuffles, injected spikes and figures; and what must never make ours alarm."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from voc.config import EmergenceSettings
from voc.data.contracts import CONTACTS, LABELS, SCORES, THEME_ASSIGNMENTS
from voc.data.demo import taxonomy_toml
from voc.data.workspace import Workspace
from voc.errors import InputError, WorkspaceError
from voc.experiments.replay.alerts import QUIET_DAYS, Raised, in_process, openings
from voc.experiments.replay.emergence import Scene, emergence, judge
from voc.experiments.replay.figures import Point, at_budget
from voc.experiments.replay.history import History, Planted
from voc.experiments.replay.judging import (
    DAYS_A_MONTH,
    EVENT_LATE,
    WARM_UP,
    FalseAlerts,
    false_alerts,
    false_beside,
    outcome,
    planted,
    precision,
)
from voc.experiments.replay.ours import Emergence
from voc.experiments.replay.rhythms import RHYTHMS, Rhythm, overdispersed
from voc.experiments.replay.rivals import RIVALS, Rule, baseline, ears, ears_c3, week_on_week, z_score
from voc.experiments.replay.shuffles import shuffled_days, shuffled_weeks
from voc.experiments.replay.spikes import Sources, Spike, injected, rhythm_of, without
from voc.experiments.replay.trials import (
    LEAST_HISTORY,
    Replay,
    Trial,
    places_of,
    recent_size,
    size_class,
    synthetic_trials,
)
from voc.inference.emergence.detect import detect
from voc.inference.emergence.series import Series, theme_series

SETTINGS = EmergenceSettings()
DAYS = 70
THEMES = ("T001", "T002", "T003")
PER_DAY = {"T001": 9, "T002": 3, None: 2}


def counts(values: Sequence[Sequence[int]]) -> Any:
    return np.array(values, dtype=np.int64)


def series_of(customers: Any, everyone: Any = None) -> Series:
    days = customers.shape[1]
    names = tuple(f"T{row:03d}" for row in range(len(customers)))
    total = customers.sum(axis=0) if everyone is None else everyone
    return Series(names, date(2026, 1, 5), customers, np.full(days, 5000.0), total)


def steady(days: int, themes: int = 8, seed: int = 3) -> Any:
    sizes = np.geomspace(1, 30, themes)
    return np.random.default_rng(seed).poisson(sizes[:, None], (themes, days))


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A themed lake of 70 days: two themes of steady size, an event planted into a third, contacts in no theme.

    Nothing in this file writes to it.
    """
    workspace = Workspace.create(
        tmp_path_factory.mktemp("replay") / "ws", '[company]\nname = "C"\nsynthetic = true\n', taxonomy_toml()
    )
    first, rows, event = date(2026, 3, 2), [], []
    for day in range(DAYS):
        per_day = PER_DAY | ({"T003": 6} if 50 <= day < 56 else {})
        for theme, number in per_day.items():
            for place in range(number):
                name = f"{day}-{theme}-{place}"
                reason = {"T001": "bill", "T002": "router", "T003": "card", None: "bill"}[theme]
                language = ("hr", "sr", "sl", "en")[place % 4]
                rows.append((name, f"C{name}", first + timedelta(days=day), theme, reason, language))
                event += [name] if theme == "T003" else []
    # The same customer twice on a day, in one theme, counts once.
    rows.append(("again", rows[0][1], first, rows[0][3], "bill", "hr"))
    _store(workspace, rows)
    windows = [{"first_index": 50, "last_index": 52}, {"first_index": 53, "last_index": 55}]
    truth = {"first_day": first.isoformat(), "planted": [
        {"id": "card_twice", "kind": "sudden", "windows": windows, "contact_ids": event},
        {"id": "noise_day", "kind": "noise", "windows": [{"first_index": 9, "last_index": 9}], "contact_ids": []},
    ]}  # fmt: skip
    (workspace.root / "sources").mkdir()
    (workspace.root / "sources" / "truth.json").write_text(json.dumps(truth), encoding="utf-8")
    return workspace


@pytest.fixture(scope="module")
def history(lake: Workspace) -> History:
    return History.of(lake)


def _store(workspace: Workspace, rows: list[tuple[str, str, date, str | None, str, str]]) -> None:
    def table(contract: Any, columns: dict[str, list[Any]]) -> pa.Table:
        empty = {name: [None] * len(rows) for name in contract.schema.names}
        return pa.table(empty | columns, schema=contract.schema)

    names, customers, days, themes, reasons, languages = (list(column) for column in zip(*rows, strict=True))
    at = [datetime(day.year, day.month, day.day, 9, tzinfo=UTC) for day in days]
    contacts = {"contact_id": names, "customer_id": customers, "started_at": at, "day": days, "language": languages}
    workspace.lake.append("contacts", table(CONTACTS, contacts | {"product": ["tv"] * len(rows)}))
    workspace.lake.append("theme_assignments", table(THEME_ASSIGNMENTS, {
        "contact_id": names, "day": days, "theme_id": themes,
    }))  # fmt: skip
    workspace.lake.append("scores", table(SCORES, {
        "contact_id": names, "day": days, "model_version": ["m"] * len(rows), "top_reason": ["wrong"] * len(rows),
    }))  # fmt: skip
    workspace.lake.append("labels", table(LABELS, {"contact_id": names, "reasons": [[reason] for reason in reasons]}))
    (workspace.models / "m").mkdir(parents=True)
    workspace.make_current("m")


def test_an_alert_opens_once_and_again_after_a_silence() -> None:
    fired = np.zeros((2, 30), dtype=np.bool_)
    fired[0, [3, 4, 8]] = True
    fired[0, [8 + QUIET_DAYS + 1, 8 + QUIET_DAYS + 2]] = True
    fired[1, [0, QUIET_DAYS]] = True  # silent for one day less than it takes
    opened = openings(fired)
    assert np.flatnonzero(opened[0]).tolist() == [3, 8 + QUIET_DAYS + 1]
    assert np.flatnonzero(opened[1]).tolist() == [0]


def test_ears_is_the_definition_of_the_papers() -> None:
    random = np.random.default_rng(1)
    values = random.poisson(5, 40)
    day = 25

    def c(at: int, lag: int) -> float:
        window = values[at - lag - 7 : at - lag]
        return float((values[at] - window.mean()) / max(window.std(ddof=1), 0.5))

    assert ears(counts([values]), 0)[0, day] == pytest.approx(c(day, 0))
    assert ears(counts([values]), 2)[0, day] == pytest.approx(c(day, 2))
    assert ears_c3(counts([values]))[0, day] == pytest.approx(sum(max(0.0, c(day - back, 2) - 1) for back in range(3)))
    assert np.isneginf(ears(counts([values]), 2)[0, :9]).all()
    one = counts([[0] * 20 + [2]])  # no spread at all: the least sigma decides
    assert ears(one, 0)[0, -1] == pytest.approx(2 / 0.5)


def test_products_rules_have_floors_and_wait_for_history() -> None:
    values = counts([[2] * 60 + [3, 0, 40]])
    scores = z_score(values, 30)[0]
    assert np.isneginf(scores[:61]).all()  # three customers are not above the floor
    assert np.isneginf(z_score(counts([[2] * 27 + [40]]), 100)[0]).all()
    assert scores[62] > 10
    weeks = week_on_week(counts([[4] * 7 + [6] * 7, [2] * 7 + [3] * 7]))
    assert weeks[0, 13] == pytest.approx(1.5)
    assert np.isneginf(weeks[0, :13]).all()
    assert np.isneginf(weeks[1]).all()  # 21 a week are the floor


def test_baseline_of_a_window_equals_the_plain_one() -> None:
    values = np.random.default_rng(5).poisson(4, (3, 50))
    mean, sigma = baseline(values, 10, lag=2)
    assert mean[1, 30] == pytest.approx(values[1, 18:28].mean())
    assert sigma[1, 30] == pytest.approx(values[1, 18:28].std(ddof=1))
    assert np.isnan(mean[:, :12]).all()
    assert not np.isnan(mean[:, 12]).any()


@pytest.mark.parametrize("detector", [*RIVALS, Emergence()], ids=lambda detector: detector.name)
def test_no_detector_looks_ahead(detector: Any) -> None:
    customers = steady(60)
    customers[5, 45:52] *= 3
    whole = detector.raised(series_of(customers), [detector.default])[0].opened
    for days in (30, 47, 55):
        part = detector.raised(series_of(customers).upto(days), [detector.default])[0].opened
        assert np.array_equal(part, whole[:, :days])


@pytest.mark.parametrize("detector", [*RIVALS, Emergence()], ids=lambda detector: detector.name)
def test_every_detector_finds_five_times_as_many(detector: Any) -> None:
    customers = steady(100)
    customers[6, 80:87] *= 5
    [raised] = detector.raised(series_of(customers), [detector.default])
    assert raised.opened[6, 80:87].any()


def test_ours_opens_what_detect_opens_and_says_what_is_new() -> None:
    customers = steady(110)
    customers[6, 80:87] *= 3
    customers[7, :] = 0
    customers[7, 90:] = 6
    series = series_of(customers)
    strict, usual = Emergence().raised(series, (0.001, 1.0))
    found = detect(series, SETTINGS)
    assert usual.tests == {(alert.row, alert.first_day): str(alert.test) for alert in found.alerts}
    assert set(map(tuple, np.argwhere(usual.opened).tolist())) == set(usual.tests)
    assert strict.opened.sum() <= usual.opened.sum()
    assert usual.named[7, 90:97].any()
    assert not usual.named[6].any()


def test_shuffles_keep_weekdays_and_what_was_common() -> None:
    customers = steady(59)
    customers[:, 40] = 500 + np.arange(8)
    base = series_of(customers)
    random = np.random.default_rng(2)
    days = shuffled_days(base, random)
    weeks = shuffled_weeks(base, random)
    for shuffled, columns in ((days, range(59)), (weeks, range(3, 59))):
        kept = [int(base.everyone[column]) for column in columns]
        assert sorted(shuffled.everyone.tolist()) == sorted(kept)
        [noisy] = np.flatnonzero(shuffled.everyone == base.everyone[40])
        assert np.array_equal(shuffled.customers[:, noisy], customers[:, 40])
    for weekday in range(7):
        assert sorted(days.everyone[weekday::7].tolist()) == sorted(base.everyone[weekday::7].tolist())
        assert sorted(weeks.everyone[weekday::7].tolist()) == sorted(base.everyone[3 + weekday :: 7].tolist())
    assert not np.array_equal(days.customers, base.customers)


def test_the_history_counts_as_the_detector_does(lake: Workspace, history: History) -> None:
    ours, theirs = history.series(), theme_series(lake.lake)
    assert ours.groups == theirs.groups == THEMES
    assert np.array_equal(ours.customers, theirs.customers)
    assert np.array_equal(ours.everyone, theirs.everyone)
    assert np.array_equal(ours.exposure, theirs.exposure)
    assert ours.customers[:, 0].tolist() == [9, 3, 0]
    assert set(history.reason.tolist()) == {"bill", "router", "card"}  # people's labels before the model's


def test_planted_events_are_stretches_of_days_and_noise_is_none(history: History) -> None:
    [event] = history.planted
    assert (event.name, event.first, event.last, len(event.rows)) == ("card_twice", 50, 55, 36)
    assert history.series(history.untouched).customers[2].sum() == 0
    assert history.series().customers[2, 50:56].tolist() == [6] * 6


def test_a_real_company_has_no_truth(lake: Workspace) -> None:
    company = lake.config.company.model_copy(update={"synthetic": False})
    real = replace(lake, config=lake.config.model_copy(update={"company": company}))
    assert History.of(real).planted == ()


def test_verbatims_go_where_the_model_put_them(history: History) -> None:
    sources = Sources(history)
    [first, second] = sources.themes  # the third is all planted
    assert first.own == (0,)
    lost = np.flatnonzero((history.theme < 0) & history.untouched)
    assert len(np.intersect1d(first.rows, lost)) == len(lost)  # same reason, in no theme
    assert len(np.intersect1d(second.rows, lost)) == 0
    base = history.series(history.untouched)
    spike = Spike(60, 7, exactly=11)
    put = injected(history, base, first, spike, np.ones(DAYS), np.random.default_rng(1))
    more = put.customers - base.customers
    assert (put.everyone - base.everyone).tolist() == [0] * 60 + [11] * 7 + [0] * 3
    assert 0 < more[0].sum() < 77  # those in no theme are lost
    assert more[1:].sum() == 0
    assert (more[:, :60] == 0).all()


def test_a_part_draws_from_one_language(history: History) -> None:
    sources = Sources(history)
    part = sources.of_part(sources.themes[0], "language", "sl")
    assert part is not None
    assert set(history.language[part.rows].tolist()) == {"sl"}
    assert part.recent(50) == sources.themes[0].recent(50)  # as large as the whole
    assert sources.of_part(sources.themes[0], "language", "de") is None


def test_without_a_source_its_theme_is_unknown(history: History) -> None:
    sources = Sources(history)
    reason = next(one for one in sources.newcomers if one.name == "router")
    series = without(history, reason)
    assert series.customers[1].sum() == 0
    assert np.array_equal(series.customers[0], history.series(history.untouched).customers[0])
    few = replace(reason, rows=reason.rows[:5])  # the theme has others' contacts too, and would not exist for them
    assert without(history, few).customers[1].sum() == 0
    assert without(history, replace(reason, own=())).customers[1].sum() == 0  # nor its contacts elsewhere


@pytest.mark.parametrize(
    ("spike", "mean"),
    [
        (Spike(0, 4000, factor=1.5), 4.0),
        (Spike(0, 4000, "gradual", factor=3.0), 8.0),
        (Spike(0, 4000, extra=5.0), 5.0),
        (Spike(0, 4000, exactly=5), 5.0),
    ],
    ids=["factor", "gradual", "extra", "exactly"],
)
def test_a_spike_has_the_size_that_was_asked_for(spike: Spike, mean: float) -> None:
    drawn = spike.counts(8.0, np.ones(4000), np.random.default_rng(0))
    assert drawn.mean() == pytest.approx(mean, rel=0.05)
    if spike.shape == "gradual":
        assert drawn[:400].mean() < 2 < 14 < drawn[-400:].mean()


def test_the_rhythm_of_a_week_survives_a_noisy_day() -> None:
    everyone = np.tile([10, 10, 10, 10, 10, 4, 2], 12)
    everyone[30] = 9000
    rhythm = rhythm_of(series_of(np.zeros((1, 84), np.int64), everyone))
    assert rhythm.mean() == pytest.approx(1)
    assert rhythm[:7] / rhythm[0] == pytest.approx([1, 1, 1, 1, 1, 0.4, 0.2])


def test_places_have_the_class_on_the_day_before() -> None:
    customers = np.concatenate([np.full((1, 60), 4), np.full((1, 40), 20)], axis=1)
    sizes = [recent_size(series_of(customers), (0,))]
    assert sizes[0][60] == 4
    assert sizes[0][74] == pytest.approx((14 * 4 + 14 * 20) / 28)
    starts = places_of(sizes, "8_up", 90)[:, 1]
    assert (starts.min(), starts.max()) == (67, 90)  # after seven days of 20, the mean of 28 is 8
    assert places_of(sizes, "3_to_8", 90)[:, 1].min() == LEAST_HISTORY
    assert [size_class(value) for value in (0.0, 1.0, 7.99, 8.0)] == ["under_1", "1_to_3", "3_to_8", "8_up"]


def trial_of(days: int = 60, start: int = 45, base: int | None = 0) -> Trial:
    series = series_of(np.zeros((3, days), np.int64))
    return Trial("medium", series, base, (1,), Spike(start, 7, factor=2.0), "8_up")


def raised_on(days: int, *opened: tuple[int, int]) -> Raised:
    found = np.zeros((3, days), dtype=np.bool_)
    for theme, day in opened:
        found[theme, day] = True
    return Raised(found, np.zeros((3, days), dtype=np.bool_))


@pytest.mark.parametrize(
    ("opened", "before", "delay", "hits", "false"),
    [
        ([(1, 47)], [], 2, 1, 0),
        ([(1, 44)], [], None, 0, 1),
        ([(1, 47)], [(1, 46)], None, 0, 1),
        ([(1, 47), (1, 54)], [(1, 54)], 2, 1, 1),
        ([(0, 47), (2, 30)], [], None, 0, 2),
        ([(0, 20), (1, 45)], [], 0, 1, 0),
        ([(1, 55)], [], None, 0, 0),
    ],
    ids=["found", "too early", "would have been anyway", "found before it would have been", "other themes",
         "long before", "too late"],
)  # fmt: skip
def test_found_is_an_alert_of_its_theme_in_its_days(
    opened: list[tuple[int, int]], before: list[tuple[int, int]], delay: int | None, hits: int, false: int
) -> None:
    judged = outcome(trial_of(), raised_on(60, *opened), raised_on(90, *before))
    assert (judged.delay, judged.hits, judged.false) == (delay, hits, false)
    assert judged.soon == (delay is not None)
    assert precision([judged]) == (hits / (hits + false) if hits + false else None)


def test_the_fifth_day_is_not_within_four() -> None:
    assert outcome(trial_of(), raised_on(60, (1, 48)), raised_on(60)).soon
    assert not outcome(trial_of(), raised_on(60, (1, 49)), raised_on(60)).soon


def test_false_alerts_have_exact_intervals() -> None:
    # Garwood's limits for 3 events, as tables have them: 0.6187 and 8.7673.
    rate = FalseAlerts(3, round(DAYS_A_MONTH * 12))
    assert rate.per_month * rate.months == pytest.approx(3)
    assert [end * rate.months for end in rate.interval] == pytest.approx([0.6187, 8.7673], abs=1e-3)
    assert FalseAlerts(0, 365).interval[0] == 0
    assert FalseAlerts(0, 365).interval[1] * FalseAlerts(0, 365).months == pytest.approx(3.6889, abs=1e-3)


def test_the_first_days_are_not_counted() -> None:
    assert false_alerts(raised_on(60, (0, WARM_UP - 1), (0, WARM_UP), (2, 59))) == FalseAlerts(2, 60 - WARM_UP)


def test_planted_events_are_found_and_not_false(history: History) -> None:
    last = 55 + EVENT_LATE
    raised = Raised(raised_on(DAYS, (2, 52), (2, last), (2, last + 1), (0, 52)).opened, np.zeros((3, DAYS), np.bool_),
                    {(2, 52): "new"})  # fmt: skip
    assert false_beside(raised, history).alerts == 2  # too late, and another theme
    [found] = planted(raised, history)
    assert (found.found, found.delay, found.theme, found.test) == (52, 2, "T003", "new")
    [missed] = planted(raised_on(DAYS, (0, 52)), history)
    assert (missed.found, missed.delay, missed.theme) == (None, None, None)


def test_detectors_are_compared_at_the_same_cost() -> None:
    points = [Point("d", 0.0, rate, 0, 0, found, None) for rate, found in ((0.5, 0.4), (1.5, 0.8), (3.0, 0.7))]
    assert at_budget(points)["recall_4d_at_1pm"] == pytest.approx(0.6)
    assert at_budget(points[1:]) == {}
    assert at_budget([points[0]]) == {"recall_4d_at_1pm": 0.4}
    assert at_budget([]) == {}


def test_synthetic_companies_have_the_rhythm_that_they_say() -> None:
    rhythm = Rhythm("x", themes=30, days=364, weekday=(1, 1, 1, 1, 1, 0.2, 0.2), smallest=5.0, trend=1.0,
                    noise_factor=4.0, closed=(200, 7))  # fmt: skip
    series = rhythm.series(1)
    assert series.everyone[200:207].sum() == 0
    weekday = np.arange(364) % 7
    assert series.everyone[weekday == 6].mean() < 0.35 * series.everyone[weekday == 1].mean()
    assert series.everyone[270:].mean() > 1.3 * series.everyone[:90].mean()
    assert np.array_equal(series.customers, rhythm.series(1).customers)
    drawn = overdispersed(np.full(20000, 9.0), 3.0, np.random.default_rng(0))
    assert (drawn.mean(), drawn.var() / drawn.mean()) == (pytest.approx(9, rel=0.03), pytest.approx(3, rel=0.08))
    assert len({rhythm.name for rhythm in RHYTHMS}) == len(RHYTHMS)


def test_synthetic_spikes_double_their_theme() -> None:
    series = series_of(np.full((2, 120), 20, np.int64))
    trials = list(synthetic_trials(series, 4, 40, seed=1))
    assert len(trials) == 40
    added = [trial.series.customers[trial.own[0], trial.spike.start : trial.spike.end] - 20 for trial in trials]
    assert np.mean(added) == pytest.approx(20, rel=0.05)
    assert {trial.base for trial in trials} == {4}
    assert len({trial.spike.start for trial in trials}) > 10
    assert min(trial.spike.start for trial in trials) >= LEAST_HISTORY


def test_trials_are_drawn_again_by_the_same_seed(history: History) -> None:
    first, again, other = (list(Replay(history, Sources(history), seed).trials(1)) for seed in (3, 3, 4))
    assert [one.spike for one in first] == [one.spike for one in again]
    assert all(np.array_equal(a.series.customers, b.series.customers) for a, b in zip(first, again, strict=True))
    assert [one.spike for one in first] != [one.spike for one in other]
    kinds = {one.kind for one in first}
    assert kinds >= {"medium", "grid", "extra", "language", "product", "reason", "new_theme", "new_reason"}
    assert all(one.size == "8_up" for one in first if one.kind == "medium")
    new = next(one for one in first if one.kind == "new_theme")
    assert new.series.customers[list(new.own), : new.spike.start].sum() == 0


def test_the_bench_from_a_workspace_to_figures(lake: Workspace) -> None:
    log: dict[str, Any] = {}

    class Log:
        def table(self, name: str, values: object) -> None:
            log[name] = json.loads(json.dumps(values))

    seen: list[float] = []
    quick = Rhythm("quick", themes=3, days=60, smallest=10.0)
    ours = Rule("ours", 3.0, (2.0, 3.0), RIVALS[0].score)  # ours itself would take ten seconds for all runs
    result = emergence(
        lake, lambda what, share: seen.append(share), Log(), repeats=1, workers=1, rhythms=[quick], detector=ours  # type: ignore[arg-type]
    )  # fmt: skip
    keys = {"recall_medium_4d", "recall_medium_4d.low", "false_alerts_per_month", "false_alerts_per_month.high",
            "planted_found", "planted_total", "new_theme_named_3d", "false_alerts_per_month.shuffled_weeks",
            "recall_4d.x2", "recall_4d.7d", "recall_4d.gradual", "recall_4d.one_language", "rhythms.recall_medium_4d",
            "rhythms.quick.false_alerts_per_month", "recall_4d.plus10"}  # fmt: skip
    rivals = {f"baseline.{rival.name}.{key}" for rival in RIVALS for key in ("recall_medium_4d", "planted_found")}
    assert keys | rivals <= set(result.figures)
    assert np.isfinite(list(result.figures.values())).all()
    assert result.figures["planted_total"] == 1
    assert {point["detector"] for point in log["emergence"]["curve"]} >= {"ours", "ears_c2", "ears_c2 on rhythms"}
    assert result.context["runs"]["medium"] == 15  # type: ignore[index]
    assert seen == sorted(seen)
    assert json.dumps(result.context)


def test_a_rule_that_always_fires_is_not_good(history: History) -> None:
    scene = Scene.of(history, [], 1, 1)
    always = Rule("always", 0.0, (0.0,), lambda customers: np.zeros(customers.shape))
    figures = judge(always, in_process(always), scene).figures
    assert figures["recall_medium_4d"] == 0  # its one alert never ends
    assert "recall_4d_at_1pm" in figures
    never = Rule("never", 1.0, (1.0,), lambda customers: np.zeros(customers.shape))
    assert judge(never, in_process(never), scene).figures["false_alerts_per_month"] == 0


def test_too_short_a_history_or_no_themes_is_one_line(history: History, tmp_path: Path) -> None:
    short = replace(history, exposure=history.exposure[:40])
    with pytest.raises(InputError, match="expected at least 49 days of contacts, got 40"):
        Scene.of(short, [], 1, 1)
    empty = Workspace.create(tmp_path / "empty", '[company]\nname = "C"\n', taxonomy_toml())
    with pytest.raises(WorkspaceError, match="run: voc themes"):
        History.of(empty)


def _hundredfold(customers: Any) -> Any:
    customers[:, 60] *= 100
    return customers


def _gap(customers: Any, first: int, last: int) -> Any:
    customers[:, first:last] = 0
    return customers


@pytest.mark.parametrize(
    "customers",
    [
        _gap(steady(90), 50, 51),
        _hundredfold(steady(90)),
        np.full((6, 90), 7, np.int64),
        np.zeros((6, 90), np.int64),
        _gap(_gap(steady(120), 40, 61), 80, 95),
        steady(3),
        steady(1),
        np.zeros((0, 90), np.int64),
        np.zeros((4, 0), np.int64),
        _gap(steady(60), 0, 59),
    ],
    ids=["a day without contacts", "one with a hundred times as many", "all identical", "nobody at all",
         "gaps of weeks", "three days", "one day", "no themes", "no days", "only today"],
)  # fmt: skip
def test_what_is_no_emergence_raises_nothing(customers: Any) -> None:
    # Chance may alarm once a month; at this budget only what the input itself does can.
    found = detect(series_of(customers), SETTINGS.model_copy(update={"false_alerts_per_month": 0.02}))
    assert found.alerts == ()
    assert found.expected.shape == customers.shape


def test_events_outside_the_history_are_no_error(history: History) -> None:
    history = replace(history, planted=(Planted("old", np.array([0, 1]), -30, -2),))
    [found] = planted(raised_on(DAYS, (0, 0)), history)
    assert found.found in (None, 0)
