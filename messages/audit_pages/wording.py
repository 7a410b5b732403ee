"""Describe entries of the audit record: "mara approved “Pause for a second” (message), revision 3"."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext, gettext_noop

from messages.audit.log import Action, ObjectKind
from messages.roles import ROLE_NAMES

# These follow the actor's name. {label} is the object's name at that time; other fields come from the detail.
_SENTENCES: dict[str, str] = {
    Action.WORDS_WRITE: "wrote “{label}” (message), revision {revision}{spoken}",
    Action.WORDS_TRANSLATE: "translated “{label}” (message), revision {revision}{spoken}",
    Action.WORDS_SUBMIT: "asked for a review of “{label}” (message), revision {revision}{spoken}",
    Action.WORDS_APPROVE: "approved “{label}” (message), revision {revision}{spoken}",
    Action.WORDS_WITHDRAW: "withdrew “{label}” (message), revision {revision}{spoken}{because}",
    Action.WORDS_COMMENT: "commented on “{label}” (message), revision {revision}{spoken}",
    Action.WORDS_SEND_BACK: "sent “{label}” (message), revision {revision}{spoken}, back: {reason}",
    Action.WORDS_EXCEPTION: "made an exception ({step}) for “{label}” (message), revision {revision}{spoken}: {reason}",
    Action.CAMPAIGN_SUBMIT: "asked for an approval of “{label}” (campaign)",
    Action.CAMPAIGN_APPROVE: "approved “{label}” (campaign)",
    Action.CAMPAIGN_TAKE_BACK: "took “{label}” (campaign) back, to change it",
    Action.CAMPAIGN_SEND_BACK: "sent “{label}” (campaign) back: {reason}",
    Action.CAMPAIGN_LAUNCH: "launched “{label}” (campaign)",
    Action.CAMPAIGN_SCHEDULE: "launched “{label}” (campaign), to begin later",
    Action.CAMPAIGN_QUEUE: "put “{label}” (campaign) in the queue, to be launched once its places are free",
    Action.CAMPAIGN_UNQUEUE: "took “{label}” (campaign) out of the queue",
    Action.CAMPAIGN_OPEN: "began “{label}” (campaign), because its start had come",
    Action.CAMPAIGN_PAUSE: "paused “{label}” (campaign)",
    Action.CAMPAIGN_RESUME: "resumed “{label}” (campaign)",
    Action.CAMPAIGN_CLOSE: "closed “{label}” (campaign)",
    Action.CAMPAIGN_DEVIATE: "put on record that “{label}” (campaign) deviates from its plan: {what} Because: {why}",
    Action.CAMPAIGN_ADDRESS: "changed what visitors of “{label}” (campaign) meet beside its messages: {what}",
    Action.CAMPAIGN_COPY: "planned “{label}” (campaign) like “{original}”",
    Action.CAMPAIGN_PUT_BACK: "put version {version} of “{label}” (campaign) back",
    Action.CAMPAIGN_OUTSIDE: "made these the outside reviewers of “{label}” (campaign): {reviewers}",
    Action.ARM_PAUSE: "paused the arm “{arm}” of “{label}” (campaign): {reason}",
    Action.ARM_RESUME: "resumed the arm “{arm}” of “{label}” (campaign): {reason}",
    Action.TEXT_STOP: "stopped text {text} of the arm “{arm}” of “{label}” (campaign): {reason}",
    Action.MESSAGE_STOP: "stopped “{label}” (message) everywhere: {reason}",
    Action.MESSAGE_LIFT: "lifted the stop of “{label}” (message): {reason}",
    Action.LOOK_EARLY: "looked at “{label}” (campaign) as an exception to its plan, look {look}: {reason}",
    Action.CAMPAIGN_COST: "entered what “{label}” (campaign) cost: {amount} {currency}",
    Action.CAMPAIGN_REHEARSE: "asked for a rehearsal of “{label}” (campaign)",
    Action.SUBJECTS_CREATE: "made the secret of the subjects of “{label}” (campaign)",
    Action.SUBJECTS_DESTROY: "destroyed the secret of the subjects of “{label}” (campaign)",
    Action.KEY_CREATE: "made the key {label}",
    Action.KEY_ROTATE: "made the key {label}, which begins to sign at {signs_from}",
    Action.KEY_DESTROY: "destroyed the key {label}",
    Action.HELP_ADD: "added “{label}” (help link): {address}",
    Action.HELP_CHANGE: "changed “{label}” (help link): {fields}",
    Action.HELP_PROPOSE: "proposed a change of “{label}” (help link), which waits for a colleague: {fields}",
    Action.HELP_CONFIRM: "confirmed the change of “{label}” (help link) that {proposer} proposed: {fields}",
    Action.HELP_WITHDRAW: "withdrew the change of “{label}” (help link) that {proposer} proposed: {fields}",
    Action.HELP_CHECK: "checked “{label}” (help link) at {address}",
    Action.HELP_RETIRE: "retired “{label}” (help link): {reason}",
    Action.HELP_RESTORE: "took “{label}” (help link) up again",
    Action.WORDS_IMPORT: "imported words from “{label}”: {messages} new messages, {revisions} new revisions",
    Action.PLACEMENT_ADD: "added “{label}” (placement) at {partner}",
    Action.PLACEMENT_CHANGE: "changed “{label}” (placement): {fields}",
    Action.PLACEMENT_PROPOSE: "proposed a change of “{label}” (placement), which waits for a colleague: {fields}",
    Action.PLACEMENT_CONFIRM: "confirmed the change of “{label}” (placement) that {proposer} proposed: {fields}",
    Action.PLACEMENT_WITHDRAW: "withdrew the change of “{label}” (placement) that {proposer} proposed: {fields}",
    Action.PARTNER_ADD: "added “{label}” (partner)",
    Action.PARTNER_CHANGE: "renamed “{was}” (partner) to “{label}”",
    Action.PARTNER_CONTACTS: "made these the contacts of “{label}” (partner): {contacts}",
    Action.RECORD_ACCEPT: "accepted this record as it was, ending with entry {ended} where {noted} was noted: {reason}",
    Action.DATABASE_RESTORE: "took a restored backup into use, ending with entry {ended} where {noted} was noted: "
    "{accounts} accounts closed, {campaigns} campaigns paused or taken back",
    Action.ROWS_LOAD: "loaded {rows} rows into the database from {label}, past all rules",
    Action.PERSON_INVITE: "invited somebody as {role} ({label})",
    Action.INVITATION_RENEW: "sent the link of {label} ({role}) again",
    Action.INVITATION_REVOKE: "withdrew {label} ({role})",
    Action.PERSON_JOIN: "joined as {role} (invitation {number})",
    Action.PERSON_ROLE: "made “{label}” (person) {role}",
    Action.PERSON_DEACTIVATE: "closed the account of “{label}” (person)",
    Action.PERSON_REACTIVATE: "opened the account of “{label}” (person) again",
    Action.SESSIONS_END: "signed “{label}” (person) out everywhere",
    Action.FACTOR_ADD: "set up {factor} as second factor",
    Action.FACTOR_REMOVE: "took {factor} away as second factor",
    Action.FACTOR_RESET: "reset the second factor of “{label}” (person)",
    Action.CODES_MAKE: "made new recovery codes",
    Action.CODE_USE: "used a recovery code",
    Action.CODES_GUESS: "sent {number} wrong codes for the account of “{label}” (person)",
    Action.PASSWORD_CHANGE: "changed their password",
    Action.TOKEN_CREATE: "made an API token{called}",
    Action.TOKEN_DELETE: "deleted an API token{called}",
}
KIND_LABELS: dict[str, str] = {
    ObjectKind.MESSAGE: "Messages",
    ObjectKind.CAMPAIGN: "Campaigns",
    ObjectKind.KEY: "Keys",
    ObjectKind.PERSON: "People",
    ObjectKind.HELP: "Help links",
    ObjectKind.PLACEMENT: "Placements",
    ObjectKind.PARTNER: "Partners",
    ObjectKind.RECORD: "This record",
}
_FACTORS = ("an authenticator app", "a passkey", "the app")  # as the record stores them
_UNKNOWN = gettext_noop("did “{action}” to “{label}”")


def translatable_strings() -> Iterator[str]:
    """The strings of this module that have to be translated."""
    yield from (*_SENTENCES.values(), *KIND_LABELS.values(), *_FACTORS, _UNKNOWN)


class _Fields(dict[str, Any]):
    """Field values for str.format; missing ones become a question mark."""

    def __missing__(self, key: str) -> str:
        return "?"


def describe_action(action: str, *, label: str, detail: Mapping[str, Any]) -> str:
    """A sentence about an action, without the actor; an unknown action is named as it is."""
    sentence = gettext(_SENTENCES.get(action, _UNKNOWN))
    spoken = gettext(" in “{locale}”").format(**detail) if "locale" in detail else ""  # older entries have none
    because = f": {detail['reason']}" if "reason" in detail else ""
    called = gettext(", “{token}”").format(**detail) if "token" in detail else ""  # older entries have none
    fields = {"label": label, "action": action, "spoken": spoken, "because": because, "called": called}
    return sentence.format_map(_Fields({**detail, **fields, **_translated_names(detail)}))


def _translated_names(detail: Mapping[str, Any]) -> dict[str, str]:
    """The names of a role and a second factor in the active language."""
    names = {}
    if role := detail.get("role"):
        names["role"] = str(ROLE_NAMES.get(role, role)).lower()
    if detail.get("factor") in _FACTORS:
        names["factor"] = gettext(detail["factor"])
    return names
