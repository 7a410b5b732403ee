"""Builders of test data: people with roles, campaigns, counts, and an audience surface with a controllable clock."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as app
from django.contrib.auth.models import Group, User
from django.db import connection
from django.db.models import F
from django.test import Client
from django.utils import timezone

from analytics.ingest import writer
from analytics.models import OpenView, Tally, TextTally
from campaign.assignment.receipts import Receipt, ReceiptSigner
from campaign.lifecycle import approval, placement_authors, transitions, webhook_tests
from campaign.models import AnalysisPlan, Arm, Campaign, Partner, Placement, PlannedOutcome, ServedCount
from campaign.placements.tag_check import TagCheckLog
from campaign.record_triggers import ALL_TRIGGERS
from campaign.serving import bots
from campaign.serving.application import AudienceApplication
from campaign.serving.exclusions import Exclusions
from campaign.serving.network_share import NetworkShares
from campaign.serving.routing import DeliverResults, OutcomeEvent, RecordResults, ServingContext
from campaign.serving.served_counts import ServedCounter
from campaign.serving.sketch_record import SketchRecord
from campaign.serving.snapshot import compile_snapshot
from campaign.wsgi import WsgiApplication
from messages.accounts import recorded_accounts, second_factors, sessions, step_up
from messages.audit.log import Action
from messages.help_links import directory
from messages.library import starter_library
from messages.models import AuditEntry, HelpLink, Mailbox, Message, Rendition, Revision, Theme
from messages.review import checklist, workflow
from messages.review.authorship import record_writing
from tests import row_cache

NOON = datetime(2026, 3, 2, 12, 20, tzinfo=UTC)
HOUR = int(NOON.timestamp()) // 3600
PARTNER_ORIGIN = "https://partner.example"
PAIRS = [["victim", "neutral"], ["user", "neutral"], ["both", "neutral"], ["user", "victim"], ["both", "victim"]]

# Answers yes to every question of the review checklist, with what the answers rest on.
CHECKLIST_YES = {question.key: "yes" for question in checklist.VERSIONS[checklist.CURRENT_VERSION]}
CHECKLIST_EVIDENCE = {"accurate": "Page 12 of the source.", "speaker": "Our interpreter."}
CHECKLIST_ALL_YES = CHECKLIST_YES | {f"{key}.evidence": text for key, text in CHECKLIST_EVIDENCE.items()}


@row_cache.record_people
def person(name: str, *roles: str) -> User:
    """Return the person of this name, with these roles added."""
    address = {"email": "mara@ngo.example"} if name == "mara" else {}  # who is alerted to harm in `draft`
    user, _ = User.objects.get_or_create(username=name, defaults=address)
    for role in roles:
        user.groups.add(Group.objects.get_or_create(name=role)[0])
    return user


cached_rows = row_cache.cache_rows(person)
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def second_factor(user: User) -> None:
    """Give a user an authenticator app, unless they have a second factor."""
    if not second_factors.has_factor(user):
        app.TOTP.activate(user, SECRET)
        if recorded_accounts.are_accounts_on_record():
            recorded_accounts.record_step(Action.FACTOR_ADD, user, by=user, factor="an authenticator app")


def passkey(user: User, name: str = "key") -> None:
    """Give a user a passkey that no browser holds."""
    Authenticator.objects.create(user=user, type=second_factors.PASSKEY, data={"name": name, "credential": {}})


def code(secret: str = SECRET, *, halves: int = 0) -> str:
    """Return the code that the app shows now, or `halves` half-minutes later."""
    counter = int(time.time()) // 30 + halves
    return str(app.format_hotp_value(app.hotp_value(secret.replace(" ", ""), counter)))


def fresh_code(user: User) -> str:
    """Return a valid code of a user's app, even if one was used in this half-minute."""
    authenticator = Authenticator.objects.get(user=user, type=second_factors.APP)
    authenticator.data.pop("counter", None)
    authenticator.save()
    return code(get_adapter().decrypt(authenticator.data["secret"]))


