"""Find results of closed campaigns by words and by what they have; the newest first, whatever came out."""

from dataclasses import dataclass, fields

from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, QueryDict

from analytics.learned.plain_letters import plain_letters
from analytics.models import LearnedFacet, LearnedResult
from messages.search_words import search_words, typed_search

FACETS = tuple(LearnedFacet.Kind.values)
OURS, THEIRS = "ours", "theirs"


@dataclass(frozen=True, slots=True)
class LearnedFilter:
    """What a request asks of the results; empty where it asks nothing. What is not known finds nothing."""

    words: str = ""
    frame: str = ""
    theme: str = ""
    placement: str = ""
    language: str = ""
    verdict: str = ""
    design: str = ""
    whose: str = ""

    @classmethod
    def of(cls, request: HttpRequest) -> "LearnedFilter":
        asked = {field.name: request.GET.get(field.name, "")[:120] for field in fields(cls) if field.name != "words"}
        return cls(words=typed_search(request.GET.get("q", "")), **asked)

    @property
    def is_active(self) -> bool:
        return any(value for _name, value in self._fields())

    def query(self, page: int) -> str:
        """The query of another page of the same list."""
        query = QueryDict(mutable=True)
        query.update({name: value for name, value in self._fields() if value} | {"page": str(page)})
        return f"?{query.urlencode()}"

    def _fields(self) -> tuple[tuple[str, str], ...]:
        names = [field.name for field in fields(self)]
        return tuple(("q" if name == "words" else name, getattr(self, name)) for name in names)

    def apply(self, results: QuerySet[LearnedResult]) -> QuerySet[LearnedResult]:
        """Narrow the results."""
        for kind in FACETS:
            if value := getattr(self, kind):
                results = results.filter(facets__in=LearnedFacet.objects.filter(kind=kind, value=value))
        if self.design:
            results = results.filter(design=self.design)
        if self.whose:
            results = results.filter(campaign__isnull=self.whose == THEIRS)
        for word in search_words(plain_letters(self.words)):
            results = results.filter(words__contains=word)
        return results


def readable_results() -> QuerySet[LearnedResult]:
    """Return the results that may be shown: of ours, those that were written for a SMALL_CELL of today or a larger."""
    return LearnedResult.objects.filter(Q(campaign__isnull=True) | Q(least__gte=settings.SMALL_CELL))


def facet_values() -> dict[str, list[str]]:
    """Return the values that results have, by kind."""
    values: dict[str, list[str]] = {kind: [] for kind in FACETS}
    for kind, value in LearnedFacet.objects.order_by("value").values_list("kind", "value"):
        values[kind].append(value)
    return values


def verdict_counts(results: QuerySet[LearnedResult]) -> dict[str, int]:
    """Return how many of the results have each verdict in an answer of theirs."""
    links = LearnedResult.facets.through.objects.filter(learnedfacet__kind=LearnedFacet.Kind.VERDICT)
    found = links.filter(learnedresult__in=results.order_by().values("pk"))
    return dict(found.order_by().values_list("learnedfacet__value").annotate(Count("pk")))
