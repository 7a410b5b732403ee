"""Export an analysis plan as canonical JSON and as PDF. Before launch both are marked as drafts."""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import get_language, get_language_bidi
from django.utils.translation import gettext as _

from campaign.lifecycle.frozen_plan import canonical_json, current_plan_content
from campaign.lifecycle.launch_checks import common_locales
from campaign.models import AnalysisPlan, Campaign
from campaign.pdf.render import render_pdf
from campaign.preregistration import document
from campaign.preregistration.rows import PlanNames, PlanRendition, PreregistrationSection
from messages.models import Rendition
from messages.text.language_tags import direction_of


@dataclass(frozen=True, slots=True)
class PlanDocument:
    """A plan in words. `content` is what was hashed or, of a draft, what would be hashed now."""

    campaign: Campaign
    plan: AnalysisPlan
    content: dict[str, Any]
    sections: tuple[PreregistrationSection, ...]

    @property
    def is_frozen(self) -> bool:
        return self.plan.frozen_at is not None


def build_plan_document(plan: AnalysisPlan) -> PlanDocument:
    """Describe a frozen plan as it was frozen, or a draft as it stands."""
    campaign = plan.campaign
    content = current_plan_content(plan) if plan.frozen_at is None else json.loads(plan.canonical)
    arms = list(campaign.arms.prefetch_related("texts__revision__message__theme", "texts__revision__renditions"))
    locales = campaign.locales or common_locales(campaign)
    names = PlanNames(
        title=campaign.name,
        arms={arm.key: arm.name for arm in arms},
        placements=dict(campaign.placements.values_list("key", "name")),
        is_approved=campaign.approved_by_id is not None,
        renditions=tuple(
            _plan_rendition(arm.name, rendition)
            for arm in arms
            for text in arm.texts.all()
            for rendition in sorted(text.revision.renditions.all(), key=lambda rendition: rendition.locale)
            if rendition.locale in locales
        ),
    )
    return PlanDocument(campaign, plan, content, document.build_sections(content, names))


def as_json(plan: AnalysisPlan) -> bytes:
    """Return exactly what was hashed; of a draft the same form, with a key that marks it as a draft."""
    if plan.frozen_at is not None:
        return plan.canonical.encode()
    return canonical_json({"DRAFT": "not frozen, not hashed, may still change", **current_plan_content(plan)}).encode()


def as_pdf(plan_document: PlanDocument) -> bytes:
    """Render the plan in the reader's language, in the order of the OSF template. Raises PdfNotRendered."""
    return render_pdf("plan", _pdf_values(plan_document))


def _pdf_values(plan_document: PlanDocument) -> dict[str, Any]:
    plan = plan_document.plan
    if plan.frozen_at is not None:
        when = date_format(plan.frozen_at, "DATETIME_FORMAT")
        status = [
            _("Frozen on %(when)s, before anyone was counted.") % {"when": f"{when} UTC"},
            _("SHA-256 of its canonical JSON: %(fingerprint)s") % {"fingerprint": plan.fingerprint},
        ]
        eyebrow, foot = _("Frozen analysis plan"), f"{plan_document.campaign.slug} · SHA-256 {plan.fingerprint}"
    else:
        status = [_("This is a draft. It is frozen at launch. Until then, anything in it can change.")]
        state = _("draft, not frozen")
        eyebrow, foot = _("DRAFT analysis plan"), f"{plan_document.campaign.slug} · {state}"
    return {
        "title": plan_document.campaign.name,
        "eyebrow": eyebrow,
        "status": status,
        "foot": foot,
        "dated": (plan.frozen_at or datetime(2000, 1, 1, tzinfo=UTC)).replace(microsecond=0).isoformat(),
        "language": get_language() or "en",
        "right_to_left": get_language_bidi(),
        "sections": [asdict(section) for section in plan_document.sections],
    }


def _plan_rendition(arm: str, rendition: Rendition) -> PlanRendition:
    note, locale = rendition.revision.message.theme.content_note, rendition.locale
    return PlanRendition(arm, locale, direction_of(locale), rendition.headline, rendition.body, note)
