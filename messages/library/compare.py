"""The page that compares two revisions of a message word by word."""

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from messages.editor import save
from messages.i18n.languages import language_name
from messages.models import Message, Revision
from messages.roles import STAFF_ROLES, require_role
from messages.text import word_diff
from messages.text.language_tags import direction_of


@dataclass(frozen=True, slots=True)
class LanguageDiff:
    """The differences in one language; `only_in_revision` is set if one of the revisions lacks it."""

    locale: str
    name: str
    direction: str
    only_in_revision: int | None
    headline: word_diff.WordDiff
    body: word_diff.WordDiff

    @property
    def removed_count(self) -> int:
        return self.headline.removed_count + self.body.removed_count

    @property
    def added_count(self) -> int:
        return self.headline.added_count + self.body.added_count

    @property
    def is_unchanged(self) -> bool:
        return self.headline.is_empty and self.body.is_empty and self.only_in_revision is None


@dataclass(frozen=True, slots=True)
class ClaimDiff:
    """The differences in the claims."""

    strengths: tuple[str, str]
    sources: tuple[word_diff.DiffPart, ...]
    note: word_diff.WordDiff

    @property
    def is_unchanged(self) -> bool:
        return (
            self.strengths[0] == self.strengths[1]
            and all(source.kind == "same" for source in self.sources)
            and self.note.is_empty
        )


@require_safe
def compare(request: HttpRequest, key: str, a: int, b: int) -> HttpResponse:
    """Show what changed from revision `a` to revision `b`."""
    require_role(request.user, *STAFF_ROLES)
    message = get_object_or_404(Message.objects.select_related("theme"), key=key)
    revisions = list(message.revisions.select_related("author").prefetch_related("renditions"))
    by_number = {revision.number: revision for revision in revisions}
    if a not in by_number or b not in by_number:
        raise Http404
    before, after = by_number[a], by_number[b]
    languages = diff_languages(before, after)
    claim = diff_claims(before, after)
    context = {
        "message": message,
        "revisions": revisions,
        "before": before,
        "after": after,
        "languages": languages,
        "claim": claim,
        "same": claim.is_unchanged and all(language.is_unchanged for language in languages),
    }
    return render(request, "messages/library/compare.html", context)


def diff_languages(before: Revision, after: Revision) -> list[LanguageDiff]:
    """The differences in each language of either revision, in the order of the second."""
    old, new = ({r.locale: r for r in revision.renditions.all()} for revision in (before, after))
    diffs = []
    for locale in dict.fromkeys([*new, *old]):
        earlier, later = old.get(locale), new.get(locale)
        diffs.append(
            LanguageDiff(
                locale=locale,
                name=language_name(locale),
                direction=direction_of(locale),
                only_in_revision=None if earlier and later else (after if later else before).number,
                headline=word_diff.diff_words(earlier.headline if earlier else "", later.headline if later else ""),
                body=word_diff.diff_words(earlier.body if earlier else "", later.body if later else ""),
            )
        )
    return diffs


def diff_claims(before: Revision, after: Revision) -> ClaimDiff:
    """The differences in claim strength, sources and note."""
    old, new = save.claims_of(before), save.claims_of(after)
    removed = [word_diff.DiffPart("gone", source) for source in old.sources if source not in new.sources]
    current = [word_diff.DiffPart("same" if source in old.sources else "new", source) for source in new.sources]
    return ClaimDiff(
        strengths=(before.get_claim_strength_display(), after.get_claim_strength_display()),
        sources=(*current, *removed),
        note=word_diff.diff_words(old.note, new.note),
    )
