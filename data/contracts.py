"""The tables of the lake: columns, keys, partitions. What crosses a folder is checked against these."""

from dataclasses import dataclass

import pyarrow as pa

from voc.errors import ContractError

TIME = pa.timestamp("us", tz="UTC")
TURN = pa.struct([("speaker", pa.string()), ("text", pa.string()), ("at", TIME)])
# Where the words stand that a decision rests on: number of the turn, and a span of the characters of its text.
EVIDENCE = pa.struct([("turn", pa.int16()), ("begin", pa.int32()), ("end", pa.int32())])
REASON = pa.struct([("reason", pa.string()), ("probability", pa.float32()), ("evidence", EVIDENCE)])
OTHER_THEME = pa.struct([("theme_id", pa.string()), ("similarity", pa.float32()), ("evidence", EVIDENCE)])
# A passage that carries a reason of its own, and its vector.
MENTION = pa.struct([*EVIDENCE, ("embedding", pa.list_(pa.float32()))])
TURN_SENTIMENT = pa.struct([("turn", pa.int16()), ("sentiment", pa.string()), ("probability", pa.float32())])


@dataclass(frozen=True)
class Contract:
    """What a table promises.

    `key` names the columns that identify a row; `partition` the columns its files are laid out by.
    """

    name: str
    schema: pa.Schema
    key: tuple[str, ...]
    partition: tuple[str, ...] = ()

    def check(self, schema: pa.Schema) -> None:
        """Raise ContractError with all differences of `schema` from the promise (order of columns aside)."""
        wrong = [
            f"{field.name}: expected {field.type}, got "
            + (str(schema.field(field.name).type) if field.name in schema.names else "no such column")
            for field in self.schema
            if field.name not in schema.names or schema.field(field.name).type != field.type
        ]
        wrong += [f"{name}: not in the contract" for name in schema.names if name not in self.schema.names]
        if wrong:
            raise ContractError(f"table {self.name}: {'; '.join(wrong)}")


def _schema(**columns: pa.DataType) -> pa.Schema:
    return pa.schema([pa.field(name, kind) for name, kind in columns.items()])


CONTACTS = Contract(
    "contacts",
    _schema(
        contact_id=pa.string(),
        customer_id=pa.string(),
        started_at=TIME,
        day=pa.date32(),  # on the company's wall clock
        channel=pa.string(),
        product=pa.string(),
        journey_stage=pa.string(),
        language=pa.string(),
        script=pa.string(),
        turns=pa.list_(TURN),
        csat=pa.int8(),
        nps=pa.int8(),
        ces=pa.int8(),
        first_response_s=pa.int64(),
        duration_s=pa.int64(),
        source=pa.string(),
        attributes=pa.string(),  # JSON object of what the source had besides
        search_text=pa.string(),  # every word, in Latin script, lower case, without diacritics
        digest=pa.string(),
    ),
    key=("contact_id",),
    partition=("day",),
)

CUSTOMERS = Contract(
    "customers",
    _schema(
        customer_id=pa.string(),
        active_from=pa.date32(),
        active_to=pa.date32(),
        segment=pa.string(),
        region=pa.string(),
        digest=pa.string(),
    ),
    key=("customer_id",),
)

OUTCOMES = Contract(
    "outcomes",
    _schema(customer_id=pa.string(), kind=pa.string(), churned_at=pa.date32(), digest=pa.string()),
    key=("customer_id",),
)

LABELS = Contract(
    "labels",
    _schema(
        contact_id=pa.string(),
        reasons=pa.list_(pa.string()),
        sentiment=pa.string(),
        churn_intent=pa.bool_(),
        split=pa.string(),
        source=pa.string(),
        digest=pa.string(),
    ),
    key=("contact_id",),
)

