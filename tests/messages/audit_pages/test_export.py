"""The export of the audit record: complete, verifiable, and only after a recent confirmation."""

from __future__ import annotations

import csv
import io
import json
import time
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from messages.accounts import step_up
from messages.audit import hash_chain, log
from messages.audit_pages import export
from tests import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def mara(client: Client) -> Client:
    world.sign_in(client, world.person("mara", "manager"))
    world.launched()
    return client


def entries(body: bytes) -> list[hash_chain.ChainEntry]:
    rows: list[dict[str, Any]] = json.loads(body)
    return [hash_chain.ChainEntry(**{**row, "at": datetime.fromisoformat(row["at"])}) for row in rows]


def test_the_json_is_the_whole_record_and_can_be_checked_elsewhere(mara: Client) -> None:
    answer = mara.get("/audit/export/?format=json&kind=key")
    found = entries(answer.content)
    assert len(found) == len(list(log.entries())) > 5
    assert hash_chain.verify_chain(found).problems == ()
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="record-20')


def test_a_changed_file_is_found(mara: Client) -> None:
    body = mara.get("/audit/export/?format=json").content
    changed = entries(body.replace(b'"rafael"', b'"robert"'))
    assert any("was changed" in problem for problem in hash_chain.verify_chain(changed).problems)


def test_the_csv_says_each_entry_in_words_and_holds_the_same_digests(mara: Client) -> None:
    body = mara.get("/audit/export/").content
    rows = list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"))))
    assert [row["digest"] for row in rows] == [entry.digest for entry in log.entries()]
    assert rows[-1]["in_words"] == "launched the campaign “The pilot”"
    assert tuple(rows[0]) == export.COLUMNS


def test_no_spreadsheet_takes_a_name_for_a_formula(mara: Client) -> None:
    log.record(
        log.Action.HELP_ADD, by="mara", kind=log.ObjectKind.HELP, ref="x", label="=cmd|' /C calc'!A0", address=""
    )
    rows = list(csv.DictReader(io.StringIO(mara.get("/audit/export/").content.decode("utf-8-sig"))))
    assert rows[-1]["label"] == "'=cmd|' /C calc'!A0"


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_nothing_goes_out_before_the_person_confirms(mara: Client, kind: str) -> None:
    session = mara.session
    session[step_up.CONFIRMED_AT_KEY] = int(time.time()) - step_up.FRESH_SECONDS - 2
    session.save()
    answer = mara.get(f"/audit/export/?format={kind}")
    assert (answer.status_code, answer.content) == (302, b"")
    assert answer.headers["Location"].startswith("/account/confirm/?next=%2Faudit%2F")


@pytest.mark.parametrize("role", ["reviewer", "analyst", "partner contact"])
def test_others_are_refused(client: Client, role: str) -> None:
    world.sign_in(client, world.person("other", role))
    assert client.get("/audit/export/").status_code == 403


def test_an_unknown_form_is_not_found(mara: Client) -> None:
    assert mara.get("/audit/export/?format=xlsx").status_code == 404


def test_a_very_long_record_is_for_the_person_who_runs_the_site(mara: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "MAX_ENTRIES", 3)
    assert "Ask the person who runs this site" in mara.get("/audit/export/", follow=True).content.decode()


def test_the_page_offers_it(mara: Client) -> None:
    html = mara.get("/audit/").content.decode()
    assert 'action="/audit/export/"' in html
    assert "JSON, for a program" in html
