"""The cast: people with roles, a launched campaign, and an audience surface with a clock that tests hold."""

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
from django.test import Client
from django.utils import timezone

from analytics.ingest import writer
from analytics.models import OpenView, Tally
from campaign.assignment.receipts import Receipt, ReceiptSigner
from campaign.lifecycle import transitions
from campaign.models import AnalysisPlan, Arm, Campaign, Partner, Placement, PlannedOutcome, ServedCount
from campaign.serving import bots
from campaign.serving.application import AudienceApplication
from campaign.serving.exclusions import Exclusions
from campaign.serving.rate_limit import NetworkRateLimit
from campaign.serving.routing import DeliverResults, OutcomeEvent, RecordResults, ServingContext
from campaign.serving.served_counts import ServedCounter
from campaign.serving.snapshot import compile_snapshot
from campaign.wsgi import WsgiApplication
from messages.accounts import second_factors, sessions, step_up
from messages.library import starter_library
from messages.models import HelpLink, Message, Rendition, Revision, Theme
from messages.review import checklist, workflow
from tests import remembered

NOON = datetime(2026, 3, 2, 12, 20, tzinfo=UTC)
HOUR = int(NOON.timestamp()) // 3600
PARTNER_ORIGIN = "https://partner.example"
PAIRS = [["victim", "neutral"], ["user", "neutral"], ["both", "neutral"], ["user", "victim"], ["both", "victim"]]

# Every question of the checklist answered with yes.
CHECKLIST_ALL_YES = {question.key: "yes" for question in checklist.VERSIONS[checklist.CURRENT_VERSION]}


@remembered.record_people
def person(name: str, *roles: str) -> User:
    """A signed-up person with these roles."""
    user, _ = User.objects.get_or_create(username=name)
    for role in roles:
        user.groups.add(Group.objects.get_or_create(name=role)[0])
    return user


cached_rows = remembered.cache_rows(person)
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def second_factor(user: User) -> None:
    """Gives somebody an authenticator app, if they have no second factor yet."""
    if not second_factors.has_factor(user):
        app.TOTP.activate(user, SECRET)


def code(secret: str = SECRET, *, halves: int = 0) -> str:
    """What the app shows now, or so many half-minutes later."""
    counter = int(time.time()) // 30 + halves
    return str(app.format_hotp_value(app.hotp_value(secret.replace(" ", ""), counter)))


def fresh_code(user: User) -> str:
    """A code of somebody's app that is good, although one was used in this half-minute."""
    held = Authenticator.objects.get(user=user, type=second_factors.APP)
    held.data.pop("counter", None)
    held.save()
    return code(get_adapter().decrypt(held.data["secret"]))


def sign_in(client: Client, user: User) -> None:
    """Signed in with a second factor, and confirmed just now."""
    second_factor(user)
    client.force_login(user)
    hour = int(time.time()) // 3600
    known = {sessions.FACTOR: True, sessions.STARTED: hour, sessions.SEEN: hour}
    session = client.session
    session.update({**known, step_up.CONFIRMED_AT_KEY: int(time.time())})
    session.save()


@cached_rows
def approved_revision(frame: str, *, headline: str = "", locales: Sequence[str] = ("en",), **claim: Any) -> Revision:
    """An approved revision in a frame, in each locale."""
    theme, _ = Theme.objects.get_or_create(key=f"theme-{frame}", defaults={"name": frame, "frame": frame, "line": "…"})
    message = Message.objects.create(key=f"{frame}-{Message.objects.count()}", theme=theme, frame=frame)
    revision = Revision.objects.create(message=message, number=1, **{"claim_strength": "none", **claim})
    for locale in locales:
        words = Rendition.objects.create(
            revision=revision, locale=locale, headline=headline or f"A {frame} headline", body="First.\n\nSecond."
        )
        workflow.submit(words, now=NOON)
        workflow.approve(words, by=None, now=NOON)
    revision.refresh_from_db()
    return revision


@cached_rows
def load_starter_library() -> Message:
    """The starter library, as the command of the same name loads it; its first message."""
    starter_library.load(now=NOON)
    return Message.objects.order_by("pk")[0]


