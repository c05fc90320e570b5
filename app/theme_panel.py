"""Blocks of a theme's page besides its figures: what people can do with it, its impact, its history, its neighbours."""

from collections.abc import Callable, Mapping

import streamlit as st

from voc import i18n
from voc.app import access, actions, components, queries, theme_sentences, url, words
from voc.app.access import May
from voc.app.actions import key
from voc.app.filters import View
from voc.app.pages import THEME
from voc.i18n import N_, Texts, _
from voc.inference.marts import ThemeSummary
from voc.inference.marts_themes import Gone, Story
from voc.inference.theme_edits import LONGEST_NAME

CHOICES = Texts(
    {
        "name": N_("Name"),
        "owner": N_("Owner"),
        "fixed": N_("Fixed"),
        "merge": N_("Merge"),
        "split": N_("Split"),
        "dismiss": N_("Not a theme"),
    }
)
_LONGEST = 70  # characters of a theme or a verbatim in a choice
_MOST = 12  # lines of history shown before somebody asks for all


def panel(theme: ThemeSummary, story: Story) -> None:
    """Forms for everything that a person can decide about the theme, and the undo of the last of it."""
    actions.say()
    for each in story.waiting:
        st.caption(f":material/schedule: {theme_sentences.waiting(each, theme.theme_id)}")
    if not access.may(May.DECIDE):
        return
    # By its key it stays open whatever comes and goes above it, such as what was just stored.
    with st.expander(_("Change this theme"), icon=":material/edit:", key=key("change", theme.theme_id)):
        chosen = st.segmented_control(
            _("What do you want to change?"),
            list(CHOICES),
            format_func=CHOICES.__getitem__,
            default="name",
            required=True,
            key="theme_action",
            label_visibility="collapsed",
        )
        _FORMS[chosen or "name"](theme)
        _undo(theme.theme_id, story)


def absent(found: Gone) -> None:
    """In the place of a theme that is not shown: why, and the way back or on."""
    actions.say()
    st.title(words.escaped(found.label), anchor=False)
    if found.into is not None:
        names = queries.theme_names()
        st.info(_("This theme was merged: its contacts count as those of another."), icon=":material/merge:")
        if found.into in names:
            _link(found.into, names[found.into])
    else:
        st.info(_("This was marked as not a theme, and is hidden."), icon=":material/visibility_off:")
    story = queries.story(found.theme_id)
    for each in story.waiting:
        st.caption(f":material/schedule: {theme_sentences.waiting(each, found.theme_id)}")
    _undo(found.theme_id, story)


def impact(theme: ThemeSummary, view: View) -> None:
    """What the theme does to the company in the chosen period."""
    found = queries.impact(theme.theme_id, view.selection)
    with st.container(border=True):
        st.header(_("What does it do to us?"), anchor=False)
        st.caption(
            _("Of the chosen period; under each figure its {level} interval.").format(level=words.percent(0.95, 0))
        )
        figures = [
            (_("Customers"), theme_sentences.affected(found), _("Distinct customers who spoke of it.")),
            (_("Share of contacts"), theme_sentences.portion(found.volume_share), _("Of all contacts.")),
            (
                _("Above the usual"),
                theme_sentences.above(found.above_usual),
                _("Customers above the expected number, each counted once a day."),
            ),
            (
                _("Negative"),
                theme_sentences.portion(found.negative_share),
                _("Share of its scored contacts in which the customer is negative."),
            ),
            (
                _("Effect on CSAT"),
                theme_sentences.points(found.csat_difference, 2),
                _("Mean CSAT of all answers less the mean without this theme: below zero, it costs."),
            ),
            (
                _("Leaving"),
                theme_sentences.points(found.leaving_difference, 1, 100, _("pp")),
                _("Share of its contacts in which the customer says that they leave, less that share of all others."),
            ),
        ]
        if found.cost is not None:
            currency = queries.workspace().config.costs.currency
            figures.append(
                (
                    _("Handling cost"),
                    theme_sentences.cost(found.cost, currency),
                    _("By the cost of a contact that the settings name for each channel."),
                )
            )
        with st.grid(len(figures), min_column_width=140, gap="small"):
            for label, (value, note), meaning in figures:
                components.tile(label, value, note=note, help=meaning)


def history(story: Story) -> None:
    """What happened to the theme, newest first."""
    with st.container(border=True, height="stretch"):
        st.header(_("What happened to it?"), anchor=False)
        if not story.happened:
            st.caption(_("Nothing is recorded."))
        everything = len(story.happened) > _MOST and st.session_state.get("theme_history", False)
        for each in story.happened if everything else story.happened[:_MOST]:
            st.markdown(f":gray[{words.day(each.day)}] {theme_sentences.happened(each)}")
        if len(story.happened) > _MOST:
            st.toggle(_("Everything"), key="theme_history")


