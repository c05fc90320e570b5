"""`voc bench app`: how long the app's server takes to a full page, with many contacts and ten users at once."""

import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TypeAlias

import numpy as np

from voc.data.workspace import SETTINGS_FILE, Workspace
from voc.errors import InputError
from voc.experiments.bench import BenchResult, Progress, machine_context
from voc.experiments.processes import VOC, free_address, peak_mb, serving, watched
from voc.experiments.synthetic_lake import LAST_DAY, SEGMENTS, Shape, synthetic_workspace
from voc.experiments.visits import Parameters, Visit, Visitor
from voc.models.registry import RunLog

SEED = 13
CONTACTS = 1_000_000
FIRST_PAGE = ""
_PERIODS = {"7": 2, "28": 5, "90": 2, "all": 1}  # days, and how often somebody asks for them
_PRODUCTS = ("mobile", "internet", "tv", "bundle")
_CHANNELS = ("call", "chat", "email", "ticket")
_LANGUAGES = ("hr", "sl", "sr", "en")
_FILTERS = {"product": _PRODUCTS, "channel": _CHANNELS, "language": _LANGUAGES, "segment": SEGMENTS}
_WORDS = ("račun", "racun", "рачун", "internet ne radi", "интернет", "ugovor raskid", "čakam", "refund", "optika")
_SENTIMENTS = ("negative", "neutral", "positive")
_NOTICED = 10.5  # seconds after which the app has seen a new version of the lake
Plan: TypeAlias = "list[tuple[str, Parameters]]"
Chooser = Callable[[random.Random, Shape], Parameters]
PAGES: Mapping[str, Chooser] = {
    FIRST_PAGE: lambda draw, shape: {},
    "reasons": lambda draw, shape: {"by": draw.choice(("channel", "product", "segment", "language"))},
    "themes": lambda draw, shape: {"order": draw.choice(("size", "change"))},
    "theme": lambda draw, shape: {"theme": f"T{int(shape.themes * draw.random() ** 2):03d}"},
    "map": lambda draw, shape: {},
    "churn": lambda draw, shape: {"order": draw.choice(("stated", "risk")), "capacity": str(draw.randint(5, 60))},
    "journey": lambda draw, shape: {},
    "contacts": lambda draw, shape: draw.choice(
        (
            {},
            {"page": str(draw.randint(2, 40))},
            {"sentiment": draw.choice(_SENTIMENTS)},
            {"theme": f"T{int(shape.themes * draw.random() ** 2):03d}", "churn": "yes"},
        )
    ),
    "contacts search": lambda draw, shape: {"q": draw.choice((*_WORDS, f"c{draw.randrange(shape.contacts):07d}"))},
    "contact": lambda draw, shape: {"contact": f"c{draw.randrange(shape.contacts):07d}"},
    "review": lambda draw, shape: {},
    "models": lambda draw, shape: {},
    "report": lambda draw, shape: {"week": _week(draw, shape)},
}
"""Every page by its place in the URL (a second word tells ways to use it apart), and what somebody may
choose there besides the filters."""


@dataclass(frozen=True)
class Sizes:
    """How much is measured: users at once, pages that each of them opens, seconds that they read one (7 in the mean, as
    in TPC-W 1.8, 5.3.2.1), pages that are opened first after a start of the server, new versions of the lake after each
    of which all pages are opened; and how large the synthetic workspace is."""

    users: int = 10
    pages: int = 52
    reading: float = 7.0
    starts: int = len(PAGES)
    versions: int = 3
    themes: int = 300
    days: int = 365
    pool: int = 4_000


