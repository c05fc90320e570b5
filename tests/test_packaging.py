"""Folders, the packages of pyproject.toml and the links in voc/ name the same things."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SETUPTOOLS = PROJECT["tool"]["setuptools"]


def test_every_folder_with_code_is_a_package() -> None:
    found = {"voc"}
    for package, folder in SETUPTOOLS["package-dir"].items():
        for module in (ROOT / folder).rglob("*.py"):
            if package != "voc" or module.parent == ROOT / "voc":
                found.add(".".join([package, *module.parent.relative_to(ROOT / folder).parts]))
    assert set(SETUPTOOLS["packages"]) == found


def test_every_mapped_folder_has_its_link() -> None:
    for package, folder in SETUPTOOLS["package-dir"].items():
        if package != "voc":
            assert (ROOT / "voc" / folder).resolve() == ROOT / folder


def test_every_dependency_has_one_exact_version() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").split()
    pinned = {line.split("==")[0].lower() for line in lines}
    named = [*PROJECT["project"]["dependencies"]]
    for extra in PROJECT["project"]["optional-dependencies"].values():
        named += extra
    for requirement in named:
        name = requirement.split("[")[0].split(">")[0].split("=")[0].lower()
        assert name in pinned, name


def test_torch_is_pinned_exactly() -> None:
    assert "torch==2.13.0" in PROJECT["project"]["dependencies"]
