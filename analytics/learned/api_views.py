"""The staff API for what was learned: the result of every closed campaign, and the averages of those that match."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from analytics.learned.search import LearnedFilter, readable_results
from analytics.learned.wording import CHANGED_PLAN
from analytics.models import Estimate, LearnedComparison, LearnedFacet, LearnedResult, PooledComparison
from campaign.api.operation import ApiOperation
from campaign.api.views import PaginatedView
from campaign.lifecycle.frozen_plan import changed_plans

_DESIGNS = f"One of {', '.join(f'`{design}`' for design in LearnedResult.Design.values)}."


class LearnedComparisonSerializer(serializers.ModelSerializer[LearnedComparison]):
    """One planned comparison of the primary outcome, by the frames of its messages; null where it was not released."""

    verdict = serializers.ChoiceField(choices=Estimate.Verdict.choices, allow_blank=True)
    not_pooled = serializers.ChoiceField(
        choices=LearnedComparison.NotPooled.choices, allow_blank=True, help_text="Why it is in no average."
    )

    class Meta:
        model = LearnedComparison
        fields = [
            *("treated", "control", "verdict", "treated_n", "treated_events", "control_n", "control_events"),
            *("effect", "low", "high", "not_pooled"),
        ]
        read_only_fields = fields


class LearnedResultSerializer(serializers.ModelSerializer[LearnedResult]):
    """What one closed campaign showed, ours or that of another organisation."""

    campaign = serializers.CharField(
        source="campaign.slug", read_only=True, allow_null=True, default=None, help_text="Null: another organisation's."
    )
    organisation = serializers.CharField(
        source="signer.organisation", read_only=True, allow_null=True, default=None, help_text="Null: ours."
    )
    design = serializers.CharField(help_text=_DESIGNS)
    sentences = serializers.DictField(child=serializers.CharField(), help_text="The verdict, by language.")
    facets = serializers.SerializerMethodField(help_text="Frames, themes, kinds of placement, languages, verdicts.")
    comparisons = LearnedComparisonSerializer(many=True, read_only=True)

    class Meta:
        model = LearnedResult
        fields = [
            *("name", "campaign", "organisation", "plan_fingerprint", "look", "ended_on", "outcome", "design"),
            *("people", "sentences", "facets", "comparisons"),
        ]
        read_only_fields = fields

    def get_facets(self, result: LearnedResult) -> dict[str, list[str]]:
        found = sorted((facet.kind, facet.value) for facet in result.facets.all())
        return {kind: [value for each, value in found if each == kind] for kind in LearnedFacet.Kind.values}

    def to_representation(self, instance: LearnedResult) -> dict[str, Any]:
        """A plan that was changed in the database gives no conclusion, as on the page."""
        values: dict[str, Any] = super().to_representation(instance)
        if instance.campaign_id in self.context["changed"]:
            values |= {"sentences": {"en": str(CHANGED_PLAN)}, "comparisons": [], "people": None}
            values["facets"] = {**values["facets"], LearnedFacet.Kind.VERDICT.value: []}
        return values


class LearnedList(PaginatedView[LearnedResult]):
    """What every closed campaign showed, the newest first. It takes the page's filters, such as `?q=` and `?frame=`."""

    serializer_class = LearnedResultSerializer

    @ApiOperation(tag="results", response_serializer=LearnedResultSerializer, many=True, error_statuses=(401, 403, 404))
    def get(self, request: Request) -> Response:
        found = LearnedFilter.of(request._request).apply(readable_results())
        ours = list(found.exclude(campaign=None).order_by().values_list("campaign_id", flat=True))
        stored = found.select_related("campaign", "signer").prefetch_related("facets", "comparisons").defer("words")
        return self.paginated_response(stored, changed=changed_plans(ours))


class LearnedAverageSerializer(serializers.ModelSerializer[PooledComparison]):
    design = serializers.CharField(help_text=_DESIGNS)

    class Meta:
        model = PooledComparison
        exclude = ["id"]


class AverageList(PaginatedView[PooledComparison]):
    """The average of all comparisons with the same outcome, contrast and design, with its prediction interval."""

    serializer_class = LearnedAverageSerializer

    @ApiOperation(
        tag="results", response_serializer=LearnedAverageSerializer, many=True, error_statuses=(401, 403, 404)
    )
    def get(self, request: Request) -> Response:
        return self.paginated_response(PooledComparison.objects.order_by("outcome", "treated", "control", "design"))
