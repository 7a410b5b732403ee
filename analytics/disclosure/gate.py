"""Read looks and counts as far as they may be shown. Pages, API, commands and files read counts here alone.

analytics.looks.release decides what a look may show and stores the decision as a Release, because attacking it takes
scipy, which a web request must not load. This module only applies a stored decision. A look without one, or with one
made for a smaller SMALL_CELL than today's, shows no counts. A broken split is always reported, in one word.

What is suppressed and why: docs/privacy.md, decisions 0009 and 0017.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date, timedelta
from math import floor
from typing import Any

from django.conf import settings
from django.db.models import OuterRef, QuerySet, Subquery, Sum
from django.utils import timezone

from analytics import wording
from analytics.disclosure import look_seals
from analytics.disclosure.daily_counts import DayTotal, releasable_days
from analytics.disclosure.released_cells import read_release, released_cells
from analytics.disclosure.released_checks import released_checks, smallest_arm
from analytics.disclosure.released_texts import is_of_texts, released_text_estimates
from analytics.embargo.access import embargo_filter
from analytics.models import Analysis, Estimate, Release, Tally, WorkerStep
from analytics.suppression.cells import end_of_band, start_of_band
from analytics.suppression.rounding import digits_of_one, round_end
from campaign.lifecycle.frozen_plan import changed_plans
from campaign.models import AnalysisPlan, Arm, Campaign, LeftOutCount, ServedCount, texts_with_messages
from campaign.outcomes import OUTCOMES

_EPOCH = date(1970, 1, 1)
_LOOK = "look"  # among the parts that were changed: the look itself
_MORE_FIELDS = ("more_per_arm", "more_per_arm_low", "more_per_arm_high")
_COUNT_DEPENDENT_FIELDS = ("effect", "low", "high", "p_value", "p_adjusted", *_MORE_FIELDS)


@dataclass(frozen=True, slots=True)
class ReleasedLook:
    """One look as it may be shown, in redacted copies that are never saved; `shown_analysis` may be earlier."""

    analysis: Analysis
    shown_analysis: Analysis
    estimates: tuple[Estimate, ...]
    information: float | None
    checks: dict[str, Any]
    least: int
    has_hidden_counts: bool
    changed_plan_keys: tuple[str, ...] = ()  # what of the frozen plan the database does not bear out any more

    @property
    def is_withheld(self) -> bool:
        """Whether no verdict may be read: the split is broken, or the plan is not the one that was frozen."""
        return bool(self.changed_plan_keys) or self.shown_analysis.sample_ratio == Analysis.SampleRatio.ALARM

    @property
    def shows_earlier_look(self) -> bool:
        return self.analysis.look != self.shown_analysis.look


@dataclass(frozen=True, slots=True)
class ReleasedTableRow:
    """One count of the table by placement and locale; None if suppressed."""

    look: int
    arm: str
    placement: str
    locale: str
    outcome: str
    value: int
    count: int | None


@dataclass(frozen=True, slots=True)
class ReleasedCounts:
    """The counts of an outcome that one campaign shows, by arm, without suppressed arms."""

    campaign: int
    arms: Mapping[str, Sequence[int]]


def released_look(analysis: Analysis, *, early: bool = True) -> ReleasedLook:
    """Redact a stored look. Without `early`, nothing in it comes from an exception to the embargo."""
    return released_looks([analysis], early=early)[0]


def released_looks(analyses: Sequence[Analysis], *, early: bool = True) -> list[ReleasedLook]:
    """Redact stored looks of one campaign, each as it is redacted alone, in a fixed number of queries."""
    campaign = analyses[0].campaign
    releases = _releases_up_to(analyses, early)
    changed_plan = changed_plans([campaign.pk]).get(campaign.pk, ())
    stored = _estimates_by_look(analyses)
    looks = []
    for analysis in analyses:
        found = [each for each in releases if each.analysis.look <= analysis.look]
        changed = [*changed_plan, *([] if _are_sealed(analysis, found, stored) else [_LOOK])]
        looks.append(_apply_disclosure_control(analysis, found, lambda each: [_copy(e) for e in stored(each)], changed))
    return looks


def _releases_up_to(analyses: Sequence[Analysis], early: bool) -> list[Release]:
    """Read the releases of one campaign up to the last of these looks, newest first, of others in part."""
    campaign, looks = analyses[0].campaign, {each.look for each in analyses}
    until = _releases(early).filter(analysis__campaign=campaign, analysis__look__lte=max(looks))
    until = until.select_related(None).select_related("analysis")
    others = until.exclude(analysis__look__in=looks).defer("table", "by_month", "analysis__checks")
    read = [*until.filter(analysis__look__in=looks), *(others if max(looks) > len(looks) else ())]
    releases = sorted(read, key=lambda each: -each.analysis.look)
    for release in releases:
        release.analysis.campaign = campaign  # with its plan, which is read once
    return releases


def _estimates_by_look(analyses: Sequence[Analysis]) -> Callable[[Analysis], Sequence[Estimate]]:
    """Return a function that gives the estimates of a look: of these read at once, of any other when asked."""
    found: dict[int, list[Estimate]] = {each.pk: [] for each in analyses}
    arms = Arm.objects.filter(campaign__in={each.campaign_id for each in analyses}).with_texts().in_bulk()
    for e in Estimate.objects.filter(analysis__in=list(found)).order_by("position"):
        e.treated = arms[e.treated_id]
        e.control = None if e.control_id is None else arms[e.control_id]
        found[e.analysis_id].append(e)

    def estimates_of(analysis: Analysis) -> Sequence[Estimate]:
        if analysis.pk not in found:
            found[analysis.pk] = list(_stored_estimates(analysis))
        return found[analysis.pk]

    return estimates_of


def latest_released_looks(
    campaigns: Sequence[Campaign], *, early: bool = True, changed: Mapping[int, Sequence[str]] | None = None
) -> list[ReleasedLook]:
    """Redact the last look at each campaign, for its primary outcome alone, in a fixed number of queries.

    `changed` is what `changed_plans` has just said of these campaigns; without it they are compared here.
    """
    readable = Analysis.objects.filter(embargo_filter(early))
    last = readable.filter(campaign=OuterRef("campaign")).order_by("-look").values("look")[:1]
    latest = Analysis.objects.filter(campaign__in=campaigns, look=Subquery(last)).defer("checks")
    analyses = list(latest.select_related("campaign"))
    releases: dict[int, list[Release]] = {}
    for release in _releases(early).filter(analysis__campaign__in=campaigns).defer("table", "analysis__checks"):
        releases.setdefault(release.analysis.campaign_id, []).append(release)
    stored = _estimates_by_look(analyses)
    sealed = {
        each.analysis_id: each for each in Release.objects.filter(analysis__in=analyses).select_related("analysis")
    }

    def primary_estimates(analysis: Analysis) -> list[Estimate]:
        return [e for e in stored(analysis) if e.outcome == analysis.outcome]

    if changed is None:
        changed = changed_plans([each.campaign_id for each in analyses])
    looks = []
    for each in analyses:
        own, found = sealed.get(each.pk), list(changed.get(each.campaign_id, ()))
        if own is not None and not look_seals.is_sealed(own, stored(each)):
            found.append(_LOOK)
        shown = releases.get(each.campaign_id, [])
        looks.append(_apply_disclosure_control(each, shown, primary_estimates, found, checks=False))
    return looks


def _are_sealed(
    analysis: Analysis, releases: Sequence[Release], stored: Callable[[Analysis], Sequence[Estimate]]
) -> bool:
    """Whether a look is as it was recorded, and the one whose counts are shown in its place."""
    own = next((each for each in releases if each.analysis_id == analysis.pk), None)
    shown = next((each for each in releases if not each.is_withheld), None)
    own = own or Release.objects.filter(analysis=analysis).select_related("analysis").first()
    used = {each.pk: each for each in (own, shown) if each is not None}.values()
    return all(look_seals.is_sealed(each, stored(each.analysis)) for each in used)


def _apply_disclosure_control(
    analysis: Analysis,
    releases: Sequence[Release],
    stored: Callable[[Analysis], Sequence[Estimate]],
    changed_plan_keys: Sequence[str],
    *,
    checks: bool = True,
) -> ReleasedLook:
    """Build the released look. `stored` reads the estimates of an analysis."""
    newest = next((each for each in releases if not each.is_withheld), None)
    shown = copy(newest.analysis if newest else analysis)
    arms = newest.arms if newest else {}
    nothing = not arms
    primary = {} if nothing else _suppressed_arms(arms, shown.outcome)
    broken = analysis.sample_ratio == Analysis.SampleRatio.ALARM
    if nothing or (broken and shown.look != analysis.look):
        shown.sample_ratio_p, shown.sample_ratio_method = None, ""
        shown.sample_ratio = Analysis.SampleRatio.ALARM if broken else Analysis.SampleRatio.UNKNOWN
    if nothing or any(arm["served"] is None for arm in arms.values()):
        shown.reach_p = None
    if nothing or any(primary.values()):
        shown.omnibus_statistic = shown.omnibus_df = shown.omnibus_p = None
        shown.omnibus_method = ""
    own, usable = list(stored(analysis)), [] if nothing else releases
    estimates = (
        *_released_estimates(analysis, [e for e in own if not is_of_texts(e)], usable, stored),
        *released_text_estimates(own, usable, stored, _round_to_one_person, _without_numbers),
    )
    if broken or changed_plan_keys:
        for e in estimates:
            e.verdict = Estimate.Verdict.WITHHELD if e.verdict else ""
    return ReleasedLook(
        analysis=analysis,
        shown_analysis=shown,
        estimates=estimates,
        information=None if nothing else shown.information,
        checks={} if nothing or newest is None or not checks else released_checks(shown, primary, newest),
        least=settings.SMALL_CELL,
        has_hidden_counts=any(
            e.n is None or e.served is None or (e.events is None and not shown.embargoed)
            for e in estimates
            if e.kind == Estimate.Kind.RATE
        ),
        changed_plan_keys=tuple(changed_plan_keys),
    )


def released_table(campaign: Campaign, *, early: bool = True, last_look: int | None = None) -> list[ReleasedTableRow]:
    """The newest table by placement and locale, of all looks or up to one: exposures, and units with each outcome."""
    releases = _releases(early).filter(analysis__campaign=campaign, is_withheld=False, table__isnull=False)
    if last_look is not None:
        releases = releases.filter(analysis__look__lte=last_look)
    newest: dict[str, tuple[int, dict[str, Any]]] = {}
    for look, table in releases.order_by("analysis__look").values_list("analysis__look", "table"):
        shown: dict[str, Any] = table or {}
        for arm in shown.values():
            newest |= dict.fromkeys(["exposed", *arm["parts"]], (look, shown))
    rows = []
    ordered = [arm.key for arm in campaign.arms.all()]  # PostgreSQL keeps no order within what it stored
    for outcome in ["exposed", *(key for key in OUTCOMES if key != "exposed")]:
        if outcome not in newest:
            continue
        number, arms = newest[outcome]
        values = OUTCOMES[outcome].values or (0,)
        for key in [key for key in ordered if key in arms]:
            columns = arms[key]["seen"] if outcome == "exposed" else arms[key]["parts"][outcome]
            for column, counts in sorted(columns.items()):
                placement, locale = column.split(" ")
                for part, value in enumerate(values):
                    count = counts if outcome == "exposed" or counts is None else counts[part]
                    rows.append(ReleasedTableRow(number, key, placement, locale, outcome, value, count))
    return rows


def monthly_effects(campaign: Campaign, *, early: bool = True) -> list[dict[str, Any]]:
    """Return the effect of a message in use in each month, as the newest look may show it; none if it is withheld."""
    newest = _releases(early).filter(analysis__campaign=campaign, is_withheld=False).first()
    if newest is None or newest.analysis.sample_ratio == Analysis.SampleRatio.ALARM or changed_plans([campaign.pk]):
        return []
    if not look_seals.is_sealed(newest, _stored_estimates(newest.analysis)):
        return []
    return newest.by_month or []


def released_counts_elsewhere(campaign: Campaign, outcome: str) -> Iterator[ReleasedCounts]:
    """Yield what other campaigns show of an outcome, oldest look first, without looks whose split is broken."""
    releases = (
        Release.objects.filter(
            is_withheld=False, least__gte=_small_cell(), analysis__outcome=outcome, analysis__embargoed=False
        )
        .filter(embargo_filter(False, "analysis__"))
        .exclude(analysis__sample_ratio=Analysis.SampleRatio.ALARM)
        .exclude(analysis__campaign=campaign)
    )
    for number, arms in releases.order_by("analysis__look").values_list("analysis__campaign", "arms"):
        shown = {key: arm["totals"].get(outcome) for key, arm in arms.items()}
        yield ReleasedCounts(number, {key: parts for key, parts in shown.items() if parts is not None})


def exclusion_percentages(analysis: Analysis) -> dict[str, int]:
    """Percentage of messages sent on the days of a look that were not counted, by reason.

    Without a day that is not over: its counts still grow, and whoever looks again would see each percent being reached.
    """
    if analysis.from_day is None or analysis.to_day is None:
        return {}
    last = min(analysis.to_day, timezone.now().date() - timedelta(days=1))
    return exclusion_percentages_between(analysis.campaign, analysis.from_day, last)


def told_messages(campaign: Campaign) -> int:
    """Return how many messages were sent by the newest look that tells it of all arms; 0 if none does."""
    for each in _releases().filter(analysis__campaign=campaign, is_withheld=False):
        counts = [arm["served"] for arm in each.arms.values()]
        if counts and None not in counts:
            return sum(counts)
    return 0


def released_reach(campaign: Campaign, *, days: int) -> int | None:
    """Of 100 messages sent how many were seen, as looks tell both: of the last `days` and more, or of all; or None.

    None as long as looks tell fewer than 100 small cells. Rounded down, and never 100.
    """
    told = []
    for each in _releases().filter(analysis__campaign=campaign, is_withheld=False):
        served = [arm["served"] for arm in each.arms.values()]
        if served and None not in served:
            told.append((each.analysis.made_at, sum(served), sum(arm["n"] for arm in each.arms.values())))
    if not told:
        return None
    now, served, seen = told[0]
    _, served_before, seen_before = next((each for each in told if now - each[0] >= timedelta(days=days)), (now, 0, 0))
    if served - served_before < 100 * _small_cell():
        served_before = seen_before = 0
    if served - served_before < 100 * _small_cell():
        return None
    percent: int = 100 * (seen - seen_before) // (served - served_before)
    return min(percent, 99)


def withdrawal_percent(analysis: Analysis, *, early: bool = True) -> int | None:
    """For each 100 people counted, at most how many more asked not to be counted after seeing a message.

    Both are as the newest look up to this one tells them: a band, and the people it shows. A percentage of people
    counted at this moment would tell their number whenever it changes.
    """
    upto = _releases(early).filter(analysis__campaign=analysis.campaign_id, analysis__look__lte=analysis.look)
    counted = upto.filter(is_withheld=False, withdrawn__isnull=False)
    withdrawn, arms = counted.values_list("withdrawn", "arms").first() or (None, {})
    if withdrawn is None:
        return None
    seen: int = sum(arm["n"] for arm in arms.values())
    return 100 * withdrawn // seen


def exclusion_percentages_between(campaign: Campaign, first: date, last: date) -> dict[str, int]:
    """Percent of messages sent on these days that were not counted, by reason; none below 100 small cells.

    Rounded down, of the lowest number of the band of each reason and the highest of the band of messages, so that no
    percent is told of few, and none changes with a single message. Where periods are hours, of whole blocks.
    """
    first, last = _whole_blocks(campaign, first, last)
    days = {"day__gte": first, "day__lte": last}
    stored = LeftOutCount.objects.filter(placement__in=campaign.placements.all(), **days)
    counts = stored.values_list("reason").annotate(Sum("count"))
    left_out = {reason: start_of_band(count, _small_cell()) for reason, count in counts}
    served = ServedCount.objects.filter(arm__campaign=campaign, **days).aggregate(Sum("count"))
    total = end_of_band(served["count__sum"] or 0, _small_cell()) + sum(left_out.values())
    if total < 100 * _small_cell():
        return {}
    shares = {reason: 100 * count // total for reason, count in left_out.items()}
    return {reason: share for reason, share in sorted(shares.items()) if share}


def _whole_blocks(campaign: Campaign, first: date, last: date) -> tuple[date, date]:
    """The days between two that are counted together whole."""
    plan: AnalysisPlan | None = getattr(campaign, "plan", None)  # read once
    periods = plan.periods_from(campaign.starts_at) if plan else None
    if periods is None:
        return first, last
    numbers = periods.whole_blocks((first - _EPOCH).days, (last - _EPOCH).days, campaign.arms.count())
    begins, ends = (_EPOCH + timedelta(days=number) for number in numbers)
    return begins, ends


def releasable_percent(share: float, *, people: int) -> int | None:
    """A guardrail's bound in whole percents, rounded down; None while one percent is less than a small cell."""
    return max(floor(100 * share), 0) if people >= 100 * _small_cell() else None


