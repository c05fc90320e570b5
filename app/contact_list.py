"""Blocks of the contacts page: what to look for, one page of it, and a single contact."""

from collections.abc import Callable, Mapping

import streamlit as st

from voc.app import contact_views, queries, words
from voc.app.filters import Parameters, View
from voc.app.pages import CONTACTS
from voc.data.workspace import Workspace
from voc.inference.marts import Criteria, Page, Span

PAGE_SIZE = 20
CHURN = {"Leaving": True, "Not leaving": False}
UNKNOWN = "-unknown"
"""Stands among the reasons for: the model abstained. No reason can have this id."""
BOUND_KEYS = ("q", "sentiment", "churn")
ID_KEYS = ("reason", "theme")
KEYS = (*BOUND_KEYS, *(f"chosen_{key}" for key in ID_KEYS), "page")


def criteria_bar(view: View, span: Span) -> Criteria:
    """Words to search for and labels to filter by; the URL keeps them."""
    said = st.text_input(
        "Search",
        key="q",
        bind="query-params",
        placeholder="Search all words: račun finds racun and рачун",
        icon=":material/search:",
        label_visibility="collapsed",
    )
    if not span.scored:
        return Criteria(words=said)
    taxonomy = queries.workspace().taxonomy
    labels = {theme.theme_id: theme.label for theme in queries.themes(view.selection)}
    with st.container(horizontal=True, gap="small"):
        reasons = {UNKNOWN: "Unknown (model abstained)"}
        reasons |= {each: taxonomy.name(each) for each in taxonomy.reason_ids}
        reason = _by_id("reason", reasons, "Any reason")
        sentiment = _bound("sentiment", list(words.SENTIMENT_NAMES.values()), "Any sentiment")
        churn = _bound("churn", list(CHURN), "Leaving or not")
        theme = _by_id("theme", labels, "Any theme") if labels else None
    moods = {name: mood for mood, name in words.SENTIMENT_NAMES.items()}
    return Criteria(
        words=said,
        reason=None if reason == UNKNOWN else reason,
        sentiment=moods.get(sentiment or ""),
        churn_intent=CHURN.get(churn or ""),
        theme=theme,
        unknown=reason == UNKNOWN,
    )


def fetch(view: View, criteria: Criteria) -> Page:
    """The page that the URL asks for; the first one when what is looked for has changed."""
    looked_for = (view.selection, criteria)
    if st.session_state.get("looked_for", looked_for) != looked_for:
        st.session_state["page"] = 1
    st.session_state["looked_for"] = looked_for
    number = _page_number()
    page = queries.contacts(view.selection, criteria, PAGE_SIZE, (number - 1) * PAGE_SIZE)
    if page.total and not page.contacts:  # the URL names a page that is not there
        st.session_state["page"] = 1
        page = queries.contacts(view.selection, criteria, PAGE_SIZE, 0)
    return page


def pager(total: int) -> None:
    """Page numbers, where there is more than one page."""
    pages = -(-total // PAGE_SIZE)
    if pages > 1:
        with st.container(horizontal_alignment="center"):
            st.pagination(pages, key="page", bind="query-params")


def show_one(contact_id: str, workspace: Workspace) -> None:
    """The contact that the URL names."""
    back: Parameters = {
        key: values[0] if len(values) == 1 else values
        for key in st.query_params
        if key != "contact" and (values := st.query_params.get_all(key))
    }
    contact = queries.contact(contact_id)
    if contact is None:
        st.title("What was said?", anchor=False)
        st.warning(
            "It may have been deleted, or the link is incomplete.",
            title="There is no such contact",
            icon=":material/search_off:",
        )
        st.page_link(CONTACTS.path, label="All contacts", icon=":material/arrow_back:", help="")
        return
    folded_words = Criteria(words=str(back.get("q", ""))).folded_words
    contact_views.transcript(contact, workspace, back, folded_words)


def parameters(view: View) -> Parameters:
    """Query parameters that bring back this list."""
    found = dict(view.parameters)
    for key in (*BOUND_KEYS, *(f"chosen_{name}" for name in ID_KEYS)):
        if value := st.session_state.get(key):
            found[key.removeprefix("chosen_")] = str(value)
    if (page := _page_number()) > 1:
        found["page"] = str(page)
    return found


def _page_number() -> int:
    if "page" in st.session_state:
        return max(1, int(st.session_state["page"]))
    asked = st.query_params.get("page", "1")
    return max(1, int(asked)) if asked.isdecimal() and len(asked) < 9 else 1


def _bound(key: str, options: list[str], placeholder: str) -> str | None:
    return st.selectbox(
        placeholder, options, index=None, key=key, bind="query-params", placeholder=placeholder,
        label_visibility="collapsed", width=165,
    )  # fmt: skip


def _by_id(key: str, names: Mapping[str, str], placeholder: str) -> str | None:
    """A choice that the URL keeps by its stable id, since a name may change."""
    wanted = st.query_params.get(key)
    st.session_state[f"chosen_{key}"] = wanted if wanted in names else None
    return st.selectbox(
        placeholder, list(names), index=None, key=f"chosen_{key}", format_func=_names(names), placeholder=placeholder,
        label_visibility="collapsed", width=165, on_change=_to_url, args=(key,),
    )  # fmt: skip


def _names(names: Mapping[str, str]) -> Callable[[str], str]:
    return lambda each: words.visible(names.get(each, each))


def _to_url(key: str) -> None:
    chosen = st.session_state.get(f"chosen_{key}")
    if chosen is None:
        st.query_params.pop(key, None)
    else:
        st.query_params[key] = chosen
