"""docs/operations.md: its Python runs."""

import re
from pathlib import Path

import pyarrow as pa

from voc.data.contracts import THEME_ASSIGNMENTS
from voc.data.lake import Lake

PAGE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")


def test_what_a_table_was_is_read_as_the_page_says(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    row = {"contact_id": "c1", "day": None, "theme_id": "T001", "similarity": 0.9}
    lake.append("theme_assignments", pa.Table.from_pylist([row], THEME_ASSIGNMENTS.schema))
    (code,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert "/srv/voc" in code and "days=7" in code
    found: dict[str, pa.Table] = {}
    exec(code.replace("/srv/voc", str(tmp_path)).replace("days=7", "days=0"), found)
    assert found["table"].num_rows == 1