@dataclass(frozen=True, slots=True)
class ArmDailyTotals:
    """How many people had seen an arm by the end of each day that may be shown, and the newest total shown."""

    arm: Arm
    days: tuple[DayTotal, ...]
    latest_total: int | None


def daily_totals(campaign: Campaign, *, through: date | None) -> list[ArmDailyTotals]:
    """Daily totals of each arm up to `through`, the last day whose views are all counted, as daily_counts allows."""
    arms = list(campaign.arms.with_texts())
    seen = Tally.objects.filter(arm__in=arms, outcome="exposed").order_by()
    counts: dict[int, dict[date, int]] = {arm.pk: {} for arm in arms}
    for arm, day, count in seen.values_list("arm", "day").annotate(Sum("count")):
        counts[arm][day] = count
    released = released_cells(campaign)
    counted = sorted({day for each in counts.values() for day in each})
    span = range((counted[-1] - counted[0]).days + 1) if counted else ()
    whole = [day for n in span if through is not None and (day := counted[0] + timedelta(days=n)) <= through]
    totals = []
    for arm in arms:
        looked = [each[arm.key].n for each in released if arm.key in each]
        ends, so_far = [], 0
        for day in whole:
            so_far += counts[arm.pk].get(day, 0)
            ends.append(DayTotal(day, so_far))
        days = releasable_days(ends, looks=looked, now=sum(counts[arm.pk].values()), least=_small_cell())
        shown = [*looked, *(each.people for each in days)]
        totals.append(ArmDailyTotals(arm, tuple(days), max(shown, default=None)))
    return totals


