"""The people file: what it takes and refuses, and that no change is lost."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from voc.data import accounts
from voc.data.accounts import Role, checked_account, read_people
from voc.errors import AccessError, ConfigError

SECRET = "a good long password"


def test_what_is_written_is_read_back_and_only_the_owner_may(tmp_path: Path) -> None:
    hashed = accounts.hashed(SECRET, "Đurđa")
    name = accounts.add(
        tmp_path, '  Đurđa  "Ђ"  ', checked_account("product", ("TV \\ net", "Мобилни"), "a@b.hr", hashed)
    )
    accounts.add(tmp_path, "Iva", checked_account(Role.LEADERSHIP))
    people = read_people(tmp_path)
    assert name == 'Đurđa "Ђ"' and list(people.accounts) == [name, "Iva"]
    found = people.named('đurđa  "ђ"')
    assert found and found[1].products == ("TV \\ net", "Мобилни") and accounts.right(SECRET, found[1])
    assert people.with_email("A@B.HR") == found and people.with_email("") is None
    assert stat.S_IMODE((tmp_path / accounts.PEOPLE_FILE).stat().st_mode) == 0o600
    text = (tmp_path / accounts.PEOPLE_FILE).read_text(encoding="utf-8")
    assert SECRET not in text and "$argon2id$" in text


def test_changes_hold_at_once_and_a_password_is_kept_through_them(tmp_path: Path) -> None:
    hashed = accounts.hashed(SECRET)
    accounts.add(tmp_path, "Ana", checked_account("product", ("TV",), "a@b.hr", hashed))
    accounts.update(tmp_path, "ana", lambda each: accounts.altered(each, Role.ANALYST))
    changed = read_people(tmp_path).accounts["Ana"]
    assert (changed.role, changed.products, changed.email, changed.password) == (Role.ANALYST, (), "a@b.hr", hashed)
    accounts.update(tmp_path, "ana", lambda each: accounts.altered(each, email=""))
    assert read_people(tmp_path).accounts["Ana"].email is None
    accounts.remove(tmp_path, "ANA")
    assert not read_people(tmp_path).accounts


@pytest.mark.parametrize("password", ["short", "x" * 1025, "aaaaaaaaaaaaaaaa", "ana the analyst"])
def test_a_weak_password_is_refused_and_not_repeated(password: str) -> None:
    with pytest.raises(AccessError) as refused:
        accounts.hashed(password, "Ana the Analyst")
    assert password not in str(refused.value)


@pytest.mark.parametrize("name", ["", "   ", "x" * 65, "a\x00b", "a\u202eb"])
def test_a_name_that_could_deceive_is_refused(name: str) -> None:
    with pytest.raises(AccessError, match="expected a name of 1 to 64 characters"):
        accounts.checked_name(name)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[people", "not valid TOML"),
        ("people = 3", "people: "),
        ('[people.a]\nrole = "boss"', "people.a.role: "),
        ('[people.a]\nrole = "product"', "role product needs at least one product"),
        ('[people.a]\nrole = "admin"\nproducts = ["x"]', "role admin has no products"),
        ('[people.a]\nrole = "admin"\nemial = "a@b"', "unknown key, did you mean 'email'?"),
        ('[people.a]\nrole = "admin"\nemail = "nobody"', "expected an e-mail address"),
        ('[people.a]\nrole = "admin"\npassword = "plain-text-1"', "password: expected a hash"),
        ('[people.a]\nrole = "admin"\npassword = 123456789', "password: expected a hash"),
        ('[people.a]\nrole = "analyst"\npassword = "$argon2id$broken"\nproducts = 3', "people.a.products: "),
    ],
    ids=lambda text: text.splitlines()[-1],
)
def test_a_broken_file_is_one_line_without_a_password(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / accounts.PEOPLE_FILE).write_text(text)
    with pytest.raises(ConfigError) as refused:
        read_people(tmp_path)
    said = str(refused.value)
    assert message in said and accounts.PEOPLE_FILE in said
    assert "\n" not in said and "plain-text-1" not in said and "123456789" not in said and "$argon2id" not in said


def test_a_hash_that_is_none_matches_nothing() -> None:
    assert not accounts.right("anything at all", checked_account("admin", password="$argon2id$broken"))
    assert not accounts.right("anything at all", checked_account("admin"))


def test_an_address_belongs_to_one_person_and_an_admin_stays_where_one_must(tmp_path: Path) -> None:
    accounts.add(tmp_path, "Ana", checked_account("admin", email="a@b.hr"))
    with pytest.raises(AccessError, match=r"A@b\.hr belongs to 'Ana' already"):
        accounts.add(tmp_path, "Iva", checked_account("analyst", email="A@b.hr"))
    with pytest.raises(AccessError, match="is there already"):
        accounts.add(tmp_path, "ANA", checked_account("analyst"))
    with pytest.raises(accounts.LastAdminError):
        accounts.remove(tmp_path, "Ana", keep_an_admin=True)
    with pytest.raises(accounts.LastAdminError):
        accounts.update(tmp_path, "Ana", lambda each: accounts.altered(each, Role.ANALYST), keep_an_admin=True)
    with pytest.raises(AccessError, match="nobody is called 'Eve'"):
        accounts.remove(tmp_path, "Eve")


def test_changes_of_several_processes_at_once_are_all_kept(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from voc.data.accounts import add, checked_account\n"
        "for number in range(5): add(Path(sys.argv[1]), f'{sys.argv[2]} {number}', checked_account('analyst'))"
    )
    running = [subprocess.Popen([sys.executable, "-c", script, str(tmp_path), name]) for name in ("a", "b", "c")]
    assert [each.wait(120) for each in running] == [0, 0, 0]
    assert len(read_people(tmp_path).accounts) == 15
    assert sorted(os.listdir(tmp_path)) == [".people.lock", accounts.PEOPLE_FILE]


def test_a_change_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    accounts.add(tmp_path, "Ana", checked_account("admin"))
    before = (tmp_path / accounts.PEOPLE_FILE).read_bytes()

    def fail(_account: accounts.Account) -> accounts.Account:
        raise AccessError("no")

    with pytest.raises(AccessError):
        accounts.update(tmp_path, "Ana", fail)
    assert (tmp_path / accounts.PEOPLE_FILE).read_bytes() == before
