"""The command line: a thin shell over the verbs of the folders."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from voc.cli_people import user_app
from voc.cli_shown import (
    errors,
    out,
    show_bench,
    show_comparison,
    show_daily,
    show_gate,
    show_ingest,
    show_outcomes,
    show_signals,
    show_student,
    show_sweep,
    show_themes,
    show_training,
)
from voc.cli_themes import WorkspaceOption, theme_app
from voc.errors import VocError

if TYPE_CHECKING:
    from voc.data.workspace import Workspace

app = typer.Typer(
    name="voc",
    help="Voice of the customer: why customers contact us, how they feel, who is leaving, what is new.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(theme_app)
app.add_typer(user_app)


def main() -> None:
    """Run a command. A VocError becomes one line and exit code 2."""
    _quiet_libraries()
    try:
        app()
    except VocError as error:
        errors.print(f"voc: {error}", style="red", markup=False, highlight=False, soft_wrap=True)
        sys.exit(2)
    except KeyboardInterrupt:
        errors.print("voc: interrupted; run the same command again to go on")
        sys.exit(130)


@app.command()
def init(
    root: Annotated[Path, typer.Argument(help="Folder to make.")],
    taxonomy: Annotated[
        Path | None,
        typer.Option(help="A taxonomy.toml to start from; else the demo company's as an example."),
    ] = None,
) -> None:
    """Make an empty workspace: voc.toml, taxonomy.toml, nothing else."""
    from voc.data.demo import taxonomy_toml
    from voc.data.workspace import Workspace
    from voc.taxonomy import load_taxonomy

    if taxonomy is not None:
        load_taxonomy(taxonomy)
    text = taxonomy.read_text(encoding="utf-8") if taxonomy else taxonomy_toml()
    Workspace.create(root, '[company]\nname = "Our company"\ntimezone = "Europe/Zagreb"\n', text)
    out.print(f"Workspace {root}. Next: voc ingest -w {root} FILES", highlight=False)


@app.command()
def ingest(
    sources: Annotated[list[Path], typer.Argument(help="CSV, JSONL or Parquet files, or folders of them.")],
    workspace: WorkspaceOption,
    kind: Annotated[
        str | None, typer.Option(help="contacts, customers, outcomes or labels; else by each file's name.")
    ] = None,
) -> None:
    """Store contacts, customers, outcomes and labels. Exit code 1 when rows went to quarantine."""
    from voc.data.ingest import Kind
    from voc.data.ingest import ingest as run

    try:
        chosen = Kind(kind) if kind else None
    except ValueError:
        raise VocError(f"--kind: expected one of {', '.join(Kind)}, got {kind!r}") from None
    summary = run(_open(workspace), sources, chosen)
    show_ingest(summary)
    if summary.quarantined:
        raise typer.Exit(1)


@app.command()
def train(
    workspace: WorkspaceOption,
    few_shot: Annotated[
        bool, typer.Option("--few-shot", help="Without labels: from names, definitions and examples in taxonomy.toml.")
    ] = False,
) -> None:
    """Fine-tune a model on the labelled contacts; track it in MLflow."""
    from voc.training.train import train as run

    opened = _open(workspace)
    if few_shot:
        _train_few_shot(opened, workspace)
        return
    with _step("Fine-tuning a model") as report:
        summary = run(opened, report)
    show_training(summary)
    if opened.current_model != summary.version:
        out.print(f"Promote it with: voc promote {summary.version} -w {workspace}", highlight=False)


@app.command()
def align(
    sources: Annotated[list[Path], typer.Argument(help="PO, MO, XLIFF, TMX or CSV files, or folders of them.")],
    workspace: WorkspaceOption,
    language: Annotated[str | None, typer.Option(help="hr, sl or sr, for files that do not say it themselves.")] = None,
) -> None:
    """Align the encoder on your translations, so that what is labelled in English is known in other languages."""
    from voc.data.translations import read_translations
    from voc.labels import Language
    from voc.training.align import align_workspace

    try:
        told = Language(language) if language else None
    except ValueError:
        raise VocError(f"--language: expected hr, sl or sr, got {language!r}") from None
    with _step("Aligning the encoder") as report:
        folder, summary = align_workspace(_open(workspace), read_translations(sources, told), report)
    table = Table("written form", "before", "after", title="Kept-back translations that find their original")
    for form, before in summary.before.items():
        table.add_row(form, f"{before:.3f}", f"{summary.after[form]:.3f}")
    out.print(table)
    name = folder.relative_to(workspace).as_posix()
    out.print(
        f"Aligned on {summary.pairs:,} pairs in {summary.seconds:.0f} s. To use it, write in {workspace}/voc.toml:\n"
        f'\n  [encoder]\n  name = "{name}"\n\nNext: voc train -w {workspace}',
        highlight=False, markup=False, soft_wrap=True,
    )  # fmt: skip


@app.command()
def distil(
    workspace: WorkspaceOption,
    layers: Annotated[
        int | None, typer.Option(min=1, help="Layers of the student; else [distillation] layers in voc.toml.")
    ] = None,
) -> None:
    """Make a smaller model that answers as the current one does; needs contacts, no labels but those to judge it by."""
    from voc.training.distil import distil as run

    with _step("Distilling the current model") as report:
        summary = run(_open(workspace), layers, report)
    show_student(summary)
    out.print(f"Promote it with: voc promote {summary.version} -w {workspace}", highlight=False, soft_wrap=True)


@app.command()
def suggest(
    workspace: WorkspaceOption,
    out_file: Annotated[
        Path | None, typer.Option("--out", help="Sheet of labels to write, such as labels-next.csv.")
    ] = None,
    count: Annotated[int, typer.Option(min=1, help="How many contacts.")] = 100,
    with_text: Annotated[
        bool, typer.Option("--with-text", help="Write the customers' words too: personal data.")
    ] = False,
    queue: Annotated[bool, typer.Option("--queue", help="Put them into the queue of the page Review.")] = False,
) -> None:
    """Choose the contacts worth labelling next, for a sheet or the app: those the model is unsure of, different ones.

    The queue holds no contact whose labels would be of the frozen test split.
    """
    from voc.training.suggest import suggest as run
    from voc.training.suggest import write_suggestions

    if out_file is None and not queue:
        raise typer.BadParameter("expected --out FILE, --queue or both, got neither")
    opened = _open(workspace)
    found = run(opened, count, with_held_out=not queue)
    languages = sorted({one.language for one in found})
    shares = ", ".join(f"{name} {sum(one.language == name for one in found):,}" for name in languages)
    if queue:
        from voc.training.review import queue_suggestions

        waiting = queue_suggestions(opened, found)
        said = f"{len(found):,} contacts ({shares}). The queue of the page Review holds {waiting:,}."
        out.print(said, highlight=False, soft_wrap=True)
    if out_file is not None:
        reading = write_suggestions(found, out_file, with_text)
        out.print(
            f"{len(found):,} contacts ({shares}). Read {reading}, fill in {out_file}; "
            f"next: voc ingest -w {workspace} --kind labels {out_file}",
            highlight=False, markup=False, soft_wrap=True,
        )  # fmt: skip


@app.command()
def doubts(
    workspace: WorkspaceOption,
    out_file: Annotated[Path | None, typer.Option("--out", help="Sheet to write.")] = None,
    with_text: Annotated[
        bool, typer.Option("--with-text", help="Write the customers' words too: personal data.")
    ] = False,
    queue: Annotated[
        int, typer.Option("--queue", min=0, help="Put so many of the worst into the queue of the page Review.")
    ] = 0,
) -> None:
    """Find the labels that are probably wrong, the worst first, and what they might be instead."""
    from voc.training.doubts import doubts as run
    from voc.training.doubts import write_doubts

    if out_file is None and not queue:
        raise typer.BadParameter("expected --out FILE, --queue NUMBER or both, got neither")
    opened = _open(workspace)
    with _step("Looking for doubtful labels") as report:
        found = run(opened, report)
    tasks = ", ".join(
        f"{name} {sum(doubt.task == name for doubt in found):,}" for name in sorted({doubt.task for doubt in found})
    )
    said = f"{len(found):,} doubtful labels ({tasks or 'none'})"
    if out_file is not None:
        write_doubts(found, out_file, with_text)
        said = f"{said}: {out_file}"
    out.print(said, highlight=False, soft_wrap=True)
    if queue:
        from voc.training.review import queue_doubts

        waiting = queue_doubts(opened, found, queue)
        out.print(f"The queue of the page Review holds {waiting:,} contacts.", highlight=False)


@app.command()
def promote(
    version: Annotated[str, typer.Argument(help="Model version, as `voc train` printed it.")],
    workspace: WorkspaceOption,
    force: Annotated[
        bool, typer.Option("--force", help="Promote it even where it is worse; the record says so.")
    ] = False,
) -> None:
    """Make a model version the one whose scores people see, unless it is worse than the current one on test."""
    from voc.training.promote import compare
    from voc.training.promote import promote as run

    opened = _open(workspace)
    with _step("Comparing with the current model") as report:
        comparison = compare(opened, version, report)
    show_comparison(comparison)
    run(opened, comparison, force)
    if comparison.refusal is not None:
        out.print(f"Forced, although {comparison.refusal}.", highlight=False, markup=False, soft_wrap=True)
    out.print(f"Current model: {version}. Next: voc score -w {workspace}", highlight=False)


@app.command()
def rollback(workspace: WorkspaceOption) -> None:
    """Go back to the model that was current before; once more returns."""
    from voc.training.promote import rollback as run

    done = run(_open(workspace))
    out.print(
        f"Current model: {done.current}, no longer {done.before}. Next: voc score -w {workspace}", highlight=False
    )
    if done.incompatible is not None:
        out.print(f"It was made for other contact reasons: {done.incompatible}.", highlight=False, soft_wrap=True)


@app.command()
def sweep(
    workspace: WorkspaceOption,
    trials: Annotated[
        int, typer.Option(min=1, help="How many trainings in all, those of an earlier run included.")
    ] = 20,
    space: Annotated[
        Path | None, typer.Option(help="Search space (TOML); else experiments/sweeps/default.toml.")
    ] = None,
) -> None:
    """Search for better settings of training, judged on dev; run it again to go on."""
    from voc.experiments.sweep import DEFAULT_SPACE, load_space
    from voc.experiments.sweep import sweep as run

    searched = load_space(space or DEFAULT_SPACE)
    with _step("Sweep") as report:
        summary = run(_open(workspace), trials, searched, report)
    show_sweep(summary)
    out.print(
        f"The best, for {workspace}/voc.toml:\n\n{summary.snippet}\n\nNext: voc train -w {workspace}",
        highlight=False, markup=False, soft_wrap=True,
    )  # fmt: skip


@app.command()
def export(
    workspace: WorkspaceOption,
    model: Annotated[str | None, typer.Option(help="Model version; else the current one.")] = None,
    precision: Annotated[
        str, typer.Option(help="int8, fp32, or auto: int8 where it loses too little to matter, else fp32.")
    ] = "auto",
) -> None:
    """Export a model for scoring without torch, unless the export says other things than the model on dev."""
    from voc.inference.serving.artefact import register_export
    from voc.training.exporting import export as run
    from voc.training.exporting import precision_named

    named = precision_named(precision)
    opened = _open(workspace)
    with _step("Exporting") as report:
        reports = run(opened, model, named, report)
    for found in reports:
        show_gate(found)
    with _step("Registering it in MLflow"):
        address = register_export(opened, reports[-1].version)
    out.print(
        f"Model {reports[-1].version} is exported ({reports[-1].precision}), in MLflow {address}. "
        f"Next: voc score -w {workspace}",
        highlight=False, soft_wrap=True,
    )  # fmt: skip


@app.command()
def serve(
    workspace: WorkspaceOption,
    host: Annotated[str, typer.Option(help="Address to listen on; one that others can reach needs tokens.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes one that is free.")] = 8500,
) -> None:
    """Answer other programs: what a contact is about, as the exported current model sees it. Ctrl-C ends it."""
    import logging

    from voc.inference.serving.server import serve as run

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("voc").setLevel(logging.INFO)
    run(
        _open(workspace), host, port,
        lambda address, version: out.print(f"Model {version} at {address} (see {address}/openapi.json)", markup=False,
                                           highlight=False, soft_wrap=True),
    )  # fmt: skip


@app.command("serve-token")
def serve_token(
    name: Annotated[str, typer.Argument(help="Whose token it is, as the log is to say.")],
    workspace: Annotated[
        Path | None, typer.Option("--workspace", "-w", help="Let it in there; else only its hash is printed.")
    ] = None,
) -> None:
    """Print a new token for voc serve. Only its hash is kept, so this is the only time that it can be read."""
    from voc.inference.serving.tokens import TOKENS_FILE, VARIABLE, new_token

    token, line = new_token(name, None if workspace is None else _open(workspace).root / TOKENS_FILE)
    out.print(token, markup=False, highlight=False, soft_wrap=True)
    where = f"{workspace}/{TOKENS_FILE} has its hash; restart voc serve" if workspace else f"{VARIABLE}={line!r}"
    errors.print(where, markup=False, highlight=False, soft_wrap=True)


@app.command()
def score(
    workspace: WorkspaceOption,
    engine: Annotated[
        str,
        typer.Option(help="onnx, torch, ray (a cluster), or auto: the exported model where there is one, else torch."),
    ] = "auto",
    ray_address: Annotated[
        str | None, typer.Option(help="The cluster of --engine ray: host:port, or auto; else [scoring] ray_address.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="Another model version; people go on seeing the current one's scores.")
    ] = None,
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Only days from this one on, contacts with a score once more."),
    ] = None,
) -> None:
    """Score every contact that the model has not read yet, late ones of old days as well."""
    from voc.inference.engine import engine_named
    from voc.inference.progress import paced
    from voc.inference.score import score as run

    named = engine_named(engine)
    if ray_address is not None and named != "ray":
        raise VocError("--ray-address: expected --engine ray with it")
    opened = _open(workspace)
    first = since.date() if since is not None else None
    with _step("Scoring") as report:
        summary = run(opened, paced(report), named, model=model, since=first, ray_address=ray_address)
    late = f", {summary.late:,} of them late" if summary.late else ""
    out.print(
        f"Scored {summary.contacts:,} contacts{late} of {summary.days:,} days with model {summary.model_version} in "
        f"{summary.seconds:.0f} s ({summary.per_second:.0f} a second); {summary.abstained:,} without a sure reason.",
        highlight=False,
    )


@app.command()
def daily(
    workspace: WorkspaceOption,
    sources: Annotated[
        list[Path] | None, typer.Argument(help="Files or folders to ingest; else what is new in [daily] inbox.")
    ] = None,
    engine: Annotated[str, typer.Option(help="onnx, torch, ray, or auto, as of voc score.")] = "auto",
) -> None:
    """Everything a day asks for: ingest, score, themes, signals, outcome scores; what is done is not done twice.

    Exit code 2 when a step failed, 1 when rows went to quarantine.
    """
    from voc.inference.daily import daily as run
    from voc.inference.engine import engine_named

    summary = run(_open(workspace), sources or (), _step, engine_named(engine))
    show_daily(summary)
    if summary.failed:
        raise typer.Exit(2)
    if summary.quarantined:
        raise typer.Exit(1)


@app.command("train-outcomes")
def train_outcomes(workspace: WorkspaceOption) -> None:
    """Learn from the outcomes who leaves after which contacts, judge it on later ones, and score every contact."""
    from voc.training.outcomes import train_outcomes as run

    opened = _open(workspace)
    with _step("Learning from outcomes") as report:
        summary = run(opened, report)
    show_outcomes(summary)
    score_outcomes(workspace)


@app.command("score-outcomes")
def score_outcomes(workspace: WorkspaceOption) -> None:
    """Give newly scored contacts their probability that the customer leaves."""
    from voc.inference.outcomes import score_outcomes as run

    opened = _open(workspace)
    with _step("Scoring outcomes") as report:
        summary = run(opened, lambda done, total: report("scoring", done / max(total, 1)))
    out.print(
        f"Scored {summary.contacts:,} contacts of {summary.days:,} days with outcome head {summary.version} "
        f"(table outcome_scores).",
        highlight=False,
    )


@app.command()
def themes(
    workspace: WorkspaceOption,
    assign_only: Annotated[
        bool, typer.Option("--assign-only", help="Look for no new themes; only give contacts the known ones.")
    ] = False,
    afresh: Annotated[
        bool, typer.Option("--afresh", help="Move each theme's centre to the middle of its contacts.")
    ] = False,
) -> None:
    """Find themes among the scored contacts and give every contact its theme; known themes keep their ids."""
    from voc.inference.themes import themes as run

    opened = _open(workspace)
    with _step("Finding themes") as report:
        summary = run(opened, lambda what: report(what, 0.0), refit=not assign_only, afresh=afresh)
    show_themes(summary)
    marts(workspace)


@app.command()
def signals(workspace: WorkspaceOption) -> None:
    """Find the themes, reasons and slices that rise, and print the alerts that are open today."""
    from voc.inference.emergence.run import emergence as run

    with _step("Looking for what rises") as report:
        report("baselines", 0.0)
        summary = run(_open(workspace))
    show_signals(summary)
    marts(workspace)


@app.command()
def marts(workspace: WorkspaceOption) -> None:
    """Prepare what the app opens, so that nobody waits for it; `voc daily`, `themes` and `signals` end with it."""
    from voc.inference.marts_store import prepare

    with _step("Preparing the app"):
        files, new = prepare(_open(workspace))
    out.print(f"The app's tables are ready. Files: {files:,}, of them new: {new:,}.", highlight=False)


@app.command()
def digest(
    workspace: WorkspaceOption,
    week: Annotated[str | None, typer.Option(help="Such as 2026-W10; else the newest whole week.")] = None,
    format: Annotated[
        str | None, typer.Option(help="txt, md, html or pdf; else by the ending of --out, else txt.")
    ] = None,
    out_file: Annotated[Path | None, typer.Option("--out", help="File to write; else it is printed.")] = None,
    quotes: Annotated[bool, typer.Option("--quotes", help="With words of customers, which are personal data.")] = False,
    language: Annotated[str, typer.Option(help="en, hr, sl, sr-Latn or sr-Cyrl.")] = "en",
) -> None:
    """Write the week in one page: what happened, what moved, what rises, what was fixed."""
    from voc.i18n import using
    from voc.inference.digest import Week, format_for, known_language, render, report, weekly, write

    name, tag = format_for(format, out_file), known_language(language)
    if name == "pdf" and out_file is None:
        raise VocError("--format pdf: expected --out FILE with it")
    found = weekly(_open(workspace), Week.parse(week) if week else None)
    with using(tag):
        page = report(found, quotes)
    if out_file is None:
        typer.echo(render(page, name).decode(), nl=False)
        return
    write(page, name, out_file)
    out.print(f"Week {found.week}: {out_file}", highlight=False, markup=False, soft_wrap=True)


@app.command("app")
def app_(
    workspace: WorkspaceOption,
    port: Annotated[int | None, typer.Option(help="Port; else 8501 or the next.")] = None,
) -> None:
    """Open the app for product managers."""
    from voc.app.launch import check_access, command

    check_access(_open(workspace))
    arguments, environment = command(workspace, port)
    os.execvpe(arguments[0], arguments, environment)


@app.command()
def demo(
    root: Annotated[Path, typer.Argument(help="Folder of the demo workspace.")] = Path("demo"),
    contacts: Annotated[int, typer.Option(min=500, help="How many contacts to generate.")] = 20_000,
) -> None:
    """Make the synthetic demo company: generated, ingested, a model trained, everything scored, themes found."""
    from voc.experiments.demo import demo as run

    summary = run(root, contacts, _step)
    if summary.generated is not None:
        made = summary.generated
        languages = ", ".join(f"{name} {count:,}" for name, count in sorted(made.forms.items()))
        out.print(
            f"\nGenerated (synthetic): {made.contacts:,} contacts of {made.customers:,} customers ({languages}); "
            f"{made.labelled:,} with labels.",
            highlight=False,
        )
    show_ingest(summary.ingested)
    if summary.training is not None:
        show_training(summary.training)
    if summary.exported is not None:
        out.print(
            f"Exported in {summary.exported.precision}: expected to lose at most "
            f"{summary.exported.largest_expected_loss * 100:.2f} points of macro-F1 in any task.",
            highlight=False,
        )
    elif summary.refused:
        out.print(f"Not exported, the trained model scores by itself: {summary.refused}", highlight=False, markup=False)
    out.print(
        f"Scored {summary.scored.contacts:,} contacts in {summary.scored.seconds:.0f} s "
        f"({summary.scored.per_second:.0f} a second).",
        highlight=False,
    )
    show_themes(summary.found)
    show_signals(summary.rising)
    out.print(f"\nOpen the app:  {_own_name()} app --workspace {root}", highlight=False, style="bold")


@app.command()
def bench(
    name: Annotated[
        str,
        typer.Argument(
            help="What to measure: quality, themes, emergence, kills, scoring, growth, serving, daily, app."
        ),
    ],
    suite: Annotated[str, typer.Option(help="Which suite; a wrong name lists all.")] = "star",
    data: Annotated[Path | None, typer.Option(envvar="VOC_BENCH_DATA", help="Folder of the public data sets.")] = None,
    workspace: Annotated[
        Path | None, typer.Option("--workspace", "-w", help="Whose model, where a suite asks.")
    ] = None,
    tracking: Annotated[
        str, typer.Option(envvar="MLFLOW_TRACKING_URI", help="MLflow for the run.")
    ] = "sqlite:///bench/mlflow.db",
    encoder: Annotated[
        str, typer.Option(help="Encoder that the suite's model stands on: embedded, a hub id, or a folder.")
    ] = "embedded",
    repeats: Annotated[
        int | None, typer.Option(min=1, help="emergence: runs of each cell; kills: rounds; more are surer and slower.")
    ] = None,
    contacts: Annotated[int | None, typer.Option(min=1, help="growth, daily, app: so many contacts.")] = None,
    out_file: Annotated[Path | None, typer.Option("--out", help="Write the figures to this JSON file.")] = None,
) -> None:
    """Measure, and print figures that anyone can reproduce."""
    from voc.config import EncoderSettings
    from voc.experiments.bench import run_bench
    from voc.models.registry import Registry

    if tracking.startswith("sqlite:///"):
        Path(tracking.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    with _step(f"Bench {name} {suite}" if name in ("quality", "themes") else f"Bench {name}") as report:
        result = run_bench(
            name,
            suite,
            data,
            workspace,
            Registry(tracking, "bench"),
            report,
            EncoderSettings(name=encoder),
            repeats,
            contacts,
        )
    show_bench(result)
    if out_file is not None:
        result.write(out_file)


def _train_few_shot(opened: "Workspace", root: Path) -> None:
    from voc.training.coldstart import few_shot_train

    with _step("Making a first model") as report:
        summary = few_shot_train(opened, report)
    out.print(
        f"\nModel {summary.version}: {summary.reasons:,} reasons from {summary.texts:,} texts of taxonomy.toml and "
        f"{summary.contacts:,} labelled contacts; {summary.seconds:.0f} s. Its quality is not measured.",
        highlight=False, soft_wrap=True,
    )  # fmt: skip
    after = "score" if opened.current_model == summary.version else f"promote {summary.version}"
    out.print(f"Next: voc {after} -w {root}", highlight=False, soft_wrap=True)


def _open(root: Path) -> "Workspace":
    from voc.data.workspace import Workspace

    return Workspace.open(root)


def _own_name() -> str:
    """How this command was called, as far as it can be typed again."""
    called = Path(sys.argv[0])
    try:
        return str(called.resolve().relative_to(Path.cwd()))
    except ValueError:
        return called.name


def _quiet_libraries() -> None:
    """Progress and errors are shown by us, once; libraries' own bars and notices only get in the way."""
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")


@contextmanager
def _step(name: str) -> Iterator[Callable[[str, float], None]]:
    """A progress bar around a step; gives what reports a detail and the share done."""
    columns = (
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=errors, transient=True) as progress:
        task = progress.add_task(name, total=1.0)
        yield lambda what, share: progress.update(task, description=f"{name}: {what}", completed=share)
        progress.update(task, completed=1.0)
        elapsed = progress.tasks[0].elapsed or 0.0
    out.print(f"✓ {name} ({elapsed:.0f} s)", highlight=False)


if __name__ == "__main__":
    main()
