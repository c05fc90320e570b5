"""The export beside the model it was made of, and the gate between them."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from voc.config import ExportSettings
from voc.data.workspace import Workspace
from voc.errors import ExportError, InputError, ModelFolderError
from voc.labels import Split
from voc.models.export import export_graphs, quantised_rows
from voc.models.exported import Exported, is_exported, load_exported
from voc.models.facts import read_facts
from voc.models.folder import Model, load_model
from voc.models.manifest import EXPORT, REFUSED
from voc.models.onnx_predict import OnnxPredictor, parcels
from voc.models.predictions import Predictions
from voc.models.reading import segment_spans
from voc.training.exporting import compare, export, precision_named
from voc.training.labelled import LabelledSet, labelled_sets

TEXTS = [
    "Račun je previsok, a nitko se ne javlja. Odlazim od vas!\nHvala vam.",
    "Интернет не ради већ три дана у целој згради.",
    "no signal at home at all",
    "",
    "Moj račun ni pravilen. Prosim, popravite ga.\nMoj račun ni pravilen. Prosim, popravite ga.",
    "x " * 300,
]
FORMS = ["hr", "sr-Cyrl", "en", "en", "sl", "en"]


def folder_of(workspace: Workspace) -> Path:
    assert workspace.current_model is not None
    return workspace.models / workspace.current_model


def with_export(workspace: Workspace, **settings: float) -> Workspace:
    config = workspace.config.model_copy(update={"export": ExportSettings(**settings)})
    return replace(workspace, config=config)


def assert_same(found: Predictions, expected: Predictions, within: float) -> None:
    assert found.embeddings == pytest.approx(expected.embeddings, abs=within)
    for name, values in expected.probabilities.items():
        assert found.probabilities[name] == pytest.approx(values, abs=within), name
        assert found.logits[name] == pytest.approx(expected.logits[name], abs=10 * within), name
    assert set(found.turns) == set(expected.turns) == {"sentiment"}
    for name, values in expected.turns.items():
        assert found.turns[name] == pytest.approx(values, abs=within, nan_ok=True), name


@pytest.fixture(scope="module")
def exports(trained_once: tuple[Path, object], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Exported]:
    """The tiny model's graphs in both precisions."""
    folder = folder_of(Workspace.open(trained_once[0]))
    model, found = load_model(folder), {}
    for precision in ("int8", "fp32"):
        graphs = tmp_path_factory.mktemp(precision)
        export_graphs(model, graphs, precision, TEXTS)
        found[precision] = Exported(folder, graphs, read_facts(folder), precision)
    return found


@pytest.fixture(scope="module")
def model(trained_once: tuple[Path, object]) -> Model:
    return load_model(folder_of(Workspace.open(trained_once[0])))


def test_fp32_says_what_the_model_says(exports: dict[str, Exported], model: Model) -> None:
    found, expected = OnnxPredictor(exports["fp32"]).predict(TEXTS, FORMS), model.predictor().predict(TEXTS, FORMS)
    assert_same(found, expected, 1e-5)
    for name, segments in expected.spoken.items():
        assert spoken_words(found.spoken[name]) == spoken_words(segments)


def spoken_words(segments: npt.NDArray[np.int64]) -> list[list[str]]:
    """What the segments say that speak most: one that is said twice may be found in either place."""
    spans = [segment_spans(text) or [(0, 0)] for text in TEXTS]
    return [
        [text[slice(*here[number])] for number in row] for text, here, row in zip(TEXTS, spans, segments, strict=True)
    ]


def test_int8_says_nearly_that(exports: dict[str, Exported], model: Model) -> None:
    found, expected = OnnxPredictor(exports["int8"]).predict(TEXTS, FORMS), model.predictor().predict(TEXTS, FORMS)
    assert (found.embeddings * expected.embeddings).sum(axis=1).min() > 0.99
    assert not np.allclose(found.embeddings, expected.embeddings, atol=1e-6)  # it really is another arithmetic
    assert (exports["int8"].graphs / "encoder.onnx").stat().st_size < (
        exports["fp32"].graphs / "encoder.onnx"
    ).stat().st_size


def test_exporting_leaves_the_model_as_it_was(model: Model, tmp_path: Path) -> None:
    before = model.predictor().predict(TEXTS)
    export_graphs(model, tmp_path, "int8", TEXTS)
    assert (model.predictor().predict(TEXTS).embeddings == before.embeddings).all()


