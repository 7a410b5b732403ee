"""The staff API for results: tallies, and every recorded look with its estimates and sentences."""

from dataclasses import asdict
from typing import Any

from django.db.models import QuerySet
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from analytics import report_rows
from analytics.api.look_serializers import LookSerializer
from analytics.disclosure import gate
from analytics.embargo.access import embargo_filter, may_look_early
from analytics.models import Analysis
from analytics.results import build
from analytics.results.report_json import check_values
from campaign.api.operation import ApiOperation
from campaign.api.views import PaginatedView, StaffView
from campaign.outcomes import outcome_choices
from campaign.staff_site.access import campaign_for


class TallySerializer(serializers.Serializer[gate.ReleasedTableRow]):
    look = serializers.IntegerField(help_text="The look at which it was counted.")
    arm = serializers.CharField()
    placement = serializers.CharField()
    locale = serializers.CharField()
    outcome = serializers.ChoiceField(choices=outcome_choices())
    value = serializers.IntegerField()
    count = serializers.IntegerField(allow_null=True, help_text="Null where it is small, or would tell one that is.")


class TallyList(PaginatedView[gate.ReleasedTableRow]):
    """How many closed views of each arm had each outcome that the plan names, a row per placement, locale and value.

    It is as it was at a look: the first, then whenever twice as many people are counted, and the last once the campaign
    is closed. Before the plan's first look only `exposed` is listed: nobody can compare arms early.
    `exposed` is how many saw the message: what every rate is a share of. Rows of different placements add.
    """

    serializer_class = TallySerializer

    @ApiOperation(tag="results", response_serializer=TallySerializer, many=True, error_statuses=(401, 403, 404))
    def get(self, request: Request, slug: str) -> Response:
        return self.paginated_response(
            gate.released_table(campaign_for(request.user, slug), early=may_look_early(request.user))
        )


class AnalysisSerializer(LookSerializer):
    """One recorded look. The primary outcome comes first among the estimates."""

    def to_representation(self, instance: Analysis) -> dict[str, Any]:
        return super().to_representation(as_values(instance, early=self.context["early"]))


def as_values(analysis: Analysis, *, early: bool) -> dict[str, Any]:
    """Return a stored look as its report shows it. Pass `early=False` for users who may not look early."""
    report = build.build(analysis, early=early)
    omnibus = {
        "statistic": report.omnibus_statistic,
        "df": report.omnibus_df,
        "p_value": report.omnibus_p,
        "method": report.omnibus_method,
    }
    return {
        "look": report.look,
        "shown_look": report.shown_look,
        "note": report.note,
        "made_at": report.made_at,
        "plan_fingerprint": report.plan_fingerprint,
        "outcome": report.primary.outcome.key,
        "level": report.level,
        "smallest_difference": report.smallest_difference,
        "from_day": report.from_day,
        "to_day": report.to_day,
        "monitoring": report.monitoring,
        "information": report.information,
        "embargoed": report.embargoed,
        "exploratory": report.exploratory,
        "exception": report.exception,
        "deviations": [asdict(row) for row in report.deviations],
        "sentence": report.sentence,
        "sample_ratio": {
            "status": report.sample_ratio,
            "p_value": report.sample_ratio_p,
            "method": report.sample_ratio_method,
        },
        "reach_p": report.reach_p,
        "omnibus": None if report.omnibus_p is None else omnibus,
        "estimates": [
            {
                "outcome": block.outcome.key,
                "role": block.role,
                "smallest_difference": block.smallest_difference,
                "arms": [
                    asdict(row) | {"arm": row.key, "interval": _interval(row, report.level)} for row in block.rates
                ],
                "comparisons": [asdict(row) | {"interval": _interval(row, report.level)} for row in block.differences],
                "not_worse": [asdict(row) for row in block.not_worse],
                "kinds": [asdict(row) | {"interval": _interval(row, report.level)} for row in block.kinds],
                "texts": [asdict(row) | {"interval": _interval(row, report.level)} for row in block.texts],
            }
            for block in (report.primary, *report.others)
        ],
        "factorial": [asdict(row) | {"interval": _interval(row, report.level)} for row in report.factorial],
        "factorial_kinds": [asdict(row) | {"interval": _interval(row, report.level)} for row in report.factorial_kinds],
        "guardrails_crossed": list(report.guardrail_pauses),
        "checks": [check_values(row) for row in report.checks],
        "chances": [asdict(row) for row in report.chances],
        "across_campaigns": [asdict(row) for row in report.pooled],
    }


def _interval(
    row: report_rows.RateRow | report_rows.DifferenceRow | report_rows.FactorialRow | report_rows.TextResultRow,
    level: float,
) -> dict[str, float] | None:
    return None if row.low is None or row.high is None else {"low": row.low, "high": row.high, "level": level}


def _looks(request: Request, slug: str, *, early: bool) -> QuerySet[Analysis]:
    """Return the looks that the user may read, without exceptions to the embargo unless the user may make them."""
    campaign = campaign_for(request.user, slug)
    looks = Analysis.objects.filter(embargo_filter(early), campaign=campaign)
    return looks.select_related("campaign__plan").order_by("-look")


class AnalysisList(PaginatedView[Analysis]):
    """Every recorded look at a campaign, the latest first."""

    serializer_class = AnalysisSerializer

    @ApiOperation(tag="results", response_serializer=AnalysisSerializer, many=True, error_statuses=(401, 403, 404))
    def get(self, request: Request, slug: str) -> Response:
        early = may_look_early(request.user)
        return self.paginated_response(_looks(request, slug, early=early), early=early)


class AnalysisDetail(StaffView):
    """One recorded look by its number."""

    @ApiOperation(tag="results", response_serializer=AnalysisSerializer, error_statuses=(401, 403, 404))
    def get(self, request: Request, slug: str, look: int) -> Response:
        early = may_look_early(request.user)
        analysis = _looks(request, slug, early=early).filter(look=look).first()
        if analysis is None:
            raise exceptions.NotFound("There is no look with this number.")
        return Response(AnalysisSerializer(analysis, context={"early": early}).data)
