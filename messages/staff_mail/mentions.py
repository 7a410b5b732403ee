"""People whom a comment names with an @, the mail that tells them so, and who of them gets none."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import User
from django.utils import translation
from django.utils.translation import gettext as _

from messages.staff_mail.mail_queue import absolute, queue_mail

MOST_MENTIONS = 10  # of one comment
_NAMED = re.compile(r"@([\w.@+-]{1,150})")


@dataclass(frozen=True, slots=True)
class Mentions:
    """The people whom a comment names, but for its author: who gets a mail, and who does not."""

    mailed: tuple[User, ...]
    not_mailed: tuple[User, ...]

    def describe(self) -> str:
        """Say to the author what became of the comment."""
        sentences = [_("Your comment is saved.")]
        if self.mailed:
            sentences.append(_("A mail goes to: %(names)s.") % {"names": _names(self.mailed)})
        if self.not_mailed:
            sentence = _("%(names)s will get no mail, so please tell them yourself.")
            sentences.append(sentence % {"names": _names(self.not_mailed)})
        return " ".join(sentences)


def mentioned_people(text: str, *, among: Iterable[User]) -> list[User]:
    """Return the people among those given whom a text names; a full stop after a name is not of the name."""
    typed = {name.casefold() for found in _NAMED.findall(text)[:MOST_MENTIONS] for name in (found, found.rstrip(".-"))}
    return [person for person in among if person.get_username().casefold() in typed]


def mail_mentioned_people(
    text: str, *, among: Iterable[User], by: User, about: str, path: str, now: datetime
) -> Mentions:
    """Tell the people whom a comment names, but for its author, by a mail that leads to the page."""
    named = [person for person in mentioned_people(text, among=among) if person.pk != by.pk]
    with translation.override(settings.LANGUAGE_CODE):
        values = {"who": by.get_username(), "about": about, "link": absolute(path)}
        subject = _("%(who)s mentioned you in a comment") % values
        body = _("%(who)s mentioned you in a comment on “%(about)s”.\n\nRead it here:\n%(link)s") % values
        mailed = [person for person in named if queue_mail(person, subject, body, now=now)]
    return Mentions(tuple(mailed), tuple(person for person in named if person not in mailed))


def _names(people: Iterable[User]) -> str:
    return ", ".join(person.get_username() for person in people)
