"""Which of the links that visitors see are as the audit record left them: rows alone may be anybody's."""

from collections.abc import Iterable

from messages.accounts.recorded_accounts import are_accounts_on_record
from messages.audit import log
from messages.audit.hash_chain import ChainEntry
from messages.audit.log import Action
from messages.audit.verification import genuine_entries
from messages.help_links.directory import CONTENT, FIELDS_FOR_VISITORS, SHOWN
from messages.models import HelpLink
from messages.stale_copies import digest_of

_SHOWING = (Action.HELP_CHECK, Action.HELP_CONFIRM)
_STEPS = (*_SHOWING, Action.HELP_ADD, Action.HELP_CHANGE, Action.HELP_RETIRE, Action.HELP_RESTORE)


def recorded_links(links: Iterable[HelpLink]) -> list[HelpLink]:
    """Return those of the links that visitors see whose last step on record let them see exactly this.

    One without any step may be older than the record, in an installation that has not begun to hold its accounts to it.
    """
    shown = list(links)
    entries = genuine_entries(log.ObjectKind.HELP, [link.key for link in shown], _STEPS) if shown else {}
    may_be_older = bool(shown) and not are_accounts_on_record()
    return [
        link
        for link in shown
        if (may_be_older if link.key not in entries else _is_as_recorded(link, entries[link.key]))
    ]


def _is_as_recorded(link: HelpLink, entry: ChainEntry | None) -> bool:
    """Whether the step let visitors see this; an entry from before entries said so is believed about the rest."""
    if entry is None:
        return False
    content = digest_of(link, FIELDS_FOR_VISITORS)
    is_shown = entry.action in _SHOWING or (
        entry.action == Action.HELP_CHANGE and entry.detail.get(SHOWN, "yes") == "yes"
    )
    return is_shown and entry.detail.get(CONTENT, content) == content
