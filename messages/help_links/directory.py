"""The directory of help links: add, change, check, retire and restore them. Each step is recorded; none is deleted.

Every message leads to the same two help pages, one for the person shown and one for the person who wants to stop, and
they list every link that is not retired. So all of these must have been checked recently before a campaign can launch,
and what visitors read was first checked by somebody who did not write it.
"""

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from messages.audit import log
from messages.audit.verification import genuine_entries, is_last_step
from messages.help_links import freshness
from messages.help_links.freshness import HelpLinkStatus
from messages.help_links.link_checker import ProbeResult, probe
from messages.help_links.running_campaigns import are_links_settled, missed_parts, record_author, record_change
from messages.i18n.recorded_sentences import PROPOSED_AND_CONFIRMED, TAKEN_AWAY, recorded
from messages.models import HelpLink
from messages.proposals import (
    NOTHING_PROPOSED,
    ProposalRefused,
    SavedFields,
    check_confirmation,
    content_digest,
    propose,
    save_fields,
)
from messages.stale_copies import StaleCopy, digest_of
from messages.text.lint import Remark
from messages.text.slugs import unused_key

_ADDED = recorded("The help link “{link}” was added: it leads to {address}")
_LEADS_ELSEWHERE = recorded("The help link “{link}” now leads to {address} (before: {before})")
_LINK_REMOVED = recorded("The help link “{link}” was taken away: visitors no longer see it.")
_WORDS_CHANGED = recorded("What visitors read about the help link “{link}” was changed ({fields}).")
_WORDS_REMOVED = recorded("What visitors read about the help link “{link}” was taken away ({fields}).")
_TAKEN_AWAY_BECAUSE = recorded("{by} took it away: {reason}")

EDITABLE_FIELDS = (
    *("name", "url", "lane", "audience", "country", "language", "channels", "contact"),
    *("hours", "cost", "note", "staff_note", "source", "facts_from"),
)
# What visitors read: while a campaign relies on the links, a second person confirms a change of these.
FIELDS_FOR_VISITORS = (
    *("name", "url", "lane", "audience", "country", "language"),
    *("note", "source", "contact", "hours", "cost"),
)
_UNCHECKED = {"verified_on": None, "verified_by": "", "probe": "", "probe_said": "", "probed_at": None}
_MAX_KEY_LENGTH = 50
CONTENT = "content"  # of an entry: a digest of what visitors read of the link, or of what is proposed
SHOWN = "shown"  # of an entry about a change: whether visitors still see the link after it
_WRITING = (log.Action.HELP_ADD, log.Action.HELP_CHANGE, log.Action.HELP_CONFIRM, log.Action.HELP_RESTORE)
_PROPOSALS = (log.Action.HELP_PROPOSE, log.Action.HELP_WITHDRAW, log.Action.HELP_CONFIRM)


class HelpRefused(ProposalRefused):
    """The step is not possible with this link; the message says why, for staff."""


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
            "Someone has to open this help link and confirm that it works, or retire it: %(named)s. A "
            "check is valid for %(days)s days.",
            "Someone has to open each of these %(count)s help links and confirm that it works, or retire "
            "it: %(named)s. A check is valid for %(days)s days.",
            len(overdue),
        )
        problems.append(problem % {"count": len(overdue), "named": named, "days": freshness.STALE_AFTER_DAYS})
    return problems


def lint_help_directory(today: date) -> tuple[Remark, ...]:
    """Remarks on the active links."""
    links = HelpLink.objects.active().values_list("name", "lane", "verified_on")
    return freshness.lint_help_links([HelpLinkStatus(*link) for link in links], today=today)


def is_shown(link: HelpLink) -> bool:
    """Whether visitors see a link: it was checked, and is not retired."""
    return link.verified_on is not None and link.retired_on is None


def staff_url(link: HelpLink) -> str:
    """The staff page of a link."""
    return reverse("help:link", args=[link.key])


def digest_for_visitors(link: HelpLink) -> str:
    """The digest of all that visitors read about a link."""
    return digest_of(link, FIELDS_FOR_VISITORS)


def removed_fields(*, link: HelpLink, values: Mapping[str, Any]) -> list[str]:
    """What visitors of a campaign read of this link today and would read no more with these values."""
    if not is_shown(link) or not are_links_settled():
        return []
    return [name for name in FIELDS_FOR_VISITORS if name in values and getattr(link, name) and not values[name]]


@transaction.atomic
def add(link: HelpLink, *, by: User | str) -> HelpLink:
    """Add a link. Visitors see it once somebody has checked it."""
    link.key = _new_key(link.name)
    link.verified_on, link.verified_by, link.retired_on = None, "", None
    link.proposed_by = _person(by)
    link.save(force_insert=True)
    record_author(by)
    record_addition(link, by=by)
    return link


