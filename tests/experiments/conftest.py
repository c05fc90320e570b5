"""Public data sets in miniature: their formats and traps, with texts written for these tests."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

REASONS = {
    "lost_card": "I lost my card in the {}",
    "card_fee": "Why is there a fee on my card at the {}",
    "open_account": "I want to open an account near the {}",
}
PLACES = (
    "shop", "park", "station", "bank", "cinema", "beach", "museum", "school", "market", "harbour", "library", "pool",
    "castle", "garden", "airport", "theatre",
)  # fmt: skip


@pytest.fixture(scope="session")
def handmade(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder laid out as that of the public data sets."""
    root = tmp_path_factory.mktemp("handmade")
    _banking(root / "banking77")
    _clinc(root / "clinc_oos")
    _xci(root / "xci_acl2023")
    _parlasent(root / "parlasent_bcs")
    _churn(root / "churn-intent-DE")
    _xsid(root / "xsid")
    _star(root / "star")
    _multidogo(root / "multidogo" / "turn")
    return root


def said(places: tuple[str, ...] = PLACES) -> list[tuple[str, str]]:
    return [(text.format(place), reason) for reason, text in REASONS.items() for place in places]


def _banking(folder: Path) -> None:
    folder.mkdir()
    for name, places in (("train", PLACES), ("test", ("bridge", "tower", "river"))):
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("text", "category"), *said(places)])


def _clinc(folder: Path) -> None:
    folder.mkdir()
    strange = [["How tall is a giraffe", "oos"], ["Sing me a song about rain", "oos"], ["Who won the match", "oos"]]
    known = {
        "train": said(),
        "val": said(("tower", "bridge", "tunnel")),
        "test": said(("river", "hill", "lake")),
    }
    content = {part: [list(pair) for pair in pairs] for part, pairs in known.items()}
    content |= {f"oos_{part}": [[f"{text} {part}", label] for text, label in strange] for part in known}
    (folder / "data_full.json").write_text(json.dumps(content), encoding="utf-8")