@cached_rows
def draft_rendition(by: str = "mara", *, locale: str = "en", number: int = 2, **words: Any) -> Rendition:
    """A draft in one language, of a new revision by this person."""
    message = approved_revision("victim").message
    revision = Revision.objects.create(message=message, number=number, claim_strength="none", author=person(by))
    return Rendition.objects.create(
        revision=revision, locale=locale, **{"headline": "A headline", "body": "Words.", **words}
    )


@cached_rows
def submitted_rendition(by: str = "mara", **options: Any) -> Rendition:
    """Words that wait for a reviewer."""
    rendition = draft_rendition(by, **options)
    workflow.submit(rendition, by=person("mara", "manager"), now=NOON)
    return rendition


def mark_help_links_checked() -> None:
    """Two help links, unless there are some, and none that still waits to be checked."""
    if not HelpLink.objects.exists():
        for lane in HelpLink.Lane:
            HelpLink.objects.create(
                key=f"help-{lane}", name=f"Help: {lane}", url=f"https://{lane}.example/", lane=lane, country="*"
            )
    # Today by the real clock: fresh for campaigns that launch at NOON, which is past, and for those that launch now.
    HelpLink.objects.filter(verified_on=None).update(verified_on=timezone.localdate(), verified_by="rafael")


def placement(key: str = "quiet-page", **fields: Any) -> Placement:
    """A placement of the example partner."""
    partner, _ = Partner.objects.get_or_create(name="Example partner")
    defaults = {"name": key, "partner": partner, "allowed_origins": [PARTNER_ORIGIN]} | fields
    return Placement.objects.get_or_create(key=key, defaults=defaults)[0]


