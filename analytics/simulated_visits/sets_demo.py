"""A second campaign of the demo: four matched sets, with counts of made-up visitors and no visits over HTTP."""

from datetime import datetime, timedelta

import numpy as np
from django.contrib.auth.models import User
from django.db import transaction

from analytics.models import Tally, TextTally
from analytics.simulated_visits import demo
from campaign.lifecycle import transitions
from campaign.lifecycle.approval import approval_fingerprint
from campaign.lifecycle.placement_authors import record_change
from campaign.models import AnalysisPlan, Arm, Campaign, Partner, Placement, PlannedOutcome, ServedCount
from messages.models import Message, Revision

SLUG, PLACEMENT = "four-sets", "town-page"
SETS, PER_TEXT, DAYS = 4, 1_000, 7
# By how much sets differ, whatever they appeal to, and one appeal from set to set: standard deviations.
_SET_SPREAD, _TEXT_SPREAD = 0.03, 0.012
_UNSEEN = 0.02


@transaction.atomic
def create_campaign_of_sets(*, now: datetime, seed: int) -> Campaign:
    """Create a campaign of four matched sets that was launched a while before `now`, with the counts of its people."""
    manager, reviewer = User.objects.get(username="mara"), User.objects.get(username="rafael")
    place, is_new = Placement.objects.get_or_create(
        key=PLACEMENT, defaults={"name": "The town's page", "partner": Partner.objects.get(name="Example partner")}
    )
    if is_new:
        record_change(place, {}, by=manager)
    campaign = Campaign.objects.create(
        slug=SLUG,
        name="Four matched sets: does the appeal help?",
        hypothesis="Telling of both harms turns back more people, whoever writes it.",
        created_by=manager,
        ethics_exemption="The visitors of this example are made up.",
    )
    campaign.placements.add(place)
    every = Message.objects.exclude(matched_set="").order_by("matched_set").values_list("matched_set", flat=True)
    sets = list(every.distinct())[:SETS]
    for position, (key, name, _) in enumerate(demo.ARMS):
        texts = Revision.objects.filter(message__matched_set__in=sets, message__frame=key, state="approved")
        Arm.objects.create_with_texts(
            list(texts.order_by("message__matched_set")),
            campaign=campaign,
            key=key,
            name=name,
            is_control=key == "neutral",
            position=position,
        )
    plan = AnalysisPlan.objects.create(
        campaign=campaign,
        planned_per_arm=SETS * PER_TEXT,
        comparisons=demo.COMPARISONS,
        monitoring=AnalysisPlan.Monitoring.FIXED,
        looks=[1.0],
        texts=AnalysisPlan.Texts.MATCHED,
    )
    for outcome, role in (("turned_back", PlannedOutcome.Role.PRIMARY), ("annoyed", PlannedOutcome.Role.GUARDRAIL)):
        PlannedOutcome.objects.create(plan=plan, outcome=outcome, role=role)
    transitions.submit(campaign, by=manager)
    transitions.approve(campaign, by=reviewer, read_fingerprint=approval_fingerprint(campaign))
    transitions.launch(campaign, by=manager, now=now - timedelta(days=DAYS + 1))
    _count_people(campaign, place, now=now, seed=seed)
    return campaign


def _count_people(campaign: Campaign, place: Placement, *, now: datetime, seed: int) -> None:
    """Draw what the people of each text did, and add them to the tallies of the days since launch."""
    source = np.random.default_rng(seed)
    of_set = source.normal(0, _SET_SPREAD, size=SETS)
    for arm in campaign.arms.with_texts():
        behaviour = demo.TRUE_BEHAVIOURS[arm.key]
        of_text = of_set + source.normal(0, _TEXT_SPREAD, size=SETS)
        for text, more in zip(arm.texts.all(), of_text, strict=True):
            did = {"turned_back": behaviour.turn_back + more, "annoyed": behaviour.annoyed}
            for day in range(DAYS):
                seen = PER_TEXT // DAYS + (day < PER_TEXT % DAYS)
                counts = {"exposed": seen} | {key: int(source.binomial(seen, rate)) for key, rate in did.items()}
                where = {
                    "day": (now - timedelta(days=DAYS - day)).date(),
                    "arm": arm,
                    "placement": place,
                    "locale": "en",
                }
                _add(ServedCount, seen + int(source.binomial(seen, _UNSEEN)), **where)
                for outcome, count in counts.items():
                    _add(Tally, count, **where, outcome=outcome)
                    _add(TextTally, count, text=text, placement=place, outcome=outcome)


def _add(model: type[ServedCount] | type[Tally] | type[TextTally], more: int, **key: object) -> None:
    row, created = model.objects.get_or_create(**key, defaults={"count": more})
    if not created:
        model.objects.filter(pk=row.pk).update(count=row.count + more)
