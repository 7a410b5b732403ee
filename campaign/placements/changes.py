"""Add and change placements and partners, and assign contacts, each with an audit entry. Nothing is deleted."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Model
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from campaign.lifecycle import visitor_changes
from campaign.lifecycle.launched_state import missed_parts
from campaign.lifecycle.placement_authors import CHANGES, field_digests, last_seal, record_change
from campaign.models import Campaign, Partner, Placement
from messages.audit import log
from messages.audit.verification import is_last_step
from messages.audit.verified_before import verified_before
from messages.i18n.recorded_sentences import PROPOSED_AND_CONFIRMED, TAKEN_AWAY, recorded
from messages.models import Frame, Revision
from messages.proposals import (
    NOTHING_PROPOSED,
    ProposalRefused,
    SavedFields,
    check_confirmation,
    content_digest,
    propose,
    save_fields,
)
from messages.review import workflow
from messages.review.recorded_approvals import recorded_locales
from messages.roles import PARTNER_CONTACT
from messages.stale_copies import StaleCopy, digest_of, replace_people
from messages.text.slugs import unused_key

PLACEMENT_FIELDS = (
    *("name", "key", "partner", "allowed_origins", "leave_url", "continue_url", "expected_per_day", "fallback"),
    *("countries", "network_share", "counts_signed_only"),
)
# Who counts: results rest on it, so it is declared before a campaign is launched, and stays until that is closed.
FIXED_FIELDS = ("network_share", "counts_signed_only")
_APPROVED_FIELDS = {*Placement.FIELDS_FOR_VISITORS, *FIXED_FIELDS, "key", "partner"}  # part of a campaign's approval
# What waits for a second person while a campaign is open there: what visitors meet, and who runs the place.
_WAITING_FIELDS = (*Placement.FIELDS_FOR_VISITORS, "partner")
_TOLD = {
    "partner": recorded("At “{name}”, visitors now read that the page is run by {after} (before: {before})."),
    "leave_url": recorded("At “{name}”, “Leave this page” now leads to {after} (before: {before})."),
    "continue_url": recorded("At “{name}”, “Continue” now leads to {after} (before: {before})."),
    "fallback": recorded("At “{name}”, other words are shown in pauses: {after} (before: {before})."),
    "allowed_origins": recorded("At “{name}”, messages may now be shown on {after} (before: {before})."),
    "countries": recorded("At “{name}”, help is now shown for these countries: {after} (before: {before})."),
}
_TOLD_REMOVED = {
    "leave_url": recorded("At “{name}”, “Leave this page” no longer leads to {before}: it leads to our own page."),
    "continue_url": recorded("At “{name}”, “Continue” no longer leads to {before}: the message closes."),
    "fallback": recorded("At “{name}”, no words are shown in pauses any more (before: {before})."),
    "allowed_origins": recorded("At “{name}”, messages may now be shown on fewer sites (before: {before})."),
}
_MODELS: dict[str, type[Model]] = {"fallback": Revision, "partner": Partner}
RESERVED_KEYS = frozenset({"add"})  # used by the addresses of the placement pages
_MAX_KEY_LENGTH = 50
_PROPOSALS = (log.Action.PLACEMENT_PROPOSE, log.Action.PLACEMENT_WITHDRAW, log.Action.PLACEMENT_CONFIRM)


@dataclass(frozen=True, slots=True)
class PlacementStatus:
    """What a visitor would get at a placement now: "campaign", "fallback" or "nothing", and the campaign.

    `others` run there too, in other slots.
    """

    state: str
    campaign: Campaign | None
    others: tuple[Campaign, ...] = ()


def placement_status(placement: Placement, *, now: datetime) -> PlacementStatus:
    """The status according to the database, which the running servers follow within seconds."""
    live = [campaign for campaign in placement.campaigns.all() if campaign.state in Campaign.LIVE]
    live.sort(key=lambda campaign: (campaign.is_use, campaign.first_slot))  # a trial goes before what is in use
    open_now = [c for c in live if not (c.starts_at and c.starts_at > now) and not (c.ends_at and c.ends_at <= now)]
    if open_now:
        first, *rest = open_now
        return PlacementStatus("campaign", first, tuple(rest) if first.shares_places else ())
    if placement.fallback and workflow.approved_locales(placement.fallback):
        return PlacementStatus("fallback", live[0] if live else None)
    return PlacementStatus("nothing", live[0] if live else None)


@dataclass(frozen=True, slots=True)
class ProposedTarget:
    """One field of a change that waits: where visitors are led now, and where they would be."""

    name: str
    before: str
    after: str

    @property
    def is_address(self) -> bool:
        return self.name in ("leave_url", "continue_url")


def proposed_fields(placement: Placement) -> list[ProposedTarget]:
    """What a waiting change would change."""
    fields = []
    for name in _WAITING_FIELDS:
        if name in placement.proposed:
            before, after = getattr(placement, name), placement.proposed[name]
            if model := _MODELS.get(name):
                after = model._default_manager.get(pk=after)
            fields.append(ProposedTarget(name, _in_words(before), _in_words(after)))
    return fields


def _in_words(value: Any) -> str:
    return (", ".join(value) if isinstance(value, list) else str(value or "")) or "—"


def _adds_nothing(placement: Placement, name: str, value: Any) -> bool:
    """Whether a new value only takes away from what visitors meet. Without countries there is more help, not less."""
    if name == "countries":
        return False
    return set(value) <= set(placement.allowed_origins) if name == "allowed_origins" else not value


def removed_fields(placement: Placement, values: Mapping[str, Any]) -> list[str]:
    """What visitors of an open campaign meet here today, and would meet no more with these values."""
    names = [
        name
        for name in Placement.FIELDS_FOR_VISITORS
        if name in values
        and (getattr(placement, name) or None) != (values[name] or None)
        and _adds_nothing(placement, name, values[name])
    ]
    return names if names and open_campaigns(placement) else []


def open_campaigns(placement: Placement) -> list[Campaign]:
    """The launched campaigns there that are not closed: their visitors meet the addresses of this placement."""
    return list(placement.campaigns.filter(state__in=Campaign.OPEN).order_by("pk"))


def is_key_fixed(placement: Placement) -> bool:
    """Whether a campaign was ever launched there: its frozen plan and the partner's page then name the key."""
    return placement.pk is not None and placement.campaigns.filter(launched_at__isnull=False).exists()


