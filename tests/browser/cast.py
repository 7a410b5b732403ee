"""Data for the page tests and the screenshots: at least one example of everything that a page can show.

`benchmarks.process_runner.run(environment, "tests.browser.cast:build")` creates it in a separate process.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
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
from analytics.export import signature
from analytics.export.bundle import make_bundle
from analytics.guardrails.harm_stop import pause_harmful_arms
from analytics.learned.imports import confirm_signer, import_bundle
from analytics.learned.record import record_result
from analytics.looks.evaluate import evaluate
from analytics.models import DataQualityStatus, GuardEvent, Rehearsal, Tally, TextTally, WorkerStep
from analytics.notifications import events as notifications_events
from analytics.simulated_visits import demo
from campaign.follow_up.use import put_to_use
from campaign.keys import rotation, store
from campaign.kill_switch import stop
from campaign.lifecycle import arm_pauses, deviations, tags, transitions
from campaign.models import AnalysisPlan, Arm, Campaign, Placement, PlannedOutcome, ServedCount
from campaign.placements import tag_check
from campaign.serving.preview_links import preview_url
from campaign.wizard import answers
from campaign.wizard.questions import HypothesisAnswer
from messages.accounts import invitations, second_factors, sessions, step_up
from messages.library import starter_library
from messages.models import Message, Rendition, Revision
from messages.review import workflow
from messages.roles import ANALYST, MANAGER, REVIEWER
from tests import permissions, world
from tests.analytics.disclosure.staff_output import open_shared_link

DAYS = 7
STOPPED = "what-is-in-the-way"  # a message that no campaign uses
NEWEST = 9  # the number of the draft revision
# Arm -> exposures, turned back, asked for help, annoyed. Ratings are the same for all.
PLENTY = {"neutral": (3000, 1050, 60, 33), "victim": (3004, 1203, 96, 36), "user": (2996, 1141, 70, 41)} | {
    "both": (3010, 1330, 131, 95)
}
FEW = {"neutral": (120, 41, 3, 2), "victim": (118, 6, 1, 0), "user": (121, 47, 12, 4), "both": (119, 55, 2, 1)}
# Of four matched sets, for each set: exposures, turned back, asked for help, annoyed.
SETS = {
    "neutral": [(1000, 350, 21, 12), (1000, 391, 19, 14), (1000, 322, 24, 11), (1000, 368, 17, 13)],
    "victim": [(1000, 402, 30, 13), (1000, 455, 31, 12), (1000, 371, 28, 14), (1000, 412, 33, 15)],
    "user": [(1000, 432, 26, 14), (1000, 390, 22, 15), (1000, 408, 27, 13), (1000, 371, 24, 12)],
    "both": [(1000, 448, 41, 15), (1000, 505, 44, 17), (1000, 429, 39, 14), (1000, 466, 42, 16)],
}
SKEWED = PLENTY | {"both": (1900, 830, 90, 55)}
# Name and hypothesis of the other campaigns, by slug.
NAMES = {
    "few": ("Winter pilot: a smaller site", "What works on a large site works on a small one."),
    "broken": ("Search page: which words at the top?", "Words about both harms work best where people search."),
    "early": ("Chatbot: one line or two?", "A shorter message is read to its end."),
    "draft": ("Schools week", "A message from peers turns back more young people than one from adults."),
    "stopped": ("Autumn: what annoys?", "Words about both harms turn back more people than they annoy."),
    "waiting": ("Autumn: one harm or two?", "Naming both harms turns back more people than naming one."),
    "ready": ("Games forum", "What works on a quiet page works in a forum."),
    "paused": ("Late evening", "The same words work at night."),
    "sets": (
        "Four matched sets: does the appeal help?",
        "Telling of both harms turns back more people, whoever writes it.",
    ),
    "spring": ("Spring: the first trial", "Naming the harm turns people back."),
    "summer": ("Summer: a search page", "It does so on a search page too."),
    "harbour": ("A forum for adults", "It does so where people talk about it."),
    "theirs": ("Night line: do words hold people back?", "They do so at night."),
    "arabic": ("Two languages", "The same words work in English and in Arabic."),
}
# Of the closed campaigns: what was seen and done, as above; one found something, one nothing, one did harm.
CLOSED = {
    "spring": PLENTY,
    "summer": {key: (20_000, 7_000 + more, 300, 200) for key, more in zip(PLENTY, (0, 20, -15, 10), strict=True)},
    "harbour": PLENTY | {"both": (3004, 640, 40, 160)},
}
THEIRS = "theirs"  # the campaign of another organisation
DEVIATION = {
    "what": "The page was taken offline for two days, so that it ran nine days rather than seven.",
    "why": "The partner moved to another server.",
}
ARABIC = ("يمكنك التوقف هنا.", "لم يوافق الشخص في الصورة على ذلك.\n\nيمكنك إغلاق هذه الصفحة الآن.")


@transaction.atomic
def build() -> dict[str, Any]:
    """Create the data. Return cookies by role, paths by route, and the HTML of pages that have no path."""
    now = timezone.now()
    starter_library.load(now=now)
    world.check_help_links(today=now.date())
    demo.create_accounts()
    pilot = demo.create_campaign(
        now=now - timedelta(days=20), origins=["https://partner.example"], planned_per_arm=2500, slug="pilot"
    )
    words = [Message.objects.get(key=key).revisions.order_by("number")[0] for _, _, key in demo.ARMS]
    for slug, counts, planned in (("few", FEW, 100), ("broken", SKEWED, 1500), ("early", FEW, 50_000)):
        campaign = draft(slug, *NAMES[slug], words, planned=planned)
        launch(campaign, now=now - timedelta(days=12))
        count(campaign, counts)
        evaluate(campaign, now=now)
    count(pilot, PLENTY)
    evaluate(pilot, now=now)
    _create_campaign_of_matched_sets(now)
    _create_closed_campaigns(words, now)
    _put_to_use(pilot, now=now)
    answers.create_draft(HypothesisAnswer("Idea", "A shorter message works as well."), by=world.person("mara", MANAGER))
    world.placement("resting-page", allowed_origins=[])
    _open_tag_check(world.placement("few-page"), now=now)
    _add_rehearsal(draft("draft", *NAMES["draft"], words, planned=1000), now=now)
    tags.set_tags(Campaign.objects.get(slug="draft"), ["schools", "spring"])
    launch(draft("arabic", *NAMES["arabic"], [_bilingual_revision(each) for each in words], planned=1000), now=now)
    _create_stopped_campaign(words, now)
    for slug in ("waiting", "ready"):
        transitions.submit(draft(slug, *NAMES[slug], words, planned=1000), by=world.person("mara", MANAGER))
    world.approve(Campaign.objects.get(slug="ready"))
    launch(resting := draft("paused", *NAMES["paused"], words, planned=1000), now=now)
    transitions.pause(resting, by=world.person("mara"))
    deviations.record_deviation(Campaign.objects.get(slug="few"), **DEVIATION, by=world.person("mara"), now=now)
    _write_newer_revision(words[1])
    store.receipt_keys(settings.KEY_DIRECTORY)
    rotation.rotate_receipt_key(settings.KEY_DIRECTORY, now=time.time(), lead_seconds=rotation.MAX_LEAD_DAYS * 86_400)
    _prepare_watch_pages(now)
    roles = permissions.clients_by_role() | {
        "half-way": _client_before_second_factor(),
        "newcomer": _client_of_newcomer(),
    }
    roles["link reader"] = Client()
    open_shared_link(roles["link reader"])
    roles |= {name: _signed_in_client(name) for name in ("one-factor", "two-factors")}
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
            "preview": preview_url(
                pilot.placements.get(key=demo.HOSTED_PLACEMENT),
                pilot.arms.get(key="both"),
                by=pilot.created_by,
                now=now,
            ),
            "welcome": reverse("welcome", args=[token]),
            "remove": reverse("account:remove-factor", args=[passkey.pk]),
            "remove-only": reverse("account:remove-factor", args=[only.pk]),
        },
        "drawn": {**_error_pages(), "partner": _partner_page()},
    }


def _create_closed_campaigns(words: Sequence[Revision], now: datetime) -> None:
    """Create closed campaigns, write what they showed, and import the one of another organisation."""
    for slug in CLOSED:
        record_result(_closed_campaign(slug, words, now))
    with tempfile.TemporaryDirectory() as keys:
        with transaction.atomic():  # of theirs nothing is here but the bundle
            content = make_bundle(_closed_campaign(THEIRS, words, now), key_directory=Path(keys))
            transaction.set_rollback(True)
        fingerprint = signature.sign(b"", directory=Path(keys)).fingerprint
    manager = world.person("mara", MANAGER)
    confirm_signer("Example Trust", fingerprint, by=manager, now=now)
    import_bundle(content, by=manager, now=now)


def _closed_campaign(slug: str, words: Sequence[Revision], now: datetime) -> Campaign:
    campaign = draft(slug, *NAMES[slug], words, planned=2500)
    launch(campaign, now=now - timedelta(days=60))
    count(campaign, CLOSED.get(slug, PLENTY))
    evaluate(campaign, now=now)
    transitions.close(campaign, by=world.person("mara", MANAGER), now=now)
    return Campaign.objects.get(slug=slug)


def _add_rehearsal(campaign: Campaign, *, now: datetime) -> None:
    """Store a rehearsal with fixed numbers."""
    arms = list(campaign.arms.all())
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
        campaign=campaign,
        asked_by=campaign.created_by,
        asked_at=now,
        finished_at=now,
        state=Rehearsal.State.DONE,
        problems=[
            {"code": "before-launch", "said": "The campaign has no analysis plan."},
            {"code": "no-fallback", "placement": "Schools week"},
            {"code": "missing-language", "language": "es", "arms": "Both harms"},
        ],
        report={
            "planned_people": 500,
            "rates": {arm.key: 0.35 + 0.05 * number for number, arm in enumerate(arms)},
            "places": [place],
            "look": {"level": 0.95, "sample_ratio": "ok", "estimates": [*rates, *differences]},
        },
    )


def _open_tag_check(place: Placement, *, now: datetime) -> None:
    """Open a tag check that has seen one success and one failure."""
    check = tag_check.begin_test(place, now=now)
    check.seen_at = check.failed_at = now
    check.seen_by, check.problem, check.origin = "page", "origin", "https://www.partner.example"
    check.save()


def draft(
    slug: str, name: str, hypothesis: str, words: Sequence[Revision], *, planned: int, sets: Sequence[str] = ()
) -> Campaign:
    """Create a complete draft of four arms with these revisions, or of these matched sets, at its own placement."""
    at = world.placement(f"{slug}-page", name=name.partition(":")[0])
    campaign = Campaign.objects.create(
        slug=slug,
        name=name,
        hypothesis=hypothesis,
        created_by=world.person("mara", MANAGER),
        ethics_reference="Example board, 2026-17",
    )
    campaign.placements.add(at)
    for position, (key, arm, _) in enumerate(demo.ARMS):
        matched = Revision.objects.filter(message__matched_set__in=sets, message__frame=key)
        Arm.objects.create_with_texts(
            list(matched.order_by("message__matched_set")) if sets else [words[position]],
            campaign=campaign,
            key=key,
            name=arm,
            is_control=position == 0,
            position=position,
        )
    plan = AnalysisPlan.objects.create(
        campaign=campaign,
        planned_per_arm=planned,
        comparisons=world.PAIRS,
        monitoring="fixed",
        looks=[1.0],
        texts="matched" if sets else "",
    )
    for outcome, role in (("turned_back", "primary"), ("help_self", "secondary"), ("annoyed", "guardrail")):
        PlannedOutcome.objects.create(plan=plan, outcome=outcome, role=role)
    return campaign


def launch(campaign: Campaign, *, now: datetime) -> None:
    manager = world.person("mara", MANAGER)
    transitions.submit(campaign, by=manager)
    world.approve(campaign)
    transitions.launch(campaign, by=manager, now=now)


def count(campaign: Campaign, counts: Mapping[str, tuple[int, int, int, int]]) -> None:
    """Add folded views at the first placement, spread over a week from launch."""
    assert campaign.launched_at is not None
    placement, rows = campaign.placements.all()[0], []
    for arm in campaign.arms.all():
        seen, *events = counts[arm.key]
        totals = dict(zip(("exposed", "turned_back", "help_self", "annoyed"), (seen, *events), strict=True))
        ratings = [seen * share // 400 for share in (4, 6, 9, 14, 8)]
        for day in range(DAYS):
            common = {
                "day": campaign.launched_at.date() + timedelta(days=day),
                "arm": arm,
                "placement": placement,
                "locale": "en",
            }
            ServedCount.objects.create(**common, count=_share(seen + seen // 50, day))
            rows += [Tally(**common, outcome=outcome, count=_share(number, day)) for outcome, number in totals.items()]
            rows += [
                Tally(**common, outcome="rating", value=value, count=_share(number, day))
                for value, number in enumerate(ratings, start=1)
            ]
    Tally.objects.bulk_create(row for row in rows if row.count)


def _share(number: int, day: int) -> int:
    """Return one day's part of a number. The parts of all days add up to it."""
    return number * (day + 1) // DAYS - number * day // DAYS


