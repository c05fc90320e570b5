"""The structure of the hand-written phrase files: complete lists, known slots, right script, no doubles."""

import re

import pytest

from voc.data.demo.company import demo_taxonomy, load_company
from voc.data.demo.gender import Gender, speaker_gender
from voc.data.demo.phrases import PARTED, PhraseBook, phrase_book, raw_lists
from voc.data.text import fold
from voc.labels import Language, Split

LANGUAGES = [Language.ENGLISH, Language.CROATIAN, Language.SLOVENIAN, Language.SERBIAN]
FORMS = ["en", "hr", "sl", "sr-Cyrl", "sr-Latn"]
SLOTS = {"amount", "days", "plan", "city"}
LEAVING = ("plain", "praise", "conditional", "exit_fee", "porting")
STAYING = ("cancel_order", "device_died", "just_joined", "denial", "someone_else")


def expected_counts(language: Language) -> dict[str, int]:
    taxonomy = demo_taxonomy()
    counts = {f"openings/{reason}": 14 for reason in taxonomy.reasons}
    counts |= {f"details/{reason}": 5 for reason in taxonomy.reasons}
    counts |= {"mood/negative": 28, "mood/neutral": 14, "mood/positive": 28}
    counts |= {f"churn/leaving/{kind}": 10 for kind in LEAVING}
    counts |= {f"churn/staying/{kind}": 10 for kind in STAYING}
    counts |= {"agent/greeting": 8, "agent/closing": 8, "agent/hold": 6}
    counts |= {f"agent/ask/{group}": 4 for group in taxonomy.groups}
    counts |= {f"agent/resolve/{group}": 5 for group in taxonomy.groups}
    counts |= {"customer/greeting": 10, "customer/answer": 10, "customer/closing": 10}
    problems = load_company().planted.items()
    return counts | {f"planted/{name}": 12 for name, p in problems if p.language in (None, language)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_list_is_there_in_full(language: Language) -> None:
    assert {name: len(texts) for name, texts in raw_lists(language).items()} == expected_counts(language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_phrase_stands_twice(language: Language) -> None:
    seen: dict[str, str] = {}
    for name, texts in raw_lists(language).items():
        for text in texts:
            words = re.sub(r"\W+", "", fold(text))
            assert words not in seen, f"{name} and {seen[words]}: {text}"
            seen[words] = name


@pytest.mark.parametrize("language", LANGUAGES)
def test_slots_are_known_and_the_script_is_the_language_s(language: Language) -> None:
    for name, texts in raw_lists(language).items():
        for text in texts:
            assert set(re.findall(r"{(.*?)}", text)) <= SLOTS, f"{name}: {text}"
            cyrillic = re.search("[\u0400-\u04ff]", text) is not None
            assert cyrillic == (language == Language.SERBIAN), f"{name}: {text}"


@pytest.mark.parametrize("form", FORMS)
def test_lists_are_parted_about_60_15_25_with_something_for_every_split(form: str) -> None:
    book = phrase_book(form, seed=7)
    for name, phrases in book.lists.items():
        splits = [phrase.split for phrase in phrases]
        if name.split("/")[0] not in PARTED:
            assert set(splits) == {None}
            continue
        assert all(splits.count(split) >= 1 for split in Split)
        if len(phrases) == 14:
            assert [splits.count(split) for split in (Split.TRAIN, Split.DEV, Split.TEST)] == [8, 2, 4]


def test_both_serbian_scripts_part_the_same_phrases_alike() -> None:
    cyrillic, latin = phrase_book("sr-Cyrl", 7), phrase_book("sr-Latn", 7)

    def parts(book: PhraseBook) -> dict[str, Split | None]:
        return {phrase.id: phrase.split for phrases in book.lists.values() for phrase in phrases}

    assert parts(cyrillic) == parts(latin)
    texts = [phrase.text for phrases in latin.lists.values() for phrase in phrases]
    assert not any(re.search("[\u0400-\u04ff]", text) for text in texts)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_test_phrase_is_nearly_a_training_phrase(language: Language) -> None:
    form = "sr-Cyrl" if language == Language.SERBIAN else str(language)
    phrases = [p for every in phrase_book(form, 7).lists.values() for p in every if p.split is not None]
    grams = [{text[i : i + 4] for i in range(len(text) - 3)} for text in (fold(p.text) for p in phrases)]
    tests = [index for index, p in enumerate(phrases) if p.split == Split.TEST]
    others = [index for index, p in enumerate(phrases) if p.split != Split.TEST]
    near = [
        (phrases[a].text, phrases[b].text)
        for a in tests
        for b in others
        if len(grams[a] & grams[b]) > 0.5 * len(grams[a] | grams[b])
    ]
    assert near == []


def test_agents_lines_named_for_a_reason_exist() -> None:
    company, taxonomy = load_company(), demo_taxonomy()
    for language, kinds in company.agent_lines.items():
        lists = raw_lists(language)
        for kind, fits in kinds.items():
            assert set(fits) >= set(taxonomy.reasons)
            for name, places in fits.items():
                reason = company.planted[name].reason if name in company.planted else name
                lines = lists[f"agent/{kind}/{taxonomy.reasons[reason].group}"]
                assert all(place < len(lines) for place in places), f"{language} {kind} {name}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_tags_name_phrases_that_exist(language: Language) -> None:
    form = "sr-Cyrl" if language == Language.SERBIAN else str(language)
    book = phrase_book(form, 7)
    positive = [phrase.text.lower() for phrase in book.lists["mood/positive"]]
    everything = [phrase.text.lower() for phrases in book.lists.values() for phrase in phrases]
    assert [stem for stem in book.speech.helped if not any(stem in text for text in positive)] == []
    assert [stem for stem in book.speech.unfit if not any(stem in text for text in everything)] == []


@pytest.mark.parametrize(
    ("language", "text", "gender"),
    [
        (Language.CROATIAN, "Izgubila sam mobitel.", Gender.FEMININE),
        (Language.CROATIAN, "Kupio sam na kiosku bonove.", Gender.MASCULINE),
        (Language.CROATIAN, "Hvala, to sam i htio reći.", Gender.MASCULINE),
        (Language.CROATIAN, "Nema signala ni u hodniku.", None),
        (Language.SLOVENIAN, "Pozabila sem geslo.", Gender.FEMININE),
        (Language.SLOVENIAN, "Rad bi podaljšal pogodbo.", Gender.MASCULINE),
        (Language.SERBIAN, "Платила сам рачун.", Gender.FEMININE),
        (Language.SERBIAN, "Рутер сам искључио.", Gender.MASCULINE),
        (Language.ENGLISH, "My husband set the router up.", Gender.FEMININE),
    ],
)
def test_a_phrase_shows_who_speaks(language: Language, text: str, gender: Gender | None) -> None:
    assert speaker_gender(text, language) == gender