def suggested_key(name: str) -> str:
    """An unused key derived from the name."""
    stem = slugify(name)[: _MAX_KEY_LENGTH - 4].strip("-") or "placement"
    taken = set(Placement.objects.filter(key__startswith=stem).values_list("key", flat=True))
    return unused_key(stem, taken | RESERVED_KEYS)


def neutral_revisions() -> frozenset[int]:
    """Primary keys of revisions that may be a fallback: approved, neutral, and not stopped everywhere."""
    return _approved_on_record(Frame.NEUTRAL)


@verified_before
def _approved_on_record(frame: str) -> frozenset[int]:
    revisions = workflow.servable_revisions().filter(message__frame=frame)
    locales = recorded_locales(revisions.select_related("message").prefetch_related("renditions").order_by("pk"))
    return frozenset(number for number, approved in locales.items() if approved)


def contact_candidates() -> list[User]:
    """The users whom an administrator may assign to a partner as contacts."""
    return list(User.objects.filter(groups__name=PARTNER_CONTACT, is_active=True).order_by("username"))


@transaction.atomic
def add_placement(placement: Placement, *, by: User, new_partner: str = "") -> Placement:
    """Add a placement, and its partner if a new one is named."""
    if new_partner:
        placement.partner = add_partner(new_partner, by=by)
    placement.key = placement.key or suggested_key(placement.name)
    placement.save(force_insert=True)
    record_change(placement, {}, by=by)
    _record(log.Action.PLACEMENT_ADD, placement, by, partner=placement.partner.name)
    return placement


