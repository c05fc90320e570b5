"""The outcome head on a made-up company whose leavers write differently: what it learns, and what it must not see."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from voc.config import OutcomeSettings
from voc.data.contracts import CONTACTS, OUTCOMES, SCORES
from voc.data.demo import taxonomy_toml
from voc.data.lake import Lake
from voc.data.workspace import Workspace
from voc.errors import TrainingError, WorkspaceError
from voc.inference.outcomes import score_outcomes
from voc.models.outcome import OutcomeHead
from voc.training.outcomes import OutcomeReport, learn, outcome_frame, time_split, train_outcomes

FIRST, DAYS, HORIZON, WIDTH = date(2026, 1, 1), 100, 15, 8
SETTINGS = OutcomeSettings(horizon_days=HORIZON, bootstrap=100, components=4)


@dataclass(frozen=True)
class Company:
    """Rows of three tables."""

    contacts: tuple[dict[str, Any], ...]
    scores: tuple[dict[str, Any], ...]
    outcomes: tuple[dict[str, Any], ...]

    def write(self, lake: Lake) -> Lake:
        for contract, rows in ((CONTACTS, self.contacts), (SCORES, self.scores), (OUTCOMES, self.outcomes)):
            if rows:
                lake.append(contract.name, pa.Table.from_pylist(list(rows), schema=contract.schema))
        return lake


def company(signal: float = 2.0, customers: int = 500, seed: int = 4) -> Company:
    """Contacts of 100 days. A customer who leaves within the horizon has vectors moved by `signal`."""
    generator = np.random.default_rng(seed)
    gone = {
        number: FIRST + timedelta(days=int(generator.integers(5, DAYS)))
        for number in range(customers)
        if number % 3 == 0
    }
    gone[0] = FIRST + timedelta(days=DAYS - 1)  # so that outcomes are known to the last day
    contacts, scores = [], []
    for number in range(customers):
        for day in sorted(generator.choice(DAYS, 8, replace=False).tolist()):
            when = FIRST + timedelta(days=day)
            left = gone.get(number)
            if left is not None and when >= left:
                continue
            soon = left is not None and left <= when + timedelta(days=HORIZON)
            vector = generator.normal(size=WIDTH)
            vector[2] += signal * soon
            identity = f"c{number:04d}-{day:03d}"
            contacts.append(
                {
                    "contact_id": identity, "customer_id": f"k{number:04d}", "day": when, "channel": "chat",
                    "started_at": datetime(when.year, when.month, when.day, 10, tzinfo=UTC),
                    "language": "hr" if number % 5 else "en", "script": "Latn",
                    "csat": int(generator.integers(1, 6)) if generator.random() < 0.5 else None,
                }
            )  # fmt: skip
            scores.append(
                {
                    "contact_id": identity, "model_version": "m1", "day": when, "embedding": vector.tolist(),
                    "top_reason": "bill_higher", "top_probability": 0.5, "sentiment": "neutral",
                    "sentiment_probability": 0.6, "churn_probability": float(generator.random()),
                }
            )  # fmt: skip
    outcomes = [
        {
            "customer_id": f"k{number:04d}",
            "kind": "churned" if number in gone else "stayed",
            "churned_at": gone.get(number),
        }
        for number in range(customers)
    ]
    return Company(tuple(contacts), tuple(scores), tuple(outcomes))


PLANTED = company()


@pytest.fixture(scope="session")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return PLANTED.write(Lake(tmp_path_factory.mktemp("planted")))


def learnt(lake: Lake, settings: OutcomeSettings = SETTINGS) -> tuple[OutcomeHead, OutcomeReport]:
    train, test = time_split(outcome_frame(lake, "m1", settings), settings)
    return learn(lake, train, test, "m1", settings)


@pytest.fixture(scope="session")
def found(lake: Lake) -> tuple[OutcomeHead, OutcomeReport]:
    return learnt(lake)


def test_a_planted_signal_is_found(found: tuple[OutcomeHead, OutcomeReport]) -> None:
    figures = found[1].figures
    assert figures["pr_auc.low"] > 2 * figures["prevalence"]
    assert figures["lift_top_decile"] > 3 and figures["ece"] < 0.05
    assert figures["pr_auc.low"] < figures["pr_auc"] < figures["pr_auc.high"]
    assert figures["pr_auc_over.last_csat.low"] > 0 and figures["pr_auc_over.stated_intent.low"] > 0
    assert figures["baseline.prevalence.pr_auc"] == pytest.approx(figures["prevalence"])


def test_where_there_is_no_signal_none_is_found(tmp_path: Path) -> None:
    figures = learnt(company(signal=0.0).write(Lake(tmp_path)))[1].figures
    assert figures["pr_auc_over.prevalence.low"] < 0.02
    assert figures["ece"] < 0.05


def test_a_rare_language_has_no_figure_of_its_own_and_a_note(found: tuple[OutcomeHead, OutcomeReport]) -> None:
    report = found[1]
    assert "pr_auc.hr.low" in report.figures
    assert "pr_auc.en" not in report.figures
    assert [note for note in report.notes if note.startswith("en: ")]


def test_training_labels_are_known_before_the_first_test_contact(lake: Lake) -> None:
    frame = outcome_frame(lake, "m1", SETTINGS)
    train, test = time_split(frame, SETTINGS)
    gap = (test.days.min() - train.days.max()).astype(int)
    assert gap > HORIZON
    assert test.days.max() + HORIZON <= np.datetime64(frame.until)
    assert frame.until == FIRST + timedelta(days=DAYS - 1)


def test_contacts_with_an_open_end_are_left_out(lake: Lake) -> None:
    early = SETTINGS.model_copy(update={"observed_until": FIRST + timedelta(days=70)})
    assert outcome_frame(lake, "m1", early).days.max() == np.datetime64(FIRST + timedelta(days=70 - HORIZON))


def test_labels_at_the_edges(tmp_path: Path) -> None:
    """A leave on the horizon's last day counts, a day later it does not; on the day of the leave he is gone."""
    day = FIRST + timedelta(days=20)
    cases = {"last day": HORIZON, "a day late": HORIZON + 1, "gone": 0, "stays": None}
    contacts = [
        dict(PLANTED.contacts[0], contact_id=name, customer_id=name, day=day) for name in [*cases, "nobody knows"]
    ]
    scores = [dict(PLANTED.scores[0], contact_id=name, day=day) for name in [*cases, "nobody knows"]]
    outcomes = [
        {"customer_id": name, "kind": "x", "churned_at": None if after is None else day + timedelta(days=after)}
        for name, after in cases.items()
    ]
    lake = Company((PLANTED.contacts[-1], *contacts), (PLANTED.scores[0], *scores), tuple(outcomes)).write(
        Lake(tmp_path)
    )
    until = SETTINGS.model_copy(update={"observed_until": FIRST + timedelta(days=60)})
    frame = outcome_frame(lake, "m1", until)
    labels = dict(zip(frame.contact_ids.to_pylist(), frame.left.tolist(), strict=True))
    assert labels == {"last day": True, "a day late": False, "stays": False}


