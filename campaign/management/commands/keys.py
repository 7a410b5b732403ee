"""`manage.py keys`: list, create, rotate and destroy keys, with an entry on the audit record."""

import re
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from campaign.key_admin import audited
from campaign.keys import rotation, store
from campaign.keys.inventory import KeyInfo, KeyState, list_keys
from campaign.keys.rotation import format_utc
from campaign.lifecycle import secret_destruction
from campaign.models import Campaign
from messages.audit.log import command_line_actor

_PURPOSES = {
    "audit": "seals the entries of the audit record",
    "django": "signs staff sessions and preview links",
    "second-factor": "encrypts second factors of staff",
}


class Command(BaseCommand):
    help = "List, create, rotate and destroy the keys in the key directory, while the server runs. Never shows a key."
    requires_system_checks = []  # handle() checks the key directory itself

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("list", help="list the keys, what they do and how old they are")
        create = verbs.add_parser("create", help="create the first receipt key, or a campaign's subject secret")
        create.add_argument(
            "name", nargs="?", default="receipt-001", help="such as campaign-7; without a name, the receipt key"
        )
        rotate = verbs.add_parser("rotate", help="create a new receipt key, which every process knows before it signs")
        rotate.add_argument(
            "--ahead",
            type=int,
            default=rotation.ROTATION_LEAD_SECONDS,
            metavar="SECONDS",
            help="how long before it signs; "
            f"{rotation.ROTATION_LEAD_SECONDS} unless the directory is copied to other machines",
        )
        verbs.add_parser("prune", help="destroy keys that are no longer needed, as the worker does")
        destroy = verbs.add_parser("destroy", help="destroy one key for good")
        destroy.add_argument("name", help="the name in the list, such as receipt-001 or campaign-7")
        destroy.add_argument("--now", action="store_true", help="even if something still depends on it")

    def handle(self, *args: Any, **options: Any) -> None:
        directory: Path = settings.KEY_DIRECTORY
        now = time.time()
        try:
            problems = store.key_directory_problems(directory)
            if problems:
                raise CommandError(" ".join(problems))
            match options["verb"]:
                case "list":
                    self._list(directory, now)
                case "create":
                    self._create(directory, options["name"])
                case "rotate":
                    self._rotate(directory, options["ahead"])
                case "prune":
                    for number in audited.destroy_unneeded_receipt_keys(directory, now=now, by=command_line_actor()):
                        self.stdout.write(f"Destroyed receipt-{number:03}.")
                    for number in secret_destruction.destroy_secrets_of_closed_campaigns(by=command_line_actor()):
                        self.stdout.write(f"Destroyed campaign-{number}.")
                case "destroy":
                    self._destroy(directory, options["name"], now, at_once=options["now"])
        except rotation.KeyRefused as refused:
            raise CommandError(str(refused)) from None
        except DatabaseError as error:
            raise CommandError(f"The database did not answer: {type(error).__name__}.") from None
        except OSError as error:
            raise CommandError(f"{error.filename or directory}: {error.strerror}.") from None

    def _list(self, directory: Path, now: float) -> None:
        keys = list_keys(directory, now=now)
        for key in keys:
            self.stdout.write(f"{key.name:<14} {key.age_days:>5} days  {_describe_state(key)}")
        if not keys:
            self.stdout.write("There are no keys yet.")

    def _create(self, directory: Path, name: str) -> None:
        number = _campaign_number(name)
        if number is None and name != "receipt-001":
            _refuse("Create the first receipt key without a name, or the secret of a campaign, such as campaign-7.")
        if number is None:
            if store.receipt_key_files(directory):
                _refuse("There is a receipt key already. For a new one: manage.py keys rotate.")
            audited.create_receipt_key(directory, by=command_line_actor())
        else:
            campaign = Campaign.objects.filter(pk=number).first()
            if campaign is None:
                _refuse(f"This database does not know a campaign {number}.")
            if campaign.unit != Campaign.Unit.SUBJECT:
                _refuse(f"“{campaign}” does not count subjects: it needs no secret.")
            if campaign.state == Campaign.State.CLOSED:
                _refuse(f"“{campaign}” is closed: its secret is destroyed for good.")
            if number in store.campaigns_with_subject_secret(directory):
                _refuse(f"{name} is there already.")
            audited.create_subject_secret(directory, campaign, by=command_line_actor())
        self.stdout.write(f"Created {name}.")

    def _rotate(self, directory: Path, ahead: int) -> None:
        key = audited.rotate_receipt_key(directory, clock=time.time, lead_seconds=ahead, by=command_line_actor())
        self.stdout.write(f"Created {key.title}. It verifies now and signs from {format_utc(key.signs_from)}.")
        keys = store.receipt_key_files(directory)
        for old in keys[:-1]:
            until = rotation.needed_until(old, keys)
            if until is not None:
                self.stdout.write(f"{old.title} verifies until {format_utc(until)}. The worker then destroys it.")

    def _destroy(self, directory: Path, name: str, now: float, *, at_once: bool) -> None:
        key = next((key for key in list_keys(directory, now=now) if key.name == name), None)
        if key is None or key.state == KeyState.SITE_KEY:
            _refuse(f"There is no {name}. Run manage.py keys list to see the keys.")
        if key.state == KeyState.SIGNS:
            _refuse(f"{name} signs the messages shown now. Rotate first, with --ahead 0 if someone may have stolen it.")
        if key.is_needed and not at_once:
            _refuse(f"{_why_needed(key)} To destroy it anyway, add --now.")
        audited.destroy_key(directory, key, by=command_line_actor())
        self.stdout.write(f"Destroyed {name}. {_consequence(key)}")


