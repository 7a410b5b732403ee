"""What is noticed while a campaign runs, and who is told."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from analytics.models.looks import Analysis
from campaign.models import Arm, ArmText, Campaign


class GuardEvent(models.Model):
    """A crossed guardrail: the paused arm or the stopped text of it, the estimated harm and its bound.

    `stop` numbers the arm's pauses.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="guard_events")
    arm = models.ForeignKey(Arm, on_delete=models.PROTECT, related_name="+")
    text = models.ForeignKey(
        ArmText,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="The text that was stopped alone; empty: the arm was paused.",
    )
    outcome = models.CharField(max_length=16)
    at = models.DateTimeField()
    effect = models.FloatField(help_text="Harm beside the control, as a share; positive is worse.")
    bound = models.FloatField(help_text="The always-valid lower bound of that harm.")
    margin = models.FloatField()
    stop = models.PositiveSmallIntegerField(default=1)
    in_hundred = models.PositiveSmallIntegerField(
        null=True, help_text="The bound in whole people of 100, as it may be told; empty while one is too few people."
    )
    judged_on = models.JSONField(
        default=dict,
        help_text="Arm and control -> seen and events then, or by text, as if told: later looks keep away from them.",
    )

    needs_one_placement = models.BooleanField(
        default=False, help_text="Whether it would not have been crossed without one of several placements."
    )
    seal = models.CharField(
        max_length=64,
        blank=True,
        default="",
        db_default="",
        help_text="Of arm, outcome, bound and stop, by a key of the key directory.",
    )

    class Meta:
        ordering = ["campaign", "at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["arm", "outcome", "stop"], condition=Q(text__isnull=True), name="guard_event_once"
            ),
            models.UniqueConstraint(
                fields=["text", "outcome"], condition=Q(text__isnull=False), name="guard_event_once_a_text"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.text} stopped: {self.outcome}" if self.text else f"{self.arm} paused: {self.outcome}"


class DataQualityStatus(models.Model):
    """Result of the hourly data quality check of a running campaign, as statuses and rounded shares."""

    class Flow(models.TextChoices):
        OK = "ok", _("Messages are shown about as often as usual")
        CAUTION = "caution", _("Far fewer messages are shown than usual")
        ALARM = "alarm", _("Hardly any messages are shown")
        UNKNOWN = "unknown", _("The usual number is not known yet")

    campaign = models.OneToOneField(
        Campaign, on_delete=models.PROTECT, primary_key=True, related_name="data_quality_status"
    )
    felt_at = models.DateTimeField()
    split = models.CharField(max_length=8, choices=Analysis.SampleRatio)
    flow = models.CharField(max_length=8, choices=Flow)
    usual = models.PositiveIntegerField(null=True, help_text="Messages on a usual day, to one figure.")
    reach = models.PositiveSmallIntegerField(null=True, help_text="Of 100 messages sent, how many were seen.")
    machines = models.PositiveSmallIntegerField(null=True, help_text="Of 100, left out as asked for by machines.")
    crowds = models.PositiveSmallIntegerField(null=True, help_text="Of 100, left out because one network asked.")
    enough_at = models.DateTimeField(null=True, help_text="The last hour by which enough messages had been served.")
    enough_of = models.PositiveIntegerField(default=0, help_text="How many had been served in all by then.")

    class Meta:
        db_table = "analytics_pulse"

    def __str__(self) -> str:
        return f"how {self.campaign} was at {self.felt_at}"


class Notice(models.Model):
    """An event in a campaign that people are notified of. Created by the worker, never changed."""

    class Kind(models.TextChoices):
        GUARDRAIL = "guardrail", _("A guardrail was crossed")
        SPLIT = "split", _("Messages are not shown as often as planned")
        HELP_LINK = "help-link", _("A help link needs to be checked")
        ADDRESS = "address", _("What visitors see was changed")
        PAUSED = "paused", _("The campaign was paused automatically")
        CHANGED = "changed", _("The campaign was changed directly in the database")
        PLANNED = "planned", _("The planned number of people has been counted")
        DECIDED = "decided", _("All questions in the plan are answered")
        ENDED = "ended", _("The campaign has reached its last day")
        LOOK = "look", _("There is a new result")

    DONE = (Kind.PLANNED, Kind.DECIDED, Kind.ENDED)

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="notices")
    kind = models.CharField(max_length=10, choices=Kind)
    ref = models.CharField(max_length=120, help_text="What it is about; told once.")
    about = models.CharField(max_length=160, blank=True, help_text="Its name at that time.")
    at = models.DateTimeField()

    class Meta:
        ordering = ["campaign", "-at", "-id"]
        constraints = [models.UniqueConstraint(fields=["campaign", "ref"], name="notice_once")]

    def __str__(self) -> str:
        return f"{self.campaign}: {self.get_kind_display()}"


class NoticeDelivery(models.Model):
    """The delivery of one notice to one person by e-mail or to the plan's webhook, until it succeeds."""

    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, related_name="deliveries")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", help_text="Empty: the webhook."
    )
    due_at = models.DateTimeField(help_text="When it is tried next.")
    tries = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    failure = models.CharField(max_length=80, blank=True, help_text="The name of the error that stopped it last.")

    class Meta:
        db_table = "analytics_telling"
        ordering = ["notice", "id"]
        constraints = [
            models.UniqueConstraint(fields=["notice", "person"], name="telling_once"),
            models.UniqueConstraint(fields=["notice"], condition=Q(person__isnull=True), name="telling_webhook_once"),
        ]

    def __str__(self) -> str:
        return f"{self.notice} to {self.person or 'the webhook'}"


class ResultMail(models.Model):
    """A person who asked for an e-mail with the sentence of each planned look and of the last one."""

    person = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="result_mail")
    since = models.DateTimeField(help_text="Looks from before are not sent.")

    def __str__(self) -> str:
        return f"results by e-mail to {self.person}"
