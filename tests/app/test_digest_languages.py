"""The report in five languages: its sentences, their plural forms, and the letters in every format."""

import io
import re
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest
from pypdf import PdfReader
from typer.testing import CliRunner

from voc import i18n
from voc.cli import app
from voc.data.workspace import Workspace
from voc.errors import InputError
from voc.inference.digest import Digest, Report, Week, known_language, render, report
from voc.inference.digest.build import FixedTheme, NamedMover, Quote, RisingTheme, Share
from voc.inference.intervals import Interval
from voc.inference.marts import Selection, Totals
from voc.inference.marts_signals import Rise
from voc.inference.marts_themes import FixTest
from voc.inference.movers import Mover

MONDAY, SUNDAY = date(2026, 5, 18), date(2026, 5, 24)
TRANSLATED = tuple(tag for tag in i18n.NAMES if tag != "en")
SAID = "Рачун је већи: čćđšž ČĆĐŠŽ љњџђћ"


def digest(contacts: int = 1240, customers: int = 612) -> Digest:
    """A week in which everything happened: something moved, rose, was fixed, was left out."""
    some = Interval(0.312, 0.288, 0.337)
    more = Interval(0.021, 0.01, 0.032)
    totals = Totals(contacts, customers, 5000.0, contacts, 300, 40, 12)
    rise = Rise("t", "emerging", date(2026, 5, 12), 38, 12.0)
    test = FixTest(date(2026, 5, 12), None, SUNDAY, "resolved", 60, 10, 28, 12, Interval(0.25, 0.1, 0.5))
    return Digest(
        company="Zvono", synthetic=True, week=Week(2026, 21), period=Selection(MONDAY, SUNDAY),
        compared=Selection(date(2026, 5, 11), date(2026, 5, 17)), totals=totals, before=totals,
        contacts_change=Interval(0.08, 0.06, 0.1), rate=Share(612, 5000, some, more),
        negative=Share(300, 1240, some, Interval(0.001, -0.02, 0.03)), leaving=Share(40, 1240, some, more),
        unknown=Share(12, 1240, some, None), movers=(NamedMover("Roaming", Mover("roaming", 0.15, 0.5, more), 20),),
        hidden_movers=1,
        rising=(RisingTheme("račun, žšč", 22, 30, rise, Quote("c", SAID, MONDAY, "call", "sr")),),
        hidden_rising=2, more_rising=3,
        fixes=(
            FixedTheme("m", "Mobitel", date(2026, 5, 12), None, test),
            FixedTheme("n", "Net", date(2026, 5, 13), "8.1", replace(test, ratio=None, verdict="unproven")),
            FixedTheme("o", "TV", date(2026, 5, 14), None, None),
        ),
        hidden_fixes=5, least_customers=5, themes_tested=True, false_alerts_per_month=1.0,
        latest=datetime(2026, 5, 29, 11, 30), model="20260529-test",
    )  # fmt: skip


def written(tag: str, quotes: bool = True, found: Digest | None = None) -> Report:
    with i18n.using(tag):
        return report(found or digest(), quotes)


def flat(page: Report, name: str = "txt") -> str:
    return " ".join(render(page, name).decode().split())  # type: ignore[arg-type]


EXPECTED = {
    "en": ("Week 21 of 2026", "Marked as fixed on 12 May 2026.", "Quotes are customers' own words"),
    "hr": ("21. tjedan 2026.", "Označeno kao riješeno 12. svibnja 2026.", "Navodi su riječi samih korisnika"),
    "sl": ("21. teden 2026", "Označeno kot rešeno 12. maja 2026.", "Navedki so besede samih strank"),
    "sr-Latn": ("21. nedelja 2026.", "Označeno kao rešeno: 12. maj 2026.", "Navodi su reči samih korisnika"),
    "sr-Cyrl": ("21. недеља 2026.", "Означено као решено: 12. мај 2026.", "Наводи су речи самих корисника"),
}


@pytest.mark.parametrize("tag", i18n.NAMES)
def test_every_format_is_in_the_language_asked_for(tag: str) -> None:
    page = written(tag)
    for name in ("txt", "md", "html"):
        shown = flat(page, name).replace("\\", "").replace("&#x27;", "'").replace("\u2060", "")
        for said in EXPECTED[tag]:
            assert said in shown, name
        assert SAID in shown, name
    assert f'<html lang="{tag}">' in render(page, "html").decode()


