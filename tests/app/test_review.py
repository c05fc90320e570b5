"""The page Review and corrections on a contact's page, through Streamlit's own test harness."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from voc.app import review_sentences, review_views
from voc.app.launch import WORKSPACE_VARIABLE
from voc.app.pages import CONTACT, CONTACTS, OVERVIEW, REVIEW
from voc.app.review_draft import Draft, offer
from voc.data.contracts import REVIEW_QUEUE
from voc.data.corrections import Correction, Kind, Place, current, history
from voc.data.people import USER_VARIABLE
from voc.data.splits import split_of
from voc.data.workspace import Workspace
from voc.i18n import using
from voc.inference import agreement
from voc.inference.corrections import Proposal, blind, judge
from voc.labels import Split
from voc.taxonomy import Taxonomy

Open = Callable[..., AppTest]
IDS = [each for each in (f"r{number}" for number in range(60)) if split_of(each) != Split.TEST]
SHOWN = [each for each in IDS if not blind(each)]
HIDDEN = next(each for each in IDS if blind(each))
HELD_OUT = next(f"r{number}" for number in range(60) if split_of(f"r{number}") == Split.TEST)
WORDS = "I pay twice and my bill is high."


@pytest.fixture
def ana(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(USER_VARIABLE, "Ana")


@pytest.fixture
def company(tmp_path: Path, make: Any, ana: None) -> Workspace:
    """Contacts that are scored; nothing is in the queue."""
    workspace: Workspace = make.workspace(tmp_path / "w")
    contacts = [make.contact(each, make.last_day, WORDS, "Let me see.") for each in [*IDS, HELD_OUT]]
    begin, evidence = {"turn": 0, "begin": 2, "end": 11}, {"turn": 0, "begin": 16, "end": 31}
    reasons = [
        {"reason": "bill_higher", "probability": 0.81, "evidence": evidence},
        {"reason": "payment_failed", "probability": 0.55, "evidence": begin},
    ]
    scores = [
        make.score(each, make.last_day, ("bill_higher", 0.81), sentiment="negative") | {"reasons": reasons}
        for each in [*IDS, HELD_OUT]
    ]
    workspace.lake.append("contacts", make.table("contacts", contacts))
    workspace.lake.append("scores", make.table("scores", scores))
    return workspace


def enqueue(workspace: Workspace, *contacts: str, reviewers: int = 1) -> None:
    rows = [
        {"contact_id": each, "place": place, "why": "uncertain", "uncertainty": 0.5, "reviewers": reviewers}
        for place, each in enumerate(contacts)
    ]
    workspace.lake.replace("review_queue", pa.Table.from_pylist(rows, schema=REVIEW_QUEUE.schema))


def press(app: AppTest, label: str) -> None:
    """The button with this label, as its key does it."""
    next(each for each in app.button if each.label.split(" · ")[0] == label).click().run()
    assert not app.exception, app.exception[0].value


def labels(app: AppTest) -> list[str]:
    return [each.label for each in app.button]


def held(workspace: Workspace, contact: str) -> dict[str, tuple[str, ...]]:
    return {task: row.new for (of, task), row in current(history(workspace.lake)).items() if of == contact}


def shown(app: AppTest) -> str:
    kinds = ("caption", "markdown", "header", "subheader")
    return " ".join(str(each.value) for kind in kinds for each in app.get(kind))


def test_without_contacts_without_a_model_and_without_a_queue_it_says_what_to_do(
    open_page: Open, empty: Workspace, company: Workspace, make: Any, tmp_path: Path
) -> None:
    assert any("ingest" in each.value for each in open_page(empty, REVIEW).code)
    modelless = make.workspace(tmp_path / "none", model=None)
    modelless.lake.append("contacts", make.table("contacts", [make.contact("c", make.last_day, WORDS)]))
    assert any("train" in each.value for each in open_page(modelless, REVIEW).code)
    app = open_page(company, REVIEW)
    assert any("suggest --queue" in each.value for each in app.code)
    assert "Nothing to review yet" in shown(app)


def test_one_contact_is_accepted_as_proposed_and_then_all_is_judged(open_page: Open, company: Workspace) -> None:
    enqueue(company, SHOWN[0])
    app = open_page(company, REVIEW)
    assert "1 contact left" in shown(app).replace("\u00a0", " ")
    assert "Billing" not in labels(app)  # the likely reasons come first, the proposed ones before all
    assert [each for each in labels(app) if "·" in each] == [
        "Bill higher than expected · 81\u00a0%",
        "Payment failed or not booked · 55\u00a0%",
    ]
    press(app, "Accept")
    assert held(company, SHOWN[0]) == {
        "reason": ("bill_higher", "payment_failed"), "sentiment": ("negative",), "churn_intent": ("no",)
    }  # fmt: skip
    row = history(company.lake)[0]
    assert (row.who, row.blind, row.place, row.agrees) == ("Ana", False, Place.REVIEW, True)
    assert "Everything is judged" in shown(app)
    assert "you agree with the model in 100" in shown(app)


def test_labels_are_changed_skipped_and_taken_back(open_page: Open, company: Workspace) -> None:
    enqueue(company, *SHOWN[:3])
    app = open_page(company, REVIEW)
    press(app, "Bill higher than expected")  # away
    press(app, "Neutral")
    press(app, "Yes")
    press(app, "Save")  # no longer what the model says
    (first,) = {row.contact_id for row in history(company.lake)}
    assert held(company, first) == {"reason": ("payment_failed",), "sentiment": ("neutral",), "churn_intent": ("yes",)}
    press(app, "Skip")
    assert "2 contacts left" in shown(app).replace("\u00a0", " ")
    press(app, "Undo")
    assert held(company, first) == {} and "Taken back" in shown(app)
    assert "Save" in labels(app)  # as it was left, ready to be stored again
    press(app, "Save")
    assert held(company, first)["sentiment"] == ("neutral",)
    press(app, "Accept")
    press(app, "Look at what was put off")
    press(app, "Accept")
    assert "Everything is judged" in shown(app)
    assert len({row.contact_id for row in current(history(company.lake)).values()}) == 3


def _keys() -> None:
    """What buttons of the page do when these keys come: before each space what comes together, in small letters what
    buttons of the first contact hear."""
    import streamlit as st

    from voc.app import reader, review_actions
    from voc.labels import Sentiment

    reader.begin()
    review_actions.began()
    first = review_actions.standing().now
    for together in st.query_params["keys"].split():
        contact = first if together.islower() else review_actions.standing().now
        for key in together.upper():
            if key == "Z":
                review_actions.undo()
            elif contact is not None and key in "EW":
                review_actions.mood(contact, {"E": Sentiment.POSITIVE, "W": Sentiment.NEUTRAL}[key])
            elif contact is not None:
                {"A": review_actions.accept, "S": review_actions.skip}[key](contact)
        review_actions.settle()


@pytest.mark.parametrize(
    ("keys", "stored"),
    [
        ("WA", ["neutral"]),
        ("AW", ["neutral"]),  # what comes together comes in any order
        ("W A", ["neutral"]),
        ("WA ea", ["neutral"]),  # pressed twice on one page, which is gone by then
        ("WA W a A", ["neutral", "neutral"]),  # heard as well by a button of the contact before
        ("WAS", ["neutral"]),
        ("A ZA", ["negative"]),
        ("A Z", ["negative", None]),
        ("SA s A", ["negative", "negative"]),
        ("S", []),
    ],
)
def test_keys_that_come_faster_than_the_page(
    keys: str, stored: list[str | None], company: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(WORKSPACE_VARIABLE, str(company.root))
    enqueue(company, *SHOWN[:2])
    app = AppTest.from_function(_keys, default_timeout=120)
    app.query_params["keys"] = keys
    app.run()
    assert not app.exception, app.exception[0].value
    rows = [row for row in history(company.lake) if row.task in ("sentiment", None)]
    assert [row.new[0] if row.kind == Kind.JUDGED else None for row in rows] == stored


def _refused_once() -> None:
    import streamlit as st

    from voc.app import access_views
    from voc.errors import AccessError

    @access_views.part
    def drawn() -> None:
        if st.session_state.setdefault("drawn", 0) == 0:
            st.session_state["drawn"] = 1
            raise AccessError("no longer")

    drawn()
    st.caption("the whole page")


def test_a_part_that_somebody_may_no_longer_see_gives_way_to_the_whole_page() -> None:
    app = AppTest.from_function(_refused_once).run()
    assert not app.exception and [each.value for each in app.caption] == ["the whole page"]


def test_a_hidden_proposal_leaves_everything_to_be_said(open_page: Open, company: Workspace) -> None:
    enqueue(company, HIDDEN)
    app = open_page(company, REVIEW)
    assert "hidden" in shown(app) and "81" not in shown(app) + " ".join(labels(app))
    assert "<mark" not in " ".join(str(each.value) for each in app.get("html"))
    save = next(each for each in app.button if each.label == "Save")
    assert save.disabled and "Still to say: the reason, the sentiment" in shown(app)
    press(app, "Mobile")  # an area, and then a reason of it
    press(app, "Roaming")
    press(app, "Positive")
    press(app, "No")
    press(app, "Save")
    assert held(company, HIDDEN) == {"reason": ("roaming",), "sentiment": ("positive",), "churn_intent": ("no",)}
    assert all(row.blind for row in history(company.lake))


def test_no_reason_fits_is_an_answer(open_page: Open, company: Workspace) -> None:
    enqueue(company, SHOWN[0])
    app = open_page(company, REVIEW)
    press(app, "No reason fits")
    press(app, "Save")
    assert held(company, SHOWN[0])["reason"] == ()
    app = open_page(company, CONTACTS, reason="-unknown")
    assert "1 contact" in shown(app).replace("\u00a0", " ")


def test_what_labels_rest_on_is_marked(open_page: Open, company: Workspace) -> None:
    enqueue(company, SHOWN[0])
    marked = " ".join(str(each.proto.body) for each in open_page(company, REVIEW).get("html"))
    assert ">pay twice</mark>" in marked and ">my bill is hig</mark>" not in marked and marked.count("<mark") == 2


def test_a_session_says_what_it_changed_and_how_far_people_agree(open_page: Open, company: Workspace) -> None:
    enqueue(company, *SHOWN[:4], reviewers=2)
    for contact in SHOWN[:4]:
        proposal = Proposal(contact, {"sentiment": (("negative", 0.8),)})
        judge(company, proposal, {"sentiment": ("neutral",)}, "Marko", Place.REVIEW)
    app = open_page(company, REVIEW)
    press(app, "Neutral")
    press(app, "Save")
    said = shown(app).replace("\u00a0", " ")
    assert "1 contact judged, 1 label changed" in said and "1 × Negative → **Neutral**" in said
    assert "**Sentiment**: 0 % (0 to 79 %), n = 1" in said
    assert "Sentiment: 100 % (21 to 100 %), n = 1" in said
    app = open_page(company, REVIEW, since="all")
    assert "5 contacts judged" not in shown(app) and "5 × Negative → **Neutral**" in shown(app)


def test_a_contact_is_corrected_in_place_everywhere_at_once_and_back(open_page: Open, company: Workspace) -> None:
    app = open_page(company, CONTACT, contact=SHOWN[0])
    reasons = next(each for each in app.multiselect if each.label == "Contact reasons")
    assert reasons.value == ["bill_higher", "payment_failed"]
    reasons.set_value(["roaming"])
    next(each for each in app.text_input if each.label == "Note").input("Abroad")
    press(app, "Store the labels")
    # Only what was changed is a judgement: nobody said anything about the others.
    assert held(company, SHOWN[0]) == {"reason": ("roaming",)}
    assert history(company.lake)[0].place == Place.CONTACT
    assert "Corrected by Ana on" in shown(app) and "Abroad" in shown(app)
    assert ":blue-badge[Roaming]" in shown(app) and "81" not in shown(app)
    listed = open_page(company, CONTACTS, reason="roaming")
    assert "1 contact" in shown(listed).replace("\u00a0", " ")
    assert f"{len(IDS)} contacts" in shown(open_page(company, CONTACTS, reason="bill_higher")).replace("\u00a0", " ")
    app = open_page(company, CONTACT, contact=SHOWN[0])
    press(app, "Take this back")
    assert held(company, SHOWN[0]) == {} and "Corrected by" not in shown(app)
    assert "81" in shown(app)


def test_two_people_on_one_contact_page_do_not_overrule_each_other_unseen(open_page: Open, company: Workspace) -> None:
    app = open_page(company, CONTACT, contact=SHOWN[0])
    judge(company, Proposal(SHOWN[0]), {"sentiment": ("positive",)}, "Marko", Place.CONTACT)
    next(each for each in app.multiselect if each.label == "Contact reasons").set_value(["roaming"])
    press(app, "Store the labels")
    assert any("Marko has corrected it meanwhile" in each.value.replace("\\", "") for each in app.error)
    assert held(company, SHOWN[0]) == {"sentiment": ("positive",)}
    assert "Corrected by Marko" in shown(app)


def test_a_contact_of_the_test_split_is_corrected_for_readers_alone_and_says_so(
    open_page: Open, company: Workspace
) -> None:
    app = open_page(company, CONTACT, contact=HELD_OUT)
    next(each for each in app.multiselect if each.label == "Contact reasons").set_value(["roaming"])
    press(app, "Store the labels")
    assert history(company.lake)[0].held_out and "kept for testing models" in shown(app)


def test_pages_count_by_what_people_say(open_page: Open, company: Workspace) -> None:
    for contact in SHOWN[:5]:
        judge(company, Proposal(contact), {"churn_intent": ("yes",)}, "Ana", Place.REVIEW)
    app = open_page(company, CONTACTS, churn="yes")
    assert "5 contacts" in shown(app).replace("\u00a0", " ")
    assert not open_page(company, OVERVIEW).exception


def test_a_correction_of_a_contact_that_is_gone_or_not_scored_harms_nothing(
    open_page: Open, company: Workspace, make: Any
) -> None:
    company.lake.append("contacts", make.table("contacts", [make.contact("raw", make.last_day, WORDS)]))
    for contact in ("raw", "deleted"):
        judge(company, Proposal(contact), {"sentiment": ("positive",)}, "Ana", Place.REVIEW)
    enqueue(company, "raw", "deleted", SHOWN[0])
    assert "Everything" not in shown(open_page(company, REVIEW))
    assert "Not scored by the current model yet" in shown(open_page(company, CONTACT, contact="raw"))


@pytest.fixture
def taxonomy(company: Workspace) -> Taxonomy:
    return company.taxonomy


def test_every_reason_is_three_keys_away(taxonomy: Taxonomy) -> None:
    draft = Draft("c", blind=True)
    groups = offer(taxonomy, draft, None, "", 0)
    assert groups.kind == "groups" and len(groups.ids) <= 9
    reached = {reason for group in groups.ids for reason in offer(taxonomy, draft, None, group, 0).ids}
    assert reached == set(taxonomy.reason_ids)


def test_many_reasons_of_a_group_are_offered_nine_at_a_time(taxonomy: Taxonomy) -> None:
    one = taxonomy.reasons["roaming"]
    many = taxonomy.model_copy(update={"reasons": {f"r{number}": one for number in range(20)}})
    pages = [offer(many, Draft("c"), None, one.group, page) for page in range(4)]
    assert [len(page.ids) for page in pages] == [9, 9, 2, 9] and pages[0].more and pages[3] == pages[0]


def test_what_is_chosen_stays_among_the_likely(taxonomy: Taxonomy) -> None:
    draft = Draft.of("c", Proposal("c", {"reason": (("bill_higher", 0.5),)}), False).toggled("roaming")
    assert draft.reasons == ("bill_higher", "roaming")
    assert offer(taxonomy, draft, None, "", 0).ids[:2] == ("bill_higher", "roaming")
    assert draft.toggled("roaming").toggled("bill_higher").missing[0] == "reason"


def test_where_the_model_abstained_the_reason_is_to_be_said_and_that_none_fits_is_said() -> None:
    abstained = Draft.of("c", Proposal("c", {"reason": (), "sentiment": (("neutral", 0.7),)}), False)
    assert abstained.missing == ("reason", "churn_intent")
    assert Draft("c").with_labels({"reason": ()}) == Draft("c").with_no_reason()  # as an undo brings it back


def test_sentences_in_croatian() -> None:
    with using("hr"):
        said = review_sentences.progress(41, 87, 100).replace("\u00a0", " ")
        assert said == "Preostaje 41 kontakt; s modelom se slažete u 87 % (od 79 do 92 %)."
    assert review_sentences.progress(0, 0, 0).replace("\u00a0", " ") == "0 contacts left."


def test_the_time_chosen_says_whose_corrections_count() -> None:
    now = datetime(2026, 6, 9, tzinfo=UTC)

    def row(who: str, days: int) -> Correction:
        at = now - timedelta(days=days)
        return Correction(f"{who}{days}", "sentiment", at, who, Kind.JUDGED, "c", new=("neutral",))

    rows = (row("Ana", 30), row("Marko", 3), row("Ana", 0))

    def ids(since: str) -> list[str]:
        return [each.correction_id for each in review_views.chosen(rows, since, "Ana", now, now)]

    assert (ids("session"), ids("week"), ids("all")) == (["Ana0"], ["Marko3", "Ana0"], ["Ana30", "Marko3", "Ana0"])


def test_the_file_of_changes_has_names_of_reasons(taxonomy: Taxonomy) -> None:
    moves = [agreement.Move("reason", "roaming", None, 2), agreement.Move("sentiment", "neutral", "negative", 1)]
    table = review_views.moves_table(moves, taxonomy)
    assert table["label_before"].tolist() == ["Roaming", "neutral"]
    assert table["label_after"].isna().tolist() == [True, False]
