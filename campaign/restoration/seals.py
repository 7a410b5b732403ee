"""Seal anew what a restored backup holds, where the key that sealed it was lost with its machine.

Backups hold no keys. Whoever takes a backup into use says that it may go on from there, so what it holds is sealed as
it stands. With the key of before nothing is sealed anew: what somebody wrote there is still found.
"""

from collections.abc import Callable

from django.db import connection

from campaign.lifecycle.placement_authors import seal_all_changes
from campaign.lifecycle.webhook_tests import seal_all_tests
from campaign.record_triggers import ALL_TRIGGERS, restore_triggers
from messages.audit import log
from messages.staff_mail.mail_queue import seal_all_mails

Sealer = Callable[[], None]
_sealers: list[Sealer] = [seal_all_changes, seal_all_tests, seal_all_mails]


def register(sealer: Sealer) -> None:
    """Register what an upper app seals anew; safe to call again."""
    if sealer not in _sealers:
        _sealers.append(sealer)


def seal_anew_with_a_new_key() -> bool:
    """Seal what is there, if another machine's key began the audit record; whether it did."""
    if not log.is_begun_by_another_key():
        return False
    with connection.cursor() as cursor:
        for trigger in ALL_TRIGGERS:
            for statement in trigger.drop(connection.vendor):
                cursor.execute(statement)
    for seal in _sealers:
        seal()
    restore_triggers(using="default")
    return True
