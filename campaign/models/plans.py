"""Analysis plans, their outcomes, and deviations from them."""

from datetime import datetime
from math import ceil, floor
from typing import NamedTuple

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaign.assignment.periods import DAY_HOURS, WEEK_HOURS, Periods
from campaign.models.campaigns import Campaign
from campaign.outcomes import outcome_choices
from campaign.planned_people import planned_people


def default_looks() -> list[float]:
    """Look after a tenth of the planned people, and at the end."""
    return [0.1, 1.0]


class Pair(NamedTuple):
    """One planned comparison, as arm keys: treated minus control."""

    treated: str
    control: str


class AnalysisPlan(models.Model):
    """The analysis plan frozen at launch: comparisons, confidence level and smallest difference that matters."""

    class Correction(models.TextChoices):
        HOLM = "holm", _("Holm")
        BONFERRONI = "bonferroni", _("Bonferroni")
        BENJAMINI_HOCHBERG = "benjamini-hochberg", _("Benjamini-Hochberg")
        DUNNETT = "dunnett", _("Dunnett")
        NONE = "none", _("None")

    class Monitoring(models.TextChoices):
        ALWAYS_VALID = "always-valid", _("Look at any time")
        GROUP_SEQUENTIAL = "group-sequential", _("Look at set points")
        FIXED = "fixed", _("Look once, at the end")

    class Spending(models.TextChoices):
        OBRIEN_FLEMING = "obrien-fleming", _("O'Brien-Fleming")
        POCOCK = "pocock", _("Pocock")

    class Strata(models.TextChoices):
        PLACEMENT = "placement", _("Placement")

    class Clusters(models.TextChoices):
        PLACEMENT_DAY = "placement-day", _("Placement and day")
        PERIOD = "period", _("Period")

    class Period(models.TextChoices):
        HOUR = "1h", _("1 hour")
        TWO_HOURS = "2h", _("2 hours")
        THREE_HOURS = "3h", _("3 hours")
        FOUR_HOURS = "4h", _("4 hours")
        SIX_HOURS = "6h", _("6 hours")
        EIGHT_HOURS = "8h", _("8 hours")
        TWELVE_HOURS = "12h", _("12 hours")
        DAY = "day", _("Whole days")
        WEEK = "week", _("Whole weeks")

    HOURS = (1, 2, 3, 4, 6, 8, 12)  # the periods shorter than a day
    PERIODS_OF_HOURS = tuple(f"{hours}h" for hours in HOURS)
    _HOURS_OF_PERIOD = {**dict(zip(PERIODS_OF_HOURS, HOURS, strict=True)), "day": DAY_HOURS, "week": WEEK_HOURS}
    MOST_WEEKS = 104
    LEAST_WASHOUT, MOST_WASHOUT = 5, 720  # minutes; caches hold a text for five

    class Texts(models.TextChoices):
        MATCHED = "matched", _("Matched sets")
        DIFFERENT = "different", _("Different texts in each message")

    campaign = models.OneToOneField(Campaign, on_delete=models.PROTECT, related_name="plan")
    level = models.FloatField(default=0.95, validators=[MinValueValidator(0.5), MaxValueValidator(0.999)])
    smallest_difference = models.FloatField(
        default=0.02,
        help_text="For the primary outcome, as a share: 0.02 is 2 people in 100. Less would not change what we do.",
    )
    planned_per_arm = models.PositiveIntegerField(help_text="People to be shown each arm before the planned analysis.")
    expected_rate = models.FloatField(
        null=True,
        blank=True,
        help_text="How many we think will do the primary outcome after the control arm, as a share: what "
        "planned_per_arm was reckoned with.",
    )
    power = models.FloatField(default=0.8, help_text="How surely a difference of the smallest size should show.")
    comparisons = models.JSONField(default=list, help_text='Pairs of arm keys: [["victim", "neutral"], ...].')
    correction = models.CharField(max_length=20, choices=Correction, default=Correction.HOLM)
    monitoring = models.CharField(max_length=16, choices=Monitoring, default=Monitoring.ALWAYS_VALID)
    looks = models.JSONField(
        default=default_looks,
        help_text="Shares of the planned people at which to look, rising to 1. Nothing is shown before the first.",
    )
    spending = models.CharField(max_length=16, choices=Spending, default=Spending.OBRIEN_FLEMING)
    strata = models.CharField(max_length=10, choices=Strata, blank=True, default="")
    clusters = models.CharField(max_length=16, choices=Clusters, blank=True, default="")
    design_effect = models.FloatField(
        null=True, blank=True, help_text="By what factor strata or clusters change the people needed; empty: not known."
    )
    texts = models.CharField(
        max_length=10, choices=Texts, blank=True, default="", help_text="How the texts of arms relate; empty: one each."
    )
    text_spread = models.FloatField(
        null=True, blank=True, help_text="By how much texts of one appeal may differ, as a share; empty: not said."
    )
    period = models.CharField(
        max_length=4, choices=Period, blank=True, default="", help_text="How long a placement shows one arm."
    )
    washout_minutes = models.PositiveSmallIntegerField(
        default=60, help_text="At the start of each period, not counted: caches may hold what was shown before."
    )
    period_weeks = models.PositiveSmallIntegerField(
        default=0, help_text="How many weeks of periods are planned, a multiple of the arms."
    )
    frozen_at = models.DateTimeField(null=True, blank=True)
    canonical = models.TextField(blank=True, help_text="The plan as canonical JSON, exactly as it was hashed.")
    fingerprint = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the canonical JSON.")
    told = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True, related_name="+", help_text="Who hears of harm, by e-mail."
    )
    webhook = models.URLField(blank=True, help_text="An address of your own that hears of the same; https only.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(level__gt=0, level__lt=1), name="plan_level_is_a_share"),
            models.CheckConstraint(
                condition=Q(smallest_difference__gte=0, smallest_difference__lt=1), name="plan_difference_is_a_share"
            ),
            models.CheckConstraint(
                condition=Q(frozen_at__isnull=True) | ~Q(fingerprint=""), name="plan_frozen_has_a_fingerprint"
            ),
            models.CheckConstraint(
                condition=Q(expected_rate__gt=0, expected_rate__lt=1), name="plan_expected_rate_is_a_share"
            ),
            models.CheckConstraint(condition=Q(power__gt=0, power__lt=1), name="plan_power_is_a_chance"),
            models.CheckConstraint(
                condition=Q(washout_minutes__gte=5, washout_minutes__lte=720), name="plan_washout_of_some_minutes"
            ),
        ]

    def __str__(self) -> str:
        return f"Plan of {self.campaign}"

    @property
    def planned_people(self) -> int:
        """The people in all before the planned analysis, split by the weights of the arms."""
        return planned_people(self.planned_per_arm, [arm.weight for arm in self.campaign.arms.all()])

    def periods_from(self, starts_at: datetime | None) -> Periods | None:
        """The planned periods of a campaign that starts then: from the first full day on, by the clock of UTC.

        Without a number of weeks, as for what is in use, they begin with the day of the start and go on. No period is
        compared with another then, so all of it counts.
        """
        if not self.period or starts_at is None:
            return None
        days, hours = starts_at.timestamp() / 3600 / DAY_HOURS, self.period_hours
        if not self.period_weeks:
            return Periods(floor(days) * DAY_HOURS, hours, 0, 0)
        first = ceil(days) * DAY_HOURS
        return Periods(first, hours, self.washout_minutes, self.period_weeks * WEEK_HOURS // hours)

    @property
    def period_hours(self) -> int:
        """The length of a period; 0 without periods."""
        return self._HOURS_OF_PERIOD.get(self.period, 0)

    @property
    def has_hour_periods(self) -> bool:
        """Whether a placement shows an arm for less than a day."""
        return self.period in self.PERIODS_OF_HOURS

    @property
    def washout_share(self) -> float:
        """The part of each period that is not counted; 0 without periods."""
        return self.washout_minutes / (60 * self.period_hours) if self.period else 0.0

    @property
    def recorded_washout(self) -> dict[str, int]:
        """The wash-out as plans and drafts record it: in hours, as before there were minutes, or in minutes."""
        hours, minutes = divmod(self.washout_minutes, 60)
        return {"washout_minutes": self.washout_minutes} if minutes else {"washout_hours": hours}

    @property
    def pairs(self) -> list[Pair]:
        """The complete comparisons; a draft may hold incomplete ones."""
        return [Pair(*pair) for pair in self.comparisons if len(pair) == 2]


class WebhookTest(models.Model):
    """The last test delivery to the webhook of a plan that is not frozen. It was accepted if `failure` is empty."""

    plan = models.OneToOneField(AnalysisPlan, primary_key=True, on_delete=models.CASCADE, related_name="webhook_test")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the address, which may hold a secret.")
    at = models.DateTimeField()
    failure = models.CharField(max_length=80, blank=True, help_text="The name of the error.")
    seal = models.CharField(
        max_length=64, blank=True, db_default="", help_text="Of the row, by a key of the key directory."
    )

    def __str__(self) -> str:
        return f"a test of the webhook of {self.plan}"


class Deviation(models.Model):
    """A deviation from the frozen plan and its reason, shown with every later result. Append-only."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="deviations")
    at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", help_text="Empty: the worker."
    )
    what = models.CharField(max_length=500)
    why = models.CharField(max_length=500)

    class Meta:
        ordering = ["campaign", "at", "id"]

    def __str__(self) -> str:
        return self.what


class PlannedOutcome(models.Model):
    """One outcome of a plan and its role; exactly one is primary."""

    class Role(models.TextChoices):
        PRIMARY = "primary", _("Primary")
        SECONDARY = "secondary", _("Secondary")
        GUARDRAIL = "guardrail", _("Guardrail")

    plan = models.ForeignKey(AnalysisPlan, on_delete=models.PROTECT, related_name="outcomes")
    outcome = models.CharField(max_length=16, choices=outcome_choices)
    role = models.CharField(max_length=9, choices=Role)
    smallest_difference = models.FloatField(
        null=True, blank=True, help_text="For this outcome, as a share; the primary outcome's stands in the plan."
    )
    harm_margin = models.FloatField(
        null=True,
        blank=True,
        help_text="For a guardrail, as a share: an arm surely worse than control by more is paused.",
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "outcome"], name="planned_outcome_once"),
            models.UniqueConstraint(fields=["plan"], condition=Q(role="primary"), name="planned_outcome_one_primary"),
        ]

    def __str__(self) -> str:
        return f"{self.outcome} ({self.role})"
