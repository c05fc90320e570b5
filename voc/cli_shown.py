"""What commands tell people of what they did: tables and lines on the terminal."""

import traceback
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from voc.data.ingest import IngestSummary
    from voc.experiments.bench import BenchResult
    from voc.experiments.sweep import SweepSummary
    from voc.inference.daily import DailySummary
    from voc.inference.emergence.run import EmergenceSummary
    from voc.inference.themes import ThemesSummary
    from voc.training.distil import DistilSummary
    from voc.training.evaluate import Report
    from voc.training.exporting import GateReport
    from voc.training.outcomes import OutcomeSummary
    from voc.training.promote import Comparison
    from voc.training.train import TrainSummary

out = Console()
errors = Console(stderr=True)


def show_ingest(summary: "IngestSummary") -> None:
    """What came of each source, and what was refused."""
    table = Table("source", "read", "stored", "already there", "quarantined", title="Ingested")
    for source in summary.sources:
        cells = (source.read, source.stored, source.already_there, source.quarantined)
        table.add_row(source.source, *(f"{count:,}" for count in cells))
    out.print(table)
    for problem in summary.problems:
        out.print(f"  {problem}", highlight=False, markup=False, soft_wrap=True)
    if summary.quarantined > len(summary.problems):
        out.print(f"  … and {summary.quarantined - len(summary.problems):,} more; see the table quarantine")


def show_daily(summary: "DailySummary") -> None:
    """Each step of a day; what nobody foresaw with its traceback."""
    table = Table("step", "", "rows", "seconds", "share", "what came of it", title="Daily run")
    for step in summary.steps:
        share = f"{summary.share(step):.0%}" if step.seconds else ""
        table.add_row(step.step, step.ending, f"{step.rows:,}", f"{step.seconds:,.1f}", share, Text(step.note))
    out.print(table)
    for step in summary.failed:
        if step.error is not None:
            traceback.print_exception(step.error)
        errors.print(f"voc: {step.step}: {step.note}", style="red", markup=False, highlight=False, soft_wrap=True)


def show_training(summary: "TrainSummary") -> None:
    """The new model and its quality on test."""
    rows = summary.rows
    out.print(
        f"\nModel {summary.version}: learnt from {rows['train']:,} contacts, chosen on {rows['dev']:,} (dev), "
        f"judged on {rows['test']:,} kept-back ones (test); {summary.seconds:.0f} s.",
        highlight=False,
    )
    if summary.corrected:
        out.print(f"Of {summary.corrected:,} of them the labels are what people said in the app.", highlight=False)
    show_report(summary.test)


def show_student(summary: "DistilSummary") -> None:
    """The student's quality beside its teacher's."""
    table = Table("language", title=f"Macro-F1 on {summary.test.split} (below the teacher's)")
    for name in summary.test.tasks:
        table.add_column(name, justify="right")
    languages = sorted({language for task in summary.test.tasks.values() for language in task.by_language})
    for language in ["all", *languages]:
        cells = []
        for name, task in summary.test.tasks.items():
            quality = task.whole if language == "all" else task.by_language.get(language)
            cells.append(f"{quality.macro_f1:.3f} ({summary.lost[f'{name}.{language}']:+.3f})" if quality else "–")
        table.add_row(language, *cells)
    out.print(table)
    out.print(
        f"Model {summary.version}: {summary.layers} of the {summary.teacher_layers} layers of {summary.teacher}; "
        f"learnt from {summary.material.contacts:,} contacts and {summary.material.seeds:,} texts of the seed corpus; "
        f"{summary.seconds:.0f} s. Cosine of its vectors to the teacher's, on dev: {summary.after['cosine']:.3f}, "
        f"before training {summary.before['cosine']:.3f}.",
        highlight=False, soft_wrap=True,
    )  # fmt: skip


