"""Base class of the commands that work on one campaign."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from campaign.models import Campaign


class CampaignCommand(BaseCommand):
    """A command whose first argument is the slug of a campaign."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("campaign", help="the campaign's slug")

    def find_campaign(self, slug: str) -> Campaign:
        campaign = Campaign.objects.filter(slug=slug).first()
        if campaign is None:
            raise CommandError(f"There is no campaign “{slug}”.")
        return campaign