def sign_in(client: Client, user: User) -> None:
    """Sign a user in with a second factor, confirmed just now."""
    second_factor(user)
    client.force_login(user)
    hour = int(time.time()) // 3600
    values = {sessions.FACTOR: True, sessions.STARTED: hour, sessions.SEEN: hour}
    session = client.session
    session.update({**values, step_up.CONFIRMED_AT_KEY: int(time.time())})
    session.save()


@row_cache.cache_rows(person, reads="messaging_")
def approved_revision(
    frame: str,
    *,
    headline: str = "",
    body: str = "First.\n\nSecond.",
    locales: Sequence[str] = ("en",),
    matched_set: str = "",
    **claim: Any,
) -> Revision:
    """Return an approved revision of a new message in a frame, with a rendition in each locale."""
    theme, _ = Theme.objects.get_or_create(key=f"theme-{frame}", defaults={"name": frame, "frame": frame, "line": "…"})
    message = Message.objects.create(
        key=f"{frame}-{Message.objects.count()}", theme=theme, frame=frame, matched_set=matched_set
    )
    revision = Revision.objects.create(message=message, number=1, **{"claim_strength": "none", **claim})
    for locale in locales:
        rendition = Rendition.objects.create(
            revision=revision, locale=locale, headline=headline or f"A {frame} headline", body=body
        )
        workflow.submit(rendition, now=NOON)
        workflow.approve(rendition, by=None, now=NOON)
    revision.refresh_from_db()
    return revision


@cached_rows
def load_starter_library(*, now: datetime = NOON) -> Message:
    """The starter library, as the command of the same name loads it; its first message."""
    starter_library.load(now=now)
    return Message.objects.order_by("pk")[0]


@cached_rows
def draft_rendition(by: str = "mara", *, locale: str = "en", number: int = 2, **fields: Any) -> Rendition:
    """Return a draft rendition of a new revision by this person."""
    message = approved_revision("victim").message
    revision = Revision.objects.create(message=message, number=number, claim_strength="none", author=person(by))
    rendition = Rendition.objects.create(
        revision=revision, locale=locale, **{"headline": "A headline", "body": "Words.", **fields}
    )
    record_writing(rendition, by=person(by))
    return rendition


@cached_rows
def submitted_rendition(by: str = "mara", **options: Any) -> Rendition:
    """Return a rendition that waits for a reviewer."""
    rendition = draft_rendition(by, **options)
    workflow.submit(rendition, by=person("mara", "manager"), now=NOON)
    return rendition


def mark_help_links_checked() -> None:
    """Create a help link for each lane unless there are some, and mark all as checked."""
    if not HelpLink.objects.exists():
        for lane in HelpLink.Lane:
            HelpLink.objects.create(
                key=f"help-{lane}", name=f"Help: {lane}", url=f"https://{lane}.example/", lane=lane, country="*"
            )
    # By the real clock: fresh for campaigns that launch at NOON, which is in the past, and for those that launch now.
    check_help_links(today=timezone.localdate())


def check_help_links(*, today: date) -> None:
    """Have all links checked that nobody has checked; those that the record knows, on record."""
    on_record = set(AuditEntry.objects.filter(kind="help").values_list("ref", flat=True))
    for link in HelpLink.objects.filter(verified_on=None, retired_on=None, key__in=on_record):
        directory.confirm(link, by="rafael", today=today)
    HelpLink.objects.filter(verified_on=None).update(verified_on=today, verified_by="rafael")


@cached_rows
def placement(key: str = "quiet-page", **fields: Any) -> Placement:
    """Return a placement of the example partner."""
    partner, _ = Partner.objects.get_or_create(name="Example partner")
    defaults = {"name": key, "partner": partner, "allowed_origins": [PARTNER_ORIGIN]} | fields
    place, is_new = Placement.objects.get_or_create(key=key, defaults=defaults)
    if is_new:
        placement_authors.record_change(place, {}, by=None)
    return place


def change_places(*keys: str, **values: Any) -> None:
    """Change these placements, or all, on record and without the rules of the page."""
    for place in Placement.objects.filter(key__in=keys) if keys else Placement.objects.all():
        before = placement_authors.field_digests(place)
        Placement.objects.filter(pk=place.pk).update(**values)
        placement_authors.record_change(place, before, by=None)


