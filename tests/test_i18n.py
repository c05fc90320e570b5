"""Catalogues: complete, with the same fields, and looked up in the language of the thread."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

from voc import i18n

ROOT = Path(__file__).resolve().parents[1]
WRITTEN = ("hr", "sl", "sr")
FIELD = re.compile(r"\{[^{}]*\}")
Message = str | tuple[str, ...]


def said_in_code() -> Iterator[tuple[str, Message]]:
    keywords = {"_": None, "N_": None, "ngettext": (1, 2)}
    for folder in ("app", "inference", "voc"):
        for file, line, message, _, _ in extract_from_dir(
            ROOT / folder,
            [("**.py", "python")],
            keywords=keywords,
            directory_filter=lambda path: not Path(path).is_symlink(),
        ):
            yield f"{folder}/{file}:{line}", message


@pytest.fixture(scope="module")
def said() -> dict[Message, str]:
    return {message: place for place, message in said_in_code()}


@pytest.mark.parametrize("language", WRITTEN)
def test_every_text_of_the_code_is_translated(language: str, said: dict[Message, str]) -> None:
    written = i18n.catalogue(language)
    missing = []
    for message, place in said.items():
        one = message[0] if isinstance(message, tuple) else message
        entry = written.get(one)
        strings = (entry.string if isinstance(entry.string, tuple | list) else (entry.string,)) if entry else ("",)
        # Forms for a number are found by `ngettext` alone, and a single text by `_` alone.
        if not all(strings) or (len(strings) > 1) != isinstance(message, tuple):
            missing.append(f"{place}: {message!r}")
    assert not missing


@pytest.mark.parametrize("language", WRITTEN)
def test_no_catalogue_has_what_the_code_no_longer_says(language: str, said: dict[Message, str]) -> None:
    ids = {message if isinstance(message, str) else message[0] for message in said}
    left = [entry.id for entry in i18n.catalogue(language) if entry.id and _first(entry.id) not in ids]
    assert not left


@pytest.mark.parametrize("language", WRITTEN)
def test_translations_have_the_fields_of_the_original(language: str) -> None:
    for entry in i18n.catalogue(language):
        if not entry.id:
            continue
        originals = entry.id if isinstance(entry.id, tuple | list) else (entry.id,)
        allowed = {field for text in originals for field in FIELD.findall(text)}
        strings = entry.string if isinstance(entry.string, tuple | list) else (entry.string,)
        for string in strings:
            assert set(FIELD.findall(string)) <= allowed, entry.id
        # A form for one or two may spell its number out; the one for many has all of the fields.
        assert set(FIELD.findall(strings[-1])) == set(FIELD.findall(originals[-1])), entry.id


@pytest.mark.parametrize("language", WRITTEN)
def test_no_word_mixes_scripts(language: str) -> None:
    mixed = re.compile(r"[A-Za-z][\u0400-\u04ff]|[\u0400-\u04ff][A-Za-z]")
    for entry in i18n.catalogue(language):
        for string in entry.string if isinstance(entry.string, tuple | list) else (entry.string,):
            assert not mixed.search(FIELD.sub(" ", string)), string


# What draws texts, of Streamlit, of its column types and of ours; the first argument is a text in all.
DRAWS = {
    "title", "header", "subheader", "caption", "markdown", "write", "badge", "button", "info", "warning", "error",
    "success", "text_input", "text_area", "selectbox", "multiselect", "segmented_control", "toggle", "checkbox",
    "radio", "date_input", "number_input", "metric", "expander", "popover", "form_submit_button", "download_button",
    "heading", "tile", "TextColumn", "NumberColumn", "AreaChartColumn", "DateColumn", "ListColumn", "CheckboxColumn",
    "link_button",
}  # fmt: skip
LABELS = {"segments": 2, "one": 2, "several": 2, "choice": 2, "number": 1, "text": 1}
"""Which argument of our choices in the URL is the label."""
LOGGED = {"info", "warning", "error"}
NAMED = {"label", "title", "help", "placeholder", "alt", "anything", "note"}
PHRASE = re.compile(r"[A-Z][a-z]+ [a-z]")
MARKS = ("_", "N_", "ngettext")
FOR_PROGRAMS = {"app/gate.py"}
"""Files whose unmarked phrases are answers to requests that no page makes, and lines of the log."""
NOT_WORDS = re.compile(r":material/(\w+:)?|:[\w-]+\[|&\w+;|<[^>]*>|\bvoc\b|CSV|XLSX|PDF|HTML|MLflow|CSAT|NPS|CES|\bn\b")


def unmarked(tree: ast.AST) -> Iterator[str]:
    """Texts that a call draws without looking them up."""
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        given = [keyword.value for keyword in call.keywords if keyword.arg in NAMED] if name not in MARKS else []
        of = getattr(getattr(call.func, "value", None), "id", "")
        given += call.args[:1] if name in DRAWS and (of == "st" or name not in LOGGED) else []
        given += call.args[LABELS[name] : LABELS[name] + 1] if of == "url" and name in LABELS else []
        for value in given:
            parts = value.values if isinstance(value, ast.JoinedStr) else [value]
            for part in parts:
                text = part.value if isinstance(part, ast.Constant) and isinstance(part.value, str) else ""
                if re.search("[A-Za-z]{2}", NOT_WORDS.sub("", text)):
                    yield f"{call.lineno}: {text!r}"


def phrases(tree: ast.AST) -> Iterator[str]:
    """Words in a row, wherever they stand, that are neither marked, nor an error's, nor a docstring's."""
    known: set[ast.AST] = set()
    for node in ast.walk(tree):
        marked = isinstance(node, ast.Call) and getattr(node.func, "id", "") in MARKS
        documents = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if marked or documents or isinstance(node, ast.Raise):
            known.update(ast.walk(node))
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or node in known:
            continue
        if "<" not in node.value and PHRASE.search(node.value):
            yield f"{node.lineno}: {node.value!r}"


def test_no_page_draws_a_text_without_looking_it_up() -> None:
    assert list(unmarked(ast.parse("st.caption('Not marked')\nst.title(_('Marked'))\nst.badge(f'No {x}')"))) == [
        "1: 'Not marked'",
        "3: 'No '",
    ]
    assert list(unmarked(ast.parse("url.one('reason', names, 'Any')"))) == ["1: 'Any'"]
    assert list(phrases(ast.parse("_card('Not marked')\n_card(_('Well marked'))"))) == ["1: 'Not marked'"]
    found = {}
    for path in sorted([*(ROOT / "app").rglob("*.py"), *(ROOT / "inference" / "digest").rglob("*.py")]):
        tree, name = ast.parse(path.read_text(encoding="utf-8")), str(path.relative_to(ROOT))
        if texts := [*unmarked(tree), *(phrases(tree) if name not in FOR_PROGRAMS else ())]:
            found[name] = texts
    assert found == {}


def test_no_text_is_looked_up_inside_an_f_string() -> None:
    """There the tools that gather texts do not see it (Python 3.11 reads an f-string as one token)."""
    found = []
    for path in sorted(each for folder in ("app", "inference", "voc") for each in (ROOT / folder).rglob("*.py")):
        for text in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(text, ast.JoinedStr):
                calls = [call for call in ast.walk(text) if isinstance(call, ast.Call) and call.args]
                marked = {getattr(call.func, "id", "") for call in calls if isinstance(call.args[0], ast.Constant)}
                found += [f"{path.relative_to(ROOT)}:{text.lineno}"] * bool(marked & {"_", "N_", "ngettext"})
    assert found == []


def test_a_text_follows_the_language_in_use_and_its_plural_forms() -> None:
    def contacts(number: int) -> str:
        return i18n.ngettext("{count} contact", "{count} contacts", number).format(count=number)

    assert contacts(1) == "1 contact"
    with i18n.using("hr"):
        assert [contacts(number) for number in (1, 3, 11, 22)] == [
            "1 kontakt",
            "3 kontakta",
            "11 kontakata",
            "22 kontakta",
        ]
    with i18n.using("sl"):
        assert [contacts(number) for number in (1, 2, 3, 5)] == ["1 stik", "2 stika", "3 stiki", "5 stikov"]
    with i18n.using("sr-Cyrl"):
        assert contacts(5) == "5 контаката"
    with i18n.using("sr-Latn"):
        assert contacts(5) == "5 kontakata"
    assert contacts(2) == "2 contacts"


def test_serbian_in_latin_is_the_cyrillic_catalogue_letter_for_letter() -> None:
    with i18n.using("sr-Latn"):
        assert i18n._("Overview") == "Pregled"


@pytest.mark.parametrize(
    ("browser", "tag"),
    [
        ("hr-HR", "hr"),
        ("sl", "sl"),
        ("sr-RS", "sr-Cyrl"),
        ("sr-Latn-RS", "sr-Latn"),
        ("bs-BA", "hr"),
        ("de-DE", "en"),
        (None, "en"),
    ],
)
def test_a_browser_gets_the_nearest_language(browser: str | None, tag: str) -> None:
    assert i18n.nearest(browser) == tag


def _first(identity: str | tuple[str, ...] | list[str]) -> str:
    return identity if isinstance(identity, str) else identity[0]
