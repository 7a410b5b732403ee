"""Placements and partners: added, changed, given to their contacts; never deleted. Each step is on record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.text import slugify

from campaign.models import Campaign, Partner, Placement
from messages.audit import log
from messages.models import Frame, Revision
from messages.review import workflow
from messages.roles import PARTNER_CONTACT

PLACEMENT_FIELDS = (
    "name",
    "key",
    "partner",
    "allowed_origins",
    "leave_url",
    "continue_url",
    "expected_per_day",
    "fallback",
)
RESERVED_KEYS = frozenset({"add"})  # what the addresses of our own pages use
_LONGEST_KEY = 50


@dataclass(frozen=True, slots=True)
class PlacementStatus:
    """What a visitor would get at a placement now: "campaign", "later", "fallback" or "nothing", and the campaign."""

    state: str
    campaign: Campaign | None


def placement_status(placement: Placement, *, now: datetime) -> PlacementStatus:
    """By the rows as they are; the running surface follows within seconds."""
    live = [campaign for campaign in placement.campaigns.all() if campaign.state in Campaign.LIVE]
    open_now = [c for c in live if not (c.starts_at and c.starts_at > now) and not (c.ends_at and c.ends_at <= now)]
    if open_now:
        return PlacementStatus("campaign", open_now[0])
    if placement.fallback and workflow.approved_locales(placement.fallback):
        return PlacementStatus("fallback", live[0] if live else None)
    return PlacementStatus("nothing", live[0] if live else None)


def is_key_fixed(placement: Placement) -> bool:
    """Once a campaign was launched there, its frozen plan and the partner's page name the key."""
    return placement.pk is not None and placement.campaigns.filter(launched_at__isnull=False).exists()


def suggested_key(name: str) -> str:
    """A free key, made of the name."""
    stem = slugify(name)[: _LONGEST_KEY - 4].strip("-") or "placement"
    keys = {stem, *(f"{stem}-{number}" for number in range(2, 1000))} - RESERVED_KEYS
    keys -= set(Placement.objects.filter(key__startswith=stem).values_list("key", flat=True))
    return min(keys, key=lambda key: (len(key), key))


def neutral_revisions() -> list[Revision]:
    """Words that may stand where no campaign runs: approved, neutral, and not stopped everywhere."""
    found = workflow.servable_revisions().filter(message__frame=Frame.NEUTRAL)
    rows = found.select_related("message").prefetch_related("renditions").order_by("message__key", "-number")
    return [revision for revision in rows if workflow.approved_locales(revision)]


def contact_candidates() -> list[User]:
    """The people whom an administrator may name as somebody's contacts."""
    return list(User.objects.filter(groups__name=PARTNER_CONTACT, is_active=True).order_by("username"))


@transaction.atomic
def add_placement(placement: Placement, *, by: User, new_partner: str = "") -> Placement:
    """A new placement, at a new partner if one is named."""
    if new_partner:
        placement.partner = add_partner(new_partner, by=by)
    placement.key = placement.key or suggested_key(placement.name)
    placement.save(force_insert=True)
    _record(log.Action.PLACEMENT_ADD, placement, by, partner=placement.partner.name)
    return placement


@transaction.atomic
def change_placement(placement: Placement, *, by: User, new_partner: str = "") -> list[str]:
    """Keep what was changed; the names of the fields. The snapshot notices within seconds."""
    if new_partner:
        placement.partner = add_partner(new_partner, by=by)
    before = Placement.objects.select_for_update(of=("self",)).get(pk=placement.pk)
    changed = [name for name in PLACEMENT_FIELDS if getattr(before, name) != getattr(placement, name)]
    if "key" in changed and is_key_fixed(before):
        raise ValueError("the key of a placement is fixed once a campaign was launched there")
    if changed:
        placement.save()
        _record(log.Action.PLACEMENT_CHANGE, placement, by, fields=", ".join(changed))
    return changed


@transaction.atomic
def add_partner(name: str, *, by: User) -> Partner:
    """A new partner; nobody is its contact yet."""
    partner = Partner.objects.create(name=name)
    _record_partner(log.Action.PARTNER_ADD, partner, by)
    return partner


@transaction.atomic
def rename_partner(partner: Partner, name: str, *, by: User) -> bool:
    """Another name; visitors read it on the page about the message. Whether it differs."""
    before = Partner.objects.select_for_update().get(pk=partner.pk).name
    if before == name:
        return False
    partner.name = name
    partner.save(update_fields=["name"])
    _record_partner(log.Action.PARTNER_CHANGE, partner, by, was=before)
    return True


@transaction.atomic
def assign_contacts(partner: Partner, people: Iterable[User], *, by: User) -> bool:
    """These people, and nobody else, see the partner's placements; whether that is new."""
    wanted, before = {user.pk: user for user in people}, {user.pk: user for user in partner.contacts.all()}
    if wanted.keys() == before.keys():
        return False
    partner.contacts.set(wanted.values())
    names = ", ".join(sorted(user.get_username() for user in wanted.values()))
    _record_partner(log.Action.PARTNER_CONTACTS, partner, by, contacts=names or "nobody")
    return True


def _record(action: log.Action, placement: Placement, by: User, **detail: str) -> None:
    log.record(action, by=by, kind=log.ObjectKind.PLACEMENT, ref=placement.key, label=placement.name, **detail)


def _record_partner(action: log.Action, partner: Partner, by: User, **detail: str) -> None:
    log.record(action, by=by, kind=log.ObjectKind.PARTNER, ref=str(partner.pk), label=partner.name, **detail)
