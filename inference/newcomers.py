"""Themes in their first days: places where contacts of the last days are dense and those of the weeks before are not.

A refit needs dozens of contacts to see a theme, comes once a week, and until then what is new is put to the nearest
theme that is known. So each day every contact of the last days is taken for the middle of something new, and counted:
the customers of these days near it, and the contacts of the eight weeks before. If nothing were new, each contact near
it would be one of the last days' as probably as any other contact is. (A spatial scan statistic, Kulldorff 1997, whose
windows are balls in the theme space; the place of each ball is moved to where its contacts are, Cheng 1995.)
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.sparse import csr_array
from scipy.stats import binom

from voc.data.columns import day_groups, vectors_of
from voc.data.lake import Lake
from voc.data.text import contact_text, fingerprints
from voc.models.tasks import Floats
from voc.models.theme_space import ThemeSpace, unit
from voc.models.themes import Ints

WINDOWS = (3, 7)
"""Days that are looked at together: a theme that comes suddenly is plain in three, a slow one in seven."""
BEFORE = 56
"""Days before them that they are compared with."""
LEAST_BEFORE = 21
"""Of which so many have to be known: else everything is new."""
CUSTOMERS = 5
"""A new theme needs so many customers in its window."""
LIFT = 4.0
"""And so many times the contacts that the weeks before had there: less is a known theme that grows."""
BY_CHANCE = 5e-3
"""Probability that a day gives a new theme by chance, over all places and windows: 0.15 a month."""
COVERED = 0.6
"""A place at this cosine of a known theme's centre or nearer is that theme. Contacts there are its rise, not news."""
LOOK_BACK = 120
"""Days that are looked at where nobody has looked before."""
INSIDE = 0.5
"""Cosine to a place from which on contacts are counted in it. Of what was said before a new theme was there, only this
is taken for it: what is farther away was something else."""
_NEAR = 0.45  # cosine of contacts that move a place
_MOVES = 2  # of a place to where its contacts are
_FLOOR = 0.5  # share of the cosine that the theme's contacts have in the middle
_SHARED = 0.3  # a place with a larger share of its contacts in one before it is that one
_PLACED = 0.5  # share of a theme's contacts: a language that is new to the space is dense by being that language
_PLACES = 1024  # that are tried together
_BATCH = 20_000  # contacts that are read together, in whole days

# All of it was chosen by `voc bench themes --suite newcomers`, on its strange reasons.

_DAYS = "SELECT day, count(*) AS contacts FROM scores WHERE model_version = $version AND day >= $since GROUP BY day"
_SPOKEN = """
    WITH chosen AS (
        SELECT contact_id, day FROM scores
        WHERE model_version = $version AND day BETWEEN $first AND $last
        QUALIFY row_number() OVER (PARTITION BY day ORDER BY md5(contact_id), contact_id) <= $each
    )
    SELECT contact_id, contacts.day, customer_id, turns, embedding, language || '-' || script AS form
    FROM chosen JOIN scores USING (contact_id) JOIN contacts USING (contact_id)
    WHERE model_version = $version AND scores.day BETWEEN $first AND $last AND contacts.day BETWEEN $first AND $last
    ORDER BY contacts.day, contact_id
"""


@dataclass(frozen=True)
class Spoken:
    """Contacts, in order of days; arrays are (contacts,), `vectors` (contacts, width) in the theme space.

    `day` counts from `first_day`; `words` are fingerprints of what the customer said; `placed` says where the space
    knows the contact's language.
    """

    first_day: date
    contact_ids: npt.NDArray[np.object_]
    day: Ints
    customers: npt.NDArray[np.object_]
    words: npt.NDArray[np.uint64]
    placed: npt.NDArray[np.bool_]
    vectors: Floats

    def take(self, rows: Ints) -> "Spoken":
        """These of them."""
        return Spoken(
            self.first_day, self.contact_ids[rows], self.day[rows], self.customers[rows], self.words[rows],
            self.placed[rows], self.vectors[rows],
        )  # fmt: skip

    def between(self, first: int, last: int) -> Ints:
        """Rows of these days, the last one too; one of each wording."""
        rows = np.arange(*np.searchsorted(self.day, (first, last + 1)))
        return np.sort(rows[np.unique(self.words[rows], return_index=True)[1]])


@dataclass(frozen=True)
class Newcomer:
    """A theme that nobody knew: its centre (width,) of unit length and floor as in Themes, the day `since` when it may
    have been there, and the contacts that made it plain."""

    since: date
    centroid: Floats
    floor: float
    contact_ids: tuple[str, ...]


@dataclass(frozen=True)
class _Place:
    """One place that was tried: the logarithm of how probable so many customers are there, its centre (width,), and
    the days that were looked at together."""

    chance: float
    centre: Floats
    window: int