def head_numbers(head: OutcomeHead) -> list[float]:
    return [*head.weights.tolist(), head.bias, head.slope, head.shift, *head.mean.tolist(), *head.space.centre.tolist()]


def test_nothing_after_the_training_changes_the_head(
    lake: Lake, found: tuple[OutcomeHead, OutcomeReport], tmp_path: Path
) -> None:
    """Later contacts, their answers and scores, and later leaves may all be different."""
    begin = date.fromisoformat(found[1].split["test_first"])
    kept = {row["customer_id"] for row in PLANTED.outcomes[:1]}  # says until when outcomes are known

    def later(row: dict[str, Any]) -> bool:
        return bool(row["day"] >= begin)

    changed = Company(
        tuple(row | {"csat": 1, "channel": "call"} if later(row) else row for row in PLANTED.contacts),
        tuple(
            row | {"embedding": [9.0] * WIDTH, "churn_probability": 0.99, "top_reason": "other"} if later(row) else row
            for row in PLANTED.scores
        ),
        tuple(
            row | {"churned_at": begin + timedelta(days=29)}
            if row["churned_at"] and row["churned_at"] >= begin and row["customer_id"] not in kept
            else row
            for row in PLANTED.outcomes
        ),
    )
    head, report = learnt(changed.write(Lake(tmp_path)))
    assert head_numbers(head) == head_numbers(found[0])
    assert report.figures["pr_auc"] != found[1].figures["pr_auc"]  # the change was real


