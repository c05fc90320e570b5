"""The report as plain text and as Markdown."""

import re
import textwrap

from voc.i18n import _
from voc.inference.digest.report import Item, Report
from voc.inference.wording import SPACE

WIDTH = 92
_MARKS = re.compile(r"[\\`*_{}\[\]<>#|~&$!]|:(?=[\w+-]*[a-zA-Z_+-]|\d+:)")
_OPENING = re.compile(r"^(\d*)([.)](?=\s|$)|[-+=])")  # would begin a list, a rule or a heading


def plain(report: Report) -> str:
    """Plain text, lines of at most 92 characters."""
    parts = [f"{report.company}: {report.title}\n{'=' * len(f'{report.company}: {report.title}')}", report.subtitle]
    if report.notice:
        parts.append(report.notice)
    parts.append("\n".join(report.lead))
    width = max(len(figure.name) for figure in report.figures)
    parts.append(
        "\n".join(
            f"  {figure.name:<{width}}  {figure.value}"
            + "".join(f"\n  {'':<{width}}    {said}" for said in (figure.range, figure.changed) if said)
            for figure in report.figures
        )
    )
    for section in report.sections:
        parts.append(f"{section.title}\n{'-' * len(section.title)}")
        parts += [_plain_item(item) for item in section.items]
        parts += section.notes
    parts.append("\n".join(report.notes))
    return "\n\n".join(_wrapped(part) for part in parts) + "\n"


def markdown(report: Report) -> str:
    """Markdown (CommonMark, with a table of GitHub's) in which no text of strangers is anything but text."""
    parts = [f"# {escaped(report.company)}: {escaped(report.title)}", escaped(report.subtitle)]
    if report.notice:
        parts.append(f"**{escaped(report.notice)}**")
    parts += [escaped(sentence) for sentence in report.lead]
    titles = (_("Figure"), _("This week"), _("Range"), _("Change"))
    rows = [f"| {' | '.join(map(escaped, titles))} |", "|---|---|---|---|"]
    for figure in report.figures:
        change = escaped(figure.changed)
        cells = (escaped(figure.name), f"**{escaped(figure.value)}**", escaped(figure.range), change)
        rows.append(f"| {' | '.join(cells)} |")
    parts.append("\n".join(rows))
    for section in report.sections:
        parts.append(f"## {escaped(section.title)}")
        parts += [_markdown_item(item) for item in section.items]
        parts += [f"*{escaped(note)}*" for note in section.notes]
    parts += ["---", *(escaped(note) for note in report.notes)]
    return "\n\n".join(parts) + "\n"


def escaped(text: str) -> str:
    """Text that a reader of Markdown shows as it is; marks that mean nothing inside a line are left as they are.

    Bare addresses become links even where their marks are escaped, so an invisible word joiner parts them.
    """
    safe = _MARKS.sub(r"\\\g<0>", text)
    safe = safe.replace("://", ":\u2060//").replace("www.", "www\u2060.").replace("@", "\u2060@")
    return _OPENING.sub(r"\1\\\2", safe)


def _plain_item(item: Item) -> str:
    head = f"{item.heading} [{item.badge}]\n" if item.heading else ""
    quote = "\n    " + _("“{quote}”").format(quote=item.quote) + f" ({item.source})" if item.quote else ""
    return f"{head}  {item.text}{quote}" if head else f"- {item.text}"


def _markdown_item(item: Item) -> str:
    if not item.heading:
        return f"- {escaped(item.text)}"
    quote = f"\n\n> {escaped(item.quote)}\n>\n> — {escaped(item.source)}" if item.quote else ""
    return f"### {escaped(item.heading)}\n\n**{escaped(item.badge)}.** {escaped(item.text)}{quote}"


def _wrapped(part: str) -> str:
    """Lines cut at words and kept under their own indent."""
    lines = []
    for line in part.replace(SPACE, " ").split("\n"):
        indent = line[: len(line) - len(line.lstrip())]
        lines += textwrap.wrap(line, WIDTH, subsequent_indent=indent, break_on_hyphens=False) or [line]
    return "\n".join(lines)
