"""Every contact's themes: that of the whole contact or, where it tells several reasons, of each passage that does."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from voc.data.columns import day_groups, vectors_of
from voc.data.contracts import EVIDENCE, OTHER_THEME, THEME_ASSIGNMENTS
from voc.data.lake import Lake
from voc.data.text import contact_text, fingerprints, said_in
from voc.inference.lineage import KnownTheme
from voc.inference.newcomers import INSIDE
from voc.inference.theme_edits import Edits, Split
from voc.models.tasks import Floats
from voc.models.theme_space import ThemeSpace
from voc.models.themes import Ints, assign

Words = npt.NDArray[np.uint64]

_BATCH = 20_000  # contacts that are assigned together, in whole days
_DAYS = "SELECT day, count(*) AS contacts FROM scores WHERE model_version = $version GROUP BY day"
_SPAN = """
    SELECT contact_id, scores.day, turns, embedding, mentions, language || '-' || script AS form
    FROM scores JOIN contacts USING (contact_id)
    WHERE model_version = $version AND scores.day BETWEEN $first AND $last AND contacts.day BETWEEN $first AND $last
    ORDER BY scores.day, contact_id
"""
_SURE = 2.0  # above every cosine


@dataclass(frozen=True)
class Standing:
    """Themes as they stand: with their centres, where each one's contacts go (None: to no theme), what people split."""

    themes: tuple[KnownTheme, ...]
    goes_to: Mapping[str, str | None]
    splits: tuple[Split, ...]

    @classmethod
    def of(cls, known: Sequence[KnownTheme], edits: Edits) -> "Standing":
        """With what people decided."""
        ids = {theme.theme_id for theme in known}
        splits = tuple(split for split in edits.splits if split.new_theme_id in ids)
        return cls(tuple(known), {theme: _goes_to(theme, known, edits) for theme in ids}, splits)

    @property
    def ids(self) -> list[str]:
        """Ids in the order of the themes."""
        return [theme.theme_id for theme in self.themes]

    @cached_property
    def centroids(self) -> Floats:
        """(themes, width)."""
        found = [theme.centroid for theme in self.themes]
        return np.asarray(np.stack(found) if found else np.zeros((0, 0)), dtype=np.float32)

    @cached_property
    def floors(self) -> Floats:
        """(themes,) least cosines to the centroids."""
        return np.array([theme.floor for theme in self.themes], dtype=np.float32)


@dataclass(frozen=True)
class _Said:
    """What is given a theme: contacts and, after the contacts of its batch, passages of those with several reasons.

    `contact` is the place of the contact, `evidence` where the passage stands, null of a whole contact; `words` are
    fingerprints, `theme` places among the themes, -1 for none.
    """

    contact: Ints
    words: Words
    theme: Ints
    similarity: Floats
    evidence: pa.Array

    @classmethod
    def joined(cls, parts: Sequence["_Said"]) -> "_Said":
        """Of several batches."""
        return cls(
            np.concatenate([part.contact for part in parts]),
            np.concatenate([part.words for part in parts]),
            np.concatenate([part.theme for part in parts]),
            np.concatenate([part.similarity for part in parts]),
            pa.concat_arrays([part.evidence for part in parts]),
        )

    @property
    def whole(self) -> npt.NDArray[np.bool_]:
        """Which rows are whole contacts."""
        return np.asarray(self.evidence.is_null().to_numpy(zero_copy_only=False), dtype=np.bool_)


def assign_all(lake: Lake, standing: Standing, space: ThemeSpace, version: str) -> pa.Table:
    """The table theme_assignments. What customers say in the same words is in the same theme, a contact or a passage.

    A contact with several reasons has the themes of the passages that carry them, that of its most probable reason
    first; where none of them is in a theme, it is looked at as a whole like any other.
    """
    contacts, parts, first = [], [], 0
    for batch in _batches(lake, version):
        contacts.append(batch.select(["contact_id", "day"]))
        parts.append(_said(batch, standing, space, first))
        first += batch.num_rows
    table, said = pa.concat_tables(contacts), _Said.joined(parts)
    found, surety, named = said.theme.copy(), said.similarity.copy(), np.zeros(len(said.theme), dtype=np.bool_)
    for split in standing.splits:
        # What a person took out of a theme is out of it, and what says the same words is too.
        theme = standing.ids.index(split.new_theme_id)
        places = pc.index_in(pa.array(split.contact_ids, pa.string()), value_set=table["contact_id"]).drop_null()
        rows = np.isin(said.contact, places.to_numpy())
        parent = standing.ids.index(split.theme_id) if split.theme_id in standing.ids else theme
        rows &= said.whole | (said.theme == parent)
        found[rows], surety[rows], named[rows] = theme, _SURE, True
    found = _same_words_same_theme(said.words, found, surety)
    # Merged themes are one from here on, and a dismissed one is none.
    codes = {name: code for code, name in enumerate(sorted({into for into in standing.goes_to.values() if into}))}
    into = np.array([codes.get(standing.goes_to[theme] or "", -1) for theme in standing.ids] + [-1], dtype=np.int64)
    return _table(table, said, into[found], named, pa.array(codes, pa.string()))


