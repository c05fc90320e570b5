"""The report as PDF on A4, with a font in it that has the letters of all our languages."""

import io
import unicodedata
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import matplotlib
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import (
    CondPageBreak,
    HRFlowable,
    KeepTogether,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
)

from voc.i18n import _
from voc.inference.digest.report import Figure, Item, Report, Section, Tone

REGULAR, BOLD = "VocSans", "VocSans-Bold"
_FILES = {REGULAR: "DejaVuSans.ttf", BOLD: "DejaVuSans-Bold.ttf"}
_INK, _SOFT, _LINE, _BLUE, _ORANGE, _GREEN = "#1A2330", "#56616F", "#D5DBE3", "#0B5394", "#8F4A00", "#00664C"
_MARGIN = 17  # mm
_FRAME = 6  # points that the page template keeps on each side
_COLOURS: dict[Tone, str] = {"attention": _ORANGE, "resolved": _GREEN, "unproven": _SOFT}


def pdf(report: Report) -> bytes:
    """The page as PDF; a second page where the first has no room. The same report gives the same bytes."""
    _register()
    target = io.BytesIO()
    document = SimpleDocTemplate(
        target, pagesize=A4, leftMargin=_MARGIN * mm, rightMargin=_MARGIN * mm, topMargin=15 * mm,
        bottomMargin=15 * mm, title=_known(f"{report.company}: {report.title}"), author=_known(report.company),
        subject=_known(report.subtitle), creator="voc", lang=report.language, invariant=1,
    )  # fmt: skip
    document.build(_story(report, document.width - 2 * _FRAME))
    return target.getvalue()


def _story(report: Report, width: float) -> list[Any]:
    story = [
        _text(report.company, 10.5, _BLUE, bold=True, after=2),
        _text(report.title, 20, bold=True, after=3),
        _text(report.subtitle, 9, _SOFT, after=4),
    ]
    if report.notice:
        story.append(_text(report.notice, 9, _ORANGE, bold=True, after=3))
    story.append(Spacer(1, 5))
    story += [_text(said, 10.5, bold=not place, after=3) for place, said in enumerate(report.lead)]
    story += [Spacer(1, 6), _figures(report.figures, width)]
    for section in report.sections:
        story += _section(section)
    story += [Spacer(1, 8), _rule(), Spacer(1, 4)]
    return story + [_text(note, 7.8, _SOFT, after=2) for note in report.notes]


def _figures(figures: tuple[Figure, ...], width: float) -> Any:
    """One box a figure, side by side."""
    cells = [
        [
            _text(figure.name, 8, _SOFT, after=1),
            _text(figure.value, 15, bold=True, after=2),
            *([_text(figure.changed, 7.4, _INK if figure.clear else _SOFT, figure.clear, 1)] if figure.change else []),
            *([_text(figure.range, 7.4, _SOFT)] if figure.range else []),
        ]
        for figure in figures
    ]
    style = [("BOX", (place, 0), (place, 0), 0.6, HexColor(_LINE)) for place in range(len(cells))]
    padding = [(f"{side}PADDING", (0, 0), (-1, -1), 5) for side in ("LEFT", "RIGHT", "TOP", "BOTTOM")]
    return Table(
        [cells],
        colWidths=[width / len(cells)] * len(cells),
        style=[*style, *padding, ("VALIGN", (0, 0), (-1, -1), "TOP")],
    )


def _section(section: Section) -> list[Any]:
    head = [Spacer(1, 9), _rule(), Spacer(1, 6), _text(section.title, 12.5, bold=True, after=5)]
    items = [KeepTogether(_item(item)) for item in section.items]
    return [CondPageBreak(90), *head, *items, *(_text(note, 8.6, _SOFT, after=3) for note in section.notes)]


def _item(item: Item) -> list[Any]:
    parts = []
    if item.heading:
        badge = f'&nbsp;&nbsp;<font size="8" color="{_COLOURS[item.tone]}">{_escaped(item.badge)}</font>'
        parts.append(_paragraph(f"{_escaped(item.heading)}{badge}", 10, bold=True, after=2))
    parts.append(_text(item.text, 9.4, after=3))
    if item.quote:
        parts.append(_text(_("“{quote}”").format(quote=item.quote), 9.2, after=1, indent=12))
        parts.append(_text(item.source, 7.8, _SOFT, indent=12))
    return [*parts, Spacer(1, 5)]


def _rule() -> Any:
    return HRFlowable(width="100%", thickness=0.6, color=HexColor(_LINE), spaceBefore=0, spaceAfter=0)


def _text(text: str, size: float, colour: str = _INK, bold: bool = False, after: float = 0, indent: float = 0) -> Any:
    return _paragraph(_escaped(text), size, colour, bold, after, indent)


def _paragraph(
    markup: str, size: float, colour: str = _INK, bold: bool = False, after: float = 0, indent: float = 0
) -> Any:
    """A paragraph; `markup` is escaped already."""
    style = ParagraphStyle(
        "voc", fontName=BOLD if bold else REGULAR, fontSize=size, leading=size * 1.35, textColor=HexColor(colour),
        spaceAfter=after, leftIndent=indent, splitLongWords=1,
    )  # fmt: skip
    return Paragraph(markup, style)


def _escaped(text: str) -> str:
    """Text in which the paragraph's little markup language sees none of its own."""
    return escape(_known(text), quote=True)


def _known(text: str) -> str:
    """Text with characters that the font lacks named by their number, instead of empty boxes."""
    known = _letters()
    return "".join(
        char if ord(char) in known or char.isspace() else f"⟨U+{ord(char):04X}⟩"
        for char in unicodedata.normalize("NFC", text)
    )


@cache
def _letters() -> frozenset[int]:
    """Characters that both cuts have."""
    _register()
    cuts = [frozenset(pdfmetrics.getFont(name).face.charToGlyph) for name in _FILES]
    return cuts[0] & cuts[1]


@cache
def _register() -> None:
    """DejaVu Sans (free to embed) out of the package matplotlib, which carries it whole."""
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    for name, file in _FILES.items():
        pdfmetrics.registerFont(TTFont(name, str(folder / file)))
    pdfmetrics.registerFontFamily(REGULAR, normal=REGULAR, bold=BOLD, italic=REGULAR, boldItalic=BOLD)
