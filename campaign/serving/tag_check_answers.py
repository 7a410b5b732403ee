"""A test of a placement at the audience surface: what a visitor would be shown, without a receipt."""

from __future__ import annotations

from campaign.assignment.receipts import told_by
from campaign.placements import tag_check
from campaign.placements.tag_check import Mark, Problem, Way
from campaign.serving import decision
from campaign.serving.application import Refusal, Surroundings
from campaign.serving.snapshot import PlacementEntry, Shown


def failed(at: Surroundings, text: str | None, problem: Problem, origin: str | None = None) -> None:
    """Tell a test that is open, if the request carries its mark, what was wrong."""
    mark = None if text is None else tag_check.opened(text, now=at.clock())
    if mark is not None:
        at.served.tests.refused(mark, problem=problem, now=at.clock(), origin=origin)


def shown(at: Surroundings, placement: PlacementEntry, mark: Mark, *, way: Way, locale: str | None) -> Shown:
    """Note that the placement was reached; the words that stand there now, or Refusal."""
    now = at.clock()
    if mark.placement != placement.id:
        at.served.tests.refused(mark, problem=Problem.KEY, now=now)
        raise Refusal(404, "preview_unknown", "This is a test of another placement: look at the key.")
    at.served.tests.seen(mark, way=way, now=now)
    try:
        offer = decision.decide(placement, locale, None, now, at.office, at.life_hours).offer
    except decision.Unavailable as reason:
        if placement.fallback:
            return decision.in_locale(placement.fallback, locale)
        raise Refusal(409, reason.code, decision.WHY_NOT[reason.code]) from None
    _, arm, _ = told_by(offer.facts)
    return placement.previews[arm].shown[offer.locale]
