from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from messages.accounts import recorded_accounts
from messages.audit import hash_chain, log, verification
from messages.audit_pages.export import entry_to_json
from messages.audit_pages.wording import describe_action

_MAX_REASON_LENGTH = 300


class Command(BaseCommand):
    help = "Check whether the audit record was changed, or print it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verify = verbs.add_parser("verify", help="check the whole chain; status 1 if anything is wrong")
        verify.add_argument(
            "--head",
            action="append",
            default=[],
            metavar="NUMBER:DIGEST",
            help="a head that was kept elsewhere, or a file with heads, to compare with; can be repeated",
        )
        export = verbs.add_parser("export", help="print the whole record, one entry per line")
        export.add_argument("--json", action="store_true", help="as JSON, with digests, for programs")
        accept = verbs.add_parser("accept", help="accept the record as it is")
        accept.add_argument("why", help="the reason, which stays on the record")
        vouch = verbs.add_parser("vouch", help="put accounts on record as they are, after you have looked at them")
        vouch.add_argument("names", nargs="+", metavar="NAME", help="the name of an account")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            match options["verb"]:
                case "verify":
                    self._verify(options["head"])
                case "export":
                    self._export(as_json=options["json"])
                case "accept":
                    self._accept(options["why"].strip())
                case "vouch":
                    self._vouch(options["names"])
        except DatabaseError as error:
            raise CommandError(f"The database did not answer: {type(error).__name__}.") from None

    def _verify(self, texts: list[str]) -> None:
        verdict = verification.verify(external_heads=[head for text in texts for head in _parse_heads(text)])
        if verdict.problems:
            for problem in verdict.problems:
                self.stderr.write(problem)
            raise CommandError(f"The audit record does not match what was written. Problems: {len(verdict.problems)}.")
        if verdict.first is None or verdict.last is None:
            self.stdout.write("The audit record is empty.")
            return
        entries = "1 entry" if verdict.count == 1 else f"{verdict.count:,} entries"
        self.stdout.write(
            f"Fine: {entries}, from {verdict.first.at:%Y-%m-%d} to {verdict.last.at:%Y-%m-%d}, all unchanged."
        )
        self.stdout.write(f"Head: {verdict.head}")

    def _export(self, *, as_json: bool) -> None:
        for entry in log.entries():
            if as_json:
                self.stdout.write(entry_to_json(entry))
            else:
                description = describe_action(entry.action, label=entry.label, detail=entry.detail)
                self.stdout.write(f"{entry.number:>6}  {entry.at:%Y-%m-%d %H:%M:%S}  {entry.actor} {description}")

    def _accept(self, why: str) -> None:
        if not why or len(why) > _MAX_REASON_LENGTH:
            raise CommandError(f"Enter a reason of at most {_MAX_REASON_LENGTH} characters.")
        try:
            accepted = verification.accept(by=log.command_line_actor(), why=why)
        except verification.AcceptanceRefused as reason:
            raise CommandError(str(reason)) from None
        self.stdout.write(f"Entry {accepted.number} records that the record was accepted as it is, and why.")

    def _vouch(self, names: Sequence[str]) -> None:
        users = list(User.objects.filter(username__in=names).order_by("username"))
        if unknown := sorted(set(names) - {user.get_username() for user in users}):
            raise CommandError(f"There is no account of this name: {', '.join(unknown)}.")
        recorded_accounts.vouch_for(users, by=log.command_line_actor())
        self.stdout.write(f"On record as they are: {', '.join(user.get_username() for user in users)}.")


def _parse_heads(text: str) -> list[hash_chain.Head]:
    """The head that this is, or those that stand in the file of this name."""
    if Path(text).is_file():
        found = hash_chain.find_heads(Path(text).read_text("utf-8", "replace"))
    else:
        found = [head] if (head := hash_chain.parse_head(text)) is not None else []
    if not found:
        raise CommandError("A head is a number, a colon and 64 hexadecimal digits, as printed by verify.")
    return found
