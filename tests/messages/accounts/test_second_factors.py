"""The picture with which an authenticator app is set up."""

import re

import pytest
from allauth.mfa.adapter import get_adapter
from django.test import Client

from messages.accounts import api_tokens, second_factors
from tests import world

ADDRESS = "otpauth://totp/Second%20Thought:mara?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Second%20Thought"


def squares(svg: str) -> set[tuple[str, str]]:
    return set(re.findall(r"M(\d+),(\d+)", svg))


def test_the_qr_code_has_the_squares_that_the_library_would_draw() -> None:
    ours, theirs = second_factors.qr_code_svg(ADDRESS), get_adapter().build_totp_svg(ADDRESS)
    assert len(squares(ours)) > 300
    assert squares(ours) == squares(theirs)
    box = r'viewBox="0 0 \d+ \d+"'
    assert re.findall(box, ours) == re.findall(box, theirs)


@pytest.mark.django_db
@pytest.mark.parametrize("pattern", ["{}\u00a0{}", "{}-{}"])
def test_the_api_takes_a_code_with_a_hyphen_or_a_no_break_space(client: Client, pattern: str) -> None:
    mara = world.person("mara", "manager")
    world.second_factor(mara)
    campaign = world.draft()
    code = world.fresh_code(mara)
    header = pattern.format(code[:3], code[3:]).encode().decode("latin-1")  # as WSGI hands it over
    token = api_tokens.create(mara, "a program", today=world.NOON.date())
    answer = client.post(
        f"/api/v1/campaigns/{campaign.slug}/submit/",
        headers={"Authorization": f"Token {token}", "Second-Factor": header},
    )
    assert answer.json().get("error", {}).get("code") != "confirm_first"
