"""Every page in a real browser against the rules of axe-core, in both modes, wide and narrow."""

from collections.abc import Iterator
from typing import Any

import pytest

from voc.app.pages import ADMINISTRATION, DETAILS, OVERVIEW, PAGES, PageEntry
from voc.data.workspace import Workspace

pytestmark = pytest.mark.browser
COSTS = "[costs]\nper_contact = { call = 6.5, chat = 2 }\n"
THEME = "t-roaming"
LOOKS = {"light, 1440 px": ("light", 1440), "dark, 390 px": ("dark", 390)}
STANDARD = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
STRUCTURE = ["heading-order", "page-has-heading-one", "empty-heading", "document-title", "html-has-lang"]
"""Rules that hold whatever their weight: somebody who does not see the page moves by its headings."""
HEAVY = {"serious", "critical"}


def path(entry: PageEntry) -> str:
    """Where a page stands, with something on it."""
    of = {"contact": "?contact=c000599", "theme": f"?theme={THEME}&period=all", "reasons": "?reason=roaming"}
    return "" if entry is OVERVIEW else entry.path.stem + of.get(entry.path.stem, "?period=all")


PATHS = [path(entry) for entry in (*PAGES, *ADMINISTRATION, *DETAILS)]


@pytest.fixture(scope="module")
def company(make: Any, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Something for every page to show: what rises, stages, answers, a map, risks, a measured model, a queue."""
    settings = make.guarded.replace("[access]", f"benchmark_contact_rate = 60.5\n{COSTS}[access]")
    workspace: Workspace = make.rising(tmp_path_factory.mktemp("company") / "w", settings)
    lake = workspace.lake
    rows = lake.query("SELECT * FROM contacts ORDER BY contact_id").to_pylist()
    stages = ("join", "activate", "use", "pay", "support", "leave", None)
    answered = [
        row | {"journey_stage": stages[n % 7 if n % 3 else 2], "csat": 1 + n % 5, "nps": n % 11, "ces": 1 + n % 7,
               "first_response_s": 60 + n, "duration_s": 600}
        for n, row in enumerate(rows)
    ]  # fmt: skip
    lake.replace("contacts", make.table("contacts", answered))
    places = [{key: row[key] for key in ("contact_id", "day")} for row in rows]
    spots = [row | {"x": float(n % 20), "y": float(n // 20)} for n, row in enumerate(places)]
    lake.append("theme_map", make.table("theme_map", spots))
    risks = [
        row | {"model_version": "head-1", "outcome_probability": n / 1000, "horizon_days": 10}
        for n, row in enumerate(places)
    ]
    lake.append("outcome_scores", make.table("outcome_scores", risks))
    make.saved_head(workspace, "head-1", 10)
    make.saved_model(workspace, make.model, make.quality)
    queue = [
        {"contact_id": row["contact_id"], "place": n, "why": "uncertain", "uncertainty": 0.5, "reviewers": 1}
        for n, row in enumerate(rows[-5:])
    ]
    lake.append("review_queue", make.table("review_queue", queue))
    make.let_in(workspace, {"Iva": ("admin", ())})
    return workspace


def found(page: Any) -> Iterator[str]:
    """What axe-core objects to on the page as it stands: rule, element, and why."""
    from axe_playwright_python.sync_playwright import Axe

    options = {
        "runOnly": {"type": "tag", "values": STANDARD},
        "rules": {rule: {"enabled": True} for rule in STRUCTURE},
        "resultTypes": ["violations"],
    }
    for violation in Axe().run(page, options=options).response["violations"]:
        rule = violation["id"]
        if violation["impact"] not in HEAVY and rule not in STRUCTURE:
            continue
        for node in violation["nodes"]:
            yield f"{rule} ({violation['impact']}): {node['html'][:200]}: {' '.join(node['failureSummary'].split())}"


def sign_in(page: Any, name: str, password: str) -> None:
    page.fill("#name", name)
    page.fill("#password", password)
    page.click("button")


def unfold(page: Any) -> None:
    """Open whatever is folded: what is in there is read as well."""
    for each in page.locator('[data-testid="stMain"] [data-testid="stExpander"] summary').all():
        each.click()
    page.wait_for_timeout(400)


@pytest.mark.parametrize("look", LOOKS)
def test_no_page_stands_in_anybodys_way(
    make: Any, tools: Any, browser_page: Any, company: Workspace, look: str
) -> None:
    page, (mode, width) = browser_page, LOOKS[look]
    page.set_viewport_size({"width": width, "height": 1200})
    page.emulate_media(color_scheme=mode, reduced_motion="reduce")
    objections: list[str] = []
    titles: list[str] = []
    with tools.served(company.root) as address:
        page.goto(address)
        sign_in(page, "nobody", "not that one, no")
        page.get_by_role("alert").wait_for()
        objections += [f"login: {each}" for each in found(page)]
        sign_in(page, "Iva", make.password)
        page.wait_for_url(f"{address}/")
        for path in PATHS:
            page.goto(f"{address}/{path}")
            tools.settled(page)
            assert page.locator('[data-testid="stException"]').count() == 0, path
            unfold(page)
            titles.append(page.title())
            objections += [f"{path or 'overview'}: {each}" for each in found(page)]
        page.goto(f"{address}/?lang=sr-Cyrl")
        page.wait_for_function("document.documentElement.lang === 'sr-Cyrl'")
    assert objections == [], "\n".join(objections)
    assert titles[0] == "Overview · voc"
    assert len(set(titles)) == len(titles), "tabs and history cannot be told apart"


def test_keys_walk_through_a_table_without_opening_anything(tools: Any, browser_page: Any, rising: Workspace) -> None:
    page = browser_page
    with tools.served(rising.root) as address:
        page.goto(f"{address}/themes")
        tools.settled(page)
        page.locator('[data-testid="stDataFrame"] canvas').first.focus()
        for key in ("Tab", "ArrowDown", "Enter"):
            page.keyboard.press(key)
            page.wait_for_timeout(600)
            tools.settled(page)
            assert page.url == f"{address}/themes", key
        page.get_by_placeholder("Choose a theme").focus()
        page.keyboard.type("roaming")
        page.get_by_role("option", name="roaming").wait_for()
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/theme?*theme={THEME}")