def last_complete_day() -> date | None:
    """Return the last day whose views are all folded, or None before the first fold."""
    fold = WorkerStep.objects.filter(name="fold").first()
    if fold is None or fold.succeeded_at is None:
        return None
    # The last receipt of a day expires RECEIPT_LIFE_HOURS later. One more hour allows for clock skew.
    return (fold.succeeded_at - timedelta(hours=settings.RECEIPT_LIFE_HOURS + 1)).date() - timedelta(days=1)


def people_told_together(
    campaign: Campaign, totals: Sequence[ArmDailyTotals], keys: Collection[str]
) -> dict[str, int] | None:
    """Return the people of these arms as they were told last of one moment: by a look, or by a day that is shown.

    None if no moment is told of all of them.
    """
    releases = Release.objects.filter(analysis__campaign=campaign, is_withheld=False)
    looks = [{key: cells.n for key, cells in read_release(each).items()} for each in releases]
    by_day: dict[date, dict[str, int]] = {}
    for arm in totals:
        for each in arm.days:
            by_day.setdefault(each.day, {})[arm.arm.key] = each.people
    moments = [{key: told[key] for key in keys} for told in (*looks, *by_day.values()) if {*keys} <= told.keys()]
    return max(moments, key=lambda moment: sum(moment.values()), default=None)