def test_no_texts_give_empty_arrays(exports: dict[str, Exported], model: Model) -> None:
    found, expected = OnnxPredictor(exports["fp32"]).predict([], []), model.predictor().predict([], [])
    assert found.embeddings.shape == expected.embeddings.shape
    assert {name: values.shape for name, values in found.probabilities.items()} == {
        name: values.shape for name, values in expected.probabilities.items()
    }
    assert found.turns["sentiment"].shape == expected.turns["sentiment"].shape


def test_tokens_are_those_of_the_model(exports: dict[str, Exported], model: Model) -> None:
    predictor = OnnxPredictor(exports["fp32"])
    prefix, most = exports["fp32"].facts.prefix, exports["fp32"].facts.max_tokens
    expected = [model.tokenizer(prefix + text, truncation=True, max_length=most)["input_ids"] for text in TEXTS]
    found = predictor.tokenizer.ids(TEXTS)
    assert [ids.tolist() for ids in found] == expected
    assert max(map(len, expected)) == most  # one text is cut
    assert predictor.encoder.read(found).tokens.tolist() == [len(ids) for ids in expected]


def test_parcels_hold_every_segment_once_longest_first() -> None:
    tokens = [1 + number % 97 for number in range(500)]
    found = parcels(tokens)
    assert sorted(row for rows in found for row in rows) == list(range(500))
    assert len(found) > 5
    lengths = [tokens[row] for rows in found for row in rows]
    assert lengths == sorted(lengths, reverse=True)
    assert parcels([]) == []


def test_rows_of_int8_come_back() -> None:
    words = np.random.default_rng(3).normal(0, 1, (50, 8)).astype(np.float32) * np.logspace(-3, 2, 50)[:, None]
    words[7] = 0
    rows, scales = quantised_rows(words.astype(np.float32))
    assert rows.dtype == np.int8
    assert np.abs(rows * scales[:, None] - words).max(axis=1) == pytest.approx(scales * 0.5, abs=1.0)
    assert (np.abs(rows * scales[:, None] - words) <= scales[:, None] * 0.5001).all()


def test_published_export_is_whole_and_reads(trained: Workspace) -> None:
    reports = export(with_export(trained, margin=1.0), precision="int8")
    folder = folder_of(trained)
    exported = load_exported(folder)
    assert exported.precision == reports[-1].precision == "int8"
    assert exported.facts == read_facts(folder)  # its calibration and thresholds are the model's
    assert json.loads((folder / EXPORT / "report.json").read_text())["refusal"] is None
    assert OnnxPredictor(exported).predict(TEXTS).embeddings.shape == (len(TEXTS), 32)
    load_model(folder)  # the folder is still a model
    again = export(with_export(trained, margin=1.0), precision="fp32")
    assert load_exported(folder).precision == again[-1].precision == "fp32"
    assert {path.name for path in trained.models.iterdir()} == {"current", folder.name}  # nothing lies about


def test_what_loses_more_is_refused_and_the_report_kept(trained: Workspace) -> None:
    strict = with_export(trained, least_cosine=1.0)
    with pytest.raises(ExportError, match=r"loses too much \(int8: .*mean cosine of vectors .* is needed\)"):
        export(strict, precision="int8")
    folder = folder_of(trained)
    assert not is_exported(folder)
    report = json.loads((folder / REFUSED).read_text())
    assert report["precision"] == "int8" and "mean cosine" in report["refusal"]
    load_model(folder)


def test_auto_takes_fp32_where_int8_is_refused(trained: Workspace) -> None:
    (int8,) = export(with_export(trained, margin=1.0), precision="int8")
    between = with_export(trained, margin=1.0, least_cosine=(int8.cosine_mean + 1) / 2)
    reports = export(between, precision="auto")
    assert [(report.precision, report.refusal is None) for report in reports] == [("int8", False), ("fp32", True)]
    assert load_exported(folder_of(trained)).precision == "fp32"


def test_a_lost_language_is_named(trained: Workspace, model: Model) -> None:
    facts = read_facts(folder_of(trained))
    dev = labelled_sets(trained.lake, facts.tasks, facts.speakers)[Split.DEV]
    right = model.predictor().predict(dev.texts, dev.languages)
    settings = ExportSettings(least_rows=5)
    said, lost_hr = right, spoilt(right, dev, "hr")
    assert compare(facts, "int8", dev, dev.languages, said, said, settings).refusal is None
    reports = compare(facts, "int8", dev, dev.languages, said, lost_hr, settings)
    lost = {(line.task, line.where) for line in reports.lines if line.refused(settings)}
    assert {where for _, where in lost} == {"hr", "all"}
    assert reports.refusal is not None and "(hr) loses" in reports.refusal
    few = compare(facts, "int8", dev, dev.languages, said, lost_hr, ExportSettings(least_rows=100_000))
    assert few.refusal is None  # too few contacts to judge by


