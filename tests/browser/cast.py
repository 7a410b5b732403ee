"""The installation that page tests look at: a little of everything a page can show. Built in a process of its own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.test import RequestFactory
from django.utils import timezone
from django.views import defaults

from analytics import demo
from analytics.evaluate import evaluate
from analytics.models import Tally
from campaign import lifecycle
from campaign.models import Campaign, ServedCount
from campaign.preview import preview_url
from messages import review, starter
from messages.models import HelpLink, Rendition, Revision
from messages.roles import MANAGER, REVIEWER
from tests import permissions, world

# Arm -> seen, turned back, asked for help, annoyed; the same ratings for all.
PLENTY = {"neutral": (3000, 1050, 60, 33), "victim": (3004, 1203, 96, 36), "user": (2996, 1141, 70, 41)} | {
    "both": (3010, 1330, 131, 95)
}
FEW = {"neutral": (120, 41, 3, 2), "victim": (118, 6, 1, 0), "user": (121, 47, 12, 4), "both": (119, 55, 2, 1)}
SKEWED = PLENTY | {"both": (1900, 830, 90, 55)}
ARABIC = ("يمكنك التوقف هنا.", "لم يوافق الشخص في الصورة على ذلك.\n\nيمكنك إغلاق هذه الصفحة الآن.")


def build() -> dict[str, Any]:
    """Everything a test needs to know: cookies by role, addresses by route, the pages that no address leads to."""
    now = timezone.now()
    starter.load(now=now)
    HelpLink.objects.update(verified_on=now.date())
    demo.people()
    pilot = demo.campaign(
        now=now - timedelta(days=20), origins=["https://partner.example"], planned_per_arm=2500, slug="pilot"
    )
    count(pilot, PLENTY)
    evaluate(pilot, now=now)
    for slug, counts, planned in (("few", FEW, 100), ("broken", SKEWED, 1500), ("early", FEW, 50_000)):
        made = _launched(slug, planned)
        count(made, counts)
        evaluate(made, now=now)
    world.placement("resting-page")
    world.draft("draft", at=world.placement("drafted-page"))
    _arabic()
    roles = permissions.signed_in()
    return {
        "cookies": {
            role: {name: morsel.value for name, morsel in client.cookies.items()} for role, client in roles.items()
        },
        "addresses": {route: permissions.address(route) for route in permissions.staff_routes()},
        "made": {"preview": preview_url(pilot.placements.get(key=demo.HOSTED), pilot.arms.get(key="both"))},
        "drawn": {**_errors(), "partner": _partner()},
    }


def count(campaign: Campaign, counts: Mapping[str, tuple[int, int, int, int]]) -> None:
    """Closed views already counted, in one day at its first placement."""
    where = campaign.placements.all()[0]
    for arm in campaign.arms.all():
        seen, *events = counts[arm.key]
        common = {"day": date(2026, 3, 1), "arm": arm, "placement": where, "locale": "en"}
        ServedCount.objects.create(**common, count=seen + seen // 50)
        for outcome, number in zip(("exposed", "turned_back", "help_self", "annoyed"), (seen, *events), strict=True):
            Tally.objects.create(**common, outcome=outcome, count=number)
        for value, share in enumerate((4, 6, 9, 14, 8), start=1):
            Tally.objects.create(**common, outcome="rating", value=value, count=seen * share // 400)


def _launched(slug: str, planned: int) -> Campaign:
    return world.launched(slug, at=world.placement(f"{slug}-page"), plan={"planned_per_arm": planned, "looks": [1.0]})


def _arabic() -> None:
    """A running campaign that speaks Arabic as well."""
    made = world.draft("arabic", at=world.placement("arabic-page"))
    for arm in made.arms.all():
        message = arm.revision.message
        revision = Revision.objects.create(message=message, number=2, claim_strength="none")
        for locale, (headline, body) in (("en", ("You can stop here.", "Nobody said yes.")), ("ar", ARABIC)):
            Rendition.objects.create(revision=revision, locale=locale, headline=headline, body=body)
        review.submit(revision)
        review.approve(revision, by=None, now=timezone.now())
        arm.revision = revision
        arm.save()
    manager = world.person("mara", MANAGER)
    lifecycle.submit(made, by=manager)
    lifecycle.approve(made, by=world.person("rafael", REVIEWER))
    lifecycle.launch(made, by=manager, now=timezone.now())


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
