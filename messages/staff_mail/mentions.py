"""People whom a comment names with an @, and the mail that tells them so."""

import re
from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import User
from django.utils import translation
from django.utils.translation import gettext as _

from messages.staff_mail.mail_queue import absolute, queue_mail

MOST_MENTIONS = 10  # of one comment
_NAMED = re.compile(r"@([\w.@+-]{1,150})")


def mentioned_people(text: str, *, among: Iterable[User]) -> list[User]:
    """Return the people among those given whom a text names; a full stop after a name is not of the name."""
    typed = {name.casefold() for found in _NAMED.findall(text)[:MOST_MENTIONS] for name in (found, found.rstrip(".-"))}
    return [person for person in among if person.get_username().casefold() in typed]


def mail_mentioned_people(
    text: str, *, among: Iterable[User], by: User, about: str, path: str, now: datetime
) -> list[User]:
    """Tell the people whom a comment names, but for its author; return those who get a mail. It leads to the page."""
    named = [person for person in mentioned_people(text, among=among) if person.pk != by.pk]
    with translation.override(settings.LANGUAGE_CODE):
        values = {"who": by.get_username(), "about": about, "link": absolute(path)}
        subject = _("%(who)s mentioned you in a comment") % values
        body = _("%(who)s mentioned you in a comment on “%(about)s”.\n\nRead it here:\n%(link)s") % values
        return [person for person in named if queue_mail(person, subject, body, now=now)]
