"""The main path in one test: serve, expose, engage, fold, estimate, report."""

import random
from collections import Counter
from collections.abc import Mapping

import pytest
from django.test import Client

from analytics.fold.fold import fold
from analytics.looks.evaluate import evaluate
from analytics.results import build
from campaign.lifecycle import transitions
from campaign.models import AnalysisPlan, Campaign
from messages.library import starter_library
from messages.models import Message
from messages.staff_mail import mailboxes
from tests import world
from tests.campaign.wizard.test_answers import new_draft, save


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


@pytest.mark.slow
@pytest.mark.django_db(databases=["default", "audience"])
def test_from_matched_sets_in_the_wizard_to_their_use(client: Client) -> None:
    # A manager plans a trial of the four matched sets of the starter library.
    starter_library.load(now=world.NOON)
    world.mark_help_links_checked()
    campaign = save(new_draft(), "compare", preset="full")
    assert AnalysisPlan.objects.get(campaign=campaign).texts == "matched"
    campaign = save(campaign, "places", chosen=(world.placement().pk,), per_day={world.placement().pk: 900})
    campaign = save(campaign, "success", primary="turned_back")
    campaign = save(campaign, "sureness", monitoring="fixed", correction="none")
    campaign = save(campaign, "length", expected=30.0, smallest=10.0, planned=2_000)
    campaign = save(campaign, "ethics", ethics_exemption="Nobody real takes part.")
    mailboxes.confirm(world.person("mara"), "mara@ngo.example")
    transitions.submit(campaign, by=world.person("mara"))
    world.approve(campaign)
    transitions.launch(campaign, by=world.person("mara"), now=world.NOON)

    # Each of 2,400 people is shown one of the four texts of an arm. With both harms 60 in 100 turn back, else 30.
    site = world.AudienceSite()
    show(site, campaign, people=2_400, rates={"both": 0.6})
    fold(hour=site.hour + 3)
    site.served.flush()
    evaluate(campaign, now=world.NOON)

    # The result is about texts of this kind, and rests on four sets.
    report = build.latest(campaign)
    assert report is not None
    verdicts = {(row.treated, row.control): row.verdict for row in report.primary.kinds}
    assert verdicts["both", "neutral"] == "better"
    assert report.sentence.startswith("With these 4 sets of texts: ")

    # A manager puts what worked to use, a second person approves, and the trial is closed.
    world.sign_in(client, world.person("mara"))
    assert "Use what works" in client.get(f"/campaigns/{campaign.slug}/next/").content.decode()
    chosen = {"message": "both", "holdout": "10", "places": ["quiet-page"]}
    client.post(f"/campaigns/{campaign.slug}/next/use/", chosen)
    use = Campaign.objects.get(based_on=campaign)
    world.approve(use)
    transitions.launch(use, by=world.person("mara"), now=world.NOON)
    transitions.close(campaign, by=world.person("mara"), now=world.NOON)

    # From then on nine of ten are shown one of its four texts, and the watch page says whether it still works.
    site.now += 86_400
    site.refresh()
    shown = show(site, use, people=3_000, rates={"both": 0.6})
    assert 0.85 < sum(seen for (key, _text), seen in shown.items() if key == "both") / 3_000 < 0.95
    assert {text for key, text in shown if key == "both"} == {0, 1, 2, 3}
    fold(hour=site.hour + 3)
    site.served.flush()
    evaluate(use, now=world.NOON)
    assert "It still works." in client.get(f"/campaigns/{use.slug}/watch/").content.decode()


def show(
    site: world.AudienceSite, campaign: Campaign, *, people: int, rates: Mapping[str, float]
) -> Counter[tuple[str, int]]:
    """Show people a message, of whom a share turns back: by arm, else 30 in 100. Return who saw which text."""
    arms = {arm.pk: arm.key for arm in campaign.arms.all()}
    source, shown = random.Random(7), Counter[tuple[str, int]]()
    for _ in range(people):
        receipt = site.new_receipt()
        content = site.read_receipt(receipt)
        turns_back = source.random() < rates.get(arms[content.arm], 0.3)
        outcomes = ("exposed", "left" if turns_back else "continued")
        site.post("/api/v1/events", [{"receipt": receipt, "outcome": outcome} for outcome in outcomes])
        shown[arms[content.arm], content.text] += 1
    return shown
