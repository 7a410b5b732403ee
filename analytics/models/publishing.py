"""What leaves the results page: files, costs and public pages."""

from django.conf import settings
from django.db import models

from campaign.models import Campaign


class PreparedFile(models.Model):
    """A file of a released look that somebody asked for. The worker makes it; it is deleted after a week."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="prepared_files")
    look = models.PositiveIntegerField()
    name = models.CharField(max_length=40)
    language = models.CharField(max_length=12, blank=True, help_text="Of a file in the reader's language.")
    asked_at = models.DateTimeField()
    made_at = models.DateTimeField(null=True)
    least = models.PositiveSmallIntegerField(default=0, help_text="SMALL_CELL when it was made.")
    content = models.BinaryField(null=True)
    failure = models.CharField(max_length=80, blank=True, help_text="The name of the error that stopped it.")

    class Meta:
        ordering = ["campaign", "look", "name"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "look", "name", "language"], name="prepared_file_once")
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.campaign}, look {self.look}"


class CampaignCost(models.Model):
    """What a campaign cost in all, as staff entered it."""

    campaign = models.OneToOneField(Campaign, on_delete=models.CASCADE, related_name="cost")
    amount = models.PositiveBigIntegerField(help_text="In whole units of the currency.")
    currency = models.CharField(max_length=3, help_text="Three letters, as of ISO 4217.")

    def __str__(self) -> str:
        return f"{self.campaign}: {self.currency} {self.amount}"


class PublicPage(models.Model):
    """A look that anybody may read, from when a second person agreed until somebody takes it down."""

    campaign = models.OneToOneField(Campaign, on_delete=models.PROTECT, related_name="public_page")
    look = models.PositiveIntegerField()
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(published_by__isnull=True) | ~models.Q(published_by=models.F("proposed_by")),
                name="published_by_a_second_person",
            )
        ]

    def __str__(self) -> str:
        return f"{self.campaign}, look {self.look}"
