"""What the pages of the keys say of each: what it does now, and what its end would mean."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from campaign.keys import store
from campaign.keys.inventory import KeptKey, State

# How long before it signs a new key is there, in seconds, and when one wants that.
AHEAD = {
    str(store.AHEAD_SECONDS): (
        gettext_lazy("In a minute"),
        gettext_lazy("For one server: every process has read the new key before it signs."),
    ),
    "3600": (
        gettext_lazy("In an hour"),
        gettext_lazy("For several servers: time to copy the key directory to the others."),
    ),
    "0": (
        gettext_lazy("At once"),
        gettext_lazy(
            "If the present key may be in wrong hands. On several servers some answers are refused for a moment."
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One key as the page shows it."""

    key: KeptKey
    does: str
    age: str


def line(key: KeptKey) -> Line:
    """A key with what it does, in the reader's language."""
    age = ngettext("%(n)d day old", "%(n)d days old", key.days) % {"n": key.days} if key.days else _("made today")
    return Line(key, _does(key), age)


def _does(key: KeptKey) -> str:
    match key.state:
        case State.SIGNS:
            return _("Signs what is shown now.")
        case State.WAITS if key.receipt is not None:
            return _("Is known to all, and signs from %(moment)s on.") % {"moment": moment(key.receipt.signs_from)}
        case State.VERIFIES if key.until is not None:
            return _("Signs no more. Messages it signed may still be answered until %(moment)s.") % {
                "moment": moment(key.until)
            }
        case State.NO_END:
            return _("Signs no more. Until when it is needed is not known: it was put there by hand.")
        case State.IN_USE:
            return _("Decides which message each subject of “%(campaign)s” sees.") % {"campaign": key.campaign}
        case State.UNKNOWN:
            return _("Of a campaign that is not in this database.")
        case State.UNNEEDED if key.receipt is not None:
            return _("Nothing needs it any more.")
        case State.UNNEEDED:
            return _("Of “%(campaign)s”, which is closed: nothing needs it any more.") % {"campaign": key.campaign}
    if key.name == "django":
        return _("Signs the sessions of staff, and previews.")
    return _("Encrypts authenticator apps and recovery codes of staff.")


def afterwards(key: KeptKey) -> str:
    """What follows from destroying it."""
    match key.state:
        case State.VERIFIES if key.hours is not None:
            return ngettext(
                "Messages that it signed are still open. For up to %(n)d hour, what is done with them is not counted.",
                "Messages that it signed are still open. For up to %(n)d hours, what is done with them is not counted.",
                key.hours,
            ) % {"n": key.hours}
        case State.NO_END:
            return _("Messages that it signed may still be open. What people do with them would not be counted.")
        case State.IN_USE:
            return _(
                "The campaign is not closed. Once the servers restart, its subjects would be dealt out anew, many to "
                "another message, and count again. Closing the campaign destroys this key in its time."
            )
        case State.UNKNOWN:
            return _(
                "If this is the wrong database, the campaign may be running elsewhere, and its subjects would be dealt "
                "out anew."
            )
        case State.WAITS:
            return _("It has signed nothing yet, so nothing is lost.")
    if key.receipt is not None:
        return _("No message that it signed is open any more, so nothing is lost.")
    return _("Afterwards nobody can compute which message a subject was shown.")


def moment(seconds: int) -> str:
    """A time as the reader's language writes it."""
    return f"{date_format(datetime.fromtimestamp(seconds, UTC), 'DATETIME_FORMAT')} UTC"
