"""The week in one page: its figures against values worked out by hand, its words, its four formats, its command."""

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from typer.testing import CliRunner

from voc.cli import app
from voc.data.workspace import Workspace
from voc.errors import InputError, VocError, WorkspaceError
from voc.inference import theme_edits
from voc.inference.digest import Digest, Report, Week, format_for, newest_whole, render, report, weekly, weeks_between
from voc.inference.digest.text import escaped

MONDAY = date(2026, 5, 18)
HOSTILE = "<script>alert(1)</script> **bold** [x](http://evil.example) =1+1 \u202eright to left; Рачун је већи, čćđšž"


@pytest.fixture(scope="module")
def week(make: Any, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Week 21: 40 contacts of 23 customers against 40 of 40 in week 20; four themes that rise, one that was fixed."""
    workspace = make.workspace(tmp_path_factory.mktemp("week") / "w", settings='[company]\nname = "Zvono <b>"\n')
    fill_weeks(workspace, make)
    themes = ("big", "small", "early", "mended", "twin")
    rows: list[dict[str, Any]] = [
        {"theme_id": each, "label": each, "status": "active", "first_day": MONDAY} for each in themes
    ]
    workspace.lake.append("themes", make.table("themes", rows))
    signals = []
    for place in range(21):  # from 11 May on
        day = MONDAY + timedelta(days=place - 7)
        inside = MONDAY <= day < MONDAY + timedelta(days=7)
        for each, seen in (("big", 8 if inside else 2), ("small", 4 if inside else 1), ("twin", 5 if inside else 2)):
            status = "emerging" if inside else "stable"
            signals.append(signal(each, day, seen, 2.0 if each != "small" else 0.5, status))
        signals.append(signal("early", day, 3, 3.0, "emerging" if day > MONDAY + timedelta(days=6) else "stable"))
    workspace.lake.append("signals", make.table("signals", signals))
    alerts = [
        make.alert("big", MONDAY - timedelta(days=1), MONDAY, 999, 1.0),
        make.alert("early", MONDAY + timedelta(days=5), MONDAY + timedelta(days=8), 99, 9.0),
        make.alert("twin", MONDAY - timedelta(days=4), MONDAY + timedelta(days=8), 77, 1.0),
    ]
    workspace.lake.append("alerts", make.table("alerts", alerts))
    edit = theme_edits.mark_fixed(workspace.lake, "mended", "Ana", day=date(2026, 5, 12))
    closure = {
        "edit_id": edit.edit_id, "theme_id": "mended", "fixed_on": date(2026, 5, 12), "tested_on": make.last_day,
        "verdict": "resolved", "before": 60, "after": 10, "days_before": 28, "days_after": 17, "ratio": 0.25,
        "low": 0.1, "high": 0.5, "exact": True,
    }  # fmt: skip
    workspace.lake.append("closures", make.table("closures", [closure]))
    return workspace


def fill_weeks(workspace: Workspace, make: Any) -> None:
    contacts, scores, places = [], [], []

    def add(name: str, day: date, customer: str, reason: str | None, text: str, theme: str | None, **more: Any) -> None:
        contacts.append(make.contact(name, day, text, "Hvala.", customer_id=customer, language="hr"))
        scores.append(make.score(name, day, *([(reason, 0.9)] if reason else []), **more))
        near = 0.9 if name.startswith("near") else 0.5
        places.append({"contact_id": name, "day": day, "theme_id": theme, "similarity": near})

    for number in range(40):
        day = MONDAY + timedelta(days=number % 7)
        # The first 20 contacts, of 20 customers, name roaming; the next 12 something, of three customers alone.
        customer = f"u{number % 30}" if not 20 <= number < 32 else f"u{20 + number % 3}"
        reason = "roaming" if number < 20 else "payment_plan" if number < 32 else None
        theme = "big" if number < 12 else "twin" if number < 20 else "small" if number < 23 else None
        text = HOSTILE if number in (3, 19) else f"Poruka broj {number}"
        near = "near" if number in (3, 19) else "c"
        add(
            f"{near}{number}", day, customer, reason, text, theme,
            sentiment="negative" if number < 10 else "neutral", churn_intent=number < 6,
        )  # fmt: skip
    for number in range(40):
        day = MONDAY + timedelta(days=number % 7 - 7)
        add(f"b{number}", day, f"u{number}", "roaming" if number < 6 else None, f"Ranije {number}", None)
    for place in range(5):  # the week after, not over
        add(f"l{place}", MONDAY + timedelta(days=7 + place), f"u{place}", None, "Kasnije", None)
    add("first", MONDAY - timedelta(days=14), "u0", None, "Prije", None)
    rows = [{"customer_id": f"u{each}", "active_from": date(2025, 1, 1), "digest": "x"} for each in range(100)]
    for name, some in (("contacts", contacts), ("scores", scores), ("theme_assignments", places), ("customers", rows)):
        workspace.lake.append(name, make.table(name, some))


def signal(theme: str, day: date, customers: int, expected: float, status: str) -> dict[str, Any]:
    return {
        "kind": "theme", "group_id": theme, "day": day, "customers": customers, "expected": expected, "lower": 0.0,
        "upper": 6.0, "status": status,
    }  # fmt: skip


@pytest.fixture(scope="module")
def found(week: Workspace) -> Digest:
    return weekly(week, Week(2026, 21))


@pytest.fixture(scope="module")
def page(found: Digest) -> Report:
    return report(found, quotes=True)


def said(page: Report) -> str:
    return render(page, "txt").decode()


def flat(page: Report) -> str:
    return " ".join(said(page).split())


@pytest.mark.parametrize(
    ("text", "first"),
    [("2026-W21", MONDAY), ("2026-W01", date(2025, 12, 29)), ("2026-W53", date(2026, 12, 28))],
)
def test_a_week_is_written_as_iso_8601_does(text: str, first: date) -> None:
    week = Week.parse(text)
    assert (str(week), week.first, week.last) == (text, first, first + timedelta(days=6))
    assert Week.of(week.last) == Week.of(week.first) == week


@pytest.mark.parametrize("text", ["", "2025-W53", "2026-W00", "2026-21", "2026-W5", "0000-W01", "2026-W21 ", "W21"])
def test_what_is_no_week_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(InputError, match="expected a week such as 2026-W10"):
        Week.parse(text)


def test_weeks_of_a_span() -> None:
    weeks = weeks_between(date(2026, 5, 17), date(2026, 5, 29))
    assert [str(week) for week in weeks] == ["2026-W22", "2026-W21", "2026-W20"]
    assert str(newest_whole(date(2026, 5, 17), date(2026, 5, 29))) == "2026-W21"
    assert str(newest_whole(date(2026, 5, 17), date(2026, 5, 31))) == "2026-W22"
    assert str(newest_whole(date(2026, 5, 27), date(2026, 5, 29))) == "2026-W22"


def test_counts_shares_and_changes(found: Digest) -> None:
    assert (found.totals.contacts, found.totals.customers) == (40, 23)
    assert (found.before and found.before.contacts) == 40
    assert found.whole and found.compared and found.compared.first == date(2026, 5, 11)
    assert found.contacts_change and found.contacts_change.value == 0 and not found.contacts_change.excludes_zero
    assert (found.rate.count, found.rate.of) == (23, 100)
    # Wilson's interval of 10 in 40, worked out by hand.
    share = found.negative.share
    assert share and (share.value, round(share.low, 4), round(share.high, 4)) == (0.25, 0.1419, 0.4019)
    assert found.negative.change and found.negative.change.excludes_zero and found.negative.change.value == 0.25
    assert (found.leaving.count, found.unknown.count, found.unknown.of) == (6, 8, 40)
    assert (found.latest.isoformat(), found.model) == ("2026-05-29T11:30:00+02:00", "20260529-test")


def test_only_reasons_that_moved_clearly_and_of_enough_customers(found: Digest) -> None:
    assert [(each.mover.reason, each.mover.now, each.mover.before, each.customers) for each in found.movers] == [
        ("roaming", 0.5, 0.15, 20)
    ]
    assert found.hidden_movers == 1  # payment_plan: from 0 to 30 %, of three customers


def test_themes_in_order_of_impact_as_known_in_that_week(found: Digest) -> None:
    assert [(each.rise.theme_id, each.customers) for each in found.rising] == [("big", 12), ("twin", 8)]
    assert found.hidden_rising == 1
    big, twin = (each.rise for each in found.rising)
    # From the day before Monday to Sunday: 2 + 7 x 8 against 8 x 2; not what the alert knew later.
    assert (big.since, big.customers, big.expected) == (MONDAY - timedelta(days=1), 58, 16.0)
    assert (twin.since, twin.customers, twin.expected, twin.times) == (MONDAY, 35, 14.0, 2.5)


def test_what_became_known_later_stands_in_the_later_week(week: Workspace) -> None:
    later = weekly(week, Week(2026, 22))
    assert later.too_few is False and not later.whole
    assert later.compared and (later.compared.first, later.compared.last) == (MONDAY, MONDAY + timedelta(days=4))
    assert later.hidden_rising == 1 and not later.rising  # nobody spoke of `early` in this lake


def test_each_theme_quotes_another_customer_and_other_words(found: Digest) -> None:
    quotes = {each.rise.theme_id: each.quote for each in found.rising}
    assert quotes["big"] and quotes["big"].text == HOSTILE and quotes["big"].contact_id == "near3"
    assert quotes["twin"] and quotes["twin"].text == "Poruka broj 13"


def test_a_fix_and_whether_it_worked(found: Digest, page: Report) -> None:
    assert [(each.theme_id, each.test and each.test.verdict) for each in found.fixes] == [("mended", "resolved")]
    assert (
        "Marked as fixed on 12 May 2026. Since then 0.25 times as many customers as before (0.10 to 0.50): 17 days "
        "after it, up to 29 May 2026, against 28 before it."
    ) in flat(page)


def test_the_sentences(page: Report) -> None:
    shown = flat(page)
    assert "40 contacts from 23 customers: no clear change" in shown
    assert "Roaming rose from 15.0 % to 50.0 % of scored contacts" in shown
    assert "Not shown: 1 reason of fewer than 5 customers, who could be recognised." in shown
    assert "Not shown: 1 theme of fewer than 5 customers, who could be recognised." in shown
    assert "58 customers since 17 May 2026, usually 16: 3.6 times as many. 42 above the usual (28 to 59)" in shown
    assert "18 to 24 May 2026, compared with 11 to 17 May 2026." in shown
    assert "payment_plan" not in shown and "Payment" not in shown
    assert not page.notice and "generated" not in shown


def test_a_synthetic_company_is_called_so(hundreds: Workspace) -> None:
    page = report(weekly(hundreds), quotes=True)
    for name in ("txt", "md", "html"):
        assert "every contact here is generated" in render(page, name).decode()
    assert "every contact here is generated" in text_of(render(page, "pdf"))


def text_of(pdf: bytes) -> str:
    return " ".join("\n".join(sheet.extract_text() for sheet in PdfReader(io.BytesIO(pdf)).pages).split())


def test_plain_text_fits_a_terminal(page: Report) -> None:
    assert max(map(len, said(page).splitlines())) <= 92
    assert "\u202e" not in said(page) and "⟨U+202E⟩" in said(page)


class Tags(HTMLParser):
    """Tags, attributes and texts of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_html_shows_a_verbatim_as_text(page: Report) -> None:
    text = render(page, "html").decode()
    seen = Tags(text)
    assert seen.tags <= {
        "html", "head", "meta", "title", "style", "body", "main", "header", "p", "h1", "h2", "h3", "div", "dl", "dt",
        "dd", "section", "article", "span", "blockquote", "footer",
    }  # fmt: skip
    assert seen.attributes <= {"lang", "charset", "http-equiv", "content", "name", "class", "dir"}
    assert HOSTILE.replace("\u202e", "⟨U+202E⟩") in seen.texts
    assert "Zvono <b>" in seen.texts
    assert not re.search(r"(src=|href=|url\(|@import)", text.replace("(http://evil.example)", ""))


def test_markdown_shows_a_verbatim_as_text(page: Report) -> None:
    text = render(page, "md").decode()
    assert r"\<script\>alert(1)\</script\> \*\*bold\*\* \[x\](http:" in text
    assert "http://" not in text and "<" not in text.replace(r"\<", "")
    assert "| Negative | **25.0\u00a0%** | 14.2 to 40.2\u00a0% of 40\u00a0scored contacts |" in text


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("1. one", r"1\. one"), ("- dash", r"\- dash"), ("=1+1", r"\=1+1"), ("a - b", "a - b"), ("# no", r"\# no"),
        ("a@b.c", "a\u2060@b.c"), ("a|b", r"a\|b"), ("2.5 times", "2.5 times"), ("8:30", "8:30"),
        (":smile: :+1:", r"\:smile: \:+1:"), (":100:", r"\:100:"),
    ],
)  # fmt: skip
def test_marks_of_markdown_are_text(text: str, safe: str) -> None:
    assert escaped(text) == safe


