"""The seed corpus: complete in every written form, and joined to a company's own contacts without touching those."""

import re
from collections import Counter

import numpy as np
import pytest
from datasets import Dataset

from voc.config import TrainingSettings
from voc.data.text import fold
from voc.labels import ChurnDirection, Sentiment, Split
from voc.models.tasks import Task, default_tasks
from voc.training.labelled import LabelledSet, target_column
from voc.training.seed import FORMS, assumed_shares, for_decisions, seed_contacts, with_seed

TASKS = default_tasks(("bill", "outage"))


def own(split: Split, sentiment: str | None = None, leaves: bool | None = None) -> LabelledSet:
    columns = {
        "contact_id": ["c1"], "split": [split.value], "language": ["hr"], "text": ["Račun ne valja"],
        **{target_column(task): [task.target(None)] for task in TASKS},
        target_column(TASKS[0]): [TASKS[0].target(["bill"])],
        target_column(TASKS[1]): [TASKS[1].target(sentiment)],
        target_column(TASKS[2]): [TASKS[2].target(leaves)],
    }  # fmt: skip
    return LabelledSet(split, Dataset.from_dict(columns))


def test_every_contact_is_there_in_every_form() -> None:
    contacts = seed_contacts()
    assert len(contacts) > 1000
    for contact in contacts:
        assert set(contact.texts) == set(FORMS)
        assert all(text.strip() for text in contact.texts.values())
        assert not re.search("[а-яА-Я]", contact.texts["hr"] + contact.texts["sl"] + contact.texts["sr-Latn"])
        assert re.search("[а-яА-Я]", contact.texts["sr-Cyrl"])
    for form in FORMS:
        folded = [fold(contact.texts[form]) for contact in contacts]
        assert [text for text, times in Counter(folded).items() if times > 2] == []


def test_chats_have_the_same_turns_in_every_form() -> None:
    turns = [{text.count("\n") for text in contact.texts.values()} for contact in seed_contacts()]
    assert all(len(found) == 1 for found in turns)
    assert sum(found != {0} for found in turns) >= 200
    assert not [text for contact in seed_contacts() for text in contact.texts.values() if "\r" in text]


def test_every_direction_and_mood_is_taught() -> None:
    directions = Counter(contact.direction for contact in seed_contacts())
    moods = Counter(contact.sentiment for contact in seed_contacts())
    assert min(directions[direction] for direction in ChurnDirection) > 100
    assert min(moods[mood] for mood in Sentiment) > 300
    kind = [contact for contact in seed_contacts() if contact.direction == ChurnDirection.LEAVING]
    assert {contact.sentiment for contact in kind} == set(Sentiment)


def test_joined_to_own_contacts() -> None:
    joined = with_seed(own(Split.TRAIN), TASKS, TrainingSettings(seed_forms=2))
    seeds = [contact for contact in seed_contacts() if contact.split == Split.TRAIN]
    assert len(joined) == 1 + 2 * len(seeds)
    assert joined.texts[0] == joined.anchors[0] == "Račun ne valja"
    assert np.isnan(joined.targets(TASKS[0])[1:]).all()  # nobody else's reasons
    assert not np.isnan(joined.targets(TASKS[1])[1:]).any()
    by_english = {contact.texts["en"]: contact for contact in seeds}
    texts, anchors, languages = joined.texts, joined.anchors, joined.languages  # each reads a whole column
    leaves, stands = joined.targets(TASKS[2])[:, 0] == 1, joined.targets(TASKS[3]).argmax(axis=1)
    for row in range(1, len(joined)):
        contact = by_english[anchors[row]]
        assert texts[row] == contact.texts[languages[row]]
        assert leaves[row] == (contact.direction == ChurnDirection.LEAVING)
        assert TASKS[3].labels[stands[row]] == contact.direction


def test_left_out_on_request() -> None:
    alone = own(Split.TRAIN)
    assert with_seed(alone, TASKS, TrainingSettings(seed_forms=0)) is alone


@pytest.mark.parametrize("sentiment", [None, "negative"])
def test_decisions_rest_on_own_labels_where_there_are_any(sentiment: str | None) -> None:
    deciding = for_decisions(own(Split.DEV, sentiment), TASKS, TrainingSettings())
    assert len(deciding) > 100
    assert np.isnan(deciding.targets(TASKS[1])[1:]).all() == (sentiment is not None)
    assert not np.isnan(deciding.targets(TASKS[2])[1:]).any()


def test_train_and_dev_share_no_contact() -> None:
    train = with_seed(own(Split.TRAIN), TASKS, TrainingSettings(seed_forms=5))
    dev = for_decisions(own(Split.DEV), TASKS, TrainingSettings(seed_forms=5))
    assert not set(train.anchors[1:]) & set(dev.anchors[1:])


def test_tasks_that_the_corpus_does_not_know_stay_unlabelled() -> None:
    task = Task("reason", "multilabel", ("bill", "outage"))
    columns = ["contact_id", "split", "language", "text", target_column(task)]
    alone = LabelledSet(Split.TRAIN, own(Split.TRAIN).dataset.select_columns(columns))
    joined = with_seed(alone, [task], TrainingSettings())
    assert len(joined) > 1000  # they still teach that translations mean the same
    assert np.isnan(joined.targets(task)[1:]).all()


def test_a_share_is_assumed_where_the_corpus_decides() -> None:
    settings = TrainingSettings(leaving_share=0.03)
    assert assumed_shares(own(Split.DEV), TASKS, settings) == {"churn_intent": 0.03}
    assert assumed_shares(own(Split.DEV, leaves=False), TASKS, settings) == {}
