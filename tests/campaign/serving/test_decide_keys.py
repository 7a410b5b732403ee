"""A request for a message that is sent again under its key: the same draw, and no second serving."""

import pytest

from analytics.fold.fold import fold
from campaign.assignment import decide_keys
from campaign.assignment.receipts import ReceiptSigner
from campaign.models import LeftOutCount
from campaign.serving import decide_endpoint
from campaign.serving.decide_endpoint import read_fields
from campaign.serving.http import Refusal
from campaign.serving.recently_served import RecentlyServed
from tests import world

RANDOM = "0123456789abcdef"


def key_at(site: world.AudienceSite, more: str = RANDOM, hours_ago: int = 0) -> str:
    return f"{int(site.now) // 3600 - hours_ago}-{more}"


@pytest.mark.django_db(databases=["default", "audience"])
class TestRequest:
    def test_the_same_key_is_one_draw_one_serving_and_one_view(self) -> None:
        campaign = world.launched()
        site = world.AudienceSite()
        answers = [site.decide(key=key_at(site)).json for _ in range(12)]
        assert len({answer["message"]["headline"] for answer in answers}) == 1
        for answer in answers:
            assert site.report_event(answer["receipt"]).status == 200
        assert world.open_views() == 1
        assert sum(world.served_counts(campaign, site).values()) == 1

    def test_what_is_left_out_is_so_once_and_stays_so_when_it_is_asked_for_again(self) -> None:
        campaign = world.launched()
        site = world.AudienceSite()
        keys = [key_at(site, f"{RANDOM}{number}") for number in range(3)]  # one network counts for two
        browser = {"HTTP_ORIGIN": world.PARTNER_ORIGIN, "REMOTE_ADDR": "192.0.2.1"}
        asks = [{"placement": "quiet-page", "key": key} for key in (*keys, *keys, *keys)]
        receipts = [site.post("/api/v1/decide", ask, **browser).json["receipt"] for ask in asks]
        assert sum(world.served_counts(campaign, site).values()) == 2
        assert LeftOutCount.objects.get().count == 1
        for receipt in receipts:
            assert site.report_event(receipt).status == 200
        fold(hour=site.hour + 4)
        assert sum(count for (_, outcome, _), count in world.tallies(campaign).items() if outcome == "exposed") == 2

    def test_other_keys_are_other_draws(self) -> None:
        campaign = world.launched()
        site = world.AudienceSite()
        answers = [site.decide(key=key_at(site, f"{RANDOM}{number}")).json for number in range(40)]
        assert len({answer["message"]["headline"] for answer in answers}) > 1
        assert sum(world.served_counts(campaign, site).values()) == 40

    def test_a_retry_in_the_next_hour_is_still_the_same_view(self) -> None:
        world.launched()
        site = world.AudienceSite()
        key = key_at(site)
        first = site.decide(key=key).json["receipt"]
        site.now += 3600
        second = site.decide(key=key).json["receipt"]
        assert [site.report_event(receipt).status for receipt in (first, second)] == [200, 200]
        assert world.open_views() == 1

    @pytest.mark.parametrize("hours_ago", [3, 400, -1])
    def test_a_key_of_an_hour_that_is_closed_or_to_come_is_refused(self, hours_ago: int) -> None:
        world.launched()
        site = world.AudienceSite()
        answer = site.decide(key=key_at(site, hours_ago=hours_ago))
        assert (answer.status, answer.json["error"]["code"]) == (410, "key_closed")

    @pytest.mark.parametrize("key", ["x", RANDOM, f"494123-{RANDOM[1:]}", f"494123-{RANDOM}!", f"-1-{RANDOM}"])
    def test_a_key_of_another_form_is_refused(self, key: str) -> None:
        world.launched()
        answer = world.AudienceSite().decide(key=key)
        assert (answer.status, list(answer.json["error"]["fields"])) == (400, ["key"])

    def test_null_is_absent(self) -> None:
        world.launched()
        site = world.AudienceSite()
        answer = site.decide(locale=None, unit=None, session=None, preview=None, key=None)
        assert answer.status == 200
        assert site.decide(None).json["error"]["fields"] == {"placement": "This field is required."}
        assert site.report_event(answer.json["receipt"], value=None).status == 200

    @pytest.mark.parametrize(("value", "status"), [("4.0", 200), ("4.5", 400), ("4.00", 400), ("4e0", 400)])
    def test_a_whole_number_may_be_written_with_a_point(self, value: str, status: int) -> None:
        world.launched()
        site = world.AudienceSite()
        body = f'{{"receipt": "{site.new_receipt()}", "outcome": "rating", "value": {value}}}'
        assert site.post("/api/v1/events", body.encode()).status == status


def test_the_nonce_follows_from_key_placement_and_secret() -> None:
    signer, other = ReceiptSigner({1: b"a" * 32}), ReceiptSigner({1: b"b" * 32})
    nonces = [
        decide_keys.nonce(f"494123-{RANDOM}", 1, signer),
        decide_keys.nonce(f"494123-{RANDOM}", 2, signer),
        decide_keys.nonce(f"494124-{RANDOM}", 1, signer),
        decide_keys.nonce(f"494123-{RANDOM}", 1, other),
    ]
    assert len(set(nonces)) == 4
    assert nonces[0] == decide_keys.nonce(f"494123-{RANDOM}", 1, signer)
    assert {len(nonce) for nonce in nonces} == {16}


def test_bodies_that_differ_in_their_key_alone_are_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decide_endpoint, "_cached_fields", {})
    bodies = [b'{"placement":"p","locale":"en","key":"494123-%s%d"}   ' % (RANDOM.encode(), n) for n in range(3)]
    assert [read_fields(body).key for body in bodies] == [f"494123-{RANDOM}{n}" for n in range(3)]
    assert {read_fields(body).placement for body in bodies} == {"p"}
    assert [fields.key for fields in decide_endpoint._cached_fields.values()] == [None]


def test_a_malformed_body_is_never_taken_for_one_that_was_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decide_endpoint, "_cached_fields", {})
    read_fields(b'{"placement":"p"}')
    read_fields(b'{"placement":"p","key":"494123-%s"}' % RANDOM.encode())
    for body in (b'{"placement":"p"}"key":"a', b'{"placement":"p","key":"a\\u0022b"}x', b'{"placement":"p","key":"a'):
        with pytest.raises(Refusal):
            read_fields(body)


def test_a_nonce_is_remembered_until_another_takes_its_place() -> None:
    served = RecentlyServed()
    first, other = b"ab" + bytes([2] * 14), b"ab" + bytes([1] * 14)
    assert served.left_out(other) is None
    served.add(other, left_out=True)
    assert served.left_out(other) is True
    served.add(first, left_out=False)
    assert served.left_out(first) is False
    assert served.left_out(other) is None
