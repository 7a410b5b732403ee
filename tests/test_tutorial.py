"""The campaign of the tutorial is launched as the tutorial writes it."""

import re
from pathlib import Path

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.utils import timezone

from analytics.simulated_visits import demo
from campaign.models import Campaign
from messages.library import starter_library
from messages.roles import STAFF_ROLES

TUTORIAL = Path(__file__).resolve().parent.parent / "docs" / "tutorial.md"
SCRIPT = re.search(r"```python\n(.*?)```", TUTORIAL.read_text(encoding="utf-8"), re.S)


@pytest.mark.django_db
def test_its_script_launches_a_campaign_whose_report_waits_for_the_first_look(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for role in STAFF_ROLES:  # a test before this one may have emptied the database
        Group.objects.get_or_create(name=role)
    starter_library.load(now=timezone.now())
    demo.mark_help_links_checked(now=timezone.now())
    assert SCRIPT is not None
    exec(SCRIPT[1], {})
    assert Campaign.objects.get(slug="first-trial").state == Campaign.State.RUNNING
    call_command("report", "first-trial")
    assert "No look yet" in capsys.readouterr().out
