"""Are themes seen in their first days? Contacts about something new, put among a workspace's own, day by day.

Two kinds are put in, DAYS days long and PER_DAY customers a day: `own`, a contact reason of the workspace, whose
contacts and themes are taken out of the history first; and `strange`, a reason of a bank, from the hand-written
contacts of experiments/devsets and, where the public data are there, Banking77's English train part. The constants of
`inference.newcomers` were chosen on the strange ones. The model learnt from the own ones, so that it knows what they
are about, though not as a theme.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from voc.data.text import fingerprints
from voc.data.workspace import Workspace
from voc.errors import WorkspaceError
from voc.experiments.bench import BenchResult, Progress, machine_context
from voc.experiments.judging import ends, share_interval
from voc.experiments.replay.history import History
from voc.experiments.suites.banking77 import banking
from voc.experiments.suites.transfer import bank_contacts
from voc.inference.newcomers import BEFORE, WINDOWS, Newcomer, Spoken, newcomers, spoken
from voc.labels import Split, TaskName
from voc.models.exported import load_exported
from voc.models.onnx_predict import OnnxPredictor
from voc.models.registry import RunLog
from voc.models.tasks import Floats
from voc.models.theme_space import ThemeSpace
from voc.models.themes import assign

DAYS, PER_DAY = 3, 5
RUNS = 60
"""Draws of each kind."""
LEAST = 42
"""Days before the first draw."""
OWN = 0.5
"""A theme with such a share of contacts of one reason is that reason's, and unknown without it."""
SHUFFLES = 4
ENGLISH = 5
"""English contacts of a strange reason: as many as there are in each other language."""
SEED = 13
_THEMES = "SELECT theme_id, centroid, floor, space FROM themes WHERE centroid IS NOT NULL ORDER BY theme_id"


@dataclass(frozen=True)
class Told:
    """Contacts about one thing: vectors (contacts, width) in the theme space, words' fingerprints, languages."""

    vectors: Floats
    words: npt.NDArray[Any]
    languages: npt.NDArray[Any]

    def take(self, rows: npt.NDArray[Any]) -> "Told":
        """These of them."""
        return Told(self.vectors[rows], self.words[rows], self.languages[rows])


@dataclass(frozen=True)
class Draw:
    """One new thing and its history: centres (themes, width) and floors of what is known, days as in Spoken."""

    kind: str
    usual: Spoken
    centres: Floats
    floors: Floats
    told: Told
    first: int


@dataclass(frozen=True)
class Outcome:
    """`delay` days until a new theme was mostly the new thing, None where none was. `inside` (contacts,): which of what
    was told is in that theme at last; `pure` the share of the contacts that made it; so many `themes` were mostly the
    new thing, and so many `others` were not."""

    draw: Draw
    delay: int | None
    inside: npt.NDArray[Any]
    pure: float
    others: int
    themes: int = 0


def suite(workspace: Workspace, progress: Progress, run: RunLog, data: Path | None = None) -> BenchResult:
    """Shares of new things found on their first, second and third day, how whole, and what is found where nothing is.

    Raises WorkspaceError where no contact has a theme, ModelFolderError without the model's export.
    """
    version = workspace.required_model()
    rows = workspace.lake.query(_THEMES).to_pylist()
    if not rows:
        raise WorkspaceError(f"{workspace.root}: no contact has a theme; run: voc themes")
    space = ThemeSpace.load(workspace.root / "themes", rows[0]["space"])
    history = History.of(workspace)
    progress("reading", 0.0)
    each = int(np.bincount(history.day).max())
    said = spoken(workspace.lake, space, version, history.first_day, each)
    places = _places(workspace, said)
    usual = said.take(np.sort(places[history.untouched & (places >= 0)]))
    centres = np.array([row["centroid"] for row in rows], dtype=np.float32)
    floors = np.array([row["floor"] for row in rows], dtype=np.float32)
    random = np.random.default_rng(SEED)
    progress("reading the bank's contacts", 0.1)
    strange = _strange(OnnxPredictor(load_exported(workspace.models / version)), space, data)
    draws = [
        *_own_draws(history, said, places, {row["theme_id"]: number for number, row in enumerate(rows)},
                    centres, floors, random),
        *(Draw("strange", usual, centres, floors, told, first)
          for told, first in _times(list(strange.values()), usual, random)),
    ]  # fmt: skip
    outcomes = []
    for number, draw in enumerate(draws):
        progress("new things", 0.2 + 0.6 * number / len(draws))
        outcomes.append(judged(draw, random))
    figures: dict[str, float] = {}
    for kind in sorted({draw.kind for draw in draws}):
        figures |= figures_of(kind, [one for one in outcomes if one.draw.kind == kind])
    progress("where nothing is new", 0.8)
    figures |= _nothing(usual, centres, random)
    run.table("newcomers", figures)
    synthetic = " (synthetic)" if workspace.config.company.synthetic else ""
    used = f"contacts of {workspace.config.company.name}{synthetic}; hand-written bank contacts of experiments/devsets"
    context = machine_context() | {
        "data": used + ("; Banking77, train part" if data else ""), "model": version, "seed": SEED,
        "days": DAYS, "per_day": PER_DAY,
    }  # fmt: skip
    return BenchResult("themes newcomers", figures, context)