@transaction.atomic
def change_placement(
    placement: Placement, values: Mapping[str, Any], *, seen: str, by: User, new_partner: str = ""
) -> SavedFields:
    """Save what differs among these fields; while a campaign is open here, a new address waits for a second person.

    `seen` is the digest of the placement that the person saw; StaleCopy is raised if it is another by now. Whoever
    changes what visitors meet here is on record with the placement, and with each campaign that is still planned here.
    """
    planned = visitor_changes.lock_planned_campaigns(placements=placement)
    stored = Placement.objects.select_for_update(of=("self",)).get(pk=placement.pk)
    if digest_of(stored, PLACEMENT_FIELDS) != seen:
        raise StaleCopy
    if new_partner:
        values = {**values, "partner": add_partner(new_partner, by=by)}
    changed = [name for name in PLACEMENT_FIELDS if name in values and getattr(stored, name) != values[name]]
    if "key" in changed and is_key_fixed(stored):
        raise ValueError("the key of a placement is fixed once a campaign was launched there")
    if set(changed) & {*FIXED_FIELDS} and open_campaigns(stored):
        raise ProposalRefused(_("A campaign is open at this placement, so what it counts cannot change."))
    waiting = [name for name in changed if name in _WAITING_FIELDS and not _adds_nothing(stored, name, values[name])]
    proposed = waiting if waiting and open_campaigns(stored) else []
    at_once = [name for name in changed if name not in proposed]
    if proposed:
        propose(stored, {name: values[name] for name in proposed}, by=by, now=timezone.now())
        _record(log.Action.PLACEMENT_PROPOSE, stored, by, fields=", ".join(proposed), proposal=content_digest(stored))
    if at_once:
        removed = [
            _TOLD_REMOVED[name].format(name=stored.name, before=_in_words(getattr(stored, name)))
            for name in removed_fields(stored, values)
        ]
        before, missed = field_digests(stored), missed_parts(open_campaigns(stored))
        save_fields(stored, {name: values[name] for name in at_once})
        if set(at_once) & _APPROVED_FIELDS:
            record_change(stored, before, by=by)
            visitor_changes.record_contribution(planned, by=by)
        if removed:
            why = TAKEN_AWAY.format(by=by.get_username())
            visitor_changes.record_visitor_changes(
                open_campaigns(stored), removed, why=why, about=stored.name, by=by, missed=missed
            )
        _record(log.Action.PLACEMENT_CHANGE, stored, by, fields=", ".join(at_once))
    return SavedFields(at_once, proposed)


@transaction.atomic
def confirm_proposal(placement: Placement, *, seen: str, by: User) -> None:
    """Put a colleague's change into effect, by somebody who opened the new address: `seen` is its digest."""
    planned = visitor_changes.lock_planned_campaigns(placements=placement)
    stored = Placement.objects.select_for_update(of=("self",)).get(pk=placement.pk)
    check_confirmation(stored, seen=seen, by=by)
    if not _is_proposal_recorded(stored):
        raise ProposalRefused(_("The audit record does not say who proposed this change. Withdraw it."))
    author, changes = stored.proposed_by, proposed_fields(stored)
    if stored.proposed.get("fallback") not in (None, *neutral_revisions()):
        raise ProposalRefused(_("The proposed text can no longer be shown. Withdraw this change."))
    new = {f"{name}_id" if name in _MODELS else name: value for name, value in stored.proposed.items()}
    before, missed = field_digests(stored), missed_parts(open_campaigns(stored))
    save_fields(stored, new | NOTHING_PROPOSED)
    record_change(stored, before, by=author or by)
    visitor_changes.record_contribution(planned, by=author or by)
    proposer = author.get_username() if author else ""
    told = [_TOLD[change.name].format(name=stored.name, after=change.after, before=change.before) for change in changes]
    why = PROPOSED_AND_CONFIRMED.format(author=proposer, by=by.get_username())
    visitor_changes.record_visitor_changes(
        open_campaigns(stored), told, why=why, about=stored.name, by=by, missed=missed
    )
    fields = ", ".join(change.name for change in changes)
    _record(log.Action.PLACEMENT_CONFIRM, stored, by, fields=fields, proposer=proposer)


