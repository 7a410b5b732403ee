"""The directory of help links: added, changed, checked by a person, retired; never deleted. Each step is on record.

Every message that is shown leads to the same two pages of help, one for the person shown and one for the person who
wants to stop, and these list every link that is not retired. So a message uses all of them, and each has to be fresh
before one can launch. How old is too old is said in messages.text.lint alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.contrib.auth.models import AbstractUser
from django.db import transaction
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from messages.audit import log
from messages.help_links.link_checker import ProbeResult, probe
from messages.models import HelpLink
from messages.text import lint

EDITABLE_FIELDS = (
    "name",
    "url",
    "lane",
    "audience",
    "country",
    "language",
    "channels",
    "contact",
    "hours",
    "cost",
    "note",
    "staff_note",
    "source",
    "facts_from",
)
_LONGEST_KEY = 50


class HelpRefused(Exception):
    """The step is not possible; the message says why, for a person."""


@dataclass(frozen=True, slots=True)
class OverdueCheck:
    """A link that somebody has to open, and how long ago that was last done; None if never."""

    link: HelpLink
    days_since_check: int | None

    @property
    def sentence(self) -> str:
        since = _("nobody has opened it yet") if self.days_since_check is None else _days_ago(self.days_since_check)
        return f"“{self.link.name}” ({since}: {staff_url(self.link)})"


def overdue_checks(*, today: date) -> list[OverdueCheck]:
    """The links shown to visitors that nobody has opened lately, those never opened first."""
    found = [
        OverdueCheck(link, (today - link.verified_on).days if link.verified_on else None)
        for link in HelpLink.objects.active()
        if not lint.is_check_fresh(link.verified_on, today=today)
    ]
    return sorted(found, key=lambda one: (one.days_since_check is not None, -(one.days_since_check or 0)))


def launch_blockers(*, today: date) -> list[str]:
    """What keeps a message from being launched, in sentences: each link that has to be opened, and where to say so."""
    lanes = set(HelpLink.objects.active().values_list("lane", flat=True))
    problems = [_(said) for lane, said in lint.MISSING_LANE_SENTENCES.items() if lane not in lanes]
    if waiting := overdue_checks(today=today):
        named = "; ".join(one.sentence for one in waiting)
        said = ngettext(
            "Someone has to open this help link and say that it works, or retire it: %(named)s. "
            "A check counts for %(days)s days.",
            "Someone has to open each of these %(count)s help links and say that it works, or retire it: %(named)s. "
            "A check counts for %(days)s days.",
            len(waiting),
        )
        problems.append(said % {"count": len(waiting), "named": named, "days": lint.STALE_AFTER_DAYS})
    return problems


def fresh_until(link: HelpLink) -> date | None:
    """The last day on which the check still counts; None if there was none."""
    return link.verified_on and link.verified_on + timedelta(days=lint.STALE_AFTER_DAYS)


def staff_url(link: HelpLink) -> str:
    """Where staff look at it."""
    return reverse("help:link", args=[link.key])


@transaction.atomic
def add(link: HelpLink, *, by: AbstractUser | str) -> HelpLink:
    """A new link, that nobody has checked."""
    link.key = _free_key(link.name)
    link.verified_on, link.verified_by, link.retired_on = None, "", None
    link.save(force_insert=True)
    _record(log.Action.HELP_ADD, link, by, address=link.url)
    return link


@transaction.atomic
def change(link: HelpLink, *, by: AbstractUser | str) -> list[str]:
    """Keep what was changed; the names of the fields. A new address is not checked: nobody opened that one."""
    before = _locked(link)
    changed = [name for name in EDITABLE_FIELDS if getattr(before, name) != getattr(link, name)]
    if not changed:
        return []
    link.verified_on, link.verified_by, link.retired_on = before.verified_on, before.verified_by, before.retired_on
    if "url" in changed:
        link.verified_on, link.verified_by = None, ""
        link.probe, link.probe_said, link.probed_at = "", "", None
    link.save()
    more = {"address": link.url, "before": before.url} if "url" in changed else {}
    _record(log.Action.HELP_CHANGE, link, by, fields=", ".join(changed), **more)
    return changed


@transaction.atomic
def check(link: HelpLink, *, by: AbstractUser | str, today: date) -> None:
    """Somebody opened it today, and it serves whom it says."""
    before = _locked(link)
    if before.retired_on is not None:
        raise HelpRefused(_("This link is retired. Take it up again first."))
    if before.url != link.url:
        raise HelpRefused(_("The address was changed while you looked. Please open the new one."))
    name = by if isinstance(by, str) else by.get_username()
    link.verified_on, link.verified_by = today, name
    link.save(update_fields=["verified_on", "verified_by"])
    _record(log.Action.HELP_CHECK, link, by, address=link.url)


@transaction.atomic
def retire(link: HelpLink, *, by: AbstractUser | str, today: date, reason: str) -> None:
    """Show it to nobody from now on. It stays here, with all that was known."""
    if _locked(link).retired_on is not None:
        raise HelpRefused(_("This link is retired already."))
    link.retired_on = today
    link.save(update_fields=["retired_on"])
    _record(log.Action.HELP_RETIRE, link, by, reason=reason)


@transaction.atomic
def restore(link: HelpLink, *, by: AbstractUser | str) -> None:
    """Show it again, as checked as it was."""
    if _locked(link).retired_on is None:
        raise HelpRefused(_("This link is not retired."))
    link.retired_on = None
    link.save(update_fields=["retired_on"])
    _record(log.Action.HELP_RESTORE, link, by)


def probe_all(keys: Sequence[str] = (), *, now: datetime, write: Callable[[str], object] = str) -> int:
    """Ask the address of each link that is shown, or of these; how many need a look."""
    flagged = 0
    for link in HelpLink.objects.filter(key__in=keys) if keys else HelpLink.objects.active():
        found = probe(link.url)
        save_probe(link, found, now=now)
        flagged += found.code != "answers"
        write(f"{found.code:<8} {link.name}: {found.sentence}")
    return flagged


def save_probe(link: HelpLink, found: ProbeResult, *, now: datetime) -> None:
    """Put beside the link what a machine found. That is a flag, never a check: a machine cannot tell whom it serves."""
    HelpLink.objects.filter(pk=link.pk, url=link.url).update(
        probe=found.code, probe_said=found.sentence[:300], probed_at=now
    )


def _days_ago(days: int) -> str:
    return ngettext("last opened %(n)s day ago", "last opened %(n)s days ago", days) % {"n": days}


def _locked(link: HelpLink) -> HelpLink:
    return HelpLink.objects.select_for_update(no_key=True).get(pk=link.pk)


def _free_key(name: str) -> str:
    start = slugify(name)[: _LONGEST_KEY - 4] or "link"
    taken = set(HelpLink.objects.filter(key__startswith=start).values_list("key", flat=True))
    return next(key for key in (start, *(f"{start}-{n}" for n in range(2, len(taken) + 3))) if key not in taken)


def _record(action: log.Action, link: HelpLink, by: AbstractUser | str, **detail: str | int) -> None:
    log.record(action, by=by, kind=log.ObjectKind.HELP, ref=link.key, label=link.name, **detail)
