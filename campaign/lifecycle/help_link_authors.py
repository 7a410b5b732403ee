"""Who decided which help links visitors meet, whether or not a campaign was planned by then.

A link that is added, changed or taken up again is seen by nobody before a colleague has checked it. One that is taken
away is gone at once, by one person: they are an author of what visitors meet without it, until a colleague has checked
a link since, and so has seen which ones there are. The versions of a draft say who changed one while it was planned.
"""

from django.contrib.auth.models import User

from messages.audit import log
from messages.models import AuditEntry, HelpLink

_CHECKS = (log.Action.HELP_CHECK, log.Action.HELP_CONFIRM)


def help_link_authors() -> set[int]:
    """Return the primary keys of who took away a link that is still gone, if nobody else has checked one since."""
    gone = set(HelpLink.objects.exclude(retired_on=None).values_list("key", flat=True))
    steps = AuditEntry.objects.filter(kind=log.ObjectKind.HELP, action__in=(log.Action.HELP_RETIRE, *_CHECKS))
    names: set[str] = set()
    for action, key, actor in steps.order_by("number").values_list("action", "ref", "actor") if gone else ():
        if action in _CHECKS:
            names &= {actor}
        elif key in gone:
            names.add(actor)
    return set(User.objects.filter(username__in=names).values_list("pk", flat=True)) if names else set()
