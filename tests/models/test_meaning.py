"""The space of searches by meaning: languages come together, and a byte a number loses next to nothing."""

import numpy as np
import pytest

from voc.models.meaning import COMPONENTS, LEAST_OF_LANGUAGE, STEPS, MeaningSpace, Moments
from voc.models.tasks import Floats
from voc.models.theme_space import unit

WIDTH = 160
FORMS = ("hr", "sl", "en")


def said(rows: int, seed: int = 0) -> tuple[Floats, list[str], Floats]:
    """Vectors of what was said (rows, width), the language of each, and what was meant: each language in a corner."""
    random = np.random.default_rng(seed)
    corners = 3 * random.normal(size=(len(FORMS), WIDTH))
    meant = random.normal(size=(rows, WIDTH)) * np.linspace(2, 0.2, WIDTH)
    place = np.arange(rows) % len(FORMS)
    return (meant + corners[place]).astype(np.float32), [FORMS[each] for each in place], meant.astype(np.float32)


def space_of(vectors: Floats, forms: list[str], parts: int = 1) -> MeaningSpace:
    moments = Moments(vectors.shape[1])
    for rows in np.array_split(np.arange(len(vectors)), parts):
        moments.add(vectors[rows], [forms[row] for row in rows])
    return MeaningSpace.of(moments)


def test_a_language_has_no_direction() -> None:
    vectors, forms, _ = said(600)
    placed = (vectors - vectors.mean(axis=0)) @ space_of(vectors, forms).directions.T
    names = np.asarray(forms)
    middles = np.stack([placed[names == form].mean(axis=0) for form in FORMS])
    assert np.linalg.norm(middles, axis=1).max() < 1e-3
    assert np.linalg.norm(placed, axis=1).min() > 1


def test_a_few_contacts_say_nothing_about_their_language() -> None:
    vectors, forms, _ = said(600)
    few = np.random.default_rng(1).normal(size=(LEAST_OF_LANGUAGE, WIDTH)).astype(np.float32) + 5
    moments = Moments(WIDTH)
    moments.add(vectors, forms)
    moments.add(few[1:], ["sr"] * (LEAST_OF_LANGUAGE - 1))
    assert len(moments.languages) == len(FORMS) - 1
    moments.add(few[:1], ["sr"])
    assert len(moments.languages) == len(FORMS)


def test_the_nearest_is_what_means_the_same_in_another_language() -> None:
    vectors, forms, meant = said(600)
    space = space_of(vectors, forms)
    shifted = vectors[:30] - meant[:30] + meant[1:31]  # the next contact's meaning, in this one's language
    cosines = space.codes(shifted).astype(int) @ space.codes(vectors).astype(int).T
    assert (cosines.argmax(axis=1) == np.arange(1, 31)).all()
    raw = (unit(shifted) @ unit(vectors).T).argmax(axis=1)
    assert (raw != np.arange(1, 31)).mean() > 0.5


def test_codes_are_cosines_to_little_more_than_a_hundredth() -> None:
    vectors, forms, _ = said(600)
    space = space_of(vectors, forms)
    codes = space.codes(vectors)
    assert codes.dtype == np.int8 and codes.shape == (600, COMPONENTS)
    exact = unit((vectors - space.mean) @ space.directions.T)
    assert np.abs(codes / STEPS @ exact[:50].T - exact @ exact[:50].T).max() < 0.015


def test_parts_give_the_same_space_as_the_whole() -> None:
    vectors, forms, _ = said(600)
    whole, parts = space_of(vectors, forms), space_of(vectors, forms, parts=7)
    turned = np.abs(whole.directions @ parts.directions.T)
    assert np.allclose(turned, np.eye(COMPONENTS), atol=1e-3)
    assert np.allclose(whole.mean, parts.mean, atol=1e-5)


@pytest.mark.parametrize("rows", [1, 2, 5, LEAST_OF_LANGUAGE])
def test_few_contacts_are_a_space_too(rows: int) -> None:
    vectors, forms, _ = said(rows)
    space = space_of(vectors, forms)
    assert np.isfinite(space.directions).all()
    assert space.codes(vectors).shape == (rows, COMPONENTS)


def test_a_narrow_model_keeps_what_it_has() -> None:
    vectors, forms, _ = said(600)
    assert space_of(vectors[:, :8], forms).directions.shape == (8 - len(FORMS) + 1, 8)
