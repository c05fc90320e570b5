"""Parts that several pages share: the filter bar, tiles, empty states, texts of customers."""

import html
import shlex
from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from voc.app import access, access_views, filters, highlight, queries, sentences, url, words
from voc.app.filters import DEFAULT_PERIOD, View
from voc.app.pages import PageEntry
from voc.app.sparkline import Point, sparkline
from voc.app.url import Parameters
from voc.i18n import N_, _
from voc.inference.marts import Span, Totals

_MARK = "background: rgba(214, 150, 20, 0.38); color: inherit; border-radius: 3px"


def heading(title: str, sentence: str = "", *details: str | None) -> None:
    """The question that the page answers, the answer, and what is worth adding to it."""
    st.title(title, anchor=False)
    if sentence:
        st.header(sentence, anchor=False)
    if said := " ".join(detail for detail in details if detail):
        st.markdown(said)


def filter_bar(span: Span) -> View:
    """Period, product, channel and language; segment of customers where they are known by any."""
    offered = queries.options()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        period = url.segments("period", filters.periods(url.value("period"), span), _("Period"), DEFAULT_PERIOD)
        products = url.several("product", {each: words.product(each) for each in offered.products}, _("All products"))
        channels = url.several("channel", {each: words.channel(each) for each in offered.channels}, _("All channels"))
        languages = url.several(
            "language", {each: words.language(each) for each in offered.languages}, _("All languages")
        )
        segments = offered.segments and url.several(
            "segment", {each: words.segment(each) for each in offered.segments}, _("All segments")
        )
    return filters.view(period, span, products, channels, languages, segments)


def command_line(verb: str, *arguments: str) -> str:
    """A command that can be copied into a shell as it stands."""
    return shlex.join(["voc", verb, *arguments, "--workspace", str(queries.workspace().root)])


def opened(title: str) -> Span:
    """What the lake spans. Where nothing was ingested yet, the page says so under its title and ends here."""
    span = queries.span()
    if span is None:
        heading(title)
        (empty_lake if access.current().area is None else access_views.empty_area)()
        st.stop()
    return span


def chosen(title: str, top: DeltaGenerator, *keys: str) -> tuple[Span, View, Totals]:
    """What the lake spans, what the filters choose of it, and how much that is; the filters stand below `top`.

    Where there is nothing of it the page says so and ends here. `keys` are the page's own parameters besides the
    filters: they go when the filters are cleared.
    """
    span = opened(title)
    view = filter_bar(span)
    totals = queries.totals(view.selection)
    if not totals.contacts:
        with top:
            heading(title)
        nothing_selected(*keys)
        st.stop()
    return span, view, totals


def empty_lake() -> None:
    """Nothing was ingested yet."""
    _empty(
        ":material/inbox:",
        _("No contacts yet"),
        _("Read a first export of calls, chats, e-mails or tickets into this workspace:"),
        command_line("ingest", "contacts.csv"),
    )


def not_scored() -> None:
    """Contacts are there, labels are not."""
    trained = queries.model() is not None
    _empty(
        ":material/model_training:",
        _("Not scored yet"),
        _("Reasons, sentiment and churn intent appear once a model has read the contacts:"),
        command_line("score") if trained else f"{command_line('train')}\n{command_line('score')}",
    )


def no_themes() -> None:
    """Contacts are there, themes are not."""
    _empty(
        ":material/bubble_chart:",
        _("No themes yet"),
        _("Themes are found in scored contacts, once there are enough of them:"),
        command_line("themes"),
    )


def no_map() -> None:
    """Contacts are there, the map is not."""
    _empty(
        ":material/scatter_plot:",
        _("No map yet"),
        _("The map is drawn together with the themes, once contacts are scored:"),
        command_line("themes"),
    )


def not_on_map() -> None:
    """All contacts of this view came after the map was drawn."""
    _empty(
        ":material/scatter_plot:",
        _("No map for this view"),
        _("All its contacts came after the map was drawn. It is drawn anew together with the themes:"),
        command_line("themes"),
    )


def no_model() -> None:
    """No model was trained yet."""
    _empty(
        ":material/model_training:",
        _("No model yet"),
        _("A model learns from contacts that people labelled, or to begin with from the names of the reasons alone:"),
        f"{command_line('train')}\n{command_line('train', '--few-shot')}",
    )


def not_tested() -> None:
    """Themes are there, what is usual for them is not."""
    _empty(
        ":material/ssid_chart:",
        _("Not tested yet"),
        _("What is usual for each theme, and what rises beyond it, appears once the statistics have run:"),
        command_line("signals"),
    )


