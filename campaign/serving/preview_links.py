"""Links with which staff see a message exactly as a visitor does, while nothing is counted.

A link ends after a week, and for good with another role of the person who made it, or their closed account. Its token
names the arm, that person and the end, so that the audience surface verifies it from its snapshot, without a database.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.core import signing

from campaign.models import Arm, Placement

DAYS = 7
_SECONDS = DAYS * 86_400
_SALT = "campaign.preview"


class PreviewToken(NamedTuple):
    """The content of a token: the arm, the person who made the link, its end in seconds since 1970, and the text."""

    arm_id: int
    giver_id: int
    until: int
    text: int = 0


def preview_url(placement: Placement, arm: Arm, *, by: User, now: datetime, text: int = 0) -> str:
    """The path of the hosted page that shows this text of the arm."""
    fields = PreviewToken(arm.pk, by.pk, int((now + timedelta(days=DAYS)).timestamp()), text)
    token = signing.dumps(fields, salt=_SALT, compress=False)
    return f"/m/{placement.key}/?{urlencode({'preview': token})}"


def read_preview_token(token: str, *, now: float, givers: Mapping[int, int]) -> PreviewToken | None:
    """What a preview token names; None if it has ended, or this installation did not sign it.

    `givers` says since when the links of each person count, in seconds since 1970.
    """
    try:
        fields = PreviewToken(*signing.loads(token, salt=_SALT))
    except (signing.BadSignature, TypeError):  # TypeError: a token of before named the arm alone
        return None
    since = givers.get(fields.giver_id)
    return fields if since is not None and now < fields.until and fields.until - _SECONDS > since else None
