"""What the audit record holds of a campaign's way to its launch: rows alone prove neither that it was sent nor that it
was approved, as whoever holds the database can write them."""

from django.contrib.auth.models import User

from campaign.models import ArmText, Campaign
from messages.audit import log
from messages.audit.hash_chain import ChainEntry
from messages.audit.verification import genuine_entries
from messages.models import AuditEntry

_STEPS = (
    log.Action.CAMPAIGN_SUBMIT,
    log.Action.CAMPAIGN_APPROVE,
    log.Action.CAMPAIGN_TAKE_BACK,
    log.Action.CAMPAIGN_SEND_BACK,
)
_LAUNCHES = (log.Action.CAMPAIGN_LAUNCH, log.Action.CAMPAIGN_SCHEDULE)
COUNTS, SEALED = "counts", "sealed"  # of the entry of a launch
_QUEUE_STEPS = (*_STEPS, log.Action.CAMPAIGN_QUEUE, log.Action.CAMPAIGN_UNQUEUE)


def submitter(campaign: Campaign) -> str:
    """Return the name of who sent a campaign that waits for its approval; empty if the record does not say."""
    entry = _last_step(campaign, log.Action.CAMPAIGN_SUBMIT)
    return entry.actor if entry is not None else ""


def is_history_as_sent(campaign: Campaign) -> bool:
    """Whether the last version of the draft is the one on record when it was sent; an older entry does not say."""
    entry, last = _last_step(campaign, log.Action.CAMPAIGN_SUBMIT), campaign.versions.order_by("number").last()
    return entry is None or entry.detail.get("version", last.seal if last else "") == (last.seal if last else "")


def is_approval_recorded(campaign: Campaign) -> bool:
    """Whether the last step on record is the approval that the campaign's row tells of: by whom, and of what."""
    entry, approver = _last_step(campaign, log.Action.CAMPAIGN_APPROVE), campaign.approved_by
    if entry is None or approver is None:
        return False
    return (entry.actor, entry.detail.get("content")) == (approver.get_username(), campaign.approved_fingerprint)


def is_queue_recorded(campaign: Campaign) -> bool:
    """Whether the last step on record is that whoever the row names put the campaign in the queue."""
    entry, by = _last_step(campaign, log.Action.CAMPAIGN_QUEUE, among=_QUEUE_STEPS), campaign.queued_by
    return entry is not None and by is not None and entry.actor == by.get_username()


def counts_begin_sealed(campaign: Campaign) -> bool:
    """Whether a campaign was launched since counts are sealed, so that it had none before: see `COUNTS`."""
    launches = genuine_entries(log.ObjectKind.CAMPAIGN, [campaign.slug], _LAUNCHES)
    entry = launches.get(campaign.slug)
    return bool(launches) and (entry is None or entry.detail.get(COUNTS) == SEALED)


def outside_reviewers_on_record(campaign: Campaign) -> set[str]:
    """Return the names of those whom the last step on record asks from outside; none if it is not genuine."""
    entry = genuine_entries(log.ObjectKind.CAMPAIGN, [campaign.slug], [log.Action.CAMPAIGN_OUTSIDE]).get(campaign.slug)
    return set(str(entry.detail.get("reviewers", "")).split(", ")) if entry is not None else set()


def text_stoppers(draft: Campaign) -> set[int]:
    """Return the primary keys of who stopped a text or a message, or paused an arm, of what a draft was made from, and
    of what that was made from: it has the texts that they left."""
    names: set[str] = set()
    about, copies = AuditEntry.objects.filter(kind=log.ObjectKind.CAMPAIGN), _copies(draft.slug)
    for original, copied_at in copies.items():
        stops = about.filter(ref=original, action__in=(log.Action.TEXT_STOP, log.Action.ARM_PAUSE))
        names |= set(stops.values_list("actor", flat=True)) | _message_stoppers(original, before=copied_at)
    return set(User.objects.filter(username__in=names).values_list("pk", flat=True)) if names else set()


def _copies(slug: str) -> dict[str, int]:
    """Return what a draft was made from, directly or by way of others, each with the number of its last copy."""
    found: dict[str, int] = {}
    left = [slug]
    copies = AuditEntry.objects.filter(kind=log.ObjectKind.CAMPAIGN, action=log.Action.CAMPAIGN_COPY)
    while left:
        for number, original in copies.filter(ref=left.pop()).values_list("number", "detail__original"):
            if original and original not in found:
                left.append(original)
            found[original] = max(number, found.get(original, 0))
    return found


def _message_stoppers(slug: str, *, before: int) -> set[str]:
    """Return the names of who had stopped a message of a campaign everywhere when it was copied."""
    keys = ArmText.objects.filter(arm__campaign__slug=slug).values_list("revision__message__key", flat=True)
    steps = AuditEntry.objects.filter(kind=log.ObjectKind.MESSAGE, ref__in=set(keys), number__lt=before)
    steps = steps.filter(action__in=(log.Action.MESSAGE_STOP, log.Action.MESSAGE_LIFT)).order_by("number")
    last = {key: (action, actor) for key, action, actor in steps.values_list("ref", "action", "actor")}
    return {actor for action, actor in last.values() if action == log.Action.MESSAGE_STOP}


def _last_step(campaign: Campaign, action: log.Action, *, among: tuple[log.Action, ...] = _STEPS) -> ChainEntry | None:
    """Return the last step on record if it is this one and genuine."""
    entry = genuine_entries(log.ObjectKind.CAMPAIGN, [campaign.slug], among).get(campaign.slug)
    return entry if entry is not None and entry.action == action else None
