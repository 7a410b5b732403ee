"""What people decided about the words of a message, and said about them."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from messages.models.library import Rendition


class Review(models.Model):
    """One step in the review of a rendition, bound to the exact words by their digest. Append-only."""

    class Decision(models.TextChoices):
        SUBMITTED = "submitted", _("Review requested")
        APPROVED = "approved", _("Approved")
        SENT_BACK = "sent-back", _("Sent back")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    rendition = models.ForeignKey(Rendition, on_delete=models.PROTECT, related_name="reviews")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        help_text="Nobody for the starter library.",
    )
    decision = models.CharField(max_length=10, choices=Decision)
    digest = models.CharField(max_length=64, help_text="SHA-256 of the words that were decided about.")
    comment = models.CharField(max_length=500, blank=True)
    checklist = models.JSONField(default=dict, blank=True, help_text="Which version was answered, and how.")
    override = models.CharField(max_length=500, blank=True, help_text="Why an administrator made an exception.")
    overridden = models.JSONField(default=list, blank=True, help_text="What stood in the way, one sentence each.")
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(overridden=[]) | ~Q(override=""), name="review_exception_has_a_reason")
        ]

    def __str__(self) -> str:
        return f"{self.rendition}: {self.decision}"


class Comment(models.Model):
    """A comment on a rendition, bound to the words at that time. Append-only."""

    rendition = models.ForeignKey(Rendition, on_delete=models.PROTECT, related_name="comments")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.CharField(max_length=1000)
    digest = models.CharField(max_length=64, help_text="SHA-256 of the words as they were then.")
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.rendition}: {self.by}"