def no_risk() -> None:
    """Nothing was learnt yet from who left, or not applied."""
    if not queries.has_outcomes():
        _empty(
            ":material/history_toggle_off:",
            _("It is not known who left"),
            _(
                "An observed risk is learnt from customers who left, and from those who stayed. "
                "Read them in, then train:"
            ),
            f"{command_line('ingest', 'outcomes.csv')}\n{command_line('train-outcomes')}",
        )
        return
    _empty(
        ":material/model_training:",
        _("No observed risk yet"),
        _("Besides what customers say, their risk can be learnt from who left after contacts like theirs:"),
        command_line("score-outcomes" if queries.head() else "train-outcomes"),
    )


def no_queue(judged: bool) -> None:
    """No contact waits to be reviewed: all are judged, or none was ever chosen."""
    command = command_line("suggest", "--queue")
    if judged:
        _empty(
            ":material/task_alt:",
            _("Everything is judged"),
            _("The next training learns from it. More contacts come into the queue with:"),
            command,
        )
        return
    _empty(
        ":material/rule:",
        _("Nothing to review yet"),
        _("The contacts that the model is least sure of are put into the queue with:"),
        command,
    )


def nothing_selected(*more_keys: str, title: str = "", why: str = "") -> None:
    """The filters exclude everything. They can be cleared, where there are any, and so can what stands in the URL under
    `more_keys`."""
    keys = (*url.FILTERS, *more_keys)
    with st.container(border=True, gap="small"):
        st.header(title or _("No contact fits these filters"), anchor=False, icon=":material/filter_alt_off:")
        st.caption(why or _("There are contacts in this workspace, but none with this combination."))
        if any(map(url.value, keys)):
            icon = ":material/filter_alt_off:"
            st.button(_("Clear the filters"), key="clear", icon=icon, on_click=url.clear, args=keys)


_LOST = {"theme": N_("There is no such theme"), "contact": N_("There is no such contact")}


def lost(what: str, why: str) -> None:
    """A link leads to something that is not there, or not for who asks: a `theme` or a `contact`."""
    if access.current().area is not None:
        why = " ".join([why, _("It may also be about a product that you do not see.")])
    st.warning(why, title=_(_LOST[what]), icon=":material/search_off:")


def tile(
    label: str,
    value: str,
    change: str | None = None,
    *,
    note: str,
    colour: str = "off",
    help: str | None = None,
    link: tuple[PageEntry, Parameters] | None = None,
    trend: Sequence[Point] = (),
    border: bool = True,
) -> None:
    """One figure with its change, and under it its interval and denominator.

    Args:
        label: What it is.
        value: Formatted figure.
        change: Formatted change; it gets an arrow where `colour` is not "off".
        note: Interval and denominator.
        colour: As of `st.metric`; "off" for a change that is not clear or neither good nor bad.
        help: How it is defined.
        link: Page and parameters that show exactly the contacts counted.
        trend: The same figure step by step, oldest first, as a small line; none with fewer than two.
        border: A card of its own, or one of several in a card.
    """
    with st.container(border=border, height="stretch", gap="xsmall"):
        st.metric(
            label,
            value,
            # By a hyphen, not by a minus, `st.metric` knows that it went down.
            f"-{change[1:]}" if change and change.startswith("−") else change,
            delta_color="inverse" if colour == "inverse" else "normal" if colour == "normal" else "off",
            delta_arrow="off" if colour == "off" else "auto",
            help=help,
        )
        st.caption(note)
        if len(trend) > 1:
            st.vega_lite_chart(sparkline(trend), alt=_("Trend: {name}").format(name=label), key=f"trend_{label}")
        if link:
            st.space("stretch")
            st.page_link(
                link[0].path,
                label=_("Read them"),
                icon=":material/arrow_forward:",
                query_params=link[1],
                help="",
            )


def customer_text(text: str, folded_words: tuple[str, ...] = (), *evidence: highlight.Span) -> None:
    """Somebody's words exactly as written: never HTML, Markdown or a link.

    Matches of a search are marked, and so is what labels rest on.
    """
    parts = highlight.pieces(text, folded_words, *evidence)
    if not any(match for _, match in parts):
        st.text(words.visible(text))
        return
    # Every piece is escaped, so the only tags are these. Markdown's engine, which turns addresses into links
    # and colons into icons even when escaped, never sees it.
    safe = [(html.escape(words.visible(piece)), match) for piece, match in parts]
    marked = "".join(f'<mark style="{_MARK}">{piece}</mark>' if match else piece for piece, match in safe)
    st.html(f'<div dir="auto" style="white-space: pre-wrap; overflow-wrap: anywhere">{marked}</div>')


def footer(span: Span, totals: Totals) -> None:
    """What the page's figures rest on."""
    newest = words.moment(span.latest, queries.workspace().config.zone)
    st.caption(sentences.freshness(totals, newest, queries.model()))


def _empty(icon: str, title: str, text: str, command: str) -> None:
    with st.container(border=True, gap="small"):
        st.header(title, anchor=False, icon=icon)
        st.markdown(text)
        st.code(command, language=None, width="content", wrap_lines=True)
