"""A plan to take along: its words, as canonical JSON and as PDF. Before launch both say that they are drafts."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import get_language, get_language_bidi
from django.utils.translation import gettext as _

from campaign.lifecycle.frozen_plan import canonical_json, current_plan_content
from campaign.lifecycle.launch_checks import common_locales
from campaign.models import AnalysisPlan, Campaign
from campaign.preregistration import document
from campaign.preregistration.rows import PlanNames, PlanRendition, PreregistrationSection
from messages.models import Rendition
from messages.text.rendering import direction_of

log = logging.getLogger(__name__)

PDF_TIMEOUT = 30  # seconds; it takes less than one
_PDF_SCRIPT = Path(__file__).with_name("pdf.py")


class PdfNotRendered(Exception):
    """The PDF could not be made."""


@dataclass(frozen=True, slots=True)
class PlanDocument:
    """A plan in words: what is hashed once it is frozen, and what would be today before."""

    campaign: Campaign
    plan: AnalysisPlan
    content: dict[str, Any]
    sections: tuple[PreregistrationSection, ...]

    @property
    def is_frozen(self) -> bool:
        return self.plan.frozen_at is not None


def build_plan_document(plan: AnalysisPlan) -> PlanDocument:
    """The plan as it was frozen, or as the draft stands."""
    campaign = plan.campaign
    frozen = plan.frozen_at is not None
    promise = json.loads(plan.canonical) if frozen else current_plan_content(plan)
    arms = list(campaign.arms.select_related("revision__message__theme").prefetch_related("revision__renditions"))
    offered = campaign.locales or common_locales(campaign)
    named = PlanNames(
        title=campaign.name,
        arms={arm.key: arm.name for arm in arms},
        placements=dict(campaign.placements.values_list("key", "name")),
        is_approved=campaign.approved_by_id is not None,
        renditions=tuple(
            _words(arm.name, words)
            for arm in arms
            for words in sorted(arm.revision.renditions.all(), key=lambda words: words.locale)
            if words.locale in offered
        ),
    )
    return PlanDocument(campaign, plan, promise, document.build_sections(promise, named))


def as_json(plan: AnalysisPlan) -> bytes:
    """Byte for byte what was hashed; of a draft the same form, with a first key that says what it is."""
    if plan.frozen_at is not None:
        return plan.canonical.encode()
    return canonical_json({"DRAFT": "not frozen, not hashed, may still change", **current_plan_content(plan)}).encode()


def as_pdf(told: PlanDocument) -> bytes:
    """In the reader's language, in the order of the OSF template."""
    try:
        made = subprocess.run(
            [sys.executable, "-I", str(_PDF_SCRIPT)],
            input=json.dumps(_on_paper(told)).encode(),
            capture_output=True,
            timeout=PDF_TIMEOUT,
            check=True,
            env={"LC_ALL": "C.UTF-8", "PATH": os.defpath},  # and none of our secrets
        )
    except (OSError, subprocess.SubprocessError) as error:
        log.error("A plan could not be drawn: %s", type(error).__name__)
        raise PdfNotRendered from None
    return made.stdout


def _on_paper(told: PlanDocument) -> dict[str, Any]:
    plan = told.plan
    if plan.frozen_at is not None:
        when = date_format(plan.frozen_at, "DATETIME_FORMAT")
        standing = [
            _("Frozen on %(when)s, before anyone was counted.") % {"when": f"{when} UTC"},
            _("SHA-256 of its canonical JSON: %(fingerprint)s") % {"fingerprint": plan.fingerprint},
        ]
        eyebrow, foot = _("Analysis plan, frozen"), f"{told.campaign.slug} · SHA-256 {plan.fingerprint}"
    else:
        standing = [_("This is a draft. It freezes at launch; until then anything in it can change.")]
        eyebrow, foot = _("DRAFT of an analysis plan"), f"{told.campaign.slug} · {_('draft, not frozen')}"
    return {
        "title": told.campaign.name,
        "eyebrow": eyebrow,
        "standing": standing,
        "foot": foot,
        "dated": (plan.frozen_at or datetime(2000, 1, 1, tzinfo=UTC)).replace(microsecond=0).isoformat(),
        "language": get_language() or "en",
        "right_to_left": get_language_bidi(),
        "sections": [asdict(section) for section in told.sections],
    }


def _words(arm: str, words: Rendition) -> PlanRendition:
    note = words.revision.message.theme.content_note
    return PlanRendition(arm, words.locale, direction_of(words.locale), words.headline, words.body, note)