def _said(batch: pa.Table, standing: Standing, space: ThemeSpace, first: int) -> _Said:
    """What the contacts of a batch say, the first of which has the place `first`, with the nearest themes."""
    turns, forms = batch["turns"].to_pylist(), batch["form"].to_pylist()
    mentions = batch["mentions"].combine_chunks()
    passages = mentions.flatten()
    owner = pc.list_parent_indices(mentions).to_numpy().astype(np.int64)
    contact = np.concatenate([np.arange(batch.num_rows), owner])
    texts = [contact_text(spoken) for spoken in turns]
    places = pa.StructArray.from_arrays([passages.field(name) for name in EVIDENCE.names], fields=list(EVIDENCE))
    texts += [said_in(turns[row], place) for row, place in zip(owner.tolist(), places.to_pylist(), strict=True)]
    vectors = space.apply(vectors_of(batch["embedding"]), forms)
    if len(owner):
        of_passages = vectors_of(pa.chunked_array([passages.field("embedding")]))
        vectors = np.concatenate([vectors, space.apply(of_passages, [forms[row] for row in owner])])
    least = _not_before(standing.themes, batch["day"].to_numpy()[contact])
    theme, similarity = assign(vectors, standing.centroids, standing.floors, least)
    evidence = pa.concat_arrays([pa.nulls(batch.num_rows, EVIDENCE), places])
    return _Said(first + contact, fingerprints(texts), theme, similarity, evidence)


def _table(contacts: pa.Table, said: _Said, theme: Ints, named: npt.NDArray[np.bool_], names: pa.Array) -> pa.Table:
    """The table out of the theme of each row, a place among `names` or -1. A row that a person `named` counts whatever
    else the contact speaks of."""
    whole = said.whole
    passed = np.zeros(contacts.num_rows, dtype=np.bool_)
    passed[said.contact[~whole & (theme >= 0)]] = True
    kept = np.flatnonzero(named & (theme >= 0) | (whole & ~passed[said.contact]) | (~whole & (theme >= 0)))
    # Passages come after all whole contacts of their batch, in the order of their reasons' probability.
    kept = kept[np.lexsort((kept, whole[kept], said.contact[kept]))]
    contact, column = said.contact[kept], theme[kept]
    _, once = np.unique(contact * (len(names) + 1) + column + 1, return_index=True)
    once.sort()
    kept, contact, column = kept[once], contact[once], column[once]
    main = np.ones(len(kept), dtype=np.bool_)
    main[1:] = contact[1:] != contact[:-1]
    rows = pa.StructArray.from_arrays(
        [
            names.take(pa.array(column, pa.int64(), mask=column < 0)),
            pa.array(said.similarity[kept], pa.float32()),
            said.evidence.take(pa.array(kept)),
        ],
        fields=list(OTHER_THEME),
    )
    more = np.bincount(contact[~main], minlength=contacts.num_rows)
    begins = pa.array(np.concatenate([[0], np.cumsum(more)]), pa.int32(), mask=np.append(more == 0, False))
    first, others = rows.filter(pa.array(main)), rows.filter(pa.array(~main))
    columns = {field.name: first.field(field.name) for field in OTHER_THEME}
    columns["others"] = pa.ListArray.from_arrays(begins, others)
    columns |= {name: contacts[name] for name in contacts.schema.names}
    return pa.table({name: columns[name] for name in THEME_ASSIGNMENTS.schema.names}, schema=THEME_ASSIGNMENTS.schema)


def _not_before(themes: Sequence[KnownTheme], days: npt.NDArray[np.datetime64]) -> Floats | None:
    """(rows, themes) least cosines: of what is from before a theme was there only what lies in its very middle is its.
    None where no theme has such a day."""
    if all(theme.since is None for theme in themes):
        return None
    since = np.array([theme.since or date.min for theme in themes], dtype="datetime64[D]")
    return np.where(days[:, None].astype("datetime64[D]") < since, np.float32(INSIDE), np.float32(-1.0))


def _batches(lake: Lake, version: str) -> Iterator[pa.Table]:
    """Scored contacts, some days at a time."""
    days = {row["day"]: row["contacts"] for row in lake.query(_DAYS, {"version": version}).to_pylist()}
    for first, last in day_groups(days, _BATCH):
        yield lake.query(_SPAN, {"version": version, "first": first, "last": last})


def _same_words_same_theme(words: npt.NDArray[np.uint64], places: Ints, similarity: Floats) -> Ints:
    """(rows,) themes in which rows of the same words have the theme of the one that is surest; the lower of equals."""
    order = np.lexsort((places, -similarity, words))
    first = np.ones(len(order), dtype=bool)
    first[1:] = words[order][1:] != words[order][:-1]
    chosen = places[order][np.flatnonzero(first)[np.cumsum(first) - 1]]
    themes = np.empty_like(places)
    themes[order] = chosen
    return themes


def _goes_to(theme_id: str, known: Sequence[KnownTheme], edits: Edits) -> str | None:
    """The theme that contacts of this one count for, through all merges; None for one that a person dismissed."""
    into = {theme.theme_id: theme.merged_into for theme in known if theme.merged_into is not None}
    into = {**into, **edits.unsplit, **edits.merged}
    seen: set[str] = set()
    while theme_id in into and theme_id not in seen:
        if theme_id in edits.dismissed:
            return None
        seen.add(theme_id)
        theme_id = into[theme_id]
    return None if theme_id in edits.dismissed else theme_id
