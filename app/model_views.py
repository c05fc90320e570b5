"""Blocks of the models page."""

import shlex
from datetime import datetime

import pandas as pd
import streamlit as st

from voc.app import components, model_charts, model_sentences, queries, url, words
from voc.app.model_sentences import LEAST
from voc.app.words import count, escaped
from voc.data.workspace import Workspace
from voc.i18n import N_, Texts, _
from voc.inference.marts import Span
from voc.inference.model_report import Figure, ModelReport, Quality, TaskFigures
from voc.labels import TaskName

SHORT_LIST = 8
"""Labels shown before somebody asks for all."""


def in_use(reports: tuple[ModelReport, ...], version: str | None) -> ModelReport | None:
    """The report of the model whose scores people see; None where its folder is gone."""
    return next((report for report in reports if report.version == version), None)


def details(report: ModelReport, workspace: Workspace) -> list[str | None]:
    """What is worth adding to the headline: where the model comes from, and of what contacts the figures are."""
    return [
        model_sentences.origin(report, _moment(report, workspace)),
        model_sentences.synthetic(report.quality, workspace.config.company.synthetic) if report.quality else None,
        model_sentences.gap(report.gap),
    ]


def tiles(quality: Quality) -> None:
    """The figure of every task."""
    with st.grid(len(quality.tasks), min_column_width=190, gap="small"):
        for name, found in quality.tasks.items():
            components.tile(
                model_sentences.task(name),
                words.decimal(found.whole.value, 2),
                note=f"{model_sentences.spread(found.whole)} · n = {count(found.whole.contacts)}",
                help=_(
                    "Macro-F1: precision and recall of each label together, 1 at best, averaged over the labels so "
                    "that rare ones count as much as frequent ones. The range is a 95 % interval."
                ),
            )


def quality(found: Quality, workspace: Workspace) -> None:
    """One task in full: by language, by label, and how far its probabilities can be believed."""
    names = {name: model_sentences.task(name) for name in found.tasks}
    first = TaskName.REASON.value if TaskName.REASON in names else next(iter(names))
    chosen = url.segments("task", names, _("Task"), first) if len(names) > 1 else first
    task = found.tasks[chosen]
    left, right = st.columns(2, gap="small")
    with left, st.container(border=True, height="stretch"):
        st.header(_("In which language is it good?"), anchor=False)
        said = _("Macro-F1 with its 95 % interval. Pale: fewer than {least} labelled contacts.")
        st.caption(said.format(least=count(LEAST)))
        languages = {model_sentences.form(name): figure for name, figure in task.languages.items()}
        st.vega_lite_chart(model_charts.figures(_frame(languages), _("Macro-F1")), alt=_("Macro-F1 by language"))
    with right, st.container(border=True, height="stretch"):
        st.header(_("Is it as sure as it says?"), anchor=False)
        st.caption(model_sentences.calibration(task.ece))
        alt = _("How often answers are right, by probability")
        st.vega_lite_chart(model_charts.reliability(task.reliability), alt=alt)
    _labels(task, chosen, workspace)


def unmeasured(report: ModelReport) -> None:
    """A model without figures: what its card says, or why it cannot be read."""
    with st.container(border=True, gap="small"):
        st.header(_("No figures"), anchor=False, icon=":material/straighten:")
        if report.problem is not None:
            st.caption(escaped(report.problem))
        else:
            st.caption(
                _(
                    "Models keep their figures since they were trained by this version, if there were labelled "
                    "contacts to judge them on. Train anew to have them here."
                )
            )
        if report.card:
            with st.expander(_("What its card says")):
                st.code(words.visible(report.card), language=None, wrap_lines=True)


