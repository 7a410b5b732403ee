"""The rehearsal itself, inside an installation of its own: launch, invented visitors at every form, fold, look.

It runs nowhere else: before anything is touched, `must_be_private` sees that databases, keys and spool lie in the
directory that was made for it, marked, and empty.
"""

from __future__ import annotations

import json
import math
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.utils import timezone

from analytics.disclosure import gate
from analytics.fold.fold import fold
from analytics.guardrails.pause import pause_harmful_arms
from analytics.looks.evaluate import evaluate
from analytics.models import Analysis, OpenView
from analytics.rehearsal import campaign_copy
from analytics.simulated_visits.visitors import Behaviour, HostedPageParser, simulate_outcomes
from campaign.lifecycle import transitions
from campaign.models import Campaign, Placement
from campaign.serving.application import AudienceApplication, create_audience_application
from campaign.serving.http import Reply, Request
from campaign.serving.routing import PendingReply
from messages.help_links import directory as help_links_directory
from messages.review import workflow
from messages.roles import MANAGER, REVIEWER

MARKER_FILENAME = "rehearsal"
PEOPLE_PER_ARM = 250
MAX_VISITORS = 4000
DAYS = 4
LAST_VISIT_DAYS_AGO = 2  # ago: by then the longest receipt has closed
BROWSER = {"user-agent": "Mozilla/5.0 (a rehearsal)", "accept-language": "en"}
_ELSEWHERE = "https://not-on-the-list.invalid"

Problem = dict[str, str]


class NotASandbox(Exception):
    """This is no installation that was made for a rehearsal; nothing was touched."""


def require_sandbox_paths() -> None:
    """Refuse to run anywhere but in the directory that was made for it; asked before the first table is made."""
    directory = Path(settings.DATA_DIRECTORY).resolve()
    places = [str(settings.KEY_DIRECTORY), str(settings.SPOOL_DIRECTORY)]
    for database in settings.DATABASES.values():
        if database["ENGINE"] != "django.db.backends.sqlite3":
            raise NotASandbox("A rehearsal keeps its databases in files of its own.")
        places.append(str(database["NAME"]))
    if not (directory / MARKER_FILENAME).is_file():
        raise NotASandbox("This directory was not made for a rehearsal.")
    if any(directory not in Path(place).resolve().parents for place in places):
        raise NotASandbox("Databases, keys or spool lie outside of the rehearsal’s directory.")


def require_empty_sandbox() -> None:
    """The same, and that there is nothing here yet."""
    require_sandbox_paths()
    if Campaign.objects.exists() or User.objects.exists() or OpenView.objects.exists():
        raise NotASandbox("There is something here already.")


@dataclass
class IntegrationCounts:
    """How one way of showing a message fared at one placement."""

    served: int = 0
    counted: int = 0
    refusals: Counter[str] = field(default_factory=Counter)


class AudienceClient:
    """The audience surface in this process, on a clock that stands some days back."""

    def __init__(self) -> None:
        self.days_ago = float(LAST_VISIT_DAYS_AGO)
        self.audience: AudienceApplication = create_audience_application(clock=self.clock)

    def clock(self) -> float:
        return time.time() - 86_400 * self.days_ago

    def request(self, method: str, path: str, body: object = None, **headers: str) -> Reply:
        """One request, and its reply once what it brings is on disk."""
        path, _, query = path.partition("?")
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        known = {**BROWSER, "host": "rehearsal.invalid", **headers}
        route = self.audience.find_route(path)
        assert route is not None
        answer = self.audience.handle(route, Request(method, path, query, known.get, lambda: "192.0.2.1", content))
        if isinstance(answer, PendingReply):
            answers = self.audience.recorder.submit(answer.events, clock=self.clock)
            return self.audience.complete(answer, answers)
        return answer


