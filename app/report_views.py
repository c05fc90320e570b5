"""Blocks of the report page: which week, the page itself, its files."""

from functools import partial

import streamlit as st

from voc.app import components, url, words
from voc.app.contact_list import UNKNOWN
from voc.app.pages import CONTACT, CONTACTS, THEME, PageEntry
from voc.app.url import Parameters
from voc.app.words import Colour, escaped
from voc.i18n import _
from voc.inference.digest import MEDIA_TYPES, FormatName, Report, Week, newest_whole, render, weeks_between
from voc.inference.digest.report import Figure, Item, Section, Tone
from voc.inference.marts import Span

KEY = "week"
_FILES: dict[FormatName, str] = {"pdf": "PDF", "html": "HTML", "md": "Markdown"}
_COUNTS: dict[str, Parameters] = {
    "contacts": {},
    "customers": {},
    "rate": {},
    "negative": {"sentiment": "negative"},
    "leaving": {"churn": "yes"},
    "unknown": {"reason": UNKNOWN},
}
"""Which contacts a figure counts, as parameters of the contacts page."""
_WIDTH = 290
_COLOURS: dict[Tone, Colour] = {"attention": "orange", "resolved": "green", "unproven": "gray"}


def picker(span: Span) -> Week:
    """The week that the URL names; by default the newest whole one."""
    names = {
        str(week): _("Week {number}, {days}").format(
            number=week.number, days=words.days(max(week.first, span.first), min(week.last, span.last))
        )
        for week in weeks_between(span.first, span.last)
    }
    default = str(newest_whole(span.first, span.last))
    return Week.parse(url.choice(KEY, names, _("Week"), default, _WIDTH))


def files(page: Report, week: Week) -> None:
    """The same page as files."""
    for name, shown in _FILES.items():
        st.download_button(
            shown, partial(render, page, name), f"report-{week}.{name}", MEDIA_TYPES[name], key=f"report_{name}",
            on_click="ignore", icon=":material/download:",
            help=_("Download this page as {format}, without customers' words.").format(format=shown),
        )  # fmt: skip


def figures(found: tuple[Figure, ...], week: Week, contacts: int) -> None:
    """The numbers of the week; each opens the contacts that it counts."""
    with st.grid(5, min_column_width=165, gap="small"):
        for figure in found:
            components.tile(
                figure.name,
                figure.value,
                figure.change or None,
                note=" · ".join(
                    filter(None, [figure.range, figure.bounds and _("change {bounds}").format(bounds=figure.bounds)])
                ),
                link=(CONTACTS, _in(week) | _COUNTS[figure.key])
                if contacts and figure.value not in ("–", "0")
                else None,
            )


def section(found: Section, week: Week) -> None:
    """One question and its answers."""
    st.header(found.title, anchor=False)
    for item in found.items:
        with st.container(border=True, gap="xsmall"):
            _item(item, found.key, week)
    for note in found.notes:
        st.caption(escaped(note))


def _item(item: Item, section: str, week: Week) -> None:
    if item.heading:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{escaped(item.heading)}**", width="content")
            st.badge(escaped(item.badge), color=_COLOURS[item.tone])
    st.markdown(escaped(item.text))
    if item.quote:
        with st.container(border=True, gap="xsmall"):
            components.customer_text(item.quote)
            _link(CONTACT, item.source, _in(week) | {"contact": item.contact_id})
    if section == "movers":
        _link(CONTACTS, _("Read them"), _in(week) | {"reason": item.key})
    else:
        _link(THEME, _("See the theme"), _in(week) | {"theme": item.key})


def _link(page: PageEntry, label: str, parameters: Parameters) -> None:
    st.page_link(page.path, label=escaped(label), icon=":material/arrow_forward:", query_params=parameters, help="")


def _in(week: Week) -> Parameters:
    return url.current(()) | {"period": str(week)}
