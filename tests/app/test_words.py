"""Numbers, dates and texts as people read them; the interval arithmetic; where a search's words stand."""

from datetime import date

import pytest

from voc.app import filters, highlight, words
from voc.data.text import fold
from voc.inference.emergence import alerts
from voc.inference.emergence.closure import Verdict
from voc.inference.emergence.series import DIMENSIONS
from voc.inference.marts import Span


def test_numbers_and_dates() -> None:
    assert words.count(12430) == "12,430"
    assert words.counted("{count} replies to {whom}", 2_000, whom="us") == "2,000\u00a0replies to us"
    assert words.percent(0.312) == "31.2\u00a0%"
    assert [words.likelihood(value) for value in (1.0, 0.994, 0.9, 0.012, 0.001)] == [
        "> 99\u00a0%", "> 99\u00a0%", "90\u00a0%", "1\u00a0%", "< 1\u00a0%",
    ]  # fmt: skip
    assert [words.signed(value, 1) for value in (1.25, -0.04, 0.0, -2.0)] == ["+1.2", "0.0", "0.0", "−2.0"]
    assert words.days(date(2026, 5, 2), date(2026, 5, 29)) == "2 to 29\u00a0May\u00a02026"
    assert words.days(date(2026, 4, 2), date(2026, 5, 29)) == "2\u00a0April to 29\u00a0May\u00a02026"
    assert words.days(date(2025, 12, 2), date(2026, 1, 3)) == "2\u00a0December\u00a02025 to 3\u00a0January\u00a02026"
    assert words.days(date(2026, 5, 2), date(2026, 5, 2)) == "2\u00a0May\u00a02026"
    assert words.product("") == words.language("") == "Not stated"
    assert words.language("hr") == "Croatian"


def test_what_steers_the_display_is_spelt_out() -> None:
    assert words.visible("abc\u202edcb\u0007\u200b") == "abc⟨U+202E⟩dcb⟨U+0007⟩⟨U+200B⟩"
    assert words.visible("line\r\nnext\tš 👩\u200d🚀 עברית") == "line\nnext\tš 👩\u200d🚀 עברית"
    assert words.visible("half \ud800 a pair") == "half ⟨U+D800⟩ a pair"


def test_escaped_text_has_no_markdown_left() -> None:
    found = words.escaped("**b** <script>x</script>\n# h :red[x] $y$ `c` =1+1")
    assert "\n" not in found
    assert r"\*\*b\*\* \<script\>" in found
    assert r"\:red\[x\]" in found
    assert "://" not in words.escaped("http://x.example").replace("\\", "")


@pytest.mark.parametrize(
    ("text", "query", "marked"),
    [
        ("Na računu je stavka", "racun", ["račun"]),
        ("Рачун и рачуну", "račun", ["Рачун", "рачун"]),
        ("Љубав, njegov Џеп", "njeg džep", ["njeg", "Џеп"]),
        ("e\u0301te\u0301 rac\u030cun", "racun", ["rac\u030cun"]),
        ("aaa", "a aa", ["aaa"]),
        ("nothing here", "racun", []),
        ("<b>x</b>", "b", ["b", "b"]),
    ],
)
def test_matches_stand_where_they_were_written(text: str, query: str, marked: list[str]) -> None:
    found = highlight.pieces(text, fold(query).split())
    assert "".join(piece for piece, _ in found) == text
    assert [piece for piece, match in found if match] == marked


def test_evidence_is_marked_beside_matches() -> None:
    text = "My bill is wrong. I leave. Bye."
    assert [piece for piece, marked in highlight.pieces(text, ["bill"], (18, 26)) if marked] == ["bill", "I leave."]
    assert [piece for piece, marked in highlight.pieces(text, ["wrong"], (3, 26)) if marked] == [text[3:26]]
    assert highlight.pieces(text) == [(text, False)]


def test_excerpt_is_short_and_shows_the_match() -> None:
    text = "word " * 200 + "račun " + "tail " * 200
    found = highlight.excerpt(text, ["racun"])
    assert len(found) < 300
    assert "račun" in found
    assert found.startswith("… ") and found.endswith(" …")
    assert highlight.excerpt("short\n text") == "short text"
    assert len(highlight.excerpt("x" * 900)) < 300


SPAN = Span(10, 10, date(2026, 3, 1), date(2026, 5, 29), None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("period", "first", "compared"),
    [("7", date(2026, 5, 23), True), ("28", date(2026, 5, 2), True), ("90", date(2026, 3, 1), False),
     ("all", date(2026, 3, 1), False)],
)  # fmt: skip
def test_periods_end_on_the_newest_day(period: str, first: date, compared: bool) -> None:
    view = filters.view(period, SPAN, products=["Mobile"])
    assert (view.selection.first, view.selection.last) == (first, SPAN.last)
    assert (view.before is not None) is compared
    if view.before:
        assert view.before.days == view.selection.days
        assert view.before.products == ("Mobile",)


def test_every_status_and_test_has_words() -> None:
    assert set(words.STANDINGS) == {str(each) for each in (*alerts.ThemeStatus, *Verdict)}
    assert set(words.TESTS) == {str(each) for each in alerts.Test if each}
    assert set(words.DIMENSIONS) == set(DIMENSIONS)
    assert set(words.RISING) <= set(words.STANDINGS)


@pytest.mark.parametrize(
    ("ratio", "said"),
    [
        (0.8, "0.8 times"),
        (1.028, "1.03 times"),
        (1.3, "1.3 times"),
        (1.98, "twice"),
        (3.04, "three times"),
        (8.5, "8.5 times"),
        (9.0, "9 times"),
        (14.4, "14 times"),
    ],
)
def test_times(ratio: float, said: str) -> None:
    assert words.times(ratio) == f"{said} as many"


@pytest.mark.parametrize(
    ("expected", "said"), [(0.4, "none"), (3.04, "3"), (3.4, "3.4"), (12.4, "12"), (1234, "1,234")]
)
def test_usual(expected: float, said: str) -> None:
    assert words.usual(expected) == said