SCORES = Contract(
    "scores",
    _schema(
        contact_id=pa.string(),
        model_version=pa.string(),
        day=pa.date32(),
        # Those at or above the threshold, most probable first; empty when abstained.
        reasons=pa.list_(REASON),
        abstained=pa.bool_(),
        top_reason=pa.string(),  # most probable one, whether or not it passed
        top_probability=pa.float32(),
        sentiment=pa.string(),
        sentiment_probability=pa.float32(),
        # Of each turn of the customer by itself; null where the model does not know the task, and in older rows.
        sentiment_course=pa.list_(TURN_SENTIMENT),
        churn_intent=pa.bool_(),
        churn_probability=pa.float32(),
        churn_evidence=EVIDENCE,  # where the customer says so; null where he does not
        churn_direction=pa.string(),  # where the customer stands with us; null where the model does not know the task
        embedding=pa.list_(pa.float32()),
        # Where several reasons are told in different passages; null elsewhere, and in older rows.
        mentions=pa.list_(MENTION),
    ),
    key=("contact_id", "model_version"),
    partition=("day",),
)

OUTCOME_SCORES = Contract(
    "outcome_scores",
    _schema(
        contact_id=pa.string(),
        model_version=pa.string(),  # of the outcome head, not of the classifier
        day=pa.date32(),
        outcome_probability=pa.float32(),
        horizon_days=pa.int16(),
    ),
    key=("contact_id", "model_version"),
    partition=("day",),
)

THEMES = Contract(
    "themes",
    _schema(
        theme_id=pa.string(),
        label=pa.string(),
        keywords=pa.list_(pa.string()),
        verbatim_ids=pa.list_(pa.string()),  # contacts that represent it best, of different customers
        contacts=pa.int64(),
        customers=pa.int64(),
        first_day=pa.date32(),
        last_day=pa.date32(),
        centroid=pa.list_(pa.float32()),
        floor=pa.float32(),  # a contact with a lower cosine to the centroid is not in it
        since=pa.date32(),  # of a theme found in its first days: not before that day, but for what lies in its middle
        space=pa.string(),  # the vectors' space that the centroid lies in: a file in the workspace's folder `themes`
        model_version=pa.string(),
        status=pa.string(),  # active, retired, merged, dismissed
        merged_into=pa.string(),
        theme_group=pa.string(),  # of themes that lie near each other; null where there are too few themes for groups
        theme_group_label=pa.string(),
        owner=pa.string(),
        fixed_on=pa.date32(),
        fixed_release=pa.string(),
        fitted_at=TIME,
    ),
    key=("theme_id",),
)

THEME_EVENTS = Contract(
    "theme_events",
    _schema(
        event_id=pa.string(),
        at=TIME,
        kind=pa.string(),  # born, split, merged, retired, returned
        theme_id=pa.string(),
        other_theme_ids=pa.list_(pa.string()),
        details=pa.string(),  # JSON
    ),
    key=("event_id",),
)

THEME_EDITS = Contract(
    "theme_edits",
    _schema(
        edit_id=pa.string(),
        at=TIME,
        who=pa.string(),
        kind=pa.string(),  # rename, merge, split, dismiss, owner, fixed, undo
        theme_id=pa.string(),
        other_theme_id=pa.string(),  # merge: into which; split: the new one
        contact_ids=pa.list_(pa.string()),  # split: contacts that the new one is made of
        value=pa.string(),  # rename: the label; owner: who; fixed: the day or the release; undo: the edit undone
    ),
    key=("edit_id",),
)

CORRECTIONS = Contract(
    "corrections",
    _schema(
        correction_id=pa.string(),  # one judgement of one contact: a row for each task that was judged
        task=pa.string(),  # reason, sentiment, churn_intent; undo: nothing
        at=TIME,
        who=pa.string(),
        kind=pa.string(),  # judged, undo
        contact_id=pa.string(),
        model_version=pa.string(),  # whose labels `old` are
        old=pa.list_(pa.string()),  # what the model gave, most probable first; empty: it abstained
        probabilities=pa.list_(pa.float32()),  # of `old`, in its order
        new=pa.list_(pa.string()),  # what the person says; empty: no reason fits
        blind=pa.bool_(),  # the model's proposal was not shown
        place=pa.string(),  # review, contact: the page
        held_out=pa.bool_(),  # a contact of the frozen test split: shown in the app, never learnt from
        note=pa.string(),
        undoes=pa.string(),  # undo: the judgement taken back
    ),
    key=("correction_id", "task"),
)

REVIEW_QUEUE = Contract(
    "review_queue",
    _schema(
        contact_id=pa.string(),
        place=pa.int32(),  # from 0, the most worth judging first
        why=pa.string(),  # uncertain, doubted
        uncertainty=pa.float32(),  # 0 to 1
        reviewers=pa.int8(),  # so many different people are to judge it
        model_version=pa.string(),
        made_at=TIME,
    ),
    key=("contact_id",),
)