def drift() -> None:
    """What comes in, and what the model makes of it, against the contacts that it was judged on."""
    weeks, found, mix = queries.weeks(), queries.judged(), queries.week_languages()
    last = weeks.iloc[-1]
    spoken = mix[mix["to_day"] == last["to_day"]]
    week = {str(name): int(n) for name, n in zip(spoken["language"], spoken["contacts"], strict=True)}
    scored = int(last["scored"])
    st.header(_("Have contacts changed since?"), anchor=False)
    said = [
        model_sentences.unknown_change(int(last["unknown"]), scored, found),
        model_sentences.confidence_change(float(last["confidence"]), float(last["spread"]), scored, found),
        model_sentences.language_change(week, found),
    ]
    st.markdown(" ".join(each for each in said if each))
    st.caption(
        " ".join((_("All contacts, by weeks that end on the weekday of the newest."), model_sentences.judged_on(found)))
    )
    cards = st.columns(3, gap="small")
    if weeks["scored"].any():
        with cards[0], st.container(border=True, height="stretch"):
            st.markdown(_bold(_("Share of unknown")))
            st.vega_lite_chart(model_charts.unknown(weeks, found), alt=_("Share of unknown by week"))
        with cards[1], st.container(border=True, height="stretch"):
            st.markdown(_bold(_("Mean confidence in the most probable reason")))
            st.vega_lite_chart(model_charts.confidence(weeks, found), alt=_("Mean confidence by week"))
    with cards[2], st.container(border=True, height="stretch"):
        st.markdown(_bold(_("Languages")))
        st.vega_lite_chart(model_charts.languages(mix), alt=_("Languages by week"))


def models(reports: tuple[ModelReport, ...], workspace: Workspace) -> None:
    """The model in use, the one before, and those that may take its place."""
    st.header(_("Which models are there?"), anchor=False)
    current = in_use(reports, workspace.current_model)
    if current is not None and current.problem is None:
        st.markdown(model_sentences.gate(current.gate))
    frame = pd.DataFrame(
        {
            "model": [words.visible(report.version) for report in reports],
            "role": [_role(report, workspace) for report in reports],
            "reasons": [_figure(report, TaskName.REASON) for report in reports],
            "sentiment": [_figure(report, TaskName.SENTIMENT) for report in reports],
            "leaving": [_figure(report, TaskName.CHURN_INTENT) for report in reports],
            "promotion": [
                model_sentences.promotion(report.promotion, report.version == workspace.current_model)
                for report in reports
            ],
        }
    )
    st.dataframe(
        frame,
        hide_index=True,
        column_config={
            "model": st.column_config.TextColumn(_("Model"), width=170, help=_("The time at which it was made (UTC).")),
            "role": st.column_config.TextColumn(_("Role"), width=110),
            "reasons": st.column_config.TextColumn(_("Reasons"), width=140, help=_("Macro-F1 with its 95 % interval.")),
            "sentiment": st.column_config.TextColumn(_("Sentiment"), width=140),
            "leaving": st.column_config.TextColumn(_("Leaving"), width=140),
            "promotion": st.column_config.TextColumn(
                _("Put to use?"),
                width=300,
                help=_("A new model is compared with the one in use on the same contacts."),
            ),
        },
        alt=_("Models, newest first, with their figures"),
    )
    _tracking(workspace)


def runs(span: Span, workspace: Workspace) -> None:
    """How fresh the data are, and what ran last."""
    st.header(_("Is it up to date?"), anchor=False)
    newest = words.moment(span.latest, workspace.config.zone)
    st.caption(_("Newest contact: {moment}. The latest runs of each step:").format(moment=newest))
    found = queries.runs()
    if not found:
        st.caption(_("No run is recorded yet."))
        return
    frame = pd.DataFrame(
        {
            "step": [_step(run.step, run.inputs.get("step")) for run in found],
            "when": [words.moment(run.started_at, workspace.config.zone) for run in found],
            "took": [words.lasting(run.seconds) for run in found],
            "counts": [words.visible(model_sentences.counts(run.counts)) for run in found],
        }
    )
    st.dataframe(
        frame,
        hide_index=True,
        column_config={
            "step": st.column_config.TextColumn(_("Step"), width=210),
            "when": st.column_config.TextColumn(_("Started"), width=160),
            "took": st.column_config.TextColumn(_("Took"), width=90),
            "counts": st.column_config.TextColumn(_("Counts"), width=480),
        },
        alt=_("Latest runs of each step, newest first"),
    )


