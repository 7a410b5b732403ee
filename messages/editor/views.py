"""The editor: words are checked and previewed while they are written, and nothing that was typed is lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages as flash
from django.contrib.auth.models import AbstractUser
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from messages.editor import drafts, feedback, save
from messages.editor.forms import BaselineForm, EditorTextForm, PreviewOptionsForm, TextAndClaimsForm
from messages.editor.save import Claims, EditBaseline, EditConflict, EditedText
from messages.editor.session_recovery import preserve_form_input
from messages.i18n import languages
from messages.models import Draft, Message, Revision
from messages.roles import MANAGER, require_role
from messages.text import word_diff
from messages.text.rendering import direction_of


@dataclass(frozen=True, slots=True)
class ConflictingRevision:
    """What somebody else saved meanwhile, beside what was typed."""

    revision: Revision
    writer: str
    text: EditedText | None
    headline: word_diff.WordDiff
    body: word_diff.WordDiff


@dataclass(frozen=True, slots=True)
class EditTarget:
    """One message in one language on somebody's desk, with the revision they began from."""

    person: AbstractUser
    message: Message
    locale: str
    base: Revision

    @property
    def is_original(self) -> bool:
        """Whether the claims are written here, rather than taken from the original's language."""
        original = save.original_of(self.base)
        return original is None or original.locale == self.locale

    @property
    def claims(self) -> Claims:
        return save.claims_of(self.base)

    def form(self, data: Any = None, *, initial: Mapping[str, str] | None = None) -> EditorTextForm:
        kind = TextAndClaimsForm if self.is_original else EditorTextForm
        return kind(data, initial=initial, locale=self.locale, direction=direction_of(self.locale))


@preserve_form_input
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, *, key: str, locale: str, stale: bool) -> HttpResponse:
    """Write the words of a message in one language; ?from= names the revision to begin from, else the newest."""
    person = require_writer(request)
    message = get_object_or_404(Message.objects.select_related("theme"), key=key)
    draft = drafts.find_for_message(person, message, locale)
    base = _base(message, request.GET.get("from") or request.POST.get("base"), draft)
    if base is None or not languages.is_known(locale):
        raise Http404
    desk = EditTarget(person, message, locale, base)
    if request.method != "POST":
        return _opened(request, desk, draft)
    if stale:
        return _page(request, desk, desk.form(request.POST), status=403, stale=True)
    if request.POST.get("do") == "discard":
        if draft is not None:
            draft.delete()
        return redirect("messages:edit", key=key, locale=locale)
    return _posted(request, desk)


@require_safe
def translate(request: HttpRequest, key: str) -> HttpResponse:
    """Asks for the language; ?into= is the answer, ?from= the revision, else the newest."""
    require_writer(request)
    message = get_object_or_404(Message.objects.select_related("theme"), key=key)
    base = _base(message, request.GET.get("from"), None)
    into = request.GET.get("into", "")
    if base is None or (into and not languages.is_known(into)):
        raise Http404
    if into:
        return redirect(f"{reverse('messages:edit', args=[key, into])}?{urlencode({'from': base.number})}")
    there = list(base.renditions.order_by("pk").values_list("locale", flat=True))
    context = {
        "message": message,
        "base": base,
        "there": [languages.language_name(locale) for locale in there],
        "missing": [(code, name) for code, name in languages.choices() if code not in there],
    }
    return render(request, "messages/editor/language.html", context)


def require_writer(request: HttpRequest) -> AbstractUser:
    """The person, if they may write."""
    require_role(request.user, MANAGER)
    assert isinstance(request.user, AbstractUser)
    return request.user


def posted_fields(request: HttpRequest) -> dict[str, str]:
    """The form as it was sent, finished or not."""
    return {name: str(value) for name, value in request.POST.items() if name not in ("csrfmiddlewaretoken", "do")}


def _base(message: Message, number: str | None, draft: Draft | None) -> Revision | None:
    """The revision to begin from: an unfinished draft's own, the one that is asked for, or the newest."""
    if draft is not None and draft.base is not None and not number:
        return draft.base
    revisions = message.revisions.select_related("message__theme")
    if number:
        return revisions.filter(number=int(number)).first() if number.isascii() and number.isdigit() else None
    return revisions.order_by("-number").first()


def _opened(request: HttpRequest, desk: EditTarget, draft: Draft | None) -> HttpResponse:
    if draft is not None and draft.base is not None:
        desk = EditTarget(desk.person, desk.message, desk.locale, draft.base)
        return _page(request, desk, desk.form(initial=draft.fields), draft=draft, seen=_seen_in(draft))
    there = save.text_in(desk.base, desk.locale)
    claims = desk.claims
    initial = {
        "headline": there.headline if there else "",
        "body": there.body if there else "",
        "claim_strength": claims.strength,
        "sources": "\n".join(claims.sources),
        "note": claims.note,
    }
    return _page(request, desk, desk.form(initial=initial))


def _seen_in(draft: Draft) -> EditBaseline:
    """What its writer saw when they began; a draft with odd fields counts as begun before everything."""
    form = BaselineForm(draft.fields)
    return (
        form.baseline()
        if form.is_valid()
        else EditBaseline(draft.base.number if draft.base else 0, draft.base_digest, 0)
    )