def choose_fallback(revision: Revision) -> None:
    """Give all placements these words for pauses."""
    for place in Placement.objects.all():
        before = placement_authors.field_digests(place)
        place.fallback = revision
        place.save(update_fields=["fallback"])
        placement_authors.record_change(place, before, by=None)


@cached_rows
def draft(
    slug: str = "pilot",
    *,
    arms: Mapping[str, int] | None = None,
    at: Placement | None = None,
    pairs: Sequence[Sequence[str]] | None = None,
    plan: Mapping[str, Any] | None = None,
    unit: str = "view",
    slots: tuple[int, int] = (1, 100),
    outcome: str = "turned_back",
    places: Sequence[str] = (),
    margins: Mapping[str, float | None] | None = None,
    texts: int = 1,
    design: str = "",
    locales: Sequence[str] = ("en",),
) -> Campaign:
    """Return a complete draft campaign, by default of four arms with equal weights, at `at` and at `places` as well.

    `margins` are those of the guardrails; by default there is one without a margin. Each arm has as many `texts`; the
    headline of each says "again" as often as there are texts before it. With the design "matched", texts at one
    position are of one matched set; several texts are "different" otherwise.
    """
    arms = arms or {"neutral": 1, "victim": 1, "user": 1, "both": 1}
    design = design or ("different" if texts > 1 else "")
    mark_help_links_checked()
    revisions = {
        key: [
            approved_revision(
                key if key in {"neutral", "victim", "user", "both"} else "other",
                headline=f"A {key} headline" + " again" * n if n else "",
                locales=locales,
                matched_set=f"{slug}-set-{n + 1}" if design == "matched" else "",
            )
            for n in range(texts)
        ]
        for key in arms
    }
    campaign = Campaign.objects.create(
        slug=slug,
        name="The pilot",
        created_by=person("mara", "manager"),
        salt="a-salt-for-tests",
        unit=unit,
        first_slot=slots[0],
        last_slot=slots[1],
        ethics_exemption="Nobody real takes part.",
    )
    campaign.placements.add(at or placement(), *(placement(key) for key in places))
    for position, (key, weight) in enumerate(arms.items()):
        Arm.objects.create_with_texts(
            revisions[key],
            campaign=campaign,
            key=key,
            name=key.title(),
            weight=weight,
            is_control=position == 0,
            position=position,
        )
    if pairs is None:
        pairs = (
            PAIRS
            if set(arms) == {"neutral", "victim", "user", "both"}
            else [[k, next(iter(arms))] for k in list(arms)[1:]]
        )
    analysis_plan = AnalysisPlan.objects.create(
        campaign=campaign,
        comparisons=[list(pair) for pair in pairs],
        **{"monitoring": "fixed", "planned_per_arm": 100, "smallest_difference": 0.02, "texts": design, **(plan or {})},
    )
    PlannedOutcome.objects.create(plan=analysis_plan, outcome=outcome, role="primary")
    for guardrail, margin in (margins or {"annoyed": None}).items():
        PlannedOutcome.objects.create(plan=analysis_plan, outcome=guardrail, role="guardrail", harm_margin=margin)
    webhook_tests.record_test(analysis_plan, failure="", now=NOON)
    Mailbox.objects.get_or_create(user=campaign.created_by, defaults={"confirmed": campaign.created_by.email})
    return campaign


def approve(campaign: Campaign, *, by: User | None = None) -> None:
    """Approve exactly what is stored now, as a reviewer who has read it all."""
    read = approval.approval_fingerprint(campaign)
    transitions.approve(campaign, by=by or person("rafael", "reviewer"), read_fingerprint=read)


@cached_rows
def launched(slug: str = "pilot", **options: Any) -> Campaign:
    """Return a running campaign with a frozen plan."""
    campaign = draft(slug, **options)
    transitions.submit(campaign, by=person("mara", "manager"))
    approve(campaign)
    transitions.launch(campaign, by=person("mara", "manager"), now=NOON - timedelta(days=1))
    return campaign


