"""Links with which staff see a message exactly as a visitor does, while nothing is counted."""

from urllib.parse import urlencode

from django.core import signing

from campaign.models import Arm, Placement

_SALT = "campaign.preview"


def preview_url(placement: Placement, arm: Arm) -> str:
    """The path of the hosted page that shows this arm. Its signed token names the arm and nothing else."""
    token = signing.dumps(arm.pk, salt=_SALT, compress=False)
    return f"/m/{placement.key}/?{urlencode({'preview': token})}"


def arm_id_from_token(token: str) -> int | None:
    """The id of the arm that a preview token names, or None if this installation did not sign it."""
    try:
        value = signing.loads(token, salt=_SALT)
    except signing.BadSignature:
        return None
    return value if isinstance(value, int) else None
