"""An administrator's path, and that of whom they let in: what a role may see, and what a change of it does at once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from voc.app.pages import CONTACTS, MODELS, PAGES, PEOPLE, REPORT, REVIEW
from voc.data import accounts
from voc.data.workspace import Workspace

pytestmark = pytest.mark.browser
OURS, THEIRS, WORD = "ours", "theirs", "glockenspiel"
SECRET = "another good password"
NAME = "Đurđa"


@pytest.fixture
def company(make: Any, tmp_path: Path) -> Workspace:
    """A hundred contacts, and two with words of their own: one about Mobile, one about Television."""
    workspace: Workspace = make.workspace(tmp_path / "w", make.guarded)
    make.fill(workspace.lake, contacts=100, days=20)
    rows = [
        make.contact(OURS, make.last_day, "My phone plays the xylophone.", product="Mobile"),
        make.contact(THEIRS, make.last_day, f"My television plays the {WORD}.", product="Television"),
    ]
    workspace.lake.append("contacts", make.table("contacts", rows))
    make.let_in(workspace, {"Iva": ("admin", ())})
    return workspace


@pytest.mark.parametrize("language", ["en", "hr"])
def test_somebody_is_let_in_sees_their_own_and_is_let_out(
    language: str, company: Workspace, make: Any, visits: Callable[..., Any]
) -> None:
    with visits(company, language) as come:
        iva = come()
        iva.open("people")
        iva.sign_in("Iva")
        pages = [*PAGES, PEOPLE]
        assert offered(iva) == [iva.text(page.title) for page in pages]
        iva.sees(iva.text("Who may use the app?"))

        # Somebody new, who sees one product.
        iva.unfold("Add somebody")
        iva.field("Name").fill(NAME)
        choose(iva, iva.text("Products (for the role Product)"), "Mobile")
        iva.page.keyboard.press("Escape")
        iva.field("Password").fill(SECRET)
        iva.press("Add")
        iva.sees(iva.text("{name} may use the app now.", name=NAME))

        # On the same machine, after the administrator has left it.
        iva.sign_out()
        iva.main.get_by_role("link", name=iva.text("Sign in")).click()
        iva.sign_in(NAME, SECRET)
        iva.sees(iva.text("Not for your role"))  # the page that the administrator was on
        user = iva
        assert offered(user) == [user.text(page.title) for page in PAGES if page not in (REVIEW, MODELS)]
        user.sees(user.text("You see: {products}", products="Mobile"), user.sidebar)

        # Their own contact, and another's: by its address, and by a word that only it has.
        user.open(f"contact?contact={OURS}")
        user.sees("My phone plays the xylophone.")
        user.open(f"contact?contact={THEIRS}")
        user.sees(user.text("There is no such contact"))
        user.sees(user.text("It may also be about a product that you do not see."))
        assert WORD not in user.page.content()
        user.go(CONTACTS)
        user.field("Search").fill("xylophone")
        user.page.keyboard.press("Enter")
        user.sees(user.counted("{count} contact with these words, newest first.", "", 1))
        user.field("Search").fill(WORD)
        user.page.keyboard.press("Enter")
        user.sees(user.text("No contact fits these filters"))

        # The administrator elsewhere makes them an analyst: it holds from the next click.
        admin = come()
        admin.open(f"contacts?q={WORD}")
        admin.sign_in("Iva")
        admin.sees(admin.counted("{count} contact with these words, newest first.", "", 1))
        admin.go(PEOPLE)
        admin.unfold("Change or remove somebody")
        choose(admin, admin.text("Who?"), NAME)
        choose(admin, admin.text("Role"), admin.text("Analyst"), last=True)
        admin.press("Save")
        admin.sees(admin.text("{name} is changed. It holds from their next click.", name=NAME))
        user.go(REPORT)
        user.sidebar.get_by_role("link", name=user.text(REVIEW.title), exact=True).wait_for()
        assert offered(user) == [user.text(page.title) for page in PAGES]

        # And out: the next click is the last, and the password opens nothing any more.
        admin.press("Remove")
        admin.sees(admin.text("{name} may use the app no longer.", name=NAME))
        user.go(CONTACTS)
        user.sees(user.text("Your session is over"))
        user.sidebar.get_by_role("link").first.wait_for(state="hidden")
        user.main.get_by_role("link", name=user.text("Sign in")).click()
        user.sign_in(NAME, SECRET)
        user.page.get_by_text(user.text("Name or password is wrong.")).wait_for()

    assert list(accounts.read_people(company.root).accounts) == ["Iva"]


def offered(visitor: Any) -> list[str]:
    """The pages in the navigation."""
    visitor.sidebar.get_by_role("link").first.wait_for()
    names = visitor.sidebar.get_by_role("link").get_by_test_id("stMarkdownContainer")
    return [each.strip() for each in names.all_inner_texts()]


def choose(visitor: Any, label: str, option: str, last: bool = False) -> None:
    """Open a list, once the page stands still, and choose one of it."""
    visitor.settle()
    found = visitor.main.get_by_role("combobox", name=label, exact=True)
    (found.last if last else found.first).click()
    visitor.page.get_by_role("option", name=option, exact=True).click()
