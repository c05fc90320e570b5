"""`voc theme`: what people decide about a theme, from the command line."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from voc.data.lake import Lake
    from voc.inference.theme_edits import Edit

theme_app = typer.Typer(
    name="theme",
    help="Name a theme, merge, split or hide it, give it an owner, mark it as fixed; undo any of it.",
    no_args_is_help=True,
)
out = Console()

WorkspaceOption = Annotated[
    Path, typer.Option("--workspace", "-w", envvar="VOC_WORKSPACE", help="Folder of the workspace.")
]
ThemeArgument = Annotated[str, typer.Argument(metavar="ID", help="Id of the theme: T012, or 12.")]
_NIGHTLY = "It takes effect with the next: voc themes"
_TESTED = "Every voc signals tests from that day on whether it helped."


@theme_app.command()
def name(
    theme: ThemeArgument, label: Annotated[str, typer.Argument(help="The name.")], workspace: WorkspaceOption
) -> None:
    """Call a theme so."""
    from voc.inference.theme_edits import rename

    _store(workspace, lambda lake, who: rename(lake, _id(theme), label, who), "The app shows the name at once.")


@theme_app.command()
def owner(
    theme: ThemeArgument,
    who: Annotated[str, typer.Argument(help="A person or a team; an empty text: nobody.")],
    workspace: WorkspaceOption,
) -> None:
    """Say who looks after a theme."""
    from voc.inference.theme_edits import owner as run

    _store(workspace, lambda lake, by: run(lake, _id(theme), who, by), "The app shows the owner at once.")


@theme_app.command()
def fixed(
    theme: ThemeArgument,
    workspace: WorkspaceOption,
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Day of the fix; else today, for a release.")
    ] = None,
    release: Annotated[str | None, typer.Option(help="Release with the fix, such as 4.2.")] = None,
) -> None:
    """Say since when a theme's problem is fixed."""
    from voc.inference.theme_edits import mark_fixed

    day = on.date() if on else None
    _store(workspace, lambda lake, who: mark_fixed(lake, _id(theme), who, day=day, release=release), _TESTED)


@theme_app.command()
def merge(
    theme: ThemeArgument,
    into: Annotated[str, typer.Argument(metavar="INTO", help="Id of the theme that its contacts are to count for.")],
    workspace: WorkspaceOption,
) -> None:
    """Let a theme's contacts count as those of another."""
    from voc.inference.theme_edits import merge as run

    _store(workspace, lambda lake, who: run(lake, _id(theme), _id(into), who), _NIGHTLY)


@theme_app.command()
def split(
    theme: ThemeArgument,
    workspace: WorkspaceOption,
    words: Annotated[str | None, typer.Option(help="Words that the customers of the new theme all say.")] = None,
    contact: Annotated[
        list[str] | None, typer.Option(help="Id of a contact that belongs to the new theme; as often as wanted.")
    ] = None,
) -> None:
    """Make a new theme of some of a theme's contacts, and of others like them."""
    from voc.inference.theme_edits import split_off

    _store(workspace, lambda lake, who: split_off(lake, _id(theme), who, contact or (), words or ""), _NIGHTLY)


@theme_app.command()
def hide(theme: ThemeArgument, workspace: WorkspaceOption) -> None:
    """Say that this is not a theme: the app hides it, and from the next voc themes on its contacts are in none."""
    from voc.inference.theme_edits import dismiss

    _store(workspace, lambda lake, who: dismiss(lake, _id(theme), who), _NIGHTLY)


@theme_app.command()
def undo(
    theme: ThemeArgument,
    workspace: WorkspaceOption,
    edit: Annotated[
        str | None, typer.Option(help="Id of the edit, as voc theme history prints it; else the last one that holds.")
    ] = None,
) -> None:
    """Take back the last decision about a theme, or a certain one; undoing an undo lets it hold again."""
    from voc.inference.theme_edits import undo as undo_one
    from voc.inference.theme_edits import undo_last

    def change(lake: "Lake", who: str) -> "Edit":
        return undo_one(lake, edit, who) if edit else undo_last(lake, _id(theme), who)

    _store(workspace, change, "What only voc themes can take back, its next run does.")


@theme_app.command()
def history(theme: ThemeArgument, workspace: WorkspaceOption) -> None:
    """Print what people decided about a theme, oldest first."""
    from voc.data.workspace import Workspace
    from voc.inference.theme_edits import history as read
    from voc.inference.theme_edits import holding_edits

    opened = Workspace.open(workspace)
    edits = read(opened.lake)
    holding = {each.edit_id for each in holding_edits(edits)}
    table = Table("when", "who", "what", "", "edit", title=f"Theme {_id(theme)}")
    for each in edits:
        if _id(theme) in (each.theme_id, each.other_theme_id):
            when = each.at.astimezone(opened.config.zone).strftime("%Y-%m-%d %H:%M")
            held = "holds" if each.edit_id in holding else "" if each.kind == "undo" else "undone"
            table.add_row(when, escape(each.who), escape(_what(each)), held, each.edit_id)
    out.print(table)


def _store(root: Path, change: "Callable[[Lake, str], Edit]", effect: str) -> None:
    from voc.data.people import user_name
    from voc.data.workspace import Workspace

    edit = change(Workspace.open(root).lake, user_name())
    out.print(f"{_what(edit)}, by {edit.who}. {effect}", highlight=False, markup=False, soft_wrap=True)


def _what(edit: "Edit") -> str:
    parts = [edit.theme_id, edit.kind, edit.other_theme_id or "", edit.value or ""]
    parts += [f"{len(edit.contact_ids):,} contacts"] if edit.contact_ids else []
    return " ".join(part for part in parts if part)


def _id(text: str) -> str:
    """`12` as `T012`: ids are typed by hand."""
    return f"T{int(text):03d}" if text.isascii() and text.isdecimal() else text
