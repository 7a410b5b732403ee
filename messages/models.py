"""Models of messages: the idea (Message), its exact words (Revision), and these in one locale (Rendition)."""

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


def by_web() -> list[str]:
    """Default channels of a help link: every one has at least a web page."""
    return ["web"]


class ProposedChange(models.Model):
    """A row with a change that a second person has to confirm; see messages.proposals."""

    proposed = models.JSONField(default=dict, blank=True, help_text="The new values by field; empty: none waits.")
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    proposed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True


class HelpLinkQuerySet(models.QuerySet["HelpLink"]):
    """Help links, active and retired."""

    def active(self) -> "HelpLinkQuerySet":
        """Links that are not retired; a campaign is launched once all of them were checked."""
        return self.filter(retired_on=None)

    def for_visitors(self) -> "HelpLinkQuerySet":
        """Links that visitors see: those of the active ones that somebody has checked, however long ago."""
        return self.active().exclude(verified_on=None)


class HelpLink(ProposedChange):
    """A service that helps: whom, where and how, with its sources and last check. Empty fields are unknown."""

    class Lane(models.TextChoices):
        AFFECTED = "affected", _("Someone made one of me")
        SELF = "self", _("I made one, or nearly did")
        WORRIED = "worried", _("I am worried about someone")
        CRISIS = "crisis", _("In crisis")

    class Audience(models.TextChoices):
        ADULT = "adult", _("Adults")
        UNDER18 = "under18", _("Under 18")
        OF_MINOR = "of_minor", _("Adults, for pictures of under-18s")
        PARENT = "parent", _("Parent or carer")
        TEACHER = "teacher", _("Teacher, or works with young people")
        ANYONE = "anyone", _("Anyone")

    class Channel(models.TextChoices):
        WEB = "web", _("Web")
        PHONE = "phone", _("Phone")
        CHAT = "chat", _("Chat")
        TEXT = "text", _("Text message")
        EMAIL = "email", _("E-mail")

    class Cost(models.TextChoices):
        FREE = "free", _("Free")
        CHARGED = "charged", _("Costs money")

    class Probe(models.TextChoices):
        """Result of the last automatic request to the address. It does not tell whether the page still helps."""

        ANSWERS = "answers", _("Responds")
        MOVED = "moved", _("Redirects elsewhere")
        MISSING = "missing", _("Page not found")
        SHUT = "shut", _("Blocks automatic checks")
        FAILS = "fails", _("Site has an error")
        SILENT = "silent", _("Does not respond")
        UNSAFE = "unsafe", _("Not checked")

    key = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    url = models.URLField()
    lane = models.CharField(max_length=8, choices=Lane)
    audience = models.CharField(max_length=8, choices=Audience, default=Audience.ANYONE)
    country = models.CharField(max_length=2, help_text="ISO code, or * for everywhere.")
    language = models.CharField(max_length=LONGEST_TAG, default="en")
    note = models.CharField(max_length=300, blank=True, help_text="For the person who needs it.")
    staff_note = models.CharField(max_length=300, blank=True, help_text="For staff: shown on no public page.")
    source = models.CharField(max_length=300, blank=True)
    channels = models.JSONField(default=by_web, help_text="How one can reach it, from Channel.")
    contact = models.CharField(max_length=120, blank=True, help_text="A number or an e-mail address.")
    hours = models.CharField(max_length=120, blank=True)
    cost = models.CharField(max_length=8, choices=Cost, blank=True)
    facts_from = models.CharField(max_length=300, blank=True, help_text="Where the hours, cost and channels were read.")
    verified_on = models.DateField(null=True, blank=True)
    verified_by = models.CharField(max_length=160, blank=True, help_text="A name, which outlives the account.")
    retired_on = models.DateField(null=True, blank=True)
    probe = models.CharField(max_length=8, choices=Probe, blank=True)
    probe_said = models.CharField(max_length=300, blank=True)
    probed_at = models.DateTimeField(null=True, blank=True)

    objects = HelpLinkQuerySet.as_manager()

    class Meta:
        ordering = ["lane", "audience", "country", "name"]
        constraints = [models.CheckConstraint(condition=Q(url__startswith="https://"), name="helplink_https_only")]

    def __str__(self) -> str:
        return self.name


class AuditEntry(models.Model):
    """One action in the audit log, chained to the entry before. Written only by messages.audit.log. Append-only."""

    number = models.PositiveBigIntegerField(primary_key=True)
    at = models.DateTimeField(help_text="To the second.")
    actor = models.CharField(max_length=160, help_text="A name, which outlives the account.")
    action = models.CharField(max_length=40)
    kind = models.CharField(max_length=20)
    ref = models.CharField(max_length=160, help_text="The key of the thing that it was done to.")
    label = models.CharField(max_length=200, help_text="Its name at that time.")
    detail = models.JSONField(default=dict, help_text="A few plain values.")
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64, unique=True)
    seal = models.CharField(
        max_length=64, blank=True, default="", db_default="", help_text="Of the digest, by a key of the key directory."
    )

    class Meta:
        ordering = ["-number"]
        indexes = [models.Index(fields=["kind", "ref"], name="audit_of_one_thing")]
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.number}: {self.actor}, {self.action}, {self.label}"


class Invitation(models.Model):
    """An open invitation to join. Deleted when it is accepted or withdrawn."""

    email = models.EmailField(blank=True, help_text="Empty: of the first administrator, who types it on this machine.")
    role = models.CharField(max_length=20)
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the secret part of the link.")
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, help_text="Empty: the command line."
    )
    expires_at = models.DateTimeField()
    partner = models.PositiveIntegerField(null=True, help_text="The partner of a partner contact, by its number.")

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"invitation {self.pk}"


class FailedCodes(models.Model):
    """Wrong codes of a second factor for one account, until they are forgotten."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="+")
    failures = models.PositiveIntegerField()
    next_guess_at = models.DateTimeField(help_text="When the next code is looked at, to the minute.")

    def __str__(self) -> str:
        return f"{self.user}: {self.failures}"


class ApiToken(models.Model):
    """A token with which a program uses the API as one person. Deleted when it is ended."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=60)
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the token.")
    created_on = models.DateField()
    expires_on = models.DateField(help_text="The last day on which it is taken.")
    last_used_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["user", "name"]
        constraints = [models.UniqueConstraint(fields=["user", "name"], name="apitoken_name_once")]

    def __str__(self) -> str:
        return f"{self.user}: {self.name}"
