"""Does a search find what means the same, in other languages than its own? Of a workspace's model.

Searches are hand-written (`devsets/searches`), for reasons of the hand-written bank contacts and of the demo company.
What is judged is whether a listed contact has that reason, among contacts in any other language than the search's.
"""

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from voc.config import EncoderSettings
from voc.cyrillic import to_latin
from voc.data.columns import form_of, forms_of, vectors_of
from voc.data.workspace import Workspace
from voc.experiments.bench import BenchResult, Progress, machine_context
from voc.experiments.rivals import Frozen
from voc.experiments.suites.transfer import DEVSETS, bank_contacts
from voc.inference.marts_meaning import FLOOR
from voc.inference.meaning import typical
from voc.labels import Language, Script
from voc.models.exported import load_exported
from voc.models.meaning import STEPS, MeaningSpace, Moments
from voc.models.onnx_predict import OnnxPredictor
from voc.models.registry import RunLog
from voc.models.tasks import Floats
from voc.models.theme_space import Centres, unit

FIRST, ALIKE = 10, 20
_CONTACTS = """
SELECT contact_id, language, script, embedding, labels.reasons AS reasons
FROM contacts JOIN scores USING (contact_id) JOIN labels USING (contact_id)
WHERE model_version = $version AND split = 'test' AND len(labels.reasons) > 0 ORDER BY contact_id
"""
Found = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Texts:
    """Vectors (rows, width), the written form of each, and what each is about."""

    vectors: Floats
    forms: Sequence[str]
    reasons: Sequence[Sequence[str]]


def meaning(workspace: Workspace, progress: Progress, run: RunLog) -> BenchResult:
    """Precision among the first ten, mean average precision, what the floor lists and what the few bytes lose.

    `raw`: cosines of the vectors as they are; `centred`: search and contact each measured from the mean of its
    language's contacts; `app`: as the app does it; `untouched`: the raw cosines of the untouched encoder. Raises
    WorkspaceError without a model, ModelFolderError without its export.
    """
    version = workspace.required_model()
    predictor = OnnxPredictor(load_exported(workspace.models / version))

    def read(texts: Sequence[str]) -> Floats:
        return predictor.predict(texts).embeddings

    usual = read(typical(workspace.taxonomy)).mean(axis=0)
    progress("bank contacts", 0.1)
    figures = _judged("banking", _banking(read), _searches("banking", read), usual)
    progress("bank contacts, untouched encoder", 0.3)
    untouched = Frozen(EncoderSettings()).vectors
    contacts, asked = _banking(untouched), _searches("banking", untouched)
    figures |= _quality("banking.untouched", contacts.vectors @ asked.vectors.T, *_wanted(asked, contacts))
    rows, asked = workspace.lake.query(_CONTACTS, {"version": version}), _searches("telecom", read)
    if rows.num_rows and {about[0] for about in asked.reasons} <= set(workspace.taxonomy.reason_ids):
        progress("the workspace's own labelled contacts", 0.8)
        own = Texts(vectors_of(rows["embedding"]), forms_of(rows), rows["reasons"].to_pylist())
        figures |= _judged("own", own, asked, usual)
    run.table("meaning", figures)
    data = "hand-written searches and bank contacts of experiments/devsets; labelled test contacts of the workspace"
    return BenchResult("quality meaning", figures, machine_context() | {"data": data, "model": version, "floor": FLOOR})


def _judged(name: str, contacts: Texts, asked: Texts, usual: Floats) -> dict[str, float]:
    """What each way finds. The space is learnt from these contacts."""
    right, other = _wanted(asked, contacts)
    moments = Moments(contacts.vectors.shape[1])
    moments.add(contacts.vectors, contacts.forms)
    searches = unit(asked.vectors - usual)
    whole = MeaningSpace.of(moments, components=moments.width)
    placed = np.asarray((contacts.vectors - whole.mean) @ whole.directions.T, dtype=np.float32)
    exact = unit(placed) @ (searches @ whole.directions.T).T
    space = MeaningSpace.of(moments)
    app = space.codes(contacts.vectors) / np.float32(STEPS) @ (searches @ space.directions.T).T
    centres = Centres.of(contacts.vectors, contacts.forms, least=30)
    centred = centres.apply(contacts.vectors, contacts.forms) @ centres.apply(asked.vectors, asked.forms).T
    listed = app.T >= FLOOR
    named = (listed & right).sum(axis=1)
    return {
        f"{name}.contacts": float(len(contacts.forms)),
        f"{name}.searches": float(len(asked.forms)),
        **_quality(f"{name}.raw", contacts.vectors @ asked.vectors.T, right, other),
        **_quality(f"{name}.centred", centred, right, other),
        **_quality(f"{name}.app_all_dimensions", exact, right, other),
        **_quality(f"{name}.app", app, right, other),
        f"{name}.app.same_{ALIKE}": float(np.mean([_common(*pair) for pair in zip(exact.T, app.T, strict=True)])),
        f"{name}.app.listed": float(listed.sum(axis=1).mean()),
        f"{name}.app.floor_precision": float((named / listed.sum(axis=1).clip(min=1)).mean()),
        f"{name}.app.floor_recall": float((named / right.sum(axis=1).clip(min=1)).mean()),
    }


def _quality(name: str, cosines: Floats, right: Found, other: Found) -> dict[str, float]:
    """Of (contacts, searches) cosines, among contacts in other languages than the search's."""
    first, means = [], []
    for row in range(len(right)):
        order = np.argsort(-cosines[other[row], row], kind="stable")
        found = right[row][other[row]][order]
        if found.any():
            first.append(found[:FIRST].sum() / min(FIRST, found.sum()))
            means.append((np.cumsum(found) / np.arange(1, len(found) + 1))[found].mean())
    return {f"{name}.precision_{FIRST}": float(np.mean(first)), f"{name}.mean_precision": float(np.mean(means))}


def _common(one: Floats, other: Floats) -> float:
    """Share of the nearest that both ways have."""
    return len(set(np.argsort(-one)[:ALIKE]) & set(np.argsort(-other)[:ALIKE])) / ALIKE


def _wanted(asked: Texts, contacts: Texts) -> tuple[Found, Found]:
    """(searches, contacts): which contacts have the search's reason, and which are in another language than it."""
    right = [[about[0] in reasons for reasons in contacts.reasons] for about in asked.reasons]
    other = [[form[:2] != asking[:2] for form in contacts.forms] for asking in asked.forms]
    return np.array(right), np.array(other)


def _searches(name: str, read: Callable[[Sequence[str]], Floats]) -> Texts:
    rows = tomllib.loads((DEVSETS / "searches" / f"{name}.toml").read_text(encoding="utf-8"))
    found = [
        (reason, form, text)
        for reason, said in rows.items()
        for form, text in (
            *((form_of(language, Script.LATIN), said[language]) for language in ("en", "hr", "sl")),
            (form_of(Language.SERBIAN, Script.CYRILLIC), said["sr"]),
            (form_of(Language.SERBIAN, Script.LATIN), to_latin(said["sr"])),
        )
    ]
    reasons, forms, texts = zip(*found, strict=True)
    return Texts(read(texts), forms, [(reason,) for reason in reasons])


def _banking(read: Callable[[Sequence[str]], Floats]) -> Texts:
    forms, reasons, texts = zip(*bank_contacts(), strict=True)
    return Texts(read(texts), forms, [(reason,) for reason in reasons])
