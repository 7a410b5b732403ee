"""Each verb outside a campaign's life cycle, with a copy that was read before somebody else changed the same row."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth
from django.contrib.auth.models import User
from django.db.models import Model

from analytics.models import Rehearsal
from analytics.rehearsal import runner
from campaign.models import Campaign, Partner, Placement
from campaign.placements import changes
from messages.accounts import members, second_factors
from messages.help_links import directory
from messages.models import HelpLink
from messages.stale_copies import StaleCopy, digest_of, ids_of
from tests import world

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 2)


def mara() -> User:
    return world.person("mara", "manager")


def otto() -> User:
    return world.person("otto", "administrator")


def a_link(**fields: Any) -> HelpLink:
    told = {"name": "Somewhere", "url": "https://some.example/", "lane": "self", "country": "GB"}
    return HelpLink.objects.create(key="somewhere", **told | fields)


def change_link(stale: HelpLink) -> object:
    return directory.change(stale, {"hours": "9 to 17"}, seen=digest_of(stale, directory.EDITABLE_FIELDS), by=mara())


def change_placement(stale: Placement) -> object:
    values = {"leave_url": "https://partner.example/bye"}
    return changes.change_placement(stale, values, seen=digest_of(stale, changes.PLACEMENT_FIELDS), by=mara())


Verb = Callable[[Any], object]
REFUSED: dict[str, tuple[Callable[[], Model], dict[str, object], Verb]] = {
    "change a link": (a_link, {"note": "As Eve wrote it."}, change_link),
    "change a placement": (world.placement, {"name": "As Eve wrote it"}, change_placement),
    "rename a partner": (
        lambda: world.placement().partner,
        {"name": "As Eve wrote it"},
        lambda stale: changes.rename_partner(stale, "The Shed", seen=digest_of(stale, ["name"]), by=mara()),
    ),
}
KEPT: dict[str, tuple[Callable[[], Model], dict[str, object], Verb]] = {
    "check a link": (
        a_link,
        {"staff_note": "As Eve wrote it."},
        lambda stale: directory.confirm(stale, by=mara(), today=TODAY),
    ),
    "retire a link": (
        a_link,
        {"note": "As Eve wrote it."},
        lambda stale: directory.retire(stale, by=mara(), today=TODAY, reason="It closed."),
    ),
    "take a link up again": (
        lambda: a_link(retired_on=TODAY),
        {"note": "As Eve wrote it."},
        lambda stale: directory.restore(stale, by=mara()),
    ),
    "change a role": (
        lambda: world.person("eve", "analyst"),
        {"email": "eve@example.org"},
        lambda stale: members.change_role(stale, "manager", by=otto()),
    ),
    "close an account": (
        lambda: world.person("eve", "analyst"),
        {"email": "eve@example.org"},
        lambda stale: members.deactivate(stale, by=otto()),
    ),
    "change a password": (
        lambda: world.person("eve", "analyst"),
        {"is_active": False},
        lambda stale: members.change_password(stale, "a long new password", keep=None),
    ),
}


def overtaken(make: Callable[[], Model], change: dict[str, object]) -> Any:
    """A copy of a row that somebody else has changed since it was read."""
    made = make()
    rows = type(made)._default_manager.filter(pk=made.pk)
    stale = rows.get()
    rows.update(**change)
    return stale


def stored(row: Model, names: dict[str, object]) -> dict[str, object]:
    return dict(type(row)._default_manager.values(*names).get(pk=row.pk))


@pytest.mark.parametrize("verb", REFUSED)
def test_what_was_typed_over_an_older_state_is_refused(verb: str) -> None:
    make, change, act = REFUSED[verb]
    stale = overtaken(make, change)
    with pytest.raises(StaleCopy):
        act(stale)
    assert stored(stale, change) == change


@pytest.mark.parametrize("verb", KEPT)
def test_a_verb_puts_nothing_back_that_somebody_changed_meanwhile(verb: str) -> None:
    make, change, act = KEPT[verb]
    stale = overtaken(make, change)
    act(stale)
    assert stored(stale, change) == change


def test_a_role_is_taken_from_who_became_superuser_meanwhile() -> None:
    stale = overtaken(lambda: world.person("eve", "administrator"), {"is_superuser": True})
    otto()
    members.change_role(stale, "analyst", by=otto())
    assert not User.objects.get(username="eve").is_superuser


def test_a_passkey_that_was_removed_while_it_was_used_does_not_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    eve = world.person("eve", "analyst")
    passkey = Authenticator.objects.create(user=eve, type="webauthn", data={"name": "Key"})

    def complete(user: User, credential: object) -> Authenticator:
        Authenticator.objects.filter(pk=passkey.pk).delete()
        return passkey

    monkeypatch.setattr(auth, "parse_authentication_response", lambda credential: None)
    monkeypatch.setattr(auth, "complete_authentication", complete)
    assert not second_factors.check_passkey(eve, {})
    assert not Authenticator.objects.filter(user=eve).exists()


def test_a_rehearsal_that_was_given_up_stays_so(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = runner.request_rehearsal(world.draft(), by=mara(), now=world.NOON)

    def rehearse(campaign: Campaign) -> dict[str, Any]:
        Rehearsal.objects.update(state="failed")
        return {"report": None, "problems": []}

    monkeypatch.setattr(runner, "rehearse", rehearse)
    runner.run_rehearsal(asked)
    assert Rehearsal.objects.get().state == "failed"


def test_a_campaign_that_was_launched_meanwhile_is_not_rehearsed() -> None:
    stale = overtaken(world.draft, {"state": "running"})
    with pytest.raises(runner.RehearsalRefused):
        runner.request_rehearsal(stale, by=mara(), now=world.NOON)


def test_contacts_of_a_partner_are_not_put_back() -> None:
    partner: Partner = world.placement().partner
    seen, pat = ids_of(partner.contacts.all()), world.person("pat", "partner contact")
    partner.contacts.add(pat)
    with pytest.raises(StaleCopy):
        changes.assign_contacts(partner, [], seen=seen, by=otto())
    assert list(partner.contacts.all()) == [pat]