def record_addition(link: HelpLink, *, by: User | str) -> None:
    """Put on record who added a link, and what visitors will read of it."""
    _record(log.Action.HELP_ADD, link, by, address=link.url, **{CONTENT: digest_for_visitors(link)})


@transaction.atomic
def change(link: HelpLink, values: Mapping[str, Any], *, seen: str, by: User) -> SavedFields:
    """Save what differs among these fields; what visitors of a campaign read waits for a second person, if not emptied.

    `seen` is the digest of the link that the person saw; StaleCopy is raised if it is another by now.
    """
    stored = _lock(link)
    if digest_of(stored, EDITABLE_FIELDS) != seen:
        raise StaleCopy
    changed = [name for name in EDITABLE_FIELDS if name in values and getattr(stored, name) != values[name]]
    read = [name for name in changed if name in FIELDS_FOR_VISITORS]
    proposed: list[str] = []
    if read and is_shown(stored):
        proposed = [name for name in read if values[name]] if are_links_settled() else []
    elif read and stored.proposed_by_id not in (None, by.pk):
        raise HelpRefused(_("A colleague added this link, and it has not been checked yet. Ask them to change it."))
    at_once = [name for name in changed if name not in proposed]
    if proposed:
        propose(stored, {name: values[name] for name in proposed}, by=by, now=timezone.now())
        detail = {"fields": ", ".join(proposed), CONTENT: content_digest(stored)}
        _record(log.Action.HELP_PROPOSE, stored, by, **detail, **_addresses(stored, values, proposed))
    if at_once:
        addresses, before = _addresses(stored, values, at_once), copy(stored)
        new = {name: values[name] for name in at_once}
        if any(name in FIELDS_FOR_VISITORS and (values[name] or not is_shown(stored)) for name in at_once):
            new |= _UNCHECKED | NOTHING_PROPOSED | {"proposed_by": by}
        missed = missed_parts()
        save_fields(stored, new)
        if set(at_once) & {*FIELDS_FOR_VISITORS}:
            record_author(by)
        if emptied := removed_fields(link=before, values=new):
            what = _WORDS_REMOVED.format(link=before.name, fields=", ".join(emptied))
            record_change(what=what, why=TAKEN_AWAY.format(by=_name(by)), about=before.name, by=by, missed=missed)
        detail = {"fields": ", ".join(at_once), CONTENT: digest_for_visitors(stored)}
        detail[SHOWN] = "yes" if is_shown(stored) else "no"
        _record(log.Action.HELP_CHANGE, stored, by, **detail, **addresses)
    return SavedFields(at_once, proposed)


@transaction.atomic
def confirm(link: HelpLink, *, by: User | str, today: date, seen: str | None = None) -> None:
    """Record that somebody opened the link today, and that it serves the people it names.

    `seen` is the digest of what they saw (`digest_for_visitors`); without it, they saw `link` as it is given.
    """
    stored = _lock_active(link)
    if digest_for_visitors(stored) != (digest_for_visitors(link) if seen is None else seen):
        raise HelpRefused(_("A colleague has changed this link. Open it and check it again."))
    is_new, author = not is_shown(stored), stored.proposed_by
    if is_new and are_links_settled() and not _is_writing_recorded(stored):
        raise HelpRefused(_("The audit record does not say who added this link. Retire it, and add it again."))
    # Whether or not a campaign relies on it yet: all those to come will.
    if is_new and (author == by or _writer_on_record(stored) == _name(by)):
        raise HelpRefused(_("You cannot check your own link. Ask a colleague."))
    new, missed = ({} if stored.proposed else NOTHING_PROPOSED), missed_parts() if is_new else {}
    save_fields(stored, {"verified_on": today, "verified_by": _name(by), **new})
    if is_new:
        what = _ADDED.format(link=stored.name, address=stored.url)
        record_change(what=what, why=_both(author, by), about=stored.name, by=by, missed=missed)
    _record(log.Action.HELP_CHECK, stored, by, address=stored.url, **{CONTENT: digest_for_visitors(stored)})


@transaction.atomic
def confirm_proposal(link: HelpLink, *, seen: str, by: User, today: date) -> None:
    """Put a colleague's change into effect: this person opened the new link, and `seen` is the change's digest."""
    stored = _lock_active(link)
    check_confirmation(stored, seen=seen, by=by)
    if not _is_proposal_recorded(stored):
        raise HelpRefused(_("The audit record does not say who proposed this change. Withdraw it."))
    new, author, before, missed = dict(stored.proposed), stored.proposed_by, stored.url, missed_parts()
    addresses = _addresses(stored, new, list(new))
    unchecked = _UNCHECKED if "url" in new else {}
    save_fields(stored, new | unchecked | NOTHING_PROPOSED | {"verified_on": today, "verified_by": _name(by)})
    record_author(author or by)
    fields = ", ".join(new)
    what = _WORDS_CHANGED.format(link=stored.name, fields=fields)
    if "url" in new:
        what = _LEADS_ELSEWHERE.format(link=stored.name, address=stored.url, before=before)
    record_change(what=what, why=_both(author, by), about=stored.name, by=by, missed=missed)
    detail = {"fields": fields, "proposer": _name(author), CONTENT: digest_for_visitors(stored)}
    _record(log.Action.HELP_CONFIRM, stored, by, **detail, **addresses)