def _bilingual_revision(words: Revision) -> Revision:
    """Create an approved next revision of a message, in English and Arabic."""
    message = words.message
    revision = Revision.objects.create(
        message=message,
        number=message.revisions.count() + 1,
        claim_strength=words.claim_strength,
        sources=words.sources,
    )
    english = words.renditions.get(locale="en")
    for locale, headline, body in (("en", english.headline, english.body), ("ar", *ARABIC)):
        rendition = Rendition.objects.create(revision=revision, locale=locale, headline=headline, body=body)
        workflow.submit(rendition, now=timezone.now())
        workflow.approve(rendition, by=None, now=timezone.now())
    revision.refresh_from_db()
    return revision


def _create_campaign_of_matched_sets(now: datetime) -> None:
    sets = sorted({m.matched_set for m in Message.objects.exclude(matched_set="")})
    campaign = draft("sets", *NAMES["sets"], (), planned=4000, sets=sets)
    launch(campaign, now=now - timedelta(days=12))
    count(campaign, {key: tuple(map(sum, zip(*texts, strict=True))) for key, texts in SETS.items()})  # type: ignore[misc]
    place = campaign.placements.get()
    for arm in campaign.arms.with_texts():
        for text, counts in zip(arm.texts.all(), SETS[arm.key], strict=True):
            for outcome, number in zip(("exposed", "turned_back", "help_self", "annoyed"), counts, strict=True):
                TextTally.objects.create(text=text, placement=place, outcome=outcome, count=number)
    evaluate(campaign, now=now)


