"""Rehearse a campaign in a sandbox: launch it, send simulated visitors by every integration, fold, and take a look."""

import json
import math
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.contrib.auth.models import Group, User
from django.utils import timezone

from analytics.disclosure import gate
from analytics.fold.fold import fold
from analytics.guardrails.harm_stop import pause_harmful_arms
from analytics.looks.evaluate import evaluate
from analytics.models import Analysis
from analytics.rehearsal import campaign_copy, sandbox
from analytics.simulated_visits.visitors import Behaviour, HostedPageParser, simulate_outcomes
from campaign.assignment.periods import DAY_HOURS
from campaign.lifecycle import transitions, webhook_tests
from campaign.lifecycle.actions import ActionRefused
from campaign.lifecycle.alert_recipients import why_nobody_hears
from campaign.lifecycle.approval import approval_fingerprint
from campaign.lifecycle.launch_checks import DAYS_PER_WEEK, approved_locales, fewest_weeks
from campaign.models import AnalysisPlan, Campaign, Placement
from campaign.serving.application import AudienceApplication, create_audience_application
from campaign.serving.http import Reply, Request
from campaign.serving.routing import PendingReply
from messages.help_links import directory as help_links_directory
from messages.review import workflow
from messages.roles import MANAGER, REVIEWER

PEOPLE_PER_ARM = 250
MAX_VISITORS = 4000
DAYS = 4  # or all planned periods
DAY_SECONDS = 86_400
LAST_VISIT_DAYS_AGO = 2  # by then the longest receipt has expired
BROWSER = {"user-agent": "Mozilla/5.0 (a rehearsal)", "accept-language": "en"}
_UNLISTED_ORIGIN = "https://not-on-the-list.invalid"
_ESTIMATE_FIELDS = (
    *("kind", "about", "outcome", "role", "position", "term", "served", "n", "events", "effect", "low", "high"),
    *("p_value", "p_adjusted", "method", "reason", "smallest_difference", "verdict", "more_per_arm"),
    *("more_per_arm_low", "more_per_arm_high", "texts"),
)

Problem = dict[str, str]


@dataclass
class IntegrationCounts:
    """How many visitors one integration of a placement served, counted and refused."""

    served: int = 0
    counted: int = 0
    refusals: Counter[str] = field(default_factory=Counter)


