"""Themes that lie near each other are one group; groups keep their ids."""

from pathlib import Path

import numpy as np
import pytest

from tests.inference.topics import add, without_contacts
from voc.inference.theme_groups import LEAST_THEMES, group_themes
from voc.inference.themes import themes
from voc.models.theme_space import unit


def scattered(groups: int, each: int, seed: int = 1) -> tuple[list[str], np.ndarray]:
    """Themes around so many middles: their ids, group by group, and centres."""
    random = np.random.default_rng(seed)
    middles = np.repeat(np.eye(20)[:groups], each, axis=0)
    ids = [f"T{number:03d}" for number in range(1, groups * each + 1)]
    return ids, unit(middles + random.normal(scale=0.1, size=middles.shape)).astype(np.float32)


def together(found: dict[str, str], ids: list[str], each: int) -> bool:
    parts = [{found[theme] for theme in ids[begin : begin + each]} for begin in range(0, len(ids), each)]
    return all(len(part) == 1 for part in parts) and len(set().union(*parts)) == len(parts)


def test_near_themes_are_one_group_and_the_largest_group_is_the_first() -> None:
    ids, centres = scattered(5, 5)
    contacts = [10] * 20 + [100] * 5
    found = group_themes(ids, centres, contacts, {}, regroup=True)
    assert together(found, ids, 5)
    assert found[ids[-1]] == "G01" and set(found.values()) == {"G01", "G02", "G03", "G04", "G05"}


def test_the_order_of_themes_changes_nothing() -> None:
    ids, centres = scattered(5, 5)
    contacts = list(range(1, 26))
    order = np.random.default_rng(2).permutation(25)
    again = group_themes(
        [ids[row] for row in order], centres[order], [contacts[row] for row in order], {}, regroup=True
    )
    assert again == group_themes(ids, centres, contacts, {}, regroup=True)


def test_a_group_keeps_its_id_where_themes_come_and_go() -> None:
    ids, centres = scattered(6, 6)
    before = group_themes(ids, centres, [10] * 36, {}, regroup=True)
    kept = [row for row in range(36) if row % 6]  # one theme of each group is gone, another one comes
    more_ids, more = [f"T{number:03d}" for number in range(101, 107)], unit(np.eye(20)[:6] + 0.02).astype(np.float32)
    found = group_themes(
        [*(ids[row] for row in kept), *more_ids], np.concatenate([centres[kept], more]), [10] * 36, before, regroup=True
    )
    assert {theme: found[theme] for theme in found if theme in before} == {ids[row]: before[ids[row]] for row in kept}
    assert [found[theme] for theme in more_ids] == [before[ids[6 * group]] for group in range(6)]


def test_a_group_that_was_not_there_gets_an_id_of_its_own() -> None:
    ids, centres = scattered(4, 4)
    before = group_themes(ids, centres, [10] * 16, {}, regroup=True)
    other_ids, others = [f"N{number}" for number in range(9)], np.roll(scattered(1, 9)[1], 10, axis=1)
    found = group_themes([*ids, *other_ids], np.concatenate([centres, others]), [10] * 25, before, regroup=True)
    assert {found[theme] for theme in other_ids} == {"G05"} and {found[theme] for theme in ids} == set(before.values())


def test_without_regrouping_known_themes_stay_and_new_ones_join_the_nearest() -> None:
    ids, centres = scattered(4, 4)
    before = dict(zip(ids, ["G07", "G09"] * 8, strict=True))  # not as they would be found
    centres[-1] = centres[0]
    known = {theme: group for theme, group in before.items() if theme != ids[-1]}
    middles = {
        group: unit(np.mean([centres[row] for row in range(15) if before[ids[row]] == group], axis=0))
        for group in ("G07", "G09")
    }
    found = group_themes(ids, centres, [1] * 16, known, regroup=False)
    assert {theme: found[theme] for theme in known} == known
    assert found[ids[-1]] == max(middles, key=lambda group: float(middles[group] @ centres[-1]))


@pytest.mark.parametrize("themes", [0, 1, LEAST_THEMES - 1])
def test_few_themes_have_no_groups(themes: int) -> None:
    ids, centres = [f"T{number}" for number in range(themes)], np.eye(20, dtype=np.float32)[:themes]
    assert group_themes(ids, centres, [1] * themes, {}, regroup=True) == {}


def test_a_run_groups_its_themes_names_them_and_keeps_both(tmp_path: Path) -> None:
    workspace = without_contacts(tmp_path / "w", "[themes]\nmin_theme_size = 10\nneighbours = 5\n")
    for topic in range(3):
        add(workspace, topic, 200)
    themes(workspace)
    read = "SELECT theme_id, theme_group, theme_group_label FROM themes WHERE status = 'active' ORDER BY theme_id"
    rows = workspace.lake.query(read).to_pylist()
    assert (len(rows) < LEAST_THEMES) == all(row["theme_group"] is None for row in rows)
    themes(workspace, refit=False)
    assert workspace.lake.query(read).to_pylist() == rows
