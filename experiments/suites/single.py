"""Suites that differ in their rows only: one label a text, one model, judged on the official test part."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from voc.config import EncoderSettings, TrainingSettings
from voc.experiments.bench import BenchResult, Progress
from voc.experiments.judging import Answers, Metric, accuracy, ends, macro_f1, peak_rss_mb
from voc.experiments.quality import context_of, from_data_alone, judge_rivals, learn, reader_of, sampled
from voc.experiments.rivals import Frozen, Plain, Predict, Rival, SetFit, Tfidf
from voc.experiments.sets import Row, by_split, few_shot, labels_of
from voc.experiments.suites.banking77 import banking
from voc.experiments.suites.parlasent import parliament
from voc.experiments.suites.star_texts import first_turns
from voc.experiments.suites.xsid import queries
from voc.labels import Split, TaskName
from voc.models.registry import RunLog
from voc.models.tasks import Kind, Task

METRICS: Mapping[str, Metric] = {"accuracy": accuracy, "macro_f1": macro_f1}
SHOTS, SHOTS_SEED = 10, 13


@dataclass(frozen=True)
class SingleLabel:
    """One such suite.

    `main` is the figure that gets an interval; with `by_language` it is given for each language of test as well.
    """

    name: str
    read: Callable[[Path], Iterable[Row]]
    data: str
    training: TrainingSettings
    task: str = TaskName.REASON
    kind: Kind = "multiclass"
    main: str = "accuracy"
    by_language: bool = False
    setfit: bool = False

    def __call__(
        self,
        data: Path,
        progress: Progress,
        run: RunLog,
        settings: TrainingSettings | None = None,
        encoder: EncoderSettings | None = None,
        plain: bool = False,
    ) -> BenchResult:
        """Fine-tune, judge on test, and let the rivals do the same; `plain` adds plain fine-tuning, which takes long.

        Raises InputError without the data, MissingExtraError without a rival's package.
        """
        settings, encoder = settings or self.training, encoder or EncoderSettings()
        rivals = self._rivals(settings, encoder, plain)
        rows = list(self.read(data))
        task = Task(self.task, self.kind, labels_of(rows, self.task))
        sets = sampled(by_split(rows, (task,)), settings)
        fitted = learn(sets, (task,), encoder, settings, run, progress)
        progress("judging", 1.0)
        test = sets[Split.TEST]
        ours = Answers.of(test, task, reader_of(fitted.predictor, task)(test.texts))
        ours.log(run, self.name)
        figures = self._figures(ours) | self._intervals(ours, settings.seed)
        figures |= {"train_seconds": fitted.seconds, "peak_rss_mb": peak_rss_mb()}

        def judge(predict: Predict) -> dict[str, float]:
            return self._figures(Answers.of(test, task, predict(test.texts)))

        figures |= judge_rivals(rivals, sets[Split.TRAIN], task, judge, progress)
        name = f"{self.name}-plain" if plain else self.name
        return BenchResult(f"quality {name}", figures, context_of(self.data, settings, encoder, sets))

    def _rivals(self, settings: TrainingSettings, encoder: EncoderSettings, plain: bool) -> dict[str, Rival]:
        rivals: dict[str, Rival] = {"tfidf": Tfidf(), "frozen": Frozen(encoder)}
        if self.setfit:
            SetFit.require()
            rivals["setfit"] = SetFit(encoder, settings.seed)
        if plain:
            rivals["plain"] = Plain(encoder, settings.epochs, settings.seed)
        return rivals

    def _parts(self, answers: Answers) -> dict[str, Answers]:
        """What the main figure is given for: all answers, and each language's where that is asked for."""
        languages = answers.by_language() if self.by_language else {}
        return {self.main: answers, **{f"{self.main}.{name}": part for name, part in languages.items()}}

    def _figures(self, answers: Answers) -> dict[str, float]:
        parts = self._parts(answers)
        return answers.figures | {name: part.score(METRICS[self.main]) for name, part in parts.items()}

    def _intervals(self, answers: Answers, seed: int) -> dict[str, float]:
        found: dict[str, float] = {}
        for name, part in self._parts(answers).items():
            found |= ends(name, part.interval(METRICS[self.main], seed, by_class=self.main == "macro_f1"))
        return found


def _ten_shots(data: Path) -> Iterable[Row]:
    return few_shot(banking(data), TaskName.REASON, SHOTS, SHOTS_SEED)


_BANKING77 = SingleLabel(
    "banking77",
    banking,
    "Banking77, official test split; dev is a tenth of train, by a hash of the text",
    from_data_alone(max_tokens=64, epochs=5),
)

SUITES: Mapping[str, Callable[..., BenchResult]] = {
    "banking77": _BANKING77,
    "banking77-plain": partial(_BANKING77, plain=True),
    "banking77-10shot": SingleLabel(
        "banking77-10shot",
        _ten_shots,
        f"Banking77, {SHOTS} train rows a class, seed {SHOTS_SEED}, that are dev as well; official test split",
        from_data_alone(max_tokens=64, epochs=10),
        setfit=True,
    ),
    "parlasent": SingleLabel(
        "parlasent",
        parliament,
        "ParlaSent BCS, official test file; dev is a tenth of the train file, by a hash of the document",
        from_data_alone(max_tokens=128, epochs=4),
        task=TaskName.SENTIMENT,
        kind="multiclass",
        main="macro_f1",
        by_language=True,
    ),
    "xsid": SingleLabel(
        "xsid",
        queries,
        "xSID, learnt from the English validation file alone, less a tenth by a hash of the text, which is dev; judged "
        "on the English and the Serbian (Latin) test file; figures without a language are over both; with the built-in "
        "seed corpus and glossary, which rivals lack",
        TrainingSettings(max_tokens=64, epochs=4, seed=13),
        by_language=True,
    ),
    "star-first": SingleLabel(
        "star-first",
        first_turns,
        "STAR, the customer's first turn in the dialogues that the suite star learns from, with its split",
        from_data_alone(epochs=4),
    ),
}
