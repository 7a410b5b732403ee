"""What was counted of views that are over."""

from django.db import models

from campaign.models import Arm, ArmText, Campaign, Placement, day_is_whole, hour_is_whole
from campaign.outcomes import outcome_choices
from messages.text.language_tags import LONGEST_TAG


class FoldProgress(models.Model):
    """How many of the 65,536 parts of a closing hour, equal because nonces are random, are in the tallies."""

    closes = models.PositiveIntegerField(primary_key=True)
    through = models.PositiveIntegerField(default=0)
    compacted = models.BooleanField(default=False, help_text="Whether the table was written anew after it.")

    class Meta:
        constraints = [models.CheckConstraint(condition=hour_is_whole("closes"), name="foldprogress_is_whole")]

    def __str__(self) -> str:
        return f"hour {self.closes}: {self.through} of 65,536"


class Tally(models.Model):
    """Views of one arm with one outcome on a day, at a placement, in a locale. The key reveals no order of events."""

    pk = models.CompositePrimaryKey("day", "arm_id", "placement_id", "locale", "outcome", "value")
    day = models.DateField()
    arm = models.ForeignKey(Arm, on_delete=models.PROTECT, related_name="tallies")
    placement = models.ForeignKey(Placement, on_delete=models.PROTECT, related_name="+")
    locale = models.CharField(max_length=LONGEST_TAG)
    outcome = models.CharField(max_length=16, choices=outcome_choices)
    value = models.PositiveSmallIntegerField(default=0)
    count = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ["day", "arm", "placement", "outcome", "value"]
        constraints = [models.CheckConstraint(condition=day_is_whole("day"), name="tally_day_is_whole")]

    def __str__(self) -> str:
        return f"{self.day} {self.arm} {self.outcome}: {self.count}"


class TextTally(models.Model):
    """Views of one text with one outcome at a placement, for arms with several texts; all of them are in the tallies.

    Over all days and locales: results by text need no more.
    """

    pk = models.CompositePrimaryKey("text_id", "placement_id", "outcome", "value")
    text = models.ForeignKey(ArmText, on_delete=models.PROTECT, related_name="tallies")
    placement = models.ForeignKey(Placement, on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=16)
    value = models.PositiveSmallIntegerField(default=0)
    count = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.text} {self.outcome}: {self.count}"


class CountSeal(models.Model):
    """The sum of keyed numbers that stand for the counts of a campaign, with a seal: see analytics.fold.count_seals."""

    campaign = models.OneToOneField(Campaign, primary_key=True, on_delete=models.PROTECT, related_name="+")
    total = models.CharField(max_length=64)
    seal = models.CharField(max_length=64, blank=True, help_text="Empty for good once it was not genuine.")

    def __str__(self) -> str:
        return f"{self.campaign}: seal of its counts"


class Withdrawals(models.Model):
    """How many visitors of a campaign asked not to be counted: of which arm, place or day is known to nobody."""

    campaign = models.OneToOneField(Campaign, primary_key=True, on_delete=models.PROTECT, related_name="withdrawals")
    count = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.campaign}: withdrawals"