def drop_triggers() -> None:
    """Drop the triggers that protect records, as whoever holds the database can."""
    with connection.cursor() as cursor:
        for trigger in ALL_TRIGGERS:
            for statement in trigger.drop(connection.vendor):
                cursor.execute(statement)


def tally(campaign: Campaign, counts: Mapping[str, tuple[int, int]], *, outcome: str = "turned_back") -> None:
    """Add folded views: arm key -> (number of exposures, number with the outcome)."""
    at = campaign.placements.order_by("pk")[0]
    for key, (seen, events) in counts.items():
        arm = campaign.arms.get(key=key)
        common = {"day": date(2026, 3, 1), "arm": arm, "placement": at, "locale": "en"}
        Tally.objects.create(**common, outcome="exposed", count=seen)
        Tally.objects.create(**common, outcome=outcome, count=events)
        ServedCount.objects.create(**common, count=seen)


def tally_texts(
    campaign: Campaign,
    counts: Mapping[str, Sequence[tuple[int, int]]],
    *,
    outcome: str = "turned_back",
    place: str = "",
) -> None:
    """Add folded views of each text of each arm: arm key -> (exposures, with the outcome) of its texts in order."""
    at = placement(place) if place else campaign.placements.order_by("pk")[0]
    for key, texts in counts.items():
        arm = campaign.arms.get(key=key)
        common = {"day": date(2026, 3, 1), "arm": arm, "placement": at, "locale": "en"}
        seen = sum(n for n, _ in texts)
        _add(ServedCount, seen, **common)
        _add(Tally, seen, **common, outcome="exposed")
        _add(Tally, sum(events for _, events in texts), **common, outcome=outcome)
        for text, (n, events) in zip(arm.texts.order_by("position"), texts, strict=True):
            _add(TextTally, n, text=text, placement=at, outcome="exposed")
            _add(TextTally, events, text=text, placement=at, outcome=outcome)


def _add(model: type[ServedCount] | type[Tally] | type[TextTally], more: int, **key: Any) -> None:
    row, _ = model.objects.get_or_create(**key)
    model.objects.filter(pk=row.pk).update(count=F("count") + more)


def add_ratings(campaign: Campaign, answers: Mapping[str, Sequence[int]]) -> None:
    """Add folded ratings: arm key -> how many people answered 1, 2, 3, 4 and 5."""
    at = campaign.placements.get()
    for key, counts in answers.items():
        for value, count in enumerate(counts, start=1):
            arm = campaign.arms.get(key=key)
            common = {"day": date(2026, 3, 1), "arm": arm, "placement": at, "locale": "en"}
            Tally.objects.create(**common, outcome="rating", value=value, count=count)


def rate_texts(campaign: Campaign, answers: Mapping[str, Sequence[Sequence[int]]]) -> None:
    """Add folded ratings of each text: arm key -> how many people answered 1, 2, 3, 4 and 5 to its texts in order."""
    at = campaign.placements.get()
    for key, texts in answers.items():
        arm = campaign.arms.get(key=key)
        add_ratings(campaign, {key: [sum(counts) for counts in zip(*texts, strict=True)]})
        for text, counts in zip(arm.texts.order_by("position"), texts, strict=True):
            for value, count in enumerate(counts, start=1):
                TextTally.objects.create(text=text, placement=at, outcome="rating", value=value, count=count)


def tallies(campaign: Campaign) -> dict[tuple[str, str, int], int]:
    """Return the counts of a campaign: (arm key, outcome, value) -> count."""
    rows = Tally.objects.filter(arm__campaign=campaign).values_list("arm__key", "outcome", "value", "count")
    sums: dict[tuple[str, str, int], int] = {}
    for arm, outcome, value, count in rows:
        sums[(arm, outcome, value)] = sums.get((arm, outcome, value), 0) + count
    return sums