def test_what_comes_after_a_contact_changes_nothing_of_it(lake: Lake, tmp_path: Path) -> None:
    cut = FIRST + timedelta(days=40)
    changed = replace(
        PLANTED, contacts=tuple(row | {"csat": 1} if row["day"] >= cut else row for row in PLANTED.contacts)
    )
    before, after = outcome_frame(lake, "m1", SETTINGS), outcome_frame(changed.write(Lake(tmp_path)), "m1", SETTINGS)
    # The very day's own answer is not known at the contact either.
    early = before.days <= np.datetime64(cut)
    assert np.array_equal(before.last_csat[early], after.last_csat[early], equal_nan=True)
    assert not np.array_equal(before.last_csat, after.last_csat, equal_nan=True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param(lambda c: replace(c, outcomes=()), "who left and who stayed, got none", id="no outcomes"),
        pytest.param(lambda c: replace(c, scores=()), "contacts scored by model m1, got none", id="no scores"),
        pytest.param(
            lambda c: replace(c, outcomes=tuple(row | {"churned_at": None} for row in c.outcomes)),
            "expected some customers who left, got none", id="nobody left",
        ),
        pytest.param(
            lambda c: replace(c, outcomes=(c.outcomes[0], *(r for r in c.outcomes if not r["churned_at"]))),
            "at least 20 customers who left within 15 days of a training contact, got 0", id="too few leave",
        ),
        pytest.param(
            lambda c: replace(
                c,
                outcomes=tuple(
                    row | {"churned_at": FIRST + timedelta(days=DAYS - 1)} if row["customer_id"] == "k0000" else row
                    for row in c.outcomes if row["churned_at"]
                ),
                contacts=tuple(
                    row for row in c.contacts
                    if any(
                        o["churned_at"] and row["day"] < o["churned_at"] <= row["day"] + timedelta(days=HORIZON)
                        for o in c.outcomes if o["customer_id"] == row["customer_id"]
                    )
                ),
            ),
            "expected training contacts of customers who stayed too", id="all leave",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_learnt_from_is_said_in_a_line(
    tmp_path: Path, change: Callable[[Company], Company], message: str
) -> None:
    lake = change(PLANTED).write(Lake(tmp_path))
    with pytest.raises(TrainingError, match=message) as error:
        learnt(lake)
    assert "\n" not in str(error.value)


def test_a_horizon_longer_than_the_history(lake: Lake) -> None:
    with pytest.raises(TrainingError, match=r"at least 122 days .* got 100 .* to 49 at most"):
        outcome_frame(lake, "m1", SETTINGS.model_copy(update={"horizon_days": 60}))


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    text = f"[outcomes]\nhorizon_days = {HORIZON}\ncomponents = 4\nbootstrap = 100\n"
    workspace = Workspace.create(tmp_path / "ws", text, taxonomy_toml())
    PLANTED.write(workspace.lake)
    (workspace.models / "m1").mkdir(parents=True)
    return workspace


def test_trained_and_scored_twice_is_the_same_as_once(workspace: Workspace) -> None:
    with pytest.raises(WorkspaceError, match="no model yet"):
        train_outcomes(workspace)
    workspace.make_current("m1")
    with pytest.raises(WorkspaceError, match="voc train-outcomes"):
        score_outcomes(workspace)
    first = train_outcomes(workspace)
    assert first.trained and first.report.figures["pr_auc"] > 0.3
    assert score_outcomes(workspace).contacts == len(PLANTED.scores)
    rows = workspace.lake.query("SELECT * FROM outcome_scores ORDER BY contact_id")
    again = train_outcomes(workspace)
    assert (again.version, again.trained, again.report) == (first.version, False, first.report)
    assert score_outcomes(workspace).contacts == 0
    assert workspace.lake.query("SELECT * FROM outcome_scores ORDER BY contact_id").equals(rows)
    assert set(rows["horizon_days"].to_pylist()) == {HORIZON}
    assert set(rows["model_version"].to_pylist()) == {first.version}


def test_only_new_contacts_are_scored_and_a_stopped_run_is_finished(workspace: Workspace) -> None:
    workspace.make_current("m1")
    train_outcomes(workspace)
    score_outcomes(workspace)
    whole = workspace.lake.query("SELECT * FROM outcome_scores ORDER BY contact_id")
    part = whole.slice(0, 500)
    workspace.lake.replace("outcome_scores", part)
    assert score_outcomes(workspace).contacts == whole.num_rows - 500
    assert workspace.lake.query("SELECT * FROM outcome_scores ORDER BY contact_id").equals(whole)
