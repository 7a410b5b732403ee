"""The command lint_messages."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from messages.models import HelpLink, Rendition, Revision
from tests import world

pytestmark = pytest.mark.django_db


def printed(*arguments: str) -> str:
    out = StringIO()
    call_command("lint_messages", *arguments, stdout=out)
    return out.getvalue()


def test_the_starter_library_needs_no_change_and_its_links_need_a_look() -> None:
    world.load_starter_library()
    last = printed().splitlines()[-1]
    assert last == "44 versions: 0 things must change, 0 to check. Help links: 1."


def test_help_that_was_checked_today_has_no_remark() -> None:
    world.load_starter_library()
    HelpLink.objects.update(verified_on=timezone.localdate())
    assert printed().endswith("Help links: 0.\n")


def test_a_draft_is_listed_by_revision_and_language_and_withdrawn_words_are_not() -> None:
    message = world.approved_revision("user").message
    for number, state in ((2, "draft"), (3, "withdrawn")):
        revision = Revision.objects.create(message=message, number=number, claim_strength="none", state=state)
        Rendition.objects.create(revision=revision, locale="en", headline="A headline", body="You creep.")
    said: dict[str, Any] = json.loads(printed("--json"))
    assert {name: [r["code"] for r in remarks] for name, remarks in said["wordings"].items()} == {
        "user-0 r1 en": [],
        "user-0 r2 en": ["shame"],
    }
    assert set(said["wordings"]["user-0 r2 en"][0]) == {"code", "severity", "sentence", "where"}
    assert {r["code"] for r in said["help"]} == {"no-help"}
