"""Count closed views into tallies and delete them. Safe to interrupt between any two statements, and to run twice.

Views and tallies are in different databases, so no transaction spans both. For each hour in which views have closed:

1. The spool refuses further events of that hour, and what it holds moves to the database.
2. The database refuses further events of that hour: from here on its views cannot change.
3. For each batch, a range of random nonces: in one transaction of `default`, add the batch to the tallies and record
   how far the hour is counted; then delete the batch in `audience`, where its bytes are overwritten.
4. The table is rewritten, so that nothing of the views is left between its pages.

Interrupted before 2, nothing has happened. Interrupted in 3, the record says up to where views are counted: those are
deleted first, and counting continues behind them. Folds take turns by a file lock. Without it, as on two machines, each
counts a batch only if the record still says what it said when the views were read, and otherwise continues from there.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.db import connections, transaction

from analytics import file_lock
from analytics.fold import count_seals
from analytics.ingest import open_views, writer
from analytics.ingest.open_views import NONCE_PREFIXES, GroupedCounts, NonceRange, ViewGroup
from analytics.models import FoldProgress, Tally, TextTally, Withdrawals
from campaign.assignment.periods import DAY_HOURS, Periods
from campaign.models import AnalysisPlan, Arm, ArmText, addition_sql
from campaign.outcomes import tally_increments

VIEWS_PER_BATCH = 20_000
_EPOCH = date(1970, 1, 1)
TallyKey = tuple[date, int, int, str, str, int]  # day, arm, placement, locale, outcome, value
TextTallyKey = tuple[int, int, str, int]  # text, placement, outcome, value
CountModel = Tally | TextTally | Withdrawals


@dataclass(frozen=True, slots=True)
class HourPlan:
    """The periods of a campaign, which are shorter than a day, and the number of its arms."""

    periods: Periods
    arms: int


@dataclass(frozen=True, slots=True)
class FoldResult:
    """How many views one run counted, and of how many closing hours."""

    views: int
    hours: int


def fold(*, hour: int, batch_size: int = VIEWS_PER_BATCH) -> FoldResult:
    """Fold every view whose window has closed when `hour` (since 1970) begins, in batches of about `batch_size`."""
    with file_lock.hold_lock(settings.DATA_DIRECTORY / "fold.lock"):
        spool = writer.local_spool()
        begun = FoldProgress.objects.filter(through__lt=NONCE_PREFIXES).values_list("closes", flat=True)
        hours = {
            *open_views.closed_hours(hour=hour),
            *(closes for closes in (*spool.waiting_hours(), *begun) if closes <= hour),
        }
        for closes in sorted(hours):
            spool.shut_hour(closes)
        writer.move_spool_to_database(spool)
        views = sum(_fold_hour(closes, batch_size=batch_size) for closes in sorted(hours))
        if FoldProgress.objects.filter(compacted=False).exists() and open_views.compact():
            FoldProgress.objects.filter(compacted=False, through=NONCE_PREFIXES).update(compacted=True)
    return FoldResult(views=views, hours=len(hours))


def _fold_hour(closes: int, *, batch_size: int) -> int:
    """Do steps 2 and 3 for one closing hour, and return how many views were counted."""
    open_views.shut_hour(closes)
    through = _counted_up_to(closes)
    if through > 0:
        open_views.delete_views(NonceRange(closes, 0, through))
    views = open_views.count_views(closes)
    step = min(max(NONCE_PREFIXES * batch_size // max(views, 1), 1), NONCE_PREFIXES)
    counted = 0
    while through < NONCE_PREFIXES:
        batch = NonceRange(closes, through, min(through + step, NONCE_PREFIXES))
        groups, withdrawals = open_views.group_views(batch), open_views.count_withdrawals(batch)
        if _count(batch, groups, withdrawals):
            counted += sum(group.views for group in groups)
            through = batch.end
        else:  # another fold counts this hour: only what it has counted may be deleted
            through = _counted_up_to(closes)
        open_views.delete_views(NonceRange(closes, batch.start, through))
    return counted


def _count(batch: NonceRange, groups: GroupedCounts, withdrawals: Mapping[int, int]) -> bool:
    """Add a batch to the tallies; return False if it was counted already."""
    with transaction.atomic():
        progress, _ = FoldProgress.objects.select_for_update().get_or_create(closes=batch.closes)
        if progress.through < batch.start:
            raise RuntimeError("The fold's recorded progress went backwards. Was the database restored meanwhile?")
        if progress.through > batch.start:
            return False
        progress.through = batch.end
        progress.save(update_fields=["through"])
        _raise_counts(
            tally_views(groups, hour_plans(groups)), tally_texts(groups, _texts_of_arms_with_several()), withdrawals
        )
    return True


def hour_plans(groups: Iterable[ViewGroup]) -> dict[int, HourPlan]:
    """Find the plans whose periods are shorter than a day, by arm."""
    plans = AnalysisPlan.objects.filter(
        period__in=AnalysisPlan.PERIODS_OF_HOURS, campaign__arms__in={group.arm for group in groups}
    ).distinct()
    found: dict[int, HourPlan] = {}
    for plan in plans.select_related("campaign").prefetch_related("campaign__arms"):
        periods, arms = plan.periods_from(plan.campaign.starts_at), plan.campaign.arms.all()
        if periods is not None:
            found |= {arm.pk: HourPlan(periods, len(arms)) for arm in arms}
    return found


def _raise_counts(views: Counter[TallyKey], by_text: Counter[TextTallyKey], withdrawals: Mapping[int, int]) -> None:
    """Add to the counts, and to the sums that seal them (analytics.fold.count_seals).

    Of withdrawals neither day, arm nor placement is known.
    """
    arms = dict(Arm.objects.filter(pk__in={key[1] for key in views}).values_list("pk", "campaign"))
    texts = dict(ArmText.objects.filter(pk__in={key[0] for key in by_text}).values_list("pk", "arm__campaign"))
    additions: list[tuple[int, type[CountModel], tuple[Any, ...], int]] = [
        *((arms[key[1]], Tally, key, amount) for key, amount in sorted(views.items())),
        *((texts[key[0]], TextTally, key, amount) for key, amount in sorted(by_text.items())),
        *((campaign, Withdrawals, (campaign,), amount) for campaign, amount in sorted(withdrawals.items())),
    ]
    sums = count_seals.lock_sums({campaign for campaign, *_ in additions})
    statements = {model: f"{addition_sql(model)} RETURNING count" for model in (Tally, TextTally, Withdrawals)}
    with connections["default"].cursor() as cursor:
        for campaign, model, key, amount in additions:
            cursor.execute(statements[model], [*key, amount])
            now = cursor.fetchone()[0]
            sums.raise_count(campaign, model, key, before=now - amount, now=now)
    sums.save()


def tally_views(groups: Iterable[ViewGroup], plans: Mapping[int, HourPlan] | None = None) -> Counter[TallyKey]:
    """Sum views by day, outcome and value, so that nothing links outcomes of the same view.

    Views of arms that have periods of hours are summed by block, on its last day.
    """
    tallies: Counter[TallyKey] = Counter()
    for group in groups:
        plan = (plans or {}).get(group.arm)
        number = group.hour // DAY_HOURS if plan is None else plan.periods.tally_day(group.hour, plan.arms)
        day = _EPOCH + timedelta(days=number)
        for outcome, value in tally_increments(bits=group.bits, rating=group.rating, dwell=group.dwell):
            tallies[(day, group.arm, group.placement, group.locale, outcome, value)] += group.views
    return tallies


def tally_texts(groups: Iterable[ViewGroup], texts: Mapping[tuple[int, int], int]) -> Counter[TextTallyKey]:
    """Sum the views of these texts, keyed by arm and position, by outcome and value."""
    tallies: Counter[TextTallyKey] = Counter()
    for group in groups:
        text = texts.get((group.arm, group.text))
        if text is not None:
            for outcome, value in tally_increments(bits=group.bits, rating=group.rating, dwell=group.dwell):
                tallies[(text, group.placement, outcome, value)] += group.views
    return tallies


def _texts_of_arms_with_several() -> dict[tuple[int, int], int]:
    """Key the texts of arms that have several by arm and position."""
    several = ArmText.objects.filter(position=1).values("arm")
    return {
        (arm, position): pk
        for pk, arm, position in ArmText.objects.filter(arm__in=several).values_list("pk", "arm", "position")
    }


def _counted_up_to(closes: int) -> int:
    return FoldProgress.objects.filter(closes=closes).values_list("through", flat=True).first() or 0
