"""What somebody sees who is not let in, or not everywhere; and who is signed in."""

import logging
from collections.abc import Callable
from functools import wraps
from html import escape
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from voc.app import access, reader, url, words
from voc.app.access import NotSignedInError, Person, Why
from voc.app.sessions import LOGIN
from voc.data.accounts import Role
from voc.data.workspace import Workspace
from voc.errors import AccessError, ConfigError
from voc.i18n import N_, _

ROLES: dict[Role, str] = {
    Role.PRODUCT: N_("Product"),
    Role.ANALYST: N_("Analyst"),
    Role.ADMIN: N_("Administrator"),
    Role.LEADERSHIP: N_("Leadership"),
}
_FIGURES_ONLY = N_("Your role shows figures: no conversations, no customers, nobody's words.")
_BUTTON = (
    "display:block;padding:.55rem 1rem;border-radius:.5rem;background:#0B5394;color:#fff;font-weight:600;"
    "text-align:center;text-decoration:none"
)
_log = logging.getLogger(__name__)


def let_in(workspace: Workspace) -> Person:
    """Who asks. Shows a way in instead of the page, and stops, where that is nobody whom we know."""
    try:
        return access.current()
    except NotSignedInError as error:
        _outside(workspace, error.why)
    except ConfigError as error:
        _log.error("%s", error)
        _card(
            workspace,
            _("Nobody can sign in right now"),
            _("The list of people cannot be read. The app's log says why."),
            ":material/report:",
        )
    st.stop()


def run(page: StreamlitPage, person: Person) -> None:
    """Draw the page, if it is for this person."""
    path = page._page
    if not isinstance(path, Path) or not person.may_open(path):
        refused(person)
        return
    try:
        page.run()
    except AccessError:
        refused(person)


def part(draw: Callable[[], None]) -> Callable[[], None]:
    """A part of a page that is drawn without the rest when something in it is used.

    Nothing stops it halfway but a new page, where the next click would stop a whole page and what the click before it
    had begun; further clicks wait. Whoever may no longer see it gets the whole page again, which says so.
    """

    @st.fragment
    @wraps(draw)
    def drawn() -> None:
        try:
            draw()
        except AccessError:
            st.rerun()

    return drawn


def refused(person: Person) -> None:
    """This page is not for this role: neither empty nor filtered out."""
    with st.container(border=True, gap="small"):
        st.title(_("Not for your role"), anchor=False, icon=":material/lock:")
        if person.role == Role.LEADERSHIP:
            st.write(_(_FIGURES_ONLY))
        elif not person.signed_in:
            st.write(_("This app is open to whoever reaches it, so there are no people to look after."))
        else:
            st.write(_("Somebody with another role sees this page. An administrator can change your role."))


def empty_area() -> None:
    """There are contacts perhaps, but none of this person's products."""
    with st.container(border=True, gap="small"):
        st.header(_("No contacts of your products"), anchor=False, icon=":material/inbox:")
        st.write(_("You see the contacts of some products, and there are none yet. An administrator can change which."))


def figures_only() -> None:
    """In the place of words that this role does not see."""
    st.caption(f":material/lock: {_(_FIGURES_ONLY)}")


def badge(person: Person) -> None:
    """Who is signed in and as what, with a way out; nothing where the app is open."""
    if not person.signed_in:
        return
    with st.container(gap="xsmall"):
        st.markdown(f":material/account_circle: **{words.escaped(person.name)}**")
        st.caption(_(ROLES[person.role]))
        if person.area is not None:
            named = ", ".join(words.product(each) for each in person.area)
            st.caption(_("You see: {products}").format(products=words.escaped(named)))
        st.button(_("Sign out"), key="sign_out", icon=":material/logout:", type="tertiary", on_click=access.sign_out)


def _outside(workspace: Workspace, why: Why) -> None:
    title, text, icon = {
        Why.NOBODY: (_("Sign in"), _("Your company's account lets you in."), ":material/login:"),
        Why.OVER: (_("Your session is over"), _("Sign in again to go on where you were."), ":material/timer_off:"),
        Why.STRANGER: (
            _("No access yet"),
            _("You are signed in, but nobody has given you access. Ask your administrator."),
            ":material/person_off:",
        ),
        Why.UNVERIFIED: (
            _("No access yet"),
            _("Your account's e-mail address is not verified. Ask your administrator."),
            ":material/person_off:",
        ),
    }[why]
    _card(workspace, title, text, icon, way_in=True, way_out=why in (Why.STRANGER, Why.UNVERIFIED))


def _card(
    workspace: Workspace, title: str, text: str, icon: str, *, way_in: bool = False, way_out: bool = False
) -> None:
    with st.container(horizontal_alignment="center"), st.container(border=True, width=420, gap="small"):
        st.caption(words.escaped(workspace.config.company.name))
        st.title(title, anchor=False)
        st.markdown(f"{icon} {text}")
        if way_out:
            st.button(_("Use another account"), icon=":material/switch_account:", on_click=st.logout, width="stretch")
        elif way_in and access.mode() == "oidc":
            st.button(_("Sign in"), type="primary", icon=":material/login:", on_click=st.login, width="stretch")
        elif way_in:
            way, label = escape(f"{LOGIN}?{urlencode({'next': _here()})}"), escape(_("Sign in"))
            st.html(f'<a href="{way}" target="_self" style="{_BUTTON}">{label}</a>')
        reader.tell_browser()


def _here() -> str:
    """Path and query of the page that somebody wanted."""
    query = urlencode(url.everything(), doseq=True)
    return (urlsplit(st.context.url or "/").path or "/") + (f"?{query}" if query else "")
