"""Alignment: translations that a company owns draw the other languages to where the encoder puts the English.

Most labels are English, most contacts are not, and an encoder's idea of "my card was charged twice" differs from
language to language. Every translation is therefore drawn to the vector that the untouched encoder gives its English
original: regressed, not contrasted with other texts, since contrast tears apart what merely looks different in a list
of interface texts and belongs together in a contact. English texts of customers are held where they are.
(Multilingual distillation: Reimers & Gurevych 2020, with the model as its own teacher.)
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import torch
from torch.nn import functional
from transformers import PreTrainedTokenizerFast, get_linear_schedule_with_warmup, set_seed

from voc.config import AlignmentSettings, EncoderSettings
from voc.data.text import to_latin
from voc.data.workspace import Workspace
from voc.errors import TrainingError
from voc.labels import Split
from voc.models.encoder import load_encoder, load_tokenizer
from voc.models.predict import Reader
from voc.models.reading import length_batches
from voc.models.registry import Registry, RunLog
from voc.training.fit import Progress
from voc.training.seed import SeedContact, seed_contacts

if TYPE_CHECKING:
    from voc.data.translations import Pair  # needs an optional part; who has pairs has it


_CUSTOMERS_ENGLISH = """
    SELECT turn.text AS text
    FROM (SELECT contact_id, unnest(turns) AS turn FROM contacts WHERE language = 'en')
    WHERE turn.speaker = 'customer' ORDER BY hash(contact_id, $seed), contact_id, text LIMIT $most
