"""The editor of a message: live feedback, preview, and drafts that are stored while typing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages as flash
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from messages.accounts.form_recovery import TYPED_BY
from messages.editor import drafts, feedback, save
from messages.editor.forms import BaselineForm, EditorTextForm, PreviewOptionsForm, TextAndClaimsForm
from messages.editor.save import Claims, EditBaseline, EditConflict, EditedText
from messages.editor.session_recovery import preserve_form_input
from messages.i18n import languages
from messages.models import Draft, Message, Rendition, Revision
from messages.query_numbers import parse_whole_number
from messages.roles import MANAGER, current_user, require_role
from messages.text import word_diff
from messages.text.language_tags import direction_of


@dataclass(frozen=True, slots=True)
class ConflictingRevision:
    """What somebody else saved meanwhile, compared with what was typed."""

    revision: Revision
    writer: str
    text: EditedText | None
    headline: word_diff.WordDiff
    body: word_diff.WordDiff


@dataclass(frozen=True, slots=True)
class EditTarget:
    """One message in one language that somebody edits, and the revision they began from."""

    person: User
    message: Message
    locale: str
    base: Revision

    @property
    def is_original(self) -> bool:
        """Whether this is the original language, in which the claims are edited too."""
        original = save.original_of(self.base)
        return original is None or original.locale == self.locale

    @property
    def claims(self) -> Claims:
        return save.claims_of(self.base)

    def form(self, data: Any = None, *, initial: Mapping[str, str] | None = None) -> EditorTextForm:
        form_class = TextAndClaimsForm if self.is_original else EditorTextForm
        return form_class(data, initial=initial, locale=self.locale, direction=direction_of(self.locale))


@preserve_form_input
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, *, key: str, locale: str, stale: bool) -> HttpResponse:
    """Edit a message in one language; ?from= is the revision to begin from, by default the newest."""
    person = require_writer(request)
    message = get_object_or_404(Message.objects.select_related("theme"), key=key)
    locale = locale_of_message(message, locale) or ""
    draft = drafts.find_for_message(person, message, locale)
    base = base_revision(message, request.GET.get("from") or request.POST.get("base"), draft)
    if base is None or not locale:
        raise Http404
    target = EditTarget(person, message, locale, base)
    if request.method != "POST":
        return _show(request, target, draft)
    if stale:
        return _page(request, target, target.form(request.POST), status=403, stale=True)
    if request.POST.get("do") == "discard":
        if draft is not None:
            draft.delete()
        return redirect("messages:edit", key=key, locale=locale)
    return _handle_post(request, target)


def require_writer(request: HttpRequest) -> User:
    """The current user, who must be allowed to write."""
    require_role(request.user, MANAGER)
    return current_user(request)


def locale_of_message(message: Message, tag: str) -> str | None:
    """The locale of this message's words in a language, as they are kept, else the code for new ones; None if none."""
    in_language = Rendition.objects.filter(revision__message=message, locale__iexact=tag.replace("_", "-"))
    kept = in_language.order_by("-pk").first()
    code = languages.code_of(tag)
    return kept.locale if kept else code if code and languages.is_known(code) else None


def posted_fields(request: HttpRequest) -> dict[str, str]:
    """The fields of the form as they were sent."""
    ours = ("csrfmiddlewaretoken", TYPED_BY, "do")
    return {name: str(value) for name, value in request.POST.items() if name not in ours}


def base_revision(message: Message, number: str | None, draft: Draft | None) -> Revision | None:
    """The revision to begin from: the one that is named, the draft's, or the newest."""
    if draft is not None and draft.base is not None and not number:
        return draft.base
    revisions = message.revisions.select_related("message__theme")
    if number:
        return revisions.filter(number=parse_whole_number(number) or 0).first()
    return revisions.order_by("-number").first()


def _show(request: HttpRequest, target: EditTarget, draft: Draft | None) -> HttpResponse:
    if draft is not None and draft.base is not None:
        target = EditTarget(target.person, target.message, target.locale, draft.base)
        return _page(request, target, target.form(initial=draft.fields), draft=draft, baseline=_draft_baseline(draft))
    current = save.text_in(target.base, target.locale)
    claims = target.claims
    initial = {
        "headline": current.headline if current else "",
        "body": current.body if current else "",
        "claim_strength": claims.strength,
        "sources": "\n".join(claims.sources),
        "note": claims.note,
    }
    return _page(request, target, target.form(initial=initial))


def _draft_baseline(draft: Draft) -> EditBaseline:
    """What the draft's writer saw when they began; 0 as the newest revision if the fields are invalid."""
    form = BaselineForm(draft.fields)
    if form.is_valid():
        return form.baseline()
    return EditBaseline(draft.base.number if draft.base else 0, draft.base_digest, 0)


