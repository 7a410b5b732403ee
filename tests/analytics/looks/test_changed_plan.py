"""A plan that was changed past the triggers: no look is taken, and none that was taken is shown as a verdict."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from django.test import Client

from analytics.looks.evaluate import PlanChanged, evaluate
from analytics.models import Analysis
from analytics.results import build
from analytics.results.look_summaries import look_summaries
from analytics.worker import steps
from campaign.models import AnalysisPlan, Campaign, PlannedOutcome
from tests import world

pytestmark = pytest.mark.django_db

COUNTS = {"neutral": (2000, 600), "victim": (2000, 760), "user": (2000, 800), "both": (2000, 900)}


@pytest.fixture
def campaign() -> Campaign:
    """A campaign with a conclusive look, and more people since."""
    campaign = world.launched()
    world.tally(campaign, COUNTS)
    evaluate(campaign, now=world.NOON)
    return campaign


def change_primary_outcome() -> None:
    world.drop_triggers()
    PlannedOutcome.objects.filter(role="primary").update(outcome="left")


def test_no_look_is_taken_at_it(campaign: Campaign) -> None:
    change_primary_outcome()
    with pytest.raises(PlanChanged, match="not the one that was frozen: outcomes"):
        evaluate(campaign, now=world.NOON)
    assert Analysis.objects.count() == 1


def test_nor_at_one_that_is_marked_as_never_frozen(campaign: Campaign) -> None:
    world.drop_triggers()
    AnalysisPlan.objects.update(frozen_at=None)
    with pytest.raises(PlanChanged, match="not the one that was frozen: frozen_at"):
        evaluate(campaign, now=world.NOON)


def test_the_worker_says_so_in_its_log(caplog: pytest.LogCaptureFixture) -> None:
    campaign = world.launched()
    world.tally(campaign, COUNTS)
    change_primary_outcome()
    with caplog.at_level(logging.ERROR):
        assert steps.record_due_looks(world.NOON + timedelta(days=1)) == ""
    assert "not the one that was frozen" in caplog.text


def test_what_was_a_verdict_is_withheld_on_the_page_in_the_list_and_in_the_api(campaign: Campaign) -> None:
    client = Client()
    world.sign_in(client, world.person("ana", "analyst"))
    address = f"/api/v1/campaigns/{campaign.slug}/analyses/1/"
    assert '"verdict": "better"' in client.get(address).content.decode().replace('":"', '": "')
    change_primary_outcome()
    report = build.latest(campaign)
    assert report is not None
    assert report.withheld
    assert report.changed_plan_keys == ("outcomes",)
    assert {row.verdict for row in report.primary.differences} == {"withheld"}
    summary = look_summaries([campaign])[campaign.pk]
    assert (summary.withheld, summary.sentence) == (True, report.sentence)
    html = client.get(f"/campaigns/{campaign.slug}/results/").content.decode()
    assert "the plan in the database is not the one that was frozen" in html
    assert "Tell whoever runs this site" in html
    assert '"verdict": "better"' not in client.get(address).content.decode().replace('":"', '": "')


def test_it_stands_again_once_the_rows_are_restored(campaign: Campaign) -> None:
    change_primary_outcome()
    PlannedOutcome.objects.filter(role="primary").update(outcome="turned_back")
    report = build.latest(campaign)
    assert report is not None
    assert not report.withheld
