"""Begin a translation: choose its language, then edit it as any other words."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from messages.editor.views import base_revision, locale_of_message, require_writer
from messages.i18n import languages
from messages.models import Message


@require_safe
def translate(request: HttpRequest, key: str) -> HttpResponse:
    """Choose the language of a translation; ?into= redirects to the editor, ?from= is the revision."""
    require_writer(request)
    message = get_object_or_404(Message.objects.select_related("theme"), key=key)
    base = base_revision(message, request.GET.get("from"), None)
    asked = request.GET.get("into", "")
    locale = locale_of_message(message, asked)
    if base is None or (asked and locale is None):
        raise Http404
    if locale:
        return redirect(f"{reverse('messages:edit', args=[key, locale])}?{urlencode({'from': base.number})}")
    existing = list(base.renditions.order_by("pk").values_list("locale", flat=True))
    context = {
        "message": message,
        "base": base,
        "there": [languages.language_name(code) for code in existing],
        "missing": [(code, name) for code, name in languages.choices() if code not in map(languages.code_of, existing)],
    }
    return render(request, "messages/editor/translation_language.html", context)
