"""The staff API: what its views share, and campaigns and plans to read."""

import logging
from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from django.db.models import QuerySet
from django.utils.decorators import method_decorator
from django.views.decorators.http import conditional_page
from rest_framework import exceptions, serializers
from rest_framework.pagination import PageNumberPagination
from rest_framework.permissions import AllowAny, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from campaign.api.operation import ApiOperation
from campaign.lifecycle import approval
from campaign.lifecycle.frozen_plan import canonical_json, fingerprint_of
from campaign.models import AnalysisPlan, Arm, ArmText, Campaign, PlannedOutcome, texts_with_messages
from campaign.staff_site.access import campaign_for
from messages.models import ApiToken, Frame
from messages.roles import STAFF_ROLES, has_role

log = logging.getLogger(__name__)


# What every view shares


class StandardPagination(PageNumberPagination):
    """Pages of 50 rows; `page_size` sets up to 200."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200
    invalid_page_message = "There is no such page."

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """DRF's schema, with its nullable fields converted from OpenAPI 3.0 to 3.1."""
        described: dict[str, Any] = super().get_paginated_response_schema(schema)
        for link in ("next", "previous"):
            described["properties"][link] = {"type": ["string", "null"], "format": "uri"}
        return described


class HasRole(BasePermission):
    """Any of the three roles may read."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return has_role(request.user, *STAFF_ROLES)


class HasScope(BasePermission):
    """A token is used for what its scopes name: the tags of operations. A browser's session has no token."""

    code = "scope_missing"
    message = ""

    def has_permission(self, request: Request, view: APIView) -> bool:
        handler = getattr(view, str(request.method).lower(), None)
        operation: ApiOperation | None = getattr(handler, "api_operation", None)
        if operation is None or not isinstance(request.auth, ApiToken) or request.auth.allows(operation.tag):
            return True
        self.message = f"This token is not for “{operation.tag}”: make one that is, under “Your account”."
        return False


@method_decorator(conditional_page, name="dispatch")
class StaffView(APIView):
    """A view for staff. What it reads has an ETag, and is answered 304 if it has not changed."""

    permission_classes = [HasRole, HasScope]


M = TypeVar("M")


class PaginatedView(StaffView, Generic[M]):
    """A view that answers one page of a query."""

    pagination_class = StandardPagination
    serializer_class: type[serializers.BaseSerializer[M]]

    def paginated_response(self, query: QuerySet[Any] | Sequence[M], **context: object) -> Response:
        pages = self.pagination_class()
        rows: Any = pages.paginate_queryset(query, self.request, view=self)
        return pages.get_paginated_response(self.serializer_class(rows, many=True, context=context).data)


# Campaigns and plans


class ArmTextSerializer(serializers.ModelSerializer[ArmText]):
    message = serializers.CharField(source="revision.message.key", read_only=True)
    revision = serializers.IntegerField(source="revision.number", read_only=True)
    words = serializers.CharField(source="revision.digest", read_only=True, help_text="SHA-256 of the approved words.")

    class Meta:
        model = ArmText
        fields = ["message", "revision", "words", "stopped_at"]
        read_only_fields = fields


class ArmSerializer(serializers.ModelSerializer[Arm]):
    message = serializers.CharField(source="first_revision.message.key", read_only=True)
    frame = serializers.ChoiceField(choices=Frame.choices, read_only=True)
    revision = serializers.IntegerField(source="first_revision.number", read_only=True)
    words = serializers.CharField(
        source="first_revision.digest", read_only=True, help_text="SHA-256 of the approved words."
    )

    texts = ArmTextSerializer(many=True, read_only=True, help_text="All of them; those of one text repeat the above.")

    class Meta:
        model = Arm
        fields = ["key", "name", "frame", "is_control", "weight", "message", "revision", "words", "texts"]
        read_only_fields = fields


class PlannedOutcomeSerializer(serializers.ModelSerializer[PlannedOutcome]):
    class Meta:
        model = PlannedOutcome
        fields = ["outcome", "role", "smallest_difference", "harm_margin"]
        read_only_fields = fields


class PlannedComparisonSerializer(serializers.Serializer[Any]):
    """Treated minus control, as arm keys."""

    treated = serializers.CharField()
    control = serializers.CharField()


