"""Two revisions of a message side by side, word by word."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from messages.editor import save
from messages.models import Message, Revision
from messages.roles import ROLES, require_role
from messages.text import languages as text_languages
from messages.text import word_diff
from messages.text.rendering import direction_of


@dataclass(frozen=True, slots=True)
class Language:
    """What differs in one language; `only` is the number of the revision that has it, if one alone has."""

    locale: str
    name: str
    direction: str
    only: int | None
    headline: word_diff.Changes
    body: word_diff.Changes

    @property
    def gone(self) -> int:
        return self.headline.gone + self.body.gone

    @property
    def came(self) -> int:
        return self.headline.new + self.body.new

    @property
    def same(self) -> bool:
        return self.headline.none and self.body.none and self.only is None


@dataclass(frozen=True, slots=True)
class Claim:
    """What differs in what the words rest on."""

    strengths: tuple[str, str]
    sources: tuple[word_diff.Part, ...]
    note: word_diff.Changes

    @property
    def same(self) -> bool:
        return self.strengths[0] == self.strengths[1] and all(s.kind == "same" for s in self.sources) and self.note.none


@require_safe
def compare(request: HttpRequest, key: str, a: int, b: int) -> HttpResponse:
    """What changed from revision `a` to revision `b`."""
    require_role(request.user, *ROLES)
    message = get_object_or_404(Message.objects.select_related("theme"), key=key)
    revisions = list(message.revisions.select_related("author").prefetch_related("renditions"))
    by_number = {revision.number: revision for revision in revisions}
    if a not in by_number or b not in by_number:
        raise Http404
    before, after = by_number[a], by_number[b]
    languages = languages_between(before, after)
    claim = claims_between(before, after)
    context = {
        "message": message,
        "revisions": revisions,
        "before": before,
        "after": after,
        "languages": languages,
        "claim": claim,
        "same": claim.same and all(language.same for language in languages),
    }
    return render(request, "messages/library/compare.html", context)


def languages_between(before: Revision, after: Revision) -> list[Language]:
    """Each language of either, in the order of the second."""
    old, new = ({r.locale: r for r in revision.renditions.all()} for revision in (before, after))
    found = []
    for locale in dict.fromkeys([*new, *old]):
        was, now = old.get(locale), new.get(locale)
        found.append(
            Language(
                locale=locale,
                name=text_languages.name_of(locale),
                direction=direction_of(locale),
                only=None if was and now else (after if now else before).number,
                headline=word_diff.between(was.headline if was else "", now.headline if now else ""),
                body=word_diff.between(was.body if was else "", now.body if now else ""),
            )
        )
    return found


def claims_between(before: Revision, after: Revision) -> Claim:
    """Strength, sources and note of both."""
    was, now = save.claims_of(before), save.claims_of(after)
    gone = [word_diff.Part("gone", source) for source in was.sources if source not in now.sources]
    stayed = [word_diff.Part("same" if source in was.sources else "new", source) for source in now.sources]
    return Claim(
        strengths=(before.get_claim_strength_display(), after.get_claim_strength_display()),
        sources=(*stayed, *gone),
        note=word_diff.between(was.note, now.note),
    )
