"""The model's card: what it is, how it was made, how good it is in each language."""

from collections.abc import Iterable, Mapping

from voc.config import TrainingSettings
from voc.models.folder import Manifest
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
