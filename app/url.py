"""What a person chose stands in the URL alone: a link, a reload and the back button give the same view.

Streamlit's own `bind="query-params"` is not used: in 1.67 a bound parameter cannot be set by
`st.switch_page`, and `st.page_link` drops it without a word, so a figure could not link to exactly the
contacts that it counts. Values are stable ids, not names, which may change.
"""

from collections.abc import Callable, Iterable, Mapping

import streamlit as st

from voc.app import words
from voc.app.filters import DEFAULT_PERIOD

Parameters = dict[str, str | list[str]]
FILTERS = ("period", "product", "channel", "language", "segment")
"""Parameters that every page understands."""
READER = ("lang", "zone")
"""Parameters of who reads, not of what is read: every link keeps them."""
WIDTH = 165
"""Of a choice, in pixels: two of them fit side by side on a telephone."""


def current(keys: Iterable[str]) -> Parameters:
    """Those of the URL's parameters and the reader's, for a link that keeps them.

    The period is always named: a link without any parameter would read as one that says nothing of the view.
    """
    kept: Parameters = {"period": DEFAULT_PERIOD}
    return kept | {key: values for key in (*keys, *READER) if (values := st.query_params.get_all(key))}


def everything() -> Parameters:
    """All of the URL's parameters."""
    return {key: st.query_params.get_all(key) for key in st.query_params}


def value(key: str) -> str | None:
    """One of the URL's parameters, as it stands there."""
    return st.query_params.get(key)


def clear(*keys: str) -> None:
    """Take parameters out of the URL: what they chose is back at its default."""
    for key in keys:
        st.query_params.pop(key, None)


def segments(key: str, names: Mapping[str, str], label: str, default: str) -> str:
    """One of a few, as buttons side by side. Gives its id."""
    wanted = st.query_params.get(key)
    st.session_state[key] = wanted if wanted in names else default
    chosen = st.segmented_control(
        label,
        list(names),
        format_func=_reader(names),
        required=True,
        key=key,
        label_visibility="collapsed",
        on_change=_store,
        args=(key, default),
    )
    return chosen or default


def one(key: str, names: Mapping[str, str], anything: str) -> str | None:
    """One of many, or none; `anything` is what none means. Gives its id."""
    wanted = st.query_params.get(key)
    st.session_state[key] = wanted if wanted in names else None
    return st.selectbox(
        anything,
        list(names),
        index=None,
        format_func=_reader(names),
        placeholder=anything,
        key=key,
        label_visibility="collapsed",
        width=WIDTH,
        on_change=_store,
        args=(key,),
    )


def choice(key: str, names: Mapping[str, str], label: str, default: str, width: int) -> str:
    """One of many, always one; `width` in pixels. Gives its id."""
    wanted = st.query_params.get(key)
    st.session_state[key] = wanted if wanted in names else default
    chosen: str = st.selectbox(
        label,
        list(names),
        format_func=_reader(names),
        key=key,
        label_visibility="collapsed",
        width=width,
        on_change=_store,
        args=(key, default),
    )
    return chosen


def several(key: str, names: Mapping[str, str], anything: str) -> tuple[str, ...]:
    """Any number of many; `anything` is what none means. Gives their ids."""
    st.session_state[key] = [value for value in dict.fromkeys(st.query_params.get_all(key)) if value in names]
    return tuple(
        st.multiselect(
            anything,
            list(names),
            format_func=_reader(names),
            placeholder=anything,
            key=key,
            label_visibility="collapsed",
            width=WIDTH,
            on_change=_store,
            args=(key,),
        )
    )


def number(key: str, label: str, default: int, most: int) -> int:
    """A whole number from 1 to `most`, with its label beside it."""
    asked = st.query_params.get(key, "")
    wanted = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 9 else 0
    st.session_state[key] = wanted if 1 <= wanted <= most else min(default, most)
    return int(st.number_input(label, 1, most, key=key, width=WIDTH, on_change=_store, args=(key, default)))


def text(key: str, label: str, placeholder: str, icon: str) -> str:
    """A line of text."""
    st.session_state[key] = st.query_params.get(key, "")
    return st.text_input(
        label,
        key=key,
        placeholder=placeholder,
        icon=icon,
        label_visibility="collapsed",
        on_change=_store,
        args=(key,),
    )


def page() -> int:
    """Number of the asked page of a list, from 1."""
    asked = st.query_params.get("page", "1")
    return max(1, int(asked)) if asked.isascii() and asked.isdecimal() and len(asked) < 9 else 1


def pager(pages: int) -> None:
    """Page numbers."""
    number = min(page(), pages)
    key = f"page_{number}"  # a new widget for each page: this one takes its value from `default` alone
    st.pagination(pages, default=number, key=key, on_change=_store, args=("page", 1, key))


def _store(key: str, default: str | int | None = None, widget: str = "") -> None:
    """Put a widget's new value into the URL (a callback: it runs before the page). A list begins anew."""
    value = st.session_state[widget or key]
    if key not in ("page", *READER):
        clear("page")
    if value == default or value in (None, "", []):
        clear(key)
    else:
        st.query_params[key] = [str(each) for each in value] if isinstance(value, list) else str(value)


def _reader(names: Mapping[str, str]) -> Callable[[str], str]:
    return lambda value: words.visible(names.get(value, value))
