"""What was learned across campaigns, ours and others', and the averages of what matches."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from analytics.models.looks import Estimate
from campaign.models import Campaign


class KnownSigner(models.Model):
    """A key of another organisation, whose fingerprint a person compared with what that organisation told them."""

    fingerprint = models.CharField(max_length=79, unique=True, help_text="SHA-256 of the public key, in groups of 4.")
    organisation = models.CharField(max_length=120)
    confirmed_by = models.CharField(max_length=150)
    confirmed_at = models.DateTimeField()

    class Meta:
        ordering = ["organisation", "pk"]

    def __str__(self) -> str:
        return self.organisation


class LearnedFacet(models.Model):
    """One value by which results are found: a frame, a theme, a kind of placement, a language, a verdict."""

    class Kind(models.TextChoices):
        FRAME = "frame", _("Appeal")
        THEME = "theme", _("Theme")
        PLACEMENT = "placement", _("Kind of placement")
        LANGUAGE = "language", _("Language")
        VERDICT = "verdict", _("Result")

    kind = models.CharField(max_length=9, choices=Kind)
    value = models.CharField(max_length=120)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "value"], name="learned_facet_once")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.value}"


class LearnedResult(models.Model):
    """What one closed campaign showed, as far as it was released; of ours, or from the bundle of another organisation.

    Derived: the worker writes it from the last look that may be read, so that a page can search thousands.
    """

    class Design(models.TextChoices):
        VIEW = "view", _("Each message shown, at random")
        SESSION = "session", _("Each browser tab, at random")
        SUBJECT = "subject", _("Each person, at random")
        PLACEMENT = "placement", _("Compared within each placement")
        PLACEMENT_DAY = "placement-day", _("Compared by placement and day")
        PERIOD = "period", _("Each day or week, at random")
        USE = "use", _("A message in use, with a holdout")

    POOLED_DESIGNS = (Design.VIEW, Design.SESSION, Design.SUBJECT)

    campaign = models.OneToOneField(
        Campaign,
        null=True,
        on_delete=models.CASCADE,
        related_name="learned",
        help_text="Empty: another organisation's.",
    )
    signer = models.ForeignKey(KnownSigner, null=True, on_delete=models.PROTECT, related_name="results")
    bundle_digest = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the imported file.")
    imported_by = models.CharField(max_length=150, blank=True)
    imported_at = models.DateTimeField(null=True)
    plan_fingerprint = models.CharField(max_length=64, unique=True)
    look = models.PositiveIntegerField()
    ended_on = models.DateField(null=True, help_text="The last day that was counted.")
    name = models.CharField(max_length=160)
    outcome = models.CharField(max_length=16)
    design = models.CharField(max_length=13, choices=Design)
    people = models.PositiveBigIntegerField(null=True, help_text="Who saw a message, as released.")
    least = models.PositiveSmallIntegerField(help_text="SMALL_CELL when it was written.")
    sentences = models.JSONField(help_text="The verdict of the results page, by language.")
    facets = models.ManyToManyField(LearnedFacet, related_name="results")
    words = models.TextField(help_text="What a search looks through, in small letters without accents.")

    class Meta:
        ordering = ["-ended_on", "-pk"]
        # Everything that a page needs to count and order the results, without their words.
        indexes = [
            models.Index(fields=["-ended_on", "-id", "campaign", "least", "design"], name="learned_newest_first")
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(campaign__isnull=False, signer__isnull=True, bundle_digest="")
                | (Q(campaign__isnull=True, signer__isnull=False) & ~Q(bundle_digest="")),
                name="learned_result_ours_or_theirs",
            )
        ]

    def __str__(self) -> str:
        return self.name


class LearnedComparison(models.Model):
    """One planned comparison of the primary outcome, with the counts that were released; empty where none were."""

    class NotPooled(models.TextChoices):
        DESIGN = "design", _("it was not compared message by message, so its counts do not give its uncertainty")
        HIDDEN = "hidden", _("its counts are too small to be shown")
        KIND = "kind", _("it compares answers on a scale, not how many people did something")
        FRAMES = "frames", _("several of its messages have the same appeal")
        NOBODY = "nobody", _("nobody did it, or everybody did")

    result = models.ForeignKey(LearnedResult, on_delete=models.CASCADE, related_name="comparisons")
    position = models.PositiveSmallIntegerField()
    treated = models.CharField(max_length=8, help_text="The frame of the message.")
    control = models.CharField(max_length=8, help_text="The frame of what it is compared with.")
    verdict = models.CharField(max_length=24, choices=Estimate.Verdict, blank=True)
    treated_n = models.PositiveBigIntegerField(null=True)
    treated_events = models.PositiveBigIntegerField(null=True)
    control_n = models.PositiveBigIntegerField(null=True)
    control_events = models.PositiveBigIntegerField(null=True)
    effect = models.FloatField(null=True, help_text="The difference of these counts, as a share.")
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    network_move = models.FloatField(null=True, help_text="How far one network can have moved it; empty if unknown.")
    not_pooled = models.CharField(max_length=8, choices=NotPooled, blank=True)

    class Meta:
        ordering = ["result", "position"]
        indexes = [models.Index(fields=["treated", "control"], name="learned_comparison_contrast")]
        constraints = [models.UniqueConstraint(fields=["result", "position"], name="learned_comparison_once")]

    def __str__(self) -> str:
        return f"{self.treated} against {self.control}: {self.verdict}"


class PooledComparison(models.Model):
    """The average of all comparisons with the same outcome, contrast and design. Derived, and written by the worker."""

    outcome = models.CharField(max_length=16)
    treated = models.CharField(max_length=8)
    control = models.CharField(max_length=8)
    design = models.CharField(max_length=13, choices=LearnedResult.Design)
    campaigns = models.PositiveIntegerField()
    theirs = models.PositiveIntegerField(help_text="How many of these campaigns are of other organisations.")
    people = models.PositiveBigIntegerField()
    level = models.FloatField()
    effect = models.FloatField(null=True, help_text="Empty with the rest if there is a reason.")
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    next_low = models.FloatField(null=True, help_text="Where the true effect of one more campaign should lie.")
    next_high = models.FloatField(null=True)
    spread = models.FloatField(null=True, help_text="The standard deviation of true effects between campaigns.")
    heterogeneity = models.FloatField(null=True, help_text="Cochran's Q.")
    heterogeneity_p = models.FloatField(null=True)
    by_one_network = models.BooleanField(
        default=False, help_text="One network in all of these campaigns can have taken the interval off zero."
    )
    reason = models.CharField(max_length=200, blank=True, help_text="Why there is no average.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["outcome", "treated", "control", "design"], name="pooled_comparison_once")
        ]

    def __str__(self) -> str:
        return f"{self.outcome}: {self.treated} against {self.control}"
