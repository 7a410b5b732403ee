"""Messages: the idea (Message), its exact words (Revision), and these in one locale (Rendition)."""

import hashlib
import json
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from messages.text.language_tags import LONGEST_TAG


class Frame(models.TextChoices):
    """What a message appeals to. Each frame has one colour and one symbol on all pages."""

    NEUTRAL = "neutral", _("Neutral text")
    VICTIM = "victim", _("Harm to the victim")
    USER = "user", _("Harm to the person making it")
    BOTH = "both", _("Both harms")
    OTHER = "other", _("Another appeal")


class ClaimStrength(models.TextChoices):
    """How well the claim of a message is supported; its words may not claim more certainty."""

    DOCUMENTED = "documented", _("Documented")
    LINKED = "linked", _("Linked in studies")
    REPORTED = "reported", _("Reported by professionals")
    VALUE = "value", _("A value, not a finding")
    NONE = "none", _("No claim")


class Theme(models.Model):
    """A line of argument, from the starter library or added by staff."""

    key = models.SlugField(unique=True)
    number = models.PositiveSmallIntegerField(null=True, blank=True, unique=True)
    name = models.CharField(max_length=120)
    frame = models.CharField(max_length=8, choices=Frame)
    line = models.CharField(max_length=300)
    content_note = models.CharField(
        max_length=300, blank=True, help_text="Shown before the words, to someone who may have lived through it."
    )

    class Meta:
        ordering = ["number", "key"]

    def __str__(self) -> str:
        return self.name


class Message(models.Model):
    """An idea: one theme in one frame. Its words are in its revisions."""

    key = models.SlugField(unique=True)
    theme = models.ForeignKey(Theme, on_delete=models.PROTECT, related_name="messages")
    frame = models.CharField(max_length=8, choices=Frame)
    matched_set = models.SlugField(
        blank=True, default="", help_text="Texts of one set differ in their appeal alone; empty: of none."
    )
    stopped_at = models.DateTimeField(null=True, blank=True, help_text="Shown nowhere from then on.")
    stopped_reason = models.CharField(max_length=300, blank=True)
    stopped_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Empty: the command line.",
    )

    class Meta:
        ordering = ["key"]
        constraints = [
            models.CheckConstraint(
                condition=Q(stopped_at__isnull=True, stopped_by__isnull=True, stopped_reason="")
                | (Q(stopped_at__isnull=False) & ~Q(stopped_reason="")),
                name="message_stopped_for_a_reason",
            ),
            models.UniqueConstraint(
                fields=["matched_set", "frame"], condition=~Q(matched_set=""), name="message_once_in_its_set"
            ),
        ]

    def __str__(self) -> str:
        return self.key


class Revision(models.Model):
    """The exact words of a message at one time. Approved words never change: an edit makes a new revision."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SUBMITTED = "submitted", _("Waiting for review")
        APPROVED = "approved", _("Approved")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveSmallIntegerField()
    state = models.CharField(
        max_length=10, choices=State, default=State.DRAFT, help_text="Approved as soon as one language is."
    )
    claim_strength = models.CharField(max_length=10, choices=ClaimStrength)
    sources = models.JSONField(default=list, help_text="Citations, one string each.")
    note = models.CharField(max_length=500, blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT)
    digest = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the words as approved.")

    class Meta:
        ordering = ["message", "number"]
        constraints = [
            models.UniqueConstraint(fields=["message", "number"], name="revision_number_once"),
            models.CheckConstraint(
                condition=~Q(state="approved") | ~Q(digest=""), name="revision_approved_words_have_a_digest"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.message.key} r{self.number}"

    def words_digest(self) -> str:
        """SHA-256 of the current words of all approved renditions, in canonical JSON."""
        approved = self.renditions.filter(state=self.State.APPROVED)
        words = {r.locale: [r.headline, r.body] for r in approved}
        return hashlib.sha256(json.dumps(words, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


class Rendition(models.Model):
    """The words of a revision in one locale: a headline and plain paragraphs separated by blank lines."""

    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="renditions")
    locale = models.CharField(max_length=LONGEST_TAG)
    headline = models.CharField(max_length=160)
    body = models.TextField(max_length=1200)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, help_text="Who wrote these words."
    )
    state = models.CharField(max_length=10, choices=Revision.State, default=Revision.State.DRAFT)
    digest = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the words as approved.")

    class Meta:
        ordering = ["revision", "locale"]
        constraints = [
            models.UniqueConstraint(fields=["revision", "locale"], name="rendition_locale_once"),
            models.CheckConstraint(
                condition=~Q(state="approved") | ~Q(digest=""), name="rendition_approved_words_have_a_digest"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.revision} {self.locale}"

    def covered_by_approval(self) -> dict[str, Any]:
        """Everything that an approval is of."""
        revision = self.revision
        return {
            "message": revision.message.key,
            "locale": self.locale,
            "headline": self.headline,
            "body": self.body,
            "claim_strength": revision.claim_strength,
            "sources": revision.sources,
        }

    def words_digest(self) -> str:
        """SHA-256 of everything that an approval covers, in canonical JSON."""
        canonical = json.dumps(self.covered_by_approval(), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()


class OverwrittenWords(models.Model):
    """Words that their author replaced in place, and the claims of their revision until then. Append-only.

    Whoever wrote them stays their author, also where a colleague took them over.
    """

    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="overwritten")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    headline = models.CharField(max_length=160)
    body = models.TextField(max_length=1200)
    claim_strength = models.CharField(max_length=10, choices=ClaimStrength)
    sources = models.JSONField(default=list)
    newest_revision = models.PositiveBigIntegerField(
        help_text="The number in the database of the newest revision of all when they were replaced."
    )

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.revision}, overwritten"


class Draft(models.Model):
    """Unsaved words of one person, in one locale of one message or for a new one. Visible only to that person."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="drafts")
    message = models.ForeignKey(Message, null=True, blank=True, on_delete=models.CASCADE, related_name="drafts")
    locale = models.CharField(max_length=LONGEST_TAG)
    base = models.ForeignKey(
        Revision, null=True, blank=True, on_delete=models.CASCADE, help_text="The revision that they began from."
    )
    base_digest = models.CharField(max_length=64, blank=True, help_text="SHA-256 of its words as they were then.")
    fields = models.JSONField(default=dict, help_text="The form as it was typed.")
    saved_at = models.DateTimeField(help_text="To the second.")

    class Meta:
        ordering = ["-saved_at"]
        constraints = [models.UniqueConstraint(fields=["person", "message", "locale"], name="draft_one_each")]

    def __str__(self) -> str:
        return f"{self.person}: {self.message or 'new'} {self.locale}"
