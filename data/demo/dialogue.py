"""What customer and agent say in one contact, before noise: fitting phrases, in the order of the channel."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

from voc.data.demo.company import demo_taxonomy, load_company
from voc.data.demo.draw import Draw
from voc.data.demo.gender import Gender
from voc.data.demo.people import Person
from voc.data.demo.phrases import Phrase, PhraseBook, Want
from voc.data.demo.plan import Planned
from voc.labels import Channel, Language, Sentiment, Speaker

_WHOLES = (
    3,
    5,
    7,
    9,
    12,
    14,
    16,
    18,
    19,
    23,
    25,
    27,
    29,
    33,
    35,
    38,
    43,
    46,
    47,
    49,
    52,
    56,
    58,
    64,
    67,
    73,
    78,
    84,
    96,
)
_CENTS = ("90", "90", "99", "50", "40", "20", "75", "80", "35")
_DAYS = (3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 15, 16, 18, 20, 25, 28, 30)
_PLANS = ("Zvono S", "Zvono M", "Zvono L", "Zvono XL")


class Said(NamedTuple):
    """A line before noise."""

    speaker: Speaker
    text: str


class Composer:
    """Composes one contact; keeps what was used and what every phrase has to fit."""

    def __init__(self, book: PhraseBook, draw: Draw, plan: Planned, person: Person, sunday: bool) -> None:
        self.draw = draw
        self.book = book
        self.plan = plan
        hour = plan.second // 3600
        day_part = "morning" if hour < 11 else "afternoon" if 12 <= hour < 18 else "evening" if hour >= 18 else None
        self.when = "sunday" if sunday else day_part
        self.want = Want(
            gender=person.gender,
            business=person.segment == "business",
            spoken=plan.channel == Channel.CALL,
            when=day_part,
            helped=False,
            fixed=person.products != ("mobile",),
        )
        self.agent = Want(
            gender=self.draw.pick((Gender.FEMININE, Gender.MASCULINE)), spoken=self.want.spoken, when=day_part
        )
        self.city = self.draw.pick(self.book.speech.cities)
        self.amount = self._amount()
        self.used: list[str] = []

    def compose(self) -> list[Said]:
        """The lines in order."""
        if self.plan.channel == Channel.EMAIL:
            return [Said(Speaker.CUSTOMER, self._email())]
        if self.plan.channel == Channel.TICKET:
            return [Said(Speaker.CUSTOMER, _joined(self._matter(0.3)))]
        return self._conversation()

    # --- pieces ---

    def _pick(self, name: str, want: Want | None = None) -> str:
        return self._fill(self.book.pick(self.draw, name, self.plan.split, want or self.want))

    def _own(self, name: str, want: Want | None = None) -> str:
        phrase = self.book.pick(self.draw, name, self.plan.split, want or self.want)
        self.used.append(phrase.id)
        return self._fill(phrase)

    def _fill(self, phrase: Phrase, amount: str | None = None) -> str:
        """The text with its slots filled; customer and agent speak of the same amount unless one is given."""
        if "{" not in phrase.text:
            return phrase.text
        draw = self.draw
        return phrase.text.format(
            amount=amount or self.amount, days=draw.pick(_DAYS), plan=draw.pick(_PLANS), city=self.city
        )

    def _amount(self) -> str:
        draw, speech, whole = self.draw, self.book.speech, self.draw.pick(_WHOLES)
        pattern = speech.amount_spoken if self.plan.channel == Channel.CALL else speech.amount
        thousands = f"{whole * 100 + 10 * draw.below(10):,}".replace(",", ".")
        return pattern.format(whole=whole, cents=draw.pick(_CENTS), thousands=thousands)

    def _opening(self, index: int) -> str:
        if index == 0:
            problem = self.plan.problem
            return self._own(f"planted/{problem}" if problem else f"openings/{self.plan.openings[0]}")
        speech = self.book.speech
        written = speech.written if self.plan.channel == Channel.CALL else ()
        connectors = [line for line in speech.connectors if not line.lower().startswith(written)]
        connector = self.draw.pick(connectors)
        want = replace(self.want, no_greeting=True)
        return f"{connector} {self._own(f'openings/{self.plan.openings[index]}', want)}"

    def _detail(self, index: int) -> str | None:
        """A detail of an opening, where one fits: unlike an opening it can be left out."""
        want = replace(self.want, no_greeting=True)
        phrase = self.book.pick_fitting(self.draw, f"details/{self.plan.openings[index]}", self.plan.split, want)
        if phrase is None:
            return None
        self.used.append(phrase.id)
        return self._fill(phrase, self._amount())

    def _mood(self, helped: bool = False) -> str:
        mood = self.plan.mood
        assert mood is not None
        want = replace(self.want, helped=helped, when=self.when)
        text = self._own(f"mood/{mood}", want)
        if mood == Sentiment.NEGATIVE and text.endswith(".") and self.draw.chance(0.15):
            text = text[:-1] + self.draw.pick(("!", "!!", "!!!"))
        return text

    def _churn(self) -> str:
        return self._own(f"churn/{self.plan.churn}", replace(self.want, no_greeting=bool(self.plan.openings)))

    def _matter(self, detail: float) -> list[str]:
        """All that the customer says, where he says it in one go."""
        plan, draw = self.plan, self.draw
        said: list[str] = []
        for index in range(len(plan.openings)):
            said.append(self._opening(index))
            if plan.problem is None and draw.chance(detail if index == 0 else 0.15):
                said += filter(None, [self._detail(index)])
        churn = [self._churn()] if plan.churn else []
        mood = [self._mood()] if plan.mood else []
        greeted = bool(said) and self.book.speech.greets(said[0])
        if said and not greeted and plan.mood == Sentiment.NEGATIVE and draw.chance(0.3):
            return mood + said + churn
        if churn and not said:
            return churn + mood
        if churn and plan.mood == Sentiment.NEUTRAL:
            return said + churn + mood
        return said + (mood + churn if draw.chance(0.6) else churn + mood)

    # --- channels ---

    def _email(self) -> str:
        draw, speech = self.draw, self.book.speech
        sentences = self._matter(0.55)
        body = _joined(sentences)
        if len(sentences) > 2 and draw.chance(0.4):
            cut = 1 + draw.below(len(sentences) - 1)
            body = f"{_joined(sentences[:cut])}\n\n{_joined(sentences[cut:])}"
        if not self.book.speech.greets(body) and not sentences[0][:1].islower() and draw.chance(0.85):
            body = f"{self._email_greeting()}\n\n{body}"
        if draw.chance(0.75):
            body += f"\n\n{draw.pick(speech.signoffs)}{',' if draw.chance(0.15) else ''}"
        return body

    def _email_greeting(self) -> str:
        fitting = self.book.fitting("customer/greeting", self.plan.split, self.want)
        ending = [phrase for phrase in fitting if phrase.text.endswith(",")]
        return self.draw.pick(ending or fitting).text

    def _conversation(self) -> list[Said]:
        """Greetings, the matter, a question and its answer, what the agent does, moods, and good-bye."""
        plan, draw = self.plan, self.draw
        lines = [*self._start(), *self._question()]
        for index in range(1, len(plan.openings)):
            lines.append(Said(Speaker.CUSTOMER, self._opening(index)))
        # What he thinks of it, and whether he goes, comes before or after the agent's answer.
        before: list[str] = []
        after: list[str] = []
        if plan.churn and plan.openings:
            (before if draw.chance(0.5) else after).append("churn")
        if plan.mood:
            early = plan.mood == Sentiment.NEGATIVE and draw.chance(0.7)
            (before if early else after).append("mood")
        lines += [Said(Speaker.CUSTOMER, self._say(what, helped=False)) for what in before]
        if draw.chance(0.4):
            lines.append(Said(Speaker.AGENT, self._pick("agent/hold", self.agent)))
        if plan.resolved:
            lines += self._agent("resolve")
        lines += [Said(Speaker.CUSTOMER, self._say(what, helped=plan.resolved)) for what in after]
        return lines + self._end(bool(after))

    def _say(self, what: str, helped: bool) -> str:
        return self._churn() if what == "churn" else self._mood(helped)

    def _start(self) -> list[Said]:
        plan, draw = self.plan, self.draw
        opening = self._opening(0) if plan.openings else self._churn()
        greeting = Said(Speaker.AGENT, self._pick("agent/greeting", self.agent))
        own = None
        if not self.book.speech.greets(opening) and draw.chance(0.6):
            own = self._short_greeting()
        if plan.channel == Channel.CALL:
            return [greeting, Said(Speaker.CUSTOMER, f"{own} {opening}" if own else opening)]
        lines = []
        if draw.chance(0.25):
            lines.append(Said(Speaker.BOT, draw.pick(self.book.speech.bot)))
        if own and draw.chance(0.5):
            lines.append(Said(Speaker.CUSTOMER, own.rstrip(",") if draw.chance(0.5) else own))
        elif own:
            opening = f"{own} {self._continued(opening) if own.endswith(',') else opening}"
        lines += [Said(Speaker.CUSTOMER, part) for part in self._split(opening)]
        return [*lines, greeting]

    def _continued(self, text: str) -> str:
        """The sentence behind a comma: with a small letter, unless its first word is always written large."""
        first = text.split()[0].rstrip(",.:?")
        large = first.startswith(("Zvono", "Box", *self.book.speech.cities)) or first[1:2].isupper() or first.isupper()
        english = self.book.language == Language.ENGLISH and re.match(r"I\b", first)
        return text if large or english else text[:1].lower() + text[1:]

    def _short_greeting(self) -> str:
        """Nobody says "To whom it may concern" in a chat."""
        fitting = self.book.fitting("customer/greeting", self.plan.split, self.want)
        short = [p for p in fitting if not (p.written and self.plan.channel == Channel.CALL)]
        short = [p for p in short if len(p.text.split()) <= 2 or p.text.endswith("?")]
        return self.draw.pick(short or fitting).text

    def _split(self, text: str) -> Sequence[str]:
        """A chat message of several sentences is often sent one by one."""
        for mark in ("? ", ". ", "! "):
            head, found, tail = text.partition(mark)
            if found and len(tail) > 12 and self.draw.chance(0.5):
                return (head + mark.strip(), tail)
        return (text,)

    def _question(self) -> list[Said]:
        plan, draw = self.plan, self.draw
        asked = self._agent("ask") if draw.chance(0.75) else []
        detail = self._detail(0) if plan.openings and plan.problem is None and draw.chance(0.6) else None
        answered = bool(asked) and (detail is None or draw.chance(0.3))
        lines = [Said(Speaker.CUSTOMER, self._pick("customer/answer"))] if answered else []
        return [*asked, *lines, *([Said(Speaker.CUSTOMER, detail)] if detail else [])]

    def _agent(self, kind: Literal["ask", "resolve"]) -> list[Said]:
        """What the agent asks or answers about the first reason; nothing where no line fits it."""
        reason = self.plan.reasons[0]
        places = load_company().agent_lines[self.book.language][kind]
        group = demo_taxonomy().reasons[reason].group
        lines = self.book.lists[f"agent/{kind}/{group}"]
        fitting = [lines[place] for place in places.get(self.plan.problem or "", places[reason])]
        if not fitting:
            return []
        same_voice = [line for line in fitting if self.agent.fits(line)]
        return [Said(Speaker.AGENT, self._fill(self.draw.pick(same_voice or fitting)))]

    def _end(self, answered: bool) -> list[Said]:
        draw = self.draw
        if not draw.chance(0.8):
            return []
        closing = Said(Speaker.AGENT, self._pick("agent/closing", self.agent))
        if answered and draw.chance(0.5):
            return [closing]
        own = Said(Speaker.CUSTOMER, self._pick("customer/closing", replace(self.want, helped=True)))
        return [closing, own] if closing.text.endswith("?") else [own, closing]


def _joined(sentences: Sequence[str]) -> str:
    """Sentences in a row; whoever wrote one without a full stop gets one where another follows."""
    ended = [text if text.endswith((".", "!", "?", "…", ")")) else f"{text}." for text in sentences[:-1]]
    return " ".join([*ended, *sentences[-1:]])
