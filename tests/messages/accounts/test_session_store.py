"""A session is in the browser that has its key: neither reading nor writing the database leads into one."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client

from messages.accounts.session_store import stored_key
from tests import world

pytestmark = pytest.mark.django_db


def signed_in(name: str, role: str) -> Client:
    client = Client()
    world.sign_in(client, world.person(name, role))
    return client


def test_what_the_database_holds_of_a_session_is_no_key_to_it() -> None:
    signed_in("rafael", "reviewer")
    row = Session.objects.get()
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = row.session_key
    assert thief.get("/account/").headers["Location"].startswith("/sign-in/")


def test_a_row_that_is_copied_to_another_is_nobodys() -> None:
    mara, rafael = signed_in("mara", "manager"), signed_in("rafael", "reviewer")
    own, others = (Session.objects.get(session_key=stored_key(c.session.session_key or "")) for c in (mara, rafael))
    Session.objects.filter(pk=own.pk).update(session_data=others.session_data)
    assert mara.get("/account/").headers["Location"].startswith("/sign-in/")
    assert rafael.get("/account/").status_code == 200
