"""The installation that page tests and pictures look at: a little of everything that a page can show.

`benchmarks.inside.run(environment, "tests.browser.cast:build")` builds it in a process of its own.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from django.views import defaults

from analytics.data_quality import hourly_check
from analytics.embargo import request as embargo_request
from analytics.guardrails.pause import pause_harmful_arms
from analytics.looks.evaluate import evaluate
from analytics.models import GuardEvent, Pulse, Rehearsal, Tally, WorkerStep
from analytics.notifications import events as notifications_events
from analytics.simulated_visits import demo
from campaign.keys import store
from campaign.kill_switch import stop
from campaign.lifecycle import deviations, transitions
from campaign.models import AnalysisPlan, Arm, Campaign, Placement, PlannedOutcome, ServedCount
from campaign.placements import tag_check
from campaign.serving.preview_links import preview_url
from campaign.wizard import answers
from campaign.wizard.questions import HypothesisAnswer
from messages.accounts import invitations, second_factors, sessions, step_up
from messages.library import starter_library
from messages.models import HelpLink, Message, Rendition, Revision
from messages.review import workflow
from messages.roles import ANALYST, MANAGER, REVIEWER
from tests import permissions, world

DAYS = 7
STOPPED = "what-is-in-the-way"  # a message that no campaign shows
NEWEST = 9  # the number of the revision that is being written
# Arm -> seen, turned back, asked for help, annoyed; the same ratings for all.
PLENTY = {"neutral": (3000, 1050, 60, 33), "victim": (3004, 1203, 96, 36), "user": (2996, 1141, 70, 41)} | {
    "both": (3010, 1330, 131, 95)
}
FEW = {"neutral": (120, 41, 3, 2), "victim": (118, 6, 1, 0), "user": (121, 47, 12, 4), "both": (119, 55, 2, 1)}
SKEWED = PLENTY | {"both": (1900, 830, 90, 55)}
# What the other campaigns ask, by slug.
NAMES = {
    "few": ("Winter pilot: a smaller site", "What works on a large site works on a small one."),
    "broken": ("Search page: which words at the top?", "Words about both harms work best where people search."),
    "early": ("Chatbot: one line or two?", "A shorter message is read to its end."),
    "draft": ("Schools week", "A message from peers turns back more young people than one from adults."),
    "stopped": ("Autumn: what annoys?", "Words about both harms turn back more people than they annoy."),
    "waiting": ("Autumn: one harm or two?", "Naming both harms turns back more people than naming one."),
    "ready": ("Games forum", "What works on a quiet page works in a forum."),
    "paused": ("Late evening", "The same words work at night."),
    "arabic": ("Two languages", "The same words work in English and in Arabic."),
}
DEVIATION = {
    "what": "The page was taken offline for two days, so that it ran nine days rather than seven.",
    "why": "The partner moved to another server.",
}
ARABIC = ("يمكنك التوقف هنا.", "لم يوافق الشخص في الصورة على ذلك.\n\nيمكنك إغلاق هذه الصفحة الآن.")


@transaction.atomic
def build() -> dict[str, Any]:
    """Everything a test needs to know: cookies by role, addresses by route, the pages that no address leads to."""
    now = timezone.now()
    starter_library.load(now=now)
    HelpLink.objects.update(verified_on=now.date())
    demo.create_accounts()
    pilot = demo.create_campaign(
        now=now - timedelta(days=20), origins=["https://partner.example"], planned_per_arm=2500, slug="pilot"
    )
    words = [Message.objects.get(key=key).revisions.order_by("number")[0] for _, _, key in demo.ARMS]
    for slug, counts, planned in (("few", FEW, 100), ("broken", SKEWED, 1500), ("early", FEW, 50_000)):
        made = draft(slug, *NAMES[slug], words, planned=planned)
        launch(made, now=now - timedelta(days=12))
        count(made, counts)
        evaluate(made, now=now)
    count(pilot, PLENTY)
    evaluate(pilot, now=now)
    answers.create_draft(HypothesisAnswer("Idea", "A shorter message works as well."), by=world.person("mara", MANAGER))
    world.placement("resting-page", allowed_origins=[])
    _tested(world.placement("few-page"), now=now)
    _rehearsed(draft("draft", *NAMES["draft"], words, planned=1000), now=now)
    launch(draft("arabic", *NAMES["arabic"], [_in_two_languages(each) for each in words], planned=1000), now=now)
    _stopped(words, now)
    for slug in ("waiting", "ready"):
        transitions.submit(draft(slug, *NAMES[slug], words, planned=1000), by=world.person("mara", MANAGER))
    transitions.approve(Campaign.objects.get(slug="ready"), by=world.person("rafael", REVIEWER))
    launch(resting := draft("paused", *NAMES["paused"], words, planned=1000), now=now)
    transitions.pause(resting, by=world.person("mara"))
    deviations.record_deviation(Campaign.objects.get(slug="few"), **DEVIATION, by=world.person("mara"), now=now)
    _written(words[1])
    store.receipt_keys(settings.KEY_DIRECTORY)
    store.rotate_receipt_key(settings.KEY_DIRECTORY, now=time.time(), lead_seconds=10 * 86_400)
    _watched(now)
    roles = permissions.clients_by_role() | {"half-way": _half_way(), "newcomer": _newcomer()}
    roles |= {name: _signed_in(name) for name in ("one-factor", "two-factors")}
    passkey = Authenticator.objects.create(
        user=world.person("two-factors"), type=second_factors.PASSKEY, data={"name": "The phone in my pocket"}
    )
    only = Authenticator.objects.get(user=world.person("one-factor"), type=second_factors.APP)
    _, token = invitations.invite("sam@example.org", ANALYST, by="the site", now=now)
    return {
        "cookies": {
            role: {name: morsel.value for name, morsel in client.cookies.items()} for role, client in roles.items()
        },
        "addresses": {route: permissions.example_path(route) for route in permissions.staff_routes()},
        "made": {
            "preview": preview_url(pilot.placements.get(key=demo.HOSTED_PLACEMENT), pilot.arms.get(key="both")),
            "welcome": reverse("welcome", args=[token]),
            "remove": reverse("account:remove-factor", args=[passkey.pk]),
            "remove-only": reverse("account:remove-factor", args=[only.pk]),
        },
        "drawn": {**_errors(), "partner": _partner()},
    }


def _rehearsed(made: Campaign, *, now: datetime) -> None:
    """A rehearsal as the worker keeps it, of numbers that were written down here."""
    arms = list(made.arms.all())
    rates = [
        {"kind": "rate", "outcome": "turned_back", "role": "primary", "position": number, "treated": arm.key}
        | {"control": "", "n": 250, "events": 90 + 12 * number, "served": 270}
        | {"effect": 0.36 + 0.05 * number, "low": 0.3 + 0.05 * number, "high": 0.42 + 0.05 * number}
        for number, arm in enumerate(arms)
    ]
    differences = [
        {"kind": "difference", "outcome": "turned_back", "role": "primary", "position": number, "treated": arm.key}
        | {"control": arms[0].key, "effect": 0.05 * number, "low": 0.05 * number - 0.08, "high": 0.05 * number + 0.08}
        | {"verdict": "cannot-tell-yet", "smallest_difference": 0.02, "more_per_arm": 900}
        for number, arm in enumerate(arms)
        if number
    ]
    forms = {"page": {"shown": 815, "counted": 815}, "server": {"shown": 411, "counted": 411}}
    forms["hosted"] = {"shown": 124, "counted": 0}
    place = {"key": "draft-page", "name": "Schools week", "forms": forms, "languages": {"en": "Pause.", "ar": ""}}
    Rehearsal.objects.create(
        campaign=made,
        asked_by=made.created_by,
        asked_at=now,
        finished_at=now,
        state=Rehearsal.State.DONE,
        problems=[
            {"code": "before-launch", "said": "The campaign has no analysis plan."},
            {"code": "no-fallback", "placement": "Schools week"},
            {"code": "missing-language", "language": "es", "arms": "Both harms"},
        ],
        report={
            "people_per_arm": 250,
            "rates": {arm.key: 0.35 + 0.05 * number for number, arm in enumerate(arms)},
            "places": [place],
            "look": {"level": 0.95, "sample_ratio": "ok", "estimates": [*rates, *differences]},
        },
    )


def _tested(place: Placement, *, now: datetime) -> None:
    """A test that is open, and has heard of two visits."""
    test = tag_check.begin_test(place, now=now)
    test.seen_at = test.failed_at = now
    test.seen_by, test.problem, test.origin = "page", "origin", "https://www.partner.example"
    test.save()


def draft(slug: str, name: str, hypothesis: str, words: Sequence[Revision], *, planned: int) -> Campaign:
    """A complete draft of the four arms with these words, at a placement of its own."""
    at = world.placement(f"{slug}-page", name=name.partition(":")[0])
    made = Campaign.objects.create(
        slug=slug,
        name=name,
        hypothesis=hypothesis,
        created_by=world.person("mara", MANAGER),
        ethics_reference="Example board, 2026-17",
    )
    made.placements.add(at)
    for position, ((key, arm, _), revision) in enumerate(zip(demo.ARMS, words, strict=True)):
        Arm.objects.create(
            campaign=made, key=key, name=arm, revision=revision, is_control=position == 0, position=position
        )
    plan = AnalysisPlan.objects.create(
        campaign=made, planned_per_arm=planned, comparisons=world.PAIRS, monitoring="fixed", looks=[1.0]
    )
    for outcome, role in (("turned_back", "primary"), ("help_self", "secondary"), ("annoyed", "guardrail")):
        PlannedOutcome.objects.create(plan=plan, outcome=outcome, role=role)
    return made


def launch(made: Campaign, *, now: datetime) -> None:
    manager = world.person("mara", MANAGER)
    transitions.submit(made, by=manager)
    transitions.approve(made, by=world.person("rafael", REVIEWER))
    transitions.launch(made, by=manager, now=now)


def count(campaign: Campaign, counts: Mapping[str, tuple[int, int, int, int]]) -> None:
    """Closed views already counted, over a week from its launch at its first placement."""
    assert campaign.launched_at is not None
    where, rows = campaign.placements.all()[0], []
    for arm in campaign.arms.all():
        seen, *events = counts[arm.key]
        told = dict(zip(("exposed", "turned_back", "help_self", "annoyed"), (seen, *events), strict=True))
        rated = [seen * share // 400 for share in (4, 6, 9, 14, 8)]
        for day in range(DAYS):
            common = {
                "day": campaign.launched_at.date() + timedelta(days=day),
                "arm": arm,
                "placement": where,
                "locale": "en",
            }
            ServedCount.objects.create(**common, count=_share(seen + seen // 50, day))
            rows += [Tally(**common, outcome=outcome, count=_share(number, day)) for outcome, number in told.items()]
            rows += [
                Tally(**common, outcome="rating", value=value, count=_share(number, day))
                for value, number in enumerate(rated, start=1)
            ]
    Tally.objects.bulk_create(row for row in rows if row.count)


def _share(number: int, day: int) -> int:
    """A day's part of a number; the days add up to it."""
    return number * (day + 1) // DAYS - number * day // DAYS


