"""How many people saw each text of an arm: texts are drawn evenly, so a skew is a fault.

Where a text is shown to everybody for a day, days are drawn and not people, so there is no such check.
"""

from collections import defaultdict
from collections.abc import Sequence

from django.db.models import Sum

from analytics.models import TextTally
from campaign.models import Arm, Campaign


def text_exposures(arms: Sequence[Arm]) -> dict[int, list[int]]:
    """How many people saw each text that was never stopped, of arms with several: they are drawn evenly."""
    drawn = [arm for arm in arms if len(arm.texts.all()) > 1 and arm.campaign.unit != Campaign.Unit.PERIOD]
    shown = [text for arm in drawn for text in arm.texts.all() if text.stopped_at is None]
    if not shown:
        return {}
    seen = TextTally.objects.filter(text__in=shown, outcome="exposed").order_by().values_list("text")
    counts, exposures = dict(seen.annotate(Sum("count"))), defaultdict(list)
    for text in shown:
        exposures[text.arm_id].append(counts.get(text.pk, 0))
    return dict(exposures)
