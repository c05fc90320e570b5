"""The sentences of the models page: templates as pure functions. They return Markdown."""

from collections.abc import Mapping

from voc.app import words
from voc.app.words import between, bounds, count, counted, decimal, escaped, percent
from voc.i18n import N_, Texts, _, ngettext
from voc.inference import intervals
from voc.inference.intervals import Interval
from voc.inference.marts_models import Judged
from voc.inference.model_report import MOST_NAMES, Figure, Gap, Gate, ModelReport, Promotion, Quality
from voc.labels import Language, Script, TaskName

LEAST = 20
"""With fewer labelled contacts a figure is shown, and nothing is concluded from it."""
TASKS = Texts(
    {
        TaskName.REASON: N_("Reasons"),
        TaskName.SENTIMENT: N_("Sentiment"),
        TaskName.CHURN_INTENT: N_("Says that they are leaving"),
        TaskName.CHURN_DIRECTION: N_("Where the customer stands"),
    }
)
STEPS = Texts(
    {
        "ingest": N_("Contacts read in"),
        "train": N_("Model trained"),
        "score": N_("Contacts scored"),
        "themes": N_("Themes"),
        "signals": N_("What is emerging"),
        "promote": N_("Model put to use"),
        "rollback": N_("Model taken back"),
        "daily": N_("Daily run"),
        "outcomes": N_("Observed risk"),
        "score-outcomes": N_("Observed risk"),
    }
)
COUNTS = Texts(
    {
        "read": N_("read"),
        "stored": N_("stored"),
        "already_there": N_("already there"),
        "quarantined": N_("quarantined"),
        "days": N_("days"),
        "contacts": N_("contacts"),
        "abstained": N_("abstained"),
        "late": N_("late"),
        "themes": N_("themes"),
        "unassigned": N_("unassigned"),
        "groups": N_("groups"),
        "alerts": N_("alerts"),
        "living": N_("living"),
        "fixes": N_("fixes"),
        "lines": N_("lines"),
        "worse": N_("worse"),
        "rows": N_("rows"),
        "ending": N_("ending"),
    }
)
"""What runs count, by the names under which they record it."""
ENDINGS = Texts(
    {
        "done": N_("done"),
        "nothing new": N_("nothing new"),
        "left out": N_("left out"),
        "failed": N_("failed"),
    }
)
"""How a step of the daily run ended."""
_FORMS = Texts(
    {
        f"{Language.SERBIAN}-{Script.LATIN}": N_("Serbian (Latin)"),
        f"{Language.SERBIAN}-{Script.CYRILLIC}": N_("Serbian (Cyrillic)"),
    }
)


def form(name: str) -> str:
    """A written form as quality is reported by it."""
    return _FORMS.get(name) or words.language(name)


def task(name: str) -> str:
    """A task's name."""
    return TASKS.get(name, name)


def step(name: str) -> str:
    """A batch step's name."""
    return STEPS.get(name, name)


def counts(found: Mapping[str, object]) -> str:
    """What a run counted: `read 39,091, stored 39,091`."""
    return ", ".join(
        _("{name} {value}").format(name=COUNTS.get(key, key.replace("_", " ")), value=_value(value))
        for key, value in found.items()
    )


def _value(value: object) -> str:
    return count(value) if isinstance(value, int) else ENDINGS.get(str(value), str(value))


def figure(found: Figure) -> str:
    """`0.61 (0.59 to 0.63)`."""
    return f"{decimal(found.value, 2)} ({spread(found)})"


def spread(found: Figure) -> str:
    """A figure's interval: `0.59 to 0.63`."""
    return bounds(decimal(found.low, 2), decimal(found.high, 2))


def headline(quality: Quality) -> str:
    """How good the model tells the reasons, or the first task that there is; in which language best and worst."""
    name = TaskName.REASON if TaskName.REASON in quality.tasks else next(iter(quality.tasks), None)
    if name is None:
        return _("Not yet measured: no labelled contact was kept back to judge the model on.")
    found = quality.tasks[name]
    return _("{task}: macro-F1 {figure} on {contacts}; {languages}.").format(
        task=task(name),
        figure=figure(found.whole),
        contacts=_judged_contacts(quality.split, found.whole.contacts),
        languages=_languages(found.languages),
    )


def _judged_contacts(split: str, number: int) -> str:
    match split:
        case "test":
            said = ngettext("{count} held-out contact", "{count} held-out contacts", number)
        case "dev":
            said = ngettext("{count} development contact", "{count} development contacts", number)
        case _:
            said = ngettext("{count} labelled contact", "{count} labelled contacts", number)
    return counted(said, number)