@pytest.mark.parametrize("tag", i18n.NAMES)
def test_the_pdf_has_every_letter_and_fits_its_pages(tag: str) -> None:
    reader = PdfReader(io.BytesIO(render(written(tag), "pdf")))
    shown = " ".join("\n".join(sheet.extract_text() for sheet in reader.pages).split())
    for said in (*EXPECTED[tag], SAID, "račun, žšč"):
        assert said in shown
    assert "⟨U+" not in shown and len(reader.pages) <= 2
    assert reader.trailer["/Root"]["/Lang"] == tag


@pytest.mark.parametrize("tag", TRANSLATED)
def test_nothing_stays_english(tag: str) -> None:
    here, there = written(tag, quotes=False), written("en", quotes=False)
    for ours, english in zip(texts(here), texts(there), strict=True):
        assert ours != english
    left = re.findall(r"\b(?:the|of|with|and|than|are|is|was|from|to|since|many|usually)\b", flat(here))
    assert not left
    shown = flat(here, "md")
    assert ".." not in shown and ". ." not in shown  # a date may end with a full stop of its own


def texts(page: Report) -> list[str]:
    """Everything on a page but names and bare numbers."""
    found = [page.title, page.subtitle, page.notice, *page.lead, *page.notes]
    for figure in page.figures:
        found += [text for text in (figure.name, figure.range, figure.change) if text]
    for section in page.sections:
        found += [section.title, *section.notes, *(text for item in section.items for text in (item.badge, item.text))]
    return [text for text in found if text]


PLURALS = {
    "en": ("1 contact from 1 customer", "2 contacts from 2 customers", "5 contacts from 5 customers"),
    "hr": ("1 kontakt od 1 korisnika", "2 kontakta od 2 korisnika", "5 kontakata od 5 korisnika"),
    "sl": ("1 stik od 1 stranke", "2 stika od 2 strank", "5 stikov od 5 strank"),
    "sr-Latn": ("1 kontakt od 1 korisnika", "2 kontakta od 2 korisnika", "5 kontakata od 5 korisnika"),
    "sr-Cyrl": ("1 контакт од 1 корисника", "2 контакта од 2 корисника", "5 контаката од 5 корисника"),
}


@pytest.mark.parametrize("tag", i18n.NAMES)
def test_numbers_take_the_form_that_fits(tag: str) -> None:
    for number, said in zip((1, 2, 5), PLURALS[tag], strict=True):
        page = written(tag, found=digest(number, number))
        assert page.lead[0].replace("\u00a0", " ").startswith(said)


def test_forms_of_left_out_groups() -> None:
    with i18n.using("sl"):
        page = report(digest())
    shown = " ".join(note for section in page.sections for note in section.notes).replace("\u00a0", " ")
    assert "Ni prikazan 1 razlog z manj kot 5 strankami" in shown
    assert "Nista prikazani 2 temi z manj kot 5 strankami" in shown
    assert "Nad običajnim so še 3 teme" in shown
    assert "Ni prikazanih 5 rešitev z manj kot 5 strankami" in shown


def test_numbers_are_written_as_the_language_does() -> None:
    contacts, rate = (figure.value for figure in written("hr").figures[:2])
    assert (contacts, rate) == ("1.240", "31,2")
    assert [figure.value for figure in written("en").figures[:2]] == ["1,240", "31.2"]


def test_a_page_keeps_its_language_wherever_it_is_made_a_file() -> None:
    page = written("sr-Latn")
    with i18n.using("sl"):
        shown = render(page, "md").decode()
    assert "| Brojka | Ova nedelja | Raspon | Promena |" in shown and f"> {SAID}" in shown


def test_the_tone_of_a_badge_is_that_of_what_it_means() -> None:
    for tag in i18n.NAMES:
        tones = [item.tone for section in written(tag).sections for item in section.items if item.heading]
        assert tones == ["attention", "resolved", "unproven", "unproven"]
    assert '<span class="badge resolved">Riješeno</span>' in render(written("hr"), "html").decode()


def test_the_command_writes_in_a_language(hundreds: Workspace, tmp_path: Path) -> None:
    target = tmp_path / "week.html"
    arguments = ["digest", "-w", str(hundreds.root), "--language", "sr-Cyrl", "--out", str(target)]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0 and "недеља 2026." in target.read_text(encoding="utf-8")
    assert done.stdout.startswith("Week 2026-W21: ")  # what the command says of itself stays English
    with pytest.raises(InputError, match=r"--language: expected one of en, hr, sl, sr-Latn, sr-Cyrl, got 'de'"):
        known_language("de")
