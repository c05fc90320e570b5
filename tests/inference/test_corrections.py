"""Judgements of people: stored, taken back, of several people at once, and never mixed with the frozen test split."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pyarrow as pa
import pytest
from sklearn.metrics import cohen_kappa_score

from voc.data.contracts import LABELS
from voc.data.corrections import (
    Correction,
    Kind,
    Place,
    by_contact,
    corrected_labels,
    current,
    held_out,
    history,
    holding,
)
from voc.data.demo import taxonomy_toml
from voc.data.splits import split_of
from voc.data.workspace import Workspace
from voc.errors import CorrectionError
from voc.inference import agreement, corrections
from voc.inference.corrections import BLOCK, Proposal, Queued, blind, judge, undo, waiting
from voc.labels import Split

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
GIVEN = {
    "reason": (("roaming", 0.6), ("bill_higher", 0.5)),
    "sentiment": (("neutral", 0.7),),
    "churn_intent": (("no", 0.9),),
}
SAID = {"reason": ("payment_failed",), "sentiment": ("negative",), "churn_intent": ("no",)}
OF_TRAIN = [each for each in (f"c{number}" for number in range(60)) if split_of(each) == Split.TRAIN]
OF_TEST = next(each for each in (f"c{number}" for number in range(60)) if split_of(each) == Split.TEST)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "ws", "", taxonomy_toml())


def say(
    workspace: Workspace,
    who: str = "Ana",
    contact: str = OF_TRAIN[0],
    said: Mapping[str, tuple[str, ...]] = SAID,
    minute: int = 0,
    place: Place = Place.REVIEW,
    seen: str | None = None,
    blind: bool = False,
) -> str:
    at = NOON + timedelta(minutes=minute)
    rows = judge(workspace, Proposal(contact, GIVEN), said, who, place, model="m1", at=at, seen=seen, blind=blind)
    return rows[0].correction_id


def held(workspace: Workspace, contact: str = OF_TRAIN[0]) -> dict[str, tuple[str, ...]]:
    return {task: row.new for (of, task), row in current(history(workspace.lake)).items() if of == contact}


def label(workspace: Workspace, contact: str, split: str) -> None:
    row = {"contact_id": contact, "reasons": ["roaming"], "split": split, "source": "x", "digest": "x"}
    workspace.lake.append("labels", pa.Table.from_pylist([row], schema=LABELS.schema))


def test_a_judgement_keeps_what_the_model_said_and_what_the_person_says(workspace: Workspace) -> None:
    judge(workspace, Proposal(OF_TRAIN[0], GIVEN), SAID, "Ana", Place.REVIEW, model="m1", note=" why\n not ", at=NOON)
    reason, *_others = sorted(history(workspace.lake), key=lambda row: row.task or "", reverse=True)[1:]
    assert reason.task == "reason" and reason.old == ("roaming", "bill_higher") and reason.new == ("payment_failed",)
    assert reason.probabilities == pytest.approx((0.6, 0.5))
    assert (reason.who, reason.model_version, reason.note, reason.at) == ("Ana", "m1", "why not", NOON)
    assert not reason.agrees and not reason.blind and not reason.held_out
    assert held(workspace) == SAID


def test_the_newest_holds_task_by_task_and_an_undo_lets_the_earlier_one_hold_again(workspace: Workspace) -> None:
    say(workspace)
    later = say(workspace, "Marko", said={"sentiment": ("positive",)}, minute=1)
    assert held(workspace) == SAID | {"sentiment": ("positive",)}
    undo(workspace, later, "Ana")
    assert held(workspace) == SAID
    assert [row.kind for row in history(workspace.lake)].count(Kind.UNDO) == 1  # nothing was deleted
    with pytest.raises(CorrectionError, match="expected one that holds, got none to take back"):
        undo(workspace, later, "Ana")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, "expected labels of reason, sentiment, churn_intent, got none"),
        ({"mood": ("bad",)}, "got mood"),
        ({"reason": ("weather",)}, "task reason: expected labels of the task, got weather"),
        ({"sentiment": ()}, "task sentiment: expected one label, got 0"),
        ({"churn_intent": ("no", "yes")}, "task churn_intent: expected one label, got 2"),
    ],
    ids=["nothing", "unknown task", "unknown label", "no label", "two labels"],
)
def test_wrong_labels_are_one_line_and_store_nothing(
    workspace: Workspace, said: dict[str, tuple[str, ...]], expected: str
) -> None:
    with pytest.raises(CorrectionError, match=expected):
        say(workspace, said=said)
    assert history(workspace.lake) == ()


def test_of_many_people_at_once_no_judgement_is_lost(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corrections, "_MOST_FILES", 3)  # all rows are written anew now and then
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: say(workspace, f"person {number}", minute=number), range(16)))
    rows = holding(history(workspace.lake))
    assert {row.who for row in rows} == {f"person {number}" for number in range(16)}
    assert len(rows) == 3 * 16


def test_who_did_not_see_the_newest_judgement_is_told_on_the_contact_page(workspace: Workspace) -> None:
    first = say(workspace, "Ana", place=Place.CONTACT)
    with pytest.raises(CorrectionError, match="Ana has corrected it meanwhile"):
        say(workspace, "Marko", place=Place.CONTACT, minute=1)
    said = {"churn_intent": ("yes",)}
    second = say(workspace, "Marko", said=said, place=Place.CONTACT, minute=1, seen=first)
    assert held(workspace) == SAID | said
    with pytest.raises(CorrectionError, match="Marko has corrected it meanwhile"):
        say(workspace, "Ana", place=Place.CONTACT, minute=2, seen=first)
    assert by_contact(history(workspace.lake))[OF_TRAIN[0]][-1].correction_id == second


def test_the_frozen_test_split_is_marked_and_never_learnt_from(workspace: Workspace) -> None:
    labelled_test, labelled_train = OF_TRAIN[1], OF_TEST
    label(workspace, labelled_test, "test")
    label(workspace, labelled_train, "train")  # what a label says goes before the hash
    unlabelled_test = next(f"d{number}" for number in range(60) if split_of(f"d{number}") == Split.TEST)
    for contact in (OF_TRAIN[0], labelled_test, labelled_train, unlabelled_test):
        say(workspace, contact=contact)
        assert held(workspace, contact) == SAID  # the app shows it
    assert held_out(workspace.lake, labelled_test) and held_out(workspace.lake, unlabelled_test)
    assert set(corrected_labels(workspace.lake)["contact_id"].to_pylist()) == {OF_TRAIN[0], labelled_train}


def test_many_judgements_become_one_file_and_none_is_lost(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corrections, "_MOST_FILES", 4)
    for number in range(7):
        say(workspace, f"person {number}", minute=number)
    assert len({row.who for row in history(workspace.lake)}) == 7
    assert len(workspace.lake.dataset("corrections").files) <= 4


def test_the_queue_leaves_out_what_one_judged_and_what_enough_people_did() -> None:
    queued = [Queued("a", "uncertain", 1), Queued("b", "uncertain", 2), Queued("c", "uncertain", 2)]

    def by(who: str, contact: str) -> Correction:
        return Correction(f"{who}{contact}", "sentiment", NOON, who, Kind.JUDGED, contact, new=("neutral",))

    rows = [by("Ana", "a"), by("Ana", "b"), by("Ana", "c"), by("Marko", "c")]
    assert waiting(queued, rows, "Ana") == []
    assert waiting(queued, rows, "Marko") == ["b"]
    assert waiting(queued, rows, "Iva") == ["b"]
    assert sorted(waiting(queued, [], "Iva")) == ["a", "b", "c"]


def test_people_get_each_part_of_the_queue_in_an_order_of_their_own() -> None:
    queued = [Queued(f"c{number}", "uncertain", 1) for number in range(3 * BLOCK)]
    ana, marko = (waiting(queued, [], who) for who in ("Ana", "Marko"))
    assert ana == waiting(queued, [], "Ana") != marko
    for start in range(0, 3 * BLOCK, BLOCK):
        part = {each.contact_id for each in queued[start : start + BLOCK]}
        assert set(ana[start : start + BLOCK]) == set(marko[start : start + BLOCK]) == part


def test_a_fifth_of_proposals_is_hidden_always_the_same() -> None:
    ids = [f"contact {number}" for number in range(4000)]
    hidden = [each for each in ids if blind(each)]
    assert 0.18 < len(hidden) / len(ids) < 0.22
    assert hidden == [each for each in ids if blind(each)]


def test_agreement_with_the_model_counts_the_queue_alone_by_task_and_language(workspace: Workspace) -> None:
    agreeing = {"reason": ("bill_higher", "roaming"), "sentiment": ("neutral",), "churn_intent": ("no",)}
    say(workspace, contact=OF_TRAIN[0], said=agreeing)
    say(workspace, contact=OF_TRAIN[1], blind=True)
    say(workspace, contact=OF_TRAIN[2], place=Place.CONTACT, said={"sentiment": ("negative",)})
    rows = history(workspace.lake)
    found = agreement.with_model(rows, {OF_TRAIN[0]: "hr", OF_TRAIN[1]: "sl"})
    counts = {(each.task, each.language): (each.agreed, each.judged) for each in found}
    assert counts["reason", agreement.ALL] == counts["sentiment", agreement.ALL] == (1, 2)
    assert counts["churn_intent", agreement.ALL] == (2, 2)
    assert counts["sentiment", "hr"] == (1, 1) and counts["sentiment", "sl"] == (0, 1)
    assert [each.agreed for each in agreement.with_model(rows, {}, blind=True) if each.task == "sentiment"] == [0]
    assert agreement.overall(rows) == (1, 2)
    interval = found[0].share
    assert interval is not None and interval.low < 0.5 < interval.high


def test_where_the_model_abstained_nobody_agrees_or_disagrees() -> None:
    row = Correction("1", "reason", NOON, "Ana", Kind.JUDGED, "c", old=(), new=("roaming",))
    assert row.agrees is None and agreement.with_model([row], {}) == [] and agreement.overall([row]) == (0, 0)


def test_agreement_between_two_people_is_a_share_and_kappa(workspace: Workspace) -> None:
    moods = [("negative", "negative"), ("neutral", "neutral"), ("negative", "neutral"), ("positive", "positive")]
    for minute, (contact, pair) in enumerate(zip(OF_TRAIN, moods, strict=False)):
        for who, mood in zip(("Ana", "Marko"), pair, strict=True):
            say(workspace, who, contact, {"sentiment": (mood,), "reason": ("roaming",)}, minute)
    say(workspace, "Ana", OF_TRAIN[5], {"sentiment": ("negative",)})  # nobody else judged it
    reason, mood = agreement.between_reviewers(history(workspace.lake))
    assert (mood.agreed, mood.pairs) == (3, 4)
    # Observed 3/4; by chance 2/4 * 1/4 + 1/4 * 2/4 + 1/4 * 1/4 = 5/16; (12/16 - 5/16) / (11/16) = 7/11.
    assert mood.kappa == pytest.approx(7 / 11)
    assert (reason.agreed, reason.pairs, reason.kappa) == (4, 4, None)  # one label alone: chance agrees as well


def test_kappa_is_that_of_scikit_learn() -> None:
    random = Random(3)
    pairs = [((random.choice("abc"),), (random.choice("aabc"),)) for _ in range(60)]
    expected = cohen_kappa_score([one for (one,), _ in pairs], [other for _, (other,) in pairs])
    assert agreement.kappa(pairs) == pytest.approx(expected)


def test_a_persons_newest_judgement_of_a_contact_is_the_one_compared(workspace: Workspace) -> None:
    say(workspace, "Ana", said={"sentiment": ("negative",)})
    say(workspace, "Marko", said={"sentiment": ("neutral",)}, minute=1)
    again = say(workspace, "Ana", said={"sentiment": ("neutral",)}, minute=2)
    (found,) = agreement.between_reviewers(history(workspace.lake))
    assert (found.agreed, found.pairs) == (1, 1)
    undo(workspace, again, "Ana")
    (found,) = agreement.between_reviewers(history(workspace.lake))
    assert (found.agreed, found.pairs) == (0, 1)


def test_moves_say_which_label_stood_for_which(workspace: Workspace) -> None:
    say(workspace, contact=OF_TRAIN[0], said={"reason": ("payment_failed", "bill_higher"), "sentiment": ("negative",)})
    say(workspace, contact=OF_TRAIN[1], said={"reason": ("roaming",), "sentiment": ("negative",)})
    found = [(move.task, move.before, move.after, move.contacts) for move in agreement.moves(history(workspace.lake))]
    assert found == [
        ("sentiment", "neutral", "negative", 2),
        ("reason", "bill_higher", None, 1),
        ("reason", "roaming", "payment_failed", 1),
    ]
