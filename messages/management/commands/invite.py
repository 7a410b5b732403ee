from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.urls import reverse
from django.utils import timezone

from messages.accounts import invitations
from messages.audit.log import command_line_actor
from messages.roles import ADMINISTRATOR, ALL_ROLES


class Command(BaseCommand):
    help = "Print a link that creates an account. Use it to create the first administrator."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="their email address, which is stored with the account")
        parser.add_argument("--role", choices=ALL_ROLES, default=ADMINISTRATOR)
        parser.add_argument("--url", help="the site's own address, such as https://thought.example.org")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            validate_email(options["email"])
        except ValidationError:
            raise CommandError("This is not an email address.") from None
        invitation, token = invitations.invite(
            options["email"], options["role"], by=command_line_actor(), now=timezone.now()
        )
        site = (options["url"] or _site_url()).rstrip("/")
        self.stdout.write(f"{site}{reverse('welcome', args=[token])}")
        self.stderr.write(
            f"The link creates one account, as {invitation.role}, within {invitations.DAYS} days. It is shown once."
        )


def _site_url() -> str:
    """The URL of the first allowed host."""
    host = settings.ALLOWED_HOSTS[0]
    return f"http://{host}:8000" if settings.LOCAL_HTTP else f"https://{host}"
