"""Models of campaigns: partners, placements, arms, analysis plans, deviations and served counts."""

import secrets
from collections.abc import Sequence
from typing import Any, NamedTuple

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Length, Round
from django.db.models.lookups import Exact, IsNull
from django.utils.translation import gettext_lazy as _

from campaign.outcomes import outcome_choices
from campaign.planned_people import planned_people
from messages.models import ProposedChange, Revision

# Upper bound for hours since 1970: high enough for a thousand years, and below any count of minutes.
MAX_HOURS = 10_000_000


def hour_is_whole(field: str) -> Q:
    """Condition that a field holds whole hours since 1970: SQLite stores fractions and text in integer columns."""
    return Q(**{f"{field}__lt": MAX_HOURS}) & Q(Exact(Round(field), F(field)))


def day_is_whole(field: str) -> Q:
    """Condition that a field holds a date without a time: SQLite stores both in date columns."""
    date = Func(F(field), function="DATE", output_field=models.DateField())
    return Q(IsNull(date, False)) & Q(Exact(date, F(field)))


class Partner(models.Model):
    """An organisation that hosts messages."""

    name = models.CharField(max_length=120, unique=True)
    contacts = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True, related_name="+", help_text="Partner contacts who may see its placements."
    )

    def __str__(self) -> str:
        return self.name


class Placement(ProposedChange):
    """One spot where a message may appear."""

    # What visitors meet there. An approval is of these, and while a campaign is open there, a second person confirms a
    # change of them.
    FIELDS_FOR_VISITORS = ("leave_url", "continue_url", "fallback")

    key = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="placements")
    allowed_origins = models.JSONField(
        default=list, blank=True, help_text='Sites that may embed it, such as "https://example.org".'
    )
    leave_url = models.URLField(blank=True, help_text="Where “Leave this page” leads; empty for our own quiet page.")
    continue_url = models.URLField(blank=True, help_text="Where “Continue” leads; empty to close the message.")
    fallback = models.ForeignKey(
        Revision,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Neutral words shown, uncounted, while no campaign runs here.",
    )
    expected_per_day = models.PositiveIntegerField(
        default=0, help_text="Messages shown a day, as far as the partner can tell; 0: nobody knows yet."
    )

    network_share = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(100)],
        help_text="Of 100 messages counted here on a day, how many may come from one network; 0: as few as elsewhere.",
    )
    counts_signed_only = models.BooleanField(
        default=False, help_text="Count only what is asked for in requests that the partner's server has signed."
    )

    class Meta:
        ordering = ["key"]

    def __str__(self) -> str:
        return self.name


class PlacementTest(models.Model):
    """A tag check of one placement for a few minutes. Only requests that carry its mark are recorded."""

    class Way(models.TextChoices):
        PAGE = "page", _("The script on a page")
        SERVER = "server", _("A call from a server")
        HOSTED = "hosted", _("The page we host")

    class Problem(models.TextChoices):
        ORIGIN = "origin", _("A site that is not on the list")
        KEY = "key", _("Another key")

    placement = models.OneToOneField(Placement, primary_key=True, on_delete=models.CASCADE, related_name="test")
    mark = models.CharField(max_length=32)
    until = models.DateTimeField()
    seen_at = models.DateTimeField(null=True, help_text="When it last came through, to the second.")
    seen_by = models.CharField(max_length=8, choices=Way, blank=True)
    failed_at = models.DateTimeField(null=True, help_text="When it was last refused, to the second.")
    problem = models.CharField(max_length=8, choices=Problem, blank=True)
    origin = models.CharField(max_length=200, blank=True, help_text="The site that was refused.")

    def __str__(self) -> str:
        return f"a test of {self.placement_id}"


def new_salt() -> str:
    """Generate the salt of one campaign, so that assignments in different campaigns are independent."""
    return secrets.token_hex(16)


class Campaign(models.Model):
    """A trial: arms shown at placements under a frozen plan."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SUBMITTED = "submitted", _("Waiting for approval")
        APPROVED = "approved", _("Approved")
        SCHEDULED = "scheduled", _("Launched, not started yet")
        RUNNING = "running", _("Running")
        PAUSED = "paused", _("Paused")
        CLOSED = "closed", _("Closed")

    LIVE = (State.SCHEDULED, State.RUNNING)  # launched: serving starts at `starts_at` by the server's clock
    OPEN = (*LIVE, State.PAUSED)  # launched and not closed

    class Unit(models.TextChoices):
        VIEW = "view", _("One shown message")
        SESSION = "session", _("One browser tab")
        SUBJECT = "subject", _("The partner's opaque subject")

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=160)
    hypothesis = models.CharField(max_length=500, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    unit = models.CharField(max_length=8, choices=Unit, default=Unit.VIEW)
    salt = models.CharField(max_length=64, default=new_salt, editable=False)
    placements = models.ManyToManyField(Placement, related_name="campaigns")
    locales = models.JSONField(
        default=list, blank=True, editable=False, help_text="Offered since launch; empty before it."
    )
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    approved_fingerprint = models.CharField(
        max_length=64, blank=True, editable=False, help_text="SHA-256 of exactly what was approved."
    )
    outside_reviewers = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True, related_name="+", help_text="People from outside who may approve it."
    )
    launched_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField(auto_now=True)
    ethics_reference = models.CharField(max_length=200, blank=True, help_text="Who agreed to it, and their number.")
    ethics_exemption = models.CharField(max_length=500, blank=True, help_text="Or why nobody has to agree to it.")

    class Meta:
        ordering = ["-launched_at", "slug"]
        constraints = [
            models.CheckConstraint(
                condition=Q(starts_at__isnull=True) | Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
                name="campaign_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("created_by")),
                name="campaign_approved_by_a_second_person",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class DraftVersion(models.Model):
    """What a campaign's draft became by one change, and who made it. Append-only."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    content = models.JSONField(help_text="Everything that planning can change.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the content.")

    class Meta:
        ordering = ["campaign", "number"]
        constraints = [models.UniqueConstraint(fields=["campaign", "number"], name="draft_version_once")]

    def __str__(self) -> str:
        return f"{self.campaign}, version {self.number}"


