"""How the app is started, and what keeps its folder in shape."""

import re
import tomllib
from pathlib import Path

import pytest

import voc.app
from voc.app.launch import command
from voc.app.pages import DETAILS, PAGES

APP = Path(voc.app.__file__).resolve().parent


def test_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    arguments, environment = command(Path("w"), 8600)
    assert arguments[1:4] == ["-m", "streamlit", "run"]
    script = Path(arguments[4])
    assert script.is_file() and (script.parent / ".streamlit" / "config.toml").is_file()
    assert arguments[5:] == ["--server.port", "8600"]
    assert environment["VOC_WORKSPACE"] == str(tmp_path / "w")
    assert len(command(Path("w"))[0]) == 5


def test_the_theme_has_both_modes_and_nothing_leaves_the_machine() -> None:
    settings = tomllib.loads((APP / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert settings["theme"]["light"]["backgroundColor"] != settings["theme"]["dark"]["backgroundColor"]
    assert settings["browser"]["gatherUsageStats"] is False
    assert settings["server"]["address"] == "localhost"


def test_every_page_is_a_short_script() -> None:
    for entry in (*PAGES, *DETAILS):
        assert len(entry.path.read_text(encoding="utf-8").splitlines()) < 50, entry.path


@pytest.mark.parametrize("path", sorted(APP.rglob("*.py")), ids=lambda path: str(path.relative_to(APP)))
def test_no_raw_html_and_no_streamlit_in_pure_modules(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    # A page's language has no other way to the browser; it is one of our own short list.
    known = """st.html(f'<script>document.documentElement.lang = "{tag}"</script>', unsafe_allow_javascript=True)"""
    source = source.replace(known, "") if path.name == "reader.py" else source
    assert "unsafe_allow_html" not in source and "unsafe_allow_javascript" not in source
    if path.stem in {"charts", "filters", "highlight", "launch", "pages", "sentences", "words"}:
        assert not re.search(r"^\s*(import|from) streamlit", source, re.MULTILINE)
