"""The audit record, invitations, failed codes and tokens."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


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


class Mailbox(models.Model):
    """Whether mail reaches a person, and which mail they want. Without a row nothing is known, and they want all."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="+")
    confirmed = models.EmailField(blank=True, help_text="The address that answered; another one has not.")
    pending = models.EmailField(blank=True, help_text="The address to which a code was sent.")
    code_digest = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the code.")
    code_until = models.DateTimeField(null=True, blank=True)
    wrong_codes = models.PositiveSmallIntegerField(default=0)
    wants_tasks = models.BooleanField(default=True, help_text="What waits for them, once a day at most.")
    wants_digest = models.BooleanField(default=True, help_text="What happened, once a week.")
    tasks_sent_on = models.DateField(null=True, blank=True)
    tasks_digest = models.CharField(max_length=64, blank=True, help_text="SHA-256 of what that mail said.")
    digest_sent_on = models.DateField(null=True, blank=True)

    def __str__(self) -> str:
        return f"mail of {self.user}"


class QueuedMail(models.Model):
    """A mail to a member of staff that the worker has yet to send. Deleted when it is sent, or after many tries."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    subject = models.CharField(max_length=200)
    text = models.TextField()
    due_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    seal = models.CharField(
        max_length=64,
        blank=True,
        db_default="",
        help_text="Of the mail and its address, by a key of the key directory.",
    )

    class Meta:
        ordering = ["due_at", "pk"]

    def __str__(self) -> str:
        return f"{self.person}: {self.subject}"


class ApiToken(models.Model):
    """A token with which a program uses the API as one person. Deleted when it is ended."""

    class Scope(models.TextChoices):
        """What a token may be used for. The values are the tags of the API's description."""

        CAMPAIGNS = "campaigns", _("Read campaigns, their plans and the queue")
        RESULTS = "results", _("Read results, and download their files")
        STEPS = "steps", _("Submit, approve, launch, pause, resume and close, with a fresh code each time")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=60)
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the token.")
    scopes = models.CharField(max_length=60, blank=True, help_text="Apart by spaces. Empty: each of them.")
    created_on = models.DateField()
    expires_on = models.DateField(help_text="The last day on which it is taken.")
    last_used_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["user", "name"]
        constraints = [models.UniqueConstraint(fields=["user", "name"], name="apitoken_name_once")]

    def __str__(self) -> str:
        return f"{self.user}: {self.name}"

    def allows(self, scope: str) -> bool:
        """Whether the token may be used for this."""
        return not self.scopes or scope in self.scopes.split()

    def scope_labels(self) -> list[str]:
        """What the token may be used for, in words."""
        return [str(scope.label) for scope in self.Scope if self.allows(scope)]
