"""The page of a campaign's rehearsal: what invented visitors met, what to mend, and the look as it would be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages as flash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language_info, gettext_lazy
from django.views.decorators.http import require_http_methods

from analytics.models import Analysis, Estimate, Rehearsal
from analytics.rehearsal import runner as rehearsals
from analytics.report_rows import OutcomeBlock
from analytics.results.outcome_blocks import outcome_blocks
from campaign.models import Arm, Campaign
from campaign.staff_site.access import campaign_for
from messages.roles import MANAGER, current_user, has_role

INTEGRATION_NAMES = {
    "page": gettext_lazy("The script on a page"),
    "server": gettext_lazy("A call from a server, such as a chatbot’s"),
    "hosted": gettext_lazy("The page we host, without JavaScript"),
}
# What was found, in words. Those that keep a campaign from its launch come from the campaign itself.
PROBLEM_SENTENCES = {
    "before-launch": gettext_lazy("%(said)s"),
    "not-walked": gettext_lazy("It could not be walked: %(said)s"),
    "missing-language": gettext_lazy("%(language)s is missing in %(arms)s, so nobody is shown that language."),
    "no-origin": gettext_lazy("%(placement)s: no site may show it, so the script on a page would stay silent."),
    "refused": gettext_lazy("%(placement)s, %(way)s: visitors were refused (%(said)s)."),
    "open-to-all": gettext_lazy("%(placement)s: a site that is not on the list was answered."),
    "hosted-not-counted": gettext_lazy(
        "%(placement)s: the page we host shows the message and counts nobody, because the plan does not count messages."
    ),
    "no-fallback": gettext_lazy("%(placement)s: nothing is shown while the campaign is paused. Choose neutral words."),
    "page-missing": gettext_lazy("%(placement)s: the page behind the message is missing (%(said)s)."),
    "choice-ignored": gettext_lazy("%(placement)s: somebody who asked not to be counted was counted."),
    "never-shown": gettext_lazy("“%(arm)s” was shown to nobody."),
}
_MUST = {"before-launch", "not-walked", "refused", "open-to-all", "page-missing", "choice-ignored", "never-shown"}


@dataclass(frozen=True, slots=True)
class IntegrationRow:
    """One form of one placement: how many were shown a message, and how many were counted."""

    name: str
    served: int
    counted: int


@dataclass(frozen=True, slots=True)
class RehearsedPlacement:
    """One placement as it was walked."""

    key: str
    name: str
    integrations: tuple[IntegrationRow, ...]
    languages: tuple[tuple[str, str, str], ...]


@require_http_methods(["GET", "HEAD", "POST"])
def rehearsal_page(request: HttpRequest, slug: str) -> HttpResponse:
    """What came of the last one; a manager asks for the next."""
    campaign = campaign_for(request.user, slug, write=request.method == "POST")
    if request.method == "POST":
        try:
            rehearsals.request_rehearsal(campaign, by=current_user(request), now=timezone.now())
        except rehearsals.RehearsalRefused as reason:
            flash.error(request, str(reason))
        return redirect("analytics:rehearsal", slug)
    last = rehearsals.latest(campaign)
    told = (last.report if last else None) or {}
    context = {
        "campaign": campaign,
        "rehearsal": last,
        "under_way": bool(last and last.state in (Rehearsal.State.WAITING, Rehearsal.State.RUNNING)),
        "must": _problems(last, must=True),
        "may": _problems(last, must=False),
        "report": told,
        "walked": [_place(each) for each in told.get("places", [])],
        "rates": _rates(campaign, told),
        "blocks": _blocks(campaign, told),
        "level": told.get("look", {}).get("level"),
        "split_is_broken": told.get("look", {}).get("sample_ratio") == Analysis.SampleRatio.ALARM,
        "correction": "",
        "may_ask": has_role(request.user, MANAGER) and campaign.state in rehearsals.REHEARSABLE_STATES,
        "changed_since": bool(last and last.finished_at and campaign.changed_at > last.asked_at),
    }
    return render(request, "analytics/rehearsal/rehearsal.html", context)


def _problems(last: Rehearsal | None, *, must: bool) -> list[str]:
    return [_said(each) for each in (last.problems if last else []) if (each["code"] in _MUST) is must]


def _said(problem: Mapping[str, str]) -> str:
    told = dict(problem)
    if "language" in told:
        told["language"] = _language(told["language"])
    if "way" in told:
        told["way"] = str(INTEGRATION_NAMES.get(told["way"], told["way"]))
    return str(PROBLEM_SENTENCES[problem["code"]]) % told


def _language(code: str) -> str:
    try:
        return str(get_language_info(code)["name_translated"]).capitalize()
    except KeyError:
        return code


def _place(told: Mapping[str, Any]) -> RehearsedPlacement:
    return RehearsedPlacement(
        key=told["key"],
        name=told["name"],
        integrations=tuple(
            IntegrationRow(str(name), told["forms"][way]["shown"], told["forms"][way]["counted"])
            for way, name in INTEGRATION_NAMES.items()
        ),
        languages=tuple((code, _language(code), headline) for code, headline in told["languages"].items()),
    )


def _rates(campaign: Campaign, told: Mapping[str, Any]) -> list[tuple[Arm, int]]:
    """What was invented: of 100 who see an arm, how many turn back."""
    return [(arm, round(100 * told["rates"][arm.key])) for arm in _arms(campaign) if arm.key in told.get("rates", {})]


def _arms(campaign: Campaign) -> list[Arm]:
    return list(campaign.arms.select_related("revision__message"))


def _blocks(campaign: Campaign, told: Mapping[str, Any]) -> list[OutcomeBlock]:
    """The invented look as the tables of a results page show it; arms that are gone since are left out."""
    arms = {arm.key: arm for arm in _arms(campaign)}
    estimates = [
        Estimate(**{**each, "treated": arms[each["treated"]], "control": arms.get(each["control"])})
        for each in told.get("look", {}).get("estimates", [])
        if each["treated"] in arms and (not each["control"] or each["control"] in arms)
    ]
    return outcome_blocks(estimates)
