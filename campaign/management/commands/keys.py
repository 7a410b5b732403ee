import math
import re
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from campaign import custody, keyring, lifecycle
from campaign.keyring import ReceiptKey, in_words
from campaign.models import Campaign
from campaign.receipt import SECONDS_PER_HOUR
from messages.audit import command_line


class Command(BaseCommand):
    help = "List, create, rotate and destroy the keys in the key directory, while the server runs. Never shows a key."
    requires_system_checks = []  # the one that matters here is made below, and refuses

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("list", help="what is there, what it does, how old it is")
        create = verbs.add_parser("create", help="the first receipt key, or the secret of a campaign's subjects")
        create.add_argument("name", nargs="?", default="receipt-001", help="such as campaign-7; else the receipt key")
        rotate = verbs.add_parser("rotate", help="a new receipt key, known to all before it signs")
        rotate.add_argument(
            "--ahead",
            type=int,
            default=keyring.AHEAD_SECONDS,
            metavar="SECONDS",
            help=f"how long before it signs; {keyring.AHEAD_SECONDS} unless the directory is copied to other machines",
        )
        verbs.add_parser("prune", help="destroy what nothing needs any more, as the worker does")
        destroy = verbs.add_parser("destroy", help="destroy one key for good")
        destroy.add_argument("name", help="as the list shows it, such as receipt-001 or campaign-7")
        destroy.add_argument("--now", action="store_true", help="even if something still depends on it")

    def handle(self, *args: Any, **options: Any) -> None:
        directory: Path = settings.KEY_DIRECTORY
        now = time.time()
        try:
            complaints = keyring.complaints(directory)
            if complaints:
                raise CommandError(" ".join(complaints))
            match options["verb"]:
                case "list":
                    self._list(directory, now)
                case "create":
                    self._create(directory, options["name"])
                case "rotate":
                    self._rotate(directory, options["ahead"])
                case "prune":
                    for number in custody.destroy_unneeded(directory, now=now, by=command_line()):
                        self.stdout.write(f"Destroyed receipt-{number:03}.")
                    for number in lifecycle.destroy_secrets_of_closed(by=command_line()):
                        self.stdout.write(f"Destroyed campaign-{number}.")
                case "destroy":
                    self._destroy(directory, options["name"], now, at_once=options["now"])
        except keyring.KeyRefused as refused:
            raise CommandError(str(refused)) from None
        except DatabaseError as error:
            raise CommandError(f"The database did not answer: {type(error).__name__}.") from None
        except OSError as error:
            raise CommandError(f"{error.filename or directory}: {error.strerror}.") from None

    def _list(self, directory: Path, now: float) -> None:
        keys = keyring.receipt_key_files(directory)
        rows = [(key.title, _receipt_state(key, keys, now), key.path) for key in keys]
        campaigns = Campaign.objects.in_bulk(keyring.subject_secrets(directory))
        for number in keyring.subject_secrets(directory):
            path = directory / f"campaign-{number}.key"
            rows.append((path.stem, _subject_state(campaigns.get(number)), path))
        if (directory / "django.key").exists():
            rows.append(("django", "signs staff sessions and preview links", directory / "django.key"))
        if (directory / "second-factor.key").exists():
            rows.append(("second-factor", "encrypts second factors of staff", directory / "second-factor.key"))
        for name, state, path in rows:
            days = max(int((now - path.stat().st_mtime) / 86_400), 0)
            self.stdout.write(f"{name:<14} {days:>5} days  {state}")
        if not rows:
            self.stdout.write("No key is there yet.")

    def _create(self, directory: Path, name: str) -> None:
        number = _campaign_number(name)
        if number is None and name != "receipt-001":
            _refuse("Create the first receipt key without a name, or the secret of a campaign, such as campaign-7.")
        if number is None:
            if keyring.receipt_key_files(directory):
                _refuse("There is a receipt key already. For a new one: manage.py keys rotate.")
            custody.create_receipt_key(directory, by=command_line())
        else:
            campaign = Campaign.objects.filter(pk=number).first()
            if campaign is None:
                _refuse(f"This database does not know a campaign {number}.")
            if campaign.unit != Campaign.Unit.SUBJECT:
                _refuse(f"“{campaign}” does not count subjects: it needs no secret.")
            if campaign.state == Campaign.State.CLOSED:
                _refuse(f"“{campaign}” is closed: its secret is destroyed for good.")
            if number in keyring.subject_secrets(directory):
                _refuse(f"{name} is there already.")
            custody.create_secret(directory, campaign, by=command_line())
        self.stdout.write(f"Created {name}.")

    def _rotate(self, directory: Path, ahead: int) -> None:
        if ahead < 0:
            _refuse("A key cannot begin to sign in the past.")
        key = custody.rotate(directory, clock=time.time, ahead=ahead, by=command_line())
        self.stdout.write(f"Created {key.title}. It verifies now and signs from {in_words(key.signs_from)} on.")
        keys = keyring.receipt_key_files(directory)
        for old in keys[:-1]:
            until = keyring.needed_until(old, keys)
            if until is not None:
                self.stdout.write(f"{old.title} verifies until {in_words(until)}; then the worker destroys it.")

    def _destroy(self, directory: Path, name: str, now: float, *, at_once: bool) -> None:
        keys = keyring.receipt_key_files(directory)
        key = next((key for key in keys if key.title == name), None)
        number = _campaign_number(name)
        if key is not None:
            said = _last_word_on_receipts(key, keys, now, at_once=at_once)
            custody.destroy(directory, key, by=command_line())
        elif number is not None and number in keyring.subject_secrets(directory):
            campaign = Campaign.objects.filter(pk=number).first()
            said = _last_word_on_subjects(campaign, name, at_once=at_once)
            if campaign is None:
                custody.destroy_unknown_secret(directory, number, by=command_line())
            else:
                lifecycle.destroy_secret(campaign, by=command_line())
        else:
            _refuse(f"There is no {name}. manage.py keys list shows what there is.")
        self.stdout.write(said)


