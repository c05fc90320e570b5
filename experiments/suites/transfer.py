"""Transfer: English labels of reasons only (Banking77), judged in Croatian, Slovenian and Serbian.

The development contacts in `experiments/devsets` are hand-written for this project, over 30 of the 77 reasons. They
serve to choose between ways of training; a figure on them is not a final one. They are longer and moodier than
Banking77's queries, which is hard by itself: the Croatian ones are there in English as well, so that what is lost
between languages can be told from what is lost between a short query and a contact.
"""

import tomllib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from voc.config import EncoderSettings, TrainingSettings
from voc.data.columns import form_of
from voc.data.text import one_line, to_latin
from voc.experiments.bench import BenchResult, Progress
from voc.experiments.judging import judge_single
from voc.experiments.quality import context_of, judge_rivals, reader_of
from voc.experiments.rivals import Frozen, Predict, Rival, Tfidf
from voc.experiments.sets import Row, by_split, labelled_set, labels_of
from voc.experiments.suites.banking77 import banking
from voc.labels import Language, Script, Split, TaskName
from voc.models.registry import RunLog
from voc.models.tasks import Task
from voc.training.fit import fit
from voc.training.labelled import LabelledSet

DEVSETS = Path(__file__).parents[1] / "devsets"
OTHERS = (Language.CROATIAN, Language.SLOVENIAN, Language.SERBIAN)
TRAINING = TrainingSettings(max_tokens=64, epochs=2, batch_size=32, learning_rate=7e-5, seed=13)


def transfer(
    data: Path,
    progress: Progress,
    run: RunLog,
    settings: TrainingSettings = TRAINING,
    encoder: EncoderSettings | None = None,
) -> BenchResult:
    """Fine-tune on English Banking77 and judge on its test split and on the development contacts of each language.

    Raises InputError without the data.
    """
    rows = list(banking(data))
    task = Task(TaskName.REASON, "multilabel", labels_of(rows, TaskName.REASON))
    encoder = encoder or EncoderSettings()
    sets = by_split(rows, (task,))
    others = development_sets(task)
    fitted = fit(sets, (task,), encoder, settings, run, progress)
    progress("judging", 1.0)

    def judge_one(predict: Predict, labelled: LabelledSet) -> dict[str, float]:
        return judge_single(task, labelled.targets(task), predict(labelled.texts))

    def judge(predict: Predict) -> dict[str, float]:
        accuracies = {f"accuracy.{name}": judge_one(predict, labelled)["accuracy"] for name, labelled in others.items()}
        return judge_one(predict, sets[Split.TEST]) | accuracies

    figures = judge(reader_of(fitted.predictor, task)) | {"train_seconds": fitted.seconds}
    rivals: dict[str, Rival] = {"tfidf": Tfidf(), "frozen": Frozen(encoder)}
    figures |= judge_rivals(rivals, sets[Split.TRAIN], task, judge, progress)
    data_used = (
        "Banking77, official split, English; development contacts of experiments/devsets (30 reasons; those of "
        "accuracy.en are the Croatian ones in English); with the built-in seed corpus and glossary, which rivals lack"
    )
    return BenchResult("quality transfer", figures, context_of(data_used, settings, encoder, sets))


def development_sets(task: Task) -> dict[str, LabelledSet]:
    """The development contacts by written form: en, hr, sl, sr-Cyrl, sr-Latn."""
    rows: dict[str, list[Row]] = {}
    for number, (form, reason, text) in enumerate(bank_contacts((Language.ENGLISH, *OTHERS))):
        row = Row(f"banking-{number}", text, {TaskName.REASON: (reason,)}, Split.DEV, form)
        rows.setdefault(form, []).append(row)
    return {form: labelled_set(found, (task,), Split.DEV) for form, found in rows.items()}


def bank_contacts(languages: Sequence[Language] = OTHERS) -> Iterator[tuple[str, str, str]]:
    """Written form, reason and text of each development contact; Serbian ones in both scripts."""
    for language in languages:
        content = tomllib.loads((DEVSETS / f"banking_{language}.toml").read_text(encoding="utf-8"))
        scripts: dict[str, Callable[[str], str]] = (
            {Script.CYRILLIC: str, Script.LATIN: to_latin} if language == Language.SERBIAN else {Script.LATIN: str}
        )
        for script, write in scripts.items():
            for contact in content["contact"]:
                yield form_of(language, script), contact["reason"], one_line(write(contact["text"]))
