"""Whether a guardrail shows that a message is no worse than the control by the plan's margin."""

import re
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from analytics.looks.evaluate import evaluate
from analytics.models import Analysis, Tally
from analytics.stats import Counts, equivalence
from campaign.models import Campaign
from tests import world
from tests.analytics.stats.estimates import estimate_of
from tests.campaign.api.test_views import analyst

pytestmark = pytest.mark.django_db
SEEN = dict.fromkeys(("neutral", "victim", "user", "both"), (3000, 1100))
ANNOYED = {"neutral": 60, "victim": 30, "user": 75, "both": 110}


def look(annoyed: dict[str, int], margin: float | None = 0.02) -> Campaign:
    campaign = world.launched(margins={"annoyed": margin}, plan={"planned_per_arm": 3000})
    world.tally(campaign, SEEN)
    for row in Tally.objects.filter(outcome="exposed"):
        Tally.objects.create(
            arm=row.arm,
            placement=row.placement,
            day=row.day,
            locale="en",
            outcome="annoyed",
            count=annoyed[row.arm.key],
        )
    evaluate(campaign, now=world.NOON)
    return campaign


def told() -> dict[str, Any]:
    blocks = analyst().get("/api/v1/campaigns/pilot/analyses/1/").json()["estimates"]
    rows = next(block["not_worse"] for block in blocks if block["outcome"] == "annoyed")
    return {row["treated"]: row for row in rows}


def test_each_message_is_held_against_the_control() -> None:
    look(ANNOYED)
    rows = told()
    for key in ("victim", "user", "both"):
        expected = equivalence.non_inferiority(
            treated=Counts(3000, ANNOYED[key]), control=Counts(3000, 60), margin=0.02, lower_is_better=True
        )
        assert rows[key]["p_value"] == pytest.approx(estimate_of(expected).p_value)
    assert list(rows) == ["victim", "user", "both"]


def test_the_page_and_the_report_say_what_is_ruled_out(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    look(ANNOYED)
    world.sign_in(client, world.person("ana", "analyst"))
    html = client.get("/campaigns/pilot/results/").content.decode()
    call_command("report", "pilot")
    for text in (" ".join(re.sub("<[^>]+>", "", html).split()), " ".join(capsys.readouterr().out.split())):
        assert "We can rule out that “Victim” is worse than “Neutral” by 2 in 100 or more." in text
        assert "We cannot rule out that “Both” is worse than “Neutral” by 2 in 100 or more." in text


def test_what_one_network_alone_could_have_ruled_out_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 3,000 people 1.9 in 100 were annoyed, and 2 in 100 with the control: 60 views move that by 2 in 100."""
    monkeypatch.setattr("analytics.looks.evaluate.views_of_one_network", lambda *_: 60)
    look(ANNOYED | {"victim": 58})
    assert told()["victim"]["sentence"] == (
        "We cannot rule out that “Victim” is worse than “Neutral” by 2 in 100 or more, because one network alone could "
        "have changed this."
    )
    assert "because" not in told()["both"]["sentence"]  # nor could anybody else


def test_a_guardrail_without_a_margin_asks_nothing() -> None:
    look(ANNOYED, margin=None)
    assert told() == {}


def test_a_small_count_hides_it() -> None:
    look(ANNOYED | {"victim": 4})
    stored = (Analysis.objects.get().checks or {})["guardrails"]
    assert [row["treated"] for row in stored] == ["victim", "user", "both"]
    assert "victim" not in told()