def _receipt_state(key: ReceiptKey, keys: list[ReceiptKey], now: float) -> str:
    if key == keyring.signing(keys, now=now):
        return "signs"
    if key.signs_from > now:
        return f"verifies, signs from {in_words(key.signs_from)} on"
    until = keyring.needed_until(key, keys)
    if until is None:
        return "verifies, until it is destroyed by hand"
    return f"verifies until {in_words(until)}" if until > now else "due for destruction"


def _subject_state(campaign: Campaign | None) -> str:
    if campaign is None:
        return "of an unknown campaign: kept until it is destroyed by hand"
    if campaign.state == Campaign.State.CLOSED:
        return f"of “{campaign}”, which is closed: due for destruction"
    return f"of “{campaign}” ({campaign.get_state_display().lower()})"


def _last_word_on_receipts(key: ReceiptKey, keys: list[ReceiptKey], now: float, *, at_once: bool) -> str:
    """What destroying it does, or CommandError."""
    name = key.title
    if key == keyring.signing(keys, now=now):
        _refuse(f"{name} signs what is shown now. Rotate first, with --ahead 0 if it is in wrong hands.")
    until = keyring.needed_until(key, keys)
    if key.signs_from > now or (until is not None and until <= now):
        return f"Destroyed {name}. No receipt was open."
    hours = "some" if until is None else f"up to {math.ceil((until - now) / SECONDS_PER_HOUR)}"
    if not at_once:
        when = (
            "A key that was put there by hand has no known end." if until is None else f"Wait until {in_words(until)}."
        )
        _refuse(
            f"Open messages depend on {name}: what is done with them in the next {hours} hours would not be counted. "
            f"{when} With --now it is destroyed all the same."
        )
    return f"Destroyed {name}. For {hours} hours, what is done with messages that it signed is not counted."


def _last_word_on_subjects(campaign: Campaign | None, name: str, *, at_once: bool) -> str:
    if campaign is None:
        if not at_once:
            _refuse(
                f"This database does not know the campaign of {name}. If it is the wrong database, the campaign may be "
                "running elsewhere. With --now it is destroyed all the same."
            )
    elif campaign.state != Campaign.State.CLOSED:
        if not at_once:
            _refuse(
                f"“{campaign}” is not closed: its subjects would be assigned anew, many to another message, and count "
                "again. Close the campaign, which destroys it. With --now it is destroyed all the same."
            )
        return (
            f"Destroyed {name}. Servers know it until they are restarted; then “{campaign}” assigns its subjects anew."
        )
    return f"Destroyed {name}. Nobody can compute which message a subject was shown."


def _campaign_number(name: str) -> int | None:
    found = re.fullmatch(r"campaign-([1-9][0-9]{0,17})", name)
    return int(found.group(1)) if found else None


def _refuse(why: str) -> NoReturn:
    raise CommandError(why)
