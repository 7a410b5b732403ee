"""The main path in one test: serve, expose, engage, fold, estimate, report."""

import random

import pytest

from analytics.fold.fold import fold
from analytics.looks.evaluate import evaluate
from analytics.results import build
from campaign.lifecycle import transitions
from messages.library import starter_library
from messages.models import Message
from tests import world


@pytest.mark.slow
@pytest.mark.django_db(databases=["default", "audience"])
def test_from_a_shown_message_to_a_sentence() -> None:
    # A manager puts approved revisions into a campaign. A second person approves, and the plan is frozen.
    starter_library.load(now=world.NOON)
    campaign = world.draft()
    for arm in campaign.arms.all():
        message = Message.objects.filter(frame=arm.key, revisions__state="approved").order_by("key")[0]
        arm.texts.update(revision=message.revisions.order_by("number")[0])
    transitions.submit(campaign, by=world.person("mara"))
    world.approve(campaign)
    plan = transitions.launch(campaign, by=world.person("mara"), now=world.NOON)

    # 2,000 people are served a message and see it. With both harms 60 in 100 turn back, with any other text 30.
    site = world.AudienceSite()
    arms = {arm.pk: arm.key for arm in campaign.arms.all()}
    source = random.Random(7)
    expected = {key: [0, 0] for key in arms.values()}
    for number in range(2000):
        receipt = site.new_receipt(unit=f"visitor-{number}")
        shown = arms[site.read_receipt(receipt).arm]
        turns_back = source.random() < (0.6 if shown == "both" else 0.3)
        answer = site.post(
            "/api/v1/events",
            [
                {"receipt": receipt, "outcome": "exposed"},
                {"receipt": receipt, "outcome": "left" if turns_back else "continued"},
            ],
        )
        assert answer.json == {"accepted": 2}
        expected[shown][0] += 1
        expected[shown][1] += turns_back

    # Once their windows have closed, the views are folded: counted and deleted.
    assert world.open_views() == 2000
    fold(hour=site.hour + 3)
    assert world.open_views() == 0
    counted = world.tallies(campaign)
    assert {key: [counted[(key, "exposed", 0)], counted[(key, "turned_back", 0)]] for key in expected} == expected

    # The analysis follows the frozen plan, is recorded, and is reported in one sentence.
    site.served.flush()
    analysis = evaluate(campaign, now=world.NOON)
    report = build.build(analysis)
    assert analysis.plan_fingerprint == plan.fingerprint
    assert report.sentence.startswith("Of 100 people who saw the message with both harms, ")
    verdicts = {(row.treated, row.control): row.verdict for row in report.primary.differences}
    assert verdicts[("both", "neutral")] == verdicts[("both", "victim")] == "better"
    assert verdicts[("victim", "neutral")] == verdicts[("user", "neutral")] == "cannot-tell-yet"