def test_pdf_has_all_letters_and_no_markup(page: Report) -> None:
    content = render(page, "pdf")
    text = text_of(content)
    assert "Рачун је већи, čćđšž" in text
    assert "<script>alert(1)</script> **bold**" in text and "⟨U+202E⟩" in text
    assert "40 contacts from 23 customers" in text and "Zvono <b>" in text
    assert len(PdfReader(io.BytesIO(content)).pages) == 1
    assert content == render(page, "pdf")


def test_what_the_font_lacks_is_named(page: Report) -> None:
    text = text_of(render(replace(page, company="漢 &amp; č"), "pdf"))
    assert "⟨U+6F22⟩ &amp; č" in text


def test_long_words_and_many_entries_stay_on_the_paper(page: Report) -> None:
    section = page.sections[1]
    item = replace(section.items[0], quote="x" * 290, heading="y" * 200)
    long = replace(page, sections=(replace(section, items=(item,) * 30),))
    assert 2 <= len(PdfReader(io.BytesIO(render(long, "pdf"))).pages) <= 12


def test_one_contact_tells_how_many_and_nothing_more(one: Workspace) -> None:
    digest = weekly(one)
    page = report(digest, quotes=True)
    assert digest.too_few and [figure.key for figure in page.figures] == ["contacts", "customers"]
    shown = flat(page)
    assert "1 contact from 1 customer." in shown
    assert "The week has fewer than 5 customers: nothing more is shown of it" in shown
    assert "roaming" not in shown.lower() and "Naplaćen" not in shown and "100.0" not in shown
    assert "1 contact from 1 customer." in text_of(render(page, "pdf"))


