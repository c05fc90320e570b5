"""What a record takes, what it refuses, and what its digest depends on."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from voc.config import IngestSettings
from voc.data.problems import explain
from voc.data.records import Contact, Customer, Label, Outcome, Record

CONTEXT = {
    "zone": ZoneInfo("Europe/Zagreb"),
    "now": datetime(2026, 6, 1, 12, tzinfo=UTC),
    "limits": IngestSettings(),
    "reasons": ("bill_higher", "payment_failed"),
}
CONTACT: dict[str, Any] = {
    "contact_id": "c1",
    "customer_id": "k1",
    "started_at": "2026-05-04T10:15:00+02:00",
    "channel": "chat",
    "text": "My bill is too high.",
}


def read(record: type[Record] = Contact, **values: Any) -> Any:
    base = CONTACT if record is Contact else {}
    return record.model_validate(base | values, context=CONTEXT)


def refused(record: type[Record] = Contact, **values: Any) -> tuple[str, str]:
    with pytest.raises(ValidationError) as error:
        read(record, **values)
    problem = explain(error.value, tuple(values), record.model_fields)
    return problem.field, problem.reason


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"csat": "5"}, {"csat": 5}),
        ({"csat": 5.0}, {"csat": 5}),
        ({"csat": ""}, {}),
        ({"contact_id": 17}, {"contact_id": " 17 "}),
        ({"started_at": "2026-05-04T08:15:00Z"}, {"started_at": "2026-05-04 10:15"}),
        ({"started_at": datetime(2026, 5, 4, 8, 15, tzinfo=UTC)}, {}),
        ({"team": 5, "agent": "x"}, {"agent": "x", "team": "5"}),
        ({"team": True}, {"team": "true"}),
        ({"team": None}, {"team": " "}),
        ({"attributes": {"b": 1, "a": "x", "none": None}}, {"attributes": '{"a": "x", "b": "1"}'}),
        ({"attributes": [("b", "1"), ("a", "x")]}, {"a": "x", "b": 1}),
        ({"attributes": ""}, {}),
        ({"text": None, "turns": '[{"speaker": "customer", "text": "My bill is too high."}]'}, {}),
        ({"turns": ""}, {"turns": None}),
    ],
)
def test_the_same_content_has_the_same_digest(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert read(**one).digest == read(**other).digest


@pytest.mark.parametrize(
    "change",
    [
        {"csat": 5},
        {"text": "My bill is too low."},
        {"team": "a"},
        {"started_at": "2026-05-04T10:15:01+02:00"},
    ],
)
def test_other_content_has_another_digest(change: dict[str, Any]) -> None:
    assert read(**change).digest != read().digest


def test_turns_are_read_in_the_companys_time_zone() -> None:
    contact = read(text=None, turns=[{"speaker": "customer", "text": "Hi", "at": "2026-01-04T10:15"}])
    assert contact.turns[0].at == datetime(2026, 1, 4, 9, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        ({"channel": "phone"}, "channel", "expected call, chat, email or ticket, got phone"),
        ({"csat": "9"}, "csat", "expected at most 5, got 9"),
        ({"csat": "many"}, "csat", "expected a whole number, got many"),
        ({"csat": True}, "csat", "expected a whole number, got true or false"),
        ({"csat": float("nan")}, "csat", "expected a whole number, got nan"),
        ({"nps": 11}, "nps", "expected at most 10, got 11"),
        ({"duration_s": -5}, "duration_s", "expected at least 0, got -5"),
        ({"contact_id": "  "}, "contact_id", "expected a value, got nothing"),
        ({"contact_id": None}, "contact_id", "expected text, got nothing"),
        ({"contact_id": "x" * 201}, "contact_id", f"expected at most 200 characters, got {'x' * 40}…"),
        ({"started_at": "31.3.2026."}, "started_at",
         "expected a time such as 2026-03-31T14:05:00+02:00, got 31.3.2026."),
        ({"started_at": "2026-06-01T12:11:00Z"}, "started_at",
         "expected a time that is not in the future, got 2026-06-01T12:11:00Z"),
        ({"started_at": "46023"}, "started_at", "expected a year from 1990 on, got 46023"),
        ({"started_at": "9999-12-31T23:59:59-12:00"}, "started_at",
         "expected a time that UTC can tell, got 9999-12-31T23:59:59-12:00"),
        ({"text": "  "}, "turns", "expected at least one customer's turn with words, got none"),
        ({"text": None}, "turns", "expected this field, got only text"),
        ({"text": "x" * 200_001}, "turns", "expected at most 200,000 characters, got 200,001"),
        ({"turns": "[1, 2"}, "row", "expected turns or one text, got both"),
        ({"text": None, "turns": "[1, 2"}, "turns",
         "expected JSON, got something broken (EOF while parsing a list at line 1 column 5)"),
        ({"text": None, "turns": "[" * 5000}, "turns",
         "expected JSON, got something broken (recursion limit exceeded at line 1 column 202)"),
        ({"text": None, "turns": "{}"}, "turns", "expected a list, got an object"),
        ({"text": None, "turns": "7"}, "turns", "expected a list, got 7"),
        ({"text": None, "turns": ["Hi"]}, "turns[0]",
         "expected an object of speaker and text, got text of 2 characters"),
        ({"text": None, "turns": [{"speaker": "customer", "text": "Hi"}, {"speaker": "client", "text": "A"}]},
         "turns[1].speaker", "expected customer, agent or bot, got client"),
        ({"text": None, "turns": [{"speaker": "customer"}]}, "turns[0].text",
         "expected a value, got no such field"),
        ({"text": None, "turns": [{"speaker": "customer", "text": ["Ana Horvat"]}]}, "turns[0].text",
         "expected text, got a list"),
        ({"text": None, "turns": [{"speaker": "customer", "text": "Hi", "at": "noon"}]}, "turns[0].at",
         "expected a time such as 2026-03-31T14:05:00+02:00, got noon"),
        ({"text": None, "turns": [{"speaker": "customer", "text": "Hi", "name": "Ana"}]}, "turns[0].name",
         "expected no field of this name, got one"),
        ({"attributes": "[1, 2]"}, "attributes", "expected an object of names and values, got a list"),
        ({"attributes": "[1, 2]", "team": "a"}, "attributes",
         "expected an object of names and values, got a list"),
        ({"attributes": "7", "team": "a"}, "attributes", "expected an object of names and values, got 7"),
        ({"product": "p" * 501}, "product", "expected at most 500 characters, got text of 501 characters"),
        ({"product": "bad \ud83d"}, "product", "expected text in UTF-8, got text of 5 characters"),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else None,
)  # fmt: skip
def test_a_refused_contact_says_why(change: dict[str, Any], field: str, reason: str) -> None:
    changed = {key: value for key, value in change.items() if key != "text" or value is not None}
    if "text" in change and change["text"] is None:
        changed["text"] = None
    assert refused(**changed) == (field.removeprefix("row"), reason)


def test_all_mistakes_of_a_row_are_named_at_once() -> None:
    field, reason = refused(channel="fax", csat=0, nps="x")
    assert field == "channel"
    assert reason == (
        "expected call, chat, email or ticket, got fax; csat: expected at least 1, got 0; "
        "nps: expected a whole number, got x"
    )


def test_words_in_the_wrong_column_are_not_shown() -> None:
    words = "Hello, my name is Ana Horvat and my card number is 4111 1111 1111 1111"
    for field in ("channel", "csat", "started_at", "language"):
        assert refused(Contact, **{field: words})[1].endswith(f"got text of {len(words)} characters")


@pytest.mark.parametrize(
    ("record", "values", "field", "reason"),
    [
        (Customer, {"customer_id": "k", "active_from": "2026-13-01"}, "active_from",
         "expected a date such as 2026-03-31, got 2026-13-01"),
        (Customer, {"customer_id": "k", "active_from": "2026-03-01", "active_to": "2026-02-01"}, "",
         "expected active_to not before active_from, got 2026-02-01"),
        (Customer, {"customer_id": "k", "active_from": "2026-03-01", "segmnt": "home"}, "segmnt",
         "expected no field of this name, got one (did you mean segment?)"),
        (Outcome, {"customer_id": "k", "kind": "left"}, "kind", "expected churned or stayed, got left"),
        (Outcome, {"customer_id": "k", "kind": "churned"}, "",
         "expected churned_at exactly where kind is 'churned', got an object"),
        (Label, {"contact_id": "c"}, "", "expected reasons, sentiment or churn_intent, got none of them"),
        (Label, {"contact_id": "c", "reasons": ["bill_hgher"]}, "reasons",
         'expected ids of the taxonomy (nearest: bill_higher), got "bill_hgher"'),
        (Label, {"contact_id": "c", "reasons": "bill_higher"}, "reasons",
         "expected JSON, got something broken (expected value at line 1 column 1)"),
        (Label, {"contact_id": "c", "churn_intent": "perhaps"}, "churn_intent",
         "expected true or false, got perhaps"),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else None,
)  # fmt: skip
def test_other_records_say_why(record: type[Record], values: dict[str, Any], field: str, reason: str) -> None:
    assert refused(record, **values) == (field, reason)


def test_a_labels_digest_leaves_the_split_out() -> None:
    one = read(Label, contact_id="c", reasons='["bill_higher"]', split="test")
    other = read(Label, contact_id="c", reasons=["bill_higher"])
    assert one.digest == other.digest
    assert one.digest != read(Label, contact_id="c", reasons=[]).digest
