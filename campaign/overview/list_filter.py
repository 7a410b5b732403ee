"""What a request asks of the list of campaigns: words, a state, a tag and an order."""

from dataclasses import dataclass
from functools import reduce

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext_lazy as _

from campaign.models import Campaign
from messages.search_words import search_words, typed_search

State = Campaign.State
STATE_FILTERS: dict[str, tuple[str, ...]] = {
    "open": Campaign.OPEN,
    "planned": (State.DRAFT, State.SUBMITTED, State.APPROVED),
    "closed": (State.CLOSED,),
}
ARCHIVED = "archived"
STATE_NAMES = {
    "open": _("Launched and not closed"),
    "planned": _("Still being planned"),
    "closed": _("Closed"),
    ARCHIVED: _("Archived"),
}
ORDER_NAMES = {"": _("Running first"), "newest": _("Newest first"), "name": _("By name")}
# Who is shown something stands first, then what waits for somebody, and what is over last.
_STATE_ORDER = (State.RUNNING, State.PAUSED, State.SCHEDULED, State.SUBMITTED, State.APPROVED, State.DRAFT)
_ORDERS = {"": ("place", "-launched_at", "-changed_at", "slug"), "newest": ("-pk",), "name": ("name", "slug")}


@dataclass(frozen=True, slots=True)
class ListFilter:
    """The words, the state, the tag and the order that were asked for; what is not known counts as not asked."""

    words: str = ""
    state: str = ""
    order: str = ""
    tag: str = ""

    @classmethod
    def of(cls, request: HttpRequest) -> "ListFilter":
        state, order = request.GET.get("state", ""), request.GET.get("order", "")
        return cls(
            typed_search(request.GET.get("q", "")),
            state if state in STATE_NAMES else "",
            order if order in ORDER_NAMES else "",
            typed_search(request.GET.get("tag", "")),
        )

    @property
    def is_active(self) -> bool:
        return bool(self.words or self.state or self.tag)

    def query(self, page: int) -> str:
        """The query of another page of the same list."""
        query = QueryDict(mutable=True)
        query.update({name: value for name, value in self._fields() if value} | {"page": str(page)})
        return f"?{query.urlencode()}"

    def _fields(self) -> tuple[tuple[str, str], ...]:
        return ("q", self.words), ("state", self.state), ("tag", self.tag), ("order", self.order)

    def apply(self, campaigns: QuerySet[Campaign]) -> QuerySet[Campaign]:
        """Narrow and order the campaigns. Archived ones are found only by asking for them."""
        campaigns = campaigns.filter(archived_at__isnull=self.state != ARCHIVED)
        if self.tag:
            campaigns = campaigns.filter(tags__name__iexact=self.tag)
        if self.state in STATE_FILTERS:
            campaigns = campaigns.filter(state__in=STATE_FILTERS[self.state])
        found = (Q(name__icontains=word) | Q(hypothesis__icontains=word) for word in search_words(self.words))
        campaigns = campaigns.filter(reduce(Q.__and__, found, Q()))
        places = [When(state=state, then=Value(place)) for place, state in enumerate(_STATE_ORDER)]
        place = Case(*places, default=Value(len(places)), output_field=IntegerField())
        return campaigns.annotate(place=place).order_by(*_ORDERS[self.order])