def app(
    contacts: int, progress: Progress, run: RunLog, sizes: Sizes = Sizes(), folder: Path | None = None
) -> BenchResult:
    """Seconds from asking for a page to the server having finished it, and the server's peak memory.

    The workspace is synthetic and made for this: in `folder`, where it stays (one that is there is used again), or in a
    passing place. `voc app` runs in a process of its own; users are websocket clients in this process. `cold` is the
    first view of a page after the server was started, and after a new version of the lake was made ready as
    `voc daily` does; `warm` are all views after that, by ten users at once, each view with filters that nobody asked
    for before. `repeated` are views that somebody had before, `saturated` those of users who never read but ask for the
    next page at once.
    """
    shape = Shape(contacts, sizes.themes, sizes.days, sizes.pool)
    with _workspace(folder, shape, progress) as workspace:
        progress("making the marts", 0.3)
        shutil.rmtree(workspace.marts, ignore_errors=True)  # of an earlier run
        made = watched(["marts", "-w", str(workspace.root)])
        figures = {"marts_seconds": made.seconds, "marts_peak_mb": made.peak_mb}
        figures["marts_mb"] = max(path.stat().st_size for path in workspace.marts.glob("*.duckdb")) / 1e6
        draw = _Draw(shape)
        cold: list[Visit] = []
        for place, page in enumerate(tuple(PAGES)[: sizes.starts]):
            progress("cold: the first view after a start", 0.35 + 0.2 * place / len(PAGES))
            with served(workspace) as server:
                cold += _visits(server.address, [draw.one(page)])
        with served(workspace) as server:
            _visits(server.address, draw.all())
            progress("cold: the first views of a new version", 0.55)
            versions: list[Visit] = []
            for _ in range(sizes.versions):
                _new_version(workspace)
                versions += _visits(server.address, draw.all())
            progress("warm: users who read", 0.7)
            plans = [draw.plan(sizes.pages) for _ in range(sizes.users)]
            warm = _together(server.address, plans, sizes.reading)
            repeated = _together(server.address, plans[1:] + plans[:1], sizes.reading)
            progress("warm: users who never pause", 0.9)
            saturated = _together(server.address, [draw.plan(sizes.pages) for _ in plans], 0.0)
            figures |= {"peak_rss_mb": peak_mb(server.process), "pages_per_second_saturated": saturated.per_second}
    figures |= _figures("warm", warm.visits) | _figures("cold", [*cold, *versions])
    figures |= _figures("cold_start", cold) | _figures("cold_version", versions)
    figures |= _figures("repeated", repeated.visits) | _figures("saturated", saturated.visits)
    pages = _by_page(warm.visits, [*cold, *versions])
    run.table("app", pages)
    context = machine_context() | {
        "data": f"{contacts:,} synthetic contacts over {sizes.days} days, {sizes.themes} themes",
        "measured": "seconds from the question to the end of the page's script on the server, over a websocket on this "
        "machine; what a browser draws is not in it; cold: the system had the files in its memory",
        "sizes": vars(sizes), "seed": SEED, "pages": pages,
    }  # fmt: skip
    return BenchResult("app", figures, context)


@dataclass(frozen=True)
class Together:
    """What several users saw at once, in so many seconds."""

    visits: tuple[Visit, ...]
    seconds: float

    @property
    def per_second(self) -> float:
        """Pages a second."""
        return len(self.visits) / self.seconds


@dataclass(frozen=True)
class Server:
    """The app in a process of its own."""

    address: str
    process: int


@contextmanager
def served(workspace: Workspace) -> Iterator[Server]:
    """`voc app`, ready for the first visitor."""
    address = free_address()
    command = [*VOC, "app", "-w", str(workspace.root.resolve()), "--port", address.rpartition(":")[2]]
    with serving("voc app", command, address, "/_stcore/health") as process:
        yield Server(address, process)


@contextmanager
def _workspace(folder: Path | None, shape: Shape, progress: Progress) -> Iterator[Workspace]:
    def told(share: float) -> None:
        progress("making contacts", 0.3 * share)

    if folder is None:
        with tempfile.TemporaryDirectory(prefix="voc-bench-") as name:
            yield synthetic_workspace(Path(name), shape, told, SEED)
    elif (folder / SETTINGS_FILE).is_file():
        workspace = Workspace.open(folder)
        found = workspace.lake.dataset("contacts").count_rows()
        if not workspace.config.company.synthetic or found != shape.contacts:
            raise InputError(f"{folder}: expected a synthetic workspace of {shape.contacts:,} contacts, got {found:,}")
        yield workspace
    else:
        yield synthetic_workspace(folder, shape, told, SEED)


