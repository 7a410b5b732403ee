"""Summarize the latest look of each campaign, for lists of campaigns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from analytics import wording
from analytics.disclosure import gate
from analytics.models import GuardEvent
from analytics.report_rows import OutcomeBlock
from analytics.results.headline import headline, stopped_by
from analytics.results.outcome_rows import outcome_blocks
from campaign.models import Campaign


@dataclass(frozen=True, slots=True)
class LookSummary:
    """The latest look at one campaign, as a list of campaigns shows it."""

    look: int
    made_at: datetime
    sentence: str
    withheld: bool
    lead_frame: str
    people_in_words: str


def look_summaries(
    campaigns: Sequence[Campaign], *, early: bool = True, changed: Mapping[int, Sequence[str]] | None = None
) -> dict[int, LookSummary]:
    """Return the summary of each campaign that has a look, by primary key. It matches the campaign's results page."""
    summaries = {}
    events: dict[int, list[GuardEvent]] = {}
    for event in GuardEvent.objects.filter(campaign__in=campaigns).select_related("arm", "text"):
        events.setdefault(event.campaign_id, []).append(event)
    for look in gate.latest_released_looks(campaigns, early=early, changed=changed):
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
