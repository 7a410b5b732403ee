"""Is an account as the audit record says? Whoever holds the database can write one, or a second factor into one.

Each entry about an account holds a digest of each part of it, under the key that seals the record: who it is, its role,
its password, its second factors and recovery codes, its tokens, its address of mail. A step vouches for those parts
alone that it sets. An account that differs does nothing, and nobody signs in with it, until `manage.py audit vouch` has
put it on record.

This holds once an installation has begun with it, which its signed note says: with its first account, or, of one that
is older, when its database is migrated. What the accounts were by then is taken as it is.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib.auth.models import AbstractUser, User
from django.db import transaction
from django.utils.translation import gettext as _

from messages.audit import log, signed_head
from messages.audit.log import Action, ObjectKind
from messages.audit.verification import genuine_entries
from messages.models import ApiToken, Invitation
from messages.roles import ALL_ROLES

_DETAIL = "account"  # of an entry: "role:1f0c… password:…"
_LINK = "link"  # of an entry about an invitation
_PARTS = ("name", "open", "role", "password", "factors", "codes", "tokens", "address")
_LATER = frozenset({"address"})  # of which entries from before say nothing: each is taken as it is
_CHANGED_BY: Mapping[Action, tuple[str, ...]] = {
    Action.PERSON_JOIN: _PARTS,
    Action.PERSON_VOUCH: _PARTS,
    Action.PERSON_ROLE: ("role", "tokens"),
    Action.PERSON_DEACTIVATE: ("open", "tokens"),
    Action.PERSON_REACTIVATE: ("open",),
    Action.SESSIONS_END: ("tokens",),
    Action.ADDRESS_CONFIRM: ("address",),
    Action.FACTOR_ADD: ("factors",),
    Action.FACTOR_REMOVE: ("factors",),
    Action.FACTOR_RESET: ("factors", "codes", "tokens"),
    Action.CODES_MAKE: ("codes",),
    Action.PASSWORD_CHANGE: ("password", "tokens"),
    Action.PASSWORD_REHASH: ("password",),
    Action.TOKEN_CREATE: ("tokens",),
    Action.TOKEN_DELETE: ("tokens",),
}
_INVITING = (Action.PERSON_INVITE, Action.INVITATION_RENEW, Action.INVITATION_REVOKE)
_KIND = "account"
Parts = Mapping[str, str]


class AccountNotOnRecord(Exception):
    """The account is not as the audit record says; the message says so, for staff."""


def are_accounts_on_record() -> bool:
    """Whether this installation has begun to put its accounts on record."""
    return signed_head.has_accounts()


@transaction.atomic
def record_step(
    action: Action, user: AbstractUser, *, by: AbstractUser | str, begins: bool = False, **detail: str | int
) -> None:
    """Record a step on somebody's account, as the last of its transaction, with what the account is then.

    With `begins`, each account has to be as it is on record from then on.
    """
    if are_accounts_on_record() or begins:
        log.lock()  # it goes on from what the entry before says
        detail |= _state_after(action, User.objects.get(pk=user.pk))
    if begins:
        log.begin_signing()
        transaction.on_commit(signed_head.note_accounts)
    log.record_user(action, user, by=by, **detail)


def require_recorded(user: AbstractUser) -> None:
    """Raise AccountNotOnRecord if the account is not as the record says."""
    if are_accounts_on_record() and changed_parts([user]):
        raise AccountNotOnRecord(
            _(
                "This account is not as the audit record says: someone changed the database directly. Nothing was "
                "done. Tell whoever runs this site."
            )
        )


def changed_parts(users: Iterable[AbstractUser]) -> dict[str, list[str]]:
    """Return by name the parts of accounts that are not as the last step on record left them."""
    now = _parts_of(users)
    recorded = _read_recorded(list(now))
    changed = {
        name: [part for part in _PARTS if not _is_recorded(part, parts[part], recorded[name])]
        for name, parts in now.items()
    }
    return {name: parts for name, parts in changed.items() if parts}


def unrecorded_accounts() -> dict[str, list[str]]:
    """Return by name what of each open account is not as the record says; nothing before there is such a record."""
    return changed_parts(User.objects.filter(is_active=True)) if are_accounts_on_record() else {}


def problems() -> list[str]:
    """Return a sentence about each open account that is not as the record says."""
    return [
        f"The account of {name} is not as it was recorded ({', '.join(parts)})."
        for name, parts in sorted(unrecorded_accounts().items())
    ]


@transaction.atomic
def vouch_for(users: Iterable[User], *, by: AbstractUser | str) -> None:
    """Put accounts on record as they are; from then on each account has to be as it is there."""
    for user in users:
        record_step(Action.PERSON_VOUCH, user, by=by, begins=True)


def record_joining(user: User, **detail: str | int) -> None:
    """Record a new account. The first of an installation begins the record; one that has others does when migrated."""
    is_first = not User.objects.exclude(pk=user.pk).exists()
    record_step(Action.PERSON_JOIN, user, by=user, begins=is_first, **detail)


def begin_with_all(*, by: str) -> int:
    """Begin the record of accounts with those that there are, unless it has begun; return how many there are."""
    users = list(User.objects.order_by("pk")) if not are_accounts_on_record() else []
    if users:
        vouch_for(users, by=by)
    return len(users)


def invitation_detail(invitation: Invitation) -> dict[str, str]:
    """Return what an entry about an invitation says of its link."""
    log.begin_signing()
    return {_LINK: signed_head.seal(_invitation_digest(invitation), of="invitation")}


def is_invitation_recorded(invitation: Invitation) -> bool:
    """Whether the record holds this invitation, with this link and role; a row alone may be anybody's."""
    if not are_accounts_on_record():
        return True
    name = invitation_name(invitation)
    entry = genuine_entries(ObjectKind.PERSON, [name], _INVITING).get(name)
    return (
        entry is not None
        and entry.action != Action.INVITATION_REVOKE
        and signed_head.is_sealed(_invitation_digest(invitation), str(entry.detail.get(_LINK, "")), of="invitation")
    )


