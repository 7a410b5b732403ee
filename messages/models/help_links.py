"""Services that help, and changes that a second person confirms."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from messages.text.language_tags import LONGEST_TAG


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
