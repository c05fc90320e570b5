"""Translations that a company owns anyway, of its product and help centre, as aligned pairs of clean texts."""

import re
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from html import unescape
from pathlib import Path
from typing import Any

from voc.data.readers import csv
from voc.data.text import script_of
from voc.errors import InputError, MissingExtraError
from voc.labels import Language, Script

try:
    from translate.lang.data import languages
    from translate.misc.xml_helpers import getXMLlang
    from translate.storage.base import ParseError
    from translate.storage.mo import mofile
    from translate.storage.pypo import pofile
    from translate.storage.tmx import tmxfile
    from translate.storage.xliff import Xliff1File
    from translate.storage.xliff2 import Xliff2File
except ImportError:
    raise MissingExtraError("Reading translations", "translations") from None

MOST_CHARACTERS = 400
"""A longer text is a help page or a licence in one piece: too long to be aligned as one sentence."""

_FEWEST_LETTERS = 4
_FEWEST_WORDS = 2
_LETTER_SHARE = 0.5
_MOST_RATIO = 3.0  # of lengths, with 15 characters given to both, since a short text may well be thrice as long
_RATIO_START = 15

_ENGLISH = {"en", "eng", "english"}
# Bosnian counts as Croatian: Language has no value for it, and its catalogues are in Latin script and ijekavian.
_OURS = {
    "hr": Language.CROATIAN, "hrv": Language.CROATIAN, "croatian": Language.CROATIAN,
    "bs": Language.CROATIAN, "bos": Language.CROATIAN, "bosnian": Language.CROATIAN,
    "sl": Language.SLOVENIAN, "slv": Language.SLOVENIAN, "slovenian": Language.SLOVENIAN,
    "sr": Language.SERBIAN, "srp": Language.SERBIAN, "serbian": Language.SERBIAN, "sh": Language.SERBIAN,
}  # fmt: skip
_UNDETERMINED = {"", "und", "xx"}
_SOURCE_COLUMNS = {"source", "original"}
_TARGET_COLUMNS = {"target", "translation"}
_LOCALE = re.compile(r"[A-Za-z]{2,3}(?:[-_@.][A-Za-z0-9]+)*")
_LOCALE_ENDING = re.compile(r"(?:^|[-_.])([a-z]{2,3})((?:[-_][A-Z][A-Za-z]{1,3})*)(?:@[a-z]+)?$")

# What stands for a name or a number: of printf (no space flag: "50 % of"), Python, Qt, LibreOffice, ICU and shells.
_PLACEHOLDER = re.compile(
    r"""%(?:\d+\$)?[-+\#0']*(?:\d+|\*)?(?:\.(?:\d+|\*))?(?:hh?|ll?|[zjtLq])?[diouxXeEfFgGcsSpaA@](?![a-z])
    | %\([^()%]*\)[-\#0-9.]*[a-zA-Z] | %[A-Z][A-Z_0-9]+%? | %L?\d+ | %n
    | \$\{[^{}]*\} | \$\([^()]*\) | \$[A-Za-z_][A-Za-z_0-9]*\$? | \$\d\$?(?![\d.,]*\d) | \{\{[^{}]*\}\} | \{[^{}]*\}
    | \#[A-Z_0-9]{2,}\#?""",
    re.VERBOSE,
)
_GAP = "…"  # in their place: neutral in every language and script, and no letter
_ENTITY = re.compile(r"&(?:#\d+|#[xX][0-9a-fA-F]+|[A-Za-z]+\d*);")
_TAG = re.compile(r"</?[A-Za-z!?][^<>]*>")
_CHOICE = re.compile(r"\{[^{}]*,\s*(?:plural|select|selectordinal|choice)\b")
_ESCAPE = re.compile(r"\\[nrt]")
_KEY_AFTER = re.compile(r"\s*\([_&~]\w\)")
_UNDERSCORE = re.compile(r"(?<!\w)([^\W_]*)_([^\W_]+)(?!\w)")  # more than one in a word: an identifier
_KEY = re.compile(r"(?<![A-Z])[&~](?=[^\W\d_])|(?<=[A-Z])[&~](?=[a-zčćšžđ])")  # not "R&D", "~5"
_SPACE_BEFORE = re.compile(r"\s+([.,;:!?)\]])(?!\w)")
_GAPS = re.compile(r"…(?:\s*…)+")
_EDGES = re.compile(r"^(?:[\s…:;,]|\.{2,})+|(?:…\.|[\s…:;,]|\.{2,})+$")
_WORD = re.compile(r"[^\W\d_]{2,}")
# What the toolkit raises on a file that is cut or of another format.
_BROKEN = (
    ParseError, ValueError, TypeError, KeyError, IndexError, AttributeError, SyntaxError, AssertionError,
    StopIteration, struct.error,
)  # fmt: skip
_CREDITS = {"translator-credits", "translator_credits", "your names", "your emails"}


@dataclass(frozen=True, slots=True)
class Pair:
    """An English text and its translation, both clean and of one line."""

    source: str
    target: str
    language: Language
    script: Script


