"""Import the bundles of other organisations, whose keys a person confirmed; and remove them.

A key is confirmed by typing the fingerprint that the organisation gave by another way. A bundle is accepted if its
signature is of such a key, every hash and number of it holds, and its campaign is over. Of a bundle that is refused,
nothing is stored.
"""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from django.contrib.auth.models import AbstractUser
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from analytics.bundle_check.archive import Bundle, UnreadableBundle, open_bundle
from analytics.learned.foreign_bundle import (
    MOST_UNPACKED,
    ForeignResult,
    is_fingerprint,
    limit_looks,
    read_foreign_result,
)
from analytics.learned.plain_letters import search_text
from analytics.learned.record import forget_result, write_result
from analytics.models import KnownSigner, LearnedResult
from campaign.lifecycle.actions import ActionRefused
from campaign.models import AnalysisPlan
from messages.audit import log
from messages.text.printable import printable

_LANGUAGE = "en"  # of every bundle
Actor = AbstractUser | str


@dataclass(frozen=True, slots=True)
class Imported:
    """The result of an import, and whether it is new here."""

    result: LearnedResult
    is_new: bool


@transaction.atomic
def confirm_signer(organisation: str, fingerprint: str, *, by: Actor, now: datetime) -> KnownSigner:
    """Note that a person compared a fingerprint with what an organisation told them. Raises ActionRefused."""
    name = printable(" ".join(organisation.split()))[:120]
    if not name:
        raise ActionRefused(_("Enter the name of the organisation."))
    if not is_fingerprint(fingerprint):
        raise ActionRefused(_("A fingerprint has 64 digits from 0 to 9 and a to f. Blanks do not matter."))
    digits = "".join(fingerprint.split()).lower()
    grouped = " ".join(digits[at : at + 4] for at in range(0, 64, 4))
    known = KnownSigner.objects.filter(fingerprint=grouped).first()
    if known is not None:
        raise ActionRefused(_("This key was already confirmed, as that of %(name)s.") % {"name": known.organisation})
    signer = KnownSigner.objects.create(
        organisation=name, fingerprint=grouped, confirmed_by=_name_of(by), confirmed_at=now
    )
    _record(log.Action.SIGNER_CONFIRM, signer, by, fingerprint=grouped)
    return signer


@transaction.atomic
def remove_signer(signer: KnownSigner, *, by: Actor) -> None:
    """Trust a key no longer, and remove everything that it signed."""
    results = list(signer.results.all())
    for result in results:
        forget_result(result)
    _record(log.Action.SIGNER_REMOVE, signer, by, fingerprint=signer.fingerprint, results=len(results))
    signer.delete()


@transaction.atomic
def remove_import(result: LearnedResult, *, by: Actor) -> None:
    """Remove an imported result. Raises ActionRefused for one of ours."""
    if result.signer is None:
        raise ActionRefused(_("This is a result of yours. Only imported results can be removed."))
    _record(log.Action.BUNDLE_REMOVE, result.signer, by, campaign=result.name, plan=result.plan_fingerprint)
    forget_result(result)


def import_bundle(content: bytes, *, by: Actor, now: datetime) -> Imported:
    """Import a bundle, or the later look of one that is here. Raises ActionRefused, and then nothing is stored."""
    try:
        bundle = open_bundle(content, max_bytes=MOST_UNPACKED)
        signer = _known_signer(bundle)
        limit_looks(bundle)
        foreign = _read_checked_bundle(bundle)
    except UnreadableBundle as reason:
        raise ActionRefused(
            _("This bundle cannot be imported. %(reason)s") % {"reason": printable(str(reason))[:300]}
        ) from None
    try:
        return _store(foreign, signer, digest=sha256(content).hexdigest(), by=by, now=now)
    except IntegrityError:  # two people at once
        raise ActionRefused(_("Somebody else is importing the same campaign. Try again.")) from None


def _known_signer(bundle: Bundle) -> KnownSigner:
    signer = KnownSigner.objects.filter(fingerprint=bundle.fingerprint).first()
    if signer is None:
        raise ActionRefused(
            _(
                "Nobody here has confirmed the key that signed it: %(fingerprint)s. Ask the organisation for its "
                "fingerprint by another way, and confirm it first."
            )
            % {"fingerprint": bundle.fingerprint}
        )
    return signer


def _read_checked_bundle(bundle: Bundle) -> ForeignResult:
    """Return what a bundle says, after every number of it was worked out anew."""
    from analytics.bundle_check.check import check_bundle  # imports scipy: only who imports a bundle needs it

    report = check_bundle(bundle)
    if not report.holds:
        raise UnreadableBundle(f"{len(report.faults)} of its statements are wrong: {report.faults[0]}.")
    return read_foreign_result(bundle, report.plan_fingerprint)


@transaction.atomic
def _store(foreign: ForeignResult, signer: KnownSigner, *, digest: str, by: Actor, now: datetime) -> Imported:
    content = foreign.content
    KnownSigner.objects.select_for_update().get(pk=signer.pk)  # of two imports at once, the second finds the first
    if AnalysisPlan.objects.filter(fingerprint=content.plan_fingerprint).exists():
        raise ActionRefused(_("This campaign is yours, so it already counts."))
    earlier = LearnedResult.objects.filter(plan_fingerprint=content.plan_fingerprint).select_related("signer").first()
    if earlier is not None and earlier.signer_id != signer.pk:
        raise ActionRefused(_("This campaign was already imported from another organisation."))
    if earlier is not None and earlier.look >= content.look:
        return Imported(earlier, is_new=False)
    result = write_result(
        content,
        {
            "name": foreign.name,
            "sentences": {_LANGUAGE: foreign.sentence},
            "words": search_text([*foreign.words, signer.organisation]),
        },
        {},
        signer=signer,
        bundle_digest=digest,
        imported_by=_name_of(by),
        imported_at=now,
    )
    _record(
        log.Action.BUNDLE_IMPORT, signer, by, look=content.look, campaign=foreign.name, plan=content.plan_fingerprint
    )
    return Imported(result, is_new=True)


def _name_of(by: Actor) -> str:
    return (by if isinstance(by, str) else by.get_username())[:150]


def _record(action: log.Action, signer: KnownSigner, by: Actor, **detail: str | int) -> None:
    label = signer.organisation
    log.record(action, by=by, kind=log.ObjectKind.ORGANISATION, ref=signer.fingerprint[:19], label=label, **detail)