@transaction.atomic
def withdraw_proposal(placement: Placement, *, by: User) -> None:
    """Drop a change that waits; visitors never met it."""
    stored = Placement.objects.select_for_update(of=("self",)).get(pk=placement.pk)
    if not stored.proposed:
        raise ProposalRefused(_("No change is waiting here any more."))
    proposer, fields = stored.proposed_by.get_username() if stored.proposed_by else "", ", ".join(stored.proposed)
    save_fields(stored, NOTHING_PROPOSED)
    _record(log.Action.PLACEMENT_WITHDRAW, stored, by, fields=fields, proposer=proposer)


@transaction.atomic
def add_partner(name: str, *, by: User) -> Partner:
    """Add a partner without contacts."""
    partner = Partner.objects.create(name=name)
    _record_partner(log.Action.PARTNER_ADD, partner, by)
    return partner


@transaction.atomic
def rename_partner(partner: Partner, name: str, *, seen: str, by: User) -> bool:
    """Change the name, which visitors read on the page about the message; whether it differs.

    `seen` is the digest of the name that the person saw; StaleCopy is raised if it is another by now.
    """
    planned = visitor_changes.lock_planned_campaigns(placements__partner=partner)
    stored = Partner.objects.select_for_update().get(pk=partner.pk)
    if digest_of(stored, ["name"]) != seen:
        raise StaleCopy
    before, stored.name = stored.name, name
    if before == name:
        return False
    if Campaign.objects.filter(placements__partner=partner, state__in=Campaign.OPEN).exists():
        raise ProposalRefused(
            _(
                "Visitors of an open campaign see this name, so you cannot change it alone. Enter the new "
                "partner at each of its placements, and a colleague will confirm it there."
            )
        )
    places = list(Placement.objects.select_for_update(of=("self",)).filter(partner=stored).order_by("pk"))
    digests = [field_digests(place) for place in places]
    stored.save(update_fields=["name"])
    for place, digest in zip(places, digests, strict=True):
        record_change(place, digest, by=by)
    for place in places:
        _record(log.Action.PLACEMENT_CHANGE, place, by, fields="partner")
    visitor_changes.record_contribution(planned, by=by)
    _record_partner(log.Action.PARTNER_CHANGE, stored, by, was=before)
    return True


@transaction.atomic
def assign_contacts(partner: Partner, users: Iterable[User], *, seen: str, by: User) -> bool:
    """Make these users the partner's only contacts; whether that is a change.

    `seen` names the contacts that the person saw; StaleCopy is raised if they are others by now.
    """
    Partner.objects.select_for_update().get(pk=partner.pk)
    names = replace_people(partner.contacts, users, seen=seen)
    if names is not None:
        _record_partner(log.Action.PARTNER_CONTACTS, partner, by, contacts=names)
    return names is not None


def partner_choices() -> list[tuple[int, str]]:
    """The number and the name of each partner, by name."""
    return list(Partner.objects.order_by("name").values_list("pk", "name"))


@transaction.atomic
def add_contact(number: int, user: User) -> None:
    """Make somebody who was invited as such a contact of this partner, on record as their own step."""
    partner = Partner.objects.select_for_update().get(pk=number)
    partner.contacts.add(user)
    names = ", ".join(partner.contacts.order_by("username").values_list("username", flat=True))
    _record_partner(log.Action.PARTNER_CONTACTS, partner, user, contacts=names)


def _is_proposal_recorded(placement: Placement) -> bool:
    """Whether the last step on record about changes is that this person proposed exactly this one."""
    proposal = content_digest(placement)
    by = placement.proposed_by.get_username() if placement.proposed_by else ""
    step, kind = log.Action.PLACEMENT_PROPOSE, log.ObjectKind.PLACEMENT
    return is_last_step(step, of=_PROPOSALS, kind=kind, ref=placement.key, by=by, proposal=proposal)


def _record(action: log.Action, placement: Placement, by: User, **detail: str) -> None:
    detail[CHANGES] = last_seal(placement)
    log.record(action, by=by, kind=log.ObjectKind.PLACEMENT, ref=placement.key, label=placement.name, **detail)


def _record_partner(action: log.Action, partner: Partner, by: User, **detail: str) -> None:
    log.record(action, by=by, kind=log.ObjectKind.PARTNER, ref=str(partner.pk), label=partner.name, **detail)
