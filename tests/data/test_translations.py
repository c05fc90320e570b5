"""Catalogues of every format give the same clean pairs, each told its language or refused in one line."""

import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from translate.storage.mo import mofile

from voc.data.translations import Pair, clean, locale_language, make_pair, read_translations
from voc.errors import InputError
from voc.labels import Language, Script

HR, SL, SR = Language.CROATIAN, Language.SLOVENIAN, Language.SERBIAN
LATIN, CYRILLIC = Script.LATIN, Script.CYRILLIC
Put = Callable[[str, str | bytes], Path]

PO = """\
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Language: {language}\\n"

msgctxt "button"
msgid "_Pay the <b>bill</b> of %(month)s"
msgstr "_Platite <b>račun</b> za %(month)s"

msgid "One new message"
msgid_plural "%d new messages"
msgstr[0] "Jedna nova poruka"
msgstr[1] "%d nove poruke"
msgstr[2] "%d novih poruka"

#, fuzzy
msgid "Close the account"
msgstr "Otvorite račun"

msgid "Open the account"
msgstr ""

#~ msgid "Block the card"
#~ msgstr "Blokirajte karticu"
"""
XLIFF = """\
<xliff version="1.2" xmlns="urn:oasis:names:tc:xliff:document:1.2">
<file original="app" source-language="{source}" target-language="{target}" datatype="plaintext"><body>
<trans-unit id="1"><source>Pay <g id="1">the bill</g> now</source>
<target>Platite <g id="1">račun</g> sada</target></trans-unit>
<trans-unit id="2"><source>Block the card</source>
<target state="needs-review-translation">Kartica je tu</target></trans-unit>
<trans-unit id="3"><source>Block the account</source><target state="translated">Blokirajte račun</target></trans-unit>
<trans-unit id="4"><source>Open the account</source></trans-unit>
<trans-unit id="5" translate="no"><source>Our Company Ltd</source><target>Naša Tvrtka d.o.o.</target></trans-unit>
</body></file></xliff>"""
XLIFF_2 = """\
<xliff version="2.0" xmlns="urn:oasis:names:tc:xliff:document:2.0" srcLang="en-GB" trgLang="sl-SI"><file id="f">
<unit id="1"><segment state="final"><source>Pay <pc id="1">the bill</pc></source>
<target>Plačajte <pc id="1">račun</pc></target></segment></unit>
<unit id="2"><segment state="initial"><source>Pay it now</source><target>Plačajte to zdaj</target></segment></unit>
</file></xliff>"""
TMX = """\
<tmx version="1.4"><header srclang="en" segtype="sentence" datatype="plaintext"/><body>
<tu><tuv xml:lang="de"><seg>Die Karte ist gesperrt</seg></tuv>
<tuv xml:lang="en-US"><seg>The card <bpt i="1">&lt;b></bpt>is<ept i="1">&lt;/b></ept> blocked</seg></tuv>
<tuv xml:lang="hr"><seg>Kartica je blokirana</seg></tuv>
<tuv xml:lang="sr-Cyrl-RS"><seg>Картица је блокирана</seg></tuv></tu>
<tu><tuv xml:lang="hr"><seg>Bez engleskog teksta</seg></tuv></tu>
</body></tmx>"""


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """Write a file under the test's folder."""

    def write(name: str, content: str | bytes) -> Path:
        path = tmp_path / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def mo(*pairs: tuple[str, str], language: str = "") -> bytes:
    """A compiled catalogue."""
    store = mofile()
    store.updateheader(add=True, Content_Type="text/plain; charset=UTF-8", Language=language)
    for source, target in pairs:
        store.addsourceunit(source).target = target
    return bytes(store)


def pairs(*paths: Path, language: Language | None = None) -> list[tuple[str, str, Language]]:
    return [(pair.source, pair.target, pair.language) for pair in read_translations(paths, language)]


def test_po_takes_what_is_translated_and_of_a_plural_the_singular(put: Put) -> None:
    assert pairs(put("app.po", PO.format(language="hr_HR"))) == [
        ("Pay the bill of", "Platite račun za", HR),
        ("One new message", "Jedna nova poruka", HR),
    ]


def test_mo_of_both_revisions(put: Put) -> None:
    content = mo(("Pay the bill", "Plačajte račun"), language="sl")
    newer = content[:4] + struct.pack("<HH", 0, 1) + content[8:]  # minor and major, little-endian
    expected = [("Pay the bill", "Plačajte račun", SL)]
    assert pairs(put("a.mo", content)) == pairs(put("b.mo", newer)) == expected


def test_xliff_of_both_versions(put: Put) -> None:
    first = put("a.xlf", XLIFF.format(source="en", target="hr"))
    assert pairs(first) == [
        ("Pay the bill now", "Platite račun sada", HR),
        ("Block the account", "Blokirajte račun", HR),
    ]
    assert pairs(put("b.xliff", XLIFF_2)) == [("Pay the bill", "Plačajte račun", SL)]


