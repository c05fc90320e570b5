"""Blocks of the page People: who may use the app, and forms to add, change and remove somebody."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields

import pandas as pd
import streamlit as st

from voc.app import access, queries, words
from voc.app.access import May
from voc.app.access_views import ROLES
from voc.data import accounts
from voc.data.accounts import LEAST_PASSWORD, Account, LastAdminError, People, Role
from voc.errors import VocError
from voc.i18n import _, ngettext

_SAID = "people_said"


@dataclass(frozen=True)
class _Given:
    """What stands in a form."""

    name: str
    role: Role
    products: tuple[str, ...]
    email: str
    password: str = field(repr=False)

    def account(self, name: str, kept: str | None = None) -> Account:
        """For this person; without a new password the hash that is `kept`. Raises VocError in the reader's language."""
        if self.role == Role.PRODUCT and not self.products:
            raise _WrongError(_("The role Product needs at least one product."))
        if self.email.strip() and self.email.count("@") != 1:
            raise _WrongError(_("That is no e-mail address."))
        if self.password and len(self.password) < LEAST_PASSWORD:
            raise _too_short()
        hashed = accounts.hashed(self.password, name) if self.password else kept
        return accounts.checked_account(self.role, self.products, self.email, hashed)


def sentence(people: People) -> str:
    """How many there are."""
    count = len(people.accounts)
    return ngettext("{count} person may use the app.", "{count} people may use the app.", count).format(
        count=words.count(count)
    )


def said() -> None:
    """Show once what came of the last change."""
    if found := st.session_state.pop(_SAID, None):
        text, wrong = found
        (st.error if wrong else st.success)(text, icon=":material/error:" if wrong else ":material/check_circle:")


def table(people: People) -> None:
    """Everybody, by name."""
    rows = sorted(people.accounts.items(), key=lambda row: row[0].casefold())
    frame = pd.DataFrame(
        {
            "name": [words.visible(name) for name, _each in rows],
            "role": [_(ROLES[each.role]) for _name, each in rows],
            "products": [_products(each) for _name, each in rows],
            "email": [words.visible(each.email or "–") for _name, each in rows],
            "password": [each.password is not None for _name, each in rows],
        }
    )
    st.dataframe(
        frame,
        hide_index=True,
        column_config={
            "name": st.column_config.TextColumn(_("Name")),
            "role": st.column_config.TextColumn(_("Role")),
            "products": st.column_config.TextColumn(_("Sees")),
            "email": st.column_config.TextColumn(_("E-mail")),
            "password": st.column_config.CheckboxColumn(_("Has a password")),
        },
        alt=_("Who may use the app"),
    )
    with st.expander(_("What each role sees"), icon=":material/help:", key="people_roles"):
        for role, text in _meanings().items():
            st.markdown(f"**{_(ROLES[role])}**: {text}")


def adding() -> None:
    """A form for somebody new."""
    # By their keys the forms stay open whatever comes and goes above them, such as what was just stored.
    with (
        st.expander(_("Add somebody"), icon=":material/person_add:", key="people_add"),
        st.form("add", border=False),
    ):
        st.text_input(_("Name"), key="add_name", max_chars=accounts.LONGEST_NAME)
        _role_and_products("add", None)
        _email("add", "")
        if access.mode() == "password":
            _password("add", _("Password"))
        st.form_submit_button(_("Add"), type="primary", icon=":material/person_add:", on_click=_add)


def changing(people: People) -> None:
    """A form for somebody who is there."""
    with st.expander(_("Change or remove somebody"), icon=":material/manage_accounts:", key="people_change"):
        names = sorted(people.accounts, key=str.casefold)
        name = st.selectbox(
            _("Who?"), names, index=None, format_func=words.visible, placeholder=_("Choose somebody"), key="who_name"
        )
        if name is None:
            return
        account = people.accounts[name]
        key = f"change_{name}_{account.role}"  # the role, so that the form shows what a change of it made of the rest
        with st.form(key, border=False):
            _role_and_products(key, account)
            _email(key, account.email or "")
            if access.mode() == "password":
                _password(key, _("New password (empty: as it is)"))
            with st.container(horizontal=True, gap="small"):
                st.form_submit_button(
                    _("Save"), type="primary", icon=":material/save:", on_click=_save, args=(name, key)
                )
                st.form_submit_button(
                    _("Remove"), icon=":material/person_remove:", on_click=_remove, args=(name,), key=f"{key}_remove"
                )


