"""Verbatims: near, different, of different people."""

import numpy as np

from voc.inference.verbatims import choose_verbatims

CENTRE = np.eye(3, dtype=np.float32)[0]


def unit(rows: list[list[float]]) -> np.ndarray:
    found = np.asarray(rows, dtype=np.float32)
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True))


VECTORS = unit([[1, 0, 0], [1, 0.02, 0], [1, 0.5, 0], [1, 0, 0.5], [0.2, 1, 0]])
PLACES = np.arange(5)
TEXTS = ["router heats", "the router heats", "heats at night", "heats in summer", "something else"]


def test_the_second_says_something_else_than_the_first() -> None:
    people = ["a", "b", "c", "d", "e"]
    first, second = choose_verbatims(PLACES, VECTORS, CENTRE, TEXTS, people, 2)
    assert first == 0
    assert second in (2, 3)  # 1 is nearer but says the same, 4 is another matter


def test_a_customer_speaks_once() -> None:
    assert len(choose_verbatims(PLACES, VECTORS, CENTRE, TEXTS, ["a", "a", "a", "b", "b"], 5)) == 2


def test_the_same_words_are_shown_once_whatever_their_script() -> None:
    texts = ["Рутер се греје", "ruter se greje", "RUTER SE GREJE", "ruter se gréje", "vruće"]
    assert len(choose_verbatims(PLACES, VECTORS, CENTRE, texts, list("abcde"), 5)) == 2


def test_none_of_none() -> None:
    assert choose_verbatims(np.arange(0), VECTORS, CENTRE, TEXTS, list("abcde"), 5) == []
