"""Base class of the commands that work on one campaign."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from analytics import clock_check
from campaign.models import Campaign
from messages.audit import continuity


class CampaignCommand(BaseCommand):
    """A command whose first argument is the slug of a campaign."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("campaign", help="the campaign's slug")

    def require_trusted_state(self) -> None:
        """Refuse to act while the clock cannot be right, or in a restored backup."""
        if problem := clock_check.current_problem(timezone.now()):
            raise CommandError(problem)
        if continuity.is_older_database():
            raise CommandError(continuity.OLDER_DATABASE)

    def find_campaign(self, slug: str) -> Campaign:
        campaign = Campaign.objects.filter(slug=slug).first()
        if campaign is None:
            raise CommandError(f"There is no campaign “{slug}”.")
        return campaign