def test_a_loss_in_one_form_must_be_more_than_chance(trained: Workspace, model: Model) -> None:
    facts = read_facts(folder_of(trained))
    dev = labelled_sets(trained.lake, facts.tasks, facts.speakers)[Split.DEV]
    settings = ExportSettings(least_rows=5)
    right = model.predictor().predict(dev.texts, dev.languages)
    truth = {task.name: np.nan_to_num(8 * dev.targets(task) - 4) for task in facts.tasks}  # a model that is never wrong
    right = replace(right, logits={name: values.astype(np.float32) for name, values in truth.items()})
    reports = compare(facts, "int8", dev, dev.languages, right, spoilt(right, dev, "hr"), settings)
    (line,) = [line for line in reports.lines if (line.task, line.where) == ("sentiment", "hr")]
    assert line.loss > settings.margin and 0 < line.low < line.loss and line.refused(settings)
    assert not replace(line, low=-0.01).refused_by_labels(settings)
    sound = replace(line, low=-0.01, expected_loss=0.0)
    assert not sound.refused(settings)
    unsure, sure = (replace(sound, expected_loss=0.004, expected_low=low) for low in (-0.01, 0.001))
    assert sure.refused(settings) and not unsure.refused(settings)
    assert replace(unsure, where="all").refused(settings)  # over all contacts the expected loss itself counts


def test_a_loss_is_seen_where_nobody_labelled(trained: Workspace, model: Model) -> None:
    facts = read_facts(folder_of(trained))
    whole = labelled_sets(trained.lake, facts.tasks, facts.speakers)[Split.DEV]
    right = model.predictor().predict(whole.texts, whole.languages)
    labelled = LabelledSet(Split.DEV, whole.dataset.select(range(1)))  # the others' labels are not looked at
    settings = ExportSettings(least_rows=5)
    said, lost_hr = right, spoilt(right, whole, "hr")
    same = compare(facts, "int8", labelled, whole.languages, said, said, settings)
    assert same.refusal is None and same.largest_expected_loss == 0.0
    assert (same.contacts, same.labelled) == (len(whole), 1)
    report = compare(facts, "int8", labelled, whole.languages, said, lost_hr, settings)
    assert report.refusal is not None and "(hr) is expected to lose" in report.refusal
    assert not any(line.refused_by_labels(settings) for line in report.lines)


def test_contacts_without_labels_are_read(trained: Workspace) -> None:
    (report,) = export(with_export(trained, margin=1.0, unlabelled=7), precision="fp32")
    assert report.contacts == report.labelled + 7


def spoilt(found: Predictions, dev: LabelledSet, form: str) -> Predictions:
    """The same, with the logits of one written form turned about."""
    rows = np.asarray(dev.languages) == form
    turned = {name: values.copy() for name, values in found.logits.items()}
    for values in turned.values():
        values[rows] = values[rows][:, ::-1] if values.shape[1] > 1 else -values[rows]
    return replace(found, logits=turned)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda graphs: (graphs / "whole.onnx").write_bytes(b"x"), "whole.onnx: expected sha256"),
        (lambda graphs: (graphs / "more.txt").write_text("x"), "do not belong to an exported model: more.txt"),
        (
            lambda graphs: (graphs / "manifest.json").write_text(
                (graphs / "manifest.json").read_text().replace('"weights": "', '"weights": "0')
            ),
            "expected an export of the weights .* make it anew with: voc export",
        ),
    ],
    ids=["changed", "stranger", "of other weights"],
)
def test_a_wrong_export_is_refused(trained: Workspace, change: object, message: str) -> None:
    export(with_export(trained, margin=1.0), precision="fp32")
    graphs = folder_of(trained) / EXPORT
    change(graphs)  # type: ignore[operator]
    with pytest.raises(ModelFolderError, match=message):
        load_exported(folder_of(trained))


def test_unknown_precision_is_one_line() -> None:
    assert precision_named("auto") == "auto"
    with pytest.raises(InputError, match="--precision: expected one of auto, int8, fp32, got 'int4'"):
        precision_named("int4")


def test_reading_with_the_export_imports_no_torch(exports: dict[str, Exported]) -> None:
    code = (
        "import sys; import voc.models.onnx_predict, voc.models.exported, voc.inference.score, voc.inference.engine\n"
        "print(sorted({'torch', 'transformers', 'sklearn', 'mlflow', 'bertopic', 'datasets'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
