"""Nearest reason by the mean of a few texts: what is left to learn with where there are hardly any examples.

Vectors of most encoders lie in a narrow cone, in which even unrelated texts are alike and texts of one language more
alike than those of one subject. So they are first centred on unlabelled texts, partly whitened by their covariance,
and the directions in which the languages differ are taken out. A reason is then the mean direction of its texts
(prototypical networks, Snell et al. 2017, with the encoder as it is), and a contact belongs where it points.

All of it is linear, so that the classifier's ordinary heads can hold it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from voc.labels import Language
from voc.models.classifier import Classifier, Pooled
from voc.models.tasks import Task
from voc.models.whitening import Vectors, whitener

Rows = npt.NDArray[np.int64]

SHRINKAGE = 0.9
"""Share of the covariance that is taken as equal in all directions. Chosen on dev among 0.02 to 0.95."""
LEAST_TEXTS = 20
"""A language with fewer unlabelled vectors does not say where it differs."""
_NEVER = -50.0
_ABOVE_ZERO = 8.0  # here GELU gives back what it gets, to the sixth digit or better; coordinates are below one


@dataclass(frozen=True)
class Read:
    """Texts as the encoder reads them, unit vectors: whole (texts, width), segments (segments, width) and the text of
    each segment (segments,)."""

    whole: Vectors
    segments: Vectors
    owners: Rows

    @classmethod
    def of(cls, parts: Iterable[Pooled]) -> "Read":
        """Out of what a Predictor pools."""
        whole, segments, owners, count = [], [], [], 0
        for pooled in parts:
            present = pooled.present.cpu().numpy()
            whole.append(pooled.whole.double().cpu().numpy())
            segments.append(pooled.segments.double().cpu().numpy()[present])
            owners.append(np.nonzero(present)[0] + count)
            count += len(present)
        return cls(np.concatenate(whole), np.concatenate(segments), np.concatenate(owners))


@dataclass(frozen=True)
class Space:
    """Where directions mean subjects: (vectors - centre) @ turn."""

    centre: Vectors
    turn: Vectors

    @classmethod
    def of(cls, vectors: Vectors, languages: Sequence[str]) -> "Space":
        """Learnt from unlabelled vectors (rows, width), each with its language (Serbian with its script)."""
        centre = vectors.mean(axis=0)
        apart = vectors - centre
        turn = whitener(apart.T @ apart / len(vectors), SHRINKAGE)
        names = np.asarray(languages)
        means = [
            apart[names == name].mean(axis=0)
            for name in sorted(set(languages) - {Language.OTHER, Language.HBS})
            if (names == name).sum() >= LEAST_TEXTS
        ]
        if len(means) > 1:
            between = (np.stack(means) - np.mean(means, axis=0)) @ turn
            _, sizes, away = np.linalg.svd(between, full_matrices=False)
            away = away[sizes > 1e-9 * sizes[0]]
            turn = turn - turn @ away.T @ away
        turn /= np.linalg.norm(apart @ turn, axis=1).mean() + 1e-12  # vectors are about as long as a unit
        return cls(centre, turn)

    def __call__(self, vectors: Vectors) -> Vectors:
        """Vectors (rows, width) into the space."""
        return (vectors - self.centre) @ self.turn


@dataclass(frozen=True)
class Background:
    """The spaces of whole texts and of segments."""

    whole: Space
    segments: Space

    @classmethod
    def of(cls, read: Read, languages: Sequence[str]) -> "Background":
        """Learnt from unlabelled texts."""
        names = np.asarray(languages)
        return cls(Space.of(read.whole, languages), Space.of(read.segments, names[read.owners].tolist()))


def set_heads(classifier: Classifier, task: Task, read: Read, labels: Rows, background: Background) -> None:
    """Let the heads of `task` say, for each label, how far a vector points to the mean of the label's texts.

    `labels` (texts,) are places among the task's labels; a label without texts is never said.
    """
    segment_labels = labels[read.owners]
    _set_head(
        classifier.whole_heads[task.name], classifier.whole_scale, background.whole,
        _unit(_sums(_unit(background.whole(read.whole)), labels, task.outputs)),
    )  # fmt: skip
    _set_head(
        classifier.segment_heads[task.name], classifier.segment_scale, background.segments,
        _unit(_sums(_unit(background.segments(read.segments)), segment_labels, task.outputs)),
    )  # fmt: skip


def left_out_logits(task: Task, read: Read, labels: Rows, background: Background) -> npt.NDArray[np.float32]:
    """(texts, labels) logits, each text judged by means that it is no part of.

    The only text of a label is judged with itself: there is nothing else to know the label by.
    """
    whole, segments = background.whole(read.whole), background.segments(read.segments)
    whole_sums = _sums(_unit(whole), labels, task.outputs)
    segment_sums = _sums(_unit(segments), labels[read.owners], task.outputs)
    whole_means, segment_means = _unit(whole_sums), _unit(segment_sums)
    found = np.empty((len(labels), task.outputs), dtype=np.float32)
    counts = np.bincount(labels, minlength=task.outputs)
    for text, label in enumerate(labels):
        own = segments[read.owners == text]
        spoken = (own @ segment_means.T).max(axis=0)
        found[text] = whole[text] @ whole_means.T + spoken
        if counts[label] > 1:
            others = whole_sums[label] - _unit(whole[text])
            other_segments = segment_sums[label] - _unit(own).sum(axis=0)
            found[text, label] = whole[text] @ _unit(others) + (own @ _unit(other_segments)).max()
    return found


def _sums(vectors: Vectors, labels: Rows, count: int) -> Vectors:
    """(labels, width); zero for a label without vectors."""
    sums = np.zeros((count, vectors.shape[1]))
    np.add.at(sums, labels, vectors)
    return sums


def _unit(vectors: Vectors) -> Vectors:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12))


def _set_head(head: torch.nn.Module, scale: torch.nn.Module, space: Space, means: Vectors) -> None:
    """A head is two layers with a GELU between. The first turns its input, which the scale has standardised, into the
    space and far enough above zero that GELU changes nothing; the second compares with the means."""
    first, second = (layer for layer in head.children() if isinstance(layer, torch.nn.Linear))
    centre, turn = (np.asarray(values.cpu(), dtype=np.float64) for values in (scale.centre, scale.turn))
    with torch.no_grad():
        first.weight.copy_(torch.from_numpy(np.linalg.solve(turn, space.turn).T))
        first.bias.copy_(torch.from_numpy(((centre - space.centre) @ space.turn) + _ABOVE_ZERO))
        second.weight.copy_(torch.from_numpy(means))
        nowhere = np.where(np.abs(means).sum(axis=1) > 0, 0.0, _NEVER)
        second.bias.copy_(torch.from_numpy(nowhere - _ABOVE_ZERO * means.sum(axis=1)))
