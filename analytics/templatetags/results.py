"""Template tags and filters that show a report: its charts, its numbers and its 2 by 2 card."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from django import template
from django.conf import settings
from django.template import Context

from analytics import wording
from analytics.embargo.access import may_look_early
from analytics.models import Notice
from analytics.report_rows import DifferenceRow, OutcomeBlock, PooledRow, RateRow, TextResultRow
from analytics.results import charts, effect_texts, gap_charts, outcome_rows, text_chart
from analytics.results.build import Report
from analytics.results.look_summaries import LookSummary, look_summaries
from analytics.results.trust import trust_of
from campaign.lifecycle.frozen_plan import correction_of
from campaign.models import AnalysisPlan, Campaign

register = template.Library()


@dataclass(frozen=True, slots=True)
class AddedHarm:
    """The effect of adding one harm to a message that names none or the other."""

    harm: str
    baseline: str
    row: DifferenceRow


@dataclass(frozen=True, slots=True)
class TwoByTwoCard:
    """Four rates, and the planned comparisons that add one harm at a time."""

    neutral: RateRow
    victim: RateRow
    user: RateRow
    both: RateRow
    added: tuple[AddedHarm, ...]


register.simple_tag(charts.rates_chart)
register.simple_tag(charts.differences_chart)
register.simple_tag(text_chart.texts_chart)
register.simple_tag(gap_charts.looks_chart)
register.simple_tag(gap_charts.division_chart)
register.simple_tag(gap_charts.factorial_chart)
register.simple_tag(trust_of)
register.simple_tag(outcome_rows.people_scale)
register.filter(wording.percent)
register.filter(wording.chance_text)
register.filter(wording.level_text)
register.filter(wording.pairs_text)
register.filter(effect_texts.ratio_text)
register.filter(effect_texts.lift_text)
register.filter(effect_texts.size_text)
register.filter(effect_texts.has_check)
register.filter(effect_texts.as_people)


@register.filter
def only_kinds(block: OutcomeBlock) -> OutcomeBlock:
    """The outcome with the comparisons of texts of a kind in place of those of these texts."""
    return replace(block, differences=block.kinds)


@register.simple_tag(takes_context=True)
def with_look_summaries(
    context: Context, campaigns: Iterable[Campaign], changed: Mapping[int, Sequence[str]] | None = None
) -> list[tuple[Campaign, LookSummary | None]]:
    """Pair each campaign with the summary of its latest look, for pages of apps that may not import this one."""
    listed = list(campaigns)
    summaries = look_summaries(listed, early=may_look_early(context["user"]), changed=changed)
    return [(campaign, summaries.get(campaign.pk)) for campaign in listed]


@register.simple_tag
def done_campaigns(campaigns: Iterable[Campaign]) -> set[int]:
    """Return the primary keys of the campaigns that have a completion notice."""
    notices = Notice.objects.filter(campaign__in=[campaign.pk for campaign in campaigns], kind__in=Notice.DONE)
    return set(notices.order_by().values_list("campaign", flat=True))


@register.simple_tag
def is_complete(campaign: Campaign) -> bool:
    """Whether the campaign has a completion notice."""
    return bool(done_campaigns([campaign]))


@register.simple_tag
def correction_name(plan: AnalysisPlan, block: OutcomeBlock) -> str:
    """Return the name of the correction for an outcome's comparisons; empty if the plan has none."""
    correction = correction_of(plan, block.outcome.key)
    return "" if correction == correction.NONE else str(correction.label)


@register.simple_tag
def two_by_two_card(block: OutcomeBlock) -> TwoByTwoCard | None:
    """Return the 2 by 2 card if the arms are exactly neutral, victim, user and both, else None."""
    arms = {row.frame: row for row in block.rates}
    if len(block.rates) != 4 or set(arms) != {"neutral", "victim", "user", "both"}:
        return None
    by_pair = {(row.treated, row.control): row for row in block.differences if row.effect is not None}
    steps = (
        ("user", "neutral", "user"),
        ("both", "victim", "user"),
        ("victim", "neutral", "victim"),
        ("both", "user", "victim"),
    )
    added = tuple(
        AddedHarm(harm=arms[harm].name, baseline=arms[control].name, row=by_pair[arms[treated].key, arms[control].key])
        for treated, control, harm in steps
        if (arms[treated].key, arms[control].key) in by_pair
    )
    return TwoByTwoCard(arms["neutral"], arms["victim"], arms["user"], arms["both"], added)


@register.simple_tag
def interval(
    row: RateRow | DifferenceRow | PooledRow | TextResultRow | charts.GapRow,
    number_format: str,
    scale: wording.PeopleScale,
) -> str:
    """Format a row's interval as `number_format` says: signed, decimal or mean."""
    assert row.low is not None  # templates call it only where there is an estimate
    assert row.high is not None
    if number_format == "mean":
        return wording.range_text(mean(row.low), mean(row.high))
    formats = {"signed": scale.signed_interval, "decimal": scale.interval}
    return formats[number_format](row.low, row.high)


@register.simple_tag
def prediction_interval(row: PooledRow, scale: wording.PeopleScale) -> str:
    """Format the interval in which the effect of one more campaign may lie."""
    return scale.signed_interval(row.next_low, row.next_high)


@register.filter
def against_control(block: OutcomeBlock, key: str) -> DifferenceRow | None:
    """Return the planned comparison of one arm with the control, if there is one."""
    controls = {row.key for row in block.rates if row.is_control}
    return next((row for row in block.differences if row.treated == key and row.control in controls), None)


@register.filter
def worse_guardrails(report: Report) -> list[DifferenceRow]:
    """Return the guardrail comparisons whose verdict is worse."""
    guardrails = [block for block in report.others if block.role == "guardrail"]
    return [row for block in guardrails for row in block.differences if row.verdict == "worse"]


@register.filter
def whole_people(share: float, scale: wording.PeopleScale) -> str:
    return scale.count(share)


@register.filter
def decimal(share: float, scale: wording.PeopleScale) -> str:
    return scale.decimal(share)


@register.filter
def signed(share: float, scale: wording.PeopleScale) -> str:
    return scale.signed(share)


@register.filter
def per_hundred(part: int | None, whole: int | None) -> str:
    """Format a ratio per hundred: "98", below ten "1.8"; a dash if a count is hidden or `whole` is zero."""
    if part is None or not whole:
        return "–"
    share = part / whole * 100
    return wording.number(share, 1 if 0 < share < 9.95 else 0)


@register.filter
def percents(shares: list[float]) -> str:
    """Format a list of shares: "25%, 50%, 100%"."""
    return ", ".join(map(wording.percent, shares))


@register.filter
def p_value(p: float | None) -> str:
    return "–" if p is None else wording.p_value(p)


@register.filter
def format_count(number: int | None) -> str:
    """Format a count with thousands separators: "20,000". None is a hidden count."""
    return wording.count_text(number, settings.SMALL_CELL)


@register.filter
def mean(value: float) -> str:
    """Format a mean answer with two decimals: "3.42"."""
    return wording.number(value, 2)
