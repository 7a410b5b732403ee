"""Read everything told of a campaign so far as cells: what the attack before each release starts from."""

from collections.abc import Sequence
from functools import cache

from analytics.models import GuardEvent, Release
from analytics.suppression.cells import Parts, RelatedOutcomes, ReleasedCells
from campaign.models import Campaign
from campaign.outcomes import possible_parts, related_outcomes

ArmCells = dict[str, ReleasedCells]  # by the arm's key


@cache
def joint_tables(outcomes: tuple[str, ...]) -> list[RelatedOutcomes]:
    """Group outcomes by what they have in common, with every combination of parts that one view can have."""
    return [RelatedOutcomes(group, tuple(possible_parts(group))) for group in related_outcomes(outcomes)]


def told_cells(campaign: Campaign) -> list[ArmCells]:
    """What looks showed, by text as well, and the counts on which arms were paused, in order.

    A pause tells that a harm was certain on counts that it does not name. They are taken as told, to be safe.
    """
    looks = Release.objects.filter(analysis__campaign=campaign, is_withheld=False).select_related("analysis")
    told = [
        (each.analysis.made_at, cells)
        for each in looks.order_by("analysis__look")
        for cells in (read_release(each), _read_texts(each))
        if cells
    ]
    pauses = GuardEvent.objects.filter(campaign=campaign).order_by("at", "pk")
    told += [(each.at, cells) for each in pauses if (cells := _read_pause(each))]
    return [cells for _, cells in sorted(told, key=lambda each: (each[0], max(arm.n for arm in each[1].values())))]


def read_release(stored: Release) -> ArmCells:
    """The cells of each arm that a stored release shows."""
    cells = {}
    for key, arm in stored.arms.items():
        table = (stored.table or {}).get(key, {"seen": {}, "parts": {}})
        parts = {name: {column: _parts(each) for column, each in row.items()} for name, row in table["parts"].items()}
        totals = {outcome: _parts(each) for outcome, each in arm["totals"].items()}
        cells[key] = ReleasedCells(arm["n"], totals, table["seen"], parts)
    return cells


def _read_texts(stored: Release) -> ArmCells:
    """What a stored release shows of each text of the arms that have several."""
    whole = read_release(stored)
    return {
        key: ReleasedCells(
            whole[key].n,
            whole[key].totals,
            arm["seen"],
            {name: {text: _parts(each) for text, each in row.items()} for name, row in arm["parts"].items()},
            by_text=True,
        )
        for key, arm in (stored.texts or {}).items()
    }


def _read_pause(stored: GuardEvent) -> ArmCells:
    """The counts of arm and control at a pause; none if it was recorded before they were kept."""
    return {
        key: ReleasedCells(seen, {stored.outcome: None if events is None else (events, seen - events)})
        for key, (seen, events) in stored.judged_on.items()
    }


def _parts(stored: Sequence[int] | None) -> Parts | None:
    return None if stored is None else tuple(stored)
