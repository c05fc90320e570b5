"""The bench of the app in miniature: a real server, real sessions, every figure."""

import json

import numpy as np
import pytest

from tests.experiments.tracked import Tracked
from voc.app import pages, url
from voc.data.contracts import CONTRACTS
from voc.data.workspace import Workspace
from voc.errors import InputError
from voc.experiments.app import PAGES, Sizes, _Draw, app, served
from voc.experiments.synthetic_lake import LAST_DAY, Shape, synthetic_workspace
from voc.experiments.visits import Visitor

SHAPE = Shape(400, themes=12, days=60, pool=60)
SMALL = Sizes(users=2, pages=3, reading=0.01, starts=1, versions=0, themes=12, days=60, pool=60)


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return synthetic_workspace(tmp_path_factory.mktemp("synthetic") / "w", SHAPE, lambda share: None)


def test_the_synthetic_lake_has_what_was_asked_for(synthetic: Workspace) -> None:
    lake = synthetic.lake
    assert synthetic.config.company.synthetic
    found = lake.query(
        """SELECT count(*) AS contacts, count(DISTINCT contact_id) AS ids, count(DISTINCT day) AS days,
                  max(day) AS last,
                  count(*) FILTER (contains(search_text, contact_id) AND contains(turns[-1].text, contact_id)) AS own
           FROM contacts"""
    ).to_pylist()[0]
    assert found == {"contacts": 400, "ids": 400, "days": 60, "last": LAST_DAY, "own": 400}
    for name in ("scores", "theme_assignments", "theme_map", "outcome_scores"):
        assert lake.dataset(name).count_rows() == 400, name
        CONTRACTS[name].check(lake.dataset(name).schema)
    counted = lake.query(
        """SELECT count(DISTINCT theme_id) AS themes FROM theme_assignments WHERE theme_id IS NOT NULL"""
    ).to_pylist()
    assert counted[0]["themes"] == lake.dataset("themes").count_rows() <= 12
    assert lake.dataset("signals").count_rows() and lake.dataset("alerts").count_rows()
    assert lake.dataset("closures").count_rows()


def test_every_page_of_the_app_is_opened() -> None:
    own = {page.partition(" ")[0] or "overview" for page in PAGES}
    assert own == {entry.path.stem for entry in (*pages.PAGES, *pages.DETAILS)}


def test_visitors_choose_among_all_filters() -> None:
    asked = {key for _page, parameters in _Draw(SHAPE).plan(60) for key in parameters}
    assert set(url.FILTERS) <= asked


def test_all_figures(synthetic: Workspace) -> None:
    tracked = Tracked()
    result = app(400, lambda what, share: None, tracked, SMALL, synthetic.root)  # type: ignore[arg-type]
    assert {"p50_warm_s", "p95_warm_s", "p95_cold_s", "peak_rss_mb", "p95_repeated_s", "p95_saturated_s"} <= set(
        result.figures
    )
    assert all(np.isfinite(value) and value > 0 for value in result.figures.values())
    assert result.figures["p50_warm_s"] <= result.figures["p95_warm_s"]
    assert "synthetic" in json.dumps(result.context)
    assert tracked.tables["app"] == result.context["pages"]


def test_a_visit_gets_the_page_that_it_asks_for(synthetic: Workspace) -> None:
    with served(synthetic) as server, Visitor(server.address) as visitor:
        for page in PAGES:
            visit = visitor.visit(page, {"period": "all", "theme": "T000"} if page == "theme" else {"period": "all"})
            assert visit.elements > 10 and visit.seconds > 0, page
        everything = visitor.visit("contacts", {"period": "all"})
        one = visitor.visit("contacts search", {"period": "all", "q": "C0000123"})
        assert any("c0000123" in text for text in one.html) and one.elements < everything.elements
        with pytest.raises(InputError, match="expected one of the app's"):
            visitor.visit("nowhere", {})


def test_another_workspace_is_refused(synthetic: Workspace) -> None:
    with pytest.raises(InputError, match="expected a synthetic workspace of 500 contacts, got 400"):
        app(500, lambda what, share: None, Tracked(), SMALL, synthetic.root)  # type: ignore[arg-type]
