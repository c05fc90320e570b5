"""What is drawn by a contact's id, such as its part of a labelled set: the same on every machine, for ever."""

import hashlib

from voc.labels import Split

_DEV_FROM, _TEST_FROM = 0.7, 0.8


def place_of(key: str, seed: str) -> float:
    """From 0 to 1, as good as at random, by SHA-256 of seed and key (Python's own hash differs by process)."""
    digest = hashlib.sha256(f"{seed}\0{key}".encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64


def split_of(key: str, seed: str = "voc") -> Split:
    """70 % train, 10 % dev, 20 % test, by the key's place."""
    place = place_of(key, seed)
    if place < _DEV_FROM:
        return Split.TRAIN
    return Split.DEV if place < _TEST_FROM else Split.TEST
