"""The demo's second campaign, of four matched sets."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import Sum

from analytics.looks.evaluate import evaluate
from analytics.models import Tally, TextTally
from analytics.results import build
from analytics.simulated_visits import demo, sets_demo
from tests import world

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def test_it_answers_for_its_sets_and_for_messages_of_their_kind() -> None:
    world.load_starter_library()
    demo.create_accounts()
    demo.create_campaign(now=world.NOON - timedelta(days=5), origins=[], planned_per_arm=100)
    campaign = sets_demo.create_campaign_of_sets(now=world.NOON, seed=1)
    by_text = TextTally.objects.filter(outcome="exposed").aggregate(Sum("count"))["count__sum"]
    assert (
        by_text == Tally.objects.filter(outcome="exposed", arm__campaign=campaign).aggregate(Sum("count"))["count__sum"]
    )
    report = build.build(evaluate(campaign, now=world.NOON))
    assert all("With these 4 sets of texts:" in row.sentence for row in report.primary.kinds)
    both = next(row for row in report.primary.kinds if (row.treated, row.control) == ("both", "neutral"))
    assert both.verdict == "better"
    assert "For messages of this kind: " in both.sentence
    assert {item.status for item in report.quality} == {"ok"}
