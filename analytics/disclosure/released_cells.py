"""Read everything told of a campaign so far as cells: what the attack before each release starts from."""

from collections.abc import Collection, Mapping, Sequence
from functools import cache

from analytics.models import GuardEvent, Release
from analytics.suppression.cells import Parts, RelatedOutcomes, ReleasedCells, is_small
from campaign.models import Campaign
from campaign.outcomes import possible_parts, related_outcomes

ArmCells = dict[str, ReleasedCells]  # by the arm's key


@cache
def joint_tables(outcomes: tuple[str, ...]) -> list[RelatedOutcomes]:
    """Group outcomes by what they have in common, with every combination of parts that one view can have."""
    return [RelatedOutcomes(group, tuple(possible_parts(group))) for group in related_outcomes(outcomes)]


def released_cells(campaign: Campaign) -> list[ArmCells]:
    """What looks showed, by text as well, and the counts on which arms were paused or texts stopped, in order.

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


def waiting_arms(
    told: Sequence[ArmCells], seen: Mapping[str, int], paused: Collection[str], *, least: int
) -> dict[str, int]:
    """The people told of each paused arm of whom fewer than `least` were counted since.

    Nobody is shown such an arm any more, so a look that waited for it would wait for ever: it is taken without it.
    """
    last = {key: next((look[key].n for look in reversed(told) if key in look), 0) for key in paused}
    return {key: n for key, n in last.items() if n and is_small(seen[key] - n, least)}


def read_release(stored: Release) -> ArmCells:
    """The cells of each arm that a stored release shows; of an arm that waits it shows nothing new."""
    cells = {}
    for key, arm in stored.arms.items():
        if arm.get("waits"):
            continue
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
    return {key: _read_judged(stored.outcome, counts) for key, counts in stored.judged_on.items()}


def _read_judged(outcome: str, stored: list[int | None] | dict[str, list[int | None]]) -> ReleasedCells:
    """The stored counts of an arm, or of each of its texts."""
    if isinstance(stored, dict):
        return text_cells(outcome, {text: (seen or 0, events) for text, (seen, events) in stored.items()})
    seen, events = stored
    return ReleasedCells(seen or 0, {outcome: None if events is None or seen is None else (events, seen - events)})


def text_cells(outcome: str, texts: Mapping[str, tuple[int, int | None]]) -> ReleasedCells:
    """The table of an arm by text, of who saw each and had the outcome; None where that is not told."""
    parts = {text: None if events is None else (events, seen - events) for text, (seen, events) in texts.items()}
    told = [each for each in parts.values() if each is not None]
    return ReleasedCells(
        sum(seen for seen, _ in texts.values()),
        {outcome: (sum(a for a, _ in told), sum(b for _, b in told)) if len(told) == len(parts) else None},
        {text: seen for text, (seen, _) in texts.items()},
        {outcome: parts},
        by_text=True,
    )


def last_told_text(told: Sequence[ArmCells], arm: str, text: str, outcome: str) -> tuple[int, int | None]:
    """How many people are told to have seen a text, and to have had a yes/no outcome by then; nobody if never told."""
    for cells in reversed(told):
        if arm in cells and cells[arm].by_text and (seen := cells[arm].seen.get(text)) is not None:
            parts = cells[arm].parts.get(outcome, {}).get(text)
            return seen, None if parts is None else parts[0]
    return 0, 0


def _parts(stored: Sequence[int] | None) -> Parts | None:
    return None if stored is None else tuple(stored)
