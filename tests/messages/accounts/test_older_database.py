"""Nobody comes in while the database is a backup that was restored: what was ended lives again in it."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from messages.accounts import api_tokens
from messages.audit import continuity
from tests import world
from tests.messages.audit.test_continuity import restore_backup
from tests.messages.audit.test_log import add

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    tmp_path: object,
    monkeypatch: pytest.MonkeyPatch,
) -> Client:
    """A manager's session in a backup that lacks the last entry."""
    monkeypatch.setattr(settings, "KEY_DIRECTORY", tmp_path)
    client = Client()
    world.sign_in(client, world.person("mara", "manager"))
    with django_capture_on_commit_callbacks(execute=True):
        add()
        add()
    assert client.get("/").status_code == 200
    restore_backup(entries=1)
    return client


@pytest.mark.parametrize("path", ["/", "/account/", "/sign-in/", "/admin/"])
def test_no_page_opens(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 503
    assert "Tell the person who runs this site: they have to finish restoring it" in answer.content.decode()
    assert "mara" not in answer.content.decode()


def test_nobody_signs_in(client: Client) -> None:
    assert Client().post("/sign-in/", {"username": "mara", "password": "x"}).status_code == 503


def test_no_token_is_taken(client: Client) -> None:
    token = api_tokens.create(world.person("mara"), "report", today=world.NOON.date())
    answer = Client(headers={"Authorization": f"Token {token}"}).get("/api/v1/campaigns/")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "older_database")


def test_pages_open_again_once_it_is_on_record(
    client: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        continuity.go_on(by="command line (olga)")
    assert client.get("/").status_code == 200