def run_walkthrough(rows: list[dict[str, Any]], *, seed: int = 1) -> dict[str, Any]:
    """The whole of it: what is shown on the page of the rehearsal, as plain values."""
    require_empty_sandbox()
    now = timezone.now()
    campaign = campaign_copy.import_campaign(rows)
    problems = _prepared(campaign, now)
    try:
        _launched(campaign, now - timedelta(days=LAST_VISIT_DAYS_AGO + DAYS))
    except transitions.ActionRefused as refusal:
        return {"report": None, "problems": [*problems, {"code": "not-walked", "said": str(refusal)}]}
    stage = AudienceClient()
    rates = _rates(campaign)
    walked = _walk(stage, campaign, rates, random.Random(seed))
    places = [_looked_at(stage, campaign, placement, walked[placement.key]) for placement in campaign.placements.all()]
    stage.audience.context.served_counter.flush()
    views = fold(hour=int(time.time()) // 3600).views
    crossed = pause_harmful_arms(campaign, now=now)
    analysis = evaluate(campaign, now=now)
    problems += [problem for place in places for problem in place.pop("problems")]
    problems += _unplayed(stage, campaign)
    return {
        "problems": problems,
        "report": {
            "people_per_arm": PEOPLE_PER_ARM,
            "visitors": sum(form["shown"] for place in places for form in place["forms"].values()),
            "views": views,
            "rates": rates,
            "locales": campaign.locales,
            "places": places,
            "guards": sorted({event.arm.key for event in crossed}),
            "look": _look(analysis),
        },
    }


def _prepared(campaign: Campaign, now: datetime) -> list[Problem]:
    """What a launch would stumble over and a rehearsal need not: supplied here, and told."""
    for waiting in help_links_directory.overdue_checks(today=timezone.localdate(now)):
        help_links_directory.check(waiting.link, by="a rehearsal", today=timezone.localdate(now))
    if not (campaign.ethics_reference or campaign.ethics_exemption):
        campaign.ethics_exemption = "A rehearsal: nobody takes part."
        campaign.save()
    plan = campaign.plan
    plan.planned_per_arm = PEOPLE_PER_ARM
    plan.save()
    own = {arm.name: workflow.approved_locales(arm.revision) for arm in campaign.arms.select_related("revision")}
    common = set.intersection(*own.values()) if own else set()
    return [
        {"code": "missing-language", "language": locale, "arms": ", ".join(n for n in own if locale not in own[n])}
        for locale in sorted(set().union(*own.values()) - common)
    ]


def _launched(campaign: Campaign, at: datetime) -> None:
    manager, reviewer = campaign.created_by, User.objects.create(username="a second person")
    for person, role in ((manager, MANAGER), (reviewer, REVIEWER)):
        person.groups.add(Group.objects.get_or_create(name=role)[0])
    transitions.submit(campaign, by=manager)
    transitions.approve(campaign, by=reviewer)
    transitions.launch(campaign, by=manager, now=at)


def _rates(campaign: Campaign) -> dict[str, float]:
    """The invented chance to turn back: each arm a little more than the one before, the control least."""
    arms = sorted(campaign.arms.all(), key=lambda arm: (not arm.is_control, arm.position))
    return {arm.key: round(min(0.35 + 0.05 * number, 0.7), 2) for number, arm in enumerate(arms)}


def _visitors(campaign: Campaign) -> int:
    """So many that the rarest arm is seen by those the plan wants."""
    weights = [arm.weight for arm in campaign.arms.all() if arm.weight]
    return min(MAX_VISITORS, math.ceil(PEOPLE_PER_ARM * 1.35 * sum(weights) / min(weights)))


def _walk(
    stage: AudienceClient, campaign: Campaign, rates: dict[str, float], source: random.Random
) -> dict[str, dict[str, IntegrationCounts]]:
    """Visitors come over some days, to every placement by every way that it has."""
    arms = {arm.pk: arm.key for arm in campaign.arms.all()}
    placements = list(campaign.placements.all())
    walked = {
        placement.key: {"page": IntegrationCounts(), "server": IntegrationCounts(), "hosted": IntegrationCounts()}
        for placement in placements
    }
    ways = {"page": _by_page, "server": _by_server, "hosted": _by_hosted_page}
    for number in range(_visitors(campaign)):
        stage.days_ago = LAST_VISIT_DAYS_AGO + number % DAYS
        placement = placements[number % len(placements)]
        way = source.choices(list(ways), weights=(6, 3, 1))[0]
        if way == "page" and not placement.allowed_origins:
            way = "server"
        behaviours = {key: Behaviour(turn_back=rate) for key, rate in rates.items()}
        ways[way](stage, campaign, placement, walked[placement.key][way], behaviours, arms, source)
    return walked


def _by_page(
    stage: AudienceClient, campaign: Campaign, placement: Placement, form: IntegrationCounts, *rest: Any
) -> None:
    origin = rest[-1].choice(placement.allowed_origins)
    body = {"placement": placement.key} | ({"session": "new"} if campaign.unit == Campaign.Unit.SESSION else {})
    if campaign.unit == Campaign.Unit.SUBJECT:
        body["unit"] = f"{rest[-1].getrandbits(96):x}"
    _asked(stage, form, body, *rest, origin=origin)


def _by_server(
    stage: AudienceClient, campaign: Campaign, placement: Placement, form: IntegrationCounts, *rest: Any
) -> None:
    body = {"placement": placement.key}
    if campaign.unit == Campaign.Unit.SUBJECT:
        body["unit"] = f"{rest[-1].getrandbits(96):x}"
    _asked(stage, form, body, *rest)


def _asked(
    stage: AudienceClient,
    form: IntegrationCounts,
    body: dict[str, str],
    behaviours: dict[str, Behaviour],
    arms: dict[int, str],
    source: random.Random,
    **headers: str,
) -> None:
    reply = stage.request("POST", "/api/v1/decide", body, **headers)
    told = json.loads(reply.body)
    if reply.status != 200:
        form.refusals[told["error"]["code"]] += 1
        return
    form.served += 1
    if told["receipt"] is None:
        return
    form.counted += 1
    done = simulate_outcomes(source, behaviours[_arm(stage, told["receipt"], arms)])
    events = [
        {"receipt": told["receipt"], "outcome": name} | ({} if value is None else {"value": value})
        for name, value in done
    ]
    if events:
        stage.request("POST", "/api/v1/events", events, **headers)


def _by_hosted_page(
    stage: AudienceClient,
    campaign: Campaign,
    placement: Placement,
    form: IntegrationCounts,
    behaviours: dict[str, Behaviour],
    arms: dict[int, str],
    source: random.Random,
) -> None:
    """Without JavaScript: the image tells that it was seen, the form what was pressed."""
    reply = stage.request("GET", f"/m/{placement.key}/")
    if reply.status != 200:
        form.refusals["nothing to show"] += 1
        return
    form.served += 1
    page = HostedPageParser()
    page.feed(reply.body.decode())
    if not page.receipt:
        return
    form.counted += 1
    for outcome, value in simulate_outcomes(source, behaviours[_arm(stage, page.receipt, arms)]):
        if outcome == "exposed":
            stage.request("GET", f"/m/{placement.key}/seen.gif?{urlencode({'receipt': page.receipt})}")
        elif outcome != "dwell":
            pressed = {"receipt": page.receipt, "rating" if outcome == "rating" else "outcome": value or outcome}
            stage.request("POST", f"/m/{placement.key}/", urlencode(pressed).encode())


def _arm(stage: AudienceClient, receipt: str, arms: dict[int, str]) -> str:
    office = stage.audience.context.receipt_signer
    return arms[office.verify(receipt, hour=int(stage.clock()) // 3600).arm]


def _looked_at(
    stage: AudienceClient, campaign: Campaign, placement: Placement, forms: dict[str, IntegrationCounts]
) -> dict[str, Any]:
    """One placement as its visitors met it, and what is wrong there."""
    problems: list[Problem] = []

    def amiss(code: str, **more: str) -> None:
        problems.append({"code": code, "placement": placement.name, **more})

    if not placement.allowed_origins:
        amiss("no-origin")
    for way, form in forms.items():
        for code in form.refusals:
            amiss("refused", way=way, said=code)
    if stage.request("POST", "/api/v1/decide", {"placement": placement.key}, origin=_ELSEWHERE).status != 403:
        amiss("open-to-all")
    if campaign.unit != Campaign.Unit.VIEW:
        amiss("hosted-not-counted")
    if placement.fallback is None or not workflow.approved_locales(placement.fallback):
        amiss("no-fallback")
    for page in ("help/self", "help/affected", "about", "left", "continued"):
        if stage.request("GET", f"/m/{placement.key}/{page}").status != 200:
            amiss("page-missing", said=page)
    declined = stage.request("POST", "/api/v1/decide", {"placement": placement.key}, **{"sec-gpc": "1"})
    if json.loads(declined.body).get("receipt") is not None:
        amiss("choice-ignored")
    return {
        "key": placement.key,
        "name": placement.name,
        "hosts": [urlsplit(origin).netloc for origin in placement.allowed_origins],
        "forms": {way: {"shown": form.served, "counted": form.counted} for way, form in forms.items()},
        "languages": {locale: _headline(stage, placement, locale) for locale in campaign.locales},
        "problems": problems,
    }


def _headline(stage: AudienceClient, placement: Placement, locale: str) -> str:
    """What somebody who asks for this language reads; empty if they read another one."""
    reply = stage.request("POST", "/api/v1/decide", {"placement": placement.key, "locale": locale}, **{"sec-gpc": "1"})
    message = json.loads(reply.body).get("message", {})
    return message["headline"] if message.get("locale") == locale else ""


def _unplayed(stage: AudienceClient, campaign: Campaign) -> list[Problem]:
    """Arms that no visitor was shown."""
    seen = set(
        Analysis.objects.get().estimates.filter(kind="rate", served__gt=0).values_list("treated__key", flat=True)
    )
    return [
        {"code": "never-shown", "arm": arm.name} for arm in campaign.arms.all() if arm.weight and arm.key not in seen
    ]


_OF_AN_ESTIMATE = (
    "kind",
    "outcome",
    "role",
    "position",
    "term",
    "served",
    "n",
    "events",
    "effect",
    "low",
    "high",
    "p_value",
    "p_adjusted",
    "method",
    "reason",
    "smallest_difference",
    "verdict",
    "more_per_arm",
)


def _look(analysis: Analysis) -> dict[str, Any]:
    """The look as an analyst may see it: small counts are hidden in it as they would be in a real one."""
    shown = gate.released_look(analysis)
    return {
        "level": analysis.level,
        "sample_ratio": analysis.sample_ratio,
        "embargoed": analysis.embargoed,
        "estimates": [
            {name: getattr(estimate, name) for name in _OF_AN_ESTIMATE}
            | {"treated": estimate.treated.key, "control": estimate.control.key if estimate.control else ""}
            for estimate in shown.estimates
        ],
    }
