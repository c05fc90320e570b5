"""`voc bench growth`: does scoring cost more a contact, or more memory, where there are a hundred times as many?"""

from voc.data.workspace import Workspace
from voc.experiments.bench import BenchResult, Progress, machine_context
from voc.experiments.processes import copied, watched
from voc.experiments.synthetic_lake import Shape, synthetic_contacts
from voc.models.exported import load_exported
from voc.models.registry import RunLog

FEW, MANY = 10_000, 1_000_000
PER_DAY = 2_500  # of both: a day is scored by itself, and longer days would repeat themselves more
POOL = 500  # different conversations, but for their last turn: what scoring does besides reading weighs the more
_SEED = 13


def growth(
    workspace: Workspace, many: int, progress: Progress, run: RunLog, few: int = FEW, per_day: int = PER_DAY
) -> BenchResult:
    """`voc score` over `few` and over `many` contacts, days of equal length, with the workspace's exported model.

    Of each the seconds, the seconds of a thousand contacts, start and end included, and the peak memory of all
    processes in MB; and `cost_ratio` and `memory_ratio`, many to few. The workspace itself is left alone. Raises
    WorkspaceError without a model, ModelFolderError without an export, InputError where scoring fails.
    """
    version = workspace.required_model()
    exported = load_exported(workspace.models / version)
    figures: dict[str, float] = {}
    for number, (name, contacts) in enumerate((("few", few), ("many", many))):
        progress(f"{contacts:,} contacts", number / 2)
        with copied(workspace) as copy:
            for rows in synthetic_contacts(Shape(contacts, days=max(1, contacts // per_day), pool=POOL), _SEED):
                copy.lake.append("contacts", rows)
            took = watched(["score", "--engine", "onnx", "--workspace", str(copy.root)])
            scored = copy.lake.dataset("scores").count_rows()
        figures |= {
            f"{name}.contacts": float(scored), f"{name}.seconds": took.seconds,
            f"{name}.seconds_per_thousand": 1000 * took.seconds / scored, f"{name}.peak_rss_mb": took.peak_mb,
        }  # fmt: skip
    figures["cost_ratio"] = figures["many.seconds_per_thousand"] / figures["few.seconds_per_thousand"]
    figures["memory_ratio"] = figures["many.peak_rss_mb"] / figures["few.peak_rss_mb"]
    run.table("growth", figures)
    context = machine_context() | {
        "data": "the demo company's conversations, repeated with another last turn (synthetic)", "per_day": per_day,
        "conversations": POOL,
        "model": version, "precision": exported.precision, "seed": _SEED,
    }  # fmt: skip
    return BenchResult("growth", figures, context)
