"""Campaigns with their arms and texts, and the versions of a draft."""

import secrets
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from campaign.assignment.slots import SLOTS
from campaign.models.placements import Placement
from messages.models import Frame, Revision


def new_salt() -> str:
    """Generate the salt of one campaign, so that assignments in different campaigns are independent."""
    return secrets.token_hex(16)


class Tag(models.Model):
    """A short label of campaigns, to find them by. It goes with the last campaign that has it."""

    name = models.CharField(max_length=24)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(Lower("name"), name="tag_name_once")]

    def __str__(self) -> str:
        return self.name


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

    class Purpose(models.TextChoices):
        TRIAL = "trial", _("Trial")
        USE = "use", _("In use")

    LIVE = (State.SCHEDULED, State.RUNNING)  # launched: serving starts at `starts_at` by the server's clock
    OPEN = (*LIVE, State.PAUSED)  # launched and not closed
    ARCHIVABLE = (State.DRAFT, State.CLOSED)  # nobody is shown it, and it waits for nobody

    class Unit(models.TextChoices):
        VIEW = "view", _("Each message shown")
        SESSION = "session", _("Each browser tab")
        SUBJECT = "subject", _("Each person, by the partner’s code")
        PERIOD = "period", _("Each period at a placement")

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=160)
    hypothesis = models.CharField(max_length=500, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    unit = models.CharField(max_length=8, choices=Unit, default=Unit.VIEW)
    purpose = models.CharField(
        max_length=5,
        choices=Purpose,
        default=Purpose.TRIAL,
        editable=False,
        help_text="In use: what a trial found to work, shown wherever no trial runs.",
    )
    based_on = models.ForeignKey(
        "self", null=True, blank=True, editable=False, on_delete=models.PROTECT, related_name="follow_ups"
    )
    salt = models.CharField(max_length=64, default=new_salt, editable=False)
    placements = models.ManyToManyField(Placement, related_name="campaigns")
    locales = models.JSONField(
        default=list, blank=True, editable=False, help_text="Offered since launch; empty before it."
    )
    first_slot = models.PositiveSmallIntegerField(
        default=1, help_text="It has the views of its places from this slot on, out of 100."
    )
    last_slot = models.PositiveSmallIntegerField(default=SLOTS, help_text="And up to this one: 1 to 100 are all.")
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
    asked_reviewers = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True, related_name="+", help_text="Who was asked to decide, while it waits."
    )
    launched_at = models.DateTimeField(null=True, blank=True)
    queued_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Since when it waits to be launched once its places are free."
    )
    queued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )
    changed_at = models.DateTimeField(auto_now=True)
    submitted_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When it was first sent for approval; it stays from then on."
    )
    archived_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Since when the list leaves it out."
    )
    tags = models.ManyToManyField(Tag, blank=True, related_name="campaigns")
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
            models.CheckConstraint(
                condition=Q(first_slot__gte=1, last_slot__gte=F("first_slot"), last_slot__lte=SLOTS),
                name="campaign_slots_of_a_hundred",
            ),
            models.CheckConstraint(
                condition=Q(archived_at__isnull=True) | Q(state__in=("draft", "closed")),
                name="campaign_archived_at_rest",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_use(self) -> bool:
        """Whether it shows what a trial found to work."""
        return self.purpose == self.Purpose.USE

    @property
    def slots(self) -> int:
        """How many of 100 views of its places it has."""
        return self.last_slot - self.first_slot + 1

    @property
    def shares_places(self) -> bool:
        """Whether it leaves some views of its places to others."""
        return self.slots < SLOTS


class DraftVersion(models.Model):
    """What a campaign's draft became by one change, and who made it. Append-only."""

    # The database refuses to delete a version whose campaign is there, so both go in one transaction, this one last.
    campaign = models.ForeignKey(Campaign, on_delete=models.DO_NOTHING, related_name="versions")
    number = models.PositiveIntegerField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    content = models.JSONField(help_text="Everything that planning can change.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the content.")
    put_back = models.PositiveIntegerField(
        null=True, help_text="The number of the version that it put back; empty: another change."
    )
    seal = models.CharField(
        max_length=64,
        blank=True,
        default="",
        db_default="",
        help_text="Of the row and the one before it, by a key of the key directory.",
    )

    class Meta:
        ordering = ["campaign", "number"]
        constraints = [models.UniqueConstraint(fields=["campaign", "number"], name="draft_version_once")]

    def __str__(self) -> str:
        return f"{self.campaign}, version {self.number}"


class CampaignComment(models.Model):
    """What somebody says about a campaign, to everybody who may read it. It decides nothing, and is never changed."""

    LONGEST = 1000

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="comments")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(help_text="To the second.")
    text = models.CharField(max_length=LONGEST, blank=True, help_text="Empty: its author deleted it.")

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.campaign}: {self.by}"


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


class ArmHasNoText(AttributeError):
    """Templates and serializers show nothing in place of it."""

    silent_variable_failure = True


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
        """The frame of its texts, which is one; of an arm whose texts were deleted by SQL nothing is known."""
        return self.first_revision.message.frame if self.has_texts else Frame.OTHER

    @property
    def has_texts(self) -> bool:
        """Whether it shows anything: nothing but SQL deletes all texts of an arm."""
        return bool(self.texts.all())

    @property
    def first_revision(self) -> Revision:
        """What an arm with one text shows."""
        for text in self.texts.all():
            return text.revision
        raise ArmHasNoText(self.key)


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
