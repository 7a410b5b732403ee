"""Shown messages that are not counted yet, in the audience database."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length
from django.db.models.lookups import Exact

from campaign.models import hour_is_whole
from messages.text.language_tags import LONGEST_TAG


class OpenView(models.Model):
    """One shown message while its receipt is valid; then it is counted and deleted. Stored in `audience`.

    Hours are whole numbers since 1970 UTC, so that no finer time can be stored. Arms and placements are plain numbers
    because their tables are in the other database. The key begins with the closing hour, so that folding reads and
    deletes one range of it. On SQLite rows are stored in key order, which is random, not in order of arrival.
    """

    pk = models.CompositePrimaryKey("closes", "nonce")
    closes = models.PositiveIntegerField()
    nonce = models.BinaryField(max_length=16)
    campaign = models.PositiveIntegerField()
    arm = models.PositiveIntegerField()
    placement = models.PositiveIntegerField()
    locale = models.CharField(max_length=LONGEST_TAG)
    hour = models.PositiveIntegerField()
    bits = models.PositiveSmallIntegerField(help_text="Outcomes so far, one bit each; see campaign.outcomes.")
    rating = models.PositiveSmallIntegerField(null=True)
    dwell = models.PositiveSmallIntegerField(null=True)
    left_out = models.BooleanField(default=False, db_default=False, help_text="Dropped when views are counted.")
    text = models.PositiveSmallIntegerField(default=0, db_default=0, help_text="Which text of the arm was shown.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(closes__gt=F("hour")), name="openview_closes_after_its_hour"),
            models.CheckConstraint(condition=Q(closes__lte=F("hour") + 25), name="openview_lives_a_day_at_most"),
            models.CheckConstraint(condition=hour_is_whole("hour"), name="openview_hour_is_whole"),
            models.CheckConstraint(condition=hour_is_whole("closes"), name="openview_closes_is_whole"),
            models.CheckConstraint(condition=Exact(Length("nonce"), 16), name="openview_nonce_of_128_bits"),
            models.CheckConstraint(condition=Q(rating__range=(1, 5)), name="openview_rating_from_the_list"),
            models.CheckConstraint(condition=Q(dwell__range=(1, 4)), name="openview_dwell_from_the_list"),
        ]

    def __str__(self) -> str:
        return "an open view"


class ShutHour(models.Model):
    """A closing hour whose views are counted or being counted, so events for it are refused. Stored in `audience`."""

    closes = models.PositiveIntegerField(primary_key=True)

    class Meta:
        db_table = "analytics_foldedhour"
        constraints = [models.CheckConstraint(condition=hour_is_whole("closes"), name="foldedhour_is_whole")]

    def __str__(self) -> str:
        return f"views that closed at hour {self.closes}"