def related(story: Story) -> None:
    """Themes with near centres."""
    with st.container(border=True, height="stretch"):
        st.header(_("What is like it?"), anchor=False)
        if not story.related:
            st.caption(_("No theme is near."))
        for each in story.related:
            _link(each.theme_id, each.label)


def _link(theme_id: str, label: str) -> None:
    st.page_link(
        THEME.path,
        label=words.escaped(label),
        icon=":material/arrow_forward:",
        query_params=url.current(url.FILTERS) | {"theme": theme_id},
        help="",
    )


def _undo(theme_id: str, story: Story) -> None:
    if story.last is None:
        return
    when = words.moment(story.last.at, queries.workspace().config.zone)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            _("Undo the last change"),
            key="theme_undo",
            icon=":material/undo:",
            on_click=actions.undo,
            args=(theme_id,),
        )
        st.caption(theme_sentences.last(story.last, when), width="content")


def _reader(texts: Mapping[str, str]) -> Callable[[str], str]:
    return lambda each: words.visible(texts.get(each, each))[:_LONGEST]


def _name(theme: ThemeSummary) -> None:
    with st.form("theme_name_form", border=False):
        st.text_input(
            _("Name"),
            words.visible(theme.label)[:LONGEST_NAME],
            key=key("name", theme.theme_id),
            max_chars=LONGEST_NAME,
        )
        st.form_submit_button(_("Store the name"), on_click=actions.rename, args=(theme.theme_id,))


def _owner(theme: ThemeSummary) -> None:
    with st.form("theme_owner_form", border=False):
        st.text_input(
            _("Who looks after it?"),
            words.visible(theme.owner or ""),
            key=key("owner", theme.theme_id),
            max_chars=LONGEST_NAME,
            placeholder=_("A person or a team; empty: nobody"),
        )
        st.form_submit_button(_("Store the owner"), on_click=actions.own, args=(theme.theme_id,))


def _fixed(theme: ThemeSummary) -> None:
    with st.form("theme_fixed_form", border=False):
        st.date_input(_("Fixed on"), theme.fixed_on, key=key("fixed_on", theme.theme_id), format=_date_format())
        st.text_input(
            _("Release"),
            words.visible(theme.fixed_release or ""),
            key=key("release", theme.theme_id),
            max_chars=LONGEST_NAME,
            placeholder=_("Such as 4.2; without a day, today counts"),
        )
        st.form_submit_button(_("Mark as fixed"), on_click=actions.mark_fixed, args=(theme.theme_id,))


def _date_format() -> str:
    return "YYYY-MM-DD" if i18n.current() == i18n.DEFAULT else "DD.MM.YYYY"


def _merge(theme: ThemeSummary) -> None:
    names = {each: name for each, name in queries.theme_names().items() if each != theme.theme_id}
    with st.form("theme_merge_form", border=False):
        st.selectbox(
            _("Into which theme?"),
            list(names),
            index=None,
            key=key("into", theme.theme_id),
            placeholder=_("Choose a theme"),
            format_func=_reader(names),
        )
        st.form_submit_button(_("Merge"), on_click=actions.merge, args=(theme.theme_id,))


def _split(theme: ThemeSummary) -> None:
    contacts = queries.contacts_by_id(theme.verbatim_ids)
    said = {each.contact_id: " ".join(each.turns[0].text.split()) if each.turns else "" for each in contacts}
    with st.form("theme_split_form", border=False):
        st.caption(_("Choose contacts that are about something else, or words that only those say, or both."))
        st.multiselect(
            _("Contacts"),
            list(said),
            key=key("contacts", theme.theme_id),
            placeholder=_("Choose contacts"),
            format_func=_reader(said),
        )
        st.text_input(_("Words"), key=key("words", theme.theme_id), placeholder=_("All of these words, in any script"))
        st.form_submit_button(_("Split"), on_click=actions.split, args=(theme.theme_id,))


def _dismiss(theme: ThemeSummary) -> None:
    with st.form("theme_dismiss_form", border=False):
        st.caption(_("It is hidden at once. Nothing is lost: the last change can be undone here."))
        st.form_submit_button(_("This is not a theme"), on_click=actions.dismiss, args=(theme.theme_id,))


_FORMS: dict[str, Callable[[ThemeSummary], None]] = {
    "name": _name,
    "owner": _owner,
    "fixed": _fixed,
    "merge": _merge,
    "split": _split,
    "dismiss": _dismiss,
}
