"""Readers of the public data sets: their formats in miniature, their errors, and the counts of the real files."""

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import pytest

from voc.errors import InputError
from voc.experiments.sets import Row, few_shot
from voc.experiments.suites.banking77 import banking
from voc.experiments.suites.churn import statements
from voc.experiments.suites.clinc import queries as clinc_queries
from voc.experiments.suites.multidogo import DOMAINS, conversations
from voc.experiments.suites.parlasent import parliament
from voc.experiments.suites.star_texts import first_turns, several_tasks
from voc.experiments.suites.xci import messages
from voc.experiments.suites.xsid import queries as xsid_queries
from voc.labels import Split, TaskName

DATA = os.environ.get("VOC_BENCH_DATA")
Reader = Callable[[Path], Iterable[Row]]


def splits(rows: Iterable[Row]) -> dict[str, int]:
    return dict(Counter(row.split.value for row in rows))


def test_banking_splits_are_fixed_and_labels_single(handmade: Path) -> None:
    rows = list(banking(handmade))
    assert splits(rows)["test"] == 9 and len(rows) == 9 + 48
    assert splits(rows) == splits(banking(handmade))
    assert rows[0].text == "I lost my card in the shop" and rows[0].labels == {TaskName.REASON: ("lost_card",)}


def test_clinc_keeps_its_parts_and_names_what_is_out_of_scope(handmade: Path) -> None:
    rows = list(clinc_queries(handmade))
    unknown = [row for row in rows if row.labels[TaskName.REASON] == ("oos",)]
    assert splits(rows) == {"train": 51, "dev": 12, "test": 12}
    assert splits(unknown) == {"train": 3, "dev": 3, "test": 3}


def test_xci_labels(handmade: Path) -> None:
    rows = list(messages(handmade))
    assert rows[0].labels == {"complaint": True, "severity": "1", TaskName.SENTIMENT: "negative"}
    assert rows[1].labels == {"complaint": False, TaskName.SENTIMENT: "positive"}  # no severity without a complaint
    assert rows[-1].group == rows[0].group  # the same words to another account
    assert len({row.group for row in rows}) == len(rows) - 1


def test_parlasent_keeps_documents_whole(handmade: Path) -> None:
    rows = list(parliament(handmade))
    learnt = [row for row in rows if row.split != Split.TEST]
    parts = {(row.group, row.split) for row in learnt}
    assert len({group for group, _ in parts}) == len(parts)
    assert splits(rows)["test"] == 12 and {row.language for row in rows} == {"hr", "sr-Latn", "bs"}


def test_churn_names_the_brand_once(handmade: Path) -> None:
    rows = {row.text: row for row in statements(handmade)}
    leaving, other = (rows[f"{brand}: I leave redtel for bluetel near the shop"] for brand in ("redtel", "bluetel"))
    assert (leaving.labels[TaskName.CHURN_INTENT], other.labels[TaskName.CHURN_INTENT]) == (True, False)
    assert leaving.group == other.group and leaving.language == "en"
    assert "What does it cost at the shop" in rows  # no brand named, and no brand put there
    assert 'redtel: "I leave redtel for bluetel near the pier' in rows  # a quotation mark is only a sign
    assert len(rows) == 2 * (3 * 16 + 1)  # "" and "no_brand" are the same


def test_xsid_learns_from_english_alone(handmade: Path) -> None:
    rows = list(xsid_queries(handmade))
    assert {row.language for row in rows if row.split != Split.TEST} == {"en"}
    assert Counter(row.language for row in rows if row.split == Split.TEST) == {"en": 8, "sr": 8}
    assert rows[-1].text == "Probudi me kod: bank" and rows[-1].labels == {TaskName.REASON: ("alarm/set_alarm",)}


def test_star_first_turns_only(handmade: Path) -> None:
    rows = list(first_turns(handmade))
    assert len(rows) == 96 and {row.text.split()[-1] for row in rows} == {"1", "2"}


def test_star_with_several_tasks_learns_from_single_ones(handmade: Path) -> None:
    rows = list(several_tasks(handmade, "customer"))
    assert {len(row.labels[TaskName.REASON]) for row in rows if row.split != Split.TEST} == {1}
    test = [row for row in rows if row.split == Split.TEST]
    assert len(test) == 6 and test[0].labels == {TaskName.REASON: ("lost_card", "open_account")}
    assert "Anything else?" not in test[0].text
    everyone = [row.text for row in several_tasks(handmade, "everyone") if row.split == Split.TEST]
    assert "Anything else?" in everyone[0]


def test_multidogo_takes_conversations_with_one_specific_intent(handmade: Path) -> None:
    rows = list(conversations(handmade))
    assert splits(rows) == {"train": 5 * 48, "dev": 5 * 6, "test": 5 * 6}
    first = rows[0]
    assert first.text == "hello\nI lost my card in the shop please\nbye"  # by turn number; a line break is no new turn
    assert first.labels == {"airline": ("airline_lost_card",)}


