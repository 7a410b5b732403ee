"""What serving counts: messages served and left out, and the sketches of networks. Never a row per message."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Length
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _

from campaign.models.campaigns import Arm
from campaign.models.placements import Placement
from campaign.models.whole_units import day_is_whole
from messages.text.language_tags import LONGEST_TAG


def addition_sql(model: type[models.Model]) -> str:
    """The statement that adds to one count. Its parameters are the fields of the key, then the count."""
    table, key = model._meta.db_table, [str(field.column) for field in model._meta.pk_fields]
    return f"""
        INSERT INTO {table} ({", ".join(key)}, count) VALUES ({"%s, " * len(key)} %s)
        ON CONFLICT ({", ".join(key)}) DO UPDATE SET count = {table}.count + excluded.count
    """  # noqa: S608  (only names of tables and columns are put in)


class ServedCount(models.Model):
    """How many messages of one arm were served on one day. A count, never a row per message."""

    pk = models.CompositePrimaryKey("day", "arm_id", "placement_id", "locale")
    day = models.DateField()
    arm = models.ForeignKey(Arm, on_delete=models.PROTECT, related_name="served")
    placement = models.ForeignKey(Placement, on_delete=models.PROTECT, related_name="+")
    locale = models.CharField(max_length=LONGEST_TAG)
    count = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=day_is_whole("day"), name="served_count_day_is_whole")]

    def __str__(self) -> str:
        return f"{self.arm} {self.day}: {self.count}"


class LeftOutCount(models.Model):
    """How many messages were shown but excluded from the trial: to bots, a rate-limited network, or in a wash-out."""

    class Reason(models.TextChoices):
        MACHINE = "machine", _("Requested by a bot")
        CROWD = "crowd", _("Too many requests from one network")
        WASHOUT = "washout", _("At the start of a period, which is not counted")

    pk = models.CompositePrimaryKey("day", "placement_id", "reason")
    day = models.DateField()
    placement = models.ForeignKey(Placement, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=8, choices=Reason)
    count = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=day_is_whole("day"), name="left_out_count_day_is_whole"),
            models.CheckConstraint(
                condition=Q(reason__in=("machine", "crowd", "washout")), name="left_out_count_reason_is_listed"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.placement} {self.day}, {self.reason}: {self.count}"


class NetworkSketch(models.Model):
    """One sketch that counted networks on one day: each server begins one a day, and another when it starts anew."""

    number = models.BinaryField(primary_key=True, max_length=16, help_text="Random, and of no other use.")
    day = models.DateField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=day_is_whole("day"), name="network_sketch_day_is_whole"),
            models.CheckConstraint(condition=Exact(Length("number"), 16), name="network_sketch_number_of_128_bits"),
        ]

    def __str__(self) -> str:
        return f"a sketch of {self.day}"
