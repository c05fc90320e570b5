"""What a user would reach for instead: each learns one task from the same rows, and is judged by the same code.

TF-IDF with logistic regression, the untouched encoder with logistic regression, SetFit, and plain fine-tuning.
"""

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch
from datasets import Dataset
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from transformers import AutoConfig, PrinterCallback, ProgressCallback, Trainer, TrainingArguments, set_seed

from voc.config import EncoderSettings
from voc.errors import MissingExtraError
from voc.models.encoder import load_encoder, load_tokenizer, locate, mean_pool, without_pooler
from voc.models.predict import Forward, Reader, encode
from voc.models.tasks import Floats, Task
from voc.training.labelled import LabelledSet

Labels = npt.NDArray[np.int64]
Predict = Callable[[Sequence[str]], Floats]
"""Texts to (rows, labels) probabilities."""

MAX_TOKENS = 256
"""Of a whole text, for rivals that read one with the encoder; hardly any text of a suite with such a rival has more."""
SMALL = 2000
"""Below so many texts, a word that occurs in one of them only is worth keeping."""


class Rival(Protocol):
    """A way of learning: from the rows that have a label of the task to what it says of other texts."""

    def __call__(self, train: LabelledSet, task: Task) -> Predict:
        """Learn."""


def timed(rival: Rival, train: LabelledSet, task: Task) -> tuple[Predict, float]:
    """What `rival` learnt, and the seconds it took."""
    begin = time.perf_counter()
    learnt = rival(train, task)
    return learnt, time.perf_counter() - begin


def classes_of(task: Task, targets: Floats) -> Labels:
    """(rows, width) targets with exactly one label a row to (rows,) places among the task's labels."""
    found = targets[:, 0] > 0.5 if task.kind == "binary" else targets.argmax(axis=1)
    return np.asarray(found, dtype=np.int64)


@dataclass(frozen=True)
class Tfidf:
    """TF-IDF of words and word pairs with logistic regression: one for all labels, or one a label."""

    one_vs_rest: bool = False

    def __call__(self, train: LabelledSet, task: Task) -> Predict:
        """See Rival."""
        texts, labels = _known(train, task)
        vectoriser = TfidfVectorizer(ngram_range=(1, 2), min_df=1 if len(texts) < SMALL else 2, sublinear_tf=True)
        features, model = vectoriser.fit_transform(texts), LogisticRegression(C=30, max_iter=1000)
        if not self.one_vs_rest:
            model.fit(features, labels)
            return lambda others: _spread(model.predict_proba(vectoriser.transform(others)), model.classes_, task)
        # As indicators: given plain labels, scikit-learn would scale each row to sum to one, as if only one could fit.
        present = np.unique(labels)
        each = OneVsRestClassifier(model).fit(features, (labels[:, None] == present).astype(int))
        return lambda others: _spread(each.predict_proba(vectoriser.transform(others)), present, task)


@dataclass(frozen=True)
class Frozen:
    """The untouched encoder's pooled vectors with logistic regression. A text is read once, however often it is met."""

    encoder: EncoderSettings
    max_tokens: int = MAX_TOKENS
    _read: dict[str, Floats] = field(default_factory=dict, repr=False, compare=False)

    def __call__(self, train: LabelledSet, task: Task) -> Predict:
        """See Rival."""
        texts, labels = _known(train, task)
        vectors = self.vectors(texts)
        centre, spread = vectors.mean(axis=0), vectors.std(axis=0).clip(min=1e-6)
        learnt = LogisticRegression(C=1, max_iter=300).fit((vectors - centre) / spread, labels)

        def predict(others: Sequence[str]) -> Floats:
            return _spread(learnt.predict_proba((self.vectors(others) - centre) / spread), learnt.classes_, task)

        return predict

    def vectors(self, texts: Sequence[str]) -> Floats:
        """(rows, width) vectors of unit length."""
        new = [text for text in dict.fromkeys(texts) if text not in self._read]
        if new:
            self._read.update(zip(new, self._encode(new), strict=True))
        return np.stack([self._read[text] for text in texts])

    def _encode(self, texts: Sequence[str]) -> Floats:
        name = self.encoder.name
        return Reader(load_encoder(name), load_tokenizer(name), self.encoder.prefix, self.max_tokens).vectors(texts)