BROKEN = [
    ("banking77/train.csv", "text,category\nhello,\n", banking, "csv:2: field category: expected a reason, got ''"),
    ("banking77/test.csv", "text\nhello\n", banking, "test.csv:1: field header: expected the columns text, category"),
    ("banking77/train.csv", "text,category\na,b,c\n", banking, "train.csv:2: field record: expected 2 columns, got 3"),
    ("clinc_oos/data_full.json", "{", clinc_queries, "data_full.json:1: field file: expected one JSON object"),
    ("clinc_oos/data_full.json", '{"train": [["a"]]}', clinc_queries, r"field train\[0\]: expected \[text, intent\]"),
    ("clinc_oos/data_full.json", '{"train": [["a", "oos"]]}', clinc_queries, "oos in the parts oos_"),
    ("xci_acl2023/X-CI_Dataset.csv", "id,tweet,label,sentiment,Severity\n1,hi,1,neutral,0\n", messages,
     "csv:2: field Severity: expected 1 to 4 for a complaint, else 0, got '0'"),
    ("xci_acl2023/X-CI_Dataset.csv", "id,tweet,label,sentiment,Severity\n1,hi,0,glad,0\n", messages,
     "field sentiment: expected one of negative, neutral, positive, got 'glad'"),
    ("parlasent_bcs/ParlaSent_BCS.jsonl", '{"sentence": "x", "country": "HR", "label": "Negative"}\n', parliament,
     "jsonl:1: field document_id: expected int, got None"),
    ("parlasent_bcs/ParlaSent_BCS_test.jsonl", "no\n", parliament, "jsonl:1: field line: expected a JSON object"),
    ("churn-intent-DE/DE_chatbot.csv", "hallo\tDE\t\t2\n", statements, "csv:1: field label: expected 0 or 1, got '2'"),
    ("churn-intent-DE/EN_chatbot.csv", "hi\tDE\t\t1\n", statements, "csv:1: field language: expected EN, got 'DE'"),
    ("xsid/sr.test.conll", "# text = Zdravo\n1\tZdravo\tO\tO\n", xsid_queries, "conll:2: field intent: expected # in"),
    ("star/star_compact_00.jsonl", '{"id": 1, "tasks": "ride"}\n', first_turns, "tasks: expected list, got 'ride'"),
    ("multidogo/turn/media/dev.tsv", "conversationId\tturnNumber\tutterance\tintent\na\tone\tx\ty\n", conversations,
     "tsv:2: field turnNumber: expected a number, got 'one'"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("file", "content", "reader", "message"), BROKEN, ids=lambda value: value[:25] if isinstance(value, str) else None
)
def test_errors_name_file_line_field_and_values(
    handmade: Path, tmp_path: Path, file: str, content: str, reader: Reader, message: str
) -> None:
    shutil.copytree(handmade, tmp_path / "data")
    (tmp_path / "data" / file).write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        list(reader(tmp_path / "data"))


ALL = [banking, clinc_queries, messages, parliament, statements, xsid_queries, first_turns, conversations]


@pytest.mark.parametrize("reader", ALL)
def test_a_missing_file_is_named(tmp_path: Path, reader: Reader) -> None:
    with pytest.raises(InputError, match=f"{tmp_path}.*no such file"):
        list(reader(tmp_path))


def test_a_file_that_is_not_utf8_is_named(handmade: Path, tmp_path: Path) -> None:
    shutil.copytree(handmade, tmp_path / "data")
    (tmp_path / "data" / "banking77" / "train.csv").write_bytes(b"text,category\nna\xefve,x\n")
    with pytest.raises(InputError, match=r"train.csv: expected UTF-8, got byte 0xef"):
        list(banking(tmp_path / "data"))


REAL: list[tuple[str, Reader, dict[str, int]]] = [
    ("banking77", banking, {"train": 9023, "dev": 980, "test": 3080}),
    ("10shot", lambda data: few_shot(banking(data), TaskName.REASON, 10, 13), {"train": 770, "dev": 770, "test": 3080}),
    ("clinc", clinc_queries, {"train": 15_100, "dev": 3100, "test": 5500}),
    ("xci", messages, {"train": 3448}),
    ("parlasent", parliament, {"train": 2373, "dev": 227, "test": 2600}),
    ("xsid", xsid_queries, {"train": 281, "dev": 19, "test": 1000}),
    ("star-first", first_turns, {"train": 2878, "dev": 426, "test": 807}),
    ("star-multi", partial(several_tasks, speakers="customer"), {"train": 2878, "dev": 426, "test": 1668}),
    ("multidogo", conversations, {"train": 5591, "dev": 795, "test": 1626}),
]


@pytest.mark.real_data
@pytest.mark.skipif(DATA is None, reason="VOC_BENCH_DATA is not set")
@pytest.mark.parametrize(("reader", "counts"), [case[1:] for case in REAL], ids=[case[0] for case in REAL])
def test_real_files_have_the_counts_of_their_readme(reader: Reader, counts: dict[str, int]) -> None:
    rows = list(reader(Path(str(DATA))))
    assert splits(rows) == counts
    assert len({(row.identity, row.split) for row in rows}) == len(rows)
    assert all(row.text.strip() for row in rows)


@pytest.mark.real_data
@pytest.mark.skipif(DATA is None, reason="VOC_BENCH_DATA is not set")
def test_real_labels() -> None:
    data = Path(str(DATA))
    assert len({row.labels[TaskName.REASON] for row in banking(data)}) == 77
    assert len({row.labels[TaskName.REASON] for row in clinc_queries(data)}) == 151
    assert Counter(row.labels.get("severity") for row in messages(data)) == {
        None: 2216, "1": 435, "2": 379, "3": 222, "4": 196,
    }  # fmt: skip
    assert len({row.labels[TaskName.REASON] for row in xsid_queries(data)}) == 16
    assert len({row.labels[TaskName.REASON] for row in first_turns(data)}) == 24
    said = list(statements(data))
    assert len({(row.group, row.language) for row in said}) == 229 + 252  # 232 and 252 before letter case is dropped
    assert Counter(next(iter(row.labels)) for row in conversations(data)).keys() == set(DOMAINS)
