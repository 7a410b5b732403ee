"""The installation that page tests and pictures look at: a little of everything that a page can show.

`benchmarks.inside.run(environment, "tests.browser.cast:build")` builds it in a process of its own.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from django.views import defaults

from analytics import demo
from analytics.evaluate import evaluate
from analytics.models import Rehearsal, Tally
from campaign import lifecycle, placetest
from campaign.models import AnalysisPlan, Arm, Campaign, Placement, PlannedOutcome, ServedCount
from campaign.preview import preview_url
from messages import review, starter
from messages.models import HelpLink, Message, Rendition, Revision
from messages.people import confirmation, invitations, sessions
from messages.roles import ANALYST, MANAGER, REVIEWER
from tests import permissions, world

DAYS = 7
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
    "arabic": ("Two languages", "The same words work in English and in Arabic."),
}
ARABIC = ("يمكنك التوقف هنا.", "لم يوافق الشخص في الصورة على ذلك.\n\nيمكنك إغلاق هذه الصفحة الآن.")


@transaction.atomic
def build() -> dict[str, Any]:
    """Everything a test needs to know: cookies by role, addresses by route, the pages that no address leads to."""
    now = timezone.now()
    starter.load(now=now)
    HelpLink.objects.update(verified_on=now.date())
    demo.people()
    pilot = demo.campaign(
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
    world.placement("resting-page", allowed_origins=[])
    _tested(world.placement("few-page"), now=now)
    _rehearsed(draft("draft", *NAMES["draft"], words, planned=1000), now=now)
    launch(draft("arabic", *NAMES["arabic"], [_in_two_languages(each) for each in words], planned=1000), now=now)
    _written(words[1])
    roles = permissions.signed_in() | {"half-way": _half_way(), "newcomer": _newcomer()}
    _, token = invitations.invite("sam@example.org", ANALYST, by="the site", now=now)
    return {
        "cookies": {
            role: {name: morsel.value for name, morsel in client.cookies.items()} for role, client in roles.items()
        },
        "addresses": {route: permissions.address(route) for route in permissions.staff_routes()},
        "made": {
            "preview": preview_url(pilot.placements.get(key=demo.HOSTED), pilot.arms.get(key="both")),
            "welcome": reverse("welcome", args=[token]),
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
    test = placetest.begin(place, now=now)
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
    lifecycle.submit(made, by=manager)
    lifecycle.approve(made, by=world.person("rafael", REVIEWER))
    lifecycle.launch(made, by=manager, now=now)


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
        review.submit(spoken, now=timezone.now())
        review.approve(spoken, by=None, now=timezone.now())
    revision.refresh_from_db()
    return revision


def _written(words: Revision) -> None:
    """A newer revision of the same message, of which one language waits for a reviewer and another is a draft."""
    manager, english = world.person("mara", MANAGER), words.renditions.get(locale="en")
    revision = Revision.objects.create(
        message=words.message, number=NEWEST, claim_strength=words.claim_strength, sources=words.sources, author=manager
    )
    said = {"headline": english.headline, "body": f"{english.body}\n\nYou can still stop."}
    waits = Rendition.objects.create(revision=revision, locale="en", **said)
    review.submit(waits, by=manager, now=timezone.now())
    Rendition.objects.create(revision=revision, locale="ar", headline=ARABIC[0], body=ARABIC[1])


def _half_way() -> Client:
    """Somebody who has given name and password, and is asked for the second factor."""
    client, person = Client(), world.person("half-way", ANALYST)
    world.second_factor(person)
    person.set_password("four words without sense")
    person.save()
    client.post(reverse("login"), {"username": "half-way", "password": "four words without sense"})
    return client


def _newcomer() -> Client:
    """Somebody who has an account since just now, and no second factor yet."""
    client = Client()
    client.force_login(world.person("newcomer", ANALYST))
    session, hour = client.session, int(time.time()) // sessions.SECONDS_PER_HOUR
    session.update({sessions.STARTED: hour, sessions.SEEN: hour, confirmation.CONFIRMED: int(time.time())})
    session.save()
    return client


def _partner() -> str:
    """The example partner's page, with the message embedded."""
    html = (settings.BASE_DIR / "examples" / "partner" / "index.html").read_text("utf-8")
    return html.replace("{{ORIGIN}}", "").replace("{{PLACEMENT}}", demo.EMBEDDED)


def _errors() -> dict[str, str]:
    """The pages that stand for an error, as Django's own handlers draw them for somebody who is not signed in."""
    request: HttpRequest = RequestFactory().get("/")
    request.user = AnonymousUser()
    return {
        "400": defaults.bad_request(request, ValueError()).content.decode(),
        "500": defaults.server_error(request).content.decode(),
    }
