"""Wording of the key pages: what each key does now, and what destroying it would mean."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from campaign.keys import rotation
from campaign.keys.inventory import KeyInfo, KeyState

# How long a new key exists before it signs, in seconds, with a label and when to choose it.
LEAD_TIME_CHOICES = {
    str(rotation.ROTATION_LEAD_SECONDS): (
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
class KeyRow:
    """One key as the page shows it."""

    key: KeyInfo
    description: str
    age: str


def key_row(key: KeyInfo) -> KeyRow:
    """Describe a key in the reader's language."""
    age = _("made today")
    if key.age_days:
        age = ngettext("%(n)d day old", "%(n)d days old", key.age_days) % {"n": key.age_days}
    return KeyRow(key, _describe_state(key), age)


def _describe_state(key: KeyInfo) -> str:
    match key.state:
        case KeyState.SIGNS:
            return _("Signs what is shown now.")
        case KeyState.WAITS if key.receipt_key is not None:
            values = {"moment": format_moment(key.receipt_key.signs_from)}
            return _("Is known to all, and signs from %(moment)s on.") % values
        case KeyState.VERIFIES if key.needed_until is not None:
            values = {"moment": format_moment(key.needed_until)}
            return _("Signs no more. Messages it signed may still be answered until %(moment)s.") % values
        case KeyState.VERIFIES_WITHOUT_END:
            return _("Signs no more. Until when it is needed is not known: it was put there by hand.")
        case KeyState.IN_USE:
            return _("Decides which message each subject of “%(campaign)s” sees.") % {"campaign": key.campaign}
        case KeyState.UNKNOWN:
            return _("Of a campaign that is not in this database.")
        case KeyState.UNNEEDED if key.receipt_key is not None:
            return _("Nothing needs it any more.")
        case KeyState.UNNEEDED:
            return _("Of “%(campaign)s”, which is closed: nothing needs it any more.") % {"campaign": key.campaign}
    if key.name == "audit":
        return _("Seals the entries of this record.")
    if key.name == "django":
        return _("Signs the sessions of staff, and previews.")
    return _("Encrypts authenticator apps and recovery codes of staff.")


def describe_destruction(key: KeyInfo) -> str:
    """Describe what destroying the key would mean."""
    match key.state:
        case KeyState.VERIFIES if key.hours_at_risk is not None:
            return ngettext(
                "Messages that it signed are still open. For up to %(n)d hour, what is done with them is not counted.",
                "Messages that it signed are still open. For up to %(n)d hours, what is done with them is not counted.",
                key.hours_at_risk,
            ) % {"n": key.hours_at_risk}
        case KeyState.VERIFIES_WITHOUT_END:
            return _("Messages that it signed may still be open. What people do with them would not be counted.")
        case KeyState.IN_USE:
            return _(
                "The campaign is not closed. Once the servers restart, its subjects would be dealt out anew, many to "
                "another message, and count again. Closing the campaign destroys this key in its time."
            )
        case KeyState.UNKNOWN:
            return _(
                "If this is the wrong database, the campaign may be running elsewhere, and its subjects would be dealt "
                "out anew."
            )
        case KeyState.WAITS:
            return _("It has signed nothing yet, so nothing is lost.")
    if key.receipt_key is not None:
        return _("No message that it signed is open any more, so nothing is lost.")
    return _("Afterwards nobody can compute which message a subject was shown.")


def format_moment(seconds: int) -> str:
    """A time in the reader's language."""
    return f"{date_format(datetime.fromtimestamp(seconds, UTC), 'DATETIME_FORMAT')} UTC"
