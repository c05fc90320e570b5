"""Contacts by meaning: what is near, in which order, within which selection and area."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from voc.app.figures import FiguresOnly
from voc.data.workspace import Workspace
from voc.errors import AccessError
from voc.inference import marts_meaning, marts_store
from voc.inference.marts import Criteria, Marts, Selection
from voc.inference.marts_meaning import FLOOR
from voc.models.theme_space import unit

CONTACTS, WIDTH, DAYS = 80, 16, 10
FIRST = date(2026, 5, 1)
LAST = FIRST + timedelta(days=DAYS - 1)
PRODUCTS = ("Mobile", "Television")
VECTORS = unit(np.random.default_rng(5).normal(size=(CONTACTS, WIDTH)).astype(np.float32))
EVERYTHING = Selection(FIRST, LAST)


def name(number: int) -> str:
    return f"c{number:02d}"


@pytest.fixture(scope="module")
def workspace(make: Any, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Eighty contacts over ten days, each with a vector; the last two have none of the present model's."""
    workspace: Workspace = make.workspace(tmp_path_factory.mktemp("meaning") / "w")
    days = [FIRST + timedelta(days=number % DAYS) for number in range(CONTACTS)]
    rows = [
        make.contact(name(number), day, f"Text {number}", product=PRODUCTS[number % 2])
        for number, day in enumerate(days)
    ]
    scores = [
        make.score(name(number), day, ("roaming", 0.9), embedding=VECTORS[number])
        for number, day in enumerate(days[:-2])
    ]
    scores.append(make.score(name(CONTACTS - 2), days[-2], embedding=VECTORS[-2], model_version="older"))
    scores.append(make.score(name(CONTACTS - 1), days[-1], embedding=[]))
    workspace.lake.append("contacts", make.table("contacts", rows))
    workspace.lake.append("scores", make.table("scores", scores))
    return workspace


@pytest.fixture(scope="module")
def marts(workspace: Workspace) -> Iterator[Marts]:
    marts = Marts.load(workspace.lake, workspace.current_model)
    yield marts
    marts.close()


def criteria(like: int, **more: Any) -> Criteria:
    mean = VECTORS[:-2].mean(axis=0)
    return Criteria(near=tuple(unit(VECTORS[like] - mean).tolist()), **more)


def expected(like: int) -> list[str]:
    """Contacts of the present model by their exact cosine, those at least as near as the floor."""
    apart = unit(VECTORS[:-2] - VECTORS[:-2].mean(axis=0))
    cosines = apart @ apart[like]
    return [name(number) for number in np.argsort(-cosines, kind="stable") if cosines[number] >= FLOOR]


def found(marts: Marts, selection: Selection, wanted: Criteria, limit: int = 100, offset: int = 0) -> list[str]:
    return [each.contact_id for each in marts.contacts(selection, wanted, limit, offset).contacts]


def test_the_most_alike_come_first_and_the_others_not_at_all(marts: Marts) -> None:
    page = marts.contacts(EVERYTHING, criteria(7), 100)
    ids = [each.contact_id for each in page.contacts]
    assert ids[0] == name(7)
    assert 3 < len(ids) < CONTACTS / 2
    # A byte a number may swap neighbours, and take in or leave out what lies on the floor.
    exact = expected(7)
    assert len(set(ids) ^ set(exact)) <= 1
    assert all(abs(place - exact.index(each)) <= 1 for place, each in enumerate(ids) if each in exact)
    assert page.total == len(ids)
    assert page.contacts[0].turns


def test_pages_follow_each_other(marts: Marts) -> None:
    whole = found(marts, EVERYTHING, criteria(3))
    assert found(marts, EVERYTHING, criteria(3), 2) == whole[:2]
    assert found(marts, EVERYTHING, criteria(3), 2, 2) == whole[2:4]
    assert marts.contacts(EVERYTHING, criteria(3), 2).total == len(whole)


