"""Looks at the results of a campaign, what may be shown of them, and rehearsals."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaign.models import Arm, Campaign


class Analysis(models.Model):
    """One recorded look at a campaign. Append-only."""

    class SampleRatio(models.TextChoices):
        OK = "ok", _("Messages are shown as often as planned")
        CAUTION = "caution", _("Messages are shown slightly off the planned split")
        ALARM = "alarm", _("Messages are not shown as often as planned")
        UNKNOWN = "unknown", _("Too few people to check the split")

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="analyses")
    look = models.PositiveIntegerField()
    made_at = models.DateTimeField()
    plan_fingerprint = models.CharField(max_length=64)
    outcome = models.CharField(max_length=16)
    level = models.FloatField()
    smallest_difference = models.FloatField()
    from_day = models.DateField(null=True)
    to_day = models.DateField(null=True)
    monitoring = models.CharField(max_length=16)
    information = models.FloatField(help_text="People counted so far as a share of those planned.")
    embargoed = models.BooleanField(default=False, help_text="Before the first planned look: health only.")
    exploratory = models.BooleanField(default=False, help_text="A look that the plan does not hold.")
    exception = models.CharField(max_length=300, blank=True, help_text="Who looked early, and why.")
    sample_ratio = models.CharField(max_length=8, choices=SampleRatio)
    sample_ratio_p = models.FloatField(null=True)
    sample_ratio_method = models.CharField(
        max_length=20, blank=True, help_text="What the p is of; empty: not on record."
    )
    reach_p = models.FloatField(null=True, help_text="Do served messages reach the screen equally in every arm?")
    omnibus_statistic = models.FloatField(null=True)
    omnibus_df = models.PositiveSmallIntegerField(null=True)
    omnibus_p = models.FloatField(null=True)
    omnibus_method = models.CharField(max_length=40, blank=True, help_text="What the p is of; empty: not on record.")
    checks = models.JSONField(
        null=True, blank=True, help_text="Cross-checks of the primary outcome; they decide nothing."
    )
    texts_judged_at = models.FloatField(
        null=True, help_text="The share of the planned people at which it judges texts of a kind; empty: it does not."
    )

    class Meta:
        ordering = ["campaign", "-look"]
        constraints = [models.UniqueConstraint(fields=["campaign", "look"], name="analysis_look_once")]

    def __str__(self) -> str:
        return f"{self.campaign}, look {self.look}"


class Estimate(models.Model):
    """One number of an analysis: a rate of one arm, or a difference between two. Append-only."""

    class Kind(models.TextChoices):
        RATE = "rate", "Rate"
        DIFFERENCE = "difference", "Difference"
        FACTORIAL = "factorial", "Factorial contrast"
        TEXT = "text", "One text"

    class About(models.TextChoices):
        THESE = "these", "These texts"
        KIND = "kind", "Texts of this kind"

    class Verdict(models.TextChoices):
        BETTER = "better", "Better"
        WORSE = "worse", "Worse"
        HIGHER = "higher", "Higher"
        LOWER = "lower", "Lower"
        NO_DIFFERENCE = "no-meaningful-difference", "No meaningful difference"
        CANNOT_TELL = "cannot-tell-yet", "Cannot tell yet"
        WITHHELD = "withheld", "Withheld"

    analysis = models.ForeignKey(Analysis, on_delete=models.PROTECT, related_name="estimates")
    kind = models.CharField(max_length=10, choices=Kind)
    about = models.CharField(max_length=5, choices=About, default=About.THESE)
    outcome = models.CharField(max_length=16)
    role = models.CharField(max_length=11)
    position = models.PositiveSmallIntegerField()
    term = models.CharField(
        max_length=20, blank=True, help_text="Factorial contrasts: which one. Texts: its number, or next for one more."
    )
    treated = models.ForeignKey(Arm, on_delete=models.PROTECT, related_name="+")
    control = models.ForeignKey(Arm, null=True, on_delete=models.PROTECT, related_name="+")
    served = models.PositiveBigIntegerField(null=True, help_text="Rates: messages of this arm that were sent out.")
    n = models.PositiveBigIntegerField(null=True, help_text="Rates: people who saw it.")
    events = models.PositiveBigIntegerField(null=True, help_text="Rates: people who did it.")
    effect = models.FloatField(null=True)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    p_value = models.FloatField(null=True)
    p_adjusted = models.FloatField(null=True)
    method = models.CharField(max_length=60, blank=True)
    reason = models.CharField(max_length=200, blank=True, help_text="Why it cannot be estimated, or not yet judged.")
    smallest_difference = models.FloatField(null=True, help_text="Differences: what would be too small to matter.")
    verdict = models.CharField(max_length=24, choices=Verdict, blank=True)
    more_per_arm = models.PositiveBigIntegerField(null=True, help_text="People still needed per arm to tell.")
    more_per_arm_low = models.PositiveBigIntegerField(null=True, help_text="The middle half of what may come: from.")
    more_per_arm_high = models.PositiveBigIntegerField(null=True, help_text="To; null if no number may tell.")
    texts = models.JSONField(
        null=True, help_text="Texts of a kind: how many, how they were compared, how they differ, and what would help."
    )

    class Meta:
        ordering = ["analysis", "outcome", "kind", "position"]
        constraints = [
            models.UniqueConstraint(fields=["analysis", "outcome", "kind", "about", "position"], name="estimate_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["rate", "factorial", "text"], control__isnull=True)
                | Q(kind="difference", control__isnull=False),
                name="estimate_difference_has_a_control",
            ),
            models.CheckConstraint(condition=Q(effect__isnull=False) | ~Q(reason=""), name="estimate_or_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.outcome} {self.kind} {self.treated}"


class Release(models.Model):
    """What may be shown of a look, read by analytics.disclosure.gate. Holds no suppressed value. Append-only."""

    analysis = models.OneToOneField(Analysis, on_delete=models.PROTECT, related_name="release")
    least = models.PositiveSmallIntegerField(help_text="SMALL_CELL at that time.")
    is_withheld = models.BooleanField(
        default=False, db_column="held", help_text="Too few more since the last: nothing of this look is shown."
    )
    arms = models.JSONField(default=dict, help_text="Arm -> n, served, and for each outcome its parts; null is hidden.")
    verdicts = models.JSONField(
        default=dict, help_text="Outcome -> each comparison beside hidden ones, judged without."
    )
    table = models.JSONField(null=True, help_text="Arm -> who saw it and the parts, by placement and locale.")
    by_month = models.JSONField(null=True, help_text="Of a message in use: its effect by month, from shown counts.")
    texts = models.JSONField(
        null=True, help_text="Arm -> who saw it and the parts, by text; null if this look shows no text anew."
    )
    withdrawn = models.PositiveIntegerField(
        null=True, help_text="The end of the band in which all withdrawals lie; null if this look does not tell it."
    )
    seal = models.CharField(
        max_length=64,
        blank=True,
        default="",
        db_default="",
        help_text="Of the whole look, by a key of the key directory.",
    )

    class Meta:
        ordering = ["-analysis__look"]

    def __str__(self) -> str:
        return f"what is shown of {self.analysis}"


class EarlyLook(models.Model):
    """A request to look before the first planned look, with its reason. The worker answers one at a time."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="early_looks")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=200)
    asked_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    refused = models.CharField(max_length=200, blank=True, help_text="Why there was nothing to look at.")

    class Meta:
        ordering = ["campaign", "asked_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign"], condition=Q(done_at__isnull=True), name="early_look_one_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"{self.by} asked to look at {self.campaign}"


class Rehearsal(models.Model):
    """A rehearsal of a campaign before launch, and its report. Its numbers count simulated visitors, no people."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting to start")
        RUNNING = "running", _("Rehearsal in progress")
        DONE = "done", _("Rehearsal finished")
        FAILED = "failed", _("Rehearsal failed")

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="rehearsals")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    finished_at = models.DateTimeField(null=True)
    report = models.JSONField(
        null=True, blank=True, help_text="What invented visitors were shown at each placement, and the invented look."
    )
    problems = models.JSONField(default=list, help_text="What to mend, each a code and its names.")

    class Meta:
        ordering = ["-asked_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign"], condition=Q(state__in=("waiting", "running")), name="rehearsal_one_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"a rehearsal of {self.campaign}"
