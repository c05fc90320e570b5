"""Contact reasons of a company, in two levels: `taxonomy.toml` to frozen types."""

import hashlib
import json
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from voc.config import Settings, parse, read_toml
from voc.labels import ReasonClass

MOST_EXAMPLES = 8
LONGEST_EXAMPLE = 500


def _said(text: str) -> str:
    if not text.strip():
        raise ValueError("expected some text")
    return text.strip()


def _short(text: str) -> str:
    if len(text) > LONGEST_EXAMPLE:
        raise ValueError(f"expected at most {LONGEST_EXAMPLE} characters")
    return text


def _few(examples: tuple[str, ...]) -> tuple[str, ...]:
    if len(examples) > MOST_EXAMPLES:
        raise ValueError(f"expected at most {MOST_EXAMPLES} examples, got {len(examples)}")
    return examples


Said = Annotated[str, AfterValidator(_said)]
Example = Annotated[str, AfterValidator(_said), AfterValidator(_short)]


class Group(Settings):
    """First level: an area that one part of the company answers for."""

    name: str


class Reason(Settings):
    """Second level: why a customer gets in touch.

    Name, definition and examples, in any of the languages, are what a first model learns from where nothing is
    labelled yet.
    """

    group: str
    name: Said
    definition: str = ""
    examples: Annotated[tuple[Example, ...], AfterValidator(_few)] = ()
    journey: str
    owner: str
    class_: ReasonClass = Field(alias="class")


class Taxonomy(Settings):
    """All reasons by their stable ids. Ids never change and are never used again; names may change."""

    version: str
    groups: dict[str, Group]
    reasons: dict[str, Reason]

    @model_validator(mode="after")
    def _groups_exist(self) -> "Taxonomy":
        lost = {reason.group for reason in self.reasons.values()} - set(self.groups)
        if lost:
            raise ValueError(f"reasons name groups that do not exist: {', '.join(sorted(lost))}")
        return self

    @model_validator(mode="after")
    def _examples_differ(self) -> "Taxonomy":
        seen: dict[str, str] = {}
        for reason_id, reason in self.reasons.items():
            for example in reason.examples:
                first = seen.setdefault(" ".join(example.casefold().split()), reason_id)
                if first != reason_id:
                    raise ValueError(
                        f"expected an example under one reason, got {example!r} under {first}, {reason_id}"
                    )
        return self

    @property
    def reason_ids(self) -> tuple[str, ...]:
        """Ids in the file's order, which is the order of a model's outputs."""
        return tuple(self.reasons)

    @property
    def digest(self) -> str:
        """Fingerprint of what a model depends on: the set of ids and their order."""
        return hashlib.sha256(json.dumps(self.reason_ids).encode()).hexdigest()[:12]

    def name(self, reason_id: str) -> str:
        """Readable name; an id that left the taxonomy is shown as it is."""
        reason = self.reasons.get(reason_id)
        return reason.name if reason else reason_id


def load_taxonomy(path: Path) -> Taxonomy:
    """Read `taxonomy.toml`. Raises ConfigError with every mistake."""
    return parse(Taxonomy, read_toml(path), str(path))
