"""The report as one HTML file that needs nothing else: to read, to send, to print on A4."""

from html import escape

from voc.inference.digest.report import Figure, Item, Report, Section

# No script, no picture, nothing from elsewhere, whatever a verbatim holds.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_STYLE = """
@page { size: A4; margin: 16mm 17mm 18mm }
:root { color-scheme: light; --ink: #1a2330; --soft: #56616f; --line: #d5dbe3; --paper: #fff; --tint: #f4f6f8;
  --blue: #0b5394; --orange: #8f4a00; --orange-tint: #fdf1d8; --green: #00664c; --green-tint: #ddf3eb }
* { box-sizing: border-box }
body { margin: 0; background: var(--tint); color: var(--ink);
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", Arial, sans-serif }
main { max-width: 800px; margin: 28px auto; padding: 40px 48px; background: var(--paper); border: 1px solid var(--line);
  border-radius: 10px }
h1 { margin: 0; font-size: 29px; line-height: 1.15; letter-spacing: -.01em }
h2 { margin: 30px 0 10px; padding-top: 14px; border-top: 1px solid var(--line); font-size: 18px }
h3 { margin: 0; font-size: 15px }
p { margin: 0 0 8px }
.company { color: var(--blue); font-weight: 650; margin-bottom: 4px }
.soft { color: var(--soft); font-size: 13.5px }
.notice { display: inline-block; margin: 10px 0 0; padding: 3px 10px; border-radius: 5px;
  background: var(--orange-tint); color: var(--orange); font-size: 13.5px; font-weight: 600 }
.lead { margin: 20px 0 22px; font-size: 16.5px; line-height: 1.5 }
.lead p:first-child { font-weight: 650 }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(128px, 1fr)); gap: 10px; margin: 0 }
dl div { padding: 11px 13px; border: 1px solid var(--line); border-radius: 7px; break-inside: avoid }
dt { color: var(--soft); font-size: 13px }
dd { margin: 0; font-size: 12.5px; line-height: 1.4; color: var(--soft) }
dd.value { font-size: 25px; line-height: 1.25; font-weight: 650; color: var(--ink); font-variant-numeric: tabular-nums }
dd.clear { color: var(--ink); font-weight: 600 }
article { margin: 0 0 16px; break-inside: avoid }
article p { margin: 3px 0 6px }
.badge { margin-left: 8px; padding: 1px 8px; border-radius: 9px; background: var(--orange-tint); color: var(--orange);
  font-size: 12px; font-weight: 600; white-space: nowrap }
.badge.resolved { background: var(--green-tint); color: var(--green) }
.badge.unproven { background: var(--tint); color: var(--soft) }
blockquote { margin: 6px 0 0; padding: 2px 0 2px 14px; border-left: 3px solid var(--line); white-space: pre-wrap;
  overflow-wrap: anywhere }
footer { margin-top: 30px; padding-top: 12px; border-top: 1px solid var(--line) }
footer p { margin: 0 0 4px; font-size: 12.5px }
h1, h2, h3, p { overflow-wrap: anywhere }
@media (max-width: 560px) { main { margin: 0; padding: 22px 18px; border: 0; border-radius: 0 } }
@media print {
  body { background: none; font-size: 10.2pt }
  main { max-width: none; margin: 0; padding: 0; border: 0 }
  h1 { font-size: 20pt } h2 { margin-top: 16pt; font-size: 13pt; break-after: avoid }
  dl { grid-template-columns: repeat(5, 1fr); gap: 6pt } dd.value { font-size: 16pt }
  .badge, .notice { print-color-adjust: exact; -webkit-print-color-adjust: exact }
}
"""


def html(report: Report) -> str:
    """One page of HTML. Every text goes through `escape`, so the only tags are ours."""
    title = escape(f"{report.company}: {report.title}")
    notice = f'<p class="notice">{escape(report.notice)}</p>' if report.notice else ""
    return (
        f'<!doctype html>\n<html lang="{escape(report.language)}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n<header>\n"
        f'<p class="company">{escape(report.company)}</p>\n<h1>{escape(report.title)}</h1>\n'
        f'<p class="soft">{escape(report.subtitle)}</p>\n{notice}\n</header>\n'
        f'<div class="lead">{_paragraphs(report.lead)}</div>\n'
        f"<dl>{''.join(map(_figure, report.figures))}</dl>\n"
        f"{''.join(map(_section, report.sections))}"
        f'<footer class="soft">{_paragraphs(report.notes)}</footer>\n</main>\n</body>\n</html>\n'
    )


def _paragraphs(texts: tuple[str, ...]) -> str:
    return "".join(f"<p>{escape(text)}</p>" for text in texts)


def _figure(figure: Figure) -> str:
    change = (
        f'<dd class="{"clear" if figure.clear else "vague"}">{escape(figure.changed)}</dd>' if figure.change else ""
    )
    spread = f"<dd>{escape(figure.range)}</dd>" if figure.range else ""
    return f'<div><dt>{escape(figure.name)}</dt><dd class="value">{escape(figure.value)}</dd>{change}{spread}</div>'


def _section(section: Section) -> str:
    items = "".join(map(_item, section.items))
    notes = "".join(f'<p class="soft">{escape(note)}</p>' for note in section.notes)
    return f"<section><h2>{escape(section.title)}</h2>\n{items}{notes}</section>\n"


def _item(item: Item) -> str:
    head = ""
    if item.heading:
        head = f'<h3>{escape(item.heading)}<span class="badge {item.tone}">{escape(item.badge)}</span></h3>'
    quote = ""
    if item.quote:
        quote = f'<blockquote dir="auto">{escape(item.quote)}</blockquote><p class="soft">{escape(item.source)}</p>'
    return f"<article>{head}<p>{escape(item.text)}</p>{quote}</article>\n"
