"""`manage.py report` prints names as they are."""

from datetime import timedelta

import pytest
from django.core.management import call_command

from analytics.looks.evaluate import evaluate
from campaign.lifecycle import transitions
from campaign.models import Campaign
from tests import world

pytestmark = pytest.mark.django_db

COUNTS = {"neutral": (2000, 700), "victim": (2000, 760), "user": (2000, 780), "both": (2000, 880)}
NAMES = {"both": "Both [harms/]", "user": "[bold]You :on:", "victim": "Esc \x1b[2J"}


def test_names_of_arms_and_campaigns_are_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    campaign = world.draft()
    Campaign.objects.update(name="Autumn [/pilot] \x1b]0;x\x07")
    for key, name in NAMES.items():
        campaign.arms.filter(key=key).update(name=name)
    transitions.submit(campaign, by=world.person("mara", "manager"))
    campaign.refresh_from_db()
    world.approve(campaign)
    transitions.launch(campaign, by=world.person("mara", "manager"), now=world.NOON - timedelta(days=1))
    world.tally(campaign, COUNTS)
    evaluate(campaign, now=world.NOON)
    call_command("report", "pilot")
    printed = capsys.readouterr().out
    for name in ("Both [harms/]", "[bold]You :on:", "Esc �[2J", "Autumn [/pilot] �]0;x�"):
        assert name in printed
    assert "\x1b" not in printed