"""


@dataclass(frozen=True)
class Aligned:
    """An aligned encoder, and by language how often a translation's nearest English text is its own original, among
    `AlignmentSettings.judged` kept-back pairs: before and after."""

    encoder: Any
    tokenizer: PreTrainedTokenizerFast
    before: Mapping[str, float]
    after: Mapping[str, float]
    pairs: int
    seconds: float

    def save(self, folder: Path) -> None:
        """Write as a transformers folder, which `[encoder] name` in voc.toml then names."""
        self.encoder.save_pretrained(folder, safe_serialization=True)
        self.tokenizer.save_pretrained(folder)


def align_workspace(
    workspace: Workspace,
    pairs: "Iterable[Pair]",
    progress: Progress = lambda what, share: None,
) -> tuple[Path, Aligned]:
    """Align the workspace's encoder on a company's translations and the seed corpus; keep it under `encoders/`.

    Gives its folder; it is used once `[encoder] name` in voc.toml names that. Raises TrainingError with too few pairs.
    """
    config, settings = workspace.config, workspace.config.alignment
    values = {"seed": settings.seed, "most": settings.most_held}
    held = workspace.lake.query(_CUSTOMERS_ENGLISH, values)["text"].to_pylist()
    seeds = [contact for contact in seed_contacts() if contact.split == Split.TRAIN]
    own = [(pair.source, pair.target, str(pair.language)) for pair in pairs]
    registry = Registry(workspace.tracking_uri, config.tracking.experiment)
    with registry.run("align", {"encoder": config.encoder.name}) as run:
        run.parameters({"alignment": settings.model_dump(), "pairs": len(own)})
        aligned = align(
            pair_table([*own, *_seed_pairs(seeds)]),
            [*held, *(contact.texts["en"] for contact in seeds)],
            config.encoder, settings, run, progress,
        )  # fmt: skip
    folder = workspace.encoders / f"aligned-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    aligned.save(folder)
    return folder, aligned


def _seed_pairs(contacts: Iterable[SeedContact]) -> Iterator[tuple[str, str, str]]:
    for contact in contacts:
        for form in ("hr", "sl", "sr-Cyrl"):
            yield contact.texts["en"], contact.texts[form], form[:2]


def pair_table(rows: Iterable[tuple[str, str, str]]) -> pa.Table:
    """Pairs of English source, target and language as a table."""
    columns = list(zip(*rows, strict=True)) or [(), (), ()]
    names = ("source", "target", "language")
    return pa.table({name: pa.array(column, pa.string()) for name, column in zip(names, columns, strict=True)})


def align(
    pairs: pa.Table,
    held: Sequence[str],
    encoder: EncoderSettings,
    settings: AlignmentSettings,
    run: RunLog,
    progress: Progress = lambda what, share: None,
) -> Aligned:
    """Align an encoder on `pairs` (source: English, target, language); `held` are English texts of customers.

    Raises TrainingError where too few pairs are fit to learn from.
    """
    begin = time.perf_counter()
    set_seed(settings.seed)
    learnt, judged = _draw(pairs, settings)
    if learnt.num_rows < settings.judged:
        raise TrainingError(
            f"alignment: expected at least {settings.judged + settings.judged} pairs of {settings.least_words} or more "
            f"words, got {learnt.num_rows + judged.num_rows} of {pairs.num_rows} given"
        )
    tokenizer, student = load_tokenizer(encoder.name), load_encoder(encoder.name)
    progress("reading the originals", 0.0)
    originals = list(dict.fromkeys([*learnt["source"].to_pylist(), *held]))
    place = {text: row for row, text in enumerate(originals)}
    reader = Reader(student, tokenizer, encoder.prefix, settings.max_tokens)
    teacher = torch.from_numpy(reader.vectors(originals))
    before = _found_again(reader, judged)

    texts = [*learnt["target"].to_pylist(), *held]
    goals = np.array([place[text] for text in [*learnt["source"].to_pylist(), *held]])
    student.get_input_embeddings().weight.requires_grad_(False)
    student.eval()  # no dropout: the goal is a fixed vector, and noise only blurs the way to it
    parameters = [parameter for parameter in student.parameters() if parameter.requires_grad]
    optimiser = torch.optim.AdamW(parameters, lr=settings.learning_rate, weight_decay=0.0)
    batches = _batches(texts, tokenizer, encoder.prefix, settings)
    steps = len(batches) * settings.epochs
    schedule = get_linear_schedule_with_warmup(optimiser, int(steps * 0.05), steps)
    centre = teacher.mean(0)
    order = np.random.default_rng(settings.seed)
    step, recent = 0, []
    for _ in range(settings.epochs):
        for number in order.permutation(len(batches)):
            rows = batches[number]
            inputs = tokenizer(
                [encoder.prefix + texts[row] for row in rows],
                truncation=True, max_length=settings.max_tokens, padding=True, return_tensors="pt",
            )  # fmt: skip
            found = reader.forward(inputs)
            goal = teacher[goals[rows]]
            distance = (found - goal).square().sum(1).mean()
            angle = 1 - functional.cosine_similarity(found - centre, goal - centre, dim=1).mean()
            loss = distance + angle
            torch.autograd.backward(loss)
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            optimiser.step()
            optimiser.zero_grad()
            schedule.step()
            step += 1
            recent.append(float(angle.detach()))
            if step % 50 == 0 or step == steps:
                run.metrics({"angle": float(np.mean(recent))}, step)
                recent.clear()
            progress("aligning", step / steps)
    after = _found_again(reader, judged)
    run.metrics({f"found_again.{language}.before": value for language, value in before.items()})
    run.metrics({f"found_again.{language}.after": value for language, value in after.items()})
    return Aligned(student, tokenizer, before, after, learnt.num_rows, time.perf_counter() - begin)


def _draw(pairs: pa.Table, settings: AlignmentSettings) -> tuple[pa.Table, pa.Table]:
    """Pairs to learn from and pairs to judge by, the same number a written form, no English text in both.

    Serbian comes in both scripts, whichever its catalogue is written in: Cyrillic writes Latin losslessly.
    """
    forms: dict[str, list[tuple[str, str]]] = {}
    for source, target, language in _sentences(pairs, settings):
        latin = to_latin(target)
        if language == "sr":
            forms.setdefault("sr-Latn", []).append((source, latin))
            if latin != target:
                forms.setdefault("sr-Cyrl", []).append((source, target))
        else:
            forms.setdefault(language, []).append((source, target))
    draw = np.random.default_rng(settings.seed)
    every = sorted({source for rows in forms.values() for source, _ in rows})
    kept_back = {every[row] for row in draw.permutation(len(every))[: max(2 * settings.judged, len(every) // 20)]}
    learnt: list[tuple[str, str, str]] = []
    judged: list[tuple[str, str, str]] = []
    for form, rows in sorted(forms.items()):
        mixed = [rows[row] for row in draw.permutation(len(rows))]
        free = [(source, target, form) for source, target in mixed if source not in kept_back]
        learnt += free[: settings.most_pairs // len(forms)]
        back = {source: (source, target, form) for source, target in mixed if source in kept_back}
        judged += list(back.values())[: settings.judged]
    return _table(learnt), _table(judged)


def _sentences(pairs: pa.Table, settings: AlignmentSettings) -> Iterator[tuple[str, str, str]]:
    """Pairs long enough to say something: a lone word is a poor likeness of a contact."""
    for batch in pairs.select(["source", "target", "language"]).to_batches(max_chunksize=10_000):
        for row in batch.to_pylist():
            if len(row["source"].split()) >= settings.least_words:
                yield row["source"], row["target"], row["language"]


def _table(rows: Sequence[tuple[str, str, str]]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [(), (), ()]
    names = ("source", "target", "form")
    return pa.table({name: pa.array(column, pa.string()) for name, column in zip(names, columns, strict=True)})


def _batches(
    texts: Sequence[str], tokenizer: PreTrainedTokenizerFast, prefix: str, settings: AlignmentSettings
) -> list[list[int]]:
    """Rows in batches of texts of nearly the same length, at most `batch_tokens` tokens each."""
    lengths = np.fromiter(
        (min(len(ids), settings.max_tokens) for ids in tokenizer([prefix + text for text in texts])["input_ids"]),
        dtype=np.int64,
        count=len(texts),
    )
    # A little noise, so that texts of one length don't always meet the same others.
    order = np.argsort(lengths + np.random.default_rng(settings.seed).random(len(lengths)), kind="stable")
    return list(length_batches(lengths.tolist(), settings.batch_tokens, order.tolist()))


def _found_again(reader: Reader, judged: pa.Table) -> dict[str, float]:
    """By written form, how often a translation is nearest to its own original among the judged ones."""
    found = {}
    forms = np.asarray(judged["form"].to_pylist())
    for form in sorted(set(forms.tolist())):
        rows = judged.filter(pa.array(forms == form))
        originals = reader.vectors(rows["source"].to_pylist())
        translations = reader.vectors(rows["target"].to_pylist())
        nearest = (translations @ originals.T).argmax(axis=1)
        found[form] = float((nearest == np.arange(len(nearest))).mean())
    return found
