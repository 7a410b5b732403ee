"""A code is taken as people type and paste it, on every road that asks for one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client

from messages.accounts import second_factors, step_up
from messages.staff_mail import mailboxes
from tests import world
from tests.messages.accounts.test_sign_in_views import PASSWORD, SET_UP, ana, app_secret_in, first, second
from tests.messages.staff_mail.test_mailboxes import sent_code

pytestmark = pytest.mark.django_db
Typed = Callable[[str], str]
WAYS: dict[str, Typed] = {
    "no-break space": lambda code: f"{code[:3]}\u00a0{code[3:]}",
    "hyphen": lambda code: f"{code[:3]}-{code[3:]}",
    "Arabic digits": lambda code: code.translate({48 + digit: 0x660 + digit for digit in range(10)}),
    "marks of direction": lambda code: f"\u200f{code}\u200e ",
}


def _second_step(client: Client, user: User, typed: Typed) -> bool:
    first(client)
    return bool(second(client, typed(world.code())).headers.get("Location") == "/")


def _confirm(client: Client, user: User, typed: Typed) -> bool:
    world.sign_in(client, user)
    session: Any = client.session
    del session[step_up.CONFIRMED_AT_KEY]
    session.save()
    return client.post("/account/confirm/", {"code": typed(world.code())}).status_code == 302


def _api_token(client: Client, user: User, typed: Typed) -> bool:
    asked = {"username": "ana", "password": PASSWORD, "code": typed(world.code())}
    return client.post("/api/v1/token/", asked, content_type="application/json").status_code == 200


def _recovery_code(client: Client, user: User, typed: Typed) -> bool:
    code = second_factors.replace_recovery_codes(user)[0]
    return second_factors.check_code(user, typed(code))


def _mailed_code(client: Client, user: User, typed: Typed) -> bool:
    world.sign_in(client, user)
    client.post("/account/mail/address/", {"email": "ana@ngo.example"})
    assert mail.outbox
    client.post("/account/mail/address/", {"code": typed(sent_code().replace(" ", ""))})
    return mailboxes.is_confirmed(User.objects.get(pk=user.pk))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("road", [_second_step, _confirm, _api_token, _recovery_code, _mailed_code])
def test_it_is_taken_on_this_road(client: Client, road: Callable[[Client, User, Typed], bool], way: str) -> None:
    assert road(client, ana(), WAYS[way])


@pytest.mark.parametrize("way", WAYS)
def test_it_sets_up_an_app(client: Client, way: str) -> None:
    user = ana(factor=False)
    first(client)
    client.get(f"{SET_UP}app/")
    client.post(f"{SET_UP}app/", {"code": WAYS[way](world.code(app_secret_in(client)))})
    assert second_factors.has_factor(user)