def told_text_exposures(campaign: Campaign) -> dict[str, dict[str, int]]:
    """Return by arm how many people had seen each of its texts, by number, as a look or a pause told it last."""
    told: dict[str, dict[str, int]] = {}
    for moment in released_cells(campaign):
        for key, cells in moment.items():
            if cells.by_text:
                told[key] = {text: seen for text, seen in cells.seen.items() if seen is not None}
    return told


def _small_cell() -> int:
    least: int = settings.SMALL_CELL
    return least


def _releases(early: bool = True) -> QuerySet[Release]:
    """Releases, newest first, without those made for a smaller SMALL_CELL than today's."""
    releases = Release.objects.filter(embargo_filter(early, "analysis__"), least__gte=_small_cell())
    return releases.select_related("analysis__campaign__plan").order_by("-analysis__look")


def _suppressed_arms(arms: Mapping[str, Any], outcome: str) -> dict[str, bool]:
    """Whether each arm's counts of an outcome are suppressed."""
    return {key: arm["totals"].get(outcome) is None for key, arm in arms.items()}


def _released_estimates(
    analysis: Analysis,
    own: Sequence[Estimate],
    releases: Sequence[Release],
    stored: Callable[[Analysis], Sequence[Estimate]],
) -> Iterator[Estimate]:
    """Redact the estimates of each outcome, taken from the look at which it was last shown."""
    shown = [release for release in releases if not release.is_withheld]
    sources = {e.outcome: next((each for each in shown if _covers(each, e.outcome)), None) for e in own}
    earlier = {each.analysis for each in sources.values() if each and each.analysis_id != analysis.pk}
    for e in [*own, *(e for look in earlier for e in stored(look) if not is_of_texts(e))]:
        source = sources.get(e.outcome)
        if source is None and e.analysis_id == analysis.pk:
            yield _without_numbers(e, exposures_too=True)
        elif source is not None and e.analysis_id == source.analysis_id:
            yield _redact(e, source)


