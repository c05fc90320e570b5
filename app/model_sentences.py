"""The sentences of the models page: templates as pure functions. They return Markdown."""

from collections.abc import Mapping
from datetime import timedelta

from voc.app import words
from voc.app.words import SPACE, between, count, escaped, percent, plural
from voc.inference import intervals
from voc.inference.intervals import Interval
from voc.inference.marts_models import Judged
from voc.inference.model_report import Figure, Gate, ModelReport, Promotion, Quality
from voc.labels import Language, Script, TaskName

LEAST = 20
"""With fewer labelled contacts a figure is shown, and nothing is concluded from it."""
TASKS: dict[str, str] = {
    TaskName.REASON: "Reasons",
    TaskName.SENTIMENT: "Sentiment",
    TaskName.CHURN_INTENT: "Says that they are leaving",
    TaskName.CHURN_DIRECTION: "Where the customer stands",
}
SPLITS: dict[str, str] = {"test": "held-out", "dev": "development", "train": "training"}
STEPS: dict[str, str] = {
    "ingest": "Contacts read in",
    "train": "Model trained",
    "score": "Contacts scored",
    "themes": "Themes",
    "signals": "What is emerging",
    "promote": "Model put to use",
    "rollback": "Model taken back",
    "daily": "Daily run",
    "outcomes": "Observed risk learnt",
    "score_outcomes": "Observed risk",
}
_FORMS: dict[str, str] = {
    f"{Language.SERBIAN}-{Script.LATIN}": "Serbian (Latin)",
    f"{Language.SERBIAN}-{Script.CYRILLIC}": "Serbian (Cyrillic)",
}


def form(name: str) -> str:
    """A written form as quality is reported by it."""
    return _FORMS.get(name) or words.language(name)


def task(name: str) -> str:
    """A task's name."""
    return TASKS.get(name, name)


def step(name: str) -> str:
    """A batch step's name."""
    return STEPS.get(name, name)


def figure(found: Figure) -> str:
    """`0.61 (0.59 to 0.63)`."""
    return f"{found.value:.2f} ({found.low:.2f} to {found.high:.2f})"


def headline(quality: Quality) -> str:
    """How good the model tells the reasons, or the first task that there is; in which language best and worst."""
    name = TaskName.REASON if TaskName.REASON in quality.tasks else next(iter(quality.tasks), None)
    if name is None:
        return "Not yet measured: no labelled contact was kept back to judge the model on."
    found = quality.tasks[name]
    contacts = plural(found.whole.contacts, f"{SPLITS.get(quality.split, quality.split)} contact")
    return f"{task(name)}: macro-F1 {figure(found.whole)} on {contacts}; {_languages(found.languages)}."


def _languages(languages: Mapping[str, Figure]) -> str:
    enough = {name: each for name, each in languages.items() if each.contacts >= LEAST}
    if len(enough) < 2:
        return "too few of them to compare languages"
    best, worst = max(enough, key=lambda name: enough[name].value), min(enough, key=lambda name: enough[name].value)
    if enough[best].low <= enough[worst].high:
        return "no clear difference between languages"
    return f"{form(best)} best, {form(worst)} worst"


def unmeasured(report: ModelReport) -> str:
    """Why there are no figures."""
    if report.problem is not None:
        return "The model in use cannot be read."
    return "Not yet measured: this model keeps no figures of its quality."


def origin(report: ModelReport, moment: str) -> str:
    """When the model was made, on what, and of which teacher. `moment` is the time in words."""
    manifest = report.manifest
    if manifest is None:
        return ""
    made = f"Made on {moment} with voc {escaped(manifest.voc_version)} on the encoder {escaped(manifest.encoder)}."
    if manifest.teacher:
        made += f" Distilled from model {escaped(manifest.teacher)}."
    if report.quality is not None and report.quality.contacts:
        sizes = report.quality.contacts
        made += (
            f" Learnt from {plural(sizes.get('train', 0), 'labelled contact')}; thresholds and calibration chosen on "
            f"{count(sizes.get('dev', 0))}; judged on {count(sizes.get('test', 0))}."
        )
    return made