def _in_two_languages(words: Revision) -> Revision:
    """The next revision of a message, in English and in Arabic, approved."""
    message = words.message
    revision = Revision.objects.create(
        message=message,
        number=message.revisions.count() + 1,
        claim_strength=words.claim_strength,
        sources=words.sources,
    )
    english = words.renditions.get(locale="en")
    for locale, headline, body in (("en", english.headline, english.body), ("ar", *ARABIC)):
        spoken = Rendition.objects.create(revision=revision, locale=locale, headline=headline, body=body)
        workflow.submit(spoken, now=timezone.now())
        workflow.approve(spoken, by=None, now=timezone.now())
    revision.refresh_from_db()
    return revision


def _stopped(words: Sequence[Revision], now: datetime) -> None:
    """A campaign of which a guardrail stopped one arm and a person another, and a message stopped everywhere."""
    made = draft("stopped", *NAMES["stopped"], words, planned=3000)
    made.plan.monitoring = AnalysisPlan.Monitoring.ALWAYS_VALID
    made.plan.save()
    made.plan.outcomes.filter(outcome="annoyed").update(harm_margin=0.01)
    launch(made, now=now - timedelta(days=12))
    count(made, {"neutral": (4000, 1400, 80, 80), "victim": (4000, 1600, 120, 60)} | {
        "user": (4000, 1500, 90, 90), "both": (4000, 1700, 150, 560)
    })  # fmt: skip
    pause_harmful_arms(made, now=now)
    evaluate(made, now=now)
    manager, user = world.person("mara", MANAGER), made.arms.get(key="user")
    transitions.pause_arm(user, by=manager, reason="A partner asked us to wait until Monday.", now=now)
    victim = made.arms.get(key="victim")
    transitions.pause_arm(victim, by=manager, reason="The same partner.", now=now)
    transitions.resume_arm(victim, by=manager, reason="They meant the other one.", now=now)
    message = Message.objects.get(key=STOPPED)
    stop.stop_message(message, by=world.person("rafael", REVIEWER), reason="Somebody said that it names them.", now=now)


