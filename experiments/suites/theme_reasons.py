"""Do themes say what contacts are about? Of a workspace's labelled contacts, by one reason and by several."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
from sklearn.metrics import normalized_mutual_info_score

from voc.data.contracts import SCORES
from voc.data.workspace import Workspace
from voc.errors import WorkspaceError
from voc.experiments.bench import BenchResult, Progress, machine_context
from voc.experiments.suites.theme_stability import copied
from voc.inference.spoken_themes import spoken_themes
from voc.inference.themes import themes
from voc.models.registry import RunLog

_LABELLED = "SELECT contact_id, list_sort(list_distinct(reasons)) AS reasons FROM labels WHERE len(reasons) > 0"
_SCORES = "SELECT * FROM scores WHERE model_version = $version"
_THEMES = f"SELECT contact_id, list(theme_id) AS themes FROM {spoken_themes()} GROUP BY contact_id"


def theme_reasons(workspace: Workspace, progress: Progress, run: RunLog) -> BenchResult:
    """Find themes in a copy of the workspace, and compare them with the labels.

    A theme stands for the reason that most of the contacts with this one reason have in it. `several.recall` is the
    share of the reasons of contacts with several that one of the contact's themes stands for, `several.precision` the
    share of the reasons that its themes stand for that are its own, `several.f1` their harmonic mean, each a mean over
    these contacts. The rival `whole` gives every contact the theme of the whole contact alone, of the same themes.
    `nmi` compares the themes with the reasons of contacts that have one; those in no theme are one more theme.

    Raises WorkspaceError where nothing is scored, or no contact is labelled with several reasons.
    """
    version = workspace.required_model()
    scores = workspace.lake.query(_SCORES, {"version": version})
    if scores.num_rows == 0:
        raise WorkspaceError(f"{workspace.root}: nothing scored with model {version}; run: voc score")
    labelled = {row["contact_id"]: row["reasons"] for row in workspace.lake.query(_LABELLED).to_pylist()}
    several = {contact: reasons for contact, reasons in labelled.items() if len(reasons) > 1}
    if not several:
        raise WorkspaceError(f"{workspace.root}: expected contacts labelled with several reasons, got none")
    with copied(workspace, version) as copy:
        progress("themes of whole contacts", 0.1)
        copy.lake.append("contacts", workspace.lake.dataset("contacts").to_table())
        place = scores.schema.get_field_index("mentions")
        nothing = pa.nulls(scores.num_rows, SCORES.schema.field("mentions").type)
        copy.lake.append("scores", scores.set_column(place, SCORES.schema.field("mentions"), nothing))
        themes(copy)
        whole = _themes_of(copy)
        progress("themes of passages", 0.8)
        copy.lake.replace("scores", scores)
        themes(copy, refit=False)
        found = _themes_of(copy)
    one = {contact: reasons[0] for contact, reasons in labelled.items() if len(reasons) == 1}
    meaning = meanings(one, whole)
    figures = {
        **_agreement(several, found, meaning, "several"),
        **_agreement(several, whole, meaning, "baseline.whole.several"),
        "several.contacts": float(len(several)),
        "several.with_themes": float(np.mean([len(found.get(contact, ())) > 1 for contact in several])),
        "nmi": float(normalized_mutual_info_score(list(one.values()), [_first(whole, contact) for contact in one])),
        "themes": float(len({theme for those in whole.values() for theme in those})),
    }
    run.table("theme-reasons", figures)
    synthetic = " (synthetic)" if workspace.config.company.synthetic else ""
    data = f"labelled contacts of {workspace.config.company.name}{synthetic}"
    return BenchResult("themes reasons", figures, machine_context() | {"data": data, "seed": 13})


def meanings(one: Mapping[str, str], found: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The reason that each theme stands for, given the reason of contacts that have `one`; the first of equals."""
    counts: dict[str, Counter[str]] = {}
    for contact, reason in sorted(one.items()):
        for theme in found.get(contact, ()):
            counts.setdefault(theme, Counter())[reason] += 1
    return {theme: min(count, key=lambda reason: (-count[reason], reason)) for theme, count in counts.items()}


def agreement(
    truth: Mapping[str, Sequence[str]], found: Mapping[str, Sequence[str]], meaning: Mapping[str, str]
) -> tuple[float, float, float]:
    """Mean precision, recall and F1 over contacts of the reasons that a contact's themes stand for."""
    rows = []
    for contact, reasons in truth.items():
        said = {meaning[theme] for theme in found.get(contact, ()) if theme in meaning}
        right = len(said & set(reasons))
        rows.append((right / len(said) if said else 0.0, right / len(reasons), 2 * right / (len(said) + len(reasons))))
    precision, recall, f1 = np.mean(rows, axis=0).tolist()
    return precision, recall, f1


def _agreement(
    truth: Mapping[str, Sequence[str]], found: Mapping[str, Sequence[str]], meaning: Mapping[str, str], name: str
) -> dict[str, float]:
    return {
        f"{name}.{figure}": value
        for figure, value in zip(("precision", "recall", "f1"), agreement(truth, found, meaning), strict=True)
    }


def _themes_of(workspace: Workspace) -> dict[str, list[str]]:
    return {row["contact_id"]: row["themes"] for row in workspace.lake.query(_THEMES).to_pylist()}


def _first(found: Mapping[str, Sequence[str]], contact: str) -> str:
    return next(iter(found.get(contact, ())), "")
