from typing import Any

import pytest

from messages.library import starter_library
from messages.library.matched_sets import compose_messages
from messages.models import Frame, HelpLink, Message, Rendition, Revision, Theme
from messages.review import workflow
from tests import world

pytestmark = pytest.mark.django_db


@pytest.mark.slow
def test_the_whole_library_loads_as_approved_words() -> None:
    starter_library.load(now=world.NOON)
    assert Theme.objects.exclude(number=None).count() == 20
    assert all(workflow.is_approval_valid(rendition) for rendition in Rendition.objects.all())
    for frame in (Frame.VICTIM, Frame.USER, Frame.BOTH):
        assert Revision.objects.filter(message__frame=frame).count() >= 3
    assert set(Message.objects.filter(frame=Frame.OTHER).values_list("theme__key", flat=True)) >= {
        "law",
        "norm",
        "help",
    }
    assert HelpLink.objects.filter(lane=HelpLink.Lane.AFFECTED).exists()
    assert HelpLink.objects.filter(lane=HelpLink.Lane.SELF).exists()


@pytest.mark.slow
def test_loading_twice_changes_nothing() -> None:
    world.load_starter_library()
    assert starter_library.load(now=world.NOON) == starter_library.LoadCounts(
        themes=0, messages=0, revisions=0, help_links=0
    )


def test_words_that_staff_withdrew_stay_withdrawn() -> None:
    world.load_starter_library()
    revision = Revision.objects.filter(message__frame=Frame.USER)[0]
    rafael = world.person("rafael", "reviewer")
    workflow.withdraw(revision.renditions.get(), by=rafael, now=world.NOON, reason="Not for us.")
    starter_library.load(now=world.NOON)
    revision.refresh_from_db()
    assert revision.state == Revision.State.WITHDRAWN


CHANGED = ("fear-that-stays", *(f"not-asked-{frame}" for frame in ("neutral", "victim", "user", "both")))


@pytest.fixture
def earlier_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation whose library was loaded when some texts had other words."""

    def with_earlier_words(entry: dict[str, Any]) -> dict[str, Any]:
        if entry["key"] not in CHANGED:
            return entry
        return entry | {"revisions": [{"headline": "An earlier headline.", "body": ["One.", "You can stop here."]}]}

    read, composed = starter_library._read, list(compose_messages())
    with monkeypatch.context() as before:
        before.setattr(starter_library, "compose_messages", lambda: map(with_earlier_words, composed))
        before.setattr(starter_library, "_read", lambda name: [with_earlier_words(row) for row in read(name)])
        starter_library.load(now=world.NOON)


@pytest.mark.usefixtures("earlier_words")
def test_words_that_have_changed_are_added_beside_those_of_before() -> None:
    loaded = starter_library.load(now=world.NOON)
    assert (loaded.messages, loaded.revisions) == (0, len(CHANGED))
    earlier, newer = Revision.objects.filter(message__key="fear-that-stays").order_by("number")
    assert earlier.renditions.get().headline == "An earlier headline."
    assert (earlier.state, newer.number, newer.state) == (Revision.State.APPROVED, 2, Revision.State.APPROVED)


@pytest.mark.usefixtures("earlier_words")
@pytest.mark.parametrize("key", ["fear-that-stays", "not-asked-user"])
def test_words_of_staff_stay_the_newest_and_with_them_their_matched_set(key: str) -> None:
    message = Message.objects.get(key=key)
    revision = message.revisions.create(number=2, claim_strength="none", author=world.person("mara"))
    Rendition.objects.create(revision=revision, locale="en", headline="Mara’s", body="Words.", author=revision.author)
    starter_library.load(now=world.NOON)
    mates = Message.objects.filter(matched_set=message.matched_set) if message.matched_set else [message]
    assert all(mate.revisions.filter(author=None).count() == 1 for mate in mates)
