"""The lake's promises: empty tables read, contracts hold, each write is one commit."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable
from pyarrow.fs import LocalFileSystem, SubTreeFileSystem

from voc.data.contracts import CONTRACTS, CUSTOMERS
from voc.data.lake import MANY_FILES, Lake
from voc.errors import ContractError, LakeError


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


def customers(**segments: str | None) -> pa.Table:
    rows: list[dict[str, Any]] = [
        {"customer_id": name, "active_from": date(2026, 1, 1), "segment": segment} for name, segment in segments.items()
    ]
    return pa.Table.from_pylist(rows, CUSTOMERS.schema)


def held(lake: Lake) -> dict[str, str]:
    rows = lake.query("SELECT customer_id, segment FROM customers ORDER BY customer_id").to_pylist()
    return {row["customer_id"]: row["segment"] for row in rows}


@pytest.mark.parametrize("name", CONTRACTS)
def test_every_table_reads_before_it_was_written(lake: Lake, name: str) -> None:
    assert not lake.exists(name)
    assert lake.version(name) == -1
    table = lake.query(f"SELECT * FROM {name}")
    assert table.num_rows == 0
    assert table.schema.names == CONTRACTS[name].schema.names


@pytest.mark.parametrize("name", CONTRACTS)
def test_what_goes_in_comes_out_with_the_same_types(lake: Lake, name: str) -> None:
    rows = CONTRACTS[name].schema.empty_table()
    lake.append(name, rows)
    assert lake.dataset(name).to_table().schema.equals(rows.schema)
    assert lake.version(name) == 0


def parquet(lake: Lake) -> int:
    return len(list((lake.root / "customers").glob("*.parquet")))


def test_what_a_table_was_can_be_read_until_it_is_tidied_away(lake: Lake) -> None:
    for segment in ("home", "business", "other"):
        lake.replace("customers", customers(a=segment))
    assert lake.tidy("customers", timedelta(days=30)) == 0 and parquet(lake) == 3
    earlier = DeltaTable(str(lake.root / "customers"), version=1).to_pyarrow_table()
    assert earlier["segment"].to_pylist() == ["business"]
    version = lake.version("customers")
    assert lake.tidy("customers", timedelta(0)) == 2 and parquet(lake) == 1
    assert held(lake) == {"a": "other"} and lake.version("customers") > version
    version = lake.version("customers")
    assert lake.tidy("customers", timedelta(0)) == 0 and lake.version("customers") == version
    assert lake.tidy("themes", timedelta(0)) == 0  # never written


def test_many_small_files_become_one(lake: Lake) -> None:
    names = [f"c{number}" for number in range(MANY_FILES + 1)]
    for name in names:
        lake.append("customers", customers(**{name: "home"}))
    lake.tidy("customers", timedelta(days=30))
    assert len(lake.dataset("customers").files) == 1 and list(held(lake)) == sorted(names)
    assert parquet(lake) == MANY_FILES + 2  # who still reads the small ones can go on


def test_append_replace_upsert_insert(lake: Lake) -> None:
    lake.append("customers", customers(a="home", b="home"))
    lake.upsert("customers", customers(b="business", c="home"))
    assert held(lake) == {"a": "home", "b": "business", "c": "home"}
    lake.insert_new("customers", customers(c="other", d="home"))
    assert held(lake) == {"a": "home", "b": "business", "c": "home", "d": "home"}
    lake.replace("customers", customers(a="other"), where="customer_id = 'a'")
    assert held(lake)["a"] == "other"
    lake.replace("customers", customers(z="home"))
    assert held(lake) == {"z": "home"}
    assert lake.version("customers") == 4  # one commit each


@pytest.mark.parametrize("write", ["replace", "upsert", "insert_new"])
def test_the_first_write_may_be_any(lake: Lake, write: str) -> None:
    getattr(lake, write)("customers", customers(a="home"))
    assert held(lake) == {"a": "home"}


def test_values_go_in_as_parameters(lake: Lake) -> None:
    lake.append("customers", customers(a="x' OR '1'='1", b="home"))
    sql = "SELECT customer_id FROM customers WHERE segment = $segment"
    assert lake.query(sql, {"segment": "x' OR '1'='1"})["customer_id"].to_pylist() == ["a"]


def test_files_are_read_without_python(lake: Lake) -> None:
    """Through Delta's own file system, which is Python's, two threads can wait for each other for ever."""
    lake.append("customers", customers(a="home"))
    (fragment,) = lake.dataset("customers").get_fragments()
    assert isinstance(fragment.filesystem, SubTreeFileSystem)
    assert isinstance(fragment.filesystem.base_fs, LocalFileSystem)


def test_a_contract_names_every_difference(lake: Lake) -> None:
    wrong = customers(a="home").drop_columns(["region"]).append_column("extra", pa.array([1]))
    wrong = wrong.set_column(0, "customer_id", pa.array([1]))
    with pytest.raises(ContractError) as error:
        lake.append("customers", wrong)
    assert str(error.value) == (
        "table customers: customer_id: expected string, got int64; region: expected string, got no such "
        "column; extra: not in the contract"
    )
    assert not lake.exists("customers")


def test_a_failing_stream_leaves_the_table_as_it_was(lake: Lake) -> None:
    lake.append("customers", customers(a="home"))

    def batches() -> Any:
        yield from customers(b="home").to_batches()
        raise OSError("the disk is full")

    with pytest.raises(Exception, match="the disk is full"):
        lake.append("customers", pa.RecordBatchReader.from_batches(CUSTOMERS.schema, batches()))
    assert held(lake) == {"a": "home"}
    assert lake.version("customers") == 0


def test_what_the_system_forbids_is_one_line(lake: Lake) -> None:
    lake.append("customers", customers(a="x"))
    log = lake.root / "customers" / "_delta_log"
    log.rename(log.with_name("away"))
    log.write_text("a file where a folder was")
    with pytest.raises(LakeError, match=r"^table customers: not written: Not a directory; it is as it was$"):
        lake.append("customers", customers(b="y"))
