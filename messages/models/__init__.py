"""Models of messages, help links and accounts, by subject."""

from messages.models.accounts import ApiToken, AuditEntry, FailedCodes, Invitation, Mailbox, QueuedMail
from messages.models.help_links import HelpLink, HelpLinkQuerySet, ProposedChange, by_web
from messages.models.library import ClaimStrength, Draft, Frame, Message, OverwrittenWords, Rendition, Revision, Theme
from messages.models.review import Comment, Review

__all__ = [
    "ApiToken",
    "AuditEntry",
    "ClaimStrength",
    "Comment",
    "Draft",
    "FailedCodes",
    "Frame",
    "HelpLink",
    "HelpLinkQuerySet",
    "Invitation",
    "Mailbox",
    "Message",
    "OverwrittenWords",
    "ProposedChange",
    "QueuedMail",
    "Rendition",
    "Review",
    "Revision",
    "Theme",
    "by_web",
]