def _handle_post(request: HttpRequest, target: EditTarget) -> HttpResponse:
    hidden_form = BaselineForm(request.POST)
    baseline = hidden_form.baseline() if hidden_form.is_valid() else save.current_baseline(target.base, target.locale)
    draft = drafts.save_draft(
        target.person, target.message, target.locale, posted_fields(request), baseline=baseline, now=timezone.now()
    )
    form = target.form(request.POST)
    if request.POST.get("do") == "keep":
        return _feedback_response(request, target, form, draft, baseline)
    if request.POST.get("do") != "save" or not form.is_valid():
        return _page(request, target, form, draft=draft, baseline=baseline)
    claims = form.claims() if isinstance(form, TextAndClaimsForm) else target.claims
    try:
        saved = save.save(target.message, target.locale, form.edited_text(claims), baseline=baseline, by=target.person)
    except EditConflict as conflict:
        return _conflict_page(request, target, form, conflict.current_revision)
    draft.delete()
    flash.success(request, _success_message(saved, target.locale))
    return redirect("messages:message", key=target.message.key)


def _conflict_page(request: HttpRequest, target: EditTarget, form: EditorTextForm, revision: Revision) -> HttpResponse:
    """Show both texts and their differences. Saving again adds a revision after the other person's."""
    now = save.current_baseline(revision, target.locale)
    baseline = EditBaseline(now.base, now.digest, now.newest, force_new_revision=True)
    typed = posted_fields(request) | BaselineForm.values(baseline)
    draft = drafts.save_draft(
        target.person, target.message, target.locale, typed, baseline=baseline, now=timezone.now()
    )
    current = save.text_in(revision, target.locale)
    rendition = revision.renditions.filter(locale=target.locale).select_related("author").first()
    author = (rendition.author if rendition else None) or revision.author
    theirs = ConflictingRevision(
        revision=revision,
        writer=author.get_username() if author else _("Somebody"),
        text=current,
        headline=word_diff.diff_words(current.headline if current else "", form.cleaned_data["headline"]),
        body=word_diff.diff_words(current.body if current else "", form.cleaned_data["body"]),
    )
    return _page(request, target, form, draft=draft, baseline=baseline, theirs=theirs, status=409)


def _success_message(saved: save.SaveResult, locale: str) -> str:
    number, language = saved.revision.number, languages.language_name(locale)
    if saved.target == "new":
        return _("Saved as version %(number)d, a draft. Your colleagues’ texts were not changed.") % {"number": number}
    if saved.target == "beside":
        values = {"language": language, "number": number}
        return _("The text in %(language)s is saved with version %(number)d.") % values
    if saved.target == "here":
        return _("Saved in version %(number)d, which is still a draft.") % {"number": number}
    return _("You changed nothing, so there was nothing to save.")


def _feedback_response(
    request: HttpRequest, target: EditTarget, form: EditorTextForm, draft: Draft, baseline: EditBaseline
) -> HttpResponse:
    """The feedback alone, which the page's script inserts."""
    now = save.current_baseline(target.base, target.locale)
    overtaken = (now.digest, now.newest) != (baseline.digest, baseline.newest)
    context = {"feedback": _feedback(target, form), "draft": draft, "locale": target.locale, "overtaken": overtaken}
    return render(request, "messages/editor/feedback.html", context)


def _feedback(target: EditTarget, form: EditorTextForm) -> feedback.EditorFeedback:
    typed = form_values(form)
    claims = claims_from_values(typed) if target.is_original else target.claims
    return feedback.build_feedback(typed, target.locale, claims, surface=PreviewOptionsForm.normalize(typed)["place"])


def form_values(form: EditorTextForm) -> dict[str, str]:
    """The values of the form, bound or not."""
    return {name: str(value) for name, value in (form.data if form.is_bound else form.initial).items()}


def claims_from_values(typed: Mapping[str, str]) -> Claims:
    """The claims that were typed so far."""
    sources = [line.strip() for line in typed.get("sources", "").splitlines() if line.strip()]
    return Claims(typed.get("claim_strength", ""), tuple(sources), typed.get("note", ""))


def _page(
    request: HttpRequest,
    target: EditTarget,
    form: EditorTextForm,
    *,
    draft: Draft | None = None,
    baseline: EditBaseline | None = None,
    theirs: ConflictingRevision | None = None,
    stale: bool = False,
    status: int = 200,
) -> HttpResponse:
    baseline = baseline or save.current_baseline(target.base, target.locale)
    typed = form_values(form)
    original = save.original_of(target.base)
    context = {
        "message": target.message,
        "base": target.base,
        "locale": target.locale,
        "language": languages.language_name(target.locale),
        "direction": direction_of(target.locale),
        "form": form,
        "seen": BaselineForm.from_baseline(baseline),
        "look": PreviewOptionsForm(initial=PreviewOptionsForm.normalize(typed)),
        "shown": PreviewOptionsForm.normalize(typed),
        "beside": typed.get("beside", ""),
        "neighbours": feedback.comparison_candidates(target.locale, exclude=target.message),
        "feedback": _feedback(target, form),
        "draft": draft,
        "is_original": target.is_original,
        "is_new_language": not baseline.digest,
        "starts_new_revision": _starts_new_revision(target),
        "rendition": target.base.renditions.filter(locale=target.locale).first(),
        "original": original if original and original.locale != target.locale else None,
        "original_direction": direction_of(original.locale) if original else "ltr",
        "original_language": languages.language_name(original.locale) if original else "",
        "theirs": theirs,
        "stale": stale,
    }
    return render(request, "messages/editor/edit.html", context, status=status)


def _starts_new_revision(target: EditTarget) -> bool:
    current = save.text_in(target.base, target.locale)
    return current is not None and save.save_target(target.base, target.locale, current, by=target.person) == "new"
