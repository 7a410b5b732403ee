"""Partners, their placements, and tag checks."""

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from messages.models import ProposedChange, Revision


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

    # What visitors meet there, and on which sites. An approval is of these, and while a campaign is open there, a
    # second person confirms a change of them.
    FIELDS_FOR_VISITORS = ("leave_url", "continue_url", "fallback", "allowed_origins", "countries")

    key = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="placements")
    allowed_origins = models.JSONField(
        default=list, blank=True, help_text='Sites that may embed it, such as "https://example.org".'
    )
    countries = models.JSONField(
        default=list, blank=True, help_text="ISO codes of where its visitors live: whose help is shown. Empty: of all."
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


class PlacementChange(models.Model):
    """Who gave one field of a placement which value, of those that a campaign's approval is of. Append-only."""

    placement = models.ForeignKey(Placement, on_delete=models.PROTECT, related_name="changes")
    field = models.CharField(max_length=20)
    value = models.CharField(max_length=64, help_text="SHA-256 of the value as JSON; of a partner, with its name.")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Empty for what stood there before changes were recorded.",
    )
    at = models.DateTimeField()
    seal = models.CharField(
        max_length=64,
        blank=True,
        default="",
        db_default="",
        help_text="Of the row and the one before it at this placement, by a key of the key directory.",
    )

    class Meta:
        ordering = ["placement", "id"]

    def __str__(self) -> str:
        return f"{self.placement}: {self.field}"


class PlacementTest(models.Model):
    """A tag check of one placement for a few minutes. Only requests that carry its mark are recorded."""

    class Way(models.TextChoices):
        PAGE = "page", _("A page with the script")
        SERVER = "server", _("A call from a server")
        HOSTED = "hosted", _("Our hosted page")

    class Problem(models.TextChoices):
        ORIGIN = "origin", _("A site that is not listed")
        KEY = "key", _("A different key")

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
