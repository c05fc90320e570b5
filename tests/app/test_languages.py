"""The interface in its five languages: nothing English is left, and the choice reaches every part of the app."""

import contextvars
import re
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from google.protobuf.text_format import MessageToString
from streamlit.testing.v1 import AppTest

from voc import i18n
from voc.app import charts, clock, reader, sentences, theme_sentences, words
from voc.app.pages import ADMINISTRATION, CONTACT, CONTACTS, PAGES, THEME, PageEntry
from voc.data.workspace import Workspace
from voc.i18n import ngettext
from voc.inference.intervals import Interval
from voc.inference.marts import Criteria, Selection, Totals

OTHERS = ("hr", "sl", "sr-Latn", "sr-Cyrl")
FIELD = re.compile(r"\{[^{}]*\}")
NUMBERS = (1, 2, 3, 5, 11, 21, 101)


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def shown(app: AppTest) -> str:
    """Everything that the browser gets: texts, labels, help, names of columns, charts."""
    elements = [*app.main, *app.sidebar]
    return plain("\n".join(MessageToString(each.proto, as_utf8=True) for each in elements if each.proto is not None))


@cache
def english() -> frozenset[str]:
    """The longest fixed part of every sentence of the catalogue that is long enough to be nobody's name."""
    parts = []
    for message in i18n.catalogue("hr"):
        for text in message.id if isinstance(message.id, list | tuple) else (message.id,):
            longest = max((piece.strip() for piece in FIELD.split(text)), key=len, default="")
            if len(longest) >= 14 and " " in longest and longest not in message.string:
                parts.append(plain(longest))
    return frozenset(parts)


def left(app: AppTest) -> list[str]:
    """What is still English."""
    said = shown(app).replace("\\'", "'")
    return sorted(text for text in english() if text in said)


# Each page in one of the languages: a page forgotten in one would be forgotten in all, and `tests/test_i18n.py`
# sees to it that the four catalogues say the same.
@pytest.mark.parametrize(
    ("page", "language"),
    [(page, OTHERS[place % len(OTHERS)]) for place, page in enumerate((*PAGES, *ADMINISTRATION, CONTACT))],
    ids=lambda value: value.title if isinstance(value, PageEntry) else value,
)
def test_a_page_has_no_english_left(page: PageEntry, language: str, rising: Workspace, open_page: Any) -> None:
    parameters = {"contact": "c000001"} if page is CONTACT else {}
    app = open_page(rising, page, lang=language, **parameters)
    assert left(app) == []
    home = {"hr": "Pregled", "sl": "Pregled", "sr-Latn": "Pregled", "sr-Cyrl": "Преглед"}[language]
    assert home in shown(app)  # in the navigation


def test_the_browser_proposes_and_the_url_decides(hundreds: Workspace, open_page: Any) -> None:
    app = open_page(hundreds, CONTACTS)
    assert app.title[0].value == "What do customers say?"
    app.context = {"locale": "sl-SI"}
    assert app.run().title[0].value == "Kaj pravijo stranke?"
    assert "lang" not in app.query_params
    app.query_params["lang"] = "hr"
    assert app.run().title[0].value == "Što korisnici kažu?"
    app.query_params["lang"] = "<b>"
    assert app.run().title[0].value == "Kaj pravijo stranke?"


def test_a_choice_goes_into_the_url_and_links_keep_it(hundreds: Workspace, open_page: Any) -> None:
    app = open_page(hundreds, CONTACTS, page="2")
    choice = next(each for each in app.selectbox if each.key == "lang")
    assert choice.options == list(i18n.NAMES.values())
    app = choice.set_value("sr-Cyrl").run()
    assert app.title[0].value == "Шта кажу корисници?"
    assert app.query_params["lang"] == "sr-Cyrl" and app.query_params["page"] == "2"
    links = [each.proto.query_string for each in [*app.main, *app.sidebar] if each.type == "page_link"]
    assert len(links) > 20
    assert all("lang=sr-Cyrl" in link for link in links)