def _labels(task: TaskFigures, name: str, workspace: Workspace) -> None:
    """Its labels, the weakest first: what to label more of, and what to read with care."""
    named = {_label(label, name, workspace): figure for label, figure in task.labels.items() if figure.contacts}
    enough = {label: figure for label, figure in named.items() if figure.contacts >= LEAST}
    ordered = dict(sorted(named.items(), key=lambda pair: (pair[1].contacts < LEAST, pair[1].value, pair[0])))
    with st.container(border=True):
        st.header(_("Where is it weak, and where strong?"), anchor=False)
        if enough:
            weak, strong = (
                min(enough, key=lambda each: enough[each].value),
                max(enough, key=lambda each: enough[each].value),
            )
            said = _("Weakest: {weakest}. Strongest: {strongest}.")
            st.markdown(said.format(weakest=_judged(weak, enough[weak]), strongest=_judged(strong, enough[strong])))
        said = _(
            "F1 of each label with its 95 % interval, the weakest first. Pale, at the end: fewer than {least} labelled "
            "contacts that have it."
        )
        st.caption(said.format(least=count(LEAST)))
        everything = len(ordered) > SHORT_LIST and st.session_state.get("all_labels", False)
        shown = dict(list(ordered.items())[: None if everything else SHORT_LIST])
        st.vega_lite_chart(model_charts.figures(_frame(shown)), alt=_("F1 by label, weakest first"))
        if len(ordered) > SHORT_LIST:
            st.toggle(_("All {count} labels").format(count=len(ordered)), key="all_labels")


def _tracking(workspace: Workspace) -> None:
    """Where every experiment can be looked up."""
    uri = workspace.config.tracking.uri
    if uri.startswith(("http://", "https://")):
        st.link_button(_("Experiments in MLflow"), uri, icon=":material/open_in_new:")
        return
    with st.expander(_("All experiments: MLflow"), icon=":material/experiment:"):
        st.markdown(
            _("Every training, its settings, curves and figures are kept in MLflow. Start it on this machine with:")
        )
        command = shlex.join(["mlflow", "ui", "--backend-store-uri", workspace.tracking_uri])
        st.code(command, language=None, wrap_lines=True)


def _frame(figures: dict[str, Figure]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "name": [words.visible(name) for name in figures],
            "value": [figure.value for figure in figures.values()],
            "low": [figure.low for figure in figures.values()],
            "high": [figure.high for figure in figures.values()],
            "contacts": [figure.contacts for figure in figures.values()],
            "enough": [figure.contacts >= LEAST for figure in figures.values()],
        }
    )


def _label(label: str, task: str, workspace: Workspace) -> str:
    if task == TaskName.REASON:
        return workspace.taxonomy.name(label)
    return words.SENTIMENT_NAMES.get(label) or _ANSWERS.get(label) or label.replace("_", " ").capitalize()


def _bold(text: str) -> str:
    return f"**{escaped(text)}**"


def _judged(label: str, found: Figure) -> str:
    return f"{_bold(label)}, F1 {model_sentences.figure(found)}, n = {count(found.contacts)}"


_ANSWERS = Texts(
    {
        "yes": N_("Leaving"),
        "no": N_("Not leaving"),
        "leaving": N_("Leaving"),
        "joining": N_("Joining"),
        "staying": N_("Staying"),
        "someone_else": N_("Someone else"),
        "cancelling_order": N_("Cancelling order"),
        "none": N_("None"),
    }
)


def _role(report: ModelReport, workspace: Workspace) -> str:
    if report.version == workspace.current_model:
        return _("In use")
    if report.version == workspace.previous_model:
        return _("The one before")
    if report.problem is not None:
        return _("Not readable")
    newer = workspace.current_model is None or report.version > workspace.current_model
    return _("Challenger") if newer else _("Older")


def _figure(report: ModelReport, task: TaskName) -> str:
    found = report.quality.tasks.get(task) if report.quality else None
    return model_sentences.figure(found.whole) if found else "–"


def _moment(report: ModelReport, workspace: Workspace) -> str:
    if report.manifest is None:
        return ""
    try:
        return words.moment(datetime.fromisoformat(report.manifest.created_at), workspace.config.zone)
    except ValueError:
        return escaped(report.manifest.created_at)


def _step(step: str, part: object) -> str:
    name = model_sentences.step(step)
    return f"{name}: {model_sentences.step(part)}" if isinstance(part, str) else name
