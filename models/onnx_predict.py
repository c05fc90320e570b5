"""Texts to probabilities and vectors with ONNX Runtime, on one thread. Nothing here needs torch."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime
from tokenizers import Tokenizer

from voc.models.calibration import IDENTITY, calibrated
from voc.models.exported import ENCODER, SCALES, SEGMENTS, WHOLE, WORDS, Exported
from voc.models.facts import Facts
from voc.models.predictions import Passages, Predictions
from voc.models.reading import NO_SEGMENT, Rows, Segmented, length_batches
from voc.models.tasks import Floats, Task
from voc.models.turns import BY_TURN, Turns

CALL_TOKENS = 256
"""Tokens in one call: more leave the processor's cache, fewer leave its cores idle between calls."""
_SLOWER = ["SkipLayerNormFusion"]
"""Of ONNX Runtime's rewritings of a graph: sum and norm in one step take several times as long as one by one."""
PARCEL_TOKENS = 4096
"""Segments that go to a reader together have about so many tokens: enough that their lengths can be matched."""
_HEADS_AT_ONCE = 512  # contacts whose segments' vectors are laid out side by side
_NOTHING = np.float32(-1e4)  # below every logit, as in the classifier


@dataclass(frozen=True)
class Vectors:
    """Of segments: mean token vectors (segments, width), not of unit length, and numbers of tokens (segments,)."""

    vectors: Floats
    tokens: npt.NDArray[np.int64]


Ids = npt.NDArray[np.int32]


class OnnxTokenizer:
    """Segments to token ids, as the model was trained with them. It takes more memory than all the rest of a reader."""

    def __init__(self, exported: Exported) -> None:
        self._prefix = exported.facts.prefix
        self._tokenizer = Tokenizer.from_file(str(exported.tokenizer))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(exported.facts.max_tokens)

    def ids(self, segments: Sequence[str]) -> list[Ids]:
        """Token ids of each segment, (tokens,), cut at the model's `max_tokens`."""
        encodings = self._tokenizer.encode_batch_fast([self._prefix + segment for segment in segments])
        return [np.asarray(encoding.ids, dtype=np.int32) for encoding in encodings]


class OnnxEncoder:
    """Token ids to vectors: one session on one thread, calls of segments of nearly equal length."""

    def __init__(self, exported: Exported) -> None:
        self._words = _mapped(exported.graphs / WORDS)
        scales = exported.graphs / SCALES
        self._scales = _mapped(scales) if scales.is_file() else None
        self._session = _session(exported.graphs / ENCODER)
        self._width = int(self._session.get_outputs()[0].shape[1])

    def read(self, ids: Sequence[Ids]) -> Vectors:
        """Vectors of segments, in their order.

        With int8 they depend a little on what is read along with them: the same parcel gives the same vectors.
        """
        lengths = np.asarray([len(row) for row in ids], dtype=np.int64)
        vectors = np.empty((len(ids), self._width), dtype=np.float32)
        for rows in length_batches(lengths.tolist(), CALL_TOKENS):
            mask = np.arange(lengths[rows].max()) < lengths[rows, None]
            embedded = np.zeros((*mask.shape, self._words.shape[1]), dtype=np.float32)
            embedded[mask] = self._embed(np.concatenate([ids[row] for row in rows]))
            feed = {"embedded": embedded, "mask": mask.astype(np.int64)}
            (vectors[rows],) = self._session.run(["vectors"], feed)
        return Vectors(vectors, lengths)

    def _embed(self, ids: Ids) -> Floats:
        found = self._words[ids].astype(np.float32)
        return found if self._scales is None else found * self._scales[ids, None]


class OnnxHeads:
    """Vectors of segments to what the model says about the contacts that consist of them."""

    def __init__(self, exported: Exported) -> None:
        self.facts: Facts = exported.facts
        self._whole = _session(exported.graphs / WHOLE)
        self._segments = _session(exported.graphs / SEGMENTS)

    @property
    def width(self) -> int:
        """Width of the vectors."""
        return int(self._whole.get_inputs()[0].shape[1])

    def predict(self, read: Segmented, found: Vectors, languages: Sequence[str] | None = None) -> Predictions:
        """Predictions for the contacts that were cut into the segments of `read`, whose vectors were `found`."""
        tasks, turns = self.facts.tasks, Turns.of(read)
        asked = [task for task in tasks if task.name in BY_TURN]
        vectors = _unit(found.vectors)
        said = self._logits(self._segments, vectors, tasks)
        embeddings, logits, spoken = self._heard(tasks, read.rows, found, said)
        _, by_turn, _ = self._heard(asked, turns.rows, found, said)
        calibration = self.facts.decisions.calibration
        scalings = {task.name: calibration.get(task.name, IDENTITY) for task in tasks}
        return Predictions(
            {task.name: calibrated(task, logits[task.name], scalings[task.name], languages) for task in tasks},
            embeddings,
            logits,
            spoken,
            {
                task.name: turns.probabilities(task, by_turn[task.name], scalings[task.name], languages, len(read.rows))
                for task in asked
            },
            Passages(read.rows, vectors),
        )

    def _heard(
        self, tasks: Sequence[Task], rows: Rows, found: Vectors, said: Mapping[str, Floats]
    ) -> tuple[Floats, dict[str, Floats], dict[str, npt.NDArray[np.int64]]]:
        """Of contacts, or turns, with these `rows` of segments: vectors of the whole, and by task the logits and the
        segment that speaks most for each output."""
        vectors: list[Floats] = []
        logits: dict[str, list[Floats]] = {task.name: [] for task in tasks}
        spoken: dict[str, list[npt.NDArray[np.int64]]] = {task.name: [] for task in tasks}
        for part in _parts(rows):  # the heads too: what they work out on the way is several times what they say
            vectors.append(_wholes(part, found))
            for name, own in self._logits(self._whole, vectors[-1], tasks).items():
                places, values = _loudest(part, said[name])
                logits[name].append(own + values)
                spoken[name].append(places)
        return (
            _joined(vectors, found.vectors.shape[1], np.float32),
            {task.name: _joined(logits[task.name], task.outputs, np.float32) for task in tasks},
            {task.name: _joined(spoken[task.name], task.outputs, np.int64) for task in tasks},
        )

    def _logits(
        self, session: onnxruntime.InferenceSession, vectors: Floats, tasks: Sequence[Task]
    ) -> dict[str, Floats]:
        if len(vectors) == 0 or not tasks:
            return {task.name: np.empty((0, task.outputs), np.float32) for task in tasks}
        names = [task.name for task in tasks]
        return dict(zip(names, session.run(names, {"vectors": vectors}, _only_asked()), strict=True))


