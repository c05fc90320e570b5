"""`voc bench daily`: the whole of `voc daily` on the first night of a company with so many new contacts."""

import json
import tempfile
from pathlib import Path

from voc.data.demo import generate
from voc.data.workspace import Workspace
from voc.experiments.bench import BenchResult, Progress, machine_context
from voc.experiments.processes import copied, watched
from voc.models.exported import is_exported, load_exported
from voc.models.registry import RunLog

CONTACTS = 100_000
SEED = 29
_STEPS = "SELECT inputs, counts, seconds FROM runs WHERE step = 'daily' ORDER BY started_at"


def daily(workspace: Workspace, contacts: int, progress: Progress, run: RunLog) -> BenchResult:
    """`voc daily` over so many new contacts of the demo company, with the workspace's current model.

    Nothing is known before, so that themes are looked for as well: the longest night there is. The contacts are
    generated with another seed than the demo's own, so that none was learnt from as it stands; phrases are the demo's.
    The workspace itself is left alone. Raises WorkspaceError without a model, InputError where a step fails.
    """
    version = workspace.required_model()
    with copied(workspace) as copy, tempfile.TemporaryDirectory(prefix="voc-bench-") as name:
        progress("generating contacts", 0.0)
        made = Path(name) / "made"
        generate(made, contacts=contacts, customers=max(50, contacts // 5), seed=SEED)
        files = [
            path for path in sorted(made.iterdir()) if path.name not in {"truth.json", "README.txt", "labels.jsonl"}
        ]
        progress("a night's work", 0.05)
        took = watched(["daily", *map(str, files), "--workspace", str(copy.root)])
        steps = {
            json.loads(row["inputs"])["step"]: (float(row["seconds"]), int(json.loads(row["counts"])["rows"]))
            for row in copy.lake.query(_STEPS).to_pylist()
        }
        scored = copy.lake.dataset("scores").count_rows()
    working = sum(seconds for seconds, _ in steps.values())
    figures = {
        "minutes": took.seconds / 60,
        "contacts": float(scored),
        "contacts_per_second": scored / took.seconds,
        "peak_rss_mb": took.peak_mb,
        **{f"share.{step}": seconds / working for step, (seconds, _) in steps.items()},
        **{f"seconds.{step}": seconds for step, (seconds, _) in steps.items()},
        **{f"rows.{step}": float(rows) for step, (_, rows) in steps.items()},
    }
    run.table("daily", figures)
    folder = workspace.models / version
    context = machine_context() | {
        "data": f"{contacts:,} synthetic contacts of the demo company, all new",
        "model": version, "precision": load_exported(folder).precision if is_exported(folder) else "torch",
        "seed": SEED,
    }  # fmt: skip
    return BenchResult("daily", figures, context)