def _put_to_use(trial: Campaign, *, now: datetime) -> None:
    """Add a message in use that works less and less from month to month."""
    manager, begun = world.person("mara", MANAGER), now - timedelta(days=100)
    use = put_to_use(trial, "both", holdout=10, placements=[world.placement("town-page", name="Town page")], by=manager)
    world.approve(use)
    transitions.launch(use, by=manager, now=begun)
    use.refresh_from_db()
    place = use.placements.get()
    for month, turned_back in enumerate((4_050, 3_150, 3_100)):
        end = begun + timedelta(days=31 * month + 30)
        for key, (seen, events) in {"both": (9_000, turned_back), "neutral": (1_000, 300)}.items():
            common = {"day": end.date(), "arm": use.arms.get(key=key), "placement": place, "locale": "en"}
            ServedCount.objects.create(**common, count=seen + seen // 50)
            Tally.objects.create(**common, outcome="exposed", count=seen)
            Tally.objects.create(**common, outcome="turned_back", count=events)
        evaluate(use, now=end)


def _create_stopped_campaign(words: Sequence[Revision], now: datetime) -> None:
    """Create a campaign with one arm paused by a guardrail and one by a person, and stop a message everywhere."""
    campaign = draft("stopped", *NAMES["stopped"], words, planned=3000)
    campaign.plan.monitoring = AnalysisPlan.Monitoring.ALWAYS_VALID
    campaign.plan.save()
    campaign.plan.outcomes.filter(outcome="annoyed").update(harm_margin=0.01)
    launch(campaign, now=now - timedelta(days=12))
    count(campaign, {"neutral": (4000, 1400, 80, 80), "victim": (4000, 1600, 120, 60)} | {
        "user": (4000, 1500, 90, 90), "both": (4000, 1700, 150, 560)
    })  # fmt: skip
    pause_harmful_arms(campaign, now=now)
    evaluate(campaign, now=now)
    manager, user = world.person("mara", MANAGER), campaign.arms.get(key="user")
    arm_pauses.pause_arm(user, by=manager, reason="A partner asked us to wait until Monday.", now=now)
    victim = campaign.arms.get(key="victim")
    arm_pauses.pause_arm(victim, by=manager, reason="The same partner.", now=now)
    arm_pauses.resume_arm(victim, by=manager, reason="They meant the other one.", now=now)
    message = Message.objects.get(key=STOPPED)
    stop.stop_message(message, by=world.person("rafael", REVIEWER), reason="Somebody said that it names them.", now=now)


def _write_newer_revision(words: Revision) -> None:
    """Create a newer revision of a message: one rendition waits for a reviewer, another is a draft."""
    manager, english = world.person("mara", MANAGER), words.renditions.get(locale="en")
    revision = Revision.objects.create(
        message=words.message, number=NEWEST, claim_strength=words.claim_strength, sources=words.sources, author=manager
    )
    fields = {"headline": english.headline, "body": f"{english.body}\n\nYou can still stop."}
    waiting = Rendition.objects.create(revision=revision, locale="en", **fields)
    workflow.submit(waiting, by=manager, now=timezone.now())
    Rendition.objects.create(revision=revision, locale="ar", headline=ARABIC[0], body=ARABIC[1])


def _prepare_watch_pages(now: datetime) -> None:
    """Add what the worker stores for the watch pages, a guardrail event, and a request for an early look."""
    WorkerStep.objects.create(name="fold", began_at=now, succeeded_at=now)
    paused = Campaign.objects.get(slug="few")
    GuardEvent.objects.create(
        campaign=paused,
        arm=paused.arms.get(key="victim"),
        outcome="annoyed",
        at=now,
        effect=0.2,
        bound=0.1,
        margin=0.02,
    )
    for campaign in Campaign.objects.filter(state=Campaign.State.RUNNING):
        hourly_check.check_data_quality(campaign, now=now)
        notifications_events.record_notices(campaign, now=now)
    early = Campaign.objects.get(slug="early")
    DataQualityStatus.objects.filter(campaign=early).update(
        flow=DataQualityStatus.Flow.OK, usual=100, reach=92, machines=4
    )
    embargo_request.create_request(
        early, by=world.person("ana", ANALYST), reason="The funder’s board meets tomorrow.", now=now
    )


def _client_before_second_factor() -> Client:
    """Return a client that has passed the password step and is asked for the second factor."""
    client, person = Client(), world.person("half-way", ANALYST)
    world.second_factor(person)
    person.set_password("four words without sense")
    person.save()
    client.post(reverse("login"), {"username": "half-way", "password": "four words without sense"})
    return client


def _signed_in_client(name: str) -> Client:
    client = Client()
    world.sign_in(client, world.person(name, ANALYST))
    return client


def _client_of_newcomer() -> Client:
    """Return the client of a new account without a second factor."""
    client = Client()
    client.force_login(world.person("newcomer", ANALYST))
    session, hour = client.session, int(time.time()) // sessions.SECONDS_PER_HOUR
    session.update({sessions.STARTED: hour, sessions.SEEN: hour, step_up.CONFIRMED_AT_KEY: int(time.time())})
    session.save()
    return client


def _partner_page() -> str:
    """Return the example partner's page with the message embedded."""
    html = (settings.BASE_DIR / "examples" / "partner" / "index.html").read_text("utf-8")
    return html.replace("{{ORIGIN}}", "").replace("{{PLACEMENT}}", demo.EMBEDDED_PLACEMENT)


def _error_pages() -> dict[str, str]:
    """Return the error pages that Django's handlers render for anonymous users."""
    request: HttpRequest = RequestFactory().get("/")
    request.user = AnonymousUser()
    return {
        "400": defaults.bad_request(request, ValueError()).content.decode(),
        "500": defaults.server_error(request).content.decode(),
    }