class _Foreign(Exception):
    """A file is of a language that is none of ours."""


def read_translations(paths: Iterable[Path], language: Language | None = None) -> Iterator[Pair]:
    """Pairs of all files and, recursively, folders: gettext PO and MO, XLIFF, TMX, CSV with a header (`en,hr`).

    A file's own word on its language comes first, then its name and folders (`locale/sr@latin/LC_MESSAGES/x.mo`),
    then `language`. In a folder, files of other languages are passed over. Each (source, target, language) comes
    once. Memory: one file, and a digest of 16 bytes a pair. Raises InputError, one line with the file's name, where
    the language cannot be told or a file cannot be read.
    """
    seen: set[bytes] = set()
    for path, named in _files(paths):
        try:
            for source, target, told in _READERS[path.suffix.lower()](path, language):
                pair = make_pair(source, target, told)
                if pair is not None and (digest := _digest(pair)) not in seen:
                    seen.add(digest)
                    yield pair
        except _Foreign as other:
            if named:
                raise InputError(f"{path}: expected English to hr, sl, sr or bs, got {str(other)!r}") from None


def make_pair(source: str, target: str, language: Language) -> Pair | None:
    """An entry of a catalogue as a clean pair; None where it teaches nothing.

    That is: hardly a word, mostly no letters, over 400 characters, not translated, or too unlike in length to be
    one text.
    """
    if source.strip().lower() in _CREDITS or _CHOICE.search(source):
        return None
    source, target = map(clean, _without_context(source, target))
    if source.casefold() == target.casefold() or not (_says_something(source) and _says_something(target)):
        return None
    short, long = sorted((len(source), len(target)))
    if long + _RATIO_START > _MOST_RATIO * (short + _RATIO_START):
        return None
    script = script_of(target)
    if script is Script.CYRILLIC:
        if language is Language.SLOVENIAN:
            return None
        language = Language.SERBIAN  # what a Croatian or Bosnian catalogue has in Cyrillic
    return Pair(source, target, language, script)


def clean(text: str) -> str:
    """A text of an interface as people see it: no markup, no access keys, `…` for placeholders, one line."""
    text = _ENTITY.sub(lambda match: unescape(match[0]), text)
    text = _ESCAPE.sub(" ", _TAG.sub(" ", text))
    text = _PLACEHOLDER.sub(_GAP, text.replace("%%", "%"))
    text = _KEY.sub("", _UNDERSCORE.sub(r"\1\2", _KEY_AFTER.sub("", text)))
    text = _GAPS.sub(_GAP, _SPACE_BEFORE.sub(r"\1", " ".join(text.split())))
    return _EDGES.sub("", text)


def locale_language(name: str) -> Language | None:
    """Language of a locale's name (`hr_HR`, `sr@latin`, `sr-Latn-RS`, `Slovenian`) if it is one of ours."""
    return _OURS.get(_base(name))


def _base(locale: str) -> str:
    return re.split(r"[-_@. ]", locale.strip().lower(), maxsplit=1)[0]


def _digest(pair: Pair) -> bytes:
    key = "\0".join((pair.language, pair.source, pair.target)).encode(errors="surrogatepass")
    return blake2b(key, digest_size=16).digest()


def _without_context(source: str, target: str) -> tuple[str, str]:
    """Both without what tells a translator where a text stands: `context|text`, `context\\x04text`."""
    source, target = source.rpartition("\x04")[2], target.rpartition("\x04")[2]
    context, bar, rest = source.partition("|")
    if bar and rest.strip() and "|" not in rest:
        if "|" not in target:
            return rest, target
        if target.startswith(context + bar):
            return rest, target.removeprefix(context + bar)
    return source, target


def _says_something(text: str) -> bool:
    words = text.split()  # by spaces, so that a path or a time zone is one
    letters = sum(map(str.isalpha, text))
    return (
        len(text) <= MOST_CHARACTERS
        and sum(1 for word in words if _WORD.search(word)) >= _FEWEST_WORDS
        and letters >= _FEWEST_LETTERS
        and letters >= _LETTER_SHARE * sum(map(len, words))
    )


def _files(paths: Iterable[Path]) -> Iterator[tuple[Path, bool]]:
    """All files to read, and whether each was named itself (else it was found in a folder)."""
    for given in paths:
        if given.is_dir():
            for path in sorted(given.rglob("*")):
                if path.suffix.lower() in _READERS and path.is_file():
                    yield path, False
        elif not given.is_file():
            raise InputError(f"{given}: expected a file or a folder, got no such file")
        elif given.suffix.lower() not in _READERS:
            raise InputError(f"{given}: expected a name that ends in {', '.join(_READERS)}, got {given.suffix!r}")
        else:
            yield given, True