def test_the_time_zone_moves_moments_and_no_day(hundreds: Workspace, open_page: Any) -> None:
    app = open_page(hundreds, CONTACTS)
    here, count = first_link(app), app.header[0].value
    assert here == first_link(open_page(hundreds, CONTACTS, zone="no/such"))
    there = open_page(hundreds, CONTACTS, zone="Asia/Tokyo")
    assert first_link(there) != here
    assert there.header[0].value == count
    choice = next(each for each in there.selectbox if each.key == "zone")
    assert choice.value == "Asia/Tokyo"


def first_link(app: AppTest) -> str:
    return str(next(each.proto.label for each in app.main if each.type == "page_link"))


def test_a_moment_is_told_by_the_readers_clock() -> None:
    zagreb, noon = ZoneInfo("Europe/Zagreb"), datetime(2026, 5, 29, 22, 30, tzinfo=UTC)
    assert plain(words.moment(noon, zagreb)) == "30 May 2026, 00:30"
    clock.ask(lambda: "UTC")
    try:
        assert plain(words.moment(noon, zagreb)) == "29 May 2026, 22:30"
        assert words.hour(noon, zagreb) == "22:30"
    finally:
        clock.ask(reader.zone)


def _outside() -> None:
    import contextvars

    import streamlit as st

    from voc import i18n
    from voc.app import reader

    def store() -> None:
        st.session_state["called_back"] = i18n._("Overview")

    reader.begin()
    st.button("go", on_click=store)
    # What Streamlit does with a fragment: it calls the function in a thread where nothing of this script ran.
    st.markdown(contextvars.Context().run(lambda: i18n._("Overview")))


def test_callbacks_and_fragments_have_the_language() -> None:
    app = AppTest.from_function(_outside)
    app.query_params["lang"] = "sr-Cyrl"
    app.run()
    assert not app.exception
    assert app.markdown[0].value == "Преглед"
    assert app.button[0].click().run().session_state["called_back"] == "Преглед"


def test_without_a_reader_the_language_is_english() -> None:
    i18n.ask(reader.language)
    assert contextvars.Context().run(i18n.current) == "en"


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("hr", ["1 kontakt", "2 kontakta", "3 kontakta", "5 kontakata", "11 kontakata", "21 kontakt", "101 kontakt"]),
        ("sl", ["1 stik", "2 stika", "3 stiki", "5 stikov", "11 stikov", "21 stikov", "101 stik"]),
        ("sr-Cyrl", ["1 контакт", "2 контакта", "3 контакта", "5 контаката", "11 контаката", "21 контакт",
                     "101 контакт"]),
        ("sr-Latn", ["1 kontakt", "2 kontakta", "3 kontakta", "5 kontakata", "11 kontakata", "21 kontakt",
                     "101 kontakt"]),
    ],
)  # fmt: skip
def test_contacts_are_counted_by_the_rules_of_the_language(language: str, said: list[str]) -> None:
    with i18n.using(language):
        found = [plain(sentences.contacts(number, Criteria())).partition(",")[0] for number in NUMBERS]
    assert found == said


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("hr", ["1 tema", "2 teme", "3 teme", "5 tema", "11 tema", "21 tema", "101 tema"]),
        ("sl", ["1 tema", "2 temi", "3 teme", "5 tem", "11 tem", "21 tem", "101 tema"]),
        ("sr-Cyrl", ["1 тема", "2 теме", "3 теме", "5 тема", "11 тема", "21 тема", "101 тема"]),
    ],
)
def test_themes_are_counted_by_the_rules_of_the_language(language: str, said: list[str]) -> None:
    with i18n.using(language):
        forms = [words.counted(ngettext("{count} theme", "{count} themes", number), number) for number in NUMBERS]
    assert [plain(form) for form in forms] == said


