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

from campaign.lifecycle.frozen_plan import as_it_stands, canonical_of
from campaign.lifecycle.launch_checks import spoken
from campaign.models import AnalysisPlan, Campaign
from campaign.preregistration import document
from campaign.preregistration.rows import Named, Section, Words
from messages.models import Rendition
from messages.text.rendering import direction_of

log = logging.getLogger(__name__)

PATIENCE = 30  # seconds; it takes less than one
_DRAWER = Path(__file__).with_name("pdf.py")


class NotDrawn(Exception):
    """The PDF could not be made."""


@dataclass(frozen=True, slots=True)
class Told:
    """A plan in words: what is hashed once it is frozen, and what would be today before."""

    campaign: Campaign
    plan: AnalysisPlan
    promise: dict[str, Any]
    sections: tuple[Section, ...]

    @property
    def frozen(self) -> bool:
        return self.plan.frozen_at is not None


def tell(plan: AnalysisPlan) -> Told:
    """The plan as it was frozen, or as the draft stands."""
    campaign = plan.campaign
    frozen = plan.frozen_at is not None
    promise = json.loads(plan.canonical) if frozen else as_it_stands(plan)
    arms = list(campaign.arms.select_related("revision__message__theme").prefetch_related("revision__renditions"))
    offered = campaign.locales or spoken(campaign)
    named = Named(
        title=campaign.name,
        arms={arm.key: arm.name for arm in arms},
        placements=dict(campaign.placements.values_list("key", "name")),
        approved=campaign.approved_by_id is not None,
        words=tuple(
            _words(arm.name, words)
            for arm in arms
            for words in sorted(arm.revision.renditions.all(), key=lambda words: words.locale)
            if words.locale in offered
        ),
    )
    return Told(campaign, plan, promise, document.sections(promise, named))


def as_json(plan: AnalysisPlan) -> bytes:
    """Byte for byte what was hashed; of a draft the same form, with a first key that says what it is."""
    if plan.frozen_at is not None:
        return plan.canonical.encode()
    return canonical_of({"DRAFT": "not frozen, not hashed, may still change", **as_it_stands(plan)}).encode()


def as_pdf(told: Told) -> bytes:
    """In the reader's language, in the order of the OSF template."""
    try:
        made = subprocess.run(
            [sys.executable, "-I", str(_DRAWER)],
            input=json.dumps(_on_paper(told)).encode(),
            capture_output=True,
            timeout=PATIENCE,
            check=True,
            env={"LC_ALL": "C.UTF-8", "PATH": os.defpath},  # and none of our secrets
        )
    except (OSError, subprocess.SubprocessError) as error:
        log.error("A plan could not be drawn: %s", type(error).__name__)
        raise NotDrawn from None
    return made.stdout


def _on_paper(told: Told) -> dict[str, Any]:
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


def _words(arm: str, words: Rendition) -> Words:
    note = words.revision.message.theme.content_note
    return Words(arm, words.locale, direction_of(words.locale), words.headline, words.body, note)
