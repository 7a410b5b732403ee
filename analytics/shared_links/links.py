"""Give a link to results, find what it leads to, and end it.

It ends on its last day, when a manager withdraws it, and for good with another role or the closed account of the
manager who gave it. Then the row is deleted, and the address with it. The address is encrypted together with what the
link was given for: who writes into the database lengthens no link, and leads none to another campaign or mailbox.
"""

import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from analytics.export.look_tables import exportable_looks
from analytics.models import Analysis, SharedLink
from campaign.lifecycle.actions import ActionRefused
from campaign.models import Campaign
from campaign.serving.snapshot_version import read_preview_givers
from messages.accounts.encryption import decrypt_secret, encrypt_secret
from messages.audit import log
from messages.audit.log import Action, ObjectKind
from messages.roles import MANAGER, require_role, users_with_role
from messages.staff_mail.mail import is_mail_possible, send_mail_if_possible

LONGEST_DAYS = 90
_PURPOSE = "shared link"


class LinkOver(Exception):
    """The link was withdrawn or has expired, or never existed."""


def shareable_look(campaign: Campaign) -> Analysis | None:
    """Return the newest planned look that anybody who reads results may see; None under embargo."""
    return next((look for look in reversed(exportable_looks(campaign)) if not look.exception), None)


@transaction.atomic
def give_link(campaign: Campaign, *, email: str, days: int, by: User, now: datetime) -> tuple[SharedLink, str]:
    """Give somebody a link; return it with its secret token. Raises ActionRefused."""
    require_role(by, MANAGER)
    if not is_mail_possible():
        raise ActionRefused(_("This site cannot send email, so no code would reach them. Ask whoever runs it."))
    if shareable_look(campaign) is None:
        raise ActionRefused(_("You can share the results once the first planned look has been taken."))
    token, begun = secrets.token_urlsafe(24), now.replace(microsecond=0)
    link = SharedLink(campaign=campaign, digest=digest_of(token), given_by=by, given_at=begun)
    link.expires_at = begun + timedelta(days=days)
    seal_terms(link, email)
    link.save()
    record(Action.LINK_GIVE, link, by=by, until=f"{link.expires_at:%Y-%m-%d}")
    return link, token


@transaction.atomic
def withdraw_link(campaign: Campaign, pk: int, *, by: User) -> None:
    """Withdraw a link, and delete the address. Raises LinkOver."""
    require_role(by, MANAGER)
    link = SharedLink.objects.select_for_update().filter(campaign=campaign, pk=pk).first()
    if link is None:
        raise LinkOver
    record(Action.LINK_WITHDRAW, link, by=by)
    link.delete()


def open_links(campaign: Campaign, *, now: datetime) -> list[tuple[SharedLink, str]]:
    """Return the links of a campaign that work, each with its address."""
    links = SharedLink.objects.filter(campaign=campaign).select_related("given_by")
    return [(link, address_of(link)) for link in _in_force(links, now=now)]


def find_link(token: str, *, now: datetime) -> SharedLink:
    """Return the link with this token. Raises LinkOver if it does not work any more."""
    return _find(now, digest=digest_of(token))


def find_link_by_number(pk: int, *, now: datetime) -> SharedLink:
    """Return the link with this number. Raises LinkOver if it does not work any more."""
    return _find(now, pk=pk)


def forget_ended_links(*, now: datetime) -> int:
    """Delete links that do not work any more, with their addresses; return how many."""
    links = list(SharedLink.objects.select_related("given_by"))
    working = {link.pk for link in _in_force(links, now=now)}
    deleted, _rows = SharedLink.objects.filter(pk__in=[link.pk for link in links if link.pk not in working]).delete()
    return deleted


def end_all_links() -> None:
    """Delete all links: of a restored backup nobody knows which were withdrawn since."""
    SharedLink.objects.all().delete()


def seal_terms(link: SharedLink, email: str) -> None:
    """Encrypt the address together with what the link is given for."""
    link.terms = encrypt_secret(json.dumps([*_terms(link), normalize(email)]), key=_key(), purpose=_PURPOSE)


def address_of(link: SharedLink) -> str:
    """The address that a link was given to; empty if its row is not as this program wrote it."""
    try:
        *terms, address = json.loads(decrypt_secret(link.terms, key=_key(), purpose=_PURPOSE))
    except ValueError:
        return ""
    return str(address) if terms == _terms(link) else ""


def normalize(email: str) -> str:
    """An address as it is compared: people type theirs in any case."""
    return email.strip().casefold()


def send_link(address: str, url: str, *, days: int) -> bool:
    """Mail the link; return False if the mail server did not accept the mail."""
    text = _(
        "Results were shared with you.\n\nThis link is for you alone. It works for %(days)d days:\n%(link)s\n\n"
        "Open it and enter this email address. You then get a code by email.\n\n"
        "If you did not expect this, you can ignore it."
    ) % {"days": days, "link": url}
    return send_mail_if_possible(address, _("Results were shared with you"), text, may_print=True)


def record(action: Action, link: SharedLink, *, by: User | str, **detail: str | int) -> None:
    """Record a step of a link, by its number: the record is permanent and an address is not."""
    campaign = link.campaign
    log.record(
        action, by=by, kind=ObjectKind.CAMPAIGN, ref=campaign.slug, label=campaign.name, number=link.pk, **detail
    )


def _find(now: datetime, **by: str | int) -> SharedLink:
    links = SharedLink.objects.filter(**by).select_related("campaign", "given_by")
    link = next(_in_force(links, now=now), None)
    if link is None:
        raise LinkOver
    return link


def _in_force(links: Iterable[SharedLink], *, now: datetime) -> Iterator[SharedLink]:
    since, managers = read_preview_givers(), set(users_with_role(MANAGER).values_list("pk", flat=True))
    for link in links:
        is_theirs = link.given_by_id in managers and link.given_at.timestamp() > since.get(link.given_by_id, 0)
        if is_theirs and now < link.expires_at and address_of(link):
            yield link


def _terms(link: SharedLink) -> list[str | int]:
    return [
        link.digest,
        link.campaign_id,
        link.given_by_id,
        int(link.given_at.timestamp()),
        int(link.expires_at.timestamp()),
    ]


def digest_of(token: str) -> str:
    """A plain hash is enough for a token of 192 random bits."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _key() -> bytes:
    return bytes(settings.SECOND_FACTOR_KEY)
