"""The bench that scores a few and many contacts, in miniature."""

import json

import pyarrow as pa
import pytest

from tests.experiments.tracked import Tracked
from voc.data.contracts import CONTRACTS
from voc.data.workspace import Workspace
from voc.errors import ModelFolderError
from voc.experiments.growth import growth
from voc.experiments.synthetic_lake import LAST_DAY, Shape, synthetic_contacts
from voc.training.exporting import export


def test_few_and_many_in_miniature(trained: Workspace) -> None:
    export(trained, precision="fp32")
    tracked = Tracked()
    result = growth(trained, 60, lambda what, share: None, tracked, few=20, per_day=10)  # type: ignore[arg-type]
    figures = result.figures
    assert (figures["few.contacts"], figures["many.contacts"]) == (20, 60)
    for name, contacts in (("few", 20), ("many", 60)):
        assert figures[f"{name}.seconds_per_thousand"] == pytest.approx(1000 * figures[f"{name}.seconds"] / contacts)
        assert figures[f"{name}.peak_rss_mb"] > 50
    cost, memory = (figures[f"many.{key}"] / figures[f"few.{key}"] for key in ("seconds_per_thousand", "peak_rss_mb"))
    assert (figures["cost_ratio"], figures["memory_ratio"]) == pytest.approx((cost, memory))
    assert cost < 1  # starting is most of it, and shared by more
    assert tracked.tables["growth"] == figures
    json.dumps(result.context)
    assert trained.lake.version("scores") == -1  # the workspace itself was left alone


def test_without_an_export_is_one_line(trained: Workspace) -> None:
    with pytest.raises(ModelFolderError, match="not an exported model"):
        growth(trained, 60, lambda what, share: None, Tracked())  # type: ignore[arg-type]


def test_days_are_equally_long_and_no_two_contacts_the_same() -> None:
    rows = pa.concat_tables(synthetic_contacts(Shape(300, days=3, pool=20)))
    CONTRACTS["contacts"].check(rows.schema)
    assert rows.num_rows == len(rows["contact_id"].unique()) == 300
    per_day = rows["day"].value_counts().to_pylist()
    assert len(per_day) == 3 and max(row["values"] for row in per_day) == LAST_DAY
    said = [turns[-1]["text"] for turns in rows["turns"].to_pylist()]
    assert len(set(said)) == 300
