"""`voc train-outcomes`: learn from what customers did after a contact, and judge it on later contacts.

The label of a contact says whether its customer left within `horizon_days` after it. Two days cut time in three: the
labels of all training contacts are known before the first test contact (a gap of one horizon), and the test contacts
are those whose own horizon has passed. Contacts whose horizon has not, contacts after a customer has left, and
customers without a recorded outcome are in neither.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from sklearn.linear_model import LogisticRegression

from voc.config import OutcomeSettings
from voc.data.columns import FORM_SQL, day_groups, vectors_of
from voc.data.lake import Lake
from voc.data.workspace import Workspace, write_atomically
from voc.errors import TrainingError
from voc.models.outcome import (
    CURRENT,
    FOLDER,
    FORMAT,
    FeatureSpace,
    HeadManifest,
    OutcomeHead,
    contact_features,
    load_head,
    load_report,
    logit,
    save_head,
    sigmoid,
)
from voc.models.ranking import Bools, Days, Risk, intervals
from voc.models.registry import Registry
from voc.models.tasks import Floats

Progress = Callable[[str, float], None]
Labels = npt.NDArray[np.int64]

LEAST_LEAVERS = 20
"""Fewer leaving customers among the training or the test contacts are too few to learn from or to judge by."""
LEAST_POSITIVES = 30
"""A language with fewer test contacts before a leave has no PR-AUC of its own."""
FOLDS = 5
STRENGTHS = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1)
CALIBRATION_SHARE = 0.4
"""The latest part of the training contacts, on which the probabilities are calibrated."""
READ_CONTACTS = 20_000
STATED, LAST_CSAT, PREVALENCE, WITH_CSAT = "stated_intent", "last_csat", "prevalence", "with_last_csat"
_PREFIXES = {"head": "", WITH_CSAT: f"{WITH_CSAT}."} | {
    name: f"baseline.{name}." for name in (STATED, LAST_CSAT, PREVALENCE)
}

# The last day of which outcomes are known, unless the settings say it: no later than the last recorded leave, since the
# file of outcomes may be older than the newest contacts, nor than the last contact, since a leave may be announced.
_OBSERVED = """
    SELECT least((SELECT max(churned_at) FROM outcomes), (SELECT max(day) FROM contacts)) AS until,
           (SELECT count(*) FROM outcomes) AS outcomes, (SELECT count(churned_at) FROM outcomes) AS leaves,
           (SELECT min(day) FROM scores WHERE model_version = $classifier) AS first
"""
# One row a contact whose outcome is known. CSAT of an earlier contact counts as known a day after that contact began:
# answers have no time of their own.
_FRAME = f"""
    WITH said AS (
        SELECT contact_id, day, customer_id, language, script,
               last_value(csat IGNORE NULLS) OVER (
                   PARTITION BY customer_id ORDER BY started_at
                   RANGE BETWEEN UNBOUNDED PRECEDING AND INTERVAL 1 DAY PRECEDING
               ) AS last_csat
        FROM contacts
    )
    SELECT contact_id, day, customer_id, last_csat, churn_probability,
           {FORM_SQL} AS language,
           coalesce(churned_at <= day + $horizon, false) AS left_us
    FROM said
         JOIN (
             SELECT contact_id, day, churn_probability FROM scores
             WHERE model_version = $classifier AND embedding IS NOT NULL
         ) USING (contact_id, day)
         JOIN outcomes USING (customer_id)
    WHERE day + $horizon <= $until AND (churned_at IS NULL OR day < churned_at)
    ORDER BY day, contact_id