class PlanSerializer(serializers.ModelSerializer[AnalysisPlan]):
    planned_people = serializers.IntegerField(
        read_only=True, help_text="People in all before the planned analysis, split by the weights of the arms."
    )
    comparisons = PlannedComparisonSerializer(source="pairs", many=True, read_only=True)
    outcomes = PlannedOutcomeSerializer(many=True, read_only=True)
    looks = serializers.ListField(
        child=serializers.FloatField(), read_only=True, help_text="Shares of the planned people at each planned look."
    )
    strata = serializers.CharField(read_only=True, help_text="Empty, or what arms are compared within.")
    clusters = serializers.CharField(read_only=True, help_text="Empty, or what was assigned together.")
    texts = serializers.CharField(
        read_only=True, help_text="How the texts of arms relate: matched, different, or empty for one text an arm."
    )
    canonical = serializers.CharField(
        read_only=True, help_text="The plan as it was hashed; its SHA-256 is the fingerprint. Empty until frozen."
    )

    class Meta:
        model = AnalysisPlan
        fields = [
            *("level", "smallest_difference", "planned_per_arm", "planned_people", "correction", "monitoring", "looks"),
            *("spending", "strata", "clusters", "design_effect", "comparisons", "outcomes", "frozen_at", "fingerprint"),
            *("texts", "text_spread", "canonical"),
        ]
        read_only_fields = fields


class DeviationSerializer(serializers.Serializer[Any]):
    """What was done otherwise than the frozen plan says, and why."""

    at = serializers.DateTimeField(read_only=True)
    what = serializers.CharField(read_only=True)
    why = serializers.CharField(read_only=True)


class CampaignSerializer(serializers.ModelSerializer[Campaign]):
    arms = ArmSerializer(many=True, read_only=True)
    placements = serializers.SlugRelatedField[Any](slug_field="key", many=True, read_only=True)
    plan = PlanSerializer(read_only=True, allow_null=True)
    deviations = DeviationSerializer(many=True, read_only=True, help_text="What was done otherwise than planned.")
    created_by = serializers.CharField(source="created_by.username", read_only=True)
    approved_by = serializers.CharField(source="approved_by.username", read_only=True, allow_null=True)

    class Meta:
        model = Campaign
        fields = [
            *("slug", "name", "hypothesis", "state", "unit", "arms", "placements", "first_slot", "last_slot"),
            *("plan", "deviations"),
            *("starts_at", "ends_at", "launched_at", "changed_at", "created_by", "approved_by"),
        ]
        read_only_fields = fields


def campaigns_with_plans() -> QuerySet[Campaign]:
    return Campaign.objects.select_related("plan", "created_by", "approved_by").prefetch_related(
        texts_with_messages("arms__"), "placements", "plan__outcomes", "deviations"
    )


class CampaignList(PaginatedView[Campaign]):
    """All campaigns, the one launched last first."""

    serializer_class = CampaignSerializer

    @ApiOperation(tag="campaigns", response_serializer=CampaignSerializer, many=True, error_statuses=(401, 403, 404))
    def get(self, request: Request) -> Response:
        return self.paginated_response(campaigns_with_plans())


class CampaignDetail(StaffView):
    """One campaign with its arms, placements and plan."""

    @ApiOperation(tag="campaigns", response_serializer=CampaignSerializer, error_statuses=(401, 403, 404))
    def get(self, request: Request, slug: str) -> Response:
        return Response(CampaignSerializer(campaign_for(request.user, slug)).data)


class ApprovableSerializer(serializers.Serializer[Any]):
    """What an approval is of: the plan, its names and dates, who hears of harm, and what visitors meet beside it."""

    fingerprint = serializers.CharField(help_text="SHA-256 of the content as canonical JSON; approving needs it.")
    content = serializers.DictField()

    def to_representation(self, campaign: Campaign) -> dict[str, Any]:
        content = approval.approval_content(campaign)
        return {"fingerprint": fingerprint_of(canonical_json(content)), "content": content}


class PlanDetailSerializer(PlanSerializer):
    approval = ApprovableSerializer(source="campaign", read_only=True)

    class Meta(PlanSerializer.Meta):
        fields = [*PlanSerializer.Meta.fields, "approval"]
        read_only_fields = fields


class PlanDetail(StaffView):
    """The analysis plan of one campaign: what is compared, how surely, and what would be too small to matter."""

    @ApiOperation(tag="campaigns", response_serializer=PlanDetailSerializer, error_statuses=(401, 403, 404))
    def get(self, request: Request, slug: str) -> Response:
        plan = AnalysisPlan.objects.filter(campaign=campaign_for(request.user, slug)).first()
        if plan is None:
            raise exceptions.NotFound("This campaign has no plan yet.")
        return Response(PlanDetailSerializer(plan).data)


class UnknownRouteView(APIView):
    """Every other path below /api/: a JSON 404, signed in or not."""

    authentication_classes = []
    permission_classes = [AllowAny]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise exceptions.NotFound("There is nothing at this address. /api/docs/ lists what there is.")
