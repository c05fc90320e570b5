"""Themes in their first days: what is dense now and was not before."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tests.inference.topics import DAY, FIRST, WIDTH, add, near, said, usual_days, without_contacts
from voc.data.workspace import Workspace
from voc.inference.newcomers import (
    BEFORE,
    LOOK_BACK,
    Newcomer,
    Spoken,
    _Place,
    days_to_look,
    first_needed,
    newcomers,
    spoken,
)
from voc.inference.themes import themes
from voc.models.theme_space import Centres, ThemeSpace, unit

LAST = 59
NEW = np.eye(WIDTH)[-1]


def joined(one: Spoken, other: Spoken) -> Spoken:
    def both(name: str) -> np.ndarray:
        return np.concatenate([getattr(one, name), getattr(other, name)])

    columns = ("contact_ids", "day", "customers", "words", "placed", "vectors")
    return Spoken(FIRST, *map(both, columns)).take(np.argsort(both("day"), kind="stable"))


@pytest.fixture
def usual() -> Spoken:
    """Sixty days of eight topics."""
    return usual_days(LAST + 1)


@pytest.fixture
def news() -> Spoken:
    """Five customers on each of the last three days, about what nobody spoke of before."""
    random = np.random.default_rng(8)
    return said(near(NEW, 15, random), np.repeat([LAST - 2, LAST - 1, LAST], 5), "new-")


def found(spoken: Spoken, known: np.ndarray | None = None, days: int = 1) -> list[Newcomer]:
    until = [FIRST + timedelta(days=LAST - number) for number in reversed(range(days))]
    centres = np.zeros((0, WIDTH), np.float32) if known is None else known.astype(np.float32)
    return list(newcomers(spoken, centres, until))


def test_what_is_new_is_found_whole_and_alone(usual: Spoken, news: Spoken) -> None:
    (theme,) = found(joined(usual, news))
    assert set(theme.contact_ids) <= set(news.contact_ids)
    assert len(theme.contact_ids) >= 12
    assert theme.centroid @ NEW > 0.95
    assert np.linalg.norm(theme.centroid) == pytest.approx(1, abs=1e-5)
    assert 0.2 < theme.floor < 0.5
    assert theme.since == FIRST + timedelta(days=LAST - 6)


def test_it_is_found_once_and_on_the_first_days(usual: Spoken, news: Spoken) -> None:
    (theme,) = found(joined(usual, news), days=5)
    assert theme.since <= FIRST + timedelta(days=LAST - 1 - 6)


def test_nothing_new_gives_nothing(usual: Spoken) -> None:
    assert found(usual, days=20) == []


def test_a_known_theme_that_grows_is_not_new(usual: Spoken, news: Spoken) -> None:
    random = np.random.default_rng(9)
    earlier = said(near(NEW, 318, random), np.repeat(np.arange(LAST - 6), 6), "old-")
    more = said(near(NEW, 54, random), np.repeat([LAST - 2, LAST - 1, LAST], 18), "more-")
    assert found(joined(joined(usual, earlier), more)) == []  # three times as many: no chance, but not new
    assert len(found(joined(usual, more))) == 1
    assert found(joined(usual, news), NEW[None]) == []


def test_what_chance_may_be_is_not_new(usual: Spoken, news: Spoken) -> None:
    short = usual.take(np.flatnonzero(usual.day >= LAST - 25))  # one contact in nine is of the last three days
    assert found(joined(short, news.take(np.arange(10, 15)))) == []
    assert len(found(joined(short, news))) == 1


def test_the_outskirts_of_a_known_theme_are_not_new(usual: Spoken, monkeypatch: pytest.MonkeyPatch) -> None:
    random, known = np.random.default_rng(9), np.eye(WIDTH)[-1]
    here, there = (unit(share * known + np.eye(WIDTH)[-place]) for share, place in ((1.6, 2), (0.5, 3)))
    rise = said(np.concatenate([near(here, 12, random), near(there, 8, random)]), np.full(20, LAST), "rise-")
    whole, edge = unit(rise.vectors.mean(axis=0)), unit(there)
    assert whole @ known > 0.6 > edge @ known

    def places(*of_window: object) -> list[_Place]:
        return [_Place(-50.0, whole, 3), _Place(-40.0, edge, 3)]

    monkeypatch.setattr("voc.inference.newcomers._of_window", places)
    both = joined(usual, rise)
    assert len(found(both, -known[None])) == 1  # the better place, if nobody knew it
    assert found(both, known[None]) == []


def test_one_customer_is_no_theme(usual: Spoken, news: Spoken) -> None:
    one = replace(news, customers=np.full(len(news.day), "one", dtype=object))
    assert found(joined(usual, one)) == []
    five = replace(news, customers=np.array([f"k{row % 5}" for row in range(len(news.day))], dtype=object))
    (theme,) = found(joined(usual, five))
    assert len(theme.contact_ids) >= 12


def test_a_form_letter_is_no_theme(usual: Spoken, news: Spoken) -> None:
    assert found(joined(usual, replace(news, words=np.full(len(news.day), 7, dtype=np.uint64)))) == []


def test_a_language_that_is_new_is_no_theme(usual: Spoken, news: Spoken) -> None:
    assert found(joined(usual, replace(news, placed=np.zeros(len(news.day), np.bool_)))) == []
    some = replace(news, placed=np.arange(len(news.day)) % 3 > 0)
    assert len(found(joined(usual, some))) == 1


def test_without_a_history_nothing_is_new(usual: Spoken, news: Spoken) -> None:
    both = joined(usual, news)
    kept = both.take(np.flatnonzero(both.day >= LAST - 20))
    assert found(kept) == []


def test_the_days_that_nobody_looked_at_and_the_last() -> None:
    last = FIRST + timedelta(days=LAST)
    assert days_to_look(last, last) == [last]
    assert days_to_look(last, last - timedelta(days=2)) == [last - timedelta(days=1), last]
    assert days_to_look(last, last + timedelta(days=9)) == [last]  # a later day has gone
    assert len(days_to_look(last, None)) == LOOK_BACK
    assert first_needed([last - timedelta(days=2), last]) == last - timedelta(days=2 + 7 + BEFORE)


@pytest.fixture
def company(tmp_path: Path) -> Workspace:
    """Forty days of three topics, found: the largest id is T003."""
    workspace = without_contacts(tmp_path / "w", "[themes]\nmin_theme_size = 31\nneighbours = 8\nmap_contacts = 0\n")
    for day in range(40):
        for topic in range(3):
            add(workspace, topic, 2, first=2 * day, day=DAY + timedelta(days=day))
    themes(workspace)
    return workspace


def next_days(workspace: Workspace) -> None:
    """Three days with six contacts about a fourth topic beside the usual ones, and a run without a refit after each."""
    for day in range(40, 43):
        for topic in range(3):
            add(workspace, topic, 2, first=2 * day, day=DAY + timedelta(days=day))
        add(workspace, 3, 6, first=6 * (day - 40), day=DAY + timedelta(days=day))
        themes(workspace, refit=False)


def test_a_run_without_a_refit_bears_it_and_gives_it_its_contacts(company: Workspace) -> None:
    next_days(company)
    (born,) = company.lake.query("SELECT * FROM themes WHERE since IS NOT NULL").to_pylist()
    assert born["theme_id"] == "T004"
    assert born["contacts"] == 18
    assert "daljincu" in born["keywords"]
    rows = company.lake.query(
        "SELECT theme_id, count(*) AS n FROM theme_assignments WHERE contact_id LIKE 'c3-%' GROUP BY 1"
    )
    assert rows.to_pylist() == [{"theme_id": "T004", "n": 18}]
    last = company.lake.query("SELECT kind, theme_id FROM theme_events WHERE theme_id = 'T004'").to_pylist()
    assert last == [{"kind": "born", "theme_id": "T004"}]


def test_later_runs_and_refits_keep_it(company: Workspace) -> None:
    next_days(company)
    before = company.lake.query("SELECT since FROM themes WHERE theme_id = 'T004'").to_pylist()
    assert themes(company, refit=False).events == ()
    assert "born" not in themes(company).event_counts
    assert company.lake.query("SELECT since FROM themes WHERE theme_id = 'T004'").to_pylist() == before


def test_what_was_said_before_it_was_there_stays_where_it_was(
    company: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voc.inference.theme_assignment.INSIDE", 0.9)  # topics this far apart leave nothing in between
    ids = ("stray", "heart")
    heart, elsewhere = np.eye(16)[[3, 9]]
    (name,) = company.lake.query("SELECT DISTINCT space FROM themes")["space"].to_pylist()
    space = ThemeSpace.load(company.root / "themes", name)
    mixed = unit(np.stack([heart * share + elsewhere for share in np.arange(0, 1, 0.01)]))
    cosines = space.apply(mixed, ["en-Latn"] * len(mixed)) @ space.apply(heart[None], ["en-Latn"])[0]
    add_like(company, ids, np.stack([mixed[np.abs(cosines - 0.75).argmin()], heart]))
    next_days(company)
    found = company.lake.query(
        "SELECT contact_id, theme_id FROM theme_assignments WHERE list_contains(['stray', 'heart'], contact_id)"
    ).to_pylist()
    assert {row["contact_id"]: row["theme_id"] == "T004" for row in found} == {"stray": False, "heart": True}


def add_like(workspace: Workspace, ids: tuple[str, ...], vectors: np.ndarray) -> None:
    """Contacts of the first day with these vectors, otherwise like one that is there."""
    contact = workspace.lake.query("SELECT * FROM contacts WHERE contact_id = 'c0-0000'")
    score = workspace.lake.query("SELECT * FROM scores WHERE contact_id = 'c0-0000'")
    rows = [contact.to_pylist()[0] | {"contact_id": name, "turns": [{"speaker": "customer", "text": name, "at": None}]}
            for name in ids]  # fmt: skip
    marks = [score.to_pylist()[0] | {"contact_id": name, "embedding": unit(vector).tolist()}
             for name, vector in zip(ids, vectors, strict=True)]  # fmt: skip
    workspace.lake.append("contacts", pa.Table.from_pylist(rows, schema=contact.schema))
    workspace.lake.append("scores", pa.Table.from_pylist(marks, schema=score.schema))


def test_it_can_be_switched_off(company: Workspace) -> None:
    settings = company.config.themes.model_copy(update={"newcomers_per_day": 0})
    off = replace(company, config=company.config.model_copy(update={"themes": settings}))
    next_days(off)
    assert company.lake.query("SELECT * FROM themes WHERE since IS NOT NULL").num_rows == 0
    runs = company.lake.query("SELECT inputs FROM runs WHERE step = 'themes' ORDER BY started_at").to_pylist()
    assert json.loads(runs[-1]["inputs"])["looked_until"] is None
    assert json.loads(runs[0]["inputs"])["looked_until"] == (DAY + timedelta(days=39)).isoformat()


def test_of_each_day_a_sample_is_read_and_what_language_the_space_knows(company: Workspace) -> None:
    (name,) = company.lake.query("SELECT DISTINCT space FROM themes")["space"].to_pylist()
    space = ThemeSpace.load(company.root / "themes", name)
    all_of_it = spoken(company.lake, space, "m1", DAY, 100)
    assert (len(all_of_it.day), all_of_it.placed.all()) == (240, True)  # a space that knows no language knows all
    some = spoken(company.lake, space, "m1", DAY + timedelta(days=10), 2)
    assert np.bincount(some.day).tolist() == [2] * 30
    english = ThemeSpace(Centres({"en-Latn": space.centres.whole}, space.centres.whole), space.turn)
    known = spoken(company.lake, english, "m1", DAY, 100)
    assert known.placed.tolist() == [contact.startswith("c0-") for contact in known.contact_ids]
