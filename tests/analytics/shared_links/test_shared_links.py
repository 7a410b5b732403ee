"""Links to results for people without an account, as their reader, a manager and an attacker meet them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core import mail
from django.db import connection
from django.db.models import F
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from analytics.embargo.request import create_request
from analytics.looks import early_looks
from analytics.looks.evaluate import evaluate
from analytics.models import SharedLink, Tally
from analytics.shared_links import codes, links, opened
from campaign.lifecycle import transitions
from campaign.models import Campaign
from messages.accounts import members
from messages.models import AuditEntry
from tests import world

pytestmark = pytest.mark.django_db
COUNTS = {"neutral": (5012, 1354), "victim": (4987, 1596), "user": (5020, 1541), "both": (4981, 1798)}
READER = "Bo@Example.org"
VERDICT = "36 turned back; 9 more than with the neutral text"
STAFF = "/campaigns/pilot/results/links/"
Clock = time_machine.Traveller


@pytest.fixture(autouse=True)
def mail_server(settings: Settings) -> None:
    settings.EMAIL_HOST = "mail.example.org"


@pytest.fixture(autouse=True)
@world.cached_rows
def looked() -> Campaign:
    campaign = world.launched()
    world.tally(campaign, COUNTS)
    evaluate(campaign, now=world.NOON)
    return Campaign.objects.get()


def another_campaign(slug: str, **options: Any) -> Campaign:
    """Launch another campaign where the first one, which closes, was shown."""
    transitions.close(Campaign.objects.get(slug="pilot"), by=world.person("mara", "manager"), now=world.NOON)
    return world.launched(slug, **options)


def client_of(name: str, role: str) -> Client:
    client = Client()
    world.sign_in(client, world.person(name, role))
    return client


def give(email: str = READER, days: int = 14, by: str = "mara", slug: str = "pilot") -> str:
    """Give a link; return the address of its first page."""
    campaign, giver = Campaign.objects.get(slug=slug), world.person(by, "manager")
    _link, token = links.give_link(campaign, email=email, days=days, by=giver, now=timezone.now())
    return f"/shared/{token}/"


def mailed_code(reader: Client, page: str, address: str = READER) -> str:
    """Ask for a code, let the worker mail it, and return it."""
    assert reader.post(page, {"email": address}).headers["Location"] == f"{page}code/"
    assert codes.mail_codes(now=timezone.now()) == 1
    return str(re.findall(r"\d{4} \d{4}", str(mail.outbox[-1].body))[0])


def enter(reader: Client, page: str, code: str) -> Any:
    return reader.post(f"{page}code/", {"code": code})


def opened_by(reader: Client, page: str) -> str:
    """Open the link by its code, and return the page of the results."""
    assert enter(reader, page, mailed_code(reader, page)).headers["Location"] == f"{page}results/"
    return str(reader.get(f"{page}results/").content.decode())


def wrong(code: str) -> str:
    return f"{(int(code.replace(' ', '')) + 1) % 10**8:08d}"


def actions() -> list[tuple[str, str]]:
    entries = AuditEntry.objects.filter(action__startswith="link-").order_by("pk")
    return list(entries.values_list("actor", "action"))


class TestAReader:
    def test_opens_it_with_the_mailed_code_and_reads_the_result(self) -> None:
        reader, page = Client(), give()
        html = opened_by(reader, page)
        assert VERDICT in html
        assert mail.outbox[-1].to == [READER.casefold()]
        assert actions() == [("mara", "link-give"), (str(SharedLink.objects.get()), "link-open")]

    def test_sees_no_partner_no_place_no_staff_and_nothing_to_press_but_close(self, looked: Campaign) -> None:
        reader, page = Client(), give()
        html = opened_by(reader, page)
        place = looked.placements.get()
        for name in (place.key, place.name, place.partner.name, "mara", READER.casefold(), "/campaigns/"):
            assert name not in html
        assert re.findall(r'<form[^>]*action="([^"]*)"', html) == [f"{page}close/"]
        assert not [link for link in re.findall(r'href="(/[^"]*)"', html) if not link.startswith("/static/")]

    def test_reads_it_in_spanish(self) -> None:
        reader, page = Client(headers={"accept-language": "es"}), give()
        html = opened_by(reader, page)
        assert '<html lang="es"' in html
        assert "Tu código es" in mail.outbox[-1].body
        assert '<html lang="en"' in reader.get(f"{page}results/?language=en").content.decode()

    def test_closes_it_on_this_device(self) -> None:
        reader, page = Client(), give()
        opened_by(reader, page)
        assert reader.post(f"{page}close/").headers["Location"] == page
        assert reader.get(f"{page}results/").headers["Location"] == page

    def test_enters_a_new_code_after_two_hours(self, clock_that_stands_still: Clock) -> None:
        reader, page = Client(), give()
        opened_by(reader, page)
        clock_that_stands_still.shift(opened.OPEN_SECONDS + 1)
        assert reader.get(f"{page}results/").headers["Location"] == page

    def test_sees_a_later_planned_look_through_the_same_link(self, looked: Campaign) -> None:
        reader, page = Client(), give()
        opened_by(reader, page)
        Tally.objects.filter(outcome="turned_back").update(count=F("count") - 300)
        evaluate(looked, now=world.NOON + timedelta(days=1))
        assert VERDICT not in reader.get(f"{page}results/").content.decode()

    def test_meets_pages_that_say_nothing_of_the_campaign_and_are_kept_nowhere(self, looked: Campaign) -> None:
        reader, page = Client(), give()
        for path in (page, f"{page}code/"):
            response = reader.get(path)
            assert looked.name not in response.content.decode()
            assert response.headers["Cache-Control"] == "no-store"
            assert response.headers["X-Robots-Tag"] == "noindex"
            assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        opened_by(reader, page)
        results = reader.get(f"{page}results/")
        assert (results.headers["Cache-Control"], results.headers["X-Robots-Tag"]) == ("no-store", "noindex")
        assert "<script" not in results.content.decode()


class TestNobodyElse:
    def test_learns_whether_an_address_is_the_right_one(self) -> None:
        page = give()
        answers = []
        for address in (READER, "somebody@example.org"):
            stranger = Client()
            replies = [stranger.post(page, {"email": address}), stranger.get(f"{page}code/")]
            answers.append([(each.status_code, each.headers.get("Location"), _plain(each)) for each in replies])
        assert answers[0] == answers[1]
        assert codes.mail_codes(now=timezone.now()) == 1
        assert [each.to for each in mail.outbox] == [[READER.casefold()]]

    def test_is_mailed_anything(self) -> None:
        page = give()
        Client().post(page, {"email": "somebody@example.org"})
        assert codes.mail_codes(now=timezone.now()) == 0
        assert mail.outbox == []

    def test_asks_for_addresses_without_end(self) -> None:
        page, stranger = give(), Client()
        for _ in range(5):
            assert stranger.post(page, {"email": "somebody@example.org"}).status_code == 302
        for address in ("somebody@example.org", READER):
            assert "Too many attempts" in stranger.post(page, {"email": address}).content.decode()
        assert codes.mail_codes(now=timezone.now()) == 0

    def test_fills_the_mailbox_with_codes(self) -> None:
        page = give()
        mailed_code(Client(), page)
        Client().post(page, {"email": READER})
        assert codes.mail_codes(now=timezone.now()) == 0

    def test_reads_the_results_without_a_code(self) -> None:
        page = give()
        assert Client().get(f"{page}results/").headers["Location"] == page

    def test_opens_it_with_a_code_of_another_link(self) -> None:
        mine, theirs, reader = give("bo@example.org"), give("eve@example.org"), Client()
        code = mailed_code(reader, mine, "bo@example.org")
        assert "not correct" in enter(reader, theirs, code).content.decode()

    def test_turns_an_opened_link_into_another_campaign(self) -> None:
        another_campaign("second")
        reader, page = Client(), give()
        opened_by(reader, page)
        link = SharedLink.objects.get()
        SharedLink.objects.update(campaign=Campaign.objects.get(slug="second"))
        assert reader.get(f"{page}results/").status_code == 404
        SharedLink.objects.update(campaign=link.campaign)
        assert VERDICT in reader.get(f"{page}results/").content.decode()
        for path in ("/campaigns/pilot/results/", "/campaigns/second/results/", "/api/v1/campaigns/pilot/analyses/"):
            assert reader.get(path).status_code in (302, 401)

    def test_lengthens_a_link_or_leads_it_elsewhere_in_the_database(self, clock_that_stands_still: Clock) -> None:
        page, other = give(days=1), give("eve@example.org", days=90)
        clock_that_stands_still.shift(86_400)
        first, second = SharedLink.objects.order_by("pk")
        SharedLink.objects.filter(pk=first.pk).update(expires_at=second.expires_at)
        assert Client().get(page).status_code == 404
        SharedLink.objects.filter(pk=second.pk).update(terms=first.terms)
        assert Client().get(other).status_code == 404

    def test_keeps_a_session_that_was_put_into_the_readers_browser(self) -> None:
        page, attacker = give(), Client()
        mailed_code(attacker, give("eve@example.org"), "eve@example.org")
        attacker.session.save()
        planted = attacker.session
        planted["planted"] = True
        planted.save()
        attacker.cookies[settings.SESSION_COOKIE_NAME] = planted.session_key or ""
        reader = Client()
        reader.cookies[settings.SESSION_COOKIE_NAME] = planted.session_key or ""
        opened_by(reader, page)
        assert reader.cookies[settings.SESSION_COOKIE_NAME].value != planted.session_key
        assert attacker.get(f"{page}results/").headers["Location"] == page


class TestACode:
    def test_works_once(self) -> None:
        reader, page = Client(), give()
        code = mailed_code(reader, page)
        assert enter(reader, page, code).status_code == 302
        for client in (reader, Client()):
            assert "it was used" in enter(client, page, code).content.decode()

    def test_works_for_ten_minutes(self, clock_that_stands_still: Clock) -> None:
        reader, page = Client(), give()
        code = mailed_code(reader, page)
        clock_that_stands_still.shift(codes.CODE_MINUTES * 60)
        assert "too old" in enter(reader, page, code).content.decode()

    def test_ends_with_the_next_one(self, clock_that_stands_still: Clock) -> None:
        reader, page = Client(), give()
        old = mailed_code(reader, page)
        clock_that_stands_still.shift(61)
        new = mailed_code(reader, page)
        assert "not correct" in enter(reader, page, old).content.decode()
        assert enter(reader, page, new).status_code == 302

    def test_is_gone_after_five_wrong_ones_and_the_wait_grows(self, clock_that_stands_still: Clock) -> None:
        clock_that_stands_still.move_to(timezone.now().replace(second=0, microsecond=0))
        reader, page = Client(), give()
        code = mailed_code(reader, page)
        waits: list[int] = []
        for _ in range(8):
            while "Too many attempts" in (html := enter(Client(), page, wrong(code)).content.decode()):
                waits[-1] += 1
                clock_that_stands_still.shift(60)
            assert "not correct" in html
            waits.append(0)
        assert waits == [0, 0, 0, 0, 1, 2, 3, 0]
        assert ("somebody", "link-guess") in actions()
        clock_that_stands_still.shift(timedelta(minutes=5))
        assert "not correct" in enter(reader, page, code).content.decode()

    def test_is_not_in_the_database_nor_is_link_or_address(self) -> None:
        reader, page = Client(), give()
        code = mailed_code(reader, page).replace(" ", "")
        row = " ".join(str(value) for value in SharedLink.objects.values().get().values())
        for secret in (code, page.split("/")[2], "bo@", "example.org"):
            assert secret not in row.casefold()


class TestALink:
    def test_ends_on_its_last_day_and_the_worker_forgets_it(self, clock_that_stands_still: Clock) -> None:
        reader, page = Client(), give(days=2)
        opened_by(reader, page)
        clock_that_stands_still.shift(2 * 86_400)
        assert _pages(reader, page) == {404}
        assert links.forget_ended_links(now=timezone.now()) == 1
        assert not SharedLink.objects.exists()

    def test_ends_at_once_when_a_manager_withdraws_it(self) -> None:
        reader, page = Client(), give()
        opened_by(reader, page)
        other = client_of("oma", "manager")
        response = other.post(f"{STAFF}{SharedLink.objects.get().pk}/withdraw/", follow=True)
        assert "the address is deleted" in response.content.decode()
        assert _pages(reader, page) == {404}
        assert not SharedLink.objects.exists()
        assert [action for _, action in actions()] == ["link-give", "link-open", "link-withdraw"]

    @pytest.mark.parametrize("what", ["deactivated", "another role"])
    def test_ends_for_good_with_the_manager_who_gave_it(self, what: str, clock_that_stands_still: Clock) -> None:
        reader, page, root = Client(), give(), world.person("root", "administrator")
        opened_by(reader, page)
        clock_that_stands_still.shift(2)
        mara = world.person("mara")
        if what == "deactivated":
            members.deactivate(mara, by=root)
        else:
            members.change_role(mara, "analyst", by=root)
        assert _pages(reader, page) == {404}
        clock_that_stands_still.shift(2)
        members.reactivate(mara, by=root)
        members.change_role(mara, "manager", by=root)
        assert _pages(reader, page) == {404}
        assert links.forget_ended_links(now=timezone.now()) == 1

    def test_that_ended_looks_like_one_that_never_was(self) -> None:
        page = give()
        SharedLink.objects.all().delete()
        ended, never = Client().get(page), Client().get("/shared/never-given/")
        assert (ended.status_code, _plain(ended)) == (never.status_code, _plain(never))

    def test_of_a_restored_backup_ends(self) -> None:
        from campaign.restoration import links as restored_links

        page = give()
        restored_links.end_all()
        assert Client().get(page).status_code == 404

    def test_shows_nothing_once_the_plan_is_not_the_frozen_one(self, looked: Campaign) -> None:
        reader, page = Client(), give()
        opened_by(reader, page)
        world.drop_triggers()
        with connection.cursor() as cursor:
            cursor.execute("UPDATE campaign_analysisplan SET planned_per_arm = 7 WHERE campaign_id = %s", [looked.pk])
        html = reader.get(f"{page}results/").content.decode()
        assert "cannot be read now" in html
        assert VERDICT not in html


class TestUnderEmbargo:
    @pytest.fixture
    def early(self) -> Campaign:
        """A campaign of which an analyst was shown a look by exception, before the plan's first one."""
        campaign = another_campaign("early", plan={"planned_per_arm": 50_000, "looks": [1.0]})
        world.tally(campaign, COUNTS)
        ana = world.person("ana", "analyst")
        create_request(campaign, by=ana, reason="The board meets today", now=world.NOON)
        for request in early_looks.pending_requests():
            early_looks.record_early_look(request, now=world.NOON)
        return campaign

    def test_no_link_is_given(self, early: Campaign) -> None:
        assert early.analyses.filter(embargoed=False).exists() or early.analyses.exists()
        mara = client_of("mara", "manager")
        page = "/campaigns/early/results/links/"
        assert "once the first planned look has been taken" in mara.get(page).content.decode()
        mara.post(page, {"email": READER, "days": "14"})
        assert not SharedLink.objects.exists()

    def test_a_link_that_is_there_shows_no_look_by_exception(self, early: Campaign) -> None:
        mara, token = world.person("mara", "manager"), "t"
        link = SharedLink(campaign=early, digest=links.digest_of(token), given_by=mara)
        link.given_at = timezone.now().replace(microsecond=0)
        link.expires_at = link.given_at + timedelta(days=1)
        links.seal_terms(link, READER)
        link.save()
        html = opened_by(Client(), f"/shared/{token}/")
        assert "cannot be read now" in html
        assert early.name not in html


