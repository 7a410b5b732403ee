"""Describe entries of the audit record: "mara approved “Pause for a second” (message), revision 3"."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext, gettext_noop

from messages.audit.log import Action, ObjectKind
from messages.roles import ROLE_NAMES

# These follow the actor's name. {label} is the object's name at that time; other fields come from the detail.
_SENTENCES: dict[str, str] = {
    Action.WORDS_WRITE: "wrote the message “{label}”, version {revision}{spoken}",
    Action.WORDS_TRANSLATE: "translated the message “{label}”, version {revision}{spoken}",
    Action.WORDS_SUBMIT: "asked for a review of the message “{label}”, version {revision}{spoken}",
    Action.WORDS_APPROVE: "approved the message “{label}”, version {revision}{spoken}",
    Action.WORDS_WITHDRAW: "withdrew the message “{label}”, version {revision}{spoken}{because}",
    Action.WORDS_COMMENT: "commented on the message “{label}”, version {revision}{spoken}",
    Action.WORDS_SEND_BACK: "sent back the message “{label}”, version {revision}{spoken}: {reason}",
    Action.WORDS_EXCEPTION: "made an exception ({step}) for the message “{label}”, version {revision}{spoken}: "
    "{reason}",
    Action.CAMPAIGN_SUBMIT: "asked for approval of the campaign “{label}”",
    Action.CAMPAIGN_APPROVE: "approved the campaign “{label}”",
    Action.CAMPAIGN_TAKE_BACK: "took back the campaign “{label}” to change it",
    Action.CAMPAIGN_SEND_BACK: "sent back the campaign “{label}”: {reason}",
    Action.CAMPAIGN_LAUNCH: "launched the campaign “{label}”",
    Action.CAMPAIGN_SCHEDULE: "launched the campaign “{label}”, to start later",
    Action.CAMPAIGN_QUEUE: "put the campaign “{label}” in the queue, to be launched once its placements are free",
    Action.CAMPAIGN_UNQUEUE: "took the campaign “{label}” out of the queue",
    Action.CAMPAIGN_OPEN: "started the campaign “{label}” on its first day",
    Action.CAMPAIGN_PAUSE: "paused the campaign “{label}”",
    Action.CAMPAIGN_RESUME: "resumed the campaign “{label}”",
    Action.CAMPAIGN_CLOSE: "closed the campaign “{label}”",
    Action.CAMPAIGN_DEVIATE: "recorded a change from the plan of the campaign “{label}”: {what} Reason: {why}",
    Action.CAMPAIGN_ADDRESS: "changed what visitors of the campaign “{label}” see beside its messages: {what}",
    Action.CAMPAIGN_CHANGE: "changed the draft of the campaign “{label}”, from version {version} on",
    Action.CAMPAIGN_COUNTS: "began to seal the counts of the campaign “{label}”",
    Action.CAMPAIGN_COPY: "planned the campaign “{label}” as a copy of “{original}”",
    Action.CAMPAIGN_PUT_BACK: "restored version {version} of the campaign “{label}”",
    Action.CAMPAIGN_ASK: "asked {reviewer} to review the campaign “{label}”",
    Action.CAMPAIGN_DELETE: "deleted the campaign draft “{label}”",
    Action.CAMPAIGN_ARCHIVE: "archived the campaign “{label}”",
    Action.CAMPAIGN_BRING_BACK: "brought back the campaign “{label}” from the archive",
    Action.CAMPAIGN_OUTSIDE: "set the outside reviewers of the campaign “{label}”: {reviewers}",
    Action.ARM_PAUSE: "paused the message “{arm}” of the campaign “{label}”: {reason}",
    Action.ARM_RESUME: "showed the message “{arm}” of the campaign “{label}” again: {reason}",
    Action.TEXT_STOP: "stopped text {text} of the message “{arm}” of the campaign “{label}”: {reason}",
    Action.MESSAGE_STOP: "stopped the message “{label}” everywhere: {reason}",
    Action.MESSAGE_LIFT: "allowed the message “{label}” again: {reason}",
    Action.LOOK_EARLY: "took look {look} at the campaign “{label}” as an exception to its plan: {reason}",
    Action.CAMPAIGN_COST: "recorded the cost of the campaign “{label}”: {amount} {currency}",
    Action.RESULTS_PROPOSE: "proposed to publish look {look} of the campaign “{label}”",
    Action.RESULTS_PUBLISH: "published look {look} of the campaign “{label}”, which {proposer} had proposed",
    Action.RESULTS_TAKE_DOWN: "took down the public page of the campaign “{label}”",
    Action.LINK_GIVE: "gave link {number} to the results of the campaign “{label}”, until {until}",
    Action.LINK_OPEN: "opened the results of the campaign “{label}”",
    Action.LINK_GUESS: "entered {wrong} wrong codes for link {number} to the results of the campaign “{label}”",
    Action.LINK_WITHDRAW: "withdrew link {number} to the results of the campaign “{label}”",
    Action.SIGNER_CONFIRM: "confirmed the key {fingerprint} of the organisation “{label}”",
    Action.SIGNER_REMOVE: "removed the key {fingerprint} of the organisation “{label}”, and {results} imported results",
    Action.BUNDLE_IMPORT: "imported look {look} of “{campaign}” from the organisation “{label}”, plan {plan}",
    Action.BUNDLE_REMOVE: "removed the imported result “{campaign}” of the organisation “{label}”, plan {plan}",
    Action.CAMPAIGN_REHEARSE: "asked for a rehearsal of the campaign “{label}”",
    Action.SUBJECTS_CREATE: "created the subject secret of the campaign “{label}”",
    Action.SUBJECTS_DESTROY: "destroyed the subject secret of the campaign “{label}”",
    Action.KEY_CREATE: "created the key {label}",
    Action.KEY_ROTATE: "created the key {label}, which starts to sign at {signs_from}",
    Action.KEY_DESTROY: "destroyed the key {label}",
    Action.HELP_ADD: "added the help link “{label}”: {address}",
    Action.HELP_CHANGE: "changed the help link “{label}”: {fields}",
    Action.HELP_PROPOSE: "proposed a change to the help link “{label}”, which a colleague has to confirm: {fields}",
    Action.HELP_CONFIRM: "confirmed the change to the help link “{label}” that {proposer} proposed: {fields}",
    Action.HELP_WITHDRAW: "withdrew the change to the help link “{label}” that {proposer} proposed: {fields}",
    Action.HELP_CHECK: "checked the help link “{label}” at {address}",
    Action.HELP_RETIRE: "retired the help link “{label}”: {reason}",
    Action.HELP_RESTORE: "showed the help link “{label}” to visitors again",
    Action.WORDS_IMPORT: "imported texts from “{label}”: {messages} new messages, {revisions} new versions",
    Action.PLACEMENT_ADD: "added the placement “{label}” at {partner}",
    Action.PLACEMENT_CHANGE: "changed the placement “{label}”: {fields}",
    Action.PLACEMENT_PROPOSE: "proposed a change to the placement “{label}”, which a colleague has to confirm: "
    "{fields}",
    Action.PLACEMENT_CONFIRM: "confirmed the change to the placement “{label}” that {proposer} proposed: {fields}",
    Action.PLACEMENT_WITHDRAW: "withdrew the change to the placement “{label}” that {proposer} proposed: {fields}",
    Action.PARTNER_ADD: "added the partner “{label}”",
    Action.PARTNER_CHANGE: "renamed the partner “{was}” to “{label}”",
    Action.PARTNER_CONTACTS: "set the contacts of the partner “{label}”: {contacts}",
    Action.RECORD_ACCEPT: "accepted the audit record as it was, ending with entry {ended} although {noted} was noted: "
    "{reason}",
    Action.DATABASE_RESTORE: "put a restored backup into use, ending with entry {ended} although {noted} was noted: "
    "{accounts} accounts closed, {campaigns} campaigns paused or taken back",
    Action.ROWS_LOAD: "loaded {rows} rows into the database from {label}, without the usual checks",
    Action.PERSON_INVITE: "invited someone as {role} ({label})",
    Action.INVITATION_RENEW: "sent the invitation link of {label} ({role}) again",
    Action.INVITATION_REVOKE: "withdrew the invitation of {label} ({role})",
    Action.PERSON_JOIN: "joined as {role} (invitation {number})",
    Action.PERSON_ROLE: "gave {label} the role {role}",
    Action.PERSON_VOUCH: "put the account of {label} on record as it is",
    Action.PERSON_DEACTIVATE: "closed the account of {label}",
    Action.PERSON_REACTIVATE: "reopened the account of {label}",
    Action.SESSIONS_END: "signed {label} out everywhere",
    Action.FACTOR_ADD: "set up {factor} as second factor",
    Action.FACTOR_REMOVE: "removed {factor} as second factor",
    Action.FACTOR_RESET: "reset the second factor of {label}",
    Action.CODES_MAKE: "created new recovery codes",
    Action.CODE_USE: "used a recovery code",
    Action.CODES_GUESS: "entered {number} wrong codes for the account of {label}",
    Action.ADDRESS_CONFIRM: "confirmed their email address",
    Action.PASSWORD_CHANGE: "changed their password",
    Action.PASSWORD_REHASH: "signed in, and their password was stored in a newer way",
    Action.TOKEN_CREATE: "created an API token{called}",
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
    ObjectKind.RECORD: "The audit record",
    ObjectKind.ORGANISATION: "Other organisations",
}
_FACTORS = ("an authenticator app", "a passkey", "the app")  # as the record stores them
_UNKNOWN = gettext_noop("“{action}” on “{label}”")


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
