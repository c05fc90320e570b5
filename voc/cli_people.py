"""`voc user`: who may use the app, from the command line."""

import difflib
import sys
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from voc.cli_themes import WorkspaceOption
from voc.errors import AccessError, ConfigError

if TYPE_CHECKING:
    from voc.data.accounts import Role
    from voc.data.lake import Lake

user_app = typer.Typer(
    name="user",
    help="Who may use the app: add people, change and remove them, give them passwords.",
    no_args_is_help=True,
)
out = Console()

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="As it is shown, and as they sign in.")]
ProductOption = Annotated[
    list[str] | None, typer.Option("--product", help="Of role product: a product whose contacts they see. Repeatable.")
]
EmailOption = Annotated[
    str | None, typer.Option(help="By which an identity provider knows them; an empty text takes it away.")
]


@user_app.command()
def add(
    name: NameArgument,
    workspace: WorkspaceOption,
    role: Annotated[str, typer.Option(help="product, analyst, admin or leadership.")],
    product: ProductOption = None,
    email: EmailOption = None,
) -> None:
    """Let somebody use the app. Asks for a password, or reads one line of standard input.

    With `mode = "oidc"` there is no password, and an e-mail address instead.
    """
    from voc.data import accounts
    from voc.data.workspace import Workspace

    opened = Workspace.open(workspace)
    named = accounts.checked_name(name)
    account = accounts.checked_account(_role(role), _products(opened.lake, product), email)
    if opened.config.access.mode == "oidc":
        if not account.email:
            raise ConfigError("expected --email: with mode oidc people come in by it")
    else:
        if accounts.read_people(opened.root).named(named):
            raise AccessError(f"{named!r} is there already; see: voc user list")
        hashed = accounts.hashed(_password(), named)
        account = account.model_copy(update={"password": hashed})
    accounts.add(opened.root, named, account)
    out.print(f"{named} may use the app as {account.role}.", highlight=False, markup=False)
    if opened.config.access.mode == "open":
        out.print('Everybody still may: set [access] mode = "password" in voc.toml.', highlight=False, markup=False)


@user_app.command()
def change(
    name: NameArgument,
    workspace: WorkspaceOption,
    role: Annotated[str | None, typer.Option(help="product, analyst, admin or leadership.")] = None,
    product: ProductOption = None,
    email: EmailOption = None,
) -> None:
    """Give somebody another role, other products, another e-mail address. It holds from their next click."""
    from voc.data import accounts
    from voc.data.workspace import Workspace

    opened = Workspace.open(workspace)
    products = _products(opened.lake, product) if product else None
    wanted = _role(role) if role else None
    accounts.update(opened.root, name, lambda account: accounts.altered(account, wanted, products, email))
    out.print(f"{name} is changed.", highlight=False, markup=False)


@user_app.command()
def password(name: NameArgument, workspace: WorkspaceOption) -> None:
    """Give somebody another password; where they are signed in, that ends. Asks, or reads a line of standard input."""
    from voc.data import accounts
    from voc.data.workspace import Workspace

    root = Workspace.open(workspace).root
    accounts.read_people(root).known(name)
    hashed = accounts.hashed(_password(), name)
    accounts.update(root, name, lambda account: account.model_copy(update={"password": hashed}))
    out.print(f"{name} has another password.", highlight=False, markup=False)


@user_app.command()
def remove(name: NameArgument, workspace: WorkspaceOption) -> None:
    """Let somebody use the app no longer, from their next click on."""
    from voc.data import accounts
    from voc.data.workspace import Workspace

    accounts.remove(Workspace.open(workspace).root, name)
    out.print(f"{name} is removed.", highlight=False, markup=False)


@user_app.command(name="list")
def list_(workspace: WorkspaceOption) -> None:
    """Who may use the app, as what."""
    from voc.data import accounts
    from voc.data.workspace import Workspace

    opened = Workspace.open(workspace)
    people = accounts.read_people(opened.root)
    table = Table("name", "role", "products", "e-mail", "password", title=f"mode {opened.config.access.mode}")
    for name, each in people.accounts.items():
        products = ", ".join(each.products) if each.products else "all"
        table.add_row(*map(Text, (name, each.role, products, each.email or "–", "yes" if each.password else "no")))
    out.print(table)


def _role(given: str) -> "Role":
    from voc.data.accounts import Role

    try:
        return Role(given)
    except ValueError:
        raise ConfigError(f"--role: expected one of {', '.join(Role)}, got {given!r}") from None


def _products(lake: "Lake", given: list[str] | None) -> tuple[str, ...]:
    """Each once. One that no contact has is a slip of the pen, unless there is no contact at all yet."""
    wanted = tuple(dict.fromkeys(given or ()))
    if wanted:
        rows = lake.query("SELECT DISTINCT product FROM contacts WHERE product IS NOT NULL").to_pylist()
        known = sorted(row["product"] for row in rows)
        for product in wanted:
            if known and product not in known:
                near = difflib.get_close_matches(product, known, 1)
                hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(known)}"
                raise ConfigError(f"--product: no contact has the product {product!r}; {hint}")
    return wanted


def _password() -> str:
    """From the terminal, twice and unseen, or the first line of standard input. Never an argument: others see those."""
    if sys.stdin.isatty():
        given: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
        return given
    return sys.stdin.readline().rstrip("\r\n")
