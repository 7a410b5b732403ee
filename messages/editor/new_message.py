"""Write a new message, from scratch or from a text of the library."""

from typing import Any

from django.contrib import messages as flash
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from messages.editor import drafts, feedback, save
from messages.editor.forms import NewMessageForm, PreviewOptionsForm
from messages.editor.session_recovery import preserve_form_input
from messages.editor.views import claims_from_values, form_values, posted_fields, require_writer
from messages.i18n import languages
from messages.models import Draft, Rendition
from messages.query_numbers import parse_whole_number
from messages.text.language_tags import direction_of

_DEFAULT_LOCALE = "en"


@preserve_form_input
@require_http_methods(["GET", "HEAD", "POST"])
def new_message(request: HttpRequest, *, stale: bool) -> HttpResponse:
    """Write a new message; ?draft= continues a draft, ?copy= begins with the text of a rendition."""
    person = require_writer(request)
    if request.method != "POST":
        draft = drafts.find_new_message_draft(person, parse_whole_number(request.GET.get("draft")))
        if draft is not None:
            return _page(request, _form(initial=draft.fields), draft=draft)
        copied = _find_rendition(parse_whole_number(request.GET.get("copy")))
        return _page(request, _form(initial=_initial_values(copied)), copied=copied)
    form = _form(request.POST)
    if stale:
        return _page(request, form, status=403, stale=True)
    number = parse_whole_number(request.POST.get("draft"))
    if request.POST.get("do") == "discard":
        if draft := drafts.find_new_message_draft(person, number):
            draft.delete()
        return redirect("messages:library")
    return _handle_post(request, person, form, number)


def _handle_post(request: HttpRequest, person: User, form: NewMessageForm, number: int | None) -> HttpResponse:
    typed = posted_fields(request)
    draft = drafts.save_new_message_draft(person, number, _locale_of(typed), typed, now=timezone.now())
    if request.POST.get("do") == "keep":
        context = {"feedback": _feedback(form), "draft": draft, "locale": draft.locale}
        return render(request, "messages/editor/feedback.html", context)
    if request.POST.get("do") != "save" or not form.is_valid():
        return _page(request, form, draft=draft)
    cleaned = form.cleaned_data
    theme = cleaned["theme"] or save.get_or_create_theme(cleaned["theme_name"], cleaned["frame"])
    revision = save.create(theme, cleaned["frame"], cleaned["locale"], form.edited_text(form.claims()), by=person)
    draft.delete()
    flash.success(request, _("Saved as a draft. Nobody sees the message until a colleague has approved it."))
    return redirect("messages:message", key=revision.message.key)


def _form(data: Any = None, *, initial: dict[str, str] | None = None) -> NewMessageForm:
    locale = _locale_of(data or initial or {})
    return NewMessageForm(data, initial=initial, locale=locale, direction=direction_of(locale))


def _locale_of(typed: Any) -> str:
    code = languages.code_of(str(typed.get("locale", "")))
    return code if code in languages.CODES else _DEFAULT_LOCALE


def _find_rendition(number: int | None) -> Rendition | None:
    renditions = Rendition.objects.select_related("revision__message__theme")
    return renditions.filter(pk=number).first() if number else None


def _initial_values(copied: Rendition | None) -> dict[str, str]:
    if copied is None:
        return {"locale": _DEFAULT_LOCALE}
    revision = copied.revision
    return {
        "theme": revision.message.theme.key,
        "frame": revision.message.frame,
        "locale": copied.locale,
        "headline": copied.headline,
        "body": copied.body,
        "claim_strength": revision.claim_strength,
        "sources": "\n".join(map(str, revision.sources)),
        "note": revision.note,
    }


def _feedback(form: NewMessageForm) -> feedback.EditorFeedback:
    typed = form_values(form)
    return feedback.build_feedback(
        typed, _locale_of(typed), claims_from_values(typed), surface=PreviewOptionsForm.normalize(typed)["place"]
    )


def _page(
    request: HttpRequest,
    form: NewMessageForm,
    *,
    draft: Draft | None = None,
    copied: Rendition | None = None,
    stale: bool = False,
    status: int = 200,
) -> HttpResponse:
    typed = form_values(form)
    locale = _locale_of(typed)
    context = {
        "form": form,
        "locale": locale,
        "look": PreviewOptionsForm(initial=PreviewOptionsForm.normalize(typed)),
        "shown": PreviewOptionsForm.normalize(typed),
        "beside": typed.get("beside", ""),
        "neighbours": feedback.comparison_candidates(locale),
        "feedback": _feedback(form),
        "draft": draft,
        "copied": copied,
        "starting_points": f"{reverse('messages:library')}?by=starter",
        "stale": stale,
    }
    return render(request, "messages/editor/new.html", context, status=status)
