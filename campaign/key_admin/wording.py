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
        gettext_lazy("In one minute"),
        gettext_lazy("For a single server: gives every process time to read the new key."),
    ),
    "3600": (
        gettext_lazy("In one hour"),
        gettext_lazy("For several servers: gives you time to copy the key directory to the others."),
    ),
    "0": (
        gettext_lazy("Immediately"),
        gettext_lazy(
            "Choose this if someone may have stolen the current key. With several servers, some "
            "responses are refused for a moment."
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
    age = _("created today")
    if key.age_days:
        age = ngettext("%(n)d day old", "%(n)d days old", key.age_days) % {"n": key.age_days}
    return KeyRow(key, _describe_state(key), age)


def _describe_state(key: KeyInfo) -> str:
    match key.state:
        case KeyState.SIGNS:
            return _("Signs the messages shown now.")
        case KeyState.WAITS if key.receipt_key is not None:
            values = {"moment": format_moment(key.receipt_key.signs_from)}
            return _("All processes have it. It signs from %(moment)s.") % values
        case KeyState.VERIFIES if key.needed_until is not None:
            values = {"moment": format_moment(key.needed_until)}
            return _("No longer signs. Responses to messages it signed are accepted until %(moment)s.") % values
        case KeyState.VERIFIES_WITHOUT_END:
            return _("No longer signs. It was added by hand, so we do not know how long it is needed.")
        case KeyState.IN_USE:
            return _("Decides which message each subject of “%(campaign)s” sees.") % {"campaign": key.campaign}
        case KeyState.UNKNOWN:
            return _("For a campaign that is not in this database.")
        case KeyState.UNNEEDED if key.receipt_key is not None:
            return _("It is no longer needed.")
        case KeyState.UNNEEDED:
            return _("For “%(campaign)s”, which is closed. It is no longer needed.") % {"campaign": key.campaign}
    if key.name == "audit":
        return _("Seals the entries of the audit record.")
    if key.name == "django":
        return _("Signs staff sessions and previews.")
    return _("Encrypts the authenticator apps and recovery codes of staff.")


def describe_destruction(key: KeyInfo) -> str:
    """Describe what destroying the key would mean."""
    match key.state:
        case KeyState.VERIFIES if key.hours_at_risk is not None:
            return ngettext(
                "Messages signed with it are still open. For up to %(n)d hour, responses to them will not be counted.",
                "Messages signed with it are still open. For up to %(n)d hours, responses to them will not be counted.",
                key.hours_at_risk,
            ) % {"n": key.hours_at_risk}
        case KeyState.VERIFIES_WITHOUT_END:
            return _("Messages signed with it may still be open. Responses to them would not be counted.")
        case KeyState.IN_USE:
            return _(
                "The campaign is still open. After the servers restart, its subjects would be assigned "
                "again, many of them to another message, and counted twice. This key is destroyed "
                "automatically some time after the campaign is closed."
            )
        case KeyState.UNKNOWN:
            return _(
                "If this is the wrong database, the campaign may be running elsewhere, and its subjects "
                "would be assigned again."
            )
        case KeyState.WAITS:
            return _("It has not signed anything yet, so nothing is lost.")
    if key.receipt_key is not None:
        return _("No message signed with it is still open, so nothing is lost.")
    return _("After that, nobody can work out which message a subject was shown.")


def format_moment(seconds: int) -> str:
    """A time in the reader's language."""
    return f"{date_format(datetime.fromtimestamp(seconds, UTC), 'DATETIME_FORMAT')} UTC"