def _covers(release: Release, outcome: str) -> bool:
    """Whether a release shows an outcome; before the first planned look, exposures stand for the primary one."""
    has_totals = any(outcome in arm["totals"] for arm in release.arms.values())
    return has_totals or (release.analysis.embargoed and outcome == release.analysis.outcome)


def _stored_estimates(analysis: Analysis) -> QuerySet[Estimate]:
    texts = [texts_with_messages(arms) for arms in ("treated__", "control__")]
    return analysis.estimates.select_related("treated", "control").prefetch_related(*texts).order_by("position")


def _redact(stored: Estimate, release: Release) -> Estimate:
    """One estimate as a release allows it."""
    e = _copy(stored)
    hidden, verdicts = _suppressed_arms(release.arms, e.outcome), release.verdicts.get(e.outcome)
    plan, fewest = release.analysis.campaign.plan, smallest_arm(release)
    if e.kind == Estimate.Kind.RATE:
        e.served = release.arms[e.treated.key]["served"]
        if release.arms[e.treated.key].get("waits"):
            e.n = release.arms[e.treated.key]["n"]
        if hidden[e.treated.key] and not release.analysis.embargoed:
            return _without_numbers(e)
        return _round_to_one_person(e, fewest) if plan.clusters else e
    if e.kind == Estimate.Kind.FACTORIAL:
        if any(hidden.values()):
            return _without_numbers(e)
        return _round_to_one_person(e, fewest) if plan.clusters else e
    assert e.control is not None  # a database constraint
    if hidden[e.treated.key] or hidden[e.control.key]:
        return _without_numbers(e)
    if verdicts:
        for name in ("p_adjusted", "verdict", *_MORE_FIELDS):
            setattr(e, name, verdicts[e.position].get(name))  # releases of before have no range
        if e.effect is not None:
            e.reason = verdicts[e.position].get("reason", e.reason)
    return _round_to_one_person(e, fewest) if plan.strata or plan.clusters else e