@transaction.atomic
def withdraw_proposal(link: HelpLink, *, by: User) -> None:
    """Drop a change that waits; visitors never met it."""
    stored = _lock(link)
    if not stored.proposed:
        raise HelpRefused(_("No change is waiting here any more."))
    author, fields = stored.proposed_by, ", ".join(stored.proposed)
    save_fields(stored, NOTHING_PROPOSED)
    _record(log.Action.HELP_WITHDRAW, stored, by, fields=fields, proposer=_name(author))


@transaction.atomic
def retire(link: HelpLink, *, by: User | str, today: date, reason: str) -> None:
    """Stop showing a link. It is kept with everything that was known."""
    stored = _lock(link)
    if stored.retired_on is not None:
        raise HelpRefused(_("This link is already retired."))
    was_shown, missed = is_shown(stored), missed_parts()
    save_fields(stored, {"retired_on": today})
    record_author(by)
    if was_shown:
        what, why = _LINK_REMOVED.format(link=stored.name), _TAKEN_AWAY_BECAUSE.format(by=_name(by), reason=reason)
        record_change(what=what, why=why, about=stored.name, by=by, missed=missed)
    _record(log.Action.HELP_RETIRE, stored, by, reason=reason)


@transaction.atomic
def restore(link: HelpLink, *, by: User | str) -> None:
    """Take a retired link up again. Visitors see it once a colleague has checked it, whenever that is."""
    stored = _lock(link)
    if stored.retired_on is None:
        raise HelpRefused(_("This link is not retired."))
    author = stored.proposed_by if not stored.proposed else None  # of the link itself, not of a change that is dropped
    unchecked = _UNCHECKED | NOTHING_PROPOSED | {"proposed_by": author or _person(by)}
    save_fields(stored, {"retired_on": None, **unchecked})
    record_author(by)
    _record(log.Action.HELP_RESTORE, stored, by, **{CONTENT: digest_for_visitors(stored)})


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


def _is_proposal_recorded(link: HelpLink) -> bool:
    """Whether the last step on record about changes is that this person proposed exactly this one."""
    proposed = {CONTENT: content_digest(link)}
    by = link.proposed_by.get_username() if link.proposed_by else ""
    return is_last_step(
        log.Action.HELP_PROPOSE, of=_PROPOSALS, kind=log.ObjectKind.HELP, ref=link.key, by=by, **proposed
    )


def _is_writing_recorded(link: HelpLink) -> bool:
    """Whether the record holds who gave an unchecked link what visitors will read; rows alone may be anybody's."""
    entry = genuine_entries(log.ObjectKind.HELP, [link.key], _WRITING).get(link.key)
    if entry is None:
        return False
    author = link.proposed_by.get_username() if link.proposed_by else None
    is_theirs = author is None or entry.actor == author or entry.action == log.Action.HELP_RESTORE
    return is_theirs and entry.detail.get(CONTENT, digest_for_visitors(link)) == digest_for_visitors(link)


def _writer_on_record(link: HelpLink) -> str:
    entry = genuine_entries(log.ObjectKind.HELP, [link.key], _WRITING).get(link.key)
    return entry.actor if entry is not None and entry.action != log.Action.HELP_RESTORE else ""


def _lock(link: HelpLink) -> HelpLink:
    return HelpLink.objects.select_for_update(no_key=True).get(pk=link.pk)


def _lock_active(link: HelpLink) -> HelpLink:
    stored = _lock(link)
    if stored.retired_on is not None:
        raise HelpRefused(_("This link is retired. Show it to visitors again first."))
    return stored


def _addresses(link: HelpLink, values: Mapping[str, Any], names: Sequence[str]) -> dict[str, str]:
    """The new and the old address for the record, if the address changes."""
    return {"address": values["url"], "before": link.url} if "url" in names else {}


def _person(by: User | str) -> User | None:
    return None if isinstance(by, str) else by


def _name(by: User | str | None) -> str:
    return by.get_username() if isinstance(by, User) else by or "nobody on record"


def _both(author: User | None, by: User | str) -> str:
    return PROPOSED_AND_CONFIRMED.format(author=_name(author), by=_name(by))


def _new_key(name: str) -> str:
    stem = slugify(name)[: _MAX_KEY_LENGTH - 4] or "link"  # a number may follow
    return unused_key(stem, set(HelpLink.objects.filter(key__startswith=stem).values_list("key", flat=True)))


def _record(action: log.Action, link: HelpLink, by: User | str, **detail: str | int) -> None:
    log.record(action, by=by, kind=log.ObjectKind.HELP, ref=link.key, label=link.name, **detail)
