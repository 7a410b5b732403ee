"""The migration from hours to minutes leaves each launched plan what it was frozen as."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from campaign.lifecycle.frozen_plan import changed_plans
from campaign.models import AnalysisPlan
from campaign.record_triggers import missing_triggers, restore_triggers, suspend_triggers
from tests import world

pytestmark = pytest.mark.django_db(transaction=True)


def migrate(targets: list[tuple[str, str]]) -> None:
    suspend_triggers(using="default")
    MigrationExecutor(connection).migrate(targets)
    restore_triggers(using="default")


@pytest.mark.proof
def test_a_plan_that_was_frozen_in_hours_has_as_many_minutes_and_its_fingerprint() -> None:
    periods = {"period": "day", "clusters": "period", "washout_minutes": 120, "period_weeks": 4, "correction": "none"}
    campaign = world.launched(arms={"neutral": 1, "victim": 1}, unit="period", plan=periods)
    now = MigrationExecutor(connection).loader.graph.leaf_nodes()
    migrate([("campaign", "0038_asked_reviewers_and_comments")])
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT washout_hours, fingerprint FROM campaign_analysisplan")
            assert cursor.fetchall() == [(2, campaign.plan.fingerprint)]
    finally:
        migrate(now)
    plan = AnalysisPlan.objects.get()
    assert (plan.washout_minutes, plan.fingerprint) == (120, campaign.plan.fingerprint)
    assert changed_plans([campaign.pk]) == {}
    assert missing_triggers(connection) == set()
