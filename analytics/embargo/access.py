"""Who may read results before the plan's first look.

Early leads are often chance and tend to vanish, so estimates are embargoed until the first planned look. Only analysts
and administrators may see one earlier; see analytics.embargo.request.
"""

from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.db.models import Exists, OuterRef, Q

from analytics.models import Analysis
from campaign.models import Campaign
from messages.roles import ANALYST, has_role


def may_look_early(user: AbstractUser | AnonymousUser) -> bool:
    """Whether a user may request an early look and read one."""
    return has_role(user, ANALYST)


def is_embargoed(campaign: Campaign) -> bool:
    """Whether the plan's first look is still to come."""
    return not Analysis.objects.filter(campaign=campaign, embargoed=False, exception="").exists()


def embargo_filter(early: bool, prefix: str = "") -> Q:
    """Filter what a reader may see, below `prefix`; without `early` exceptions wait for the plan's first look."""
    if early:
        return Q()
    planned = Analysis.objects.filter(campaign=OuterRef(f"{prefix}campaign"), embargoed=False, exception="")
    return Q(**{f"{prefix}exception": ""}) | Q(Exists(planned))
