"""Who reads: the language and the time zone that they chose. Both stand in the URL; the browser's are proposed."""

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from voc import i18n
from voc.app import clock, url
from voc.data.workspace import Workspace
from voc.i18n import _

LANGUAGE, ZONE = "lang", "zone"
_WIDTH = 220


def begin() -> None:
    """Speak the reader's language from here on in this run.

    Callbacks and fragments run outside the script, mostly in a thread of their own: there the language is asked for.
    """
    i18n.ask(language)
    clock.ask(zone)
    i18n.use(language())


def language() -> str:
    """Tag of the language in the URL, else the nearest to the browser's."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return i18n.DEFAULT
    asked = st.query_params.get(LANGUAGE)
    return asked if asked in i18n.NAMES else i18n.nearest(st.context.locale)


def zone() -> str | None:
    """Name of the time zone in the URL."""
    return None if get_script_run_ctx(suppress_warning=True) is None else st.query_params.get(ZONE)


def dark() -> bool:
    """Whether the page is dark, for what takes no colour from the theme."""
    return bool(st.context.theme.type == "dark")


def tell_browser() -> None:
    """Mark the document as being in this language, for screen readers, hyphenation and offers to translate it.

    Streamlit says English in all of its documents. Nothing is seen of this, so it stands at the end of something.
    """
    tag = i18n.current()
    st.html(f'<script>document.documentElement.lang = "{tag}"</script>', unsafe_allow_javascript=True)


def choices(workspace: Workspace) -> None:
    """Language and time zone, to choose from."""
    url.choice(LANGUAGE, i18n.NAMES, _("Language"), i18n.nearest(st.context.locale), _WIDTH)
    company = workspace.config.zone.key
    others = (zone(), st.context.timezone, "UTC")
    names = {company: _("Time of {zone}").format(zone=_city(company))}
    names |= {each: _("Time of {zone}").format(zone=_city(each)) for each in others if each and clock.known(each)}
    url.choice(ZONE, names, _("Time zone"), company, _WIDTH)


def _city(name: str) -> str:
    return name.rpartition("/")[2].replace("_", " ")
