"""The multi-task classifier: one shared encoder, one head a task, so that a contact is read once."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import nn
from transformers import AutoConfig, AutoModel, PretrainedConfig, PreTrainedModel, PreTrainedTokenizerFast
from transformers.utils import ModelOutput

from voc.models.encoder import load_encoder, mean_pool, without_pooler
from voc.models.losses import task_loss
from voc.models.reading import NO_SEGMENT
from voc.models.tasks import Task
from voc.models.vocabulary import cut_vocabulary
from voc.models.whitening import whitener


class ClassifierConfig(PretrainedConfig):  # type: ignore[misc]
    """What it takes to build the classifier again: the encoder's own configuration, the tasks, how text is read."""

    model_type = "voc-classifier"

    def __init__(
        self,
        encoder: Mapping[str, Any] | None = None,
        tasks: Sequence[Mapping[str, Any]] = (),
        prefix: str = "",
        speakers: str = "customer",
        max_tokens: int = 160,
        dropout: float = 0.1,
        preserve: float = 0.0,
        **kwargs: Any,
    ) -> None:
        self.encoder = dict(encoder or {})
        self.tasks = [dict(task) for task in tasks]
        self.prefix = prefix
        self.speakers = speakers
        self.max_tokens = max_tokens
        self.dropout = dropout
        self.preserve = preserve
        super().__init__(**kwargs)


@dataclass
class ClassifierOutput(ModelOutput):  # type: ignore[misc]
    """`logits` by task, each (batch, outputs); `pooled` (batch, width), unit length; `losses` the parts of `loss`."""

    loss: torch.Tensor | None = None
    logits: dict[str, torch.Tensor] | None = None
    pooled: torch.Tensor | None = None
    losses: dict[str, torch.Tensor] | None = None


@dataclass(frozen=True)
class Pooled:
    """What the heads see of a batch: the whole contact (batch, width), its segments (batch, segments, width), each
    vector of unit length, and which segments exist (batch, segments)."""

    whole: torch.Tensor
    segments: torch.Tensor
    present: torch.Tensor

    @classmethod
    def of(cls, vectors: torch.Tensor, tokens: torch.Tensor, rows: torch.Tensor) -> "Pooled":
        """Contacts out of their segments: `vectors` (segments, width), `tokens` (segments,) and `rows` (contacts,
        most). The whole is the mean over the segments, by their tokens."""
        present = rows != NO_SEGMENT
        places = rows.clamp(min=0)
        segments = vectors[places] * present.unsqueeze(-1)
        weights = tokens[places].to(vectors.dtype) * present
        whole = (segments * weights.unsqueeze(-1)).sum(1) / weights.sum(1, keepdim=True).clamp(min=1)
        return cls(_unit(whole), _unit(segments), present)


