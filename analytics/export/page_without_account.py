"""What people without an account may read of a look: on the public page, and by a link that was given to them."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.conf.locale import LANG_INFO
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation

from analytics.export.look_tables import released_report
from analytics.export.report_document import values_of
from analytics.models import Analysis
from campaign.i18n.whole_pages import untranslated
from campaign.models import Campaign
from messages.text.language_tags import best_match


def outside_page_context(analysis: Analysis) -> dict[str, Any]:
    """Build the template context of a look without what staff alone may do or know. Raises NotExportable."""
    report = released_report(analysis)
    values = values_of(report)
    # Where it was shown is left out: partners did not agree to be named.
    values["plan"] = [row for row in values["plan"] if row["key"] != "collection"]
    return {
        "report": report,
        "values": values,
        "organisation": settings.ORGANISATION,
        "contact": settings.ORGANISATION_CONTACT,
        "languages": settings.LANGUAGES,
    }


def render_outside_page(
    request: HttpRequest, campaign: Campaign, template: str, build_context: Callable[[], dict[str, Any]]
) -> HttpResponse:
    """Render a page for people without an account in the language that `?language=` or the browser asks for.

    Beside the languages of staff pages it is offered in those of the campaign's messages in which no word of it is
    missing. `build_context` is called with that language active.
    """

    def answer(languages: list[tuple[str, str]]) -> HttpResponse:
        return render(request, template, {**build_context(), "languages": languages})

    staff = list(settings.LANGUAGES)
    whole = [code for code in audience_languages(campaign) if not untranslated(code, lambda: answer(staff))]
    languages = [*staff, *((code, LANG_INFO[code]["name_local"]) for code in whole)]
    with translation.override(wanted_language(request, [code for code, _name in languages])):
        return answer(languages)


def audience_languages(campaign: Campaign) -> list[str]:
    """The languages of a campaign's messages that visitors' pages speak, and staff pages do not."""
    spoken = {tag.partition("-")[0] for tag in campaign.locales}
    return [code for code in settings.AUDIENCE_LANGUAGES if code in spoken and code not in dict(settings.LANGUAGES)]


def wanted_language(request: HttpRequest, offered: list[str]) -> str:
    """The language of `?language=`, of this browser if it asks for one that staff pages do not speak, or the site's."""
    chosen = request.GET.get("language", "")
    if chosen in offered:
        return chosen
    best = best_match(offered, request.headers.get("Accept-Language", ""))
    return best if best and best not in dict(settings.LANGUAGES) else translation.get_language() or "en"