def test_every_other_filter_holds_as_well(marts: Marts) -> None:
    whole = found(marts, EVERYTHING, criteria(7))
    mobile = [each for each in whole if int(each[1:]) % 2 == 0]
    assert 0 < len(mobile) < len(whole)
    assert found(marts, Selection(FIRST, LAST, products=("Mobile",)), criteria(7)) == mobile
    early = [each for each in whole if int(each[1:]) % DAYS < 5]
    assert 0 < len(early) < len(whole)
    assert found(marts, Selection(FIRST, FIRST + timedelta(days=4)), criteria(7)) == early
    assert found(marts, EVERYTHING, criteria(7, reason="roaming")) == whole
    assert found(marts, EVERYTHING, criteria(7, reason="bill_higher")) == []


def test_contacts_without_a_vector_of_the_model_are_not_found(marts: Marts) -> None:
    assert np.allclose(marts.meaning_middle(), VECTORS[:-2].mean(axis=0), atol=1e-5)
    for like in (-1, -2):
        assert not {name(CONTACTS - 1), name(CONTACTS - 2)} & set(found(marts, EVERYTHING, criteria(like)))


def test_what_no_contact_resembles_finds_none(marts: Marts) -> None:
    nothing = Criteria(near=(0.0,) * WIDTH)
    assert marts.contacts(EVERYTHING, nothing, 10).total == 0


def test_a_vector_of_another_model_is_refused(marts: Marts) -> None:
    with pytest.raises(ValueError, match=f"width {WIDTH}, got 3"):
        marts.contacts(EVERYTHING, Criteria(near=(1.0, 0.0, 0.0)), 10)


def test_an_area_finds_its_own_alone_and_as_near_as_everybody(workspace: Workspace, marts: Marts) -> None:
    part = Marts.load(workspace.lake, workspace.current_model, area=("Television",))
    for like in (7, 8):
        own = [each for each in found(marts, EVERYTHING, criteria(like)) if int(each[1:]) % 2]
        assert own and found(part, EVERYTHING, criteria(like)) == own
    stored = part._rows("SELECT count(*) FROM contact_meaning")[0][0]
    assert stored == (CONTACTS - 2) / 2
    part.close()


def test_whoever_sees_figures_alone_cannot_search(marts: Marts) -> None:
    figures = FiguresOnly(marts)
    for question in ("contacts", "meaning_middle"):
        with pytest.raises(AccessError):
            getattr(figures, question)


@pytest.mark.parametrize("model", [None, "never-scored"])
def test_without_vectors_there_is_nothing_to_search(workspace: Workspace, model: str | None) -> None:
    marts = Marts.load(workspace.lake, model)
    assert marts.meaning_middle() == ()
    marts.close()


def test_an_empty_lake_has_no_meaning(make: Any, tmp_path: Path) -> None:
    marts = Marts.load(make.workspace(tmp_path / "w").lake, make.model)
    assert marts.meaning_middle() == ()
    marts.close()


def test_the_space_is_learnt_from_days_all_over_the_time(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = marts_meaning._space(workspace.lake, str(workspace.current_model))
    monkeypatch.setattr(marts_meaning, "_LEARNT_FROM", CONTACTS // 3)
    half = marts_meaning._space(workspace.lake, str(workspace.current_model))
    assert whole and half
    assert np.allclose(whole.mean, VECTORS[:-2].mean(axis=0), atol=1e-5)
    newest = [number for number in range(CONTACTS - 2) if number % DAYS in (0, 3, 6, 9)]
    assert np.allclose(half.mean, VECTORS[newest].mean(axis=0), atol=1e-5)


def test_another_way_makes_another_file(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = marts_store.Wanted(workspace.current_model)
    before = wanted.name(workspace.lake)
    monkeypatch.setattr(marts_meaning, "WAY", ("another",))
    assert wanted.name(workspace.lake) != before