class AudienceClient:
    """A client of the audience surface in this process, whose clock is some days behind."""

    def __init__(self, *, period_hours: int) -> None:
        self.days_ago, self.period_hours = float(LAST_VISIT_DAYS_AGO), period_hours
        self.audience: AudienceApplication = create_audience_application(clock=self.clock)

    def clock(self) -> float:
        """Return noon of that day, or the last minute of the period of hours that then begins or runs.

        Neither is in a wash-out.
        """
        hours = self.period_hours
        minutes = 60 * (12 // hours + 1) * hours - 1 if 0 < hours < DAY_HOURS else 60 * 12
        return time.time() // DAY_SECONDS * DAY_SECONDS + 60 * minutes - DAY_SECONDS * self.days_ago

    def request(self, method: str, path: str, body: object = None, **headers: str) -> Reply:
        """Send one request and return its reply once its events are on disk."""
        path, _, query = path.partition("?")
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        all_headers = {**BROWSER, "host": "rehearsal.invalid", **headers}
        route = self.audience.find_route(path)
        assert route is not None
        reply = self.audience.handle(route, Request(method, path, query, all_headers.get, lambda: "192.0.2.1", content))
        if isinstance(reply, PendingReply):
            return self.audience.complete(reply, self.audience.recorder.submit(reply.events, clock=self.clock))
        return reply


def run_walkthrough(rows: list[dict[str, Any]], *, seed: int = 1) -> dict[str, Any]:
    """Rehearse a serialized campaign. Return its problems and its report as JSON-compatible values."""
    sandbox.require_empty_sandbox()
    now = timezone.now()
    campaign = campaign_copy.import_campaign(rows)
    problems = _supply_missing_parts(campaign, now)
    try:
        _launch(campaign, now=now - timedelta(days=LAST_VISIT_DAYS_AGO + _days(campaign.plan)))
    except ActionRefused as refusal:
        return {"report": None, "problems": [*problems, {"code": "not-walked", "said": str(refusal)}]}
    client = AudienceClient(period_hours=campaign.plan.period_hours)
    rates = _simulated_rates(campaign)
    counts = Visits(client, campaign, rates, random.Random(seed)).run()
    placements = [_inspect_placement(client, campaign, each, counts[each.key]) for each in campaign.placements.all()]
    client.audience.context.served_counter.flush()
    views = fold(hour=int(time.time()) // 3600).views
    crossed = pause_harmful_arms(campaign, now=now)
    analysis = evaluate(campaign, now=now)
    problems += [problem for placement in placements for problem in placement.pop("problems")]
    problems += _never_served_arms(campaign, analysis)
    return {
        "problems": problems,
        "report": {
            "planned_people": campaign.plan.planned_people,
            "visitors": sum(form["shown"] for placement in placements for form in placement["forms"].values()),
            "views": views,
            "rates": rates,
            "locales": campaign.locales,
            "places": placements,
            "guards": sorted({event.arm.key for event in crossed}),
            "look": _serialize_look(analysis),
        },
    }


def _supply_missing_parts(campaign: Campaign, now: datetime) -> list[Problem]:
    """Supply what a launch requires and a rehearsal does not. Return the languages that some arms lack."""
    for check in help_links_directory.overdue_checks(today=timezone.localdate(now)):
        help_links_directory.confirm(check.link, by="a rehearsal", today=timezone.localdate(now))
    if not (campaign.ethics_reference or campaign.ethics_exemption):
        campaign.ethics_exemption = "A rehearsal: nobody takes part."
        campaign.save()
    plan = campaign.plan
    plan.planned_per_arm = PEOPLE_PER_ARM
    plan.period_weeks = fewest_weeks(plan, arms=campaign.arms.count(), placements=campaign.placements.count())
    if why_nobody_hears(campaign):
        plan.webhook = "https://rehearsal.invalid/"
        webhook_tests.record_test(plan, failure="", now=now)
    plan.save()
    arms = list(campaign.arms.with_texts())
    locales = dict(zip([arm.name for arm in arms], approved_locales(arms), strict=True))
    common = set.intersection(*locales.values()) if locales else set()
    return [
        {
            "code": "missing-language",
            "language": locale,
            "arms": ", ".join(name for name in locales if locale not in locales[name]),
        }
        for locale in sorted(set().union(*locales.values()) - common)
    ]


def _days(plan: AnalysisPlan) -> int:
    """Return over how many days visits are spread: those of all periods, so that the plan's look arrives."""
    return plan.period_weeks * DAYS_PER_WEEK or DAYS


def _launch(campaign: Campaign, *, now: datetime) -> None:
    manager, reviewer = campaign.created_by, User.objects.create(username="a second person")
    for person, role in ((manager, MANAGER), (reviewer, REVIEWER)):
        person.groups.add(Group.objects.get_or_create(name=role)[0])
    transitions.submit(campaign, by=manager)
    transitions.approve(campaign, by=reviewer, read_fingerprint=approval_fingerprint(campaign))
    transitions.launch(campaign, by=manager, now=now)


def _simulated_rates(campaign: Campaign) -> dict[str, float]:
    """Return a chance to turn back for each arm: lowest for the control, and a little more for each further arm."""
    arms = sorted(campaign.arms.all(), key=lambda arm: (not arm.is_control, arm.position))
    return {arm.key: round(min(0.35 + 0.05 * number, 0.7), 2) for number, arm in enumerate(arms)}


class Visits:
    """Simulated visits to every placement by every integration, spread over some days."""

    def __init__(
        self, client: AudienceClient, campaign: Campaign, rates: dict[str, float], source: random.Random
    ) -> None:
        self._client, self._campaign, self._source = client, campaign, source
        self._behaviours = {arm.pk: Behaviour(turn_back=rates[arm.key]) for arm in campaign.arms.all()}
        self._placements = list(campaign.placements.all())

    def run(self) -> dict[str, dict[str, IntegrationCounts]]:
        """Simulate all visits. Return the counts by placement and integration."""
        visits = {"page": self._visit_by_page, "server": self._visit_by_server, "hosted": self._visit_hosted_page}
        counts = {each.key: {name: IntegrationCounts() for name in visits} for each in self._placements}
        days = _days(self._campaign.plan)
        for number in range(self._visitor_count()):
            self._client.days_ago = LAST_VISIT_DAYS_AGO + number // len(self._placements) % days
            placement = self._placements[number % len(self._placements)]
            integration = self._source.choices(list(visits), weights=(6, 3, 1))[0]
            if integration == "page" and not placement.allowed_origins:
                integration = "server"
            visits[integration](placement, counts[placement.key][integration])
        return counts

    def _visitor_count(self) -> int:
        """Return how many visitors it takes until the rarest arm is seen by the planned mean, so that each is seen."""
        weights = [arm.weight for arm in self._campaign.arms.all() if arm.weight]
        return min(MAX_VISITORS, math.ceil(PEOPLE_PER_ARM * 1.35 * sum(weights) / min(weights)))

    def _visit_by_page(self, placement: Placement, counts: IntegrationCounts) -> None:
        origin = self._source.choice(placement.allowed_origins)
        session = {"session": "new"} if self._campaign.unit == Campaign.Unit.SESSION else {}
        self._decide({"placement": placement.key, **session}, counts, origin=origin)

    def _visit_by_server(self, placement: Placement, counts: IntegrationCounts) -> None:
        self._decide({"placement": placement.key}, counts)

    def _decide(self, body: dict[str, str], counts: IntegrationCounts, **headers: str) -> None:
        if self._campaign.unit == Campaign.Unit.SUBJECT:
            body["unit"] = f"{self._source.getrandbits(96):x}"
        reply = self._client.request("POST", "/api/v1/decide", body, **headers)
        decision = json.loads(reply.body)
        if reply.status != 200:
            counts.refusals[decision["error"]["code"]] += 1
            return
        counts.served += 1
        receipt = decision["receipt"]
        if receipt is None:
            return
        counts.counted += 1
        events = [
            {"receipt": receipt, "outcome": name} | ({} if value is None else {"value": value})
            for name, value in self._outcomes(receipt)
        ]
        if events:
            self._client.request("POST", "/api/v1/events", events, **headers)

    def _visit_hosted_page(self, placement: Placement, counts: IntegrationCounts) -> None:
        """Visit without JavaScript: an image reports the exposure, a form the other outcomes."""
        reply = self._client.request("GET", f"/m/{placement.key}/")
        if reply.status != 200:
            counts.refusals["nothing to show"] += 1
            return
        counts.served += 1
        page = HostedPageParser()
        page.feed(reply.body.decode())
        if not page.receipt:
            return
        counts.counted += 1
        for outcome, value in self._outcomes(page.receipt):
            if outcome == "exposed":
                query = urlencode({"receipt": page.receipt})
                self._client.request("GET", f"/m/{placement.key}/seen.gif?{query}")
            elif outcome != "dwell":
                fields = {"receipt": page.receipt, "rating" if outcome == "rating" else "outcome": value or outcome}
                self._client.request("POST", f"/m/{placement.key}/", urlencode(fields).encode())

    def _outcomes(self, receipt: str) -> list[tuple[str, int | None]]:
        signer = self._client.audience.context.receipt_signer
        arm = signer.verify(receipt, hour=int(self._client.clock()) // 3600).arm
        return simulate_outcomes(self._source, self._behaviours[arm])


def _inspect_placement(
    client: AudienceClient, campaign: Campaign, placement: Placement, integrations: dict[str, IntegrationCounts]
) -> dict[str, Any]:
    """Return what visitors met at one placement, and the problems found there."""
    problems: list[Problem] = []

    def report(code: str, **details: str) -> None:
        problems.append({"code": code, "placement": placement.name, **details})

    if not placement.allowed_origins:
        report("no-origin")
    for name, counts in integrations.items():
        for code in counts.refusals:
            report("refused", way=name, said=code)
    if client.request("POST", "/api/v1/decide", {"placement": placement.key}, origin=_UNLISTED_ORIGIN).status != 403:
        report("open-to-all")
    if campaign.unit not in (Campaign.Unit.VIEW, Campaign.Unit.PERIOD):
        report("hosted-not-counted")
    if placement.fallback is None or not workflow.approved_locales(placement.fallback):
        report("no-fallback")
    for page in ("help/self", "help/affected", "help/worried", "about", "left", "continued"):
        if client.request("GET", f"/m/{placement.key}/{page}").status != 200:
            report("page-missing", said=page)
    opted_out = client.request("POST", "/api/v1/decide", {"placement": placement.key}, **{"sec-gpc": "1"})
    if json.loads(opted_out.body).get("receipt") is not None:
        report("choice-ignored")
    return {
        "key": placement.key,
        "name": placement.name,
        "hosts": [urlsplit(origin).netloc for origin in placement.allowed_origins],
        "forms": {name: {"shown": each.served, "counted": each.counted} for name, each in integrations.items()},
        "languages": {locale: _headline(client, placement, locale) for locale in campaign.locales},
        "problems": problems,
    }


def _headline(client: AudienceClient, placement: Placement, locale: str) -> str:
    """Return the headline served for a language; empty if another language is served."""
    reply = client.request("POST", "/api/v1/decide", {"placement": placement.key, "locale": locale}, **{"sec-gpc": "1"})
    message = json.loads(reply.body).get("message", {})
    return message["headline"] if message.get("locale") == locale else ""


def _never_served_arms(campaign: Campaign, analysis: Analysis) -> list[Problem]:
    rates = analysis.estimates.filter(kind="rate", served__gt=0)
    served = set(rates.values_list("treated__key", flat=True))
    return [
        {"code": "never-shown", "arm": arm.name} for arm in campaign.arms.all() if arm.weight and arm.key not in served
    ]


def _serialize_look(analysis: Analysis) -> dict[str, Any]:
    """Return the look as an analyst would see it, with small cells suppressed."""
    return {
        "level": analysis.level,
        "sample_ratio": analysis.sample_ratio,
        "embargoed": analysis.embargoed,
        "estimates": [
            {name: getattr(estimate, name) for name in _ESTIMATE_FIELDS}
            | {"treated": estimate.treated.key, "control": estimate.control.key if estimate.control else ""}
            for estimate in gate.released_look(analysis).estimates
        ],
    }