def _written(words: Revision) -> None:
    """A newer revision of the same message, of which one language waits for a reviewer and another is a draft."""
    manager, english = world.person("mara", MANAGER), words.renditions.get(locale="en")
    revision = Revision.objects.create(
        message=words.message, number=NEWEST, claim_strength=words.claim_strength, sources=words.sources, author=manager
    )
    said = {"headline": english.headline, "body": f"{english.body}\n\nYou can still stop."}
    waits = Rendition.objects.create(revision=revision, locale="en", **said)
    workflow.submit(waits, by=manager, now=timezone.now())
    Rendition.objects.create(revision=revision, locale="ar", headline=ARABIC[0], body=ARABIC[1])


def _watched(now: datetime) -> None:
    """What the worker leaves for the watch pages; a message that was paused for harm, and somebody who looks early."""
    WorkerStep.objects.create(name="fold", began_at=now, succeeded_at=now)
    harmed = Campaign.objects.get(slug="few")
    GuardEvent.objects.create(
        campaign=harmed,
        arm=harmed.arms.get(key="victim"),
        outcome="annoyed",
        at=now,
        effect=0.2,
        bound=0.1,
        margin=0.02,
    )
    for campaign in Campaign.objects.filter(state=Campaign.State.RUNNING):
        hourly_check.check_data_quality(campaign, now=now)
        notifications_events.record_notices(campaign, now=now)
    lately = Campaign.objects.get(slug="early")
    Pulse.objects.filter(campaign=lately).update(flow=Pulse.Flow.OK, usual=100, reach=92, machines=4)
    embargo_request.create_request(
        lately, by=world.person("ana", ANALYST), reason="The funder’s board meets tomorrow.", now=now
    )