class Classifier(PreTrainedModel):  # type: ignore[misc]
    """Encoder, mean pooling, and small two-layer heads: one a task for the whole contact, one for its segments.

    A task's logits are those of the whole plus, label by label, those of the segment that speaks for it most.
    """

    config_class = ClassifierConfig
    base_model_prefix = "encoder"

    def __init__(self, config: ClassifierConfig, encoder: Any = None) -> None:
        super().__init__(config)
        self.tasks = tuple(Task.of(values) for values in config.tasks)
        encoder = encoder or _encoder_of(config.encoder)
        self.encoder: Any = encoder
        width = int(encoder.config.hidden_size)
        # The vectors of most encoders lie in a narrow cone; heads learn many times faster on standardised ones.
        self.whole_scale = _Standardise(width)
        self.segment_scale = _Standardise(width)
        self.whole_heads = nn.ModuleDict({task.name: _head(width, task.outputs, config.dropout) for task in self.tasks})
        self.segment_heads = nn.ModuleDict(
            {task.name: _head(width, task.outputs, config.dropout) for task in self.tasks}
        )
        self.post_init()

    @classmethod
    def fresh(cls, encoder_name: str, tasks: Sequence[Task], **reading: Any) -> "Classifier":
        """A classifier with new heads on a pretrained encoder; `reading` are fields of ClassifierConfig."""
        encoder = load_encoder(encoder_name)
        config = ClassifierConfig(encoder=encoder.config.to_dict(), tasks=[asdict(task) for task in tasks], **reading)
        return cls(config, encoder)

    def cut_vocabulary(self, tokenizer: PreTrainedTokenizerFast, scripts: Sequence[str]) -> PreTrainedTokenizerFast:
        """Leave out the word vectors of all other scripts; gives the tokenizer that belongs to what is left."""
        cut = cut_vocabulary(self.encoder, tokenizer, scripts)
        self.config.encoder = self.encoder.config.to_dict()
        return cut

    @property
    def layers(self) -> int:
        """How many layers the encoder has."""
        return int(self.encoder.config.num_hidden_layers)

    def freeze(self, word_embeddings: bool, layers: int) -> None:
        """Keep the word vectors and so many of the lowest layers as they are: they hold the languages together that
        labels do not cover."""
        for name, parameter in self.encoder.named_parameters():
            if -1 < layer_of(name, self.layers) < layers or (layers and layer_of(name, self.layers) < 0):
                parameter.requires_grad_(False)
        if word_embeddings:
            self.encoder.get_input_embeddings().weight.requires_grad_(False)

    def head_parameters(self) -> Iterator[nn.Parameter]:
        """Parameters of all heads, without the encoder's."""
        yield from self.whole_heads.parameters()
        yield from self.segment_heads.parameters()

    def standardise_by(
        self, whole: torch.Tensor, segments: torch.Tensor, translations: torch.Tensor | None = None
    ) -> None:
        """Let the heads see vectors with mean 0 and variance 1, by these examples, (rows, width) each.

        `translations` (pairs, width) are differences between texts and their translations. What differs there is
        language and not meaning, and the heads see less of it.
        """
        self.whole_scale.fit(whole, translations)
        self.segment_scale.fit(segments, translations)

    def pool(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Mean token vectors of segments: (segments, tokens) each to (segments, width)."""
        hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state.float()
        return mean_pool(hidden, attention_mask)

    def pool_evenly(self, input_ids: torch.Tensor, attention_mask: torch.Tensor, at_once: int = 16) -> torch.Tensor:
        """`pool`, some segments of similar length at a time, so that little work goes into padding."""
        lengths = attention_mask.sum(1)
        order = lengths.argsort()
        parts = []
        for rows in torch.split(order, at_once):
            longest = int(lengths[rows].max())
            parts.append(self.pool(input_ids[rows, :longest], attention_mask[rows, :longest]))
        return torch.cat(parts)[order.argsort()]

    def read(self, pooled: Pooled, tasks: Sequence[Task] | None = None) -> dict[str, torch.Tensor]:
        """Logits by task, (contacts, outputs) each; of all tasks, or of these."""
        tasks = self.tasks if tasks is None else tasks
        whole = self.whole_scale(pooled.whole)
        spoken = self.read_segments(pooled, tasks)
        return {task.name: self.whole_heads[task.name](whole) + spoken[task.name].max(dim=1).values for task in tasks}

    def read_segments(self, pooled: Pooled, tasks: Sequence[Task] | None = None) -> dict[str, torch.Tensor]:
        """What each segment says by itself: logits by task, (contacts, segments, outputs); far below for no segment."""
        segments = self.segment_scale(pooled.segments[pooled.present])
        said = {}
        for task in self.tasks if tasks is None else tasks:
            found = self.segment_heads[task.name](segments)
            said[task.name] = found.new_full((*pooled.present.shape, task.outputs), _NOTHING)
            said[task.name][pooled.present] = found
        return said

    def task_losses(
        self, logits: Mapping[str, torch.Tensor], targets: Mapping[str, torch.Tensor]
    ) -> dict[str, torch.Tensor]:
        """Loss of each task over the rows that have its label."""
        return {task.name: task_loss(task, logits[task.name], targets[task.name]) for task in self.tasks}

    def forward(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        rows: torch.Tensor,
        targets: Mapping[str, torch.Tensor] | None = None,
        teacher: torch.Tensor | None = None,
    ) -> ClassifierOutput:
        """Read a batch: (segments, tokens) ids and mask, and `rows` (contacts, most segments) as models.reading gives
        them; `targets` by task as Task.target gives them.

        `teacher` (contacts, width), where the whole contact should lie, draws the pooled vector towards it with the
        weight `config.preserve`.
        """
        pooled = Pooled.of(self.pool_evenly(input_ids, attention_mask), attention_mask.sum(1), rows)
        logits = self.read(pooled)
        if targets is None:
            return ClassifierOutput(logits=logits, pooled=pooled.whole)
        losses = self.task_losses(logits, targets)
        if teacher is not None and self.config.preserve > 0:
            # Vectors lie in a narrow cone: only seen from its middle are two of them clearly near or far.
            middle = self.whole_scale.centre
            angle = 1 - nn.functional.cosine_similarity(pooled.whole - middle, teacher - middle, dim=1)
            losses["preserve"] = self.config.preserve * angle.mean()
        return ClassifierOutput(
            loss=torch.stack(list(losses.values())).sum(), logits=logits, pooled=pooled.whole, losses=losses
        )


def layer_of(name: str, layers: int) -> int:
    """Which layer a parameter of the encoder belongs to: -1 for what lies below all, the last for what lies above."""
    number = _LAYER.search(name)
    if number:
        return int(number[1])
    return -1 if "embeddings" in name else layers - 1


_LAYER = re.compile(r"\blayers?\.(\d+)\.")
_NOTHING = -1e4  # below every logit, and finite in half precision


_SHRINKAGE = 0.1  # of the covariance within translations; it may be several times as much
_LEAST_PAIRS = 100  # fewer translations do not say where languages differ


class _Standardise(nn.Module):
    """Vectors (…, width) to mean 0 and variance 1, by examples seen once: (vectors - centre) @ turn.

    With translations it is within-class covariance normalisation (Hatch, Kajarekar and Stolcke 2006), a class being a
    text in all its languages; without, every coordinate by itself.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.centre: torch.Tensor
        self.turn: torch.Tensor
        self.register_buffer("centre", torch.zeros(width))
        self.register_buffer("turn", torch.eye(width))

    def fit(self, vectors: torch.Tensor, translations: torch.Tensor | None = None) -> None:
        self.centre.copy_(vectors.mean(0))
        if translations is None or len(translations) < _LEAST_PAIRS:
            self.turn.copy_(torch.diag(1 / vectors.std(0).clamp(min=1e-6)))
            return
        apart = translations.double().cpu().numpy()
        turn = torch.from_numpy(whitener(apart.T @ apart / len(apart), _SHRINKAGE)).to(vectors)
        self.turn.copy_(turn / ((vectors - self.centre) @ turn).std().clamp(min=1e-6))

    def forward(self, vectors: torch.Tensor) -> torch.Tensor:
        return (vectors - self.centre) @ self.turn


def _unit(vectors: torch.Tensor) -> torch.Tensor:
    return nn.functional.normalize(vectors, dim=-1)


def _head(width: int, outputs: int, dropout: float) -> nn.Module:
    return nn.Sequential(
        nn.Dropout(dropout),
        nn.Linear(width, width),
        nn.GELU(),
        nn.Dropout(dropout),
        nn.Linear(width, outputs),
    )


def _encoder_of(values: Mapping[str, Any]) -> Any:
    settings = dict(values)
    config = AutoConfig.for_model(settings.pop("model_type"), **settings)
    return AutoModel.from_config(config, **without_pooler(config))


AutoConfig.register(ClassifierConfig.model_type, ClassifierConfig)