def _copy(stored: Estimate) -> Estimate:
    """Copy an estimate that is shown and never saved: what it knows of the database it shares, unlike `copy.copy`."""
    e = Estimate.__new__(Estimate)
    e.__dict__.update(stored.__dict__)
    return e


def _without_numbers(stored: Estimate, *, exposures_too: bool = False) -> Estimate:
    """Copy an estimate without its numbers; `exposures_too` removes exposures as well."""
    e = _copy(stored)
    e.events, e.reason, e.texts = None, wording.hidden_reason(_small_cell()), None
    if e.kind == Estimate.Kind.TEXT:
        e.n = None
    for name in _COUNT_DEPENDENT_FIELDS:
        setattr(e, name, None)
    if exposures_too:
        e.n = e.served = None
    if e.verdict and e.verdict != Estimate.Verdict.WITHHELD:
        e.verdict = Estimate.Verdict.CANNOT_TELL
    return e


def _round_to_one_person(e: Estimate, fewest: int) -> Estimate:
    """Round to about one person of the smallest arm: finer differences would let a solver split the totals."""
    e, digits = _copy(e), digits_of_one(fewest)
    for name in ("effect", "p_value", "p_adjusted"):
        value = getattr(e, name)
        setattr(e, name, value if value is None else round(value, digits))
    for name in ("low", "high"):
        value = getattr(e, name)
        setattr(e, name, value if value is None else round_end(value, digits, margin=e.smallest_difference or 0.0))
    for name in _MORE_FIELDS:
        value = getattr(e, name)
        setattr(e, name, value if value is None else wording.to_two_figures(value))
    return e
