"""What every quality suite does alike: judge single-label sets, and fit the rivals a user would pick instead."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score

from voc.config import EncoderSettings
from voc.labels import Split
from voc.models.encoder import load_encoder, load_tokenizer, mean_pool
from voc.models.metrics import expected_calibration_error
from voc.models.predict import encode
from voc.models.tasks import Floats, Task
from voc.training.labelled import LabelledSet

Labels = npt.NDArray[np.int64]
Predict = Callable[[Sequence[str]], Labels]


def judge_single(task: Task, targets: Floats, probabilities: Floats) -> dict[str, float]:
    """Accuracy, macro-F1 and ECE where every row has exactly one label, so the most probable one is the answer."""
    truth = targets > 0.5
    single = Task(task.name, "multiclass", task.labels)
    normed = probabilities / probabilities.sum(axis=1, keepdims=True)
    return {
        **_right(truth.argmax(1), probabilities.argmax(1)),
        "ece": expected_calibration_error(single, truth, normed.astype(np.float32)),
    }


def tfidf(
    sets: Mapping[Split, LabelledSet], task: Task, others: Mapping[str, LabelledSet] | None = None
) -> dict[str, float]:
    """TF-IDF of words and word pairs with logistic regression. Figures on test, and `accuracy.<name>` of other sets."""
    vectoriser = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    train = vectoriser.fit_transform(sets[Split.TRAIN].texts)
    rival = LogisticRegression(C=30, max_iter=1000).fit(train, sets[Split.TRAIN].targets(task).argmax(1))
    return _judge_rival(sets, task, others or {}, lambda texts: rival.predict(vectoriser.transform(texts)))


def frozen_encoder(
    sets: Mapping[Split, LabelledSet],
    task: Task,
    encoder: EncoderSettings,
    others: Mapping[str, LabelledSet] | None = None,
) -> dict[str, float]:
    """The untouched encoder's pooled vectors with logistic regression; figures as `tfidf` gives them."""
    tokenizer, model = load_tokenizer(encoder.name), load_encoder(encoder.name)

    def forward(batch: Mapping[str, torch.Tensor]) -> Mapping[str, torch.Tensor]:
        with torch.inference_mode():
            hidden = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).last_hidden_state
            return {"pooled": torch.nn.functional.normalize(mean_pool(hidden, batch["attention_mask"]), dim=1)}

    def vectors(texts: Sequence[str]) -> Floats:
        return encode(texts, tokenizer, forward, prefix=encoder.prefix, max_tokens=192)["pooled"]

    train = vectors(sets[Split.TRAIN].texts)
    centre, spread = train.mean(axis=0), train.std(axis=0)
    labels = sets[Split.TRAIN].targets(task).argmax(1)
    rival = LogisticRegression(C=1, max_iter=300).fit((train - centre) / spread, labels)
    return _judge_rival(sets, task, others or {}, lambda texts: rival.predict((vectors(texts) - centre) / spread))


def _judge_rival(
    sets: Mapping[Split, LabelledSet], task: Task, others: Mapping[str, LabelledSet], predict: Predict
) -> dict[str, float]:
    test = sets[Split.TEST]
    figures = _right(test.targets(task).argmax(1), predict(test.texts))
    for name, labelled in others.items():
        figures[f"accuracy.{name}"] = _right(labelled.targets(task).argmax(1), predict(labelled.texts))["accuracy"]
    return figures


def _right(truth: Labels, found: Labels) -> dict[str, float]:
    return {
        "accuracy": float(accuracy_score(truth, found)),
        "macro_f1": float(f1_score(truth, found, average="macro")),
    }
