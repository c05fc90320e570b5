"""What the page Review says: how far one is, and what the corrections changed. Pure functions; they return Markdown."""

from voc.app import words
from voc.app.words import between, count, counted, escaped, percent
from voc.data.corrections import NO, YES, Correction
from voc.i18n import N_, Texts, _, ngettext
from voc.inference.agreement import ModelAgreement, Move, ReviewerAgreement
from voc.inference.intervals import share
from voc.labels import TaskName
from voc.taxonomy import Taxonomy

TASKS = Texts(
    {
        TaskName.REASON: N_("Contact reasons"),
        TaskName.SENTIMENT: N_("Sentiment"),
        TaskName.CHURN_INTENT: N_("Says that they are leaving"),
    }
)
ANSWERS = Texts({NO: N_("No"), YES: N_("Yes")})
_MISSING = Texts(
    {
        TaskName.REASON: N_("the reason"),
        TaskName.SENTIMENT: N_("the sentiment"),
        TaskName.CHURN_INTENT: N_("whether they say that they are leaving"),
    }
)
WHYS = Texts(
    {
        "uncertain": N_("The model is unsure of this contact."),
        "doubted": N_("A label that this contact was given is doubtful."),
    }
)


def progress(left: int, agreed: int, judged: int) -> str:
    """How many contacts are left, and how often one agrees with the model: `agreed` of `judged`."""
    said = counted(ngettext("{count} contact left", "{count} contacts left", left), left)
    found = share(agreed, judged)
    if found is None:
        return f"{said}."
    agreement = _("you agree with the model in {share} ({range})").format(
        share=percent(found.value, 0), range=between(found, 0)
    )
    return f"{said}; {agreement}."


def missing(tasks: tuple[str, ...]) -> str:
    """What has still to be said before a judgement can be stored."""
    return _("Still to say: {what}.").format(what=", ".join(_MISSING[task] for task in tasks))


def hidden() -> str:
    """Why there is no proposal."""
    return _("What the model says of this contact is hidden, so that it does not lead you.")


def taken_back() -> str:
    """After an undo."""
    return _("Taken back. The contact is as you had left it.")


def nothing_proposed() -> str:
    """The model abstained."""
    return _("The model found no reason that it is sure of.")


def label(task: str, value: str | None, taxonomy: Taxonomy) -> str:
    """Name of a label; none stands for: there was none."""
    if value is None:
        return "–"
    return taxonomy.name(value) if task == TaskName.REASON else fixed(value)


def fixed(value: str) -> str:
    """Name of a sentiment or of an answer; anything else stays."""
    return words.SENTIMENT_NAMES.get(value) or ANSWERS.get(value, value)


def session(judged: int, changed: int) -> str:
    """What was done in the chosen time."""
    if not judged:
        return _("Nothing was judged in this time.")
    said = counted(ngettext("{count} contact judged", "{count} contacts judged", judged), judged)
    more = counted(ngettext("{count} label changed", "{count} labels changed", changed), changed)
    return f"{said}, {more}."


def moved(move: Move, taxonomy: Taxonomy) -> str:
    """One kind of change: from which label to which."""
    before, after = (escaped(label(move.task, each, taxonomy)) for each in (move.before, move.after))
    return f"{before} → **{after}**"


def agreement(found: ModelAgreement | ReviewerAgreement) -> str:
    """A share with its interval and denominator."""
    n = found.judged if isinstance(found, ModelAgreement) else found.pairs
    estimate = found.share
    if estimate is None:
        return "–"
    return f"{percent(estimate.value, 0)} ({between(estimate, 0)}), n{words.SPACE}={words.SPACE}{count(n)}"


def anchoring(shown: list[ModelAgreement], blind: list[ModelAgreement]) -> str | None:
    """Whether people agree more where they saw what the model says; of all tasks together. None without both."""
    pairs = [(sum(each.agreed for each in some), sum(each.judged for each in some)) for some in (shown, blind)]
    with_it, without = (share(*pair) for pair in pairs)
    if with_it is None or without is None:
        return None
    return _(
        "Where the model's proposal was shown, people agree in {shown} ({shown_range}) of labels; "
        "where it was hidden, in {hidden} ({hidden_range})."
    ).format(
        shown=percent(with_it.value, 0),
        shown_range=between(with_it, 0),
        hidden=percent(without.value, 0),
        hidden_range=between(without, 0),
    )


def reviewers(found: ReviewerAgreement) -> str:
    """How far people agree with each other on one task."""
    said = f"{TASKS[found.task]}: {agreement(found)}"
    if found.kappa is None:
        return said
    return said + ", " + _("kappa {value}").format(value=words.decimal(found.kappa, 2))


def corrected(rows: tuple[Correction, ...], when: str) -> str:
    """Who said last what the labels are, and when: `when` is that moment in words."""
    return _("Corrected by {who} on {when}").format(who=escaped(rows[-1].who), when=when)


def confirmed(rows: tuple[Correction, ...], when: str) -> str:
    """The same where nothing differs from what the model says."""
    return _("Confirmed by {who} on {when}").format(who=escaped(rows[-1].who), when=when)
