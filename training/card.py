"""The model's card: what it is, how it was made, how good it is in each language."""

from collections.abc import Iterable, Mapping

from voc.config import TrainingSettings
from voc.models.manifest import Manifest
from voc.training.evaluate import Report


def model_card(
    manifest: Manifest, settings: TrainingSettings, dev: Report, test: Report, rows: Mapping[str, int]
) -> str:
    """The card as Markdown."""
    return "\n".join(
        [
            f"# Model {manifest.version}",
            "",
            f"Multi-task classifier on the encoder `{manifest.encoder}`, made by voc {manifest.voc_version}",
            f"on {manifest.created_at}. Taxonomy version {manifest.taxonomy_version} ({manifest.taxonomy_digest}).",
            "",
            f"Learnt from {rows['train']:,} contacts; epoch and thresholds chosen on {rows['dev']:,};",
            f"judged once on {rows['test']:,}. Seed {settings.seed}.",
            "",
            f"Mean macro-F1 of the tasks: dev {dev.score:.3f}, test {test.score:.3f}.",
            "",
            *_tables(test),
            "The figures hold for contacts like those of the labelled set, and for no others.",
            "",
        ]
    )


def cold_start_card(manifest: Manifest, settings: TrainingSettings, reasons: int, texts: int, contacts: int) -> str:
    """The card of a model that was made before there was anything to measure it on."""
    return "\n".join(
        [
            f"# Model {manifest.version}: cold start, quality not measured",
            "",
            f"Multi-task classifier on the untouched encoder `{manifest.encoder}`, made by voc {manifest.voc_version}",
            f"on {manifest.created_at}. Taxonomy version {manifest.taxonomy_version} ({manifest.taxonomy_digest}).",
            "",
            f"{reasons:,} reasons are known by {texts:,} texts of the taxonomy (names, definitions, examples),",
            f"sentiment and churn by the seed corpus; {contacts:,} labelled contacts were learnt from as well.",
            f"Seed {settings.seed}.",
            "",
            "There are no figures of its quality: it was not judged on any contact. Probabilities of reasons come from",
            "the taxonomy's texts, each left out in turn, shifted so that contacts have one reason on average. They",
            "rank reasons, and are not shares of right answers.",
            "Label contacts (`voc suggest`), train on them (`voc train`), and this model is done with.",
            "",
        ]
    )


def distilled_card(
    manifest: Manifest,
    layers: tuple[int, int],
    counts: Mapping[str, int],
    seed: int,
    dev: Report,
    test: Report,
    teacher: Report,
) -> str:
    """The card of a student; `layers` are its own and its teacher's, `counts` what it read, `teacher` the teacher's
    figures on test."""
    return "\n".join(
        [
            f"# Model {manifest.version}: distilled from {manifest.teacher}",
            "",
            f"A student with {layers[0]} of the {layers[1]} layers of model {manifest.teacher} (encoder",
            f"`{manifest.encoder}`), made by voc {manifest.voc_version} on {manifest.created_at}.",
            f"Taxonomy version {manifest.taxonomy_version} ({manifest.taxonomy_digest}).",
            "",
            f"It learnt what its teacher makes of {counts['contacts']:,} contacts, without their labels, and of",
            f"{counts['seeds']:,} synthetic texts of the seed corpus: {counts['segments']:,} different segments.",
            f"Calibration and thresholds chosen on dev; judged once on test, beside its teacher. Seed {seed}.",
            "",
            f"Mean macro-F1 of the tasks: dev {dev.score:.3f}, test {test.score:.3f}, the teacher {teacher.score:.3f}.",
            "",
            *_beside(test, teacher),
            "The figures hold for contacts like those of the labelled set, and for no others. What the teacher gets",
            "wrong the student has learnt as well.",
            "",
        ]
    )


def _beside(test: Report, teacher: Report) -> Iterable[str]:
    for name, report in test.tasks.items():
        yield f"## {name}, on test"
        yield ""
        yield "| language | contacts | macro-F1 | the teacher's | lost | accuracy | ECE |"
        yield "|---|---|---|---|---|---|---|"
        other = teacher.tasks[name]
        for language, quality in [("all", report.whole), *report.by_language.items()]:
            best = other.whole if language == "all" else other.by_language[language]
            yield (
                f"| {language} | {quality.rows:,} | {quality.macro_f1:.3f} | {best.macro_f1:.3f} "
                f"| {best.macro_f1 - quality.macro_f1:+.3f} | {quality.accuracy:.3f} | {quality.ece:.3f} |"
            )
        yield ""


def _tables(test: Report) -> Iterable[str]:
    for name, report in test.tasks.items():
        yield f"## {name}, on test"
        yield ""
        yield "| language | contacts | macro-F1 | accuracy | ECE |"
        yield "|---|---|---|---|---|"
        for language, quality in [("all", report.whole), *report.by_language.items()]:
            yield (
                f"| {language} | {quality.rows:,} | {quality.macro_f1:.3f} | {quality.accuracy:.3f} "
                f"| {quality.ece:.3f} |"
            )
        yield ""