def show_report(report: "Report") -> None:
    """Macro-F1 of each task by language."""
    table = Table("language", title=f"Macro-F1 on {report.split} (contacts)")
    for name in report.tasks:
        table.add_column(name, justify="right")
    languages = sorted({language for task in report.tasks.values() for language in task.by_language})
    for language in ["all", *languages]:
        cells = []
        for task in report.tasks.values():
            quality = task.whole if language == "all" else task.by_language.get(language)
            cells.append(f"{quality.macro_f1:.3f} ({quality.rows:,})" if quality else "–")
        table.add_row(language, *cells)
    out.print(table)


def show_comparison(comparison: "Comparison") -> None:
    """A model beside the current one, line by line."""
    for note in comparison.notes:
        out.print(f"  {note}", highlight=False, markup=False, soft_wrap=True)
    if not comparison.lines:
        return
    out.print(
        f"\nOn test, {comparison.challenger} beside the current {comparison.champion}: macro-F1, a reason's F1, and "
        "the difference in points with its interval over all lines together.",
        highlight=False, soft_wrap=True,
    )  # fmt: skip
    margin = comparison.settings.margin
    for task in dict.fromkeys(line.task for line in comparison.lines):
        table = Table(task, box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
        for name in ("contacts", "current", "new", "points", "interval", ""):
            table.add_column(name, justify="right" if name else "left", no_wrap=True)
        for line in (line for line in comparison.lines if line.task == task):
            verdict = "worse" if line.worse(margin) else "worse?" if line.doubtful(margin) else ""
            points, low, high = (f"{100 * value:+.1f}" for value in (line.difference, line.low, line.high))
            table.add_row(
                line.where, f"{line.contacts:,}", f"{line.champion:.3f}", f"{line.challenger:.3f}", points,
                f"{low} to {high}", verdict, style="red" if verdict == "worse" else None,
            )  # fmt: skip
        out.print(table)


def show_gate(report: "GateReport") -> None:
    """An export beside the model that it was made of: over all contacts, and against the labels that there are."""
    said = Table("task", "where", title=f"{report.precision} beside the trained model {report.version}")
    right = Table("task", "where", title="Macro-F1 and ECE by the labelled contacts")
    for table, names in (
        (said, ("contacts", "same", "expected loss", "")),
        (right, ("labelled", "F1", report.precision, "lost", "ECE", report.precision)),
    ):
        for name in names:
            table.add_column(name, justify="right" if name else "left", no_wrap=True)
    for line in report.lines:
        refused = line.refused(report.settings)
        said.add_row(
            line.task, line.where, f"{line.contacts:,}", f"{line.agreement:.1%}", f"{100 * line.expected_loss:+.2f}",
            "refused" if refused else "", style="red" if refused else None,
        )  # fmt: skip
        if line.rows:
            macro_f1, ece = (
                [f"{each[name]:.3f}" for each in (line.trained, line.exported)] for name in ("macro_f1", "ece")
            )
            right.add_row(
                line.task, line.where, f"{line.rows:,}", *macro_f1, f"{100 * line.loss:+.2f}", *ece,
                style="red" if refused else None,
            )  # fmt: skip
    out.print(said, right)
    out.print(
        f"Losses are points of macro-F1. {report.labelled:,} of {report.contacts:,} contacts are labelled. "
        f"Cosine of their vectors: mean {report.cosine_mean:.4f}, least {report.cosine_least:.4f}. "
        f"{report.precision} is {'let through' if report.refusal is None else f'refused: {report.refusal}'}.",
        highlight=False, markup=False, soft_wrap=True,
    )  # fmt: skip


def show_sweep(summary: "SweepSummary", most: int = 10) -> None:
    """The best trials."""
    total = len(summary.trials)
    table = Table("trial", "dev", *summary.best.settings, title=f"{total} trials, {total - summary.before} of them now")
    for trial in summary.trials[:most]:
        own = " (yours)" if trial == summary.baseline else ""
        table.add_row(f"{trial.number}{own}", f"{trial.score:.4f}", *(str(value) for value in trial.settings.values()))
    out.print(table)


def show_outcomes(summary: "OutcomeSummary") -> None:
    """The outcome head beside its rivals."""
    report, figures = summary.report, summary.report.figures
    table = Table("", "PR-AUC", "lift, top decile", "Brier", "ECE", title="Outcome head on test, and its rivals")
    for name in ("", "with_last_csat.", "baseline.last_csat.", "baseline.stated_intent.", "baseline.prevalence."):
        cells = [
            f"{figures[f'{name}{key}']:.3f} ({figures[f'{name}{key}.low']:.3f} to {figures[f'{name}{key}.high']:.3f})"
            for key in ("pr_auc", "lift_top_decile", "brier")
        ]
        table.add_row(name.removeprefix("baseline.").strip(".") or "head", *cells, f"{figures[f'{name}ece']:.3f}")
    out.print(table)
    made = "Trained" if summary.trained else "Already there:"
    out.print(
        f"{made} outcome head {summary.version}: leaving within {summary.horizon_days} days; learnt from "
        f"{report.train['contacts']:,} contacts of {report.split['train_first']} to {report.split['train_last']}, "
        f"judged on {report.test['contacts']:,} of {report.split['test_first']} to {report.split['test_last']}, "
        f"{report.test['positives']:,} before one of {report.test['leavers']:,} leaves.",
        highlight=False, soft_wrap=True,
    )  # fmt: skip
    for note in report.notes:
        out.print(f"  {note}", highlight=False, markup=False, soft_wrap=True)


def show_signals(summary: "EmergenceSummary") -> None:
    """Open alerts, fixes that were tested, and the budget."""
    for line in summary.living:
        out.print(
            f"{line.kind} {line.group_id}  {line.label}: {line.customers:,} customers since {line.began}, "
            f"{line.expected:,.0f} expected (up to {line.peak:.1f} times; test {line.test})",
            highlight=False, markup=False, soft_wrap=True,
        )  # fmt: skip
    for fix in summary.fixes:
        found = fix.closure
        ratio = f" ({found.ratio:.2f} times as many beside all others, {found.low:.2f} to {found.high:.2f})"
        out.print(
            f"theme {fix.theme_id}, fixed on {fix.fixed_on}: {found.verdict}; {found.before:,} customers in "
            f"{found.days_before:,} days before, {found.after:,} in {found.days_after:,} days after"
            f"{ratio if found.known else ''}",
            highlight=False, markup=False, soft_wrap=True,
        )  # fmt: skip
    when = f" on {summary.last_day}" if summary.last_day else ""
    out.print(
        f"{len(summary.living):,} open alerts{when}, {len(summary.alerts):,} in all, among {summary.groups:,} groups "
        f"over {summary.days:,} days. The budget of false alerts in 30 days is "
        f"{summary.false_alerts_per_month:g}, over all groups together.",
        highlight=False, soft_wrap=True,
    )  # fmt: skip


def show_themes(summary: "ThemesSummary", most: int = 30) -> None:
    """The largest themes."""
    table = Table("id", "theme", "contacts", "customers", title=f"{len(summary.themes)} themes")
    for line in summary.themes[:most]:
        table.add_row(line.theme_id, line.label, f"{line.contacts:,}", f"{line.customers:,}")
    out.print(table)
    out.print(
        f"{summary.unassigned:,} of {summary.contacts:,} contacts ({summary.unassigned_share:.0%}) are in no theme; "
        f"{summary.seconds:.0f} s.",
        highlight=False,
    )
    if summary.events:
        out.print(", ".join(f"{count:,} {kind}" for kind, count in summary.event_counts.items()), highlight=False)
    if summary.naming_failure:
        out.print(summary.naming_failure, highlight=False, markup=False)


def show_bench(result: "BenchResult") -> None:
    """All figures."""
    table = Table("figure", "value", title=result.bench)
    for name, value in result.figures.items():
        table.add_row(name, f"{value:,.4f}".rstrip("0").rstrip("."))
    out.print(table)