def test_both_numbers_of_a_sentence_have_their_own_form() -> None:
    view = Selection(date(2026, 5, 2), date(2026, 5, 29))
    totals = Totals(1_002, 21, 50.0, 900, 10, 5, 3)
    up = Interval(0.08, 0.06, 0.10)
    with i18n.using("hr"):
        assert plain(sentences.overview(totals, view, up)) == (
            "1.002 kontakta od 21 korisnika, 2. – 29. svibnja 2026.: 8 % više (od 6 do 10 %) u odnosu na 28 dana "
            "prije toga."
        )
        assert plain(sentences.overview(totals, view, None)).endswith("svibnja 2026.")  # one full stop, not two
    with i18n.using("sl"):
        assert plain(sentences.overview(totals, view, None)) == "1.002 stika od 21 strank, 2. – 29. maja 2026."
    with i18n.using("sr-Cyrl"):
        assert plain(sentences.overview(totals, view, None)) == "1.002 контакта од 21 корисника, 2. – 29. мај 2026."


def test_numbers_and_dates_are_written_as_the_language_does() -> None:
    friday = date(2026, 5, 29)
    expected = {
        "en": ("31.2 %", "12,430", "29 May 2026", "since Monday, 25 May", "−1.25"),
        "hr": ("31,2 %", "12.430", "29. svibnja 2026.", "od 25. svibnja (ponedjeljak)", "−1,25"),
        "sl": ("31,2 %", "12.430", "29. maja 2026", "od 25. maja (ponedeljek)", "−1,25"),
        "sr-Latn": ("31,2 %", "12.430", "29. maj 2026.", "od 25. maja (ponedeljak)", "−1,25"),
        "sr-Cyrl": ("31,2 %", "12.430", "29. мај 2026.", "од 25. маја (понедељак)", "−1,25"),
    }
    for language, said in expected.items():
        with i18n.using(language):
            monday = words.since(friday - timedelta(days=4), friday)
            found = (words.percent(0.312), words.count(12_430), words.day(friday), monday, words.signed(-1.25, 2))
            assert tuple(map(plain, found)) == said


def test_charts_carry_the_signs_and_names_of_the_language() -> None:
    frame = pd.DataFrame({"day": pd.date_range("2026-05-01", periods=9), "contacts": 1, "customers": 1})
    assert "config" not in charts.daily(frame)
    with i18n.using("hr"):
        found = charts.daily(frame)
    locale = found["config"]["locale"]
    assert locale["number"]["decimal"] == "," and locale["number"]["thousands"] == "."
    assert locale["time"]["days"][:2] == ["nedjelja", "ponedjeljak"]
    assert locale["time"]["months"][4] == "svibnja"
    assert '"%A, %-d. %B %Y."' in str(found).replace("'", '"')


def test_counts_of_a_table_are_written_in_the_language_and_stay_numbers() -> None:
    frame = pd.DataFrame({"contacts": [12_430, 3], "name": ["a", "b"]})
    with i18n.using("sl"):
        styled = words.with_counts(frame, "contacts")
        assert ">12.430<" in styled.to_html()
    assert styled.data["contacts"].tolist() == [12_430, 3]


def test_who_did_it_ends_no_sentence_twice() -> None:
    from voc.inference.marts_themes import Happened

    one = Happened(date(2026, 5, 29), "renamed", (), "Ana", "Roaming", None)
    assert theme_sentences.happened(one) == "Named “Roaming”, by Ana."
    with i18n.using("hr"):
        assert theme_sentences.happened(one) == "Novo ime: „Roaming” (Ana)."


def test_what_is_cached_holds_no_looked_up_text(rising: Workspace, open_page: Any) -> None:
    assert len(left(open_page(rising, THEME, theme="t-roaming"))) > 10  # in English, and now in the caches
    assert left(open_page(rising, THEME, theme="t-roaming", lang="sr-Cyrl")) == []
