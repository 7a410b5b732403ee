"""The same decision as a Django REST framework view, as one would write it without this project's audience surface.

It is given every advantage: the same snapshot in memory and no database, the same receipt office and served counter,
no authentication, permission, throttle or session, two middlewares (see drf_settings), messages ready as dictionaries.
What is left to compare is the way there and back: Django's request and routing, DRF's parsing, the validation of the
same fields by a serializer, and DRF's JSON renderer.
"""

from __future__ import annotations

import json
import os
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.drf_settings"
_django = get_wsgi_application()

from django.conf import settings  # noqa: E402  (Django must be set up before anything below is imported)
from django.urls import path  # noqa: E402
from rest_framework import serializers, status  # noqa: E402
from rest_framework.parsers import JSONParser  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402

from campaign.assignment.receipts import SECONDS_PER_HOUR, ReceiptSigner  # noqa: E402
from campaign.assignment.subject_ids import looks_like_contact_detail  # noqa: E402
from campaign.keys.store import receipt_keys  # noqa: E402
from campaign.placements.tag_check import TagCheckLog  # noqa: E402
from campaign.serving.bots import BotList  # noqa: E402
from campaign.serving.decision import MessageRequest, assign, running_campaign, sign_receipt  # noqa: E402
from campaign.serving.exclusions import Exclusions  # noqa: E402
from campaign.serving.network_share import NetworkShares  # noqa: E402
from campaign.serving.periodic_flush import start_flushing  # noqa: E402
from campaign.serving.routing import ServingContext  # noqa: E402
from campaign.serving.served_counts import ServedCounter  # noqa: E402
from campaign.serving.snapshot import SnapshotRefresher  # noqa: E402
from campaign.serving.snapshot_entries import ServedText  # noqa: E402

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

    from rest_framework.request import Request

_refresher = SnapshotRefresher()
_served = ServedCounter()
_context = ServingContext(
    clock=time.time,
    snapshot=lambda: _refresher.current,
    receipt_signer=ReceiptSigner(receipt_keys(settings.KEY_DIRECTORY)),
    receipt_life_hours=settings.RECEIPT_LIFE_HOURS,
    served_counter=_served,
    tag_check_log=TagCheckLog(),
    exclusions=Exclusions(BotList([]), NetworkShares(), behind_proxy=False),
)


@lru_cache(maxsize=1000)
def _message_dictionary(arm: ServedText, key: str) -> Any:
    return json.loads(key.encode().join(arm.rendition.message_json))


class PlainTextJSON(JSONParser):
    """The embed sends JSON as text/plain, which needs no CORS preflight."""

    media_type = "text/plain"


class MessageRequestSerializer(serializers.Serializer[Any]):
    """The fields of a request, with the limits of campaign.serving.decide_endpoint."""

    placement = serializers.CharField(max_length=200)
    locale = serializers.CharField(max_length=200, required=False)
    unit = serializers.CharField(max_length=200, required=False)
    session = serializers.CharField(max_length=200, required=False)
    preview = serializers.CharField(max_length=200, required=False)

    def validate_unit(self, unit: str) -> str:
        if looks_like_contact_detail(unit):
            raise serializers.ValidationError("This looks like an e-mail address or a phone number.")
        return unit


class Decide(APIView):
    """POST: the assigned message and its receipt."""

    parser_classes = [JSONParser, PlainTextJSON]

    def post(self, request: Request) -> Response:
        serializer = MessageRequestSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        fields = serializer.validated_data
        placement = _refresher.current.placements.get(fields["placement"])
        if placement is None:
            return Response({"error": {"code": "placement_unknown"}}, status.HTTP_404_NOT_FOUND)
        origin = request.headers.get("Origin")
        if origin is not None and origin not in placement.origins:
            return Response({"error": {"code": "origin_not_allowed"}}, status.HTTP_403_FORBIDDEN)
        now = time.time()
        campaign = running_campaign(placement, now)
        if campaign is None:
            return Response({"error": {"code": "no_campaign"}}, status.HTTP_409_CONFLICT)
        decision = assign(placement, campaign, MessageRequest(**fields), _context, now=now, is_countable=True)
        assert decision.served_arm is not None
        _served.add(int(now) // SECONDS_PER_HOUR, decision.served_arm)
        message = _message_dictionary(decision.served_arm, placement.key)
        receipt = sign_receipt(decision.served_arm, decision.window, _context.receipt_signer)
        answer = {"message": message, "receipt": receipt.decode()}
        headers = {"Cache-Control": "no-store"}
        if origin is not None:
            headers |= {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}
        return Response(answer, headers=headers)


urlpatterns = [path("api/v1/decide", Decide.as_view())]


def __getattr__(name: str) -> WSGIApplication:
    """Create `application` on first access, as in campaign.wsgi."""
    if name != "application":
        raise AttributeError(name)
    start_flushing(_served, seconds=settings.SERVED_FLUSH_SECONDS)
    _refresher.refresh()
    _refresher.start_refreshing(settings.SNAPSHOT_SECONDS)
    application = globals()["application"] = _django
    return application
