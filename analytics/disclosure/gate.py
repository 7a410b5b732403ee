"""The one door through which counts leave: pages, API, commands and files read a look here; small cells stay behind.

What is small. A count of 1 to SMALL_CELL - 1 (k, 10 unless raised) may not leave, for staff of any role, nor may the
rest of its group when that is as small: of 2,000 people who saw a message, 1,995 who did something tell of 5 who
did not. Nobody (zero) is no one's secret and is shown, as the usual rule has it (Hundepool et al. 2012, Statistical
Disclosure Control, ch. 4).

What is hidden with it. All that it could be computed from:
- the rate, its interval, each difference with that arm, p-values, tipping points and chart positions, because they are
  functions of two counts of which one is known;
- what mixes all arms (omnibus test, chance to be best, factorial, pooling; Dunnett's intervals), if one arm is hidden;
- the corrected p-values and verdicts of the other pairs, which Holm's rule makes of all p-values at once: they are
  worked out anew as if the hidden pairs could not be estimated, so a verdict with a hidden arm is "cannot tell yet";
- the sample ratio, people counted and the share of the plan, if fewer than k saw one arm: then no number leaves at all;
- in the table by placement and locale, a second column beside each hidden one, because rows and columns add up;
- "leaving out one placement" where that table does not show all of both arms. Differences of a plan that compares
  within placements or clusters are rounded to about one person, or a solver could split the totals again.

Time. A look shows an outcome anew only if in each arm every count moved by none or by at least k since it was last
shown; until then the page shows what it showed. The table is shown anew only when twice as many people were counted,
or at the end. It has no days: days and looks together would be differences of a few hours. How many saw an arm is shown
by days on the watch page, of those days alone that are far enough from every look and from each other:
analytics.disclosure.daily_counts.

Role. Before the plan's first look nobody sees an estimate. A look that is an exception to that is for who may make
one, analysts and administrators; the others see it from the plan's own first look on.

A broken split is told in any case, in one word: nobody may go on with a campaign that misleads because it is small.

Who checks. analytics.looks.release chooses this when the look is made, analytics.suppression.inference_attack
attacks all that was ever shown of
the campaign by linear programs, and more is hidden until each hidden cell could be anything within at least k people
(or is known to be none). Nothing that a request loads can do that, so the answer is stored; this module only obeys it.
A look without a stored answer, or one made with a smaller k than today's, shows no count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date, timedelta
from math import floor, log10
from typing import Any

from django.conf import settings
from django.db.models import F, OuterRef, QuerySet, Subquery, Sum

from analytics import wording
from analytics.disclosure.daily_counts import DayTotal
from analytics.disclosure.daily_counts import releasable_days as shown_days
from analytics.embargo.access import embargo_filter
from analytics.models import Analysis, Estimate, Release, Tally
from campaign.models import Arm, Campaign, LeftOutCount, ServedCount
from campaign.outcomes import OUTCOMES
from messages.models import Message, Revision

_DEPENDS_ON_A_COUNT = ("effect", "low", "high", "p_value", "p_adjusted", "more_per_arm")


@dataclass(frozen=True, slots=True)
class ReleasedLook:
    """One look as it may be shown: copies of what is stored, without what is hidden. None of them is ever saved.

    `analysis` is the look that was asked for, `shown` the one whose numbers are told: an earlier one while too little
    has come since.
    """

    analysis: Analysis
    shown_analysis: Analysis
    estimates: tuple[Estimate, ...]
    information: float | None
    checks: dict[str, Any]
    least: int
    has_hidden_counts: bool

    @property
    def shows_earlier_look(self) -> bool:
        return self.analysis.look != self.shown_analysis.look


@dataclass(frozen=True, slots=True)
class ReleasedTableRow:
    """One count of the table by placement and locale; None where it is hidden."""

    look: int
    arm: str
    placement: str
    locale: str
    outcome: str
    value: int
    count: int | None


@dataclass(frozen=True, slots=True)
class ReleasedCounts:
    """What one campaign shows of an outcome: for each arm that is not hidden, its parts."""

    campaign: int
    arms: Mapping[str, Sequence[int]]


def released_look(analysis: Analysis, *, early: bool = True) -> ReleasedLook:
    """A stored look, through the door. Without `early`, nothing in it comes from an exception to the embargo."""
    releases = _releases(early).filter(analysis__campaign=analysis.campaign_id, analysis__look__lte=analysis.look)
    return _through_the_door(analysis, list(releases), lambda each: list(_stored(each)))


def latest_released_looks(campaigns: Sequence[Campaign], *, early: bool = True) -> list[ReleasedLook]:
    """The last look at each campaign that has one, through the same door: of its primary outcome alone, and in as many
    queries for many campaigns as for one."""
    seen = Analysis.objects.filter(embargo_filter(early))
    last = seen.filter(campaign=OuterRef("campaign")).order_by("-look").values("look")[:1]
    asked = Analysis.objects.filter(campaign__in=campaigns, look=Subquery(last)).defer("checks")
    analyses = list(asked.select_related("campaign"))
    releases: dict[int, list[Release]] = {}
    for release in _releases(early).filter(analysis__campaign__in=campaigns).defer("table", "analysis__checks"):
        releases.setdefault(release.analysis.campaign_id, []).append(release)
    arms = Arm.objects.filter(campaign__in=[each.campaign_id for each in analyses]).in_bulk()
    messages = Message.objects.filter(revisions__arms__in=arms).distinct().in_bulk()
    revisions = Revision.objects.filter(arms__in=arms).distinct().in_bulk()
    for arm in arms.values():
        arm.revision = revisions[arm.revision_id]
        arm.revision.message = messages[arm.revision.message_id]
    stored: dict[int, list[Estimate]] = {each.pk: [] for each in analyses}
    for e in Estimate.objects.filter(analysis__in=analyses, outcome=F("analysis__outcome")).order_by("position"):
        e.treated = arms[e.treated_id]
        e.control = None if e.control_id is None else arms[e.control_id]
        stored[e.analysis_id].append(e)

    def of(analysis: Analysis) -> list[Estimate]:
        if analysis.pk in stored:
            return stored[analysis.pk]
        return [e for e in _stored(analysis) if e.outcome == analysis.outcome]

    return [_through_the_door(each, releases.get(each.campaign_id, []), of, checks=False) for each in analyses]


def _through_the_door(
    analysis: Analysis,
    releases: Sequence[Release],
    stored: Callable[[Analysis], Sequence[Estimate]],
    *,
    checks: bool = True,
) -> ReleasedLook:
    newest = next((each for each in releases if not each.held), None)
    shown = copy(newest.analysis if newest else analysis)
    arms = newest.arms if newest else {}
    nothing = not arms
    primary = {} if nothing else _hidden(arms, shown.outcome)
    broken = analysis.sample_ratio == Analysis.SampleRatio.ALARM
    if nothing or (broken and shown.look != analysis.look):
        shown.sample_ratio_p = None
        shown.sample_ratio = Analysis.SampleRatio.ALARM if broken else Analysis.SampleRatio.UNKNOWN
    if nothing or any(arm["served"] is None for arm in arms.values()):
        shown.reach_p = None
    if nothing or any(primary.values()):
        shown.omnibus_statistic = shown.omnibus_df = shown.omnibus_p = None
    estimates = tuple(_estimates(analysis, [] if nothing else releases, stored))
    if broken:
        for e in estimates:
            e.verdict = Estimate.Verdict.WITHHELD if e.verdict else ""
    return ReleasedLook(
        analysis=analysis,
        shown_analysis=shown,
        estimates=estimates,
        information=None if nothing else shown.information,
        checks={} if nothing or newest is None or not checks else _checks(shown, primary, newest.table),
        least=settings.SMALL_CELL,
        has_hidden_counts=any(e.kind == Estimate.Kind.RATE and _lacks(e, embargoed=shown.embargoed) for e in estimates),
    )


def released_table(campaign: Campaign, *, early: bool = True) -> list[ReleasedTableRow]:
    """The newest table by placement and locale: who saw it, and for each outcome how many had it."""
    releases = _releases(early).filter(analysis__campaign=campaign, held=False, table__isnull=False)
    newest: dict[str, tuple[int, dict[str, Any]]] = {}
    for each in releases.select_related("analysis").order_by("analysis__look"):
        shown: dict[str, Any] = each.table or {}
        for arm in shown.values():
            newest |= dict.fromkeys(["exposed", *arm["parts"]], (each.analysis.look, shown))
    rows = []
    ordered = list(campaign.arms.values_list("key", flat=True))  # PostgreSQL keeps no order within what it stored
    for outcome in ["exposed", *(key for key in OUTCOMES if key != "exposed")]:
        if outcome not in newest:
            continue
        number, arms = newest[outcome]
        values = OUTCOMES[outcome].values or (0,)
        for key in [key for key in ordered if key in arms]:
            columns = arms[key]["seen"] if outcome == "exposed" else arms[key]["parts"][outcome]
            for column, counts in sorted(columns.items()):
                placement, locale = column.split(" ")
                for at, value in enumerate(values):
                    count = counts if outcome == "exposed" or counts is None else counts[at]
                    rows.append(ReleasedTableRow(number, key, placement, locale, outcome, value, count))
    return rows


def released_counts_elsewhere(campaign: Campaign, outcome: str) -> Iterator[ReleasedCounts]:
    """What every other campaign shows of an outcome at each look whose split is sound, oldest first."""
    releases = (
        Release.objects.filter(held=False, least__gte=_least(), analysis__outcome=outcome, analysis__embargoed=False)
        .filter(embargo_filter(False, "analysis__"))
        .exclude(analysis__sample_ratio=Analysis.SampleRatio.ALARM)
        .exclude(analysis__campaign=campaign)
    )
    for number, arms in releases.order_by("analysis__look").values_list("analysis__campaign", "arms"):
        shown = {key: arm["totals"].get(outcome) for key, arm in arms.items()}
        yield ReleasedCounts(number, {key: parts for key, parts in shown.items() if parts is not None})


def exclusion_percentages(analysis: Analysis) -> dict[str, int]:
    """Of 100 messages sent on the days of a look, how many were left out, by reason."""
    if analysis.from_day is None or analysis.to_day is None:
        return {}
    return exclusion_percentages_between(analysis.campaign, analysis.from_day, analysis.to_day)


def exclusion_percentages_between(campaign: Campaign, first: date, last: date) -> dict[str, int]:
    """Of 100 messages sent on these days, how many were left out, by reason; those that round to none are not told.
    Whole hundredths of all that was sent tell of no small group."""
    days = {"day__gte": first, "day__lte": last}
    left_out = dict(
        LeftOutCount.objects.filter(placement__in=campaign.placements.all(), **days)
        .values_list("reason")
        .annotate(Sum("count"))
    )
    served = ServedCount.objects.filter(arm__campaign=campaign, **days).aggregate(Sum("count"))
    everything = (served["count__sum"] or 0) + sum(left_out.values())
    if everything < 100 * _least():
        return {}
    shares = {reason: round(100 * count / everything) for reason, count in left_out.items()}
    return {reason: share for reason, share in sorted(shares.items()) if share}


def releasable_percent(share: float, *, people: int) -> int | None:
    """A share in whole people of 100, rounded down: how far a guardrail's bound went, which is read between two looks.
    None while one in 100 of all is less than a small cell: then such a step could tell of a few."""
    return max(floor(100 * share), 0) if people >= 100 * _least() else None


@dataclass(frozen=True, slots=True)
class ArmDailyTotals:
    """How many had seen one arm: at the end of each day that may be shown, and as the newest number that is shown."""

    arm: Arm
    days: tuple[DayTotal, ...]
    latest_total: int | None


def daily_totals(campaign: Campaign, *, through: date | None) -> list[ArmDailyTotals]:
    """Each arm by whole days up to `through`, the last whose views are all counted, as daily_counts allows."""
    arms = list(campaign.arms.select_related("revision__message"))
    seen = Tally.objects.filter(arm__in=arms, outcome="exposed").order_by()
    counts: dict[int, dict[date, int]] = {arm.pk: {} for arm in arms}
    for arm, day, count in seen.values_list("arm", "day").annotate(Sum("count")):
        counts[arm][day] = count
    looks = Release.objects.filter(analysis__campaign=campaign, held=False).order_by("analysis__look")
    released = list(looks.values_list("arms", flat=True))
    every = sorted({day for each in counts.values() for day in each})
    whole = [day for day in _calendar(every) if through is not None and day <= through]
    found = []
    for arm in arms:
        told = [each[arm.key]["n"] for each in released if arm.key in each]
        ends, so_far = [], 0
        for day in whole:
            so_far += counts[arm.pk].get(day, 0)
            ends.append(DayTotal(day, so_far))
        may = shown_days(ends, looks=told, now=sum(counts[arm.pk].values()), least=_least())
        known = [*told, *(each.people for each in may)]
        found.append(ArmDailyTotals(arm, tuple(may), max(known, default=None)))
    return found


def _calendar(days: Sequence[date]) -> list[date]:
    """Every day from the first to the last."""
    return [days[0] + timedelta(days=n) for n in range((days[-1] - days[0]).days + 1)] if days else []


def _least() -> int:
    least: int = settings.SMALL_CELL
    return least


def _releases(early: bool = True) -> QuerySet[Release]:
    """What was released, the newest first; none of it if it was released under a looser rule."""
    releases = Release.objects.filter(embargo_filter(early, "analysis__"), least__gte=_least())
    return releases.select_related("analysis__campaign__plan").order_by("-analysis__look")


def _hidden(arms: Mapping[str, Any], outcome: str) -> dict[str, bool]:
    """For each arm, whether its counts of an outcome are hidden."""
    return {key: arm["totals"].get(outcome) is None for key, arm in arms.items()}


def _estimates(
    asked: Analysis, releases: Sequence[Release], stored: Callable[[Analysis], Sequence[Estimate]]
) -> Iterator[Estimate]:
    """The estimates of each outcome from the look at which it was last shown, without what was hidden there."""
    mine = stored(asked)
    told = [release for release in releases if not release.held]
    sources = {e.outcome: next((each for each in told if _tells(each, e.outcome)), None) for e in mine}
    earlier = {each.analysis for each in sources.values() if each and each.analysis_id != asked.pk}
    for e in [*mine, *(e for analysis in earlier for e in stored(analysis))]:
        source = sources.get(e.outcome)
        if source is None and e.analysis_id == asked.pk:
            yield _veiled(e, all_of_it=True)
        elif source is not None and e.analysis_id == source.analysis_id:
            yield _through(e, source)


def _tells(release: Release, outcome: str) -> bool:
    """Whether a release holds an outcome; before the first planned look, how many saw it stands for the primary."""
    told = any(outcome in arm["totals"] for arm in release.arms.values())
    return told or (release.analysis.embargoed and outcome == release.analysis.outcome)


def _stored(analysis: Analysis) -> QuerySet[Estimate]:
    related = ("treated__revision__message", "control__revision__message")
    return analysis.estimates.select_related(*related).order_by("position")


def _through(stored: Estimate, release: Release) -> Estimate:
    """One estimate as a release allows it."""
    e = copy(stored)
    hidden, judged = _hidden(release.arms, e.outcome), release.verdicts.get(e.outcome)
    if e.kind == Estimate.Kind.RATE:
        e.served = release.arms[e.treated.key]["served"]
        return _veiled(e) if hidden[e.treated.key] and not release.analysis.embargoed else e
    if e.kind == Estimate.Kind.FACTORIAL:
        return _veiled(e) if any(hidden.values()) else e
    assert e.control is not None  # a database constraint
    if hidden[e.treated.key] or hidden[e.control.key]:
        return _veiled(e)
    if judged:
        again = judged[e.position]
        e.p_adjusted, e.verdict, e.more_per_arm = again["p_adjusted"], again["verdict"], again["more_per_arm"]
    plan = release.analysis.campaign.plan
    return _rounded(e, min(arm["n"] for arm in release.arms.values())) if plan.strata or plan.clusters else e


def _veiled(stored: Estimate, *, all_of_it: bool = False) -> Estimate:
    """An estimate without its numbers; `all_of_it` hides also how many saw it."""
    e = copy(stored)
    e.events, e.reason = None, wording.hidden_reason(_least())
    for name in _DEPENDS_ON_A_COUNT:
        setattr(e, name, None)
    if all_of_it:
        e.n = e.served = None
    if e.verdict and e.verdict != Estimate.Verdict.WITHHELD:
        e.verdict = Estimate.Verdict.CANNOT_TELL
    return e


def _rounded(e: Estimate, fewest: int) -> Estimate:
    """So many decimals of a share that one person of the smallest arm is about the last of them."""
    digits = max(floor(log10(fewest)) if fewest else 0, 2)
    for name in ("effect", "low", "high", "p_value", "p_adjusted"):
        value = getattr(e, name)
        setattr(e, name, value if value is None else round(value, digits))
    return e


def _checks(shown: Analysis, hidden: Mapping[str, bool], table: dict[str, Any] | None) -> dict[str, Any]:
    """The stored cross-checks whose counts are all shown."""
    stored = shown.checks or {}
    if any(hidden.values()):
        stored = stored | {"arms": [], "pooled": []}
    pairs = [p for p in stored.get("pairs", []) if not (hidden[p["treated"]] or hidden[p["control"]])]
    return stored | {
        "pairs": [
            p if _all_shown(table, shown.outcome, p["treated"], p["control"]) else p | {"lowest": None, "highest": None}
            for p in pairs
        ]
    }


def _all_shown(table: dict[str, Any] | None, outcome: str, *arms: str) -> bool:
    """Whether the table shows every column of these arms, both who saw it and what they did."""
    return table is not None and all(
        None not in table[arm]["seen"].values() and None not in table[arm]["parts"].get(outcome, {"": None}).values()
        for arm in arms
    )


def _lacks(e: Estimate, *, embargoed: bool) -> bool:
    return e.n is None or e.served is None or (e.events is None and not embargoed)
