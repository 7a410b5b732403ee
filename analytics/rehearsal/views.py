"""The rehearsal page of a campaign: what simulated visitors met, what to fix, and the look an analyst would see."""

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
from analytics.rehearsal import runner
from analytics.report_rows import OutcomeBlock
from analytics.results.outcome_rows import outcome_blocks
from analytics.wording import PeopleScale
from campaign.models import Arm, Campaign
from campaign.staff_site.access import campaign_for
from messages.roles import MANAGER, current_user, has_role

INTEGRATION_NAMES = {
    "page": gettext_lazy("A page with the script"),
    "server": gettext_lazy("A request from a server, such as a chatbot’s"),
    "hosted": gettext_lazy("Our hosted page, without JavaScript"),
}
# Sentences by problem code. Launch blockers bring their own sentence.
PROBLEM_SENTENCES = {
    "before-launch": gettext_lazy("%(said)s"),
    "not-walked": gettext_lazy("A visit could not be simulated: %(said)s"),
    "missing-language": gettext_lazy(
        "There is no %(language)s text for %(arms)s, so nobody sees the messages in that language."
    ),
    "no-origin": gettext_lazy("%(placement)s: no site is allowed to show it, so the script on a page shows nothing."),
    "refused": gettext_lazy("%(placement)s, %(way)s: visitors were refused (%(said)s)."),
    "open-to-all": gettext_lazy("%(placement)s: it answered a site that is not on its list."),
    "hosted-not-counted": gettext_lazy(
        "%(placement)s: our hosted page shows the message but counts nobody, because the plan does not count messages."
    ),
    "no-fallback": gettext_lazy(
        "%(placement)s: visitors see nothing while the campaign is paused. Choose a neutral text."
    ),
    "page-missing": gettext_lazy("%(placement)s: the page behind the message is missing (%(said)s)."),
    "choice-ignored": gettext_lazy("%(placement)s: a visitor who asked not to be counted was counted."),
    "never-shown": gettext_lazy("“%(arm)s” was shown to nobody."),
}
_BLOCKING = {"before-launch", "not-walked", "refused", "open-to-all", "page-missing", "choice-ignored", "never-shown"}


@dataclass(frozen=True, slots=True)
class IntegrationRow:
    """One way of integrating one placement: how many visitors were served, and how many were counted."""

    name: str
    served: int
    counted: int


@dataclass(frozen=True, slots=True)
class RehearsedPlacement:
    """One placement in a rehearsal."""

    key: str
    name: str
    integrations: tuple[IntegrationRow, ...]
    languages: tuple[tuple[str, str, str], ...]


@require_http_methods(["GET", "HEAD", "POST"])
def rehearsal_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the latest rehearsal. A POST by a manager requests the next."""
    campaign = campaign_for(request.user, slug, write=request.method == "POST")
    if request.method == "POST":
        try:
            runner.request_rehearsal(campaign, by=current_user(request), now=timezone.now())
        except runner.RehearsalRefused as refusal:
            flash.error(request, str(refusal))
        return redirect("analytics:rehearsal", slug)
    rehearsal = runner.latest(campaign)
    report = (rehearsal.report if rehearsal else None) or {}
    context = {
        "campaign": campaign,
        "rehearsal": rehearsal,
        "under_way": bool(rehearsal and rehearsal.state in (Rehearsal.State.WAITING, Rehearsal.State.RUNNING)),
        "must": _problems(rehearsal, blocking=True),
        "may": _problems(rehearsal, blocking=False),
        "report": report,
        "walked": [_placement(values) for values in report.get("places", [])],
        "rates": _rates(campaign, report),
        "blocks": _blocks(campaign, report),
        "level": report.get("look", {}).get("level"),
        "split_is_broken": report.get("look", {}).get("sample_ratio") == Analysis.SampleRatio.ALARM,
        "correction": "",
        "may_ask": has_role(request.user, MANAGER) and campaign.state in runner.REHEARSABLE_STATES,
        "changed_since": bool(rehearsal and rehearsal.finished_at and campaign.changed_at > rehearsal.asked_at),
    }
    return render(request, "analytics/rehearsal/rehearsal.html", context)


def _problems(rehearsal: Rehearsal | None, *, blocking: bool) -> list[str]:
    problems = rehearsal.problems if rehearsal else []
    return [_problem_sentence(problem) for problem in problems if (problem["code"] in _BLOCKING) is blocking]


def _problem_sentence(problem: Mapping[str, str]) -> str:
    values = dict(problem)
    if "language" in values:
        values["language"] = _language(values["language"])
    if "way" in values:
        values["way"] = str(INTEGRATION_NAMES.get(values["way"], values["way"]))
    return str(PROBLEM_SENTENCES[problem["code"]]) % values


def _language(code: str) -> str:
    try:
        return str(get_language_info(code)["name_translated"]).capitalize()
    except KeyError:
        return code


def _placement(values: Mapping[str, Any]) -> RehearsedPlacement:
    return RehearsedPlacement(
        key=values["key"],
        name=values["name"],
        integrations=tuple(
            IntegrationRow(str(name), values["forms"][way]["shown"], values["forms"][way]["counted"])
            for way, name in INTEGRATION_NAMES.items()
        ),
        languages=tuple((code, _language(code), headline) for code, headline in values["languages"].items()),
    )


def _rates(campaign: Campaign, report: Mapping[str, Any]) -> list[tuple[Arm, str]]:
    """Return the simulated rates: of 100 people who see an arm, how many turn back."""
    rates = report.get("rates", {})
    return [(arm, PeopleScale(100).count(rates[arm.key])) for arm in _arms(campaign) if arm.key in rates]


def _arms(campaign: Campaign) -> list[Arm]:
    return list(campaign.arms.with_texts())


def _blocks(campaign: Campaign, report: Mapping[str, Any]) -> list[OutcomeBlock]:
    """Return the simulated look as on a results page, without arms that were removed since."""
    arms = {arm.key: arm for arm in _arms(campaign)}
    estimates = [
        Estimate(**{**row, "treated": arms[row["treated"]], "control": arms.get(row["control"])})
        for row in report.get("look", {}).get("estimates", [])
        if row["treated"] in arms and (not row["control"] or row["control"] in arms)
    ]
    return outcome_blocks(estimates, campaign.plan) if estimates else []