def _posted(request: HttpRequest, desk: EditTarget) -> HttpResponse:
    seen_form = BaselineForm(request.POST)
    seen = seen_form.baseline() if seen_form.is_valid() else save.current_baseline(desk.base, desk.locale)
    draft = drafts.save_draft(
        desk.person, desk.message, desk.locale, posted_fields(request), baseline=seen, now=timezone.now()
    )
    form = desk.form(request.POST)
    if request.POST.get("do") == "keep":
        return _said(request, desk, form, draft, seen)
    if request.POST.get("do") != "save" or not form.is_valid():
        return _page(request, desk, form, draft=draft, seen=seen)
    claims = form.claims() if isinstance(form, TextAndClaimsForm) else desk.claims
    try:
        saved = save.save(desk.message, desk.locale, form.edited_text(claims), baseline=seen, by=desk.person)
    except EditConflict as overtaken:
        return _both(request, desk, form, overtaken.current_revision)
    draft.delete()
    flash.success(request, _sentence(saved, desk.locale))
    return redirect("messages:message", key=desk.message.key)


def _both(request: HttpRequest, desk: EditTarget, form: EditorTextForm, revision: Revision) -> HttpResponse:
    """Both texts and what differs. What was typed goes on from theirs, and will be a revision beside it."""
    now = save.current_baseline(revision, desk.locale)
    seen = EditBaseline(now.base, now.digest, now.newest, force_new_revision=True)
    typed = posted_fields(request) | {
        "base": str(seen.base),
        "digest": seen.digest,
        "newest": str(seen.newest),
        "apart": "on",
    }
    draft = drafts.save_draft(desk.person, desk.message, desk.locale, typed, baseline=seen, now=timezone.now())
    there = save.text_in(revision, desk.locale)
    rendition = revision.renditions.filter(locale=desk.locale).select_related("author").first()
    author = (rendition.author if rendition else None) or revision.author
    theirs = ConflictingRevision(
        revision=revision,
        writer=author.get_username() if author else _("Somebody"),
        text=there,
        headline=word_diff.diff_words(there.headline if there else "", form.cleaned_data["headline"]),
        body=word_diff.diff_words(there.body if there else "", form.cleaned_data["body"]),
    )
    return _page(request, desk, form, draft=draft, seen=seen, theirs=theirs, status=409)


def _sentence(saved: save.SaveResult, locale: str) -> str:
    number, language = saved.revision.number, languages.language_name(locale)
    if saved.target == "new":
        return _("Saved as revision %(number)d, a draft. Nobody else’s words were changed.") % {"number": number}
    if saved.target == "beside":
        return _("%(language)s is saved beside the other words of revision %(number)d.") % {
            "language": language,
            "number": number,
        }
    if saved.target == "here":
        return _("Saved in revision %(number)d, still a draft.") % {"number": number}
    return _("The words are as they were, so there was nothing to save.")


def _said(
    request: HttpRequest, desk: EditTarget, form: EditorTextForm, draft: Draft, seen: EditBaseline
) -> HttpResponse:
    """The remarks alone, for the page to swap in."""
    now = save.current_baseline(desk.base, desk.locale)
    overtaken = (now.digest, now.newest) != (seen.digest, seen.newest)
    context = {"said": _remarks(desk, form), "draft": draft, "locale": desk.locale, "overtaken": overtaken}
    return render(request, "messages/editor/feedback.html", context)


def _remarks(desk: EditTarget, form: EditorTextForm) -> feedback.EditorFeedback:
    typed = form_values(form)
    claims = claims_from_values(typed) if desk.is_original else desk.claims
    return feedback.build_feedback(typed, desk.locale, claims, surface=preview_options(typed)["place"])


def form_values(form: EditorTextForm) -> dict[str, str]:
    """What the form shows, sent or not."""
    return {name: str(value) for name, value in (form.data if form.is_bound else form.initial).items()}


def preview_options(typed: Mapping[str, str]) -> dict[str, str]:
    """How the preview is to look."""
    return PreviewOptionsForm.normalize(typed)


def claims_from_values(typed: Mapping[str, str]) -> Claims:
    """What the words rest on so far."""
    sources = [line.strip() for line in typed.get("sources", "").splitlines() if line.strip()]
    return Claims(typed.get("claim_strength", ""), tuple(sources), typed.get("note", ""))


def _page(
    request: HttpRequest,
    desk: EditTarget,
    form: EditorTextForm,
    *,
    draft: Draft | None = None,
    seen: EditBaseline | None = None,
    theirs: ConflictingRevision | None = None,
    stale: bool = False,
    status: int = 200,
) -> HttpResponse:
    seen = seen or save.current_baseline(desk.base, desk.locale)
    typed = form_values(form)
    original = save.original_of(desk.base)
    context = {
        "message": desk.message,
        "base": desk.base,
        "locale": desk.locale,
        "language": languages.language_name(desk.locale),
        "direction": direction_of(desk.locale),
        "form": form,
        "seen": BaselineForm.from_baseline(seen),
        "look": PreviewOptionsForm(initial=preview_options(typed)),
        "shown": preview_options(typed),
        "beside": typed.get("beside", ""),
        "neighbours": feedback.comparison_candidates(desk.locale, exclude=desk.message),
        "said": _remarks(desk, form),
        "draft": draft,
        "is_original": desk.is_original,
        "is_new_language": not seen.digest,
        "starts_new_revision": _starts_new_revision(desk),
        "rendition": desk.base.renditions.filter(locale=desk.locale).first(),
        "original": original if original and original.locale != desk.locale else None,
        "original_direction": direction_of(original.locale) if original else "ltr",
        "original_language": languages.language_name(original.locale) if original else "",
        "theirs": theirs,
        "stale": stale,
    }
    return render(request, "messages/editor/edit.html", context, status=status)


def _starts_new_revision(desk: EditTarget) -> bool:
    there = save.text_in(desk.base, desk.locale)
    return there is not None and save.save_target(desk.base, desk.locale, there, by=desk.person) == "new"