def spoken(lake: Lake, space: ThemeSpace, version: str, since: date, each: int) -> Spoken:
    """What was said from a day on, of every day at most `each` contacts by a hash of their ids."""
    days = {row["day"]: row["contacts"] for row in lake.query(_DAYS, {"version": version, "since": since}).to_pylist()}
    parts = [
        (batch.drop_columns(["turns", "embedding"]), _words(batch), _vectors(space, batch))
        for first, last in day_groups(days, _BATCH)
        for batch in [lake.query(_SPOKEN, {"version": version, "first": first, "last": last, "each": each})]
    ]
    table = pa.concat_tables([table for table, _, _ in parts])
    forms = space.centres.groups or set(table["form"].to_pylist())
    numbers = np.array([(day - since).days for day in table["day"].to_pylist()], dtype=np.int64)
    return Spoken(
        since,
        np.array(table["contact_id"].to_pylist(), dtype=object),
        numbers,
        np.array(table["customer_id"].to_pylist(), dtype=object),
        np.concatenate([words for _, words, _ in parts]),
        np.array([form in forms for form in table["form"].to_pylist()]),
        np.concatenate([vectors for _, _, vectors in parts]),
    )


def newcomers(said: Spoken, known: Floats, days: Sequence[date]) -> Iterator[Newcomer]:
    """New themes on each of these days, in their order: none near a centre of `known` (themes, width), or one found
    before."""
    for today in days:
        day = (today - said.first_day).days
        recent = {window: said.between(day - window + 1, day) for window in WINDOWS}
        tried = [place for window, rows in recent.items() for place in _of_window(said, rows, day, window)]
        taken: list[Ints] = []
        for place in sorted(tried, key=lambda one: (one.chance, one.centre.tolist())):
            rows = recent[place.window]
            rows = rows[said.vectors[rows] @ place.centre >= INSIDE]
            # What is new is found from each of its contacts, and what a known theme covers has outskirts.
            if any(np.isin(rows, other).mean() > _SHARED for other in taken):
                continue
            taken.append(rows)
            centroid = unit(said.vectors[rows].mean(axis=0))
            if (known @ centroid >= COVERED).any() or said.placed[rows].mean() < _PLACED:
                continue
            known = np.vstack([known, centroid])
            floor = float(_FLOOR * np.median(said.vectors[rows] @ centroid))
            since = today - timedelta(days=max(WINDOWS) - 1)
            yield Newcomer(since, centroid, floor, tuple(said.contact_ids[rows].tolist()))


def days_to_look(last: date, until: date | None) -> list[date]:
    """The days since `until` (None: nobody has looked yet) up to the `last` one with contacts, and that one anyway:
    contacts may have come late."""
    begin = max(until + timedelta(days=1) if until else date.min, last - timedelta(days=LOOK_BACK - 1))
    return [begin + timedelta(days=number) for number in range((last - begin).days)] + [last]


def first_needed(days: Sequence[date]) -> date:
    """The first day whose contacts matter where one looks at these days."""
    return days[0] - timedelta(days=max(WINDOWS) + BEFORE)


def _of_window(said: Spoken, rows: Ints, day: int, window: int) -> Iterator[_Place]:
    earlier = said.between(day - window + 1 - BEFORE, day - window)
    known_days = day - window + 1 - int(said.day[earlier[0]]) if len(earlier) else 0
    if known_days < LEAST_BEFORE or len(rows) < CUSTOMERS:
        return
    recent, before = said.vectors[rows], said.vectors[earlier]
    names, who = np.unique(said.customers[rows], return_inverse=True)
    of_customer = csr_array((np.ones(len(rows)), (np.arange(len(rows)), who)), shape=(len(rows), len(names)))
    share, enough = len(rows) / (len(rows) + len(earlier)), np.log(BY_CHANCE / (len(rows) * len(WINDOWS)))
    for first in range(0, len(rows), _PLACES):
        places = recent[first : first + _PLACES]
        for _ in range(_MOVES):
            places = unit((places @ recent.T >= _NEAR).astype(np.float32) @ recent)
        inside = places @ recent.T >= INSIDE
        customers = np.diff((csr_array(inside) @ of_customer).indptr)  # each counts once, however often he wrote
        worth = np.flatnonzero(customers >= CUSTOMERS)
        there = (places[worth] @ before.T >= INSIDE).sum(axis=1)
        lift = customers[worth] / len(rows) / ((there + 0.5) / len(earlier))
        # One customer chose the place; the others could have been anywhere.
        chance = binom.logsf(customers[worth] - 2, customers[worth] - 1 + there, share)
        for number in np.flatnonzero((lift >= LIFT) & (chance <= enough)):
            yield _Place(float(chance[number]), places[worth[number]], window)


def _words(batch: pa.Table) -> npt.NDArray[np.uint64]:
    return fingerprints(contact_text(turns) for turns in batch["turns"].to_pylist())


def _vectors(space: ThemeSpace, batch: pa.Table) -> Floats:
    return space.apply(vectors_of(batch["embedding"]), batch["form"].to_pylist())
