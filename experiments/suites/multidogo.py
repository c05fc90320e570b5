"""MultiDoGO: service chats of five domains; the intent of the whole conversation, official splits by conversation."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from voc.config import EncoderSettings, TrainingSettings
from voc.data.text import one_line
from voc.experiments.bench import BenchResult, Progress
from voc.experiments.judging import Answers, baseline, ends, interval, macro_f1, peak_rss_mb
from voc.experiments.quality import context_of, from_data_alone, learn, sampled
from voc.experiments.rivals import Frozen, Labels, Rival, Tfidf, timed
from voc.experiments.sets import Row, by_split, csv_records, labels_of, wrong
from voc.labels import Split
from voc.models.registry import RunLog
from voc.models.tasks import Task

TRAINING = from_data_alone(epochs=3)
DOMAINS = ("airline", "fastfood", "finance", "media", "software")
GENERAL = frozenset(
    {"contentonly", "openinggreeting", "closinggreeting", "confirmation", "rejection", "thankyou", "outofdomain"}
)
"""Intents of a turn that say nothing about why the customer writes."""
_FIELDS = ("conversationId", "turnNumber", "utterance", "intent")


def multidogo(
    data: Path,
    progress: Progress,
    run: RunLog,
    settings: TrainingSettings = TRAINING,
    encoder: EncoderSettings | None = None,
) -> BenchResult:
    """One model with a task a domain, learnt from all domains together; the rivals learn each domain by itself.

    Raises InputError without the data.
    """
    encoder = encoder or EncoderSettings()
    rows = list(conversations(data))
    tasks = tuple(Task(domain, "multilabel", labels_of(rows, domain)) for domain in DOMAINS)
    sets = sampled(by_split(rows, tasks), settings)
    fitted = learn(sets, tasks, encoder, settings, run, progress)
    progress("judging", 1.0)
    test = sets[Split.TEST]
    found = fitted.predictor.predict(test.texts).probabilities
    ours = {task.name: Answers.of(test, task, found[task.name]) for task in tasks}
    for domain, answers in ours.items():
        answers.log(run, f"multidogo-{domain}")
    figures = domain_figures(ours) | domain_ends(ours, settings.seed)
    figures |= {"train_seconds": fitted.seconds, "peak_rss_mb": peak_rss_mb()}
    rivals: dict[str, Rival] = {"tfidf": Tfidf(), "frozen": Frozen(encoder)}
    for name, rival in rivals.items():
        progress(f"rival {name}", 1.0)
        theirs, total = {}, 0.0
        for task in tasks:
            predict, seconds = timed(rival, sets[Split.TRAIN], task)
            theirs[task.name], total = Answers.of(test, task, predict(test.texts)), total + seconds
        figures |= baseline(name, domain_figures(theirs) | {"train_seconds": total})
    context = context_of(
        "MultiDoGO, turn level, official splits; conversations with exactly one intent that is not a general one, "
        "customer's turns joined; figures without a domain are means over the domains",
        settings, encoder, sets, test_rows={domain: len(answers) for domain, answers in ours.items()},
    )  # fmt: skip
    return BenchResult("quality multidogo", figures, context)


def domain_figures(answers: dict[str, Answers]) -> dict[str, float]:
    """Means over the domains, and macro-F1 and accuracy of each."""
    parts = {domain: found.figures for domain, found in answers.items()}
    means = {name: float(np.mean([part[name] for part in parts.values()])) for name in next(iter(parts.values()))}
    each = {f"{name}.{domain}": part[name] for domain, part in parts.items() for name in ("macro_f1", "accuracy")}
    return means | each


def domain_ends(answers: dict[str, Answers], seed: int) -> dict[str, float]:
    """Intervals of macro-F1: of each domain, and of the mean with each domain drawn by itself."""
    found: dict[str, float] = {}
    for domain, part in answers.items():
        found |= ends(f"macro_f1.{domain}", part.interval(macro_f1, seed, by_class=True))
    truth = np.concatenate([part.truth for part in answers.values()])
    said = np.concatenate([part.found for part in answers.values()])
    domains = np.repeat(np.arange(len(answers)), [len(part) for part in answers.values()])

    def mean(rows: Labels) -> float:
        places = [rows[domains[rows] == number] for number in range(len(answers))]
        return float(np.mean([macro_f1(truth[place], said[place]) for place in places]))

    classes = domains * (1 + int(truth.max())) + truth  # as by_class does it
    return found | ends("macro_f1", interval(mean, len(truth), seed, strata=classes))


def conversations(data: Path) -> Iterator[Row]:
    """Conversations with exactly one specific intent, under their domain; all their turns as text, one a line.

    Raises InputError.
    """
    for domain in DOMAINS:
        for split in Split:
            path = data / "multidogo" / "turn" / domain / f"{split.value}.tsv"
            turns: dict[str, list[tuple[float, str]]] = defaultdict(list)
            intents: dict[str, set[str]] = defaultdict(set)
            for line, record in csv_records(path, _FIELDS, delimiter="\t"):
                identity = record["conversationId"]
                try:
                    number = float(record["turnNumber"])
                except ValueError:
                    raise wrong(path, line, "turnNumber", "a number", record["turnNumber"]) from None
                if not record["intent"]:
                    raise wrong(path, line, "intent", "intents joined by <div>", record["intent"])
                turns[identity].append((number, one_line(record["utterance"])))
                intents[identity] |= set(record["intent"].split("<div>")) - GENERAL
            for identity, specific in intents.items():
                if len(specific) == 1:
                    text = "\n".join(said for _, said in sorted(turns[identity]) if said)
                    yield Row(f"{domain}-{identity}", text, {domain: tuple(specific)}, split)
