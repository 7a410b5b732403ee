import pytest

from messages.library import starter_library
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
