"""The words that every folder shares: channels, speakers, languages, moods. Leaf module, imports nothing of ours."""

from enum import StrEnum


class Channel(StrEnum):
    """How a contact reached the company."""

    CALL = "call"
    CHAT = "chat"
    EMAIL = "email"
    TICKET = "ticket"


class Speaker(StrEnum):
    """Who said a turn. A bot speaks for the company, so it counts as an agent in every figure."""

    CUSTOMER = "customer"
    AGENT = "agent"
    BOT = "bot"


class Language(StrEnum):
    """Language of a contact.

    `HBS` is Croatian, Bosnian or Serbian in Latin script where the text alone does not tell which:
    on short texts no detector separates them reliably, and a wrong certainty would spoil
    every per-language figure.
    """

    ENGLISH = "en"
    CROATIAN = "hr"
    SLOVENIAN = "sl"
    SERBIAN = "sr"
    HBS = "hbs"
    OTHER = "other"


class Script(StrEnum):
    """Writing of a contact, by ISO 15924."""

    LATIN = "Latn"
    CYRILLIC = "Cyrl"


class Sentiment(StrEnum):
    """Mood of the customer over the whole contact, in rising order."""

    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"


class ChurnDirection(StrEnum):
    """Where a customer stands towards the company they write to, as far as the contact says."""

    LEAVING = "leaving"
    JOINING = "joining"
    STAYING = "staying"
    SOMEONE_ELSE = "someone_else"
    CANCELLING_ORDER = "cancelling_order"
    NONE = "none"


class ReasonClass(StrEnum):
    """What a company should do about a contact reason."""

    ELIMINATE = "eliminate"
    AUTOMATE = "automate"
    SELF_SERVE = "self-serve"
    KEEP = "keep"


class Split(StrEnum):
    """Part of a labelled set. Models learn on train, choices are made on dev, test is reported once."""

    TRAIN = "train"
    DEV = "dev"
    TEST = "test"


class TaskName(StrEnum):
    """Default tasks of the classifier."""

    REASON = "reason"
    SENTIMENT = "sentiment"
    CHURN_INTENT = "churn_intent"
    CHURN_DIRECTION = "churn_direction"
