"""Send the head of the audit record away from this machine: by mail to administrators, and to a directory.

Whoever rewrites the whole record, its key and its note cannot rewrite these copies.
"""

import logging
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.core.mail import send_mail
from django.utils import translation
from django.utils.translation import gettext as _

from messages.accounts.members import administrators
from messages.audit import verification
from messages.audit.hash_chain import Verification

log = logging.getLogger(__name__)


def send_head(*, now: datetime) -> int:
    """Verify the record and send its head away; return to how many places. A failure raises, to be tried again."""
    verdict = verification.verify()
    if verdict.problems:
        log.error("The audit record does not match what was written: see manage.py audit verify.")
    if verdict.head is None and not verdict.problems:
        return 0
    with translation.override(settings.LANGUAGE_CODE):
        text = _describe(verdict, now)
        return _write_file(text, now) + _send_mails(text, alarming=bool(verdict.problems))


def _describe(verdict: Verification, now: datetime) -> str:
    lines = [_("The audit record of %(site)s, on %(day)s.") % {"site": settings.SITE_ADDRESS, "day": f"{now:%Y-%m-%d}"}]
    if verdict.problems:
        lines += [_("The audit record does not match what was written:"), *verdict.problems]
    if verdict.head is not None:
        lines += [
            f"Head: {verdict.head}",
            _("Keep this. You can use it later to check that the record has not been changed:"),
            f"manage.py audit verify --head {verdict.head}",
        ]
    return "\n".join(lines) + "\n"


def _write_file(text: str, now: datetime) -> int:
    """Write the file of this day, unless it is there already: what was written is not written over."""
    if not settings.AUDIT_HEAD_DIRECTORY:
        return 0
    path = Path(settings.AUDIT_HEAD_DIRECTORY, f"audit-head-{now:%Y-%m-%d}.txt")
    with suppress(FileExistsError), path.open("x", encoding="utf-8") as stream:
        stream.write(text)
    return 1


def _send_mails(text: str, *, alarming: bool) -> int:
    addresses = sorted({user.email for user in administrators() if user.email}) if settings.EMAIL_HOST else []
    subject = _("The audit record was changed") if alarming else _("The latest entry of the audit record")
    for address in addresses:
        send_mail(subject, text, settings.DEFAULT_FROM_EMAIL, [address])
    return len(addresses)