@cached_rows
def draft(
    slug: str = "pilot",
    *,
    arms: Mapping[str, int] | None = None,
    at: Placement | None = None,
    pairs: Sequence[Sequence[str]] | None = None,
    plan: Mapping[str, Any] | None = None,
    unit: str = "view",
    outcome: str = "turned_back",
) -> Campaign:
    """A complete draft; by default of the four arms in equal shares."""
    arms = arms or {"neutral": 1, "victim": 1, "user": 1, "both": 1}
    mark_help_links_checked()
    made = Campaign.objects.create(
        slug=slug,
        name="The pilot",
        created_by=person("mara", "manager"),
        salt="a-salt-for-tests",
        unit=unit,
        ethics_exemption="Nobody real takes part.",
    )
    made.placements.add(at or placement())
    for position, (key, weight) in enumerate(arms.items()):
        frame = key if key in {"neutral", "victim", "user", "both"} else "other"
        Arm.objects.create(
            campaign=made,
            key=key,
            name=key.title(),
            revision=approved_revision(frame),
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
    promise = AnalysisPlan.objects.create(
        campaign=made,
        comparisons=[list(pair) for pair in pairs],
        **{"monitoring": "fixed", "planned_per_arm": 100, "smallest_difference": 0.02, **(plan or {})},
    )
    PlannedOutcome.objects.create(plan=promise, outcome=outcome, role="primary")
    PlannedOutcome.objects.create(plan=promise, outcome="annoyed", role="guardrail")
    return made


@cached_rows
def launched(slug: str = "pilot", **options: Any) -> Campaign:
    """A running campaign with a frozen plan."""
    made = draft(slug, **options)
    transitions.submit(made, by=person("mara", "manager"))
    transitions.approve(made, by=person("rafael", "reviewer"))
    transitions.launch(made, by=person("mara", "manager"), now=NOON - timedelta(days=1))
    return made


def tally(campaign: Campaign, counts: Mapping[str, tuple[int, int]], *, outcome: str = "turned_back") -> None:
    """Closed views already counted: arm key -> (seen, had the outcome)."""
    where = campaign.placements.get()
    for key, (seen, events) in counts.items():
        arm = campaign.arms.get(key=key)
        common = {"day": date(2026, 3, 1), "arm": arm, "placement": where, "locale": "en"}
        Tally.objects.create(**common, outcome="exposed", count=seen)
        Tally.objects.create(**common, outcome=outcome, count=events)
        ServedCount.objects.create(**common, count=seen)


def add_ratings(campaign: Campaign, answers: Mapping[str, Sequence[int]]) -> None:
    """Ratings already counted: arm key -> how many gave 1, 2, 3, 4 and 5."""
    where = campaign.placements.get()
    for key, counts in answers.items():
        for value, count in enumerate(counts, start=1):
            arm = campaign.arms.get(key=key)
            common = {"day": date(2026, 3, 1), "arm": arm, "placement": where, "locale": "en"}
            Tally.objects.create(**common, outcome="rating", value=value, count=count)


def tallies(campaign: Campaign) -> dict[tuple[str, str, int], int]:
    """What has been counted: (arm key, outcome, value) -> count."""
    rows = Tally.objects.filter(arm__campaign=campaign).values_list("arm__key", "outcome", "value", "count")
    sums: dict[tuple[str, str, int], int] = {}
    for arm, outcome, value, count in rows:
        sums[(arm, outcome, value)] = sums.get((arm, outcome, value), 0) + count
    return sums


@dataclass
class SurfaceReply:
    """What the surface answered."""

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
    """The audience surface in this process: its clock stands still until a test moves it."""

    now: float = field(default_factory=NOON.timestamp)
    office: ReceiptSigner = field(default_factory=lambda: ReceiptSigner({1: b"k" * 32}))

    served: ServedCounter = field(default_factory=ServedCounter)
    network_limit: int = 0
    behind_proxy: bool = False

    def __post_init__(self) -> None:
        self.snapshot = compile_snapshot()
        surroundings = ServingContext(
            clock=lambda: self.now,
            snapshot=lambda: self.snapshot,
            receipt_signer=self.office,
            receipt_life_hours=2,
            served_counter=self.served,
            exclusions=Exclusions(
                bots.load_bot_list(), NetworkRateLimit(self.network_limit), behind_proxy=self.behind_proxy
            ),
        )
        self.record: Callable[[Sequence[OutcomeEvent]], RecordResults] = lambda events: writer.commit_events(
            events, hour=self.hour
        )
        self.audience = AudienceApplication(surroundings, self)
        self.app = WsgiApplication(_nothing_behind, self.audience)

    def submit(self, events: Sequence[OutcomeEvent], *, clock: Callable[[], float]) -> RecordResults:
        """Put on disk at once, in this thread's own transaction, unless a test keeps it elsewhere."""
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
        caught: dict[str, Any] = {}

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            caught.update(status=int(status.split()[0]), headers=dict(headers))

        parts = self.app(
            {
                "REQUEST_METHOD": method,
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "CONTENT_LENGTH": str(len(body)),
                "HTTP_HOST": "second.example",
                "wsgi.input": io.BytesIO(body),
                **environ,
            },
            start_response,
        )
        return SurfaceReply(caught["status"], caught["headers"], b"".join(parts))

    def get(self, path: str, **environ: str) -> SurfaceReply:
        return self.request("GET", path, b"", **environ)

    def post(self, path: str, value: Any, **environ: str) -> SurfaceReply:
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        return self.request("POST", path, body, **environ)

    def press(self, path: str, **fields: str) -> SurfaceReply:
        return self.request("POST", path, urlencode(fields).encode())

    def decide(self, key: str = "quiet-page", **fields: str) -> SurfaceReply:
        return self.post("/api/v1/decide", {"placement": key, **fields})

    def new_receipt(self, key: str = "quiet-page", **fields: str) -> str:
        """The receipt of one shown message."""
        receipt: str = self.decide(key, **fields).json["receipt"]
        return receipt

    def read_receipt(self, receipt: str) -> Receipt:
        """What a receipt says."""
        return self.office.verify(receipt, hour=self.hour)

    def report_event(self, receipt: str, outcome: str = "exposed", **more: Any) -> SurfaceReply:
        return self.post("/api/v1/events", {"receipt": receipt, "outcome": outcome, **more})


def _nothing_behind(environ: Any, start_response: Any) -> list[bytes]:
    start_response("404 Not Found", [("X-Behind", "django")])
    return [b"{}"]


def open_views() -> int:
    """How many shown messages are still open."""
    return OpenView.objects.count()


def served_counts(campaign: Campaign, site: AudienceSite) -> dict[str, int]:
    """What was sent out, by arm key, after a flush."""
    site.served.flush()
    return dict(ServedCount.objects.filter(arm__campaign=campaign).values_list("arm__key", "count"))