"""


@dataclass(frozen=True)
class OutcomeFrame:
    """Contacts whose outcome is known, by day and contact_id; every array has one value a contact."""

    contact_ids: pa.Array
    days: Days
    customers: Labels
    languages: npt.NDArray[np.str_]
    left: Bools
    last_csat: Floats
    """nan where no earlier contact has one."""
    stated: Floats
    """Stated churn intent, a probability."""
    first: date
    until: date
    """Last day of which outcomes are known."""

    def __len__(self) -> int:
        return len(self.days)

    def where(self, rows: Bools) -> "OutcomeFrame":
        """Some of the contacts."""
        return OutcomeFrame(
            self.contact_ids.filter(pa.array(rows)), self.days[rows], self.customers[rows], self.languages[rows],
            self.left[rows], self.last_csat[rows], self.stated[rows], self.first, self.until,
        )  # fmt: skip

    @property
    def leavers(self) -> int:
        """How many customers leave within the horizon of one of the contacts."""
        return len(np.unique(self.customers[self.left]))

    @property
    def counts(self) -> dict[str, int]:
        """Rows for a report."""
        customers = len(np.unique(self.customers))
        return {"contacts": len(self), "positives": int(self.left.sum()), "customers": customers,
                "leavers": self.leavers}  # fmt: skip


@dataclass(frozen=True)
class OutcomeReport:
    """How good a head is on contacts it could not know, beside its rivals.

    `figures` by name, intervals as `<name>.low` and `.high`, rivals as `baseline.<rival>.<name>`. `notes` say in words
    what there is no figure for.
    """

    figures: Mapping[str, float]
    split: Mapping[str, str]
    train: Mapping[str, int]
    test: Mapping[str, int]
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "OutcomeReport":
        """Out of JSON."""
        return cls(**{**values, "notes": tuple(values["notes"])})


@dataclass(frozen=True)
class OutcomeSummary:
    """What a training gave; `trained` is False where the very same head was there already."""

    version: str
    folder: Path
    horizon_days: int
    report: OutcomeReport
    trained: bool


def train_outcomes(workspace: Workspace, progress: Progress = lambda what, share: None) -> OutcomeSummary:
    """Train the outcome head on the current model's scores, judge it, save it and use it from now on.

    The version follows from what goes in, so the same data and settings give the head that is there. Tracked in
    MLflow. Time and the contacts' reading are linear, in memory is one row of some eighty numbers for each training and
    test contact. Raises WorkspaceError without a model, TrainingError where outcomes are missing or too few.
    """
    classifier = workspace.required_model()
    settings, lake = workspace.config.outcomes, workspace.lake
    frame = outcome_frame(lake, classifier, settings)
    train, test = time_split(frame, settings)
    name = _version(train, test, classifier, settings)
    folder = workspace.models / FOLDER / name
    fresh = not folder.is_dir()
    if fresh:
        registry = Registry(workspace.tracking_uri, workspace.config.tracking.experiment)
        with registry.run("train-outcomes", {"classifier": classifier}) as run:
            run.parameters({"outcomes": settings.model_dump(mode="json"), "classifier": classifier})
            for part, context in ((train, "training"), (test, "testing")):
                run.dataset(f"outcomes-{context}", _digest(part), context, part.counts)
            head, report = learn(lake, train, test, classifier, settings, progress)
            run.metrics({key: value for key, value in report.figures.items() if not np.isnan(value)})
            run.table("outcomes", asdict(report))
            save_head(head, asdict(report), folder)
    load_head(folder)  # refuses a damaged one before it comes into use
    write_atomically(workspace.models / FOLDER / CURRENT, name + "\n")
    report = OutcomeReport.of(load_report(folder))
    return OutcomeSummary(name, folder, settings.horizon_days, report, fresh)


def outcome_frame(lake: Lake, classifier: str, settings: OutcomeSettings) -> OutcomeFrame:
    """The contacts scored by `classifier` whose outcome is known. Raises TrainingError where there are none."""
    (facts,) = lake.query(_OBSERVED, {"classifier": classifier}).to_pylist()
    if not facts["outcomes"]:
        raise TrainingError("outcomes: expected rows of customers who left and who stayed, got none; run: voc ingest")
    if facts["first"] is None:
        raise TrainingError(f"outcomes: expected contacts scored by model {classifier}, got none; run: voc score")
    if not facts["leaves"]:
        raise TrainingError("outcomes: expected some customers who left, got none: there is nothing to learn")
    until: date = settings.observed_until or facts["until"]
    _check_history(facts["first"], until, settings.horizon_days)
    values = {"classifier": classifier, "horizon": settings.horizon_days, "until": until}
    rows = lake.query(_FRAME, values)
    customers = pc.dictionary_encode(rows["customer_id"]).combine_chunks().indices
    return OutcomeFrame(
        rows["contact_id"].combine_chunks(),
        rows["day"].to_numpy().astype("datetime64[D]"),
        customers.to_numpy().astype(np.int64),
        np.array(rows["language"].to_pylist(), dtype=np.str_),
        rows["left_us"].to_numpy(zero_copy_only=False),
        pc.fill_null(pc.cast(rows["last_csat"], pa.float32()), float("nan")).to_numpy(),
        pc.fill_null(rows["churn_probability"], 0.5).to_numpy(),
        facts["first"],
        until,
    )


def time_split(frame: OutcomeFrame, settings: OutcomeSettings) -> tuple[OutcomeFrame, OutcomeFrame]:
    """Training contacts and later test contacts, one horizon apart. Raises TrainingError where one is too thin."""
    gap = timedelta(days=settings.horizon_days)
    last = frame.until - gap
    free = (last - frame.first).days + 1 - settings.horizon_days
    tested = min(max(1, round(settings.test_share * free)), free - 1)
    begin = last - timedelta(days=tested - 1)
    # A leave on the day `begin` itself is not known yet when the first test contact comes.
    train = frame.where(frame.days < np.datetime64(begin - gap))
    test = frame.where(frame.days >= np.datetime64(begin))
    for name, part in (("training", train), ("test", test)):
        if len(part) and part.left.all():
            raise TrainingError(
                f"outcomes: expected {name} contacts of customers who stayed too, got {len(part):,} of leavers only"
            )
        if part.leavers < LEAST_LEAVERS:
            raise TrainingError(
                f"outcomes: expected at least {LEAST_LEAVERS} customers who left within {settings.horizon_days} days "
                f"of a {name} contact, got {part.leavers}"
            )
    return train, test


def learn(
    lake: Lake,
    train: OutcomeFrame,
    test: OutcomeFrame,
    classifier: str,
    settings: OutcomeSettings,
    progress: Progress = lambda what, share: None,
) -> tuple[OutcomeHead, OutcomeReport]:
    """Fit a head on `train` and judge it, beside its rivals, on `test`. Writes nothing."""
    progress("reading vectors", 0.0)
    space = feature_space(lake, classifier, train, settings.components)
    name = _version(train, test, classifier, settings)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    manifest = HeadManifest(name, classifier, settings.horizon_days, now, version("voc-insights"))
    progress("learning", 0.3)
    head, seen = fit_head(_matrix(lake, classifier, train, space), train, space, manifest, settings.seed)
    progress("judging", 0.6)
    parts = [head.probabilities(contacts) for contacts in _contacts(lake, classifier, test)]
    return head, judge(np.concatenate(parts), seen, train, test, settings)


def feature_space(lake: Lake, classifier: str, train: OutcomeFrame, components: int) -> FeatureSpace:
    """Principal components of the training contacts' vectors, and the reasons that occur among them.

    The covariance is summed up batch by batch: no more than one batch of vectors is in memory.
    """
    reasons: set[str] = set()
    shift: npt.NDArray[np.float64] | None = None
    total = products = np.zeros(0)
    for contacts in _contacts(lake, classifier, train):
        vectors = vectors_of(contacts["embedding"]).astype(np.float64)
        if shift is None:
            shift = vectors.mean(axis=0)  # near the mean already, so that the sums lose no digits
            total, products = np.zeros(len(shift)), np.zeros((len(shift), len(shift)))
        vectors -= shift
        total += vectors.sum(axis=0)
        products += vectors.T @ vectors
        reasons |= set(contacts["top_reason"].to_pylist()) - {None}
    assert shift is not None
    mean = total / len(train)
    _, axes = np.linalg.eigh(products / len(train) - np.outer(mean, mean))
    chosen = axes[:, ::-1][:, : min(components, len(shift))]
    return FeatureSpace((shift + mean).astype(np.float32), chosen.astype(np.float32), tuple(sorted(reasons)))


def fit_head(
    matrix: Floats, train: OutcomeFrame, space: FeatureSpace, manifest: HeadManifest, seed: int
) -> tuple[OutcomeHead, Floats]:
    """Logistic regression on the standardised (contacts, features) `matrix`.

    Its strength and its calibration come from predictions for customers that the fold had not seen: contacts of one
    customer share his outcome, so a head that knows him would look too good. Platt's slope and shift are fitted on
    the latest of the training contacts. The second value is those unseen predictions (contacts,), calibrated.
    """
    mean, scale = matrix.mean(axis=0), matrix.std(axis=0)
    scale[scale < 1e-6] = 1.0
    inputs = (matrix - mean) / scale
    folds = np.random.default_rng(seed).integers(0, FOLDS, int(train.customers.max()) + 1)[train.customers]
    unseen = {strength: _unseen_logits(inputs, train.left, folds, strength) for strength in STRENGTHS}
    best = min(STRENGTHS, key=lambda strength: _log_loss(train.left, sigmoid(unseen[strength])))
    late = train.days >= np.datetime64(int(np.quantile(train.days.astype(np.int64), 1 - CALIBRATION_SHARE)), "D")
    if train.left[late].sum() < LEAST_LEAVERS:
        late = np.ones(len(train), dtype=bool)
    slope, shift = platt(unseen[best][late], train.left[late])
    model = _logistic(inputs, train.left, best)
    weights = model.coef_[0].astype(np.float32)
    head = OutcomeHead(manifest, space, mean, scale, weights, float(model.intercept_[0]), slope, shift)
    return head, sigmoid(slope * unseen[best] + shift)


def platt(logits: Floats, left: Bools) -> tuple[float, float]:
    """Slope and shift that make the logits true on these contacts; a slope below 0 would turn the order round."""
    if left.all() or not left.any():
        return 0.0, float(logit(np.array([(left.sum() + 1) / (len(left) + 2)]))[0])
    model = _logistic(logits[:, None], left, 1e3)
    slope = float(model.coef_[0, 0])
    if slope <= 0:
        return 0.0, float(logit(np.array([left.mean()]))[0])
    return slope, float(model.intercept_[0])


def judge(
    probabilities: Floats, seen: Floats, train: OutcomeFrame, test: OutcomeFrame, settings: OutcomeSettings
) -> OutcomeReport:
    """Figures of the head's `probabilities` (test contacts,) and of rivals that learnt on the same contacts.

    `seen` (training contacts,) are the head's predictions for customers that it had not seen. From them and the last
    CSAT comes `with_last_csat`: what the head would be worth with that one fact of the customer's history.
    """
    found = {"head": probabilities, WITH_CSAT: _with_csat(probabilities, seen, train, test), **rivals(train, test)}
    risks = {name: Risk(test.left, values, test.days, settings.capacity_per_day) for name, values in found.items()}
    ends = intervals(risks, test.customers, settings.bootstrap, settings.seed)
    figures: dict[str, float] = {}
    for name, risk in risks.items():
        prefix = _PREFIXES[name]
        for key, value in risk.figures().items():
            figures[f"{prefix}{key}"] = value
            if key != "ece":  # a resampled set is worse calibrated than the set it was drawn from
                figures |= _ends(f"{prefix}{key}", ends[name][key])
        if name != "head":
            figures[f"pr_auc_over.{name}"] = figures["pr_auc"] - figures[f"{prefix}pr_auc"]
            figures |= _ends(f"pr_auc_over.{name}", ends[name]["pr_auc_gain"])
    figures[f"baseline.{LAST_CSAT}.known"] = float((~np.isnan(test.last_csat)).mean())
    notes = []
    for language in np.unique(test.languages).tolist():
        rows = test.languages == language
        positives = int(test.left[rows].sum())
        figures |= {f"contacts.{language}": float(rows.sum()), f"positives.{language}": float(positives)}
        if positives < LEAST_POSITIVES:
            notes.append(f"{language}: {positives} contacts before a leave, fewer than {LEAST_POSITIVES}: no PR-AUC")
            continue
        part = test.where(rows)
        own = {
            name: Risk(part.left, values[rows], part.days, settings.capacity_per_day) for name, values in found.items()
        }
        spread = intervals({"head": own["head"]}, part.customers, settings.bootstrap, settings.seed)["head"]
        whole = own["head"].figures()
        for key in ("pr_auc", "lift_top_decile", "ece", "prevalence"):
            figures[f"{key}.{language}"] = whole[key]
        figures |= _ends(f"pr_auc.{language}", spread["pr_auc"])
        for name in (LAST_CSAT, STATED):
            figures[f"baseline.{name}.pr_auc.{language}"] = own[name].figures()["pr_auc"]
    split = {
        "train_first": str(train.days.min()), "train_last": str(train.days.max()),
        "test_first": str(test.days.min()), "test_last": str(test.days.max()), "observed_until": str(test.until),
    }  # fmt: skip
    return OutcomeReport(figures, split, train.counts, test.counts, tuple(notes))


def rivals(train: OutcomeFrame, test: OutcomeFrame) -> dict[str, Floats]:
    """Probabilities (test contacts,) of simple rivals, each calibrated on the training contacts.

    The customer's last CSAT before this contact alone, the stated intent of this contact alone, and the share of the
    training contacts before a leave for everybody.
    """
    spread = _logistic(_csat_columns(train.last_csat), train.left, 1.0)
    slope, shift = platt(logit(train.stated), train.left)
    return {
        LAST_CSAT: spread.predict_proba(_csat_columns(test.last_csat))[:, 1].astype(np.float32),
        STATED: sigmoid(slope * logit(test.stated) + shift),
        PREVALENCE: np.full(len(test), train.left.mean(), dtype=np.float32),
    }


def _with_csat(probabilities: Floats, seen: Floats, train: OutcomeFrame, test: OutcomeFrame) -> Floats:
    def columns(risks: Floats, frame: OutcomeFrame) -> Floats:
        return np.concatenate([logit(risks)[:, None], _csat_columns(frame.last_csat)], axis=1)

    model = _logistic(columns(seen, train), train.left, 1.0)
    return np.asarray(model.predict_proba(columns(probabilities, test))[:, 1], dtype=np.float32)


def _csat_columns(csat: Floats) -> Floats:
    """(contacts, 2): how far the last CSAT is below 3, and whether there is one."""
    known = ~np.isnan(csat)
    return np.stack([np.where(known, 3 - csat, 0), known], axis=1).astype(np.float32)


def _check_history(first: date, until: date, horizon: int) -> None:
    days = (until - first).days + 1
    if days - 2 * horizon < 2:  # one day to learn from and one to judge by, each with its horizon
        most = max((days - 2) // 2, 0)
        raise TrainingError(
            f"outcomes: expected at least {2 * horizon + 2} days from the first scored contact to the last known "
            f"outcome for a horizon of {horizon} days, got {days} ({first} to {until}); set horizon_days in "
            f"[outcomes] of voc.toml to {most} at most, better to {days // 4}"
        )


def _contacts(lake: Lake, classifier: str, frame: OutcomeFrame) -> Iterator[pa.Table]:
    """What heads read of the frame's contacts, in its order, in batches of whole days."""
    days, counts = np.unique(frame.days, return_counts=True)
    sizes = dict(zip(days.tolist(), counts.tolist(), strict=True))
    for first, last in day_groups(sizes, READ_CONTACTS):
        begin = np.searchsorted(frame.days, np.datetime64(first), side="left")
        end = np.searchsorted(frame.days, np.datetime64(last), side="right")
        wanted = frame.contact_ids.slice(int(begin), int(end - begin))
        table = contact_features(lake, classifier, first, last)
        table = table.filter(pc.is_in(table["contact_id"], value_set=wanted))
        assert table["contact_id"].combine_chunks().equals(wanted)
        yield table


