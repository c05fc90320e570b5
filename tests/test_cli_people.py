"""`voc user` on a small workspace: what it changes, and what it refuses in one line."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from click.testing import Result
from typer.testing import CliRunner

from voc.cli import app
from voc.data.accounts import Role, read_people, right
from voc.data.contracts import CONTRACTS
from voc.data.demo import taxonomy_toml
from voc.data.workspace import Workspace
from voc.errors import AccessError, ConfigError

User = Callable[..., Result]
SECRET = "a good long password"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = Workspace.create(tmp_path / "w", '[access]\nmode = "password"\n', taxonomy_toml())
    rows = [{"contact_id": "c1", "product": "mobile"}, {"contact_id": "c2", "product": "tv"}]
    made.lake.append("contacts", pa.Table.from_pylist(rows, schema=CONTRACTS["contacts"].schema))
    return made


@pytest.fixture
def user(workspace: Workspace) -> User:
    def run(*arguments: str, said: str = "") -> Result:
        return CliRunner().invoke(app, ["user", *arguments, "--workspace", str(workspace.root)], input=said)

    return run


def test_somebody_is_added_listed_changed_and_removed(user: User, workspace: Workspace) -> None:
    added = user("add", "Iva", "--role", "product", "--product", "mobile", said=f"{SECRET}\n")
    assert added.exit_code == 0 and "Iva may use the app as product." in added.output and SECRET not in added.output
    account = read_people(workspace.root).accounts["Iva"]
    assert account.products == ("mobile",) and right(SECRET, account)
    assert "Iva" in user("list").output and "argon2" not in user("list").output
    assert user("change", "iva", "--role", "leadership").exit_code == 0
    assert read_people(workspace.root).accounts["Iva"].role == Role.LEADERSHIP
    assert user("password", "Iva", said="another good password\n").exit_code == 0
    assert right("another good password", read_people(workspace.root).accounts["Iva"])
    assert user("remove", "Iva").exit_code == 0 and not read_people(workspace.root).accounts


@pytest.mark.parametrize(
    ("arguments", "said", "message"),
    [
        (("add", "Iva", "--role", "boss"), SECRET, "--role: expected one of product, analyst, admin, leadership"),
        (("add", "Iva", "--role", "product"), SECRET, "role product needs at least one product"),
        (("add", "Iva", "--role", "product", "--product", "mobil"), SECRET, "did you mean 'mobile'?"),
        (("add", "Iva", "--role", "admin"), "short", "expected a password of 12 to 1024 characters, got 5"),
        (("add", "Iva", "--role", "admin"), "", "expected a password of 12 to 1024 characters, got 0"),
        (("remove", "Iva"), "", "nobody is called 'Iva'"),
        (("password", "Iva"), SECRET, "nobody is called 'Iva'"),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, tuple) else None,
)
def test_what_cannot_be_is_one_line(
    user: User, workspace: Workspace, arguments: tuple[str, ...], said: str, message: str
) -> None:
    refused = user(*arguments, said=f"{said}\n").exception
    assert isinstance(refused, (AccessError, ConfigError))
    assert message in str(refused) and "\n" not in str(refused)
    assert not read_people(workspace.root).accounts


def test_with_a_provider_there_is_an_address_and_no_password(user: User, workspace: Workspace) -> None:
    (workspace.root / "voc.toml").write_text('[access]\nmode = "oidc"\n')
    assert isinstance(user("add", "Iva", "--role", "analyst").exception, ConfigError)
    assert user("add", "Iva", "--role", "analyst", "--email", "iva@example.com").exit_code == 0
    account = read_people(workspace.root).accounts["Iva"]
    assert account.password is None and account.email == "iva@example.com"
