"""Lakes for the app's tests, written with the lake and its contracts alone: seeded, four languages."""

import importlib.util
import json
import math
import re
import shutil
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import altair as alt
import numpy as np
import pyarrow as pa
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from voc import i18n
from voc.app.launch import WORKSPACE_VARIABLE
from voc.app.pages import HERE as APP
from voc.app.pages import OVERVIEW, PageEntry
from voc.app.sessions import COOKIE, LOGIN
from voc.data import accounts
from voc.data.contracts import CONTRACTS
from voc.data.lake import Lake
from voc.data.text import fold
from voc.data.workspace import Workspace
from voc.inference.model_report import Bin, Figure, Quality, TaskFigures
from voc.labels import Script, Speaker
from voc.models.manifest import ALLOWED, QUALITY, Manifest
from voc.models.outcome import CURRENT, FOLDER, FeatureSpace, HeadManifest, OutcomeHead, save_head
from voc.models.storage import write_json, write_whole

HERE = Path(__file__).parent
PHRASES: dict[str, dict[str, str]] = tomllib.loads((HERE / "phrases.toml").read_text(encoding="utf-8"))
TAXONOMY = (HERE.parents[1] / "data" / "demo" / "taxonomy.toml").read_text(encoding="utf-8")
SETTINGS = '[company]\nname = "Zvono"\nsynthetic = true\n'
GUARDED = f'{SETTINGS}\n[access]\nmode = "password"\n'
PASSWORD = "a good long password"
MODEL = "20260529-test"
LAST_DAY = date(2026, 5, 29)
PRODUCTS = ("Fixed internet", "Mobile", "Television", "Business", "Prepaid")
CHANNELS = ("call", "chat", "email", "ticket")
LANGUAGES = ("hr", "sl", "sr", "en")
SEGMENTS = ("home", "business", "prepaid", None)
GROUPS = ("Račun, iznos", "Mreža, signal", "Uređaj, kvar", "Ugovor, rok")
AGENT = {
    "en": "Thank you for getting in touch, let me look into that for you.",
    "hr": "Hvala na javljanju, odmah ću provjeriti.",
    "sl": "Hvala, da ste se oglasili, takoj preverim.",
    "sr": "Hvala na javljanju, odmah ću proveriti.",
}
MOODS = {
    "negative": {
        "en": "This is not acceptable.", "hr": "Ovo je neprihvatljivo.",
        "sl": "To je nesprejemljivo.", "sr": "Ovo je neprihvatljivo.",
    },
    "neutral": {"en": "Thank you.", "hr": "Hvala.", "sl": "Hvala.", "sr": "Hvala."},
    "positive": {
        "en": "You have always been great, thank you!", "hr": "Uvijek ste super, hvala!",
        "sl": "Vedno ste super, hvala!", "sr": "Uvek ste super, hvala!",
    },
}  # fmt: skip
LEAVING = {
    "en": "If this is not solved I am leaving you.", "hr": "Ako se ovo ne riješi, odlazim od vas.",
    "sl": "Če tega ne uredite, odhajam drugam.", "sr": "Ako se ovo ne reši, odlazim od vas.",
}  # fmt: skip
_LATIN_TO_CYRILLIC = {
    "dž": "џ", "lj": "љ", "nj": "њ", "a": "а", "b": "б", "v": "в", "g": "г", "d": "д", "đ": "ђ", "e": "е",
    "ž": "ж", "z": "з", "i": "и", "j": "ј", "k": "к", "l": "л", "m": "м", "n": "н", "o": "о", "p": "п",
    "r": "р", "s": "с", "t": "т", "ć": "ћ", "u": "у", "f": "ф", "h": "х", "c": "ц", "č": "ч", "š": "ш",
}  # fmt: skip


def to_cyrillic(text: str) -> str:
    for latin, cyrillic in _LATIN_TO_CYRILLIC.items():
        text = text.replace(latin, cyrillic).replace(latin.capitalize(), cyrillic.upper())
    return text