def texts_with_messages(arms: str = "") -> "models.Prefetch[str]":
    """Fetch the texts of arms with their messages in one query; `arms` is the way to them, such as "treated__"."""
    return models.Prefetch(f"{arms}texts", ArmText.objects.select_related("revision__message"))


class ArmQuerySet(models.QuerySet["Arm"]):
    """Arms, and those of one campaign."""

    def with_texts(self) -> "ArmQuerySet":
        """Fetch the texts of each arm too, with their messages."""
        return self.prefetch_related(texts_with_messages())

    def create_with_texts(self, revisions: Sequence[Revision], **fields: Any) -> "Arm":
        """Create an arm that shows these revisions, in this order."""
        arm = self.create(**fields)
        ArmText.objects.bulk_create(
            ArmText(arm=arm, position=position, revision=revision) for position, revision in enumerate(revisions)
        )
        return arm


class Arm(models.Model):
    """One treatment of a campaign: one text or several of one frame, of which each view is shown one."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="arms")
    key = models.SlugField()
    name = models.CharField(max_length=80)
    weight = models.PositiveIntegerField(default=1, validators=[MaxValueValidator(1_000_000)])
    is_control = models.BooleanField(default=False)
    paused_at = models.DateTimeField(null=True, blank=True)
    paused_reason = models.CharField(max_length=300, blank=True)
    pauses = models.PositiveSmallIntegerField(
        default=0, help_text="How often it was paused: since the first time it has been seen less than its weight says."
    )
    position = models.PositiveSmallIntegerField(default=0)

    objects = ArmQuerySet.as_manager()

    class Meta:
        ordering = ["campaign", "position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "key"], name="arm_key_once"),
            models.UniqueConstraint(fields=["campaign"], condition=Q(is_control=True), name="arm_one_control"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def frame(self) -> str:
        """The frame of its texts, which is one."""
        return self.first_revision.message.frame

    @property
    def first_revision(self) -> Revision:
        """What an arm with one text shows."""
        return self.texts.all()[0].revision


class ArmText(models.Model):
    """One text of an arm: an approved revision. In matched sets, texts at one position are of one set."""

    MOST = 12

    arm = models.ForeignKey(Arm, on_delete=models.CASCADE, related_name="texts")
    position = models.PositiveSmallIntegerField(default=0)
    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="arm_texts")
    stopped_at = models.DateTimeField(null=True, blank=True)
    stopped_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["arm", "position"]
        constraints = [
            models.UniqueConstraint(fields=["arm", "position"], name="arm_text_position_once"),
            models.UniqueConstraint(fields=["arm", "revision"], name="arm_text_once"),
            models.CheckConstraint(condition=Q(position__lt=12), name="arm_text_twelve_at_most"),
        ]

    def __str__(self) -> str:
        return f"{self.arm}, text {self.position + 1}"


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
        ALWAYS_VALID = "always-valid", _("Look whenever you like")
        GROUP_SEQUENTIAL = "group-sequential", _("Look at named points")
        FIXED = "fixed", _("Look once, at the end")

    class Spending(models.TextChoices):
        OBRIEN_FLEMING = "obrien-fleming", _("O'Brien-Fleming")
        POCOCK = "pocock", _("Pocock")

    class Strata(models.TextChoices):
        PLACEMENT = "placement", _("Placement")

    class Clusters(models.TextChoices):
        PLACEMENT_DAY = "placement-day", _("Placement and day")

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
        ]

    def __str__(self) -> str:
        return f"Plan of {self.campaign}"

    @property
    def planned_people(self) -> int:
        """The people in all before the planned analysis, split by the weights of the arms."""
        return planned_people(self.planned_per_arm, [arm.weight for arm in self.campaign.arms.all()])

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

    def __str__(self) -> str:
        return f"a test of the webhook of {self.plan}"


class Deviation(models.Model):
    """A deviation from the frozen plan and its reason, shown with every later result. Append-only."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="deviations")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
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


class ServedCount(models.Model):
    """How many messages of one arm were served on one day. A count, never a row per message."""

    pk = models.CompositePrimaryKey("day", "arm_id", "placement_id", "locale")
    day = models.DateField()
    arm = models.ForeignKey(Arm, on_delete=models.PROTECT, related_name="served")
    placement = models.ForeignKey(Placement, on_delete=models.PROTECT, related_name="+")
    locale = models.CharField(max_length=8)
    count = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=day_is_whole("day"), name="served_count_day_is_whole")]

    def __str__(self) -> str:
        return f"{self.arm} {self.day}: {self.count}"


class LeftOutCount(models.Model):
    """How many messages were shown but excluded from the trial: to bots, or to a rate-limited network."""

    class Reason(models.TextChoices):
        MACHINE = "machine", _("Asked for by a machine")
        CROWD = "crowd", _("One network asked too often")

    pk = models.CompositePrimaryKey("day", "placement_id", "reason")
    day = models.DateField()
    placement = models.ForeignKey(Placement, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=8, choices=Reason)
    count = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=day_is_whole("day"), name="left_out_count_day_is_whole"),
            models.CheckConstraint(
                condition=Q(reason__in=("machine", "crowd")), name="left_out_count_reason_is_listed"
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