class TestAManager:
    def test_gives_it_by_an_address_and_for_some_days(self) -> None:
        mara = client_of("mara", "manager")
        html = mara.post(STAFF, {"email": READER, "days": "30"}).content.decode()
        url = re.findall(r'id="link-copied">http://testserver(/shared/[\w-]+/)<', html)[0]
        assert url in mail.outbox[0].body
        assert VERDICT in opened_by(Client(), url)
        assert READER.casefold() in mara.get(STAFF).content.decode()
        assert SharedLink.objects.get().expires_at.date() == (timezone.now() + timedelta(days=30)).date()

    @pytest.mark.parametrize("days", ["0", "91", "", "9" * 400, "many"])
    def test_chooses_from_1_to_90_days(self, days: str) -> None:
        html = client_of("mara", "manager").post(STAFF, {"email": READER, "days": days}).content.decode()
        assert "from 1 to 90" in html
        assert not SharedLink.objects.exists()

    def test_confirms_first_that_it_is_them(self, clock_that_stands_still: Clock) -> None:
        mara = client_of("mara", "manager")
        clock_that_stands_still.shift(601)
        assert mara.post(STAFF, {"email": READER, "days": "14"}).headers["Location"].startswith("/account/confirm/")
        assert not SharedLink.objects.exists()

    @pytest.mark.parametrize("role", ["analyst", "reviewer"])
    def test_alone_may(self, role: str) -> None:
        give()
        other = client_of("other", role)
        assert other.get(STAFF).status_code == 403
        assert other.post(f"{STAFF}{SharedLink.objects.get().pk}/withdraw/").status_code == 403

    def test_withdraws_no_link_of_another_campaign_by_its_number(self) -> None:
        give()
        another_campaign("second")
        number = SharedLink.objects.get().pk
        path = f"/campaigns/second/results/links/{number}/withdraw/"
        assert client_of("mara", "manager").post(path).status_code == 404
        assert SharedLink.objects.exists()

    def test_is_told_where_the_site_has_no_mail_server(self, settings: Settings) -> None:
        settings.EMAIL_HOST, settings.MAIL_IS_PRINTED = "", False
        html = client_of("mara", "manager").post(STAFF, {"email": READER, "days": "14"}).content.decode()
        assert "cannot send email" in html

    def test_finds_each_step_on_the_record_by_number_and_never_the_address(self) -> None:
        reader, page = Client(), give()
        opened_by(reader, page)
        html = client_of("mara", "manager").get("/audit/").content.decode()
        number = SharedLink.objects.get().pk
        assert f"gave link {number} to the results of" in html
        assert "opened the results of" in html
        assert "example.org" not in " ".join(map(str, AuditEntry.objects.values_list("detail", flat=True)))


def _pages(reader: Client, page: str) -> set[int]:
    return {reader.get(f"{page}{part}").status_code for part in ("", "code/", "results/")}


def _plain(response: Any) -> str:
    """A page without what differs from request to request."""
    return re.sub(r'value="\w{64}"|value="/shared/[^"]*"', "", response.content.decode())