def _language(path: Path, stated: Iterable[str | None], default: Language | None) -> Language:
    """Language of a file: what it states, else its name, else its folders, else the default."""
    for name in stated:
        if name is not None and _base(name) not in _UNDETERMINED:
            return _ours(name)
    if path.parent.name == "LC_MESSAGES":
        return _ours(path.parent.parent.name)
    ending = _LOCALE_ENDING.search(path.stem)
    if ending and (ending[1] in _OURS or ending[1] in languages or ending[2]):
        return _ours(ending[1])
    for folder in reversed(path.parent.parts):
        if _LOCALE.fullmatch(folder) and (found := locale_language(folder)):
            return found
    if default is not None:
        return default
    if ending and any(path.with_stem(code).exists() for code in _OURS):
        return _ours(ending[1])  # `ckb.mo`, which no list has, beside `hr.mo`: there, names are languages
    raise InputError(f"{path}: expected a language, got none in the file, its name and its folders; name it")


def _ours(locale: str) -> Language:
    found = locale_language(locale)
    if found is None:
        raise _Foreign(locale)
    return found


def _gettext(path: Path, default: Language | None) -> Iterator[tuple[str, str, Language]]:
    if path.parent.name == "LC_MESSAGES":
        _ours(path.parent.parent.name)  # of a system's folder of locales, what is not ours is not even opened
    store = _parsed(path, _mo if path.suffix.lower() == ".mo" else pofile.parsefile)
    header = store.parseheader()
    language = _language(path, (header.get("Language"), header.get("X-Language")), default)
    for unit in store.units:
        if unit.istranslated() and not unit.isheader() and not unit.isobsolete():
            yield str(unit.source), str(unit.target), language  # as str, a plural is its singular


def _mo(name: str) -> mofile:
    """A compiled catalogue. The toolkit refuses revision 1, which only adds a table: of texts that differ by system."""
    content = bytearray(Path(name).read_bytes())
    major = slice(6, 8) if content.startswith(b"\xde\x12\x04\x95") else slice(4, 6)
    if bytes(content[major]) in (b"\1\0", b"\0\1"):
        content[major] = b"\0\0"
    return mofile.parsestring(bytes(content))


def _xliff(path: Path, default: Language | None) -> Iterator[tuple[str, str, Language]]:
    with path.open("rb") as file:
        second = b"urn:oasis:names:tc:xliff:document:2" in file.read(4096)
    parse = Xliff2File.parsefile if second else Xliff1File.parsefile

    def parse_with_languages(name: str) -> tuple[list[Any], str | None, str | None]:
        store = parse(name)
        return store.units, store.getsourcelanguage(), store.gettargetlanguage()

    units, stated, target = _parsed(path, parse_with_languages)
    if stated and _base(stated) not in _ENGLISH:
        raise _Foreign(stated)
    language = _language(path, (target,), default)
    for unit in units:
        if unit.source and unit.target and unit.istranslatable() and (unit.istranslated() if second else _done(unit)):
            yield str(unit.source), str(unit.target), language


def _done(unit: Any) -> bool:
    """Whether a unit of XLIFF 1 is translated by its state: most tools never mark one as approved."""
    state = unit.getlanguageNode(lang=None, index=1).get("state", "")
    return state != "new" and not state.startswith("needs-")


def _tmx(path: Path, _: Language | None) -> Iterator[tuple[str, str, Language]]:
    for unit in _parsed(path, tmxfile.parsefile).units:
        texts = [(getXMLlang(node) or "", unit.getNodeText(node) or "") for node in unit.getlanguageNodes()]
        for source in (text for name, text in texts if _base(name) in _ENGLISH):
            for name, text in texts:
                if language := locale_language(name):
                    yield source, text, language


def _csv(path: Path, default: Language | None) -> Iterator[tuple[str, str, Language]]:
    source: str | None = None
    targets: dict[str, Language] = {}
    for row in csv.read(path):
        if row.values is None:
            raise InputError(f"{path}, line {row.line}: {row.problem.reason if row.problem else 'not a row'}")
        if source is None:
            source, targets = _columns(path, list(row.values), default)
        for name, language in targets.items():
            yield row.values[source], row.values[name], language


def _columns(path: Path, names: list[str], default: Language | None) -> tuple[str, dict[str, Language]]:
    """The English column, and the language of each other one."""
    source = next((name for name in names if _base(name) in _ENGLISH | _SOURCE_COLUMNS), None)
    targets = {name: language for name in names if (language := locale_language(name))}
    target = next((name for name in names if name.lower() in _TARGET_COLUMNS), None)
    if target is not None and not targets:
        targets[target] = _language(path, (), default)
    if source is None or not targets:
        raise InputError(f"{path}: expected a header such as en,hr or source,target, got {','.join(names)}")
    return source, targets


def _parsed(path: Path, parse: Callable[[str], Any]) -> Any:
    try:
        return parse(str(path))
    except _BROKEN as error:
        said = " ".join(str(error).split()) or "something else"
        raise InputError(f"{path}: expected {path.suffix[1:].upper()}, got: {said}") from None


_READERS: dict[str, Callable[[Path, Language | None], Iterator[tuple[str, str, Language]]]] = {
    ".po": _gettext, ".mo": _gettext, ".xlf": _xliff, ".xliff": _xliff, ".tmx": _tmx, ".csv": _csv,
}  # fmt: skip