def synthetic(quality: Quality | None, company: bool) -> str | None:
    """That the figures are of generated contacts; None where they are not."""
    if not (company or (quality is not None and quality.synthetic)):
        return None
    return (
        "These figures are of generated contacts. They show that everything works together, and say nothing of how "
        "good the model is on real ones."
    )


def calibration(ece: float) -> str:
    """What the calibration error means."""
    return (
        f"A stated probability is off by {100 * ece:.1f} points on average (expected calibration error). "
        "On the line, the model is as often right as it says."
    )


def gate(found: Gate | None) -> str:
    """How the export stands beside the trained model."""
    if found is None:
        return "Not exported: contacts are scored with the trained model itself."
    where = f"on {plural(found.contacts, 'labelled contact')}"
    if found.refusal is not None:
        return f"The export ({escaped(found.precision)}) was not let through {where}: {escaped(found.refusal)}."
    return (
        f"Exported ({escaped(found.precision)}) and let through {where}: it loses at most {100 * found.loss:.2f} "
        f"points of macro-F1 ({100 * found.allowed:.2f} are allowed), and its vectors lie at cosine {found.cosine:.4f}."
    )


def promotion(found: Promotion | None, current: bool) -> str:
    """How the last try to put a model to use ended."""
    if found is None:
        return "In use since it was made" if current else "Not tried yet"
    if found.outcome == "refused":
        return f"Refused: {words.visible(found.refusal or '')}"
    return "Put to use by force" if found.outcome == "forced" else "Put to use"


def unknown_change(unknown: int, scored: int, found: Judged | None) -> str:
    """The share of unknown in the last week, against the contacts that the model was judged on."""
    now = intervals.share(unknown, scored)
    if now is None:
        return "No contact of the last week is scored."
    said = f"Unknown in the last week: {percent(now.value)} ({between(now)}) of {plural(scored, 'scored contact')}"
    change = intervals.share_change(unknown, scored, found.unknown, found.contacts) if found else None
    if found is None or change is None:
        return f"{said}."
    return f"{said}, {percent(found.unknown / found.contacts)} of those it was judged on: {_change(change)}."


def confidence_change(confidence: float, spread: float, scored: int, found: Judged | None) -> str | None:
    """The mean confidence of the last week against the same; None where either is not known."""
    if found is None or scored < 2 or found.contacts < 2:
        return None
    change = mean_change(confidence, spread, scored, found)
    return (
        f"Mean confidence in the last week: {percent(confidence)}, {percent(found.confidence)} on those it was judged "
        f"on: {_change(change)}."
    )


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
        return "Languages come in the same mix as in the contacts it was judged on: no clear change."
    name = max(changes, key=lambda each: abs(changes[each].value))
    return (
        f"{words.language(name)} is {percent(week.get(name, 0) / contacts)} of the last week, and was "
        f"{percent(found.languages.get(name, 0) / found.contacts)} of the contacts it was judged on: "
        f"{_change(changes[name])}."
    )


def judged_on(found: Judged | None) -> str:
    """What weeks are compared with."""
    if found is None:
        return "No labelled contact of dev or test is scored, so there is nothing to compare the weeks with."
    return (
        f"Grey: the {plural(found.contacts, 'labelled contact')} of {words.days(found.first, found.last)} that the "
        f"model was judged on. Band: 95{SPACE}% interval."
    )


def _change(change: Interval) -> str:
    if not change.excludes_zero:
        return "no clear change"
    low, high = sorted((abs(change.low), abs(change.high)))
    more = "more" if change.value > 0 else "less"
    return f"{100 * abs(change.value):.1f} points {more} ({100 * low:.1f} to {100 * high:.1f})"


def duration(seconds: float) -> str:
    """`4 s`, `12 min`, `3 h 20 min`."""
    if seconds < 90:
        return f"{seconds:.0f}{SPACE}s"
    whole = timedelta(seconds=round(seconds))
    hours, minutes = divmod(round(whole.total_seconds() / 60), 60)
    return f"{hours}{SPACE}h {minutes}{SPACE}min" if hours else f"{minutes}{SPACE}min"