THEME_ASSIGNMENTS = Contract(
    "theme_assignments",
    _schema(
        contact_id=pa.string(),
        day=pa.date32(),
        theme_id=pa.string(),  # null: in no theme
        similarity=pa.float32(),  # cosine to the theme's centroid
        evidence=EVIDENCE,  # the passage that speaks of it; null: the whole contact
        others=pa.list_(OTHER_THEME),  # what else a contact with several reasons speaks of; null: nothing
    ),
    key=("contact_id",),
)

THEME_MAP = Contract(
    "theme_map",
    _schema(
        contact_id=pa.string(),
        day=pa.date32(),
        x=pa.float32(),  # places without a unit: near each other is alike, far from each other says little
        y=pa.float32(),
    ),
    key=("contact_id",),
)

SIGNALS = Contract(
    "signals",
    _schema(
        kind=pa.string(),  # what the group is: theme, reason, slice
        group_id=pa.string(),
        day=pa.date32(),
        customers=pa.int64(),  # distinct customers of that group on that day
        expected=pa.float64(),  # null where no baseline was possible: the first days, and gaps in the data
        lower=pa.float64(),
        upper=pa.float64(),
        p=pa.float64(),
        q=pa.float64(),
        cusum=pa.float64(),
        fired=pa.string(),  # which test: excess, cusum, short, new; null: none
        status=pa.string(),  # new, emerging, growing, stable, fading, resolved, regressed
        alert_id=pa.string(),  # the alert that was open; null: none
    ),
    key=("kind", "group_id", "day"),
)

ALERTS = Contract(
    "alerts",
    _schema(
        alert_id=pa.string(),
        kind=pa.string(),
        group_id=pa.string(),
        began=pa.date32(),  # first day of the window that opened it
        opened=pa.date32(),  # the day on which it was known
        last=pa.date32(),  # last day above the usual; of an open alert the last day of the data
        closed=pa.bool_(),
        test=pa.string(),
        customers=pa.int64(),  # from `began` to `last`, each counted once a day
        expected=pa.float64(),
        impact=pa.float64(),  # customers above the expected
        peak=pa.float64(),  # largest number of times the expected customers
    ),
    key=("alert_id",),
)

CLOSURES = Contract(
    "closures",
    _schema(
        edit_id=pa.string(),  # the edit that marked the theme as fixed
        theme_id=pa.string(),
        fixed_on=pa.date32(),
        release=pa.string(),
        tested_on=pa.date32(),  # last day of the data
        verdict=pa.string(),  # resolved, unproven, regressed
        before=pa.int64(),  # customers of the theme in the days before, each counted once a day
        after=pa.int64(),
        days_before=pa.int64(),
        days_after=pa.int64(),
        ratio=pa.float64(),  # after over before, in relation to all other customers; null: nothing can be said
        low=pa.float64(),
        high=pa.float64(),
        exact=pa.bool_(),
    ),
    key=("edit_id",),
)

QUARANTINE = Contract(
    "quarantine",
    _schema(
        row_id=pa.string(),
        kind=pa.string(),
        source=pa.string(),
        line=pa.int64(),
        field=pa.string(),
        reason=pa.string(),
        raw=pa.binary(),  # the row as it came
        at=TIME,
    ),
    key=("row_id",),
)

RUNS = Contract(
    "runs",
    _schema(
        run_id=pa.string(),
        step=pa.string(),
        started_at=TIME,
        seconds=pa.float64(),
        inputs=pa.string(),  # JSON
        counts=pa.string(),  # JSON
        versions=pa.string(),  # JSON
    ),
    key=("run_id",),
)

CONTRACTS: dict[str, Contract] = {
    contract.name: contract
    for contract in (
        CONTACTS, CUSTOMERS, OUTCOMES, LABELS, SCORES, OUTCOME_SCORES, THEMES, THEME_ASSIGNMENTS, THEME_EVENTS,
        THEME_EDITS, THEME_MAP, SIGNALS, ALERTS, CLOSURES, CORRECTIONS, REVIEW_QUEUE, QUARANTINE, RUNS,
    )
}  # fmt: skip
