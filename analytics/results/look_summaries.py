"""Summarize the latest look of each campaign, for lists of campaigns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils.translation import get_language

from analytics import wording
from analytics.disclosure import gate
from analytics.models import GuardEvent
from analytics.report_rows import OutcomeBlock
from analytics.results.headline import headline, stopped_by
from analytics.results.outcome_rows import outcome_blocks
from campaign.lifecycle.frozen_plan import changed_plans
from campaign.models import Campaign
from messages.audit.verified_before import verified_before


@dataclass(frozen=True, slots=True)
class LookSummary:
    """The latest look at one campaign, as a list of campaigns shows it."""

    look: int
    made_at: datetime
    sentence: str
    withheld: bool
    lead_frame: str
    people_in_words: str


@dataclass(frozen=True, slots=True)
class _SummaryInputs:
    """All that the summaries depend on beside rows and the key of this machine."""

    campaigns: tuple[int, ...]
    changed: tuple[tuple[int, tuple[str, ...]], ...]
    early: bool
    language: str | None
    least: int


def look_summaries(
    campaigns: Sequence[Campaign], *, early: bool = True, changed: Mapping[int, Sequence[str]] | None = None
) -> dict[int, LookSummary]:
    """Return the summary of each campaign that has a look, by primary key. It matches the campaign's results page.

    `changed` is what `changed_plans` has just said of these campaigns; without it they are compared here.
    """
    numbers = tuple(campaign.pk for campaign in campaigns)
    found = changed_plans(numbers) if changed is None else changed
    parts = tuple((number, tuple(found[number])) for number in numbers if number in found)
    return _look_summaries(_SummaryInputs(numbers, parts, early, get_language(), settings.SMALL_CELL))


@verified_before
def _look_summaries(asked: _SummaryInputs) -> dict[int, LookSummary]:
    summaries = {}
    campaigns = list(Campaign.objects.filter(pk__in=asked.campaigns))
    events: dict[int, list[GuardEvent]] = {}
    for event in GuardEvent.objects.filter(campaign__in=campaigns).select_related("arm", "text"):
        events.setdefault(event.campaign_id, []).append(event)
    for look in gate.latest_released_looks(campaigns, early=asked.early, changed=dict(asked.changed)):
        shown = look.shown_analysis
        primary = outcome_blocks(look.estimates, shown.campaign.plan, embargoed=shown.embargoed)[0]
        verdict = headline(primary, look, stopped_by(events.get(look.analysis.campaign_id, ()), look))
        summaries[look.analysis.campaign_id] = LookSummary(
            look=look.analysis.look,
            made_at=look.analysis.made_at,
            sentence=verdict.sentence,
            withheld=look.is_withheld,
            lead_frame=verdict.frame,
            people_in_words=wording.people_text(people_exposed(primary)),
        )
    return summaries


def people_exposed(primary: OutcomeBlock) -> int | None:
    """Return how many people saw a message, or None if the count of any arm is hidden."""
    counts = [row.n for row in primary.rates if row.n is not None]
    return sum(counts) if len(counts) == len(primary.rates) else None
