"""The audience surface: a handful of routes in front of Django, so that no session, cookie, middleware or error
report of Django ever meets a visitor.

It knows neither server nor thread. An adapter (campaign.rsgi in production, campaign.wsgi anywhere) makes a Request,
asks for the answer, and records the events that the answer waits for.

    POST /api/v1/decide            which message, and its receipt
    GET  /api/v1/text              the text of a whole period, for caches
    POST /api/v1/receipt           a receipt for a page that shows it
    POST /api/v1/events            what was done with it
    GET  /m/<placement>/...        the hosted page and the pages behind it; POST: its form, without JavaScript
    GET  /static/campaign/...      the assets of the above, from memory
    GET  /favicon.ico              an empty answer
    GET  /health/..., /metrics     the state of the installation, for its operators

Logs of this surface hold the name of an error and nothing of the request.
"""

import logging
import time
from collections.abc import Callable

from django.conf import settings

from campaign.keys.reloader import KeyReloader
from campaign.placements.tag_check import TagCheckLog
from campaign.serving import bots, routing
from campaign.serving.assets import ASSET_ROUTE, is_asset
from campaign.serving.decide_endpoint import DECIDE_ROUTE
from campaign.serving.exclusions import Exclusions
from campaign.serving.hosted_endpoint import HOSTED_ROUTE
from campaign.serving.http import Refusal, Reply, Request, refusal_reply
from campaign.serving.network_share import NetworkShares
from campaign.serving.period_endpoint import RECEIPT_ROUTE, TEXT_ROUTE
from campaign.serving.periodic_flush import start_flushing
from campaign.serving.served_counts import ServedCounter
from campaign.serving.sketch_record import SketchRecord
from campaign.serving.snapshot import SnapshotRefresher
from campaign.serving.snapshot_file import SnapshotFile

log = logging.getLogger(__name__)


class AudienceApplication:
    """Finds the route and its answer. Whatever goes wrong, there is a reply in the one error shape."""

    def __init__(self, context: routing.ServingContext, recorder: routing.EventRecorder) -> None:
        self.clock = context.clock
        self.recorder = recorder
        self.context = context
        self._routes = {**ROUTES, **routing.registered_routes()}

    def find_route(self, path: str) -> routing.Route | None:
        """The route of this path, or None if the path belongs to Django."""
        route = self._routes.get(path)
        if route is not None:
            return route
        if path.startswith("/m/"):
            return HOSTED_ROUTE
        if is_asset(path):
            return ASSET_ROUTE
        return None

    def handle(self, route: routing.Route, request: Request) -> Reply | routing.PendingReply:
        """The reply, or the events that have to be on disk before there is one."""
        try:
            return route.handler(request, self.context)
        except Exception as error:
            return self.error_reply(error)

    def complete(self, pending: routing.PendingReply, results: routing.RecordResults) -> Reply:
        """The reply once it is known which events are on disk."""
        try:
            return pending.build_reply(results)
        except Exception as error:
            return self.error_reply(error)

    def error_reply(self, error: Exception) -> Reply:
        """The reply to any error; the log gets the name of an unexpected one and nothing else."""
        if isinstance(error, Refusal):
            # A refusal holds no personal data, so any site may read it: partners see why in their console.
            return refusal_reply(error, [("Access-Control-Allow-Origin", "*")])
        log.error("The audience surface failed: %s", type(error).__name__)
        return refusal_reply(Refusal(500, "internal_error", "Something went wrong on our side."))


def _no_icon(request: Request, context: routing.ServingContext) -> Reply:
    """Browsers ask for an icon by themselves; there is none, and that is no error."""
    return Reply(204, [("Cache-Control", "public, max-age=86400")], b"")


ROUTES = {
    "/api/v1/decide": DECIDE_ROUTE,
    "/api/v1/text": TEXT_ROUTE,
    "/api/v1/receipt": RECEIPT_ROUTE,
    "/favicon.ico": routing.Route(_no_icon),
}


def create_audience_application(*, clock: Callable[[], float] = time.time) -> AudienceApplication:
    """Build the audience surface and start its background threads: snapshot, keys, counts, and what was registered."""
    served_counter = ServedCounter()
    tag_check_log = TagCheckLog()
    shares = NetworkShares()
    start_flushing(served_counter, SketchRecord(shares), tag_check_log, seconds=settings.SERVED_FLUSH_SECONDS)
    file = SnapshotFile(settings.DATA_DIRECTORY / "snapshot.jsonl", key_directory=settings.KEY_DIRECTORY)
    refresher = SnapshotRefresher(file)
    refresher.refresh()
    refresher.start_refreshing(settings.SNAPSHOT_SECONDS)
    keys = KeyReloader(settings.KEY_DIRECTORY, clock=clock)
    keys.start_refreshing()
    routing.start_background_tasks()
    context = routing.ServingContext(
        clock=clock,
        snapshot=lambda: refresher.current,
        receipt_signer=keys.receipt_signer,
        receipt_life_hours=settings.RECEIPT_LIFE_HOURS,
        served_counter=served_counter,
        tag_check_log=tag_check_log,
        exclusions=Exclusions(bots.load_bot_list(), shares, behind_proxy=settings.BEHIND_TLS_PROXY),
    )
    return AudienceApplication(context, routing.create_event_recorder())