def invitation_name(invitation: Invitation) -> str:
    """Return the name of an invitation on the record: its number, as the record is permanent and an address is not."""
    return f"invitation {invitation.pk}"


def _state_after(action: Action, user: User) -> dict[str, str]:
    name = user.get_username()
    parts = _parts_of([user])[name]
    before = _read_recorded([name])[name]
    vouched = {*_CHANGED_BY[action], *(part for part in _LATER if before and part not in before)}
    state = {part: _seal_of(parts[part]) if part in vouched else before.get(part, "") for part in _PARTS}
    return {_DETAIL: " ".join(f"{part}:{digest}" for part, digest in state.items())}


def _read_recorded(names: list[str]) -> dict[str, Parts]:
    """Return what the last steps on record say of these accounts; nothing if there is none, or a forged one."""
    entries = genuine_entries(ObjectKind.PERSON, names, list(_CHANGED_BY))
    said = {name: str(entry.detail.get(_DETAIL, "")) if entry is not None else "" for name, entry in entries.items()}
    return {name: dict(part.split(":", 1) for part in said.get(name, "").split()) for name in names}


def _parts_of(users: Iterable[AbstractUser]) -> dict[str, Parts]:
    """Return by name a digest of each part of these accounts, in a number of queries that does not grow with theirs."""
    people = {user.pk: user for user in users}
    groups: defaultdict[int, list[str]] = defaultdict(list)
    for pk, group in User.groups.through.objects.filter(user__in=list(people)).values_list("user_id", "group__name"):
        groups[pk].append(group)
    factors: defaultdict[int, list[Any]] = defaultdict(list)
    codes: defaultdict[int, list[Any]] = defaultdict(list)
    for pk, kind, data in Authenticator.objects.filter(user__in=list(people)).values_list("user_id", "type", "data"):
        held = {name: value for name, value in data.items() if name not in ("counter", "used_mask", "name")}
        (codes if kind == Authenticator.Type.RECOVERY_CODES else factors)[pk].append([kind, held])
    tokens: defaultdict[int, list[Any]] = defaultdict(list)
    for pk, scopes, *token in ApiToken.objects.filter(user__in=list(people)).values_list(
        "user_id", "scopes", "name", "digest", "expires_on"
    ):
        tokens[pk].append([*token, scopes] if scopes else token)  # as before there were scopes
    return {
        user.get_username(): {
            part: _digest([user.get_username(), pk, part, value])
            for part, value in {
                "name": "",
                "open": user.is_active,
                "role": [user.is_superuser, sorted(name for name in groups[pk] if name in ALL_ROLES)],
                "password": user.password,
                "factors": sorted(map(_digest, factors[pk])),
                "codes": sorted(map(_digest, codes[pk])),
                "tokens": sorted(map(_digest, tokens[pk])),
                "address": user.email,  # who is told of harm, and to whom the head of the record is mailed
            }.items()
        }
        for pk, user in people.items()
    }


def _invitation_digest(invitation: Invitation) -> str:
    return _digest([invitation.pk, invitation.email, invitation.role, invitation.partner, invitation.digest])


def _seal_of(digest: str) -> str:
    """A digest under the key of the record: nobody who reads the record can compare it with a guess."""
    log.begin_signing()  # the key is made with the note of where signing begins: alone it looks like a note removed
    return signed_head.seal(digest, of=_KIND)[:32]


def _is_recorded(part: str, digest: str, recorded: Parts) -> bool:
    if recorded and part in _LATER and part not in recorded:
        return True
    return _seal_of(digest) == recorded.get(part)


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()