def _places(workspace: Workspace, said: Spoken) -> npt.NDArray[Any]:
    """Of each contact of a History, which are in order of day and id, its row in `said`; -1 where it has no score."""
    order = {contact: row for row, contact in enumerate(said.contact_ids.tolist())}
    ids = workspace.lake.query("SELECT contact_id FROM contacts ORDER BY contacts.day, contact_id")["contact_id"]
    return np.array([order.get(contact, -1) for contact in ids.to_pylist()])


def judged(draw: Draw, random: np.random.Generator) -> Outcome:
    """Put it in, and look on each of its days, as a nightly run does."""
    told = draw.told.take(random.permutation(len(draw.told.words))[: DAYS * PER_DAY])
    days = draw.first + np.arange(len(told.words)) // PER_DAY
    mixed = _with(draw.usual, told, days)
    known, found = draw.centres, list[tuple[int, Newcomer, float]]()
    others = 0
    for day in range(draw.first, draw.first + DAYS):
        for one in newcomers(mixed, known, [mixed.first_day + timedelta(days=day)]):
            known = np.vstack([known, one.centroid])
            pure = float(np.mean([contact.startswith(_NEW) for contact in one.contact_ids]))
            if pure >= OWN:
                found.append((day - draw.first, one, pure))
            else:
                others += 1
    if not found:
        return Outcome(draw, None, np.zeros(len(told.words), np.bool_), 0.0, others)
    delay, theme, pure = found[0]
    place, _ = assign(told.vectors, np.vstack([draw.centres, theme.centroid]), np.append(draw.floors, theme.floor))
    return Outcome(replace(draw, told=told), delay, place == len(draw.centres), pure, others, len(found))