def _matrix(lake: Lake, classifier: str, frame: OutcomeFrame, space: FeatureSpace) -> Floats:
    return np.concatenate([space.matrix(contacts) for contacts in _contacts(lake, classifier, frame)])


def _logistic(inputs: Floats, left: Bools, strength: float) -> LogisticRegression:
    return LogisticRegression(C=strength, max_iter=1000).fit(inputs.astype(np.float64), left)


def _unseen_logits(inputs: Floats, left: Bools, folds: Labels, strength: float) -> Floats:
    found = np.full(len(left), logit(np.array([left.mean()]))[0], dtype=np.float32)
    for fold in np.unique(folds):
        rest = folds != fold
        if left[rest].any() and not left[rest].all():
            found[~rest] = _logistic(inputs[rest], left[rest], strength).decision_function(inputs[~rest])
    return found


def _log_loss(left: Bools, probabilities: Floats) -> float:
    inside = np.clip(probabilities.astype(np.float64), 1e-6, 1 - 1e-6)
    return float(-np.where(left, np.log(inside), np.log(1 - inside)).mean())


def _ends(name: str, found: tuple[float, float]) -> dict[str, float]:
    return {f"{name}.low": found[0], f"{name}.high": found[1]}


def _digest(frame: OutcomeFrame) -> str:
    digest = hashlib.sha256()
    for values in (frame.days.astype(np.int64), frame.left, frame.customers, frame.last_csat, frame.stated):
        digest.update(values.tobytes())
    for identity in frame.contact_ids:
        digest.update(identity.as_py().encode() + b"\0")
    return digest.hexdigest()[:16]


def _version(train: OutcomeFrame, test: OutcomeFrame, classifier: str, settings: OutcomeSettings) -> str:
    parts = [str(FORMAT), version("voc-insights"), classifier, json.dumps(settings.model_dump(mode="json"))]
    parts += [_digest(train), _digest(test)]
    return f"outcome-{hashlib.sha256('|'.join(parts).encode()).hexdigest()[:12]}"