def _role_and_products(key: str, account: Account | None) -> None:
    roles = list(Role)
    st.selectbox(
        _("Role"),
        roles,
        index=roles.index(account.role) if account else roles.index(Role.PRODUCT),
        format_func=lambda role: _(ROLES[role]),
        key=f"{key}_role",
        placeholder="",
    )
    sold = [each for each in queries.options().products if each]
    own = list(account.products) if account else []
    st.multiselect(
        _("Products (for the role Product)"),
        list(dict.fromkeys([*sold, *own])),
        default=own,
        format_func=words.product,
        placeholder=_("Choose products"),
        key=f"{key}_products",
    )


def _email(key: str, value: str) -> None:
    st.text_input(_("E-mail"), value=value, key=f"{key}_email", max_chars=254)


def _password(key: str, label: str) -> None:
    hint = _("At least {count} characters.").format(count=LEAST_PASSWORD)
    st.text_input(label, type="password", key=f"{key}_password", help=hint, autocomplete="new-password")


def _add() -> None:
    given = _given("add")

    def change() -> str:
        root = access.root()
        if not given.name.strip():
            raise _WrongError(_("A name is missing."))
        if accounts.read_people(root).named(given.name):
            raise _WrongError(_("Somebody of that name is there already."))
        if access.mode() == "password" and not given.password:
            raise _too_short()
        named = accounts.add(root, given.name, given.account(given.name))
        return _("{name} may use the app now.").format(name=words.escaped(named))

    if _do(change):
        for each in fields(_Given):
            st.session_state.pop(f"add_{each.name}", None)


def _save(name: str, key: str) -> None:
    given = _given(key)

    def change() -> str:
        accounts.update(access.root(), name, lambda was: given.account(name, was.password), keep_an_admin=True)
        return _("{name} is changed. It holds from their next click.").format(name=words.escaped(name))

    _do(change)


def _remove(name: str) -> None:
    def change() -> str:
        accounts.remove(access.root(), name, keep_an_admin=True)
        return _("{name} may use the app no longer.").format(name=words.escaped(name))

    _do(change)


class _WrongError(VocError):
    """Something in the form is wrong; the message is in the reader's language already."""


def _too_short() -> _WrongError:
    return _WrongError(_("A password has at least {count} characters.").format(count=LEAST_PASSWORD))


def _do(change: Callable[[], str]) -> bool:
    """Run a change (a callback), unless who asks may not, or the form is wrong. Says whether it was made."""
    try:
        access.require(May.PEOPLE)
        st.session_state[_SAID] = (change(), False)
    except LastAdminError:
        st.session_state[_SAID] = (_("The last administrator stays one."), True)
        return False
    except VocError as error:
        st.session_state[_SAID] = (words.escaped(str(error)), True)
        return False
    return True


def _given(key: str) -> _Given:
    """What stands in the form. The password is taken out of it: it is not to lie in the session."""
    found = {each.name: st.session_state.get(f"{key}_{each.name}") for each in fields(_Given)}
    if f"{key}_password" in st.session_state:
        st.session_state[f"{key}_password"] = ""
    role = Role(found["role"] or Role.PRODUCT)
    products = tuple(found["products"] or ()) if role == Role.PRODUCT else ()
    return _Given(str(found["name"] or ""), role, products, str(found["email"] or ""), str(found["password"] or ""))


def _products(account: Account) -> str:
    if account.role == Role.LEADERSHIP:
        return _("Figures")
    return words.visible(", ".join(map(words.product, account.products))) if account.products else _("Everything")


def _meanings() -> dict[Role, str]:
    return {
        Role.PRODUCT: _("the contacts of their own products, and figures of those contacts; decides about themes."),
        Role.ANALYST: _("all contacts, the review queue and how good the models are."),
        Role.ADMIN: _("the same, and this page."),
        Role.LEADERSHIP: _("figures alone: no conversations, no customers, nobody's words."),
    }