def _new_version(workspace: Workspace) -> None:
    """One more commit, what the night does after it, and as long as the app takes at most to see it."""
    lake = workspace.lake
    lake.append("signals", lake.query("SELECT * FROM signals LIMIT 0"))
    watched(["marts", "-w", str(workspace.root)])
    time.sleep(_NOTICED)


def _visits(address: str, plan: Plan) -> list[Visit]:
    """One after the other in one session."""
    with Visitor(address) as visitor:
        return [visitor.visit(*asked) for asked in plan]


def _together(address: str, plans: Sequence[Plan], reading: float) -> Together:
    """Each plan by a user of its own, who reads each page for so many seconds (mean, drawn)."""

    def user(number: int) -> list[Visit]:
        pause = random.Random(number)
        with Visitor(address) as visitor:
            visits = []
            for asked in plans[number]:
                if reading:
                    time.sleep(pause.expovariate(1 / reading))
                visits.append(visitor.visit(*asked))
            return visits

    begin = time.perf_counter()
    with ThreadPoolExecutor(len(plans)) as pool:
        found = [visit for visits in pool.map(user, range(len(plans))) for visit in visits]
    return Together(tuple(found), time.perf_counter() - begin)


class _Draw:
    """What users ask for: never the same twice, as far as a page has anything to choose."""

    def __init__(self, shape: Shape) -> None:
        self._random, self._shape, self._asked = random.Random(SEED), shape, set[str]()

    def plan(self, pages: int) -> Plan:
        """So many pages in any order, each as often as the others."""
        rounds = -(-pages // len(PAGES))
        names = [name for _ in range(rounds) for name in self._random.sample(sorted(PAGES), len(PAGES))]
        return [self.one(name) for name in names[:pages]]

    def all(self) -> Plan:
        """Every page once, in any order."""
        return self.plan(len(PAGES))

    def one(self, page: str) -> tuple[str, Parameters]:
        """A page with filters."""
        for _ in range(20):
            found = self._filters() | dict(PAGES[page](self._random, self._shape))
            key = repr((page, sorted(found.items())))
            if key not in self._asked:
                break
        self._asked.add(key)
        return page, found

    def _filters(self) -> dict[str, str | Sequence[str]]:
        periods = self._random.choices(list(_PERIODS), list(_PERIODS.values()))
        chosen: dict[str, str | Sequence[str]] = {"period": periods[0]}
        for key, values in _FILTERS.items():
            if self._random.random() < 0.4:
                chosen[key] = sorted(self._random.sample(values, self._random.randint(1, 2)))
        return chosen


def _week(draw: random.Random, shape: Shape) -> str:
    """A week of the data, as the report names it."""
    day = LAST_DAY - timedelta(days=draw.randrange(7, max(shape.days - 14, 8)))
    return "{}-W{:02d}".format(*day.isocalendar()[:2])


def _figures(name: str, visits: Sequence[Visit]) -> dict[str, float]:
    if not visits:
        return {}
    seconds = [visit.seconds for visit in visits]
    return {f"p50_{name}_s": float(np.quantile(seconds, 0.5)), f"p95_{name}_s": float(np.quantile(seconds, 0.95))}


def _by_page(warm: Sequence[Visit], cold: Sequence[Visit]) -> dict[str, dict[str, float]]:
    """The same of each page, with what it is at most."""
    found: dict[str, dict[str, float]] = {}
    for page in PAGES:
        own = {"warm": [v for v in warm if v.page == page], "cold": [v for v in cold if v.page == page]}
        figures: dict[str, float] = {}
        for kind, visits in own.items():
            figures |= _figures(kind, visits)
        if every := [*own["warm"], *own["cold"]]:
            found[page or "overview"] = figures | {"kilobytes": max(visit.size for visit in every) / 1000}
    return found
