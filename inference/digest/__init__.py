"""The week in one page: as figures (`build`), as sentences (`report`), and written in four formats."""

from pathlib import Path
from typing import Literal, get_args

from voc.data.workspace import write_atomically
from voc.errors import InputError
from voc.i18n import NAMES, using
from voc.inference.digest.build import Digest, build, weekly
from voc.inference.digest.html import html
from voc.inference.digest.report import Report, report
from voc.inference.digest.text import markdown, plain
from voc.inference.digest.weeks import Week, newest_whole, weeks_between

__all__ = [
    "FORMATS", "MEDIA_TYPES", "Digest", "FormatName", "Report", "Week", "build", "format_for", "known_language",
    "newest_whole", "render", "report", "weekly", "weeks_between", "write",
]  # fmt: skip

FormatName = Literal["txt", "md", "html", "pdf"]
FORMATS: tuple[FormatName, ...] = get_args(FormatName)
MEDIA_TYPES: dict[FormatName, str] = {
    "txt": "text/plain",
    "md": "text/markdown",
    "html": "text/html",
    "pdf": "application/pdf",
}


def format_for(name: str | None, path: Path | None) -> FormatName:
    """The format asked for by name, else by a file's ending, else plain text. Raises InputError."""
    if name is None and (path is None or not path.suffix):
        return "txt"
    asked = path.suffix.removeprefix(".").lower() if name is None and path is not None else name
    for known in FORMATS:
        if asked == known:
            return known
    raise InputError(f"--format: expected one of {', '.join(FORMATS)}, got {asked!r}")


def known_language(tag: str) -> str:
    """The tag of a language that reports are written in. Raises InputError for any other."""
    if tag not in NAMES:
        raise InputError(f"--language: expected one of {', '.join(NAMES)}, got {tag!r}")
    return tag


def render(page: Report, name: FormatName) -> bytes:
    """The page in one of the formats, in the language that it is written in; text is UTF-8."""
    with using(page.language):
        if name == "pdf":
            from voc.inference.digest.pdf import pdf  # its library takes a moment to import

            return pdf(page)
        text = {"txt": plain, "md": markdown, "html": html}[name](page)
        return text.encode()


def write(page: Report, name: FormatName, path: Path) -> None:
    """Write the page to a file, whole or not at all. Raises InputError where it cannot be written."""
    content = render(page, name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, content)
    except OSError as error:
        raise InputError(f"{path}: not written: {error.strerror}") from None