def table(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    """Rows (missing columns null) as a table of the contract `name`."""
    return pa.Table.from_pylist(rows, schema=CONTRACTS[name].schema)


def contact(contact_id: str, day: date, *texts: str, **more: Any) -> dict[str, Any]:
    """One contact; texts are turns, the customer's first, then the agent's, in turn."""
    start = more.get("started_at", datetime(day.year, day.month, day.day, 9, 30, tzinfo=UTC))
    turns = [
        {
            "speaker": (Speaker.CUSTOMER, Speaker.AGENT)[number % 2],
            "text": text,
            "at": start + timedelta(minutes=number),
        }
        for number, text in enumerate(texts)
    ]
    return {
        "contact_id": contact_id,
        "customer_id": f"customer-of-{contact_id}",
        "started_at": start,
        "day": day,
        "channel": "chat",
        "product": "Mobile",
        "language": "en",
        "script": Script.LATIN,
        "turns": turns,
        "source": "test",
        "attributes": "{}",
        "search_text": fold(" ".join(texts)),
        "digest": contact_id,
    } | more


def score(contact_id: str, day: date, *reasons: tuple[str, float], **more: Any) -> dict[str, Any]:
    """A score of the current model; no reasons: abstained."""
    return {
        "contact_id": contact_id,
        "model_version": MODEL,
        "day": day,
        "reasons": [{"reason": reason, "probability": probability} for reason, probability in reasons],
        "abstained": not reasons,
        "top_reason": reasons[0][0] if reasons else "roaming",
        "top_probability": reasons[0][1] if reasons else 0.2,
        "sentiment": "neutral",
        "sentiment_probability": 0.8,
        "churn_intent": False,
        "churn_probability": 0.1,
        "embedding": [0.0, 1.0],
    } | more


def make_workspace(root: Path, settings: str = SETTINGS, model: str | None = MODEL) -> Workspace:
    workspace = Workspace.create(root, settings, TAXONOMY)
    if model:
        (workspace.models / model).mkdir(parents=True)
        workspace.make_current(model)
    return workspace


def fill(lake: Lake, contacts: int, days: int, seed: int = 7, width: int = 4, last: date = LAST_DAY) -> None:
    """Random but plausible contacts with weekday rhythm, scores, themes, customers; `width` is a vector's."""
    random = np.random.default_rng(seed)
    reasons = list(PHRASES)
    weights = 1 / np.arange(2, len(reasons) + 2) ** 0.8
    first = last - timedelta(days=days - 1)
    calendar = [first + timedelta(days=number) for number in range(days)]
    rhythm = np.array([(1.25, 1.12, 1.05, 1.0, 0.95, 0.5, 0.4)[day.weekday()] for day in calendar])
    rhythm *= 1 + 0.1 * np.sin(np.arange(days) / 9) + random.normal(0, 0.05, days)
    of_day = np.sort(random.choice(days, contacts, p=rhythm / rhythm.sum()))
    customers = max(contacts // 2, 3)
    who = (customers * random.power(0.8, contacts)).astype(int)
    theme_reasons = reasons[:20]
    rows: dict[str, list[dict[str, Any]]] = {"contacts": [], "scores": [], "theme_assignments": []}
    hour = random.choice(24, contacts, p=_hours())
    vectors = random.normal(size=(256, width)).astype(np.float32)
    for number in range(contacts):
        day = calendar[of_day[number]]
        late = of_day[number] / days
        share = weights.copy()
        share[12] *= 4.0 if days - of_day[number] <= 14 else 1.0  # roaming: new and growing
        share[19] *= 1.6 - late  # slowly going away
        named = random.choice(len(reasons), 2, replace=False, p=share / share.sum())
        named = named[: 1 + int(random.random() < 0.13)]
        language = str(random.choice(LANGUAGES, p=(0.42, 0.2, 0.28, 0.1)))
        mood = str(random.choice(("negative", "neutral", "positive"), p=(0.34, 0.52, 0.14)))
        leaving = bool(random.random() < 0.03)
        cyrillic = language == "sr" and random.random() < 0.35
        words = " ".join(PHRASES[reasons[index]][language] for index in named)
        closing = MOODS[mood][language] + (f" {LEAVING[language]}" if leaving else "")
        texts = [words, AGENT[language], closing]
        if cyrillic:
            texts = [to_cyrillic(text) for text in texts]
        start = datetime(day.year, day.month, day.day, int(hour[number]), int(random.integers(60)), tzinfo=UTC)
        contact_id, known = f"c{number:06d}", random.random() > 0.07
        top = float(random.uniform(0.6, 0.99))
        rows["contacts"].append(
            contact(
                contact_id, day, *texts, customer_id=f"u{who[number]:06d}", started_at=start,
                language=language,
                script=Script.CYRILLIC if cyrillic else Script.LATIN,
                channel=str(random.choice(CHANNELS, p=(0.45, 0.3, 0.2, 0.05))),
                product=PRODUCTS[int(named[0]) % 5] if random.random() > 0.04 else None,
            )
        )  # fmt: skip
        found = [(reasons[index], top / (place + 1)) for place, index in enumerate(named)] if known else []
        rows["scores"].append(
            score(
                contact_id, day, *found,
                sentiment=mood, churn_intent=leaving, churn_probability=0.9 if leaving else 0.05,
                embedding=vectors[number % 256],
            )
        )  # fmt: skip
        theme = reasons[named[0]]
        inside = theme in theme_reasons and random.random() < 0.85
        rows["theme_assignments"].append(
            {
                "contact_id": contact_id,
                "day": day,
                "theme_id": f"t-{theme}" if inside else None,
                "similarity": float(random.uniform(0.6, 0.95)),
            }
        )
        if len(rows["contacts"]) == 50_000:
            _flush(lake, rows)
    _flush(lake, rows)
    lake.append("customers", table("customers", [_customer(number, first, random) for number in range(customers * 2)]))
    if contacts >= 50:
        lake.append("themes", _themes(lake, theme_reasons))


def _flush(lake: Lake, rows: dict[str, list[dict[str, Any]]]) -> None:
    for name, some in rows.items():
        if some:
            lake.append(name, table(name, some))
            some.clear()


def _hours() -> Any:
    shape = np.array(
        [math.exp(-(((hour - 11) / 4.5) ** 2)) + 0.6 * math.exp(-(((hour - 18) / 2) ** 2)) for hour in range(24)]
    )
    shape[:5] = 0.002
    return shape / shape.sum()


def _customer(number: int, first: date, random: np.random.Generator) -> dict[str, Any]:
    since = first - timedelta(days=int(random.integers(1, 900)))
    left = first + timedelta(days=int(random.integers(10, 200))) if random.random() < 0.05 else None
    return {
        "customer_id": f"u{number:06d}", "active_from": since, "active_to": left, "segment": SEGMENTS[number % 4],
        "region": "north", "digest": str(number),
    }  # fmt: skip


def _themes(lake: Lake, reasons: list[str]) -> pa.Table:
    found = lake.query(
        """SELECT theme_id, count(*) AS contacts, count(DISTINCT customer_id) AS customers,
                  min(day) AS first_day, max(day) AS last_day,
                  list(contact_id ORDER BY similarity DESC)[:8] AS verbatim_ids
           FROM theme_assignments JOIN contacts USING (contact_id, day)
           WHERE theme_id IS NOT NULL GROUP BY ALL"""
    ).to_pylist()
    rows = []
    for number, row in enumerate(sorted(found, key=lambda row: row["theme_id"])):
        reason = row["theme_id"].removeprefix("t-")
        words = [word.strip(".,?").lower() for word in PHRASES[reason]["hr"].split() + PHRASES[reason]["en"].split()]
        keywords = list(dict.fromkeys(word for word in words if len(word) > 4))[:10]
        rows.append(
            row | {
                "label": ", ".join(keywords[:3]).capitalize(), "keywords": keywords, "centroid": [0.0],
                "model_version": MODEL, "status": "active", "fitted_at": datetime(2026, 5, 30, tzinfo=UTC),
                "theme_group": f"G{number % 4 + 1:02d}", "theme_group_label": GROUPS[number % 4],
            }
        )  # fmt: skip
    return table("themes", rows)


def alert(group_id: str, began: date, opened: date, customers: int, expected: float, **more: Any) -> dict[str, Any]:
    """A living alert of a theme."""
    return {
        "alert_id": f"theme:{group_id}:{opened}",
        "kind": "theme",
        "group_id": group_id,
        "began": began,
        "opened": opened,
        "last": LAST_DAY,
        "closed": False,
        "test": "excess",
        "customers": customers,
        "expected": expected,
        "impact": customers - expected,
        "peak": 3.0,
    } | more


def signals(group_id: str, customers: list[int], status: str, **more: Any) -> list[dict[str, Any]]:
    """A theme's tested days up to the last day, usually 3 (1 to 6); without a baseline on the first."""
    first = LAST_DAY - timedelta(days=len(customers) - 1)
    usual: dict[str, Any] = {"expected": 3.0, "lower": 1.0, "upper": 6.0}
    return [
        {"kind": "theme", "group_id": group_id, "day": first + timedelta(days=place), "customers": seen}
        | (usual if place else {})
        | {"status": status if place == len(customers) - 1 else "stable"}
        | more
        for place, seen in enumerate(customers)
    ]


def make_rising(root: Path, settings: str = SETTINGS) -> Workspace:
    """Six hundred contacts; roaming rises (theme, reason, one product), two themes in a part, one is over."""
    workspace = make_workspace(root, settings)
    fill(workspace.lake, contacts=600, days=70)
    monday, before = LAST_DAY - timedelta(days=4), LAST_DAY - timedelta(days=30)
    quiet, rise = [3] * 60, [3] * 55 + [6, 7, 8, 9, 8]
    themes = [row["theme_id"] for row in workspace.lake.query("SELECT theme_id FROM themes").to_pylist()]
    standing = {"t-roaming": "emerging", "t-bill_higher": "resolved"}
    days = [row for theme in themes for row in signals(theme, quiet, standing.get(theme, "stable"))]
    days = [row for row in days if row["group_id"] != "t-roaming"]
    days += signals("t-roaming", rise, "emerging") + signals("roaming", rise, "growing", kind="reason")
    workspace.lake.append("signals", table("signals", days))
    slices = {"kind": "slice", "test": "cusum"}
    alerts = [
        alert("t-roaming", monday, LAST_DAY - timedelta(days=2), 38, 12.0),
        alert("roaming", monday, LAST_DAY, 50, 12.0, kind="reason", test="new"),
        alert("t-bill_higher", before, before, 30, 9.0, last=before + timedelta(days=6), closed=True, test="short"),
        alert("t-roaming | product | Mobile", monday, LAST_DAY, 20, 4.0, **slices),
        alert("t-payment_plan | language | sl", monday, LAST_DAY, 9, 2.0, **slices),
    ]
    alerts = [row | {"alert_id": str(place)} for place, row in enumerate(alerts)]
    workspace.lake.append("alerts", table("alerts", alerts))
    return workspace


def let_in(
    workspace: Workspace, people: Mapping[str, tuple[str, tuple[str, ...]]], password: str | None = PASSWORD
) -> None:
    """People by name, each with a role and products, all with the same password, or with an e-mail address alone."""
    hashed = accounts.hashed(password) if password else None
    for name, (role, products) in people.items():
        email = f"{name.lower()}@example.com"
        accounts.add(workspace.root, name, accounts.checked_account(role, products, email, hashed))


def figures(**values: tuple[float, float, float, int]) -> dict[str, Figure]:
    return {name.replace("_", "-") if name.startswith("sr") else name: Figure(*each) for name, each in values.items()}


QUALITY_OF_TEST = Quality(
    "test",
    {"train": 9000, "dev": 1400, "test": 2897},
    {
        "reason": TaskFigures(
            Figure(0.61, 0.59, 0.63, 2897),
            figures(en=(0.70, 0.67, 0.73, 900), sl=(0.52, 0.48, 0.56, 700), sr_Cyrl=(0.6, 0.2, 0.9, 12)),
            figures(roaming=(0.91, 0.86, 0.95, 120), bill_higher=(0.31, 0.22, 0.4, 80), payment_plan=(0.1, 0, 0.5, 3)),
            0.041,
            {"en": 0.03, "sl": 0.06, "sr-Cyrl": 0.2},
            (Bin(50, 0.35, 15), Bin(900, 0.85, 800)),
        ),
        "sentiment": TaskFigures(
            Figure(0.7, 0.68, 0.72, 2897),
            figures(en=(0.7, 0.66, 0.74, 900)),
            figures(negative=(0.7, 0.66, 0.74, 900)),
            0.02,
            {"en": 0.02},
            (Bin(900, 0.7, 640),),
        ),
    },
    synthetic=True,
)  # fmt: skip


def saved_model(workspace: Workspace, version: str, quality: Quality | None, **more: Any) -> Path:
    """A model folder of the present format, without weights, with these figures."""
    digest = workspace.taxonomy.digest
    manifest = Manifest(version, "2026-05-20T10:00:00+00:00", "0.2.0", "embedded", "1", digest, **more)

    def fill(place: Path) -> None:
        write_json(place / "config.json", {"tasks": []})
        (place / "card.md").write_text(f"# Model {version}\n\n<script>", encoding="utf-8")
        if quality is not None:
            write_json(place / QUALITY, quality.to_json())

    folder = workspace.models / version
    shutil.rmtree(folder, ignore_errors=True)
    assert {"config.json", "card.md", QUALITY} <= ALLOWED
    return write_whole(folder, {**manifest.__dict__}, fill, "a model")


def saved_head(workspace: Workspace, version: str, days: int) -> None:
    """An outcome head of the current model that is in use: it foresees so many days and is judged from 20 April."""
    one = np.ones(1, dtype=np.float32)
    space = FeatureSpace(one, np.ones((1, 1), dtype=np.float32), ())
    numbers = np.ones(len(space.names), dtype=np.float32)
    head = OutcomeHead(HeadManifest(version, MODEL, days, "", ""), space, numbers, numbers, numbers, 0.0)
    save_head(head, {"split": {"test_first": "2026-04-20"}}, workspace.models / FOLDER / version)
    (workspace.models / FOLDER / CURRENT).write_text(version, encoding="utf-8")


class Make:
    """What tests build lakes from by hand."""

    contact = staticmethod(contact)
    score = staticmethod(score)
    table = staticmethod(table)
    workspace = staticmethod(make_workspace)
    fill = staticmethod(fill)
    alert = staticmethod(alert)
    signals = staticmethod(signals)
    rising = staticmethod(make_rising)
    saved_model = staticmethod(saved_model)
    saved_head = staticmethod(saved_head)
    figures = staticmethod(figures)
    quality = QUALITY_OF_TEST
    let_in = staticmethod(let_in)
    guarded = GUARDED
    password = PASSWORD
    model = MODEL
    last_day = LAST_DAY


@pytest.fixture(scope="session")
def make() -> type[Make]:
    """Rows and workspaces made by hand."""
    return Make


@pytest.fixture(autouse=True)
def _fresh_caches() -> Iterator[None]:
    st.cache_data.clear()
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


@pytest.fixture(scope="session")
def hundreds(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Six hundred contacts over ten weeks. Read only."""
    workspace = make_workspace(tmp_path_factory.mktemp("hundreds") / "w")
    fill(workspace.lake, contacts=600, days=70)
    return workspace


@pytest.fixture(scope="session")
def rising(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The same, and something is emerging. Read only."""
    return make_rising(tmp_path_factory.mktemp("rising") / "w")


@pytest.fixture(scope="session")
def one(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A single contact of a single customer. Read only."""
    workspace = make_workspace(tmp_path_factory.mktemp("one") / "w")
    lake = workspace.lake
    lake.append(
        "contacts",
        table(
            "contacts",
            [
                contact(
                    "only",
                    LAST_DAY,
                    "Naplaćen mi je roaming, račun je velik.",
                    "Provjerit ću.",
                    language="hr",
                )
            ],
        ),
    )
    lake.append(
        "scores",
        table("scores", [score("only", LAST_DAY, ("roaming", 0.91), sentiment="negative", churn_intent=True)]),
    )
    lake.append(
        "customers",
        table("customers", [{"customer_id": "customer-of-only", "active_from": date(2025, 1, 1), "digest": "x"}]),
    )
    return workspace


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Nothing ingested, no model. Read only."""
    return make_workspace(tmp_path_factory.mktemp("empty") / "w", model=None)


@pytest.fixture(scope="session")
def left_in_english() -> Callable[[AppTest, AppTest], list[str]]:
    """Texts of ours that a page in English and the same page in another language have in common."""

    def texts(app: AppTest) -> set[str]:
        found = {str(each.value) for kind in (app.title, app.header, app.caption) for each in kind}
        labelled = (*app.metric, *app.button, *app.toggle, *app.selectbox, *app.number_input)
        found |= {each.label for each in labelled} | {each.proto.label for each in app.get("expander")}
        for kind in ("metric", "button", "download_button"):
            found |= {each.proto.help for each in app.get(kind)}
        for table in app.dataframe:
            columns = json.loads(table.proto.columns or "{}").values()
            found |= {each.get(key) or "" for each in columns for key in ("label", "help")}
        for chart in app.get("vega_lite_chart"):
            found |= set(re.findall('"title": ?"([^"]+)"', chart.proto.spec)) | {chart.proto.alt}
        return found

    def left(english: AppTest, other: AppTest) -> list[str]:
        same = {text for text in texts(english) & texts(other) if re.search("[a-z]{3}", text)}
        return sorted(same - {"Model", "Status", "Zvono"})  # words of both languages, and the company

    return left


@pytest.fixture
def open_page(monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """Open a page of a workspace with these URL parameters, as a person with a link, and perhaps a session, does."""

    def open_page(
        workspace: Workspace, page: PageEntry = OVERVIEW, /, session: str = "", **parameters: str | list[str]
    ) -> AppTest:
        monkeypatch.setenv(WORKSPACE_VARIABLE, str(workspace.root))
        app = AppTest.from_file(str(APP / "main.py"), default_timeout=120)
        app.user = {COOKIE: session}
        if page is not OVERVIEW:
            app.switch_page(str(page.path.relative_to(APP)))
        for key, value in parameters.items():
            app.query_params[key] = value
        app.run()
        assert not app.exception, app.exception[0].value
        for chart in app.get("vega_lite_chart"):
            assert without_data(chart.proto) == [], f"a chart of {page.title} draws nothing"
        return app

    return open_page


def without_data(chart: Any) -> list[str]:
    """Columns that a chart draws and that its table has not; a browser shows an empty chart and says nothing.

    Holds its description against Vega-Lite's schema besides.
    """
    alt.Chart.from_dict(json.loads(chart.spec))
    tables = {each.name: pa.ipc.open_stream(each.data.data).schema.names for each in chart.datasets}
    missing: list[str] = []

    def look(part: dict[str, Any], columns: set[str]) -> None:
        if "data" in part:
            given = part["data"]
            columns = set(given["values"][0] if "values" in given else tables[given["name"]])
        for channel in part.get("encoding", {}).values():
            for each in channel if isinstance(channel, list) else [channel]:
                if "field" in each and each["field"] not in columns:
                    missing.append(each["field"])
        for inner in part.get("layer", ()):
            look(inner, columns)

    own = pa.ipc.open_stream(chart.data.data).schema.names if chart.data.data else []
    look(json.loads(chart.spec), set(own))
    return missing


@pytest.fixture(scope="session")
def tools() -> Any:
    """The module that takes screenshots: it knows how to start the app and when a page stands still."""
    pytest.importorskip("playwright")
    spec = importlib.util.spec_from_file_location("screenshots", HERE / "screenshots.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if module.chromium() is None:
        pytest.skip("no Chromium")
    return module


@pytest.fixture
def browser(tools: Any) -> Iterator[Any]:
    """A browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=tools.chromium(), args=tools.BROWSER_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def browser_page(tools: Any, browser: Any) -> Any:
    """An empty page of a browser in English."""
    page = browser.new_page(viewport={"width": 1280, "height": 1600}, locale="en-GB")
    page.set_default_timeout(1000 * tools.PATIENCE)
    return page


class Visitor:
    """Somebody at a browser of their own, in one language. Texts are asked for by what the code calls them."""

    def __init__(self, tools: Any, browser: Any, address: str, language: str) -> None:
        context = browser.new_context(
            viewport={"width": 1440, "height": 1000}, locale={"en": "en-GB", "hr": "hr-HR"}[language]
        )
        context.set_default_timeout(1000 * tools.PATIENCE)
        self.page, self.address, self.language = context.new_page(), address, language
        self._settled = tools.settled
        self.main = self.page.get_by_test_id("stMain")
        self.sidebar = self.page.get_by_test_id("stSidebar")
        self.wrong: list[str] = []
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))

    def told(self, tell: Callable[..., str], *arguments: Any) -> str:
        """What a function says in this language, as it is read: without the signs of Markdown."""
        with i18n.using(self.language):
            return re.sub(r"\*\*|\\", "", tell(*arguments))

    def text(self, message: str, **fields: str) -> str:
        """A text of the catalogues."""
        return self.told(i18n._, message).format(**fields)

    def counted(self, one: str, many: str, number: int) -> str:
        """A text of the catalogues with a number in it."""
        return self.told(i18n.ngettext, one, many, number).format(count=number)

    def open(self, place: str = "") -> None:
        """Type an address."""
        self.page.goto(f"{self.address}/{place}")

    def go(self, entry: PageEntry) -> None:
        """Click a page in the navigation; the mouse comes from outside, where it makes no help unfold over it."""
        self.page.mouse.move(700, 5)
        self.sidebar.get_by_role("link", name=self.text(entry.title), exact=True).click()

    def press(self, label: str) -> None:
        """Click a button of the page by the text that it has in English."""
        self.main.get_by_role("button", name=self.text(label), exact=True).click()

    def field(self, label: str) -> Any:
        """A line to type into."""
        return self.main.locator(f'input[aria-label="{self.text(label)}"]')

    def unfold(self, label: str) -> None:
        """Open a part of the page that is folded."""
        self.main.locator("summary", has_text=self.text(label)).click()

    def settle(self) -> None:
        """Wait until the page stands still."""
        self._settled(self.page)

    def sees(self, text: str, place: Any = None) -> Any:
        """Wait for a text of the page, or of a part of it, and give its element."""
        found = (place or self.main).get_by_text(text).first
        found.wait_for()
        assert self.page.get_by_test_id("stException").count() == 0
        return found

    def sign_in(self, name: str, password: str = PASSWORD) -> None:
        """Fill in the form that is shown."""
        self.page.wait_for_url(f"**{LOGIN}*")
        self.page.get_by_label(self.text("Name")).fill(name)
        self.page.get_by_label(self.text("Password")).fill(password)
        self.page.keyboard.press("Enter")

    def sign_out(self) -> None:
        """Leave by the button in the sidebar."""
        self.sidebar.get_by_role("button", name=self.text("Sign out")).click()
        self.sees(self.text("Your session is over"))

    def _heard(self, message: Any) -> None:
        """Streamlit looks for its server under a page's path first; to a wrong password the form answers with 401."""
        place = urlsplit(message.location.get("url", "")).path
        harmless = place == LOGIN or bool(place.rpartition("/_stcore/")[0])
        if message.type == "error" and not harmless:
            self.wrong.append(f"{message.text} ({place})")


@pytest.fixture
def visits(tools: Any, browser: Any, tmp_path: Path) -> Callable[..., AbstractContextManager[Callable[[], Visitor]]]:
    """Serve a workspace to people who read in a language; when they have gone, nothing may have gone wrong."""

    @contextmanager
    def visits(workspace: Workspace, language: str) -> Iterator[Callable[[], Visitor]]:
        log, visitors = tmp_path / "log", list[Visitor]()

        def come() -> Visitor:
            visitors.append(Visitor(tools, browser, address, language))
            return visitors[-1]

        with tools.served(workspace.root, log=log) as address:
            yield come
            assert [said for each in visitors for said in each.wrong] == []
        assert "Traceback" not in log.read_text()

    return visits