def test_without_any_contact_it_says_what_to_do(empty: Workspace) -> None:
    with pytest.raises(WorkspaceError, match="no contacts yet; run: voc ingest"):
        weekly(empty)


def test_a_week_without_a_contact_and_a_week_outside_the_data(make: Any, tmp_path: Path) -> None:
    workspace = make.workspace(tmp_path / "w", model=None)
    days = (make.last_day - timedelta(days=21), make.last_day)
    workspace.lake.append("contacts", make.table("contacts", [make.contact(str(day), day, "Bok") for day in days]))
    page = report(weekly(workspace, Week(2026, 20)), quotes=True)
    assert page.lead == ("No contact in this week.",)
    for name in ("txt", "md", "html", "pdf"):
        assert render(page, name)
    with pytest.raises(InputError, match="2026-W19 to 2026-W22, got 2026-W18"):
        weekly(workspace, Week(2026, 18))


def test_not_scored_and_not_tested_is_said(make: Any, tmp_path: Path) -> None:
    workspace = make.workspace(tmp_path / "w", model=None)
    rows = [make.contact(f"c{number}", make.last_day, "Bok") for number in range(9)]
    workspace.lake.append("contacts", make.table("contacts", rows))
    shown = flat(report(weekly(workspace), quotes=True))
    assert "The contacts are not scored yet." in shown
    assert "Themes were not tested in this week." in shown
    assert "there is no model yet" in shown
    assert "It needs the customers table." in shown