def figures_of(kind: str, outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Figures of the draws of one kind."""
    found = [one for one in outcomes if one.delay is not None]
    figures = {
        f"{kind}.found_{day + 1}d": float(np.mean([one.delay is not None and one.delay <= day for one in outcomes]))
        for day in range(DAYS)
    }
    hits = np.array([one.delay is not None for one in outcomes])
    figures |= ends(f"{kind}.found_{DAYS}d", share_interval(hits, SEED))
    if found:
        languages = np.concatenate([one.draw.told.languages for one in found])
        inside = np.concatenate([one.inside for one in found])
        figures |= {f"{kind}.pure": float(np.mean([one.pure for one in found]))}
        figures |= {f"{kind}.in_one_theme": float(inside.mean())}
        figures |= {f"{kind}.themes": float(np.mean([one.themes for one in found]))}
        figures |= {
            f"{kind}.in_one_theme.{name}": float(inside[languages == name].mean()) for name in sorted(set(languages))
        }
    return figures | {
        f"{kind}.others": float(sum(one.others for one in outcomes)),
        f"{kind}.runs": float(len(outcomes)),
    }


def _nothing(usual: Spoken, centres: Floats, random: np.random.Generator) -> dict[str, float]:
    """New themes a month in the history without what was planted, and with its days in random order."""
    span = int(usual.day[-1]) - LEAST + 1

    def a_month(said: Spoken) -> float:
        days = [said.first_day + timedelta(days=LEAST + number) for number in range(span)]
        return 30 * sum(1 for _ in newcomers(said, centres, days)) / span

    shuffled = []
    for _ in range(SHUFFLES):
        order = random.permutation(len(usual.day))
        said = replace(usual.take(order), day=usual.day)
        shuffled.append(a_month(said))
    return {"false_per_month": a_month(usual), "false_per_month.shuffled": float(np.mean(shuffled))}


_NEW = "new-"


def _with(usual: Spoken, told: Told, days: npt.NDArray[Any]) -> Spoken:
    """A history with contacts of new customers in it; what is before BEFORE days and the windows is left out."""
    kept = usual.take(np.flatnonzero((usual.day >= days[0] - BEFORE - max(WINDOWS)) & (usual.day <= days[-1])))
    names = np.array([f"{_NEW}{number}" for number in range(len(days))], dtype=object)
    day = np.concatenate([kept.day, days])
    order = np.argsort(day, kind="stable")
    both = Spoken(
        usual.first_day,
        np.concatenate([kept.contact_ids, names]),
        day,
        np.concatenate([kept.customers, names]),
        np.concatenate([kept.words, told.words]),
        np.concatenate([kept.placed, np.ones(len(days), np.bool_)]),
        np.concatenate([kept.vectors, told.vectors]),
    )
    return both.take(order)


def _times(told: Sequence[Told], usual: Spoken, random: np.random.Generator) -> Iterator[tuple[Told, int]]:
    """Things in turn, each with a day to begin on."""
    last = int(usual.day[-1]) - DAYS + 1
    enough = [one for one in told if len(one.words) >= DAYS * PER_DAY]
    for number in range(RUNS if enough and last >= LEAST else 0):
        yield enough[number % len(enough)], int(random.integers(LEAST, last + 1))


def _own_draws(
    history: History,
    said: Spoken,
    places: npt.NDArray[Any],
    number_of: Mapping[str, int],
    centres: Floats,
    floors: Floats,
    random: np.random.Generator,
) -> Iterator[Draw]:
    """The workspace's reasons, each with a history that knows nothing of it."""
    kept = history.untouched & (places >= 0)
    found: list[tuple[Told, Spoken, npt.NDArray[Any]]] = []
    for reason in sorted(set(history.reason[kept].tolist()) - {""}):
        rows = np.flatnonzero(kept & (history.reason == reason))
        unlike = np.ones(len(centres), np.bool_)
        for theme, name in enumerate(history.themes):
            inside = kept & (history.theme == theme)
            if name in number_of and inside.any() and (history.reason[inside] == reason).mean() >= OWN:
                unlike[number_of[name]] = False
        own = places[rows]
        _, first = np.unique(said.words[own], return_index=True)
        told = Told(said.vectors[own][first], said.words[own][first], history.language[rows][first])
        without = said.take(np.sort(places[kept & (history.reason != reason)]))
        found.append((told, without, unlike))
    for new, begin in _times([told for told, _, _ in found], said, random):
        told, without, unlike = next(one for one in found if one[0] is new)
        yield Draw("own", without, centres[unlike], floors[unlike], told, begin)


def _strange(predictor: OnnxPredictor, space: ThemeSpace, data: Path | None) -> dict[str, Told]:
    """A bank's reasons, in the languages that there are contacts in; of two scripts only one."""
    texts: dict[str, dict[int, tuple[str, str]]] = defaultdict(dict)
    for form, reason, text in bank_contacts():
        mark = int(fingerprints([text])[0])  # the same in both scripts: half of the Serbian ones are Latin
        if mark not in texts[reason] or mark % 2:
            texts[reason][mark] = (form, text)
    english: dict[str, int] = defaultdict(int)
    for row in banking(data) if data else ():
        (reason,) = row.labels[TaskName.REASON]  # type: ignore[misc,str-unpack]
        if row.split == Split.TRAIN and reason in texts and english[reason] < ENGLISH:
            english[reason] += 1
            texts[reason][int(fingerprints([row.text])[0])] = ("en", row.text)
    found = {}
    for reason, told in sorted(texts.items()):
        forms, words = zip(*told.values(), strict=True)
        groups = [form if "-" in form else f"{form}-Latn" for form in forms]
        vectors = space.apply(predictor.predict(list(words)).embeddings, groups)
        found[reason] = Told(vectors, fingerprints(words), np.array([form[:2] for form in forms]))
    return found