def _languages(languages: Mapping[str, Figure]) -> str:
    enough = {name: each for name, each in languages.items() if each.contacts >= LEAST}
    if len(enough) < 2:
        return _("too few of them to compare languages")
    best, worst = max(enough, key=lambda name: enough[name].value), min(enough, key=lambda name: enough[name].value)
    if enough[best].low <= enough[worst].high:
        return _("no clear difference between languages")
    return _("{best} best, {worst} worst").format(best=form(best), worst=form(worst))


def unmeasured(report: ModelReport) -> str:
    """Why there are no figures."""
    if report.problem is not None:
        return _("What the model in use says of itself cannot be read.")
    return _("Not yet measured: this model keeps no figures of its quality.")


def origin(report: ModelReport, moment: str) -> str:
    """When the model was made, on what, and of which teacher. `moment` is the time in words."""
    manifest = report.manifest
    if manifest is None:
        return ""
    made = _("Made on {moment} with voc {version} on the encoder {encoder}.")
    said = [
        made.format(moment=moment, version=escaped(manifest.voc_version), encoder=escaped(manifest.encoder)),
    ]
    if manifest.teacher:
        said.append(_("Distilled from model {teacher}.").format(teacher=escaped(manifest.teacher)))
    if report.quality is not None and report.quality.contacts:
        sizes = report.quality.contacts
        learnt = ngettext(
            "Learnt from {count} labelled contact; thresholds and calibration chosen on {dev}; judged on {test}.",
            "Learnt from {count} labelled contacts; thresholds and calibration chosen on {dev}; judged on {test}.",
            sizes.get("train", 0),
        )
        said.append(
            counted(learnt, sizes.get("train", 0), dev=count(sizes.get("dev", 0)), test=count(sizes.get("test", 0)))
        )
    return " ".join(said)


def gap(found: Gap | None) -> str | None:
    """How the reasons that the model knows differ from today's; None where they don't."""
    if found is None:
        return None
    said = [_("It was made for other contact reasons than today's.")]
    if found.missing:
        said.append(_("It does not know: {reasons}.").format(reasons=_named(found.missing)))
    if found.extra:
        said.append(_("No longer in taxonomy.toml: {reasons}.").format(reasons=_named(found.extra)))
    if not (found.missing or found.extra):
        said.append(_("They are the same, in another order."))
    return " ".join(said)


def _named(reasons: tuple[str, ...]) -> str:
    names = escaped(", ".join(reasons[:MOST_NAMES]))
    left = len(reasons) - MOST_NAMES
    return _("{names} and {number} more").format(names=names, number=count(left)) if left > 0 else names


def synthetic(quality: Quality | None, company: bool) -> str | None:
    """That the figures are of generated contacts; None where they are not."""
    if not (company or (quality is not None and quality.synthetic)):
        return None
    return _(
        "These figures are of generated contacts. They show that everything works together, and say nothing of how "
        "good the model is on real ones."
    )


def calibration(ece: float) -> str:
    """What the calibration error means."""
    said = _(
        "A stated probability is off by {points} points on average (expected calibration error). "
        "On the line, the model is as often right as it says."
    )
    return said.format(points=decimal(100 * ece))


def gate(found: Gate | None) -> str:
    """How the export stands beside the trained model."""
    if found is None:
        return _("Not exported: contacts are scored with the trained model itself.")
    precision = escaped(found.precision)
    if found.refusal is not None:
        said = ngettext(
            "The export ({precision}) was not let through on {count} contact: {refusal}.",
            "The export ({precision}) was not let through on {count} contacts: {refusal}.",
            found.contacts,
        )
        return counted(said, found.contacts, precision=precision, refusal=escaped(found.refusal))
    said = ngettext(
        "Exported ({precision}) and let through on {count} contact: it is expected to lose at most {loss} "
        "points of macro-F1 ({allowed} are allowed), and its vectors lie at cosine {cosine}.",
        "Exported ({precision}) and let through on {count} contacts: it is expected to lose at most {loss} "
        "points of macro-F1 ({allowed} are allowed), and its vectors lie at cosine {cosine}.",
        found.contacts,
    )
    return counted(
        said,
        found.contacts,
        precision=precision,
        loss=decimal(100 * found.loss, 2),
        allowed=decimal(100 * found.allowed, 2),
        cosine=decimal(found.cosine, 4),
    )


