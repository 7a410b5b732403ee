"""The queue of approved campaigns: who waits for which places, and the two steps of joining and leaving it."""

from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from campaign.api.operation import ApiOperation
from campaign.api.transition_views import TransitionView
from campaign.api.views import PaginatedView
from campaign.lifecycle import launch_queue
from campaign.models import Campaign


class QueueSerializer(serializers.ModelSerializer[Campaign]):
    """One campaign that waits, by whom it was put there, and what it waits for."""

    placements = serializers.SlugRelatedField[Any](slug_field="key", many=True, read_only=True)
    queued_by = serializers.CharField(source="queued_by.username", read_only=True)
    waits_for = serializers.SerializerMethodField(
        help_text="The slugs of what runs at its places, and of who queued there before it, as far as slots are shared."
    )

    class Meta:
        model = Campaign
        fields = ["slug", "name", "placements", "first_slot", "last_slot", "queued_at", "queued_by", "waits_for"]
        read_only_fields = fields

    def get_waits_for(self, campaign: Campaign) -> list[str]:
        return [other.slug for other in launch_queue.campaigns_ahead(campaign)]


class QueueList(PaginatedView[Campaign]):
    """The campaigns that are launched by themselves once their places are free, the longest waiting first."""

    serializer_class = QueueSerializer

    @ApiOperation(tag="campaigns", response_serializer=QueueSerializer, many=True, error_statuses=(401, 403, 404))
    def get(self, request: Request) -> Response:
        return self.paginated_response(launch_queue.queued_campaigns().prefetch_related("placements"))


class Queue(TransitionView):
    """Launch it as soon as its places are free; nothing else may be in the way. For a manager."""

    transition = "queue"

    def perform(self, campaign: Campaign, by: User) -> None:
        launch_queue.join_queue(campaign, by=by, now=timezone.now())


class LeaveQueue(TransitionView):
    """Take it out of the queue; it stays approved. For a manager."""

    transition = "leave_queue"

    def perform(self, campaign: Campaign, by: User) -> None:
        launch_queue.leave_queue(campaign, by=by)


QUEUE_STEPS: tuple[type[TransitionView], ...] = (Queue, LeaveQueue)