def _describe_state(key: KeyInfo) -> str:
    match key.state:
        case KeyState.SIGNS:
            return "signs"
        case KeyState.WAITS if key.receipt_key is not None:
            return f"verifies, signs from {format_utc(key.receipt_key.signs_from)}"
        case KeyState.VERIFIES_WITHOUT_END:
            return "verifies, until it is destroyed by hand"
        case KeyState.VERIFIES if key.needed_until is not None:
            return f"verifies until {format_utc(key.needed_until)}"
        case KeyState.UNKNOWN:
            return "of an unknown campaign: kept until it is destroyed by hand"
        case KeyState.IN_USE if key.campaign is not None:
            return f"of “{key.campaign}” ({key.campaign.get_state_display().lower()})"
        case KeyState.UNNEEDED if key.receipt_key:
            return "due for destruction"
        case KeyState.UNNEEDED:
            return f"of “{key.campaign}”, which is closed: due for destruction"
    return _PURPOSES[key.name]


def _why_needed(key: KeyInfo) -> str:
    match key.state:
        case KeyState.UNKNOWN:
            return (
                f"This database does not know the campaign of {key.name}. If it is the wrong database, the campaign "
                "may be running elsewhere."
            )
        case KeyState.IN_USE:
            return (
                f"“{key.campaign}” is not closed: its subjects would be assigned again, many to another message, and "
                "counted twice. Close the campaign to destroy it."
            )
    when = "A key that was added by hand has no known end."
    if key.needed_until is not None:
        when = f"Wait until {format_utc(key.needed_until)}."
    return (
        f"Open messages depend on {key.name}: responses to them in the next {_hours(key)} hours would not be "
        f"counted. {when}"
    )


def _consequence(key: KeyInfo) -> str:
    match key.state:
        case KeyState.WAITS:
            return "No receipt was open."
        case KeyState.UNNEEDED if key.receipt_key is not None:
            return "No receipt was open."
        case KeyState.VERIFIES | KeyState.VERIFIES_WITHOUT_END:
            return f"For {_hours(key)} hours, responses to messages signed with it are not counted."
        case KeyState.IN_USE:
            return f"Servers use it until they restart. After that, “{key.campaign}” assigns its subjects again."
    return "Nobody can work out which message a subject was shown."


def _hours(key: KeyInfo) -> str:
    return "some" if key.hours_at_risk is None else f"up to {key.hours_at_risk}"


def _campaign_number(name: str) -> int | None:
    match = re.fullmatch(r"campaign-([1-9][0-9]{0,17})", name)
    return int(match.group(1)) if match else None


def _refuse(why: str) -> NoReturn:
    raise CommandError(why)