def _half_way() -> Client:
    """Somebody who has given name and password, and is asked for the second factor."""
    client, person = Client(), world.person("half-way", ANALYST)
    world.second_factor(person)
    person.set_password("four words without sense")
    person.save()
    client.post(reverse("login"), {"username": "half-way", "password": "four words without sense"})
    return client


def _signed_in(name: str) -> Client:
    client = Client()
    world.sign_in(client, world.person(name, ANALYST))
    return client


def _newcomer() -> Client:
    """Somebody who has an account since just now, and no second factor yet."""
    client = Client()
    client.force_login(world.person("newcomer", ANALYST))
    session, hour = client.session, int(time.time()) // sessions.SECONDS_PER_HOUR
    session.update({sessions.STARTED: hour, sessions.SEEN: hour, step_up.CONFIRMED_AT_KEY: int(time.time())})
    session.save()
    return client


def _partner() -> str:
    """The example partner's page, with the message embedded."""
    html = (settings.BASE_DIR / "examples" / "partner" / "index.html").read_text("utf-8")
    return html.replace("{{ORIGIN}}", "").replace("{{PLACEMENT}}", demo.EMBEDDED_PLACEMENT)


def _errors() -> dict[str, str]:
    """The pages that stand for an error, as Django's own handlers draw them for somebody who is not signed in."""
    request: HttpRequest = RequestFactory().get("/")
    request.user = AnonymousUser()
    return {
        "400": defaults.bad_request(request, ValueError()).content.decode(),
        "500": defaults.server_error(request).content.decode(),
    }
