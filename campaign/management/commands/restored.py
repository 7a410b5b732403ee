"""`manage.py restored`: take a restored backup into use, after asking what was ended since it was made."""

from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from campaign.restoration import restore
from messages.audit import continuity
from messages.audit.log import command_line_actor

_QUESTIONS = {
    "keep": "Which accounts still have the password, second factor and role they had then? All others are closed.",
    "stopped": "Which messages were stopped or withdrawn since? (their keys)",
    "paused": "Which arms were paused since? (campaign/arm)",
    "closed": "Which campaigns were closed since? (their addresses)",
}


class Command(BaseCommand):
    help = "Put a restored backup into use: revoke restored access, and pause what is shown until it is confirmed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        for name, metavar in (("keep", "NAME"), ("stopped", "KEY"), ("paused", "CAMPAIGN/ARM"), ("closed", "CAMPAIGN")):
            parser.add_argument(f"--{name}", nargs="*", metavar=metavar, help=_QUESTIONS[name])
        parser.add_argument(
            "--yes", action="store_true", help="do not ask questions; names that are not given count as none"
        )
        parser.add_argument("--anyway", action="store_true", help="run even if this machine has signed nothing later")

    def handle(self, *args: Any, **options: Any) -> None:
        if not continuity.is_older_database() and not options["anyway"]:
            raise CommandError(
                "This database contains everything this machine has signed. If it is still a backup, because the keys "
                "were restored with it, add --anyway."
            )
        self.stdout.write(f"The last entry on record is from {restore.backup_time() or 'no time'}.")
        names = {name: self._answer(name, options) for name in _QUESTIONS}
        if not options["yes"] and input("End all sessions and tokens, and pause what is shown? [y/N] ").lower() != "y":
            raise CommandError("Nothing was changed.")
        memory = restore.Memory(
            kept_accounts=names["keep"],
            stopped_messages=names["stopped"],
            paused_arms=[_parse_arm(text) for text in names["paused"]],
            closed_campaigns=names["closed"],
        )
        try:
            done = restore.take_into_use(memory, by=command_line_actor(), now=timezone.now())
        except restore.RestorationRefused as refused:
            raise CommandError(f"{refused} Nothing was changed.") from None
        self._report(done)

    def _answer(self, name: str, options: dict[str, Any]) -> list[str]:
        """The names that were given, or else typed."""
        if options[name] is not None or options["yes"]:
            return list(options[name] or ())
        if name == "keep":
            accounts = User.objects.filter(is_active=True).order_by("username").values_list("username", flat=True)
            self.stdout.write(f"Accounts: {', '.join(accounts) or 'none'}.")
        return input(f"{_QUESTIONS[name]} ").replace(",", " ").split()

    def _report(self, done: restore.Restoration) -> None:
        self.stdout.write("All sessions, API tokens, invitations and recovery codes have been revoked.")
        self._list("Accounts closed, until an administrator reopens them", done.closed_accounts)
        self._list("Campaigns waiting for a manager to resume or send them", done.held_campaigns)
        self._list("Placements whose neutral text has to be chosen again", done.emptied_placements)
        self._list("Messages stopped again", done.stopped_messages)
        self._list("Arms paused again", done.paused_arms)
        self._list("Campaigns closed again", done.closed_campaigns)
        self.stdout.write(
            "Before you resume anything, check help links and the addresses of placements against what people remember."
        )

    def _list(self, title: str, names: Sequence[str]) -> None:
        self.stdout.write(f"{title}: {', '.join(names) or 'none'}.")


def _parse_arm(text: str) -> tuple[str, str]:
    campaign, slash, arm = text.partition("/")
    if not slash:
        raise CommandError(f"“{text}” is not an arm. Write campaign/arm.")
    return campaign, arm