def test_tmx_takes_every_language_of_ours(put: Put) -> None:
    assert list(read_translations([put("a.tmx", TMX)])) == [
        Pair("The card is blocked", "Kartica je blokirana", HR, LATIN),
        Pair("The card is blocked", "Картица је блокирана", SR, CYRILLIC),
    ]


@pytest.mark.parametrize(
    ("name", "header", "found"),
    [
        ("a.csv", "en,hr", [HR]),
        ("a.csv", "id,hr-HR,en-GB,sl", [HR, SL]),
        ("a_sl.csv", "source,target", [SL]),
        ("sr/a.csv", "Original,Translation", [SR]),
    ],
)
def test_csv_by_its_header(put: Put, name: str, header: str, found: list[Language]) -> None:
    cells = ["Pay the bill" if cell[:2] in {"en", "so", "Or"} else "Platite ovaj račun" for cell in header.split(",")]
    content = f"{header}\n{','.join(cells)}\n"
    assert [language for _, _, language in pairs(put(name, content))] == found


def test_a_broken_row_of_csv_is_named(put: Put) -> None:
    with pytest.raises(InputError, match=r"a\.csv, line 3: expected 2 cells, got 3"):
        pairs(put("a.csv", "en,hr\nPay the bill,Platite račun\na,b,c\n"))


@pytest.mark.parametrize(
    ("name", "stated", "found"),
    [
        ("x.mo", "hr", HR),
        ("sl/x.mo", "hr", HR),
        ("locale/sr@latin/LC_MESSAGES/x.mo", "", SR),
        ("locale/bs/LC_MESSAGES/x.mo", "", HR),
        ("locale/sr_Latn/LC_MESSAGES/x.mo", "xx", SR),
        ("hr_HR/help/x.mo", "", HR),
        ("admin-network-sl_SI.mo", "", SL),
        ("messages.sr-Latn.mo", "", SR),
        ("hr.mo", "", HR),
    ],
)
def test_the_language_is_told_by_the_file_its_name_or_its_folder(
    put: Put, name: str, stated: str, found: Language
) -> None:
    content = mo(("Pay the bill", "Platite račun"), language=stated)
    assert pairs(put(name, content), language=None) == [("Pay the bill", "Platite račun", found)]


def test_a_language_given_is_for_files_that_do_not_tell(put: Put) -> None:
    silent, told = put("app.mo", mo(("Pay the bill", "Platite račun"))), put("b.po", PO.format(language="sr"))
    assert {language for _, _, language in pairs(silent, told, language=HR)} == {HR, SR}
    with pytest.raises(InputError, match=r"app\.mo: expected a language, got none") as error:
        pairs(silent)
    assert "\n" not in str(error.value)


def test_a_folder_is_walked_and_other_languages_are_passed_over(put: Put, tmp_path: Path) -> None:
    for locale in ("hr", "sl", "de", "ckb", "en_GB"):
        content = mo(("Pay the bill", f"Platite račun {locale}"))
        put(f"locale/{locale}/LC_MESSAGES/x.mo", content)
    put("de.po", PO.format(language="de"))
    put("help-zh_TW.mo", mo(("Pay the bill", "Platite račun")))
    put("names/ckb.mo", mo(("Pay the bill", "Platite račun")))
    put("names/sl.mo", mo(("Pay the bill", "Platite račun sl")))
    put("a.xlf", XLIFF.format(source="de", target="hr"))
    put("notes.txt", "Pay the bill")
    found = pairs(tmp_path / "files")
    assert found == [("Pay the bill", "Platite račun hr", HR), ("Pay the bill", "Platite račun sl", SL)]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.po", PO.format(language="de"), "expected English to hr, sl, sr or bs, got 'de'"),
        ("a.xlf", XLIFF.format(source="de", target="hr"), "expected English to hr, sl, sr or bs, got 'de'"),
        ("hr.mo", b"\xde\x12\x04\x95", "expected MO, got: "),
        ("hr.po", "not a catalogue", "expected PO, got: "),
        ("hr.xlf", "<html/>", "expected XLF, got: "),
        ("hr.tmx", "<html/>", "expected TMX, got: "),
        ("hr.tmx", TMX[:200], "expected TMX, got: "),
        ("hr.csv", "question,answer\na,b\n", "expected a header such as en,hr or source,target, got question,answer"),
        ("hr.docx", "PK", "expected a name that ends in .po, .mo, .xlf, .xliff, .tmx, .csv, got '.docx'"),
    ],
)
def test_a_file_named_is_read_or_refused(put: Put, name: str, content: str | bytes, message: str) -> None:
    path = put(name, content)
    with pytest.raises(InputError) as error:
        pairs(path)
    assert str(error.value).startswith(f"{path}: ") and message in str(error.value)
    assert "\n" not in str(error.value)


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.po: expected a file or a folder, got no such file"):
        pairs(tmp_path / "none.po")


