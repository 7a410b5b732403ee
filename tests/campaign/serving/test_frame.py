"""The message in a frame: one draw for each load, only for the placement's own pages, in a sandbox."""

import json
import re
from base64 import b64decode
from typing import Any

import pytest

from campaign.serving.hosted_endpoint import FRAME_SANDBOX
from tests import world
from tests.installation import ROOT

pytestmark = pytest.mark.django_db(databases=["default", "audience"])
FRAME = "/m/quiet-page/frame"


def answer_in(page: world.SurfaceReply) -> dict[str, Any]:
    """What the script of the frame reads."""
    found = re.search(rb'data-answer="([^"]*)"', page.body)
    assert found
    answer: dict[str, Any] = json.loads(b64decode(found[1]))
    return answer


def test_a_frame_holds_the_message_and_its_receipt_which_counts_from_a_page_without_an_origin() -> None:
    campaign = world.launched()
    site = world.AudienceSite()
    answer = answer_in(site.get(FRAME))
    assert sum(world.served_counts(campaign, site).values()) == 1
    event = {"receipt": answer["receipt"], "outcome": "exposed"}
    reported = site.post("/api/v1/events", event, HTTP_ORIGIN="null")
    assert (reported.status, reported.headers["Access-Control-Allow-Origin"]) == (200, "null")
    assert site.post("/api/v1/events", event, HTTP_ORIGIN="https://stranger.example").status == 403
    assert world.open_views() == 1


def test_looking_at_the_head_alone_or_asking_not_to_be_counted_counts_nothing() -> None:
    campaign = world.launched()
    site = world.AudienceSite()
    assert site.request("HEAD", FRAME).status == 200
    assert answer_in(site.get(FRAME, HTTP_SEC_GPC="1"))["receipt"] is None
    assert sum(world.served_counts(campaign, site).values()) == 0


def test_only_the_pages_of_the_placement_may_frame_it_and_it_is_in_a_sandbox_whatever_their_tag_says() -> None:
    world.launched()
    policy = world.AudienceSite().get(FRAME).headers["Content-Security-Policy"]
    assert policy.startswith(f"sandbox {FRAME_SANDBOX}; default-src 'none'; ")
    assert policy.endswith(f"frame-ancestors {world.PARTNER_ORIGIN}")
    assert "allow-same-origin" not in policy
    assert f'sandbox="{FRAME_SANDBOX}"' in (ROOT / "docs/embed.md").read_text(encoding="utf-8")


def test_a_frame_is_dark_only_in_a_page_that_says_so() -> None:
    world.launched()
    site = world.AudienceSite()
    assert b'<meta name="color-scheme" content="light">' in site.get(FRAME).body
    assert b'<meta name="color-scheme" content="light dark">' in site.get(f"{FRAME}?dark=1&locale=en").body


def test_without_a_campaign_the_frame_says_why() -> None:
    world.placement()
    answered = world.AudienceSite().get(FRAME)
    assert (answered.status, answer_in(answered)["error"]["code"]) == (409, "no_campaign")


def test_nobody_frames_a_placement_that_names_no_page() -> None:
    world.launched(at=world.placement(allowed_origins=[]))
    policy = world.AudienceSite().get(FRAME).headers["Content-Security-Policy"]
    assert policy.endswith("frame-ancestors 'none'")
