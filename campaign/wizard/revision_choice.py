"""Choose the approved message revision of an arm: which there are, and how they are listed."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import InvalidPage, Paginator
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, When
from django.http import Http404, QueryDict

from campaign.models import Arm, ArmText, Campaign
from campaign.wizard.draft import current_plan
from campaign.wizard.presets import Preset, allowed_frames, preset_of
from messages.models import Frame, Rendition, Revision
from messages.review import workflow
from messages.search_words import typed_search
from messages.text.language_tags import direction_of

PER_PAGE = 8
_ORDER = ("message__matched_set", F("message__theme__number").asc(nulls_last=True), "message__key", "-number")


@dataclass(frozen=True, slots=True)
class ApprovedRendition:
    """Approved words in one language."""

    locale: str
    direction: str
    headline: str
    body: str


@dataclass(frozen=True, slots=True)
class RevisionChoice:
    """A revision that could stand for an arm."""

    revision: Revision
    renditions: tuple[ApprovedRendition, ...]
    used_by: str
    is_chosen: bool


def selectable_revisions(frames: Collection[str]) -> QuerySet[Revision]:
    """Return servable revisions of these frames, newer ones of a message first: those of the starter library, then
    others, those of matched sets last."""
    revisions = workflow.servable_revisions().filter(message__frame__in=frames)
    revisions = revisions.select_related("message__theme").prefetch_related("renditions")
    return revisions.order_by(*_ORDER)


def _chosen_first(chosen: Collection[int], frames: Collection[str]) -> QuerySet[Revision]:
    servable = selectable_revisions(frames)
    revisions = Revision.objects.filter(Q(pk__in=chosen) | Q(pk__in=servable.order_by().values("pk")))
    revisions = revisions.select_related("message__theme").prefetch_related("renditions")
    return revisions.order_by(Case(When(pk__in=chosen, then=0), default=1), *_ORDER)


def missing_frames(preset: Preset) -> list[str]:
    """Return the first frame of each arm of a preset for which no revision is approved."""
    approved = set(workflow.servable_revisions().values_list("message__frame", flat=True))
    return [arm.frames[0] for arm in preset.arms if not approved & set(arm.frames)]


def approved_renditions(revision: Revision) -> tuple[ApprovedRendition, ...]:
    """Return the approved words of a revision, English first."""
    approved = [rendition for rendition in revision.renditions.all() if workflow.is_approval_valid(rendition)]
    approved.sort(key=lambda rendition: (rendition.locale != "en", rendition.locale))
    return tuple(ApprovedRendition(one.locale, direction_of(one.locale), one.headline, one.body) for one in approved)


def choice_context(campaign: Campaign, arm: Arm, query: QueryDict) -> dict[str, Any]:
    """Build the context of the page on which an arm's revision is searched for and chosen."""
    search = typed_search(query.get("q", ""))
    chosen = [text.revision_id for text in arm.texts.all()]
    is_several = bool(current_plan(campaign).texts)
    preset = preset_of([one.key for one in campaign.arms.all()])
    frames = (arm.frame,) if is_several else allowed_frames(arm.key, preset)
    # Texts that were chosen can be taken out, even if they are not approved any more.
    revisions = _chosen_first(chosen, frames) if is_several else selectable_revisions(frames)
    if search:
        texts = Rendition.objects.filter(Q(headline__icontains=search) | Q(body__icontains=search))
        texts = texts.filter(revision=OuterRef("pk"))
        revisions = revisions.filter(Exists(texts) | Q(message__key__icontains=search))
    try:
        page = Paginator(revisions, PER_PAGE).page(query.get("page", "1"))
    except InvalidPage:
        raise Http404 from None
    elsewhere = ArmText.objects.filter(arm__campaign=campaign).exclude(arm=arm)
    used_by = dict(elsewhere.values_list("revision", "arm__name"))
    choices = [
        RevisionChoice(each, approved_renditions(each), used_by.get(each.pk, ""), each.pk in chosen) for each in page
    ]
    return {
        "page": page,
        "choices": [choice for choice in choices if choice.renditions or (is_several and choice.is_chosen)],
        "is_several": is_several,
        "count": len(chosen),
        "is_full": len(chosen) >= ArmText.MOST,
        "search": search,
        "frames": [Frame(frame).label for frame in frames] if len(frames) < len(Frame.values) else [],
        "newer": _page_url(search, page.number - 1) if page.has_previous() else "",
        "older": _page_url(search, page.number + 1) if page.has_next() else "",
    }


def _page_url(search: str, number: int) -> str:
    return f"?{urlencode({'q': search, 'page': number})}"
