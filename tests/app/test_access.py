"""Who sees what: every role on every page, areas, sessions, and what is refused however it is asked for."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from voc.app import access, downloads, queries
from voc.app.access import Claim, May, NotSignedInError, Person
from voc.app.figures import FiguresOnly
from voc.app.launch import WORKSPACE_VARIABLE, check_access
from voc.app.oidc import checked
from voc.app.pages import (
    ADMINISTRATION,
    CONTACT,
    CONTACTS,
    DETAILS,
    MODELS,
    OVERVIEW,
    PAGES,
    PEOPLE,
    REASONS,
    THEME,
    PageEntry,
)
from voc.app.sessions import sessions
from voc.data import accounts
from voc.data.accounts import Role
from voc.data.workspace import Workspace
from voc.errors import AccessError, ConfigError
from voc.inference.marts import Criteria, Marts, Selection
from voc.inference.marts_map import Region

Open = Callable[..., AppTest]
FIRST, LAST = date(2026, 4, 20), date(2026, 5, 29)
EVERYTHING = Selection(FIRST, LAST)
SECRET = "a good long password"
PEOPLE_OF: dict[str, tuple[Role, tuple[str, ...]]] = {
    "mobile": (Role.PRODUCT, ("Mobile",)),
    "tv": (Role.PRODUCT, ("Television", "Business")),
    "analyst": (Role.ANALYST, ()),
    "admin": (Role.ADMIN, ()),
    "leadership": (Role.LEADERSHIP, ()),
}
CLOSED: dict[str, set[str]] = {
    "mobile": {"review", "models", "people"},
    "tv": {"review", "models", "people"},
    "analyst": {"people"},
    "admin": set(),
    "leadership": {"contacts", "contact", "map", "churn", "review", "models", "people"},
}
BUSINESS = "customer_id IN (SELECT customer_id FROM customers WHERE segment = 'business')"
PASSWORDS = '\n[access]\nmode = "password"\n'


@pytest.fixture(scope="module")
def hashed() -> str:
    return accounts.hashed(SECRET)


@pytest.fixture(scope="module")
def company(make: Any, hashed: str, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Three hundred contacts of five products over forty days, a map, and five people. Read only."""
    return _company(make, hashed, tmp_path_factory.mktemp("company") / "w")


def _company(make: Any, hashed: str, root: Path) -> Workspace:
    workspace: Workspace = make.workspace(root, f'[company]\nname = "Zvono"\n{PASSWORDS}')
    make.fill(workspace.lake, contacts=300, days=40)
    rows = workspace.lake.query("SELECT contact_id, day FROM contacts").to_pylist()
    places = [row | {"x": float(n % 17), "y": float(n % 13)} for n, row in enumerate(rows)]
    workspace.lake.append("theme_map", make.table("theme_map", places))
    for name, (role, products) in PEOPLE_OF.items():
        accounts.add(root, name, accounts.checked_account(role, products, f"{name}@example.com", hashed))
    return workspace


