"""Active customers a day."""

from datetime import date, timedelta

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from voc.data.contracts import CUSTOMERS
from voc.data.customers import active_by_segment, active_customers
from voc.data.lake import Lake
from voc.data.workspace import Workspace
from voc.errors import InputError

DAY = date(2026, 3, 1)
Span = tuple[int, int | None]
SEGMENTS = ("home", "business", None)


class Customers(Lake):
    """A lake that holds these customers and nothing on disk."""

    def __init__(self, spans: list[Span]) -> None:
        self._spans = spans

    def dataset(self, name: str) -> pa.dataset.Dataset:
        rows = [
            {
                "customer_id": str(number),
                "active_from": DAY + timedelta(since),
                "active_to": None if until is None else DAY + timedelta(until),
                "segment": SEGMENTS[number % 3],
            }
            for number, (since, until) in enumerate(self._spans)
        ]
        return pa.dataset.dataset(pa.Table.from_pylist(rows if name == "customers" else [], CUSTOMERS.schema))


def spans() -> st.SearchStrategy[list[Span]]:
    since = st.integers(-5, 15)
    span = since.flatmap(lambda day: st.tuples(st.just(day), st.none() | st.integers(day, day + 12)))
    return st.lists(span, max_size=12)


@settings(max_examples=40, deadline=None)
@given(spans())
@example([(0, 9), (-5, 0), (-5, 9), (2, 2), (9, None), (10, None), (-5, 10)])
def test_as_many_as_counting_one_by_one(customers: list[Span]) -> None:
    table = active_customers(Customers(customers), DAY, DAY + timedelta(9))
    assert table.schema == pa.schema([pa.field("day", pa.date32()), pa.field("active", pa.int64())])
    assert table["day"].to_pylist() == [DAY + timedelta(day) for day in range(10)]
    assert table["active"].to_pylist() == [
        sum(since <= day and (until is None or day < until) for since, until in customers) for day in range(10)
    ]


@settings(max_examples=40, deadline=None)
@given(spans())
@example([(0, 9), (-5, 0), (-5, 9), (2, 2), (9, None), (10, None), (-5, 10)])
def test_segments_are_counted_one_by_one(customers: list[Span]) -> None:
    rows = active_by_segment(Customers(customers), DAY, DAY + timedelta(9)).to_pylist()
    found = {(row["day"], row["segment"]): row["active"] for row in rows}
    assert len(found) == len(rows)
    for day in range(10):
        for place, segment in enumerate(SEGMENTS):
            own = customers[place::3]
            here = sum(since <= day and (until is None or day < until) for since, until in own)
            assert found.get((DAY + timedelta(day), segment or ""), 0) == here
        assert (DAY + timedelta(day), "") in found


def test_a_lake_without_customers_has_zeros(workspace: Workspace) -> None:
    assert active_customers(workspace.lake, DAY, DAY + timedelta(2))["active"].to_pylist() == [0, 0, 0]
    assert active_by_segment(workspace.lake, DAY, DAY)["segment"].to_pylist() == [""]


def test_days_the_wrong_way_round(workspace: Workspace) -> None:
    with pytest.raises(InputError, match="expected a first day not after the last, got 2026-03-02 and 2026-03-01"):
        active_customers(workspace.lake, DAY + timedelta(1), DAY)
    with pytest.raises(InputError, match="expected a first day not after the last"):
        active_by_segment(workspace.lake, DAY + timedelta(1), DAY)
