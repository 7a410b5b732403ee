"""The picture with which an authenticator app is set up."""

import re

from allauth.mfa.adapter import get_adapter

from messages.accounts import second_factors

ADDRESS = "otpauth://totp/Second%20Thought:mara?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Second%20Thought"


def squares(svg: str) -> set[tuple[str, str]]:
    return set(re.findall(r"M(\d+),(\d+)", svg))


def test_the_qr_code_has_the_squares_that_the_library_would_draw() -> None:
    ours, theirs = second_factors.qr_code_svg(ADDRESS), get_adapter().build_totp_svg(ADDRESS)
    assert len(squares(ours)) > 300
    assert squares(ours) == squares(theirs)
    box = r'viewBox="0 0 \d+ \d+"'
    assert re.findall(box, ours) == re.findall(box, theirs)