class OnnxPredictor:
    """Scores texts with an exported model in this process: what models.predict.Predictor does with torch."""

    def __init__(self, exported: Exported) -> None:
        self.tokenizer = OnnxTokenizer(exported)
        self.encoder = OnnxEncoder(exported)
        self.heads = OnnxHeads(exported)

    def predict(self, texts: Sequence[str], languages: Sequence[str] | None = None) -> Predictions:
        """Probabilities and vectors of `texts`, in their order; calibrated by language where that is given."""
        read = Segmented.of(texts)
        ids = self.tokenizer.ids(read.unique)
        found = gathered(
            ((rows, self.encoder.read([ids[row] for row in rows])) for rows in parcels([len(row) for row in ids])),
            len(read.unique),
            self.heads.width,
        )
        return self.heads.predict(read, found, languages)


def parcels(lengths: Sequence[int]) -> list[list[int]]:
    """Rows of segments of these many tokens that go to a reader together: similar lengths, the longest first.

    What a parcel holds depends on the segments alone, never on who reads it, so that results don't either.
    """
    found: list[list[int]] = []
    room = 0
    for row in sorted(range(len(lengths)), key=lambda row: (-lengths[row], row)):
        if room <= 0:
            found.append([])
            room = PARCEL_TOKENS
        found[-1].append(row)
        room -= lengths[row]
    return found


def gathered(parts: Iterable[tuple[Sequence[int], Vectors]], count: int, width: int) -> Vectors:
    """Vectors of `count` segments out of those of parcels, each with its rows."""
    whole = Vectors(np.empty((count, width), np.float32), np.empty(count, np.int64))
    for rows, part in parts:
        whole.vectors[rows], whole.tokens[rows] = part.vectors, part.tokens
    return whole


def _wholes(rows: Rows, found: Vectors) -> Floats:
    """Vectors of whole contacts, of unit length: the mean over the segments, by their tokens."""
    present, places = rows != NO_SEGMENT, rows.clip(min=0)
    weights = (found.tokens[places] * present).astype(np.float32)
    total = np.einsum("cs,csw->cw", weights, found.vectors[places])
    return _unit(total / weights.sum(axis=1, keepdims=True).clip(min=1))


def _loudest(rows: Rows, said: Floats) -> tuple[npt.NDArray[np.int64], Floats]:
    """For each contact and output the segment that speaks for it most, and its logit."""
    spoken = np.where((rows != NO_SEGMENT)[..., None], said[rows.clip(min=0)], _NOTHING)
    return spoken.argmax(axis=1), spoken.max(axis=1)


def _parts(rows: Rows) -> list[Rows]:
    """Rows of some contacts at a time, without the columns that none of them fills."""
    parts = [rows[begin : begin + _HEADS_AT_ONCE] for begin in range(0, len(rows), _HEADS_AT_ONCE)]
    return [part[:, : int((part != NO_SEGMENT).sum(axis=1).max())] for part in parts]


def _joined(parts: Sequence[np.ndarray], width: int, kind: type[np.generic]) -> np.ndarray:
    return np.concatenate(parts) if parts else np.empty((0, width), kind)


def _unit(vectors: Floats) -> Floats:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True).clip(min=1e-12), dtype=np.float32)


def _mapped(path: Path) -> np.ndarray:
    found: np.ndarray = np.load(path, mmap_mode="r", allow_pickle=False)
    return found


def _only_asked() -> onnxruntime.RunOptions:
    """Of a graph with a head for each task, none is computed that was not asked for."""
    options = onnxruntime.RunOptions()
    options.only_execute_path_to_fetches = True
    return options


def _session(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(
        str(path), options, providers=["CPUExecutionProvider"], disabled_optimizers=_SLOWER
    )
