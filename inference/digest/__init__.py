"""The week in one page: as figures (`build`), as sentences (`report`), and written in four formats."""

from pathlib import Path
from typing import Literal, get_args

from voc.data.workspace import write_atomically
from voc.errors import InputError
from voc.inference.digest.build import Digest, build, weekly
from voc.inference.digest.html import html
from voc.inference.digest.report import Report, report
from voc.inference.digest.text import markdown, plain
from voc.inference.digest.weeks import Week, newest_whole, weeks_between

__all__ = [
    "FORMATS", "MEDIA_TYPES", "Digest", "FormatName", "Report", "Week", "build", "format_for", "newest_whole", "render",
    "report", "weekly", "weeks_between", "write",
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


def render(page: Report, name: FormatName) -> bytes:
    """The page in one of the formats; text is UTF-8."""
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