def promotion(found: Promotion | None, current: bool) -> str:
    """How the last try to put a model to use ended."""
    if found is None:
        return _("In use since it was made") if current else _("Not tried yet")
    if found.outcome == "refused":
        return _("Refused: {why}").format(why=words.visible(found.refusal or ""))
    return _("Put to use by force") if found.outcome == "forced" else _("Put to use")


def unknown_change(unknown: int, scored: int, found: Judged | None) -> str:
    """The share of unknown in the last week, against the contacts that the model was judged on."""
    now = intervals.share(unknown, scored)
    if now is None:
        return _("No contact of the last week is scored.")
    fields = {"share": percent(now.value), "bounds": between(now)}
    change = intervals.share_change(unknown, scored, found.unknown, found.contacts) if found else None
    if found is None or change is None:
        said = ngettext(
            "Unknown in the last week: {share} ({bounds}) of {count} scored contact.",
            "Unknown in the last week: {share} ({bounds}) of {count} scored contacts.",
            scored,
        )
        return counted(said, scored, **fields)
    said = ngettext(
        "Unknown in the last week: {share} ({bounds}) of {count} scored contact, {judged} of those it was judged on: "
        "{change}.",
        "Unknown in the last week: {share} ({bounds}) of {count} scored contacts, {judged} of those it was judged on: "
        "{change}.",
        scored,
    )
    return counted(said, scored, judged=percent(found.unknown / found.contacts), change=_change(change), **fields)


def confidence_change(confidence: float, spread: float, scored: int, found: Judged | None) -> str | None:
    """The mean confidence of the last week against the same; None where either is not known."""
    if found is None or scored < 2 or found.contacts < 2:
        return None
    change = mean_change(confidence, spread, scored, found)
    said = _("Mean confidence in the last week: {now}, {judged} on those it was judged on: {change}.")
    return said.format(now=percent(confidence), judged=percent(found.confidence), change=_change(change))


def mean_change(mean: float, spread: float, contacts: int, found: Judged) -> Interval:
    """Difference of two means with the normal interval of unequal variances (Welch 1947, for many contacts)."""
    half = intervals.quantile() * (spread**2 / contacts + found.spread**2 / found.contacts) ** 0.5
    difference = mean - found.confidence
    return Interval(difference, difference - half, difference + half)


def language_change(week: dict[str, int], found: Judged | None) -> str | None:
    """The language whose share of the last week differs most clearly from the contacts the model was judged on.

    All languages are compared at once (Bonferroni). None where there is nothing to compare with.
    """
    contacts = sum(week.values())
    if found is None or not contacts:
        return None
    names = sorted(set(week) | set(found.languages))
    z = intervals.quantile(comparisons=len(names))
    changes = {}
    for name in names:
        change = intervals.share_change(week.get(name, 0), contacts, found.languages.get(name, 0), found.contacts, z)
        if change is not None and change.excludes_zero:
            changes[name] = change
    if not changes:
        return _("Languages come in the same mix as in the contacts it was judged on: no clear change.")
    name = max(changes, key=lambda each: abs(changes[each].value))
    language = words.language(name)
    said = _("{language} is {now} of the last week, and was {judged} of the contacts it was judged on: {change}.")
    return said.format(
        language=language[:1].upper() + language[1:],
        now=percent(week.get(name, 0) / contacts),
        judged=percent(found.languages.get(name, 0) / found.contacts),
        change=_change(changes[name]),
    )


def judged_on(found: Judged | None) -> str:
    """What weeks are compared with."""
    if found is None:
        return _("No labelled contact of dev or test is scored, so there is nothing to compare the weeks with.")
    said = ngettext(
        "Grey: the {count} labelled contact of {days} that the model was judged on. Band: {level} interval.",
        "Grey: the {count} labelled contacts of {days} that the model was judged on. Band: {level} interval.",
        found.contacts,
    )
    return counted(said, found.contacts, days=words.days(found.first, found.last), level=percent(0.95, 0))


def _change(change: Interval) -> str:
    if not change.excludes_zero:
        return _("no clear change")
    low, high = sorted((abs(change.low), abs(change.high)))
    said = _("{size} points more ({bounds})") if change.value > 0 else _("{size} points less ({bounds})")
    return said.format(size=decimal(100 * abs(change.value)), bounds=bounds(decimal(100 * low), decimal(100 * high)))