@dataclass
class SurfaceReply:
    """A reply of the audience surface."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        error = self.json["error"]
        assert set(error) == {"code", "message", "fields"}
        code: str = error["code"]
        return code


@dataclass
class AudienceSite:
    """The audience surface in this process. Its clock stands still until a test moves it."""

    now: float = field(default_factory=NOON.timestamp)
    receipt_signer: ReceiptSigner = field(default_factory=lambda: ReceiptSigner({1: b"k" * 32}))

    served: ServedCounter = field(default_factory=ServedCounter)
    tag_checks: TagCheckLog = field(default_factory=TagCheckLog)
    behind_proxy: bool = False

    def __post_init__(self) -> None:
        shares = NetworkShares()
        self.sketches = SketchRecord(shares)
        self.snapshot = compile_snapshot()
        context = ServingContext(
            clock=lambda: self.now,
            snapshot=lambda: self.snapshot,
            receipt_signer=self.receipt_signer,
            receipt_life_hours=2,
            served_counter=self.served,
            tag_check_log=self.tag_checks,
            exclusions=Exclusions(bots.load_bot_list(), shares, behind_proxy=self.behind_proxy),
        )
        self.record: Callable[[Sequence[OutcomeEvent]], RecordResults] = lambda events: writer.commit_events(
            events, hour=self.hour
        )
        self.audience = AudienceApplication(context, self)
        self.app = WsgiApplication(_django_placeholder, self.audience)

    def submit(self, events: Sequence[OutcomeEvent], *, clock: Callable[[], float]) -> RecordResults:
        """Commit events at once, in the transaction of this thread, unless a test replaces `record`."""
        return self.record(events)

    def put(
        self, events: Sequence[OutcomeEvent], *, clock: Callable[[], float], ticket: Any, deliver: DeliverResults
    ) -> None:
        deliver([(ticket, self.submit(events, clock=clock))])

    @property
    def hour(self) -> int:
        return int(self.now) // 3600

    def refresh(self) -> None:
        self.snapshot = compile_snapshot()

    def request(self, method: str, path: str, body: bytes = b"", **environ: str) -> SurfaceReply:
        path, _, query = path.partition("?")
        started: dict[str, Any] = {}

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            started.update(status=int(status.split()[0]), headers=dict(headers))

        parts = self.app(
            {
                "REQUEST_METHOD": method,
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "CONTENT_LENGTH": str(len(body)),
                "HTTP_HOST": "second.example",
                "REMOTE_ADDR": "127.0.0.1",
                "wsgi.input": io.BytesIO(body),
                **environ,
            },
            start_response,
        )
        return SurfaceReply(started["status"], started["headers"], b"".join(parts))

    def get(self, path: str, **environ: str) -> SurfaceReply:
        return self.request("GET", path, b"", **environ)

    def post(self, path: str, value: Any, **environ: str) -> SurfaceReply:
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        return self.request("POST", path, body, **environ)

    def press(self, path: str, **fields: str) -> SurfaceReply:
        return self.request("POST", path, urlencode(fields).encode())

    def decide(self, key: str | None = "quiet-page", /, **fields: str | None) -> SurfaceReply:
        return self.post("/api/v1/decide", {"placement": key, **fields})

    def new_receipt(self, key: str = "quiet-page", **fields: str) -> str:
        """Return the receipt of one served message."""
        receipt: str = self.decide(key, **fields).json["receipt"]
        return receipt

    def read_receipt(self, receipt: str) -> Receipt:
        """Return the content of a receipt."""
        return self.receipt_signer.verify(receipt, hour=self.hour)

    def report_event(self, receipt: str, outcome: str = "exposed", **more: Any) -> SurfaceReply:
        return self.post("/api/v1/events", {"receipt": receipt, "outcome": outcome, **more})


def _django_placeholder(environ: Any, start_response: Any) -> list[bytes]:
    start_response("404 Not Found", [("X-Behind", "django")])
    return [b"{}"]


def open_views() -> int:
    """Return how many views are open."""
    return OpenView.objects.count()


def served_counts(campaign: Campaign, site: AudienceSite) -> dict[str, int]:
    """Flush the served counter and return how many messages were served, by arm key."""
    site.served.flush()
    return dict(ServedCount.objects.filter(arm__campaign=campaign).values_list("arm__key", "count"))
