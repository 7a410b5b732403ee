"""The directory of help links: add, change, check, retire and restore them. Each step is recorded; none is deleted.

Every message leads to the same two help pages, one for the person shown and one for the person who wants to stop, and
they list every link that is not retired. So all of these must have been checked recently before a campaign can launch.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db import transaction
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from messages.audit import log
from messages.help_links import freshness
from messages.help_links.freshness import HelpLinkStatus
from messages.help_links.link_checker import ProbeResult, probe
from messages.models import HelpLink
from messages.stale_copies import StaleCopy, digest_of
from messages.text.lint import Remark
from messages.text.slugs import unused_key

EDITABLE_FIELDS = (
    *("name", "url", "lane", "audience", "country", "language", "channels", "contact"),
    *("hours", "cost", "note", "staff_note", "source", "facts_from"),
)
_UNCHECKED = {"verified_on": None, "verified_by": "", "probe": "", "probe_said": "", "probed_at": None}
_MAX_KEY_LENGTH = 50


class HelpRefused(Exception):
    """The step is not possible; the message says why, for staff."""


@dataclass(frozen=True, slots=True)
class OverdueCheck:
    """A link that somebody has to check, and the days since the last check; None if there was none."""

    link: HelpLink
    days_since_check: int | None

    @property
    def sentence(self) -> str:
        days = self.days_since_check
        if days is None:
            since = _("nobody has opened it yet")
        else:
            since = ngettext("last opened %(n)s day ago", "last opened %(n)s days ago", days) % {"n": days}
        return f"“{self.link.name}” ({since}: {staff_url(self.link)})"


def overdue_checks(*, today: date) -> list[OverdueCheck]:
    """The active links whose check is missing or too old, never checked ones first."""
    overdue = [
        OverdueCheck(link, (today - link.verified_on).days if link.verified_on else None)
        for link in HelpLink.objects.active()
        if not freshness.is_fresh(link.verified_on, today=today)
    ]
    return sorted(overdue, key=lambda check: (check.days_since_check is not None, -(check.days_since_check or 0)))


def launch_blockers(*, today: date) -> list[str]:
    """Sentences on what prevents a launch: a lane without links, and the links that have to be checked."""
    lanes = set(HelpLink.objects.active().values_list("lane", flat=True))
    problems = [_(sentence) for lane, sentence in freshness.MISSING_LANE_SENTENCES.items() if lane not in lanes]
    if overdue := overdue_checks(today=today):
        named = "; ".join(check.sentence for check in overdue)
        problem = ngettext(
            "Someone has to open this help link and say that it works, or retire it: %(named)s. "
            "A check counts for %(days)s days.",
            "Someone has to open each of these %(count)s help links and say that it works, or retire it: %(named)s. "
            "A check counts for %(days)s days.",
            len(overdue),
        )
        problems.append(problem % {"count": len(overdue), "named": named, "days": freshness.STALE_AFTER_DAYS})
    return problems


def lint_help_directory(today: date) -> tuple[Remark, ...]:
    """Remarks on the active links."""
    links = HelpLink.objects.active().values_list("name", "lane", "verified_on")
    return freshness.lint_help_links([HelpLinkStatus(*link) for link in links], today=today)


def staff_url(link: HelpLink) -> str:
    """The staff page of a link."""
    return reverse("help:link", args=[link.key])


@transaction.atomic
def add(link: HelpLink, *, by: AbstractUser | str) -> HelpLink:
    """Add a link. Nobody has checked it yet."""
    link.key = _new_key(link.name)
    link.verified_on, link.verified_by, link.retired_on = None, "", None
    link.save(force_insert=True)
    _record(log.Action.HELP_ADD, link, by, address=link.url)
    return link


@transaction.atomic
def change(link: HelpLink, values: Mapping[str, Any], *, seen: str, by: AbstractUser | str) -> list[str]:
    """Save what differs among these fields, and return their names. A new address has to be checked again.

    `seen` is the digest of the link that the person saw; StaleCopy is raised if it is another by now.
    """
    stored = _lock(link)
    if digest_of(stored, EDITABLE_FIELDS) != seen:
        raise StaleCopy
    changed = [name for name in EDITABLE_FIELDS if name in values and getattr(stored, name) != values[name]]
    if not changed:
        return []
    before = stored.url
    new = {name: values[name] for name in changed} | (_UNCHECKED if "url" in changed else {})
    _save(stored, new)
    addresses = {"address": stored.url, "before": before} if "url" in changed else {}
    _record(log.Action.HELP_CHANGE, stored, by, fields=", ".join(changed), **addresses)
    return changed


@transaction.atomic
def confirm(link: HelpLink, *, by: AbstractUser | str, today: date) -> None:
    """Record that somebody opened the link today, and that it serves the people it names."""
    stored = _lock(link)
    if stored.retired_on is not None:
        raise HelpRefused(_("This link is retired. Take it up again first."))
    if stored.url != link.url:
        raise HelpRefused(_("The address was changed while you looked. Please open the new one."))
    _save(stored, {"verified_on": today, "verified_by": by if isinstance(by, str) else by.get_username()})
    _record(log.Action.HELP_CHECK, stored, by, address=stored.url)


@transaction.atomic
def retire(link: HelpLink, *, by: AbstractUser | str, today: date, reason: str) -> None:
    """Stop showing a link. It is kept with everything that was known."""
    stored = _lock(link)
    if stored.retired_on is not None:
        raise HelpRefused(_("This link is retired already."))
    _save(stored, {"retired_on": today})
    _record(log.Action.HELP_RETIRE, stored, by, reason=reason)


@transaction.atomic
def restore(link: HelpLink, *, by: AbstractUser | str) -> None:
    """Show a retired link again; its last check still counts."""
    stored = _lock(link)
    if stored.retired_on is None:
        raise HelpRefused(_("This link is not retired."))
    _save(stored, {"retired_on": None})
    _record(log.Action.HELP_RESTORE, stored, by)


def probe_all(keys: Sequence[str] = (), *, now: datetime, write: Callable[[str], object] = str) -> int:
    """Check the addresses of all active links, or of those with these keys; return how many need attention."""
    flagged = 0
    for link in HelpLink.objects.filter(key__in=keys) if keys else HelpLink.objects.active():
        result = probe(link.url)
        save_probe(link, result, now=now)
        flagged += result.code != "answers"
        write(f"{result.code:<8} {link.name}: {result.sentence}")
    return flagged


def save_probe(link: HelpLink, result: ProbeResult, *, now: datetime) -> None:
    """Store the result of a probe, unless the address has changed meanwhile. It does not count as a check."""
    HelpLink.objects.filter(pk=link.pk, url=link.url).update(
        probe=result.code, probe_said=result.sentence[:300], probed_at=now
    )


def _lock(link: HelpLink) -> HelpLink:
    return HelpLink.objects.select_for_update(no_key=True).get(pk=link.pk)


def _save(link: HelpLink, values: Mapping[str, Any]) -> None:
    """Save these fields of a locked link, and no others."""
    for name, value in values.items():
        setattr(link, name, value)
    link.save(update_fields=list(values))


def _new_key(name: str) -> str:
    stem = slugify(name)[: _MAX_KEY_LENGTH - 4] or "link"  # a number may follow
    return unused_key(stem, set(HelpLink.objects.filter(key__startswith=stem).values_list("key", flat=True)))


def _record(action: log.Action, link: HelpLink, by: AbstractUser | str, **detail: str | int) -> None:
    log.record(action, by=by, kind=log.ObjectKind.HELP, ref=link.key, label=link.name, **detail)
