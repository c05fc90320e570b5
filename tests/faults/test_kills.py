"""The bench of killed runs, in small: what it does, and that it sees what is wrong."""

import random
from dataclasses import replace
from pathlib import Path

import pytest

from voc.data.workspace import Workspace
from voc.experiments.kills import Moment, Round, Undisturbed, figures_of, killed_and_rerun, undisturbed


@pytest.fixture(scope="module")
def whole(unscored: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    return undisturbed(unscored, tmp_path_factory.mktemp("whole") / "ws")


@pytest.mark.parametrize("commits", [0, 1, 9])
def test_a_run_killed_after_so_many_commits_and_started_again_ends_in_the_same_table(
    whole: Undisturbed, tmp_path: Path, commits: int
) -> None:
    found = killed_and_rerun(whole, tmp_path / "round", Moment(commits, 0.005))
    assert found.killed and found.commits >= commits
    assert found.identical and found.closed


def test_moments_lie_all_over_a_run(whole: Undisturbed) -> None:
    draw = random.Random(3)
    moments = [whole.moment(draw) for _ in range(300)]
    assert {0, whole.commits - 1} <= {moment.commits for moment in moments} <= set(range(whole.commits))
    assert all(0 <= moment.seconds <= whole.seconds for moment in moments)


def test_another_table_is_not_identical_and_its_counts_do_not_close(whole: Undisturbed, tmp_path: Path) -> None:
    less = replace(whole, scores=whole.scores.slice(1))
    found = killed_and_rerun(less, tmp_path / "round", Moment(0, 600.0))
    assert not found.killed and not found.identical and not found.closed


def test_figures_tell_apart_when_a_run_was_killed(whole: Undisturbed) -> None:
    rounds = [
        Round(killed=True, commits=0, identical=True, closed=True),
        Round(killed=True, commits=2, identical=True, closed=False),
        Round(killed=True, commits=whole.commits, identical=True, closed=True),
        Round(killed=False, commits=whole.commits, identical=False, closed=True),
    ]
    figures = figures_of(rounds, whole)
    assert [figures[name] for name in ("rounds", "killed", "killed_before_first_commit", "killed_mid_run")] == [
        4,
        3,
        1,
        1,
    ]
    assert (figures["identical"], figures["counts_closed"]) == (3, 3)