def test_an_entity_of_xml_opens_no_file(put: Put) -> None:
    secret = put("secret.txt", "the secret of the house")
    evil = TMX.replace("Kartica", "&file;").replace(
        "<tmx", f'<!DOCTYPE tmx [<!ENTITY file SYSTEM "{secret.as_uri()}">]><tmx', 1
    )
    assert not any("secret" in target for _, target, _ in pairs(put("a.tmx", evil)))


def test_a_pair_comes_once_in_each_language(put: Put) -> None:
    entry = mo(("Pay the _bill", "Platite _račun"), ("Pay the bill…", "Platite račun…"))
    assert pairs(*(put(f"{language}/{name}.mo", entry) for language in ("hr", "sr") for name in "ab")) == [
        ("Pay the bill", "Platite račun", HR),
        ("Pay the bill", "Platite račun", SR),
    ]


def test_reading_is_lazy(put: Put) -> None:
    found = read_translations([put("hr.po", PO.format(language="hr")), put("broken.po", "not a catalogue")])
    assert next(found).source == "Pay the bill of"


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("_File", "File"),
        ("F_ile &name ~x", "File name x"),
        ("Save &As…", "Save As"),
        ("Otvori (&O)", "Otvori"),
        ("R&D in file_name_x", "R&D in file_name_x"),
        ("~5 days", "~5 days"),
        ("from %s to %2$s of {total} and %(n)d", "from … to … of … and"),
        ("Page %1 of %L2 in %PRODUCTNAME is ${x} or $ARG1", "Page … of … in … is … or"),
        ("{{count}} of {0:>3} for $2.50", "of … for $2.50"),
        ("%d%% is 50 % of it, 100% sure", "% is 50 % of it, 100% sure"),
        ('Read <a href="x">the&nbsp;terms</a> , please', "Read the terms, please"),
        ("&lt;b&gt;Bold&lt;/b&gt; &amp; thin", "Bold & thin"),
        ("&copy the file", "copy the file"),
        ("first\\nsecond\n third", "first second third"),
        ("files .heic", "files .heic"),
    ],
)
def test_clean(text: str, seen: str) -> None:
    assert clean(text) == seen
    assert clean(seen) == seen


@pytest.mark.parametrize(
    ("source", "target"),
    [
        pytest.param("Pay the bill", "Pay the bill", id="untranslated"),
        pytest.param("_Pay the bill", "PAY THE BILL", id="the same but for a key"),
        pytest.param("Bill", "Račun", id="one word"),
        pytest.param("a b c", "a i b", id="no words"),
        pytest.param("Europe/Zagreb", "Europa/Zagreb", id="a path"),
        pytest.param("ab cd 1234567890", "ef gh 1234567890", id="mostly no letters"),
        pytest.param("%s of %s", "%s od %s", id="only placeholders"),
        pytest.param("pay the bill " * 31, "platite račun " * 30, id="long"),
        pytest.param("Pay the bill", "Platite račun " * 6, id="lengths too unlike"),
        pytest.param("translator-credits", "Ana Anić, Ivo Ivić", id="credits"),
        pytest.param("{n, plural, one {a bill here}}", "{n, plural, one {jedan račun}}", id="a choice"),
    ],
)
def test_what_teaches_nothing_is_skipped(source: str, target: str) -> None:
    assert make_pair(source, target, HR) is None


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("menu\x04Pay the bill", "Platite račun"),
        ("menu|Pay the bill", "Platite račun"),
        ("menu|Pay the bill", "menu|Platite račun"),
    ],
)
def test_contexts_for_translators_are_cut_off(source: str, target: str) -> None:
    assert make_pair(source, target, HR) == Pair("Pay the bill", "Platite račun", HR, LATIN)


def test_a_bar_of_the_text_stays() -> None:
    assert make_pair("Bills | Our Company", "Računi | Naša tvrtka", HR) == Pair(
        "Bills | Our Company", "Računi | Naša tvrtka", HR, LATIN
    )


def test_script_is_that_of_the_text() -> None:
    assert make_pair("Pay the bill", "Платите рачун", HR) == Pair("Pay the bill", "Платите рачун", SR, CYRILLIC)
    assert make_pair("Pay the bill", "Платите рачун", SL) is None


@pytest.mark.parametrize(
    ("name", "language"),
    [("hr_HR", HR), ("sr@latin", SR), ("sr-Latn-RS", SR), ("bs", HR), ("SLV", SL), ("Slovenian", SL), ("de", None)],
)
def test_locale_language(name: str, language: Language | None) -> None:
    assert locale_language(name) is language
