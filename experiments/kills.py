"""`voc bench kills`: scoring runs that are killed at random moments and started again, and what their tables are then.

On a small synthetic company with a tiny model, so that a run takes seconds: what is measured is not how well or how
fast contacts are read, but that a run may end anywhere.
"""

import random
import shutil
import signal
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa

from voc.data.workspace import Workspace
from voc.experiments.bench import BenchResult, Progress, machine_context
from voc.experiments.processes import VOC, watched
from voc.experiments.tiny import tiny_workspace
from voc.inference.score import score
from voc.models.registry import RunLog

ROUNDS = 50
SEED = 13


@dataclass(frozen=True)
class Sizes:
    """Of the company, and of what is committed and read together: many commits, of small days and of shards."""

    contacts: int = 900
    days: int = 30
    commit: int = 30
    read: int = 10


@dataclass(frozen=True)
class Undisturbed:
    """A workspace that nothing was scored in yet, and what one run makes of it."""

    workspace: Workspace
    scores: pa.Table
    commits: int
    seconds: float
    """Of the whole run, and between two commits."""
    between: float

    def moment(self, draw: random.Random) -> "Moment":
        """A moment of a run: after so many commits, none as likely as any, and some time towards the next one."""
        commits = draw.randrange(self.commits)
        return Moment(commits, draw.uniform(0, self.between if commits else self.seconds - self.commits * self.between))


@dataclass(frozen=True)
class Moment:
    """When a run is killed: so many seconds after so many commits; where there are none, after its start."""

    commits: int
    seconds: float


@dataclass(frozen=True)
class Round:
    """What became of one run: killed or ended before, after how many commits; and of the one after it."""

    killed: bool
    commits: int
    identical: bool
    """The table `scores` is that of an undisturbed run, row by row and column by column."""
    closed: bool
    """Every contact has one score, the second run did what the first had left, and a third one finds nothing to do."""


def kills(progress: Progress, run: RunLog, rounds: int = ROUNDS, sizes: Sizes = Sizes()) -> BenchResult:
    """Kill as many runs as there are `rounds` with SIGKILL, each at a moment of its own, and start each once more."""
    progress("a small company", 0.0)
    with TemporaryDirectory(prefix="voc-kills-") as folder:
        whole = undisturbed(tiny_workspace(Path(folder) / "company", **asdict(sizes)), Path(folder) / "undisturbed")
        draw, found = random.Random(SEED), list[Round]()
        for number in range(rounds):
            same = sum(one.identical for one in found)
            progress(f"round {number + 1} of {rounds}, {same} identical", number / rounds)
            found.append(killed_and_rerun(whole, Path(folder) / "round", whole.moment(draw)))
    figures = figures_of(found, whole)
    run.table("kills", figures)
    context = machine_context() | {
        "data": f"{sizes.contacts:,} synthetic contacts, a tiny model in int8", "sizes": asdict(sizes), "seed": SEED,
    }  # fmt: skip
    return BenchResult("kills", figures, context)


def undisturbed(workspace: Workspace, folder: Path) -> Undisturbed:
    """A run over a copy of the workspace, in `folder`, that nobody disturbs."""
    copy = Workspace.open(Path(shutil.copytree(workspace.root, folder)))
    seconds = watched(_score(copy)).seconds
    times = sorted(path.stat().st_mtime for path in _commits(copy))
    return Undisturbed(workspace, _scores(copy), len(times), seconds, (times[-1] - times[0]) / max(len(times) - 1, 1))


def killed_and_rerun(whole: Undisturbed, folder: Path, moment: Moment) -> Round:
    """A run in `folder` (emptied before) that is killed at a moment, and another one to its end."""
    shutil.rmtree(folder, ignore_errors=True)
    workspace = Workspace.open(Path(shutil.copytree(whole.workspace.root, folder)))
    process = subprocess.Popen([*VOC, *_score(workspace)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and len(_commits(workspace)) < moment.commits:
        time.sleep(0.001)
    try:
        process.wait(moment.seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    commits, before = len(_commits(workspace)), _scores(workspace).num_rows
    watched(_score(workspace))
    scores, again = _scores(workspace), score(workspace).contacts
    done = workspace.lake.query(
        "SELECT counts->>'contacts' AS contacts FROM runs WHERE step = 'score' ORDER BY started_at"
    )
    second = int(done["contacts"].to_pylist()[-2])
    return Round(
        killed=process.returncode == -signal.SIGKILL,
        commits=commits,
        identical=scores.equals(whole.scores),
        closed=before + second == scores.num_rows == whole.scores.num_rows and again == 0,
    )


def figures_of(rounds: list[Round], whole: Undisturbed) -> dict[str, float]:
    """By name. A kill is `mid_run` where something was committed and something was not."""
    killed = [one for one in rounds if one.killed]
    return {
        "rounds": len(rounds),
        "killed": len(killed),
        "killed_before_first_commit": sum(one.commits == 0 for one in killed),
        "killed_mid_run": sum(0 < one.commits < whole.commits for one in killed),
        "identical": sum(one.identical for one in rounds),
        "counts_closed": sum(one.closed for one in rounds),
        "commits_of_a_run": whole.commits,
        "run_seconds": whole.seconds,
        "seconds_between_commits": whole.between,
    }


def _score(workspace: Workspace) -> list[str]:
    return ["score", "--workspace", str(workspace.root)]


def _commits(workspace: Workspace) -> list[Path]:
    return list((workspace.lake.root / "scores" / "_delta_log").glob("[0-9]*.json"))


def _scores(workspace: Workspace) -> pa.Table:
    return workspace.lake.query("SELECT * FROM scores ORDER BY model_version, contact_id")
