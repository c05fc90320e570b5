"""Keywords have evidence, and are words that people would choose."""

import numpy as np

from voc.models.keywords import theme_keywords

ROUTER = ["Router se pregrijava noću", "рутер се прегријава", "router grije", "moj router opet vruć", "vruć router"]
BILL = ["račun naplaćen dvaput", "рачун је наплаћен", "krivi račun naplaćen", "račun opet", "stari račun"]


def keywords(texts: list[str], members: list[int], customers: list[str] | None = None) -> tuple[tuple[str, ...], ...]:
    people = customers or [f"k{row}" for row in range(len(texts))]
    return theme_keywords(texts, people, np.asarray(members), max(members) + 1, 5)


def test_words_tell_themes_apart_and_are_written_as_customers_write() -> None:
    router, bill = keywords([*ROUTER, *BILL], [0] * 5 + [1] * 5)
    assert router[0] == "router" and bill[0] == "račun"
    assert not set(router) & set(bill)


def test_a_word_of_too_few_texts_or_of_one_customer_is_none() -> None:
    texts = [*ROUTER, *(f"{text} qqqq" for text in ROUTER[:1]), *(f"zzzz {number}" for number in "abcd")]
    people = [*(f"k{row}" for row in range(6)), *["one"] * 4]
    (words,) = keywords(texts, [0] * len(texts), people)
    assert "router" in words
    assert "qqqq" not in words and "zzzz" not in words


def test_forms_of_one_word_count_once() -> None:
    texts = ["naplata dvostruka", "naplatu dvostruku", "naplate dvostruke", "naplati dvostruki"] * 2
    texts = [f"{text} {mark * 3}" for text, mark in zip(texts, "abcdefgh", strict=True)]
    forms = ["naplatila", "naplatili", "naplatiti"]
    texts += [f"{form} {mark * 3}" for form in forms for mark in "ijkl"]
    (words,) = keywords(texts, [0] * len(texts))
    assert len([word for word in words if word.startswith("napla")]) == 1


def test_the_forms_of_a_word_are_evidence_together() -> None:
    forms = ["kartica", "karticu", "kartice", "картици", "kartico", "karticom"]
    texts = [f"{form} {mark * 3}" for form, mark in zip(forms, "abcdef", strict=True)]
    (words,) = keywords(texts, [0] * len(texts))
    assert len(words) == 1
    assert words[0].startswith("karti")


def test_a_companys_own_name_says_nothing() -> None:
    texts = [
        f"{form} {text}" for form, text in zip(["Zvonom", "Звоно", "zvona", "Zvono", "Zvonu"], ROUTER, strict=True)
    ]
    members, people = np.zeros(len(texts), np.int64), [str(number) for number in range(len(texts))]
    (said,), (unsaid,) = (theme_keywords(texts, people, members, 1, 10, own) for own in ((), ("Zvono",)))
    assert any(word.startswith("zvon") for word in said)
    assert unsaid and not any(word.startswith(("zvon", "звон")) for word in unsaid)


def test_stop_words_alone_give_no_keywords() -> None:
    assert keywords(["molim vas hvala", "hvala lepa", "prosim", "thank you"], [0, 0, 0, 0]) == ((),)
    router, courtesy = keywords([*ROUTER, "hvala", "molim", "hvala lijepo"], [0] * 5 + [1] * 3)
    assert router and courtesy == ()


def test_texts_in_no_theme_count_nowhere() -> None:
    (words,) = keywords([*ROUTER, *BILL], [0] * 5 + [-1] * 5)
    assert "račun" not in words
