"""What templates need to show a report: its charts, its numbers as people say them, its 2 by 2 card."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django import template
from django.conf import settings
from django.template import Context
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from analytics import wording
from analytics.embargo.request import may_look_early
from analytics.models import Notice
from analytics.report_rows import DifferenceRow, OutcomeBlock, PooledRow, RateRow
from analytics.results import build as reports
from analytics.results import charts
from analytics.results.build import Report
from campaign.models import Campaign

register = template.Library()


@dataclass(frozen=True, slots=True)
class AddedHarm:
    """What one harm did when it was added: alone, or on top of the other harm."""

    harm: str
    baseline: str
    row: DifferenceRow


@dataclass(frozen=True, slots=True)
class TwoByTwoCard:
    """The 2 by 2 card: four rates, and the planned comparisons that add one harm at a time."""

    neutral: RateRow
    victim: RateRow
    user: RateRow
    both: RateRow
    added: tuple[AddedHarm, ...]


@register.simple_tag
def rates_chart(block: OutcomeBlock, level: float, drawing: str) -> SafeString:
    return charts.rates_chart(block, level=level, layout_name=drawing)


@register.simple_tag
def differences_chart(block: OutcomeBlock, level: float, drawing: str) -> SafeString:
    return charts.differences_chart(block, level=level, layout_name=drawing)


@register.simple_tag
def scale_of(block: OutcomeBlock) -> wording.PeopleScale:
    return charts.scale_of(block)


@register.simple_tag(takes_context=True)
def with_headlines(
    context: Context, campaigns: Sequence[Campaign]
) -> list[tuple[Campaign, reports.LookSummary | None]]:
    """Each campaign with what its last look says, for pages of apps that may not import this one."""
    listed = list(campaigns)
    found = reports.look_summaries(listed, early=may_look_early(context["user"]))
    return [(campaign, found.get(campaign.pk)) for campaign in listed]


@register.simple_tag
def done_campaigns(campaigns: Iterable[Campaign]) -> set[int]:
    """The numbers of those that a notice says are done: the planned people, a decision, the last day."""
    done = Notice.objects.filter(campaign__in=[campaign.pk for campaign in campaigns], kind__in=Notice.DONE)
    return set(done.order_by().values_list("campaign", flat=True))


@register.simple_tag
def second_harm(block: OutcomeBlock) -> TwoByTwoCard | None:
    """The 2 by 2 card if the arms are exactly neutral, victim, user and both; it adds no statistics of its own."""
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
def interval(row: RateRow | DifferenceRow | PooledRow, how: str, scale: wording.PeopleScale) -> str:
    """Both ends of a row's interval, told as its number is."""
    assert row.low is not None  # the page asks only where there is a number
    assert row.high is not None
    tell = {"signed": scale.signed, "decimal": lambda share: decimal(share, scale), "mean": mean}[how]
    return wording.range_text(tell(row.low), tell(row.high))


@register.simple_tag
def next_interval(row: PooledRow, scale: wording.PeopleScale) -> str:
    """Where one more campaign may land."""
    return wording.range_text(scale.signed(row.next_low), scale.signed(row.next_high))


@register.filter
def against_control(block: OutcomeBlock, key: str) -> DifferenceRow | None:
    """The planned comparison of one arm with the control, if there is one."""
    controls = {row.key for row in block.rates if row.is_control}
    return next((row for row in block.differences if row.treated == key and row.control in controls), None)


@register.filter
def worse(report: Report) -> list[DifferenceRow]:
    """Guardrail comparisons that came out worse: they are said aloud, above everything secondary."""
    return [
        row
        for block in report.others
        if block.role == "guardrail"
        for row in block.differences
        if row.verdict == "worse"
    ]


@register.filter
def count(share: float, scale: wording.PeopleScale) -> str:
    return scale.count(share)


@register.filter
def decimal(share: float, scale: wording.PeopleScale) -> str:
    """A share with one decimal, in people of the scale: 0.4372 of 100 is "43.7"."""
    return wording.number(share * scale.base, 1)


@register.filter
def signed(share: float, scale: wording.PeopleScale) -> str:
    return scale.signed(share)


@register.filter
def of(part: int | None, whole: int | None) -> str:
    """How many of 100: "98", or a dash where nothing was sent, or where it is hidden."""
    return wording.number(part / whole * 100) if part is not None and whole else "–"


@register.filter
def of_pairs(effect: float) -> str:
    """What a chance of answering higher is beyond one half, as pairs of 100: 0.06 is "56"."""
    return f"{round((0.5 + effect) * 100)}"


@register.filter
def people(share: float, scale: wording.PeopleScale) -> str:
    """A planned difference in people: 0.02 of 100 is "2"."""
    return wording.compact_number(share * scale.base)


@register.filter
def percent(level: float) -> str:
    return wording.percent(level)


@register.filter
def percents(shares: list[float]) -> str:
    """The looks of a plan: "25%, 50%, 100%"."""
    return ", ".join(map(wording.percent, shares))


@register.filter
def p_value(p: float | None) -> str:
    return "–" if p is None else wording.p_value(p)


@register.filter
def count_of(number: int | None) -> str:
    """A count with its thousands parted: "20,000"; or that it is hidden."""
    return wording.count_text(number, settings.SMALL_CELL)


@register.filter
def in_words(share: float) -> str:
    """A planned share as people: "2 in 100"; of more people where whole ones would not show it."""
    scale = wording.choose_scale([share]) if 0 < share < 0.01 else wording.PeopleScale(100)
    return gettext("%(number)s in %(people)s") % {
        "number": wording.compact_number(share * scale.base),
        "people": scale.people,
    }


@register.filter
def mean(value: float) -> str:
    """A mean answer with two decimals: "3.42"."""
    return wording.number(value, 2)


@register.filter
def statistic(value: float) -> str:
    """A test statistic with three decimals."""
    return wording.number(value, 3)
