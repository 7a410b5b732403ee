"""What stands beside each question: the words of the arms, who else is at a place, what the numbers come to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import InvalidPage, Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _

from campaign.models import Arm, Campaign
from campaign.wizard import answers, summary, wording
from campaign.wizard.arms import missing_frames, selectable_revisions
from campaign.wizard.forms import ArmsForm, QuestionForm
from campaign.wizard.questions import CHECK, PRESETS, allowed_frames, preset_of
from messages.models import Frame, Rendition, Revision
from messages.review import message_lint, workflow
from messages.text.rendering import direction_of

PER_PAGE = 8


@dataclass(frozen=True, slots=True)
class ApprovedRendition:
    """Approved words in one language."""

    locale: str
    direction: str
    headline: str
    body: str


@dataclass(frozen=True, slots=True)
class ArmFieldsRow:
    """One arm: its fields, its approved words, and whether there are others."""

    arm: Arm
    name: Any
    share: Any
    renditions: tuple[ApprovedRendition, ...]


@dataclass(frozen=True, slots=True)
class RevisionChoice:
    """Words that could stand for an arm."""

    revision: Revision
    renditions: tuple[ApprovedRendition, ...]
    used_by: str
    is_chosen: bool


def page_context(campaign: Campaign, step: str, request: HttpRequest, **more: Any) -> dict[str, Any]:
    """The context of one page beside its form."""
    return _BESIDE[step](campaign, request, **more) if step in _BESIDE else {}


def _compare(campaign: Campaign, request: HttpRequest, form: QuestionForm) -> dict[str, Any]:
    gaps = {
        key: [Frame(frame).label for frame in dict.fromkeys(missing_frames(preset))] for key, preset in PRESETS.items()
    }
    rows = [
        (choice, about, gaps[str(choice.data["value"])]) for choice, about in form.choices_with_explanations("preset")
    ]
    return {"options": rows, "gaps": any(gaps.values()), "has_arms": campaign.arms.exists()}


def _words(campaign: Campaign, request: HttpRequest, form: ArmsForm) -> dict[str, Any]:
    arms = {arm.key: arm for arm in _arms(campaign)}
    keys = list(arms)
    remarks = message_lint.lint_arm_revisions({arm.name: arm.revision for arm in arms.values()})
    return {
        "arms": [
            ArmFieldsRow(arms[key], name, share, approved_renditions(arms[key].revision))
            for key, name, share in form.arm_fields()
            if key in arms
        ],
        "unlike": remarks,
        "unready": [arm.name for arm in arms.values() if not workflow.approved_locales(arm.revision)],
        "no_language": not locales_of_every_arm(list(arms.values())),
        "own": preset_of(keys) == "own",
    }


def locales_of_every_arm(arms: list[Arm]) -> set[str]:
    """The languages in which every arm has approved words."""
    spoken = [workflow.approved_locales(arm.revision) for arm in arms]
    return set.intersection(*spoken) if spoken else set()


def _offers(campaign: Campaign, request: HttpRequest, arm: Arm) -> dict[str, Any]:
    asked = request.GET.get("q", "").replace("\0", " ").strip()[:100]
    frames = allowed_frames(arm.key, preset_of([one.key for one in campaign.arms.all()]))
    found = selectable_revisions(frames)
    if asked:
        texts = Q(renditions__headline__icontains=asked) | Q(renditions__body__icontains=asked)
        found = found.filter(texts | Q(message__key__icontains=asked)).distinct()
    pages = Paginator(found, PER_PAGE)
    try:
        page = pages.page(request.GET.get("page", "1"))
    except InvalidPage:
        raise Http404 from None
    used = {one.revision_id: one.name for one in campaign.arms.exclude(pk=arm.pk)}
    rows = [
        RevisionChoice(each, approved_renditions(each), used.get(each.pk, ""), each.pk == arm.revision_id)
        for each in page
    ]
    return {
        "page": page,
        "offers": [offer for offer in rows if offer.renditions],
        "asked": asked,
        "frames": [Frame(frame).label for frame in frames] if len(frames) < len(Frame.values) else [],
        "now": approved_renditions(arm.revision),
        "newer": _page_at(asked, page.number - 1) if page.has_previous() else "",
        "older": _page_at(asked, page.number + 1) if page.has_next() else "",
    }


def _places(campaign: Campaign, request: HttpRequest, form: Any) -> dict[str, Any]:
    """Who else is at a place: two campaigns cannot run there at once."""
    live = Campaign.objects.filter(state__in=Campaign.LIVE).exclude(pk=campaign.pk)
    running = dict(live.values_list("placements", "name"))
    rows = [(*row, running.get(row[0].pk, "")) for row in form.rows()]
    return {"rows": rows}


def _success(campaign: Campaign, request: HttpRequest, form: Any) -> dict[str, Any]:
    harm = answers.read_answer(campaign, "harm")
    watched = [str(worry) for key, worry in wording.HARM_LABELS.items() if harm[f"watch_{key}"]]
    return {"options": form.choices_with_explanations("primary"), "watched": watched}


def _sureness(campaign: Campaign, request: HttpRequest, form: Any) -> dict[str, Any]:
    return {"looking": form.choices_with_explanations("monitoring"), "units": form.options("unit")}


def _length(campaign: Campaign, request: HttpRequest, form: Any) -> dict[str, Any]:
    """The answer to what the form says, typed or stored."""
    answer = form.stored
    if form.is_bound:
        form.is_valid()
        answer = {"expected": None, "planned": None, "starts": None, "ends": None, **form.cleaned_data}
    whole = answer.get("smallest") and (answer.get("expected") or "expected" not in form.fields)
    if not whole:
        return {"answer": None}
    size = summary.sample_size_for_answer(campaign, answer)
    return {
        "answer": summary.describe_sample_size_for_answer(campaign, answer),
        "too_short": wording.end_date_warning(answer["starts"] or form.today, answer["ends"], size),
    }


def _check(campaign: Campaign, request: HttpRequest) -> dict[str, Any]:
    """What is not missing, and still worth a thought."""
    told = answers.answered_steps(campaign)
    thoughts = []
    if "harm" not in told:
        thoughts.append(("harm", _("Nothing is watched for harm. Is there nothing that would worry you?")))
    if "told" not in told:
        thoughts.append(("told", _("Nobody would hear of harm. Who should?")))
    if campaign.placements.filter(expected_per_day=0).exists():
        thoughts.append(("places", _("Of some places nobody knows the traffic yet, so how long it takes is a guess.")))
    return {"thoughts": thoughts}


def approved_renditions(revision: Revision) -> tuple[ApprovedRendition, ...]:
    """The approved words of a revision, English first."""
    stand = [rendition for rendition in revision.renditions.all() if workflow.is_approval_valid(rendition)]
    stand.sort(key=_english_first)
    return tuple(ApprovedRendition(one.locale, direction_of(one.locale), one.headline, one.body) for one in stand)


def _english_first(rendition: Rendition) -> tuple[bool, str]:
    return rendition.locale != "en", rendition.locale


def _arms(campaign: Campaign) -> list[Arm]:
    arms = campaign.arms.select_related("revision__message__theme")
    return list(arms.prefetch_related("revision__renditions__revision__message"))


def _page_at(asked: str, number: int) -> str:
    return f"?{urlencode({'q': asked, 'page': number})}"


_BESIDE: dict[str, Callable[..., dict[str, Any]]] = {
    "compare": _compare,
    "words": _words,
    "offers": _offers,
    "places": _places,
    "success": _success,
    "sureness": _sureness,
    "length": _length,
    CHECK: _check,
}
