"""The staff API: the steps of a campaign's life, each with a fresh code of the second factor."""

from dataclasses import replace
from typing import Any, ClassVar

from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from campaign.api import authentication
from campaign.api.operation import ApiOperation
from campaign.api.views import CampaignSerializer, StaffView, campaigns_with_plans
from campaign.lifecycle import transitions
from campaign.models import Campaign
from campaign.staff_site.access import campaign_for
from messages.roles import has_role

_STEP = ApiOperation(
    tag="steps",
    response_serializer=CampaignSerializer,
    error_statuses=(400, 401, 403, 404, 409, 413, 415, 429),
    headers={authentication.SECOND_FACTOR_HEADER: "A fresh code of the second factor; a token alone takes no step."},
)


class TransitionView(StaffView):
    """One step of a campaign. A token alone takes none: each needs a fresh confirmation."""

    transition: ClassVar[str]

    def perform(self, campaign: Campaign, by: User) -> None:
        raise NotImplementedError

    def read_body(self, data: Any) -> None:
        """Refuse a body that the step does not take."""
        if data:
            raise exceptions.ParseError("A step takes no body.", code="unknown_field")

    @_STEP
    def post(self, request: Request, slug: str) -> Response:
        return self.take_step(request, slug)

    def take_step(self, request: Request, slug: str) -> Response:
        campaign = campaign_for(request.user, slug)
        _, _, role = transitions.TRANSITIONS[self.transition]
        if not has_role(request.user, role):
            raise exceptions.PermissionDenied(f"Only a {role} can {self.transition.replace('_', ' ')} a campaign.")
        assert isinstance(request.user, User)
        authentication.require_confirmation(request, request.user)
        self.read_body(request.data)
        self.perform(campaign, request.user)
        return Response(CampaignSerializer(campaigns_with_plans().get(pk=campaign.pk)).data)


class Submit(TransitionView):
    """The draft is complete: ask a second person to approve it. For a manager."""

    transition = "submit"

    def perform(self, campaign: Campaign, by: User) -> None:
        transitions.submit(campaign, by=by)


class ApprovalSerializer(serializers.Serializer[Any]):
    fingerprint = serializers.CharField(
        max_length=64, help_text="Of what you have read: `approval.fingerprint` of the campaign's plan."
    )


class Approve(TransitionView):
    """Agree to the words, the arms and the plan, as they were read. For a reviewer who did not create the campaign."""

    transition = "approve"
    fingerprint = ""

    def read_body(self, data: Any) -> None:
        body = ApprovalSerializer(data=data)
        body.is_valid(raise_exception=True)
        self.fingerprint = body.validated_data["fingerprint"]

    @replace(_STEP, request_serializer=ApprovalSerializer)
    def post(self, request: Request, slug: str) -> Response:
        return self.take_step(request, slug)

    def perform(self, campaign: Campaign, by: User) -> None:
        transitions.approve(campaign, by=by, read_fingerprint=self.fingerprint)


class Launch(TransitionView):
    """Freeze the plan and start serving. For a manager."""

    transition = "launch"

    def perform(self, campaign: Campaign, by: User) -> None:
        transitions.launch(campaign, by=by, now=timezone.now())


class Pause(TransitionView):
    """Stop serving for now. For a manager."""

    transition = "pause"

    def perform(self, campaign: Campaign, by: User) -> None:
        transitions.pause(campaign, by=by)


class Resume(TransitionView):
    """Serve again under the same plan. For a manager."""

    transition = "resume"

    def perform(self, campaign: Campaign, by: User) -> None:
        transitions.resume(campaign, by=by)


class Close(TransitionView):
    """Stop serving for good. For a manager."""

    transition = "close"

    def perform(self, campaign: Campaign, by: User) -> None:
        transitions.close(campaign, by=by, now=timezone.now())


TRANSITION_VIEWS: tuple[type[TransitionView], ...] = (Submit, Approve, Launch, Pause, Resume, Close)