@dataclass(frozen=True)
class Plain:
    """Plain fine-tuning: the encoder and one linear layer on its mean, in the Trainer as it comes.

    Batches of 8 in random order, AdamW at 5e-5 falling to zero, every weight trained: the Trainer's own defaults.
    """

    encoder: EncoderSettings
    epochs: int
    seed: int
    max_tokens: int = MAX_TOKENS

    def __call__(self, train: LabelledSet, task: Task) -> Predict:
        """See Rival."""
        set_seed(self.seed)
        texts, labels = _known(train, task)
        tokenizer = load_tokenizer(self.encoder.name)
        read = tokenizer([self.encoder.prefix + text for text in texts], truncation=True, max_length=self.max_tokens)
        rows = Dataset.from_dict({"input_ids": read["input_ids"], "labels": labels})
        model = _Linear(load_encoder(self.encoder.name), len(task.labels))
        with tempfile.TemporaryDirectory(prefix="voc-plain-") as folder:
            arguments = TrainingArguments(
                output_dir=folder,
                num_train_epochs=self.epochs,
                seed=self.seed,
                use_cpu=not torch.cuda.is_available(),
                save_strategy="no",
                report_to="none",
                disable_tqdm=True,
                dataloader_pin_memory=False,
            )
            trainer = Trainer(model=model, args=arguments, train_dataset=rows, processing_class=tokenizer)
            trainer.remove_callback(PrinterCallback)
            trainer.train()
        model.cpu().eval()

        def forward(batch: Mapping[str, torch.Tensor]) -> Mapping[str, torch.Tensor]:
            with torch.inference_mode():
                return {"said": model(batch["input_ids"], batch["attention_mask"])["logits"].softmax(dim=1)}

        return lambda others: _said(others, self.encoder, self.max_tokens, forward)


@dataclass(frozen=True)
class SetFit:
    """SetFit (Tunstall et al. 2022) with its own package, on the same encoder.

    Its authors' treatment: one epoch, 20 pairs of each kind a text, batches of 16 pairs, cosine loss, 2e-5, then
    logistic regression. Its newer default, every pair there is, would be 36,000 steps for 77 classes of ten.
    """

    encoder: EncoderSettings
    seed: int
    max_tokens: int = MAX_TOKENS
    iterations: int = 20

    @staticmethod
    def require() -> None:
        """Raise MissingExtraError unless the package is there; asked before anything long begins."""
        if find_spec("setfit") is None:
            raise MissingExtraError("SetFit, a rival in this suite,", "bench")

    def __call__(self, train: LabelledSet, task: Task) -> Predict:
        """See Rival."""
        self.require()
        import setfit
        from sentence_transformers import SentenceTransformer
        from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer

        setfit.logging.set_verbosity_error()
        set_seed(self.seed)
        texts, labels = _known(train, task)
        where = locate(self.encoder.name)
        no_pooler = without_pooler(AutoConfig.from_pretrained(where))
        words = Transformer(where, max_seq_length=self.max_tokens, model_kwargs=no_pooler)
        body = SentenceTransformer(modules=[words, Pooling(words.get_embedding_dimension()), Normalize()])
        model = setfit.SetFitModel(model_body=body, model_head=LogisticRegression(max_iter=300))
        rows = Dataset.from_dict({"text": self._prefixed(texts), "label": labels})
        with tempfile.TemporaryDirectory(prefix="voc-setfit-") as folder:
            arguments = setfit.TrainingArguments(
                output_dir=folder,
                batch_size=16,
                num_epochs=1,
                num_iterations=self.iterations,
                seed=self.seed,
                show_progress_bar=False,
                report_to="none",
                save_strategy="no",
            )
            trainer = setfit.Trainer(model=model, args=arguments, train_dataset=rows)
            trainer.st_trainer.args.dataloader_pin_memory = False  # it warns where no accelerator is
            trainer.remove_callback(ProgressCallback)
            trainer.train()

        def predict(others: Sequence[str]) -> Floats:
            vectors = body.encode(self._prefixed(others), show_progress_bar=False, convert_to_numpy=True)
            return _spread(model.model_head.predict_proba(vectors), model.model_head.classes_, task)

        return predict

    def _prefixed(self, texts: Sequence[str]) -> list[str]:
        return [self.encoder.prefix + text for text in texts]


class _Linear(torch.nn.Module):
    def __init__(self, encoder: Any, labels: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = torch.nn.Linear(int(encoder.config.hidden_size), labels)

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, labels: torch.Tensor | None = None
    ) -> dict[str, torch.Tensor]:
        hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        logits = self.head(mean_pool(hidden, attention_mask))
        if labels is None:
            return {"logits": logits}
        return {"loss": torch.nn.functional.cross_entropy(logits, labels), "logits": logits}


def _known(train: LabelledSet, task: Task) -> tuple[list[str], Labels]:
    """Texts and labels of the rows that have one."""
    targets = train.targets(task)
    known = np.flatnonzero(~np.isnan(targets).any(axis=1))
    texts = train.texts
    return [texts[row] for row in known.tolist()], classes_of(task, targets[known])


def _spread(probabilities: Floats, classes: Labels, task: Task) -> Floats:
    """(rows, classes) probabilities at the places of all labels; one that was not in train gets zero."""
    found = np.zeros((len(probabilities), len(task.labels)), dtype=np.float32)
    found[:, classes] = probabilities
    return found


def _said(texts: Sequence[str], encoder: EncoderSettings, max_tokens: int, forward: Forward) -> Floats:
    tokenizer = load_tokenizer(encoder.name)
    return encode(texts, tokenizer, forward, prefix=encoder.prefix, max_tokens=max_tokens)["said"]