def _xci(folder: Path) -> None:
    folder.mkdir()
    rows: list[dict[str, object]] = []
    for number, place in enumerate(PLACES):
        complaint = {"tweet": f"@shop{number} my parcel broke at the {place}!", "label": 1, "sentiment": "negative"}
        rows.append(complaint | {"Severity": 1 + number % 4})
        mood = ("Positive", "Neutral")[number % 2]
        rows.append({"tweet": f"@bank where is the {place}?", "label": 0, "sentiment": mood, "Severity": 0})
    rows.append({"tweet": "@other My parcel broke at the shop https://x.yz", "label": 1, "sentiment": "Negative",
                 "Severity": 2})  # fmt: skip
    with (folder / "X-CI_Dataset.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["id", "tweet", "label", "domain", "sentiment", "emotion", "Severity", "Explain"])
        writer.writeheader()
        for number, row in enumerate(rows, start=1):
            writer.writerow({"id": number, "domain": "retail", "emotion": "other", "Explain": "", **row})


def _parlasent(folder: Path) -> None:
    folder.mkdir()
    moods = {
        "Negative": "Ovo je sramota za {}",
        "Neutral": "Sjednica počinje, točka {}",
        "Positive": "Hvala za odličan {}",
    }
    for name, count, split in (("ParlaSent_BCS", 24, {"split": "train"}), ("ParlaSent_BCS_test", 4, {})):
        lines = [
            json.dumps(
                {
                    "sentence": text.format(f"predmet {number}"),
                    "country": ("HR", "SRB", "BiH")[number % 3],
                    "label": mood,
                    "document_id": number,
                    **split,
                }
            )
            for mood, text in moods.items()
            for number in range(count)
        ]
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _churn(folder: Path) -> None:
    folder.mkdir()
    words = {"EN": ("I leave redtel for bluetel near the {}", "What does it cost at the {}"),
             "DE": ("Ich wechsle von redtel zu bluetel, {}", "Was kostet das, {}")}  # fmt: skip
    for language, (leaving, staying) in words.items():
        lines = []
        for place in PLACES:
            text = leaving.format(place)
            lines += [f"{text}\t{language}\tredtel\t1", f"{text}\t{language}\tbluetel\t0"]
            lines += [f"{staying.format(place)}\t{language}\t{brand}\t0" for brand in ("", "no_brand")]
        lines.insert(5, f'"{leaving.format("pier")}\t{language}\tRedtel\t1')  # a quotation mark that is never closed
        lines.insert(9, "")
        (folder / f"{language}_chatbot.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _xsid(folder: Path) -> None:
    folder.mkdir()
    intents = {"weather/find": ("Is there rain in the {}", "Hoće li kiša kod: {}"),
               "alarm/set_alarm": ("Wake me at the {}", "Probudi me kod: {}")}  # fmt: skip
    for language, part, count in (("en", "valid", 16), ("en", "test", 4), ("sr", "test", 4)):
        blocks = []
        for intent, texts in intents.items():
            for place in PLACES[:count]:
                text = texts[language == "sr"].format(place)
                own = [f"# text-en = {texts[0].format(place)}"] if language == "sr" else []
                tokens = [f"{number}\t{word}\t{intent}\tO" for number, word in enumerate(text.split(), start=1)]
                blocks.append("\n".join([*own, f"# text = {text}", f"# intent = {intent}", *tokens]))
        (folder / f"{language}.{part}.conll").write_text("\n\n".join(blocks) + "\n\n", encoding="utf-8")


def _star(folder: Path) -> None:
    folder.mkdir()
    dialogues: list[dict[str, Any]] = []
    for text, reason in said(tuple(f"{place} {number}" for number in (1, 2) for place in PLACES)):
        turns = [("customer", text), ("agent", "One moment."), ("customer", "Thank you."), ("agent", "Done.")]
        dialogues.append({"tasks": [reason], "multitask": False, "turns": turns})
    both = [("customer", said()[0][0]), ("agent", "Anything else?"), ("customer", said()[-1][0]), ("agent", "Done.")]
    dialogues += [{"tasks": ["lost_card", "open_account"], "multitask": True, "turns": both} for _ in range(6)]
    dialogues.append({"tasks": ["lost_card"], "multitask": False, "turns": both[:2]})  # too short
    dialogues.append({"tasks": ["card_fee"], "multitask": False, "turns": [], "completion": "EarlyDisconnect"})
    with (folder / "star_compact_00.jsonl").open("w", encoding="utf-8") as file:
        for number, dialogue in enumerate(dialogues):
            turns = [
                {"speaker": speaker, "text": text, "t": 1588000000 + at}
                for at, (speaker, text) in enumerate(dialogue["turns"])
            ]
            file.write(json.dumps({"id": number, "completion": "Complete", **dialogue, "turns": turns}) + "\n")


def _multidogo(folder: Path) -> None:
    for domain in ("airline", "fastfood", "finance", "media", "software"):
        (folder / domain).mkdir(parents=True)
        for part, places in (("train", PLACES), ("dev", ("tower", "bridge")), ("test", ("river", "hill"))):
            rows = [("conversationId", "turnNumber", "utteranceId", "utterance", "slot-labels", "intent")]
            for number, (text, reason) in enumerate(said(places)):
                identity = f"{part}-{number}"
                rows += [
                    (identity, "10.0", "c", "bye", "O", "closinggreeting"),
                    (identity, "2.0", "b", f"{text}\nplease", "O O", f"openinggreeting<div>{domain}_{reason}"),
                    (identity, "0.0", "a", "hello", "O", "openinggreeting"),
                ]
            rows += [(f"{part}-two", "0.0", "a", "Both", "O", f"{domain}_lost_card<div>{domain}_card_fee")]
            rows += [(f"{part}-none", "0.0", "a", "Hello", "O", "openinggreeting")]
            with (folder / domain / f"{part}.tsv").open("w", encoding="utf-8", newline="") as file:
                csv.writer(file, delimiter="\t").writerows(rows)
