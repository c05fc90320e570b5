"""A planned contact in words: what is said and in which order, then the noise of its channel."""

from dataclasses import dataclass
from typing import NamedTuple

from voc.data.demo.dialogue import Composer, Said
from voc.data.demo.draw import Draw
from voc.data.demo.people import Person
from voc.data.demo.phrases import PhraseBook
from voc.data.demo.plan import Planned
from voc.data.demo.speech import recognised, typed
from voc.labels import Channel, Speaker


class Turn(NamedTuple):
    """One utterance, `after` seconds from the contact's start."""

    speaker: Speaker
    text: str
    after: int


@dataclass(frozen=True)
class Composed:
    """A contact in words. `phrases` are the ids of what the customer said out of the parted lists."""

    turns: tuple[Turn, ...]
    phrases: tuple[str, ...]
    clean: str
    """The customer's words without noise."""


class Writer:
    """Puts planned contacts of one form into words."""

    def __init__(self, book: PhraseBook, form: str, draw: Draw) -> None:
        self.book = book
        self.form = form
        self.draw = draw

    def write(self, plan: Planned, person: Person, sunday: bool) -> Composed:
        """The turns of a contact."""
        composer = Composer(self.book, self.draw, plan, person, sunday)
        said = composer.compose()
        turns, after = [], 0
        for line in said:
            turns.append(Turn(line.speaker, self._noisy(line, plan, person), after))
            after += 4 + self.draw.below(20) + len(line.text) // (12 if plan.channel == Channel.CALL else 5)
        clean = "\n".join(line.text for line in said if line.speaker == Speaker.CUSTOMER)
        return Composed(tuple(turns), tuple(composer.used), clean)

    def _noisy(self, line: Said, plan: Planned, person: Person) -> str:
        customer = line.speaker == Speaker.CUSTOMER
        if plan.channel == Channel.CALL:
            return recognised(self.draw, line.text, self.book.speech, self.form, customer)
        if not customer:
            return line.text
        return typed(self.draw, line.text, person.style, self.form, relaxed=plan.channel != Channel.EMAIL)
