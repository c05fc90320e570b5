"""The language that people read: texts of the app and of reports, in English, Croatian, Slovenian and Serbian.

English is what the code says (`_("No contacts yet")`); translations stand in gettext catalogues, one file a page, in
`locale/<language>/`. Serbian is written once, in Cyrillic, which Latin follows letter for letter. A text that
has no translation shows in English. The language belongs to the thread that renders (a context variable), so
texts are looked up when they are shown, never when a module is imported: constants are marked with `N_` and looked up
later. What is cached must not hold looked-up texts, or its key has the language in it.
"""

import gettext
import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from voc.cyrillic import to_latin

NAMES: dict[str, str] = {
    "en": "English",
    "hr": "Hrvatski",
    "sl": "Slovenščina",
    "sr-Latn": "Srpski",
    "sr-Cyrl": "Српски",
}
"""Languages of the interface by their tags, each named as its readers name it."""
DEFAULT = "en"
CATALOGUES = Path(__file__).resolve().parent / "locale"
_current: ContextVar[str | None] = ContextVar("voc_interface_language", default=None)


def _nobody() -> str:
    return DEFAULT


_unset: Callable[[], str] = _nobody


def _(message: str) -> str:
    """The text in the language in use."""
    return _translations(current()).gettext(message) if message else ""  # gettext has its header under ""


def ngettext(one: str, many: str, number: int) -> str:
    """The text that fits this number, in the language in use: Slovenian has four of them, Croatian three."""
    return _translations(current()).ngettext(one, many, number)


def N_(message: str) -> str:
    """The text as it stands: marks a constant for the catalogues. Look it up with `_` where it is shown."""
    return message


class Texts(Mapping[str, str]):
    """Names by their ids, each looked up whenever it is read. Take them marked: `Texts({"call": N_("Call")})`."""

    def __init__(self, marked: Mapping[str, str]) -> None:
        self._marked = dict(marked)

    def __getitem__(self, key: str) -> str:
        return _(self._marked[key])

    def __iter__(self) -> Iterator[str]:
        return iter(self._marked)

    def __len__(self) -> int:
        return len(self._marked)


def current() -> str:
    """Tag of the language in use."""
    return _current.get() or _unset()


def ask(source: Callable[[], str]) -> None:
    """Who knows the language of a thread in which none was set. One source a process: the app's."""
    global _unset
    _unset = source


def babel_locale() -> str:
    """The language in use as Babel names it, for numbers and dates. English is the British one: 29 May 2026."""
    return "en_GB" if current() == "en" else current().replace("-", "_")


def use(tag: str) -> None:
    """From here on, in this thread. What is not a known tag is the default."""
    _current.set(tag if tag in NAMES else DEFAULT)


@contextmanager
def using(tag: str) -> Iterator[None]:
    """For as long as the context lasts."""
    token = _current.set(tag if tag in NAMES else DEFAULT)
    try:
        yield
    finally:
        _current.reset(token)


def nearest(browser: str | None) -> str:
    """The known language nearest to a browser's (`hr-HR`, `sr-Latn-RS`, `bs`, `en-US`)."""
    parts = (browser or "").replace("_", "-").split("-")
    if parts[0] == "sr":  # without more it is written in Cyrillic
        return "sr-Latn" if "Latn" in parts else "sr-Cyrl"
    near = {"bs": "hr", "sh": "sr-Latn", "cnr": "sr-Latn"}.get(parts[0], parts[0])
    return near if near in NAMES else DEFAULT


def catalogue(language: str) -> Catalog:
    """All files of a language in one. Raises ValueError where two files translate the same text differently."""
    merged = Catalog(locale=language)
    for path in sorted((CATALOGUES / language).glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=language):
                if not message.id or message.fuzzy:
                    continue
                known = merged.get(message.id)
                if known and known.string != message.string:
                    raise ValueError(f"{path}: {message.id!r} is translated differently in another file")
                merged.add(message.id, message.string)
    return merged


@cache
def _translations(tag: str) -> gettext.NullTranslations:
    if tag == DEFAULT:
        return gettext.NullTranslations()
    merged = catalogue(tag.split("-")[0])
    if tag == "sr-Latn":
        for message in merged:
            said = message.string or ""
            message.string = to_latin(said) if isinstance(said, str) else tuple(map(to_latin, said))
    compiled = io.BytesIO()
    write_mo(compiled, merged)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