@pytest.mark.parametrize(
    ("name", "path", "expected"),
    [(None, None, "txt"), (None, Path("a.PDF"), "pdf"), (None, Path("a"), "txt"), ("html", Path("a.txt"), "html")],
)
def test_format_by_name_else_by_ending(name: str | None, path: Path | None, expected: str) -> None:
    assert format_for(name, path) == expected


@pytest.fixture
def voc() -> Iterator[Any]:
    runner = CliRunner()
    yield lambda *arguments: runner.invoke(app, ["digest", *map(str, arguments)])


def test_the_command_prints_and_writes(voc: Any, week: Workspace, tmp_path: Path) -> None:
    printed = voc("-w", week.root, "--week", "2026-W21")
    assert printed.exit_code == 0 and "40 contacts from 23 customers" in " ".join(printed.stdout.split())
    target = tmp_path / "new" / "week.pdf"
    assert voc("-w", week.root, "--week", "2026-W21", "--out", target).exit_code == 0
    assert "40 contacts from 23 customers" in text_of(target.read_bytes())
    assert [path.name for path in target.parent.iterdir()] == ["week.pdf"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--format", "docx"), "expected one of txt, md, html, pdf, got 'docx'"),
        (("--out", "x.docx"), "expected one of txt, md, html, pdf, got 'docx'"),
        (("--format", "pdf"), "expected --out FILE"),
        (("--week", "W1"), "expected a week such as 2026-W10, got 'W1'"),
        (("--out", "/proc/nothing/x.txt"), "not written"),
    ],
)
def test_what_cannot_be_done_is_one_line(voc: Any, week: Workspace, arguments: tuple[str, ...], message: str) -> None:
    done = voc("-w", week.root, *arguments)
    assert isinstance(done.exception, VocError) and message in str(done.exception)


def test_customers_words_are_only_on_a_page_that_asks_for_them(found: Digest, page: Report) -> None:
    quotes = [each.quote.text for each in found.rising if each.quote]
    assert quotes
    bare = flat(report(found))
    for text in quotes:
        assert text[:30] in flat(page)
        assert text[:30] not in bare
    assert "personal data" in flat(page) and "personal data" not in bare
