"""The bench of searches by meaning: a reader that knows all finds all, one that knows nothing does not."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pytest

from voc.experiments.suites import meaning
from voc.experiments.suites.meaning import Texts
from voc.models.tasks import Floats
from voc.models.theme_space import unit

WIDTH = 200
SEED = np.random.default_rng(3)
NOTHING = np.zeros(WIDTH, np.float32)


def drawn(texts: Sequence[str]) -> Floats:
    return unit(SEED.normal(size=(len(texts), WIDTH)).astype(np.float32))


def known(texts: Texts, meant: Mapping[str, Floats]) -> Texts:
    """The same texts as somebody reads them who knows what they are about."""
    vectors = [meant[about[0]] for about in texts.reasons] + 0.1 * drawn(texts.forms)
    return Texts(unit(np.asarray(vectors, dtype=np.float32)), texts.forms, texts.reasons)


@pytest.fixture(scope="module")
def banking() -> Callable[[bool], dict[str, float]]:
    contacts, asked = meaning._banking(drawn), meaning._searches("banking", drawn)
    reasons = sorted({about[0] for about in contacts.reasons})
    meant = dict(zip(reasons, drawn(reasons), strict=True))

    def judged(knows: bool) -> dict[str, float]:
        pair = (known(contacts, meant), known(asked, meant)) if knows else (contacts, asked)
        return meaning._judged("banking", *pair, NOTHING)

    return judged


def test_who_knows_finds_all_and_who_does_not_next_to_nothing(banking: Callable[[bool], dict[str, float]]) -> None:
    knowing, guessing = banking(True), banking(False)
    for way in ("raw", "centred", "app_all_dimensions", "app"):
        assert knowing[f"banking.{way}.precision_10"] > 0.98
        assert guessing[f"banking.{way}.precision_10"] < 0.15
    assert knowing["banking.app.floor_recall"] > 0.98 and knowing["banking.app.floor_precision"] > 0.9


@pytest.mark.parametrize("name", ["banking", "telecom"])
def test_searches_stand_in_every_language_and_both_scripts(name: str) -> None:
    asked = meaning._searches(name, drawn)
    assert len(asked.forms) == 5 * len({about[0] for about in asked.reasons})
    assert set(asked.forms) == {"en", "hr", "sl", "sr-Cyrl", "sr-Latn"}


def test_a_search_is_judged_by_contacts_of_other_languages() -> None:
    contacts = Texts(drawn("abc"), ["hr", "sr-Cyrl", "sr-Latn"], [["x"], ["x"], ["y"]])
    right, other = meaning._wanted(Texts(drawn("a"), ["sr-Latn"], [["x"]]), contacts)
    assert right.tolist() == [[True, True, False]]
    assert other.tolist() == [[True, False, False]]