@pytest.fixture
def asked(company: Workspace, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """Ask as somebody: `with asked("mobile"): queries.…`."""
    monkeypatch.setenv(WORKSPACE_VARIABLE, str(company.root))

    @contextmanager
    def asking(name: str) -> Iterator[None]:
        with access.acting(Claim(token_of(company, name))):
            yield

    return asking


def token_of(workspace: Workspace, name: str, seconds: float = 60.0) -> str:
    account = accounts.read_people(workspace.root).accounts[name]
    return sessions().begin(name, account, seconds)


def shown(app: AppTest) -> str:
    """Everything that reaches the browser, tables and charts among it."""
    protos = [getattr(each, "proto", None) for each in (*app.main, *app.sidebar)]
    return b"\n".join(each.SerializeToString() for each in protos if each is not None).decode(errors="replace")


def titles(app: AppTest) -> list[str]:
    return [each.value for each in (*app.title, *app.header)]


def ids(workspace: Workspace, where: str) -> set[str]:
    rows = workspace.lake.query(f"SELECT contact_id FROM contacts WHERE {where}").to_pylist()
    return {row["contact_id"] for row in rows}


@pytest.mark.parametrize(
    ("name", "page"),
    [
        *((name, page) for name in ("mobile", "leadership") for page in (*PAGES, *ADMINISTRATION, *DETAILS)),
        *((name, page) for name in ("analyst", "admin") for page in (MODELS, PEOPLE)),
    ],
    ids=lambda each: each if isinstance(each, str) else each.path.stem,
)
def test_each_role_opens_its_pages_and_no_others(
    company: Workspace, open_page: Open, name: str, page: PageEntry
) -> None:
    own = ids(company, "product = 'Mobile'")
    known = {CONTACT: {"contact": min(own)}, THEME: {"theme": queried_themes(company)[0]}}.get(page, {})
    app = open_page(company, page, session=token_of(company, name), **known)
    assert ("Not for your role" in titles(app)) == (page.path.stem in CLOSED[name])
    seen = shown(app)
    if name == "mobile":
        assert set(re.findall(r"\bc000\d{3}\b", seen)) <= own
    if name == "leadership":
        for words in (r"\bc000\d{3}\b", r"\bu000\d{3}\b", "Thank you for getting in touch", "Hvala na javljanju"):
            assert not re.search(words, seen), words


def test_a_page_of_words_does_show_words_to_those_who_may(company: Workspace, open_page: Open) -> None:
    """The test before would pass on pages that show nothing at all."""
    assert re.search(r"\bc000\d{3}\b", shown(open_page(company, CONTACTS, session=token_of(company, "analyst"))))


def test_the_navigation_has_what_the_role_may_open(company: Workspace, open_page: Open) -> None:
    def offered(name: str) -> set[str]:
        app = open_page(company, OVERVIEW, session=token_of(company, name))
        return {each.proto.label for each in app.sidebar.get("page_link")}

    assert {"People", "Models", "Review", "Contacts"} <= offered("admin")
    assert not {"People", "Models", "Review"} & offered("mobile")
    assert not {"Contacts", "Map", "Churn", "Models"} & offered("leadership")


def test_another_areas_contact_is_not_there_by_its_url(company: Workspace, open_page: Open) -> None:
    token = token_of(company, "mobile")
    other = min(ids(company, "product = 'Television'"))
    app = open_page(company, CONTACT, session=token, contact=other)
    assert other not in shown(app) and "u0" not in shown(app)


def test_no_filter_word_or_theme_of_the_url_leads_out_of_an_area(company: Workspace, open_page: Open) -> None:
    token, others = token_of(company, "mobile"), ids(company, "product IS NULL OR product <> 'Mobile'")
    for parameters in ({"product": "Television"}, {"q": "hvala", "reason": "roaming"}, {}):
        seen = shown(open_page(company, CONTACTS, session=token, period="all", **parameters))
        assert not set(re.findall(r"\bc000\d{3}\b", seen)) & others, parameters
    for theme in queried_themes(company):
        seen = shown(open_page(company, THEME, session=token, period="all", theme=theme))
        assert not set(re.findall(r"\bc000\d{3}\b", seen)) & others, theme


def queried_themes(workspace: Workspace) -> list[str]:
    rows = workspace.lake.query("SELECT theme_id FROM themes ORDER BY contacts DESC LIMIT 1").to_pylist()
    return [row["theme_id"] for row in rows]


def test_every_question_of_an_area_is_answered_from_its_contacts(
    company: Workspace, asked: Callable[[str], Any]
) -> None:
    own = ids(company, "product = 'Mobile'")
    customers = company.lake.query("SELECT DISTINCT customer_id FROM contacts WHERE product = 'Mobile'").to_pylist()
    people = {row["customer_id"] for row in customers}
    asks_for = Selection(FIRST, LAST, ("Television",))
    with asked("mobile"):
        span, options = queries.span(), queries.options()
        assert span is not None and span.contacts == len(own) and options.products == ("Mobile",)
        assert queries.totals(EVERYTHING).contacts == len(own)
        assert queries.totals(asks_for).contacts == 0
        business = replace(EVERYTHING, segments=("business",))
        assert queries.totals(business).contacts == len(own & ids(company, BUSINESS))
        assert not queries.everybody(EVERYTHING), "an area is no company: nothing usual of all customers beside it"
        everybody = queries.contacts(EVERYTHING, Criteria(), 500, 0)
        assert {each.contact_id for each in everybody.contacts} == own
        assert queries.contacts(asks_for, Criteria(words="hvala"), 500, 0).total == 0
        assert queries.contacts_by_id(sorted(ids(company, "product = 'Television'"))) == ()
        assert {each.contact_id for each in queries.contacts_by_number(range(1, len(own) + 1))} == own
        found = queries.marked(EVERYTHING, Region.rectangle(-99, 99, -99, 99))
        assert {each.contact_id for each in queries.contacts_by_number(found.numbers.tolist())} == own
        assert queries.map_view(EVERYTHING, 500).contacts == len(own)
        for theme in queries.themes(EVERYTHING):
            assert set(theme.verbatim_ids) <= own and theme.verbatim_ids
        calls = queries.call_list(EVERYTHING, "stated", 100)
        assert {each.customer_id for each in calls.customers} <= people and calls.customers
        assert {each.latest_id for each in calls.customers} <= own
        file = downloads.csv(queries.reason_slices(EVERYTHING, "product")).decode()
        assert "Mobile" in file and "Television" not in file


def test_what_is_usual_in_the_company_is_not_drawn_over_an_area(make: Any, tmp_path: Path, open_page: Open) -> None:
    workspace = make.rising(tmp_path / "w", make.guarded)
    make.let_in(workspace, {name: PEOPLE_OF[name] for name in ("mobile", "analyst")})
    for page, parameters in ((REASONS, {"reason": "roaming"}), (THEME, {"theme": "t-roaming"})):
        drawn = {}
        for name in ("mobile", "analyst"):
            app = open_page(workspace, page, session=token_of(workspace, name), period="all", **parameters)
            drawn[name] = "of usual days lie" in "".join(each.value for each in app.caption)
        assert drawn == {"mobile": False, "analyst": True}, page


def test_a_report_of_an_area_quotes_its_customers_alone(company: Workspace, asked: Callable[[str], Any]) -> None:
    own = ids(company, "product IN ('Television', 'Business')")
    with asked("tv"):
        marts = queries._marts(queries._state())
        for theme in queries.theme_names():
            assert set(marts.nearest(theme, EVERYTHING, 20)) <= own


def test_what_is_kept_of_one_persons_answers_is_not_anothers(asked: Callable[[str], Any]) -> None:
    counts = {}
    for name in ("mobile", "tv", "analyst", "mobile"):
        with asked(name):
            counts.setdefault(name, set()).add(queries.totals(EVERYTHING).contacts)
    assert len({frozenset(each) for each in counts.values()}) == 3 and counts["analyst"] == {300}
    with asked("analyst"):
        assert all(theme.verbatim_ids for theme in queries.themes(EVERYTHING))
    with asked("leadership"):
        assert not any(theme.verbatim_ids for theme in queries.themes(EVERYTHING))
        assert not queries.call_list(EVERYTHING, "stated", 100).customers


def test_leadership_sees_the_figures_of_a_segment(company: Workspace, open_page: Open) -> None:
    app = open_page(company, OVERVIEW, session=token_of(company, "leadership"), period="all", segment="business")
    assert app.multiselect(key="segment").value == ["business"]
    assert app.metric[0].value == str(len(ids(company, BUSINESS)))


@pytest.mark.parametrize(
    "ask",
    [
        lambda: queries.contact("c000001"),
        lambda: queries.contacts(EVERYTHING, Criteria(), 10, 0),
        lambda: queries.contacts_by_id(["c000001"]),
        lambda: queries.contacts_by_number([1]),
        lambda: queries.map_view(EVERYTHING, 10),
        lambda: queries.marked(EVERYTHING, Region.rectangle(0, 1, 0, 1)),
        lambda: queries.model_reports(),
        lambda: queries.runs(),
    ],
    ids=["contact", "contacts", "by id", "by number", "map", "marked", "models", "runs"],
)
def test_leadership_is_refused_contacts_however_it_asks(asked: Callable[[str], Any], ask: Callable[[], Any]) -> None:
    with asked("analyst"):
        ask()
    with asked("leadership"), pytest.raises(AccessError):
        ask()


def test_a_question_that_somebody_adds_is_refused_to_leadership_until_it_is_listed(company: Workspace) -> None:
    class More(Marts):
        def everything(self) -> str:
            return "words"

    marts = FiguresOnly(object.__new__(More))
    with pytest.raises(AccessError, match="everything is refused"):
        marts.everything()


def test_a_download_is_made_for_whoever_drew_the_page_and_only_while_they_are_signed_in(
    company: Workspace, asked: Callable[[str], Any]
) -> None:
    own = ids(company, "product = 'Mobile'")
    with asked("mobile"):
        make_file = access.kept(lambda: queries.contacts(EVERYTHING, Criteria(), 500, 0))
        token = access._claim().token
    assert {each.contact_id for each in make_file().contacts} == own
    sessions().end(token)
    with pytest.raises(NotSignedInError):
        make_file()


def test_without_a_session_nothing_is_answered(
    company: Workspace, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(WORKSPACE_VARIABLE, str(company.root))
    for ask in (queries.span, lambda: queries.contact("c000001"), queries.options):
        with pytest.raises(NotSignedInError):
            ask()
    for token in ("", "invented"):
        app = open_page(company, CONTACTS, session=token)
        assert titles(app) == ["Sign in" if not token else "Your session is over"]
        assert "c000" not in shown(app)


@pytest.fixture
def own_company(make: Any, hashed: str, tmp_path: Path) -> Workspace:
    """A small one to change."""
    workspace: Workspace = make.workspace(tmp_path / "w", f'[company]\nname = "Zvono"\n{PASSWORDS}')
    make.fill(workspace.lake, contacts=60, days=20)
    for name, (role, products) in PEOPLE_OF.items():
        accounts.add(workspace.root, name, accounts.checked_account(role, products, None, hashed))
    return workspace


def test_a_session_ends_with_its_time_its_password_and_its_person(own_company: Workspace, open_page: Open) -> None:
    root = own_company.root
    app = open_page(own_company, OVERVIEW, session=token_of(own_company, "mobile", 0))
    assert titles(app) == ["Your session is over"]

    def role_of(token: str) -> Role | None:
        with access.acting(Claim(token)):
            try:
                return access.current().role
            except NotSignedInError:
                return None

    token = token_of(own_company, "mobile")
    assert role_of(token) == Role.PRODUCT
    accounts.update(root, "mobile", lambda each: accounts.altered(each, Role.LEADERSHIP))
    assert role_of(token) == Role.LEADERSHIP
    other = accounts.hashed("another good password")
    accounts.update(root, "mobile", lambda each: each.model_copy(update={"password": other}))
    assert role_of(token) is None
    token = token_of(own_company, "analyst")
    assert role_of(token) == Role.ANALYST
    accounts.remove(root, "analyst")
    assert role_of(token) is None


def test_a_decision_has_the_name_of_who_is_signed_in_and_wants_the_theme_to_be_theirs(
    own_company: Workspace, open_page: Open
) -> None:
    lake = own_company.lake
    own = lake.query(
        """SELECT theme_id FROM contacts JOIN theme_assignments USING (contact_id)
           WHERE product = 'Mobile' AND theme_id IS NOT NULL LIMIT 1"""
    ).to_pylist()[0]["theme_id"]
    token = token_of(own_company, "mobile")
    app = open_page(own_company, THEME, session=token, theme=own)
    app.text_input(key=f"name_{own}").set_value("Ours")
    next(each for each in app.button if each.label == "Store the name").click().run()
    assert not app.exception
    edits = lake.query("SELECT who, value FROM theme_edits").to_pylist()
    assert edits == [{"who": "mobile", "value": "Ours"}]

    # The page is still open when the session ends: its buttons do nothing any more.
    sessions().end(token)
    app.text_input(key=f"name_{own}").set_value("Theirs")
    next(each for each in app.button if each.label == "Store the name").click().run()
    assert titles(app) == ["Your session is over"]
    assert len(lake.query("SELECT * FROM theme_edits").to_pylist()) == 1

    with access.acting(Claim(token_of(own_company, "mobile"))):
        elsewhere = lake.query(
            """SELECT theme_id FROM themes WHERE theme_id NOT IN (
                   SELECT theme_id FROM contacts JOIN theme_assignments USING (contact_id)
                   WHERE product = 'Mobile' AND theme_id IS NOT NULL)"""
        ).to_pylist()
        for row in elsewhere[:2]:
            with pytest.raises(AccessError, match="not of your products"):
                queries.check_theme(row["theme_id"])
        assert elsewhere


def test_an_admin_adds_changes_and_removes_people_in_the_app(own_company: Workspace, open_page: Open) -> None:
    root = own_company.root

    def press(app: AppTest, label: str) -> None:
        next(each for each in app.button if each.label == label).click().run()
        assert not app.exception

    app = open_page(own_company, PEOPLE, session=token_of(own_company, "admin"))
    app.text_input(key="add_name").set_value("Đurđa")
    app.text_input(key="add_password").set_value(SECRET)
    press(app, "Add")
    assert "at least one product" in app.error[0].value
    app.text_input(key="add_name").set_value("Đurđa")
    app.text_input(key="add_password").set_value(SECRET)
    app.multiselect(key="add_products").set_value(["Mobile"])
    press(app, "Add")
    _, account = accounts.read_people(root).named("đurđa") or ("", None)
    assert account and account.products == ("Mobile",) and accounts.right(SECRET, account)
    assert SECRET not in str(app.session_state)

    app.selectbox(key="who_name").set_value("admin").run()
    press(app, "Remove")
    assert app.error[0].value == "The last administrator stays one."
    app.selectbox(key="who_name").set_value("tv").run()
    press(app, "Remove")
    assert accounts.read_people(root).named("tv") is None


def test_nobody_else_changes_people_whatever_their_page_still_shows(own_company: Workspace, open_page: Open) -> None:
    app = open_page(own_company, PEOPLE, session=token_of(own_company, "admin"))
    accounts.add(own_company.root, "second", accounts.checked_account("admin"))
    accounts.update(own_company.root, "admin", lambda each: accounts.altered(each, Role.ANALYST))
    app.text_input(key="add_name").set_value("Eve")
    app.text_input(key="add_password").set_value(SECRET)
    next(each for each in app.button if each.label == "Add").click().run()
    assert accounts.read_people(own_company.root).named("Eve") is None


def test_signing_out_ends_the_session(own_company: Workspace, open_page: Open) -> None:
    token = token_of(own_company, "analyst")
    app = open_page(own_company, OVERVIEW, session=token)
    app.button(key="sign_out").click().run()
    assert titles(app) == ["Your session is over"] and sessions().find(token) is None


def test_an_open_app_asks_nobody_and_has_no_people(
    hundreds: Workspace, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOC_USER", "Iva")
    app = open_page(hundreds, PEOPLE, session="")
    assert "sign_out" not in app.session_state and "Not for your role" in titles(app)
    assert access.current() == Person("Iva", Role.ADMIN, signed_in=False)
    assert not access.current().may(May.PEOPLE)


def test_a_broken_people_file_lets_nobody_in_and_is_one_line_of_the_log(
    own_company: Workspace, open_page: Open, caplog: pytest.LogCaptureFixture
) -> None:
    token = token_of(own_company, "analyst")
    (own_company.root / accounts.PEOPLE_FILE).write_text('[people.x]\nrole = "analyst"\npassword = "plain-secret"\n')
    app = open_page(own_company, OVERVIEW, session=token)
    assert titles(app) == ["Nobody can sign in right now"]
    assert "plain-secret" not in shown(app) and str(own_company.root) not in shown(app)
    (line,) = [each.getMessage() for each in caplog.records if "people.toml" in each.getMessage()]
    assert "expected a hash" in line and "\n" not in line and "plain-secret" not in line


NOW = 1_800_000_000.0
VOUCHED = {
    "is_logged_in": True,
    "email": "Mobile@Example.com",
    "email_verified": True,
    "iat": NOW - 60,
    "exp": NOW + 60,
}


@pytest.fixture
def provided(company: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace with the same people, who come in by a provider."""
    root = tmp_path / "w"
    root.mkdir()
    (root / "voc.toml").write_text('[access]\nmode = "oidc"\nsession_hours = 1\n')
    (root / "taxonomy.toml").write_bytes((company.root / "taxonomy.toml").read_bytes())
    (root / accounts.PEOPLE_FILE).write_bytes((company.root / accounts.PEOPLE_FILE).read_bytes())
    monkeypatch.setenv(WORKSPACE_VARIABLE, str(root))
    monkeypatch.setattr(access.time, "time", lambda: NOW)
    return Workspace.open(root)


def test_whom_a_provider_vouches_for_is_known_by_the_e_mail_address(provided: Workspace) -> None:
    with access.acting(Claim(vouched=VOUCHED)):
        assert access.current() == Person("mobile", Role.PRODUCT, ("Mobile",))


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"is_logged_in": False}, "nobody"),
        ({"is_logged_in": "yes"}, "nobody"),
        ({"exp": NOW}, "over"),
        ({"exp": None}, "over"),
        ({"iat": NOW - 3600, "exp": NOW + 9e9}, "over"),
        ({"iat": None}, "over"),
        ({"iat": NOW + 900, "exp": NOW + 9e9}, "over"),
        ({"email_verified": False}, "unverified"),
        ({"email_verified": None}, "unverified"),
        ({"email": "other@example.com"}, "stranger"),
        ({"email": ""}, "stranger"),
        ({"email": None}, "stranger"),
    ],
    ids=lambda each: str(each),
)
def test_what_a_provider_says_is_not_believed_for_ever_nor_of_everybody(
    provided: Workspace, said: dict[str, Any], why: str
) -> None:
    with access.acting(Claim(vouched=VOUCHED | said)), pytest.raises(NotSignedInError) as refused:
        access.current()
    assert refused.value.why == why


def test_a_token_of_a_password_session_opens_nothing_where_people_come_in_by_a_provider(
    company: Workspace, provided: Workspace
) -> None:
    with access.acting(Claim(token_of(company, "admin"))), pytest.raises(NotSignedInError):
        access.current()


AUTH = {
    "redirect_uri": "https://voc.example.com/oauth2callback",
    "cookie_secret": "0123456789abcdef" * 2,
    "client_id": "voc",
    "client_secret": "not-for-the-log",
    "server_metadata_url": "https://id.example.com/.well-known/openid-configuration",
}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({}, ""),
        ({"redirect_uri": "http://localhost:8501/oauth2callback"}, ""),
        ({"cookie_secret": "short-secret"}, "auth.cookie_secret: expected 32 random characters"),
        ({"redirect_uri": "https://voc.example.com/"}, "auth.redirect_uri: expected the app's address with"),
        ({"redirect_uri": "http://voc.example.com/oauth2callback"}, "auth.redirect_uri: expected an https address"),
        ({"server_metadata_url": "http://id.example.com/x"}, "auth.server_metadata_url: expected an https address"),
        ({"client_secrets": "x"}, "client_secrets: unknown key, did you mean 'client_secret'?"),
        ({"client_secret": 5}, "auth.client_secret: expected text"),
    ],
    ids=lambda each: str(each),
)
def test_the_providers_settings_are_checked_without_a_secret_in_the_message(
    provided: Workspace, change: dict[str, Any], message: str
) -> None:
    path = provided.root / "secrets.toml"
    path.touch(0o600)
    path.write_text("[auth]\n" + "".join(f"{key} = {value!r}\n" for key, value in (AUTH | change).items()))
    if not message:
        assert checked(provided.root).client_id == "voc"
        check_access(provided)
        path.chmod(0o640)
        with pytest.raises(ConfigError, match="others may read or write it"):
            checked(provided.root)
        return
    with pytest.raises(ConfigError) as refused:
        check_access(provided)
    said = str(refused.value)
    assert message in said and "\n" not in said
    assert "not-for-the-log" not in said and "short-secret" not in said and AUTH["cookie_secret"] not in said


def test_the_app_does_not_start_where_nobody_could_sign_in(own_company: Workspace, tmp_path: Path) -> None:
    check_access(own_company)
    for name in PEOPLE_OF:
        accounts.remove(own_company.root, name)
    with pytest.raises(ConfigError, match="nobody has a password; add somebody with: voc user add"):
        check_access(own_company)
