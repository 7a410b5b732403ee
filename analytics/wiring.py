"""Register analytics with campaign, which must not import it: AnalyticsConfig.ready() calls `register`.

This is the one file in which the lower app reaches the upper. What it registers may be loaded late, by an import
inside a function, but never by a dotted string: import-linter has to see it.
"""

from analytics import health, worker_alarm
from analytics.disclosure import look_seals
from analytics.fold import count_seals
from analytics.ingest.endpoint import EVENTS_ROUTE
from analytics.ingest.writer import event_writer
from analytics.learned.past_rate import past_rate as rate_of_trial_before
from campaign.restoration import seals
from campaign.serving import routing
from campaign.staff_site import site_warning
from campaign.wizard import past_rate, sample_size
from messages.audit import verification


def register() -> None:
    """Register everything; safe to call again."""
    sample_size.register_power_functions(_load_power_functions)
    past_rate.register(rate_of_trial_before)
    routing.register_routes(
        {
            "/api/v1/events": EVENTS_ROUTE,
            "/health/live": health.LIVE_ROUTE,
            "/health/ready": health.READY_ROUTE,
            "/metrics": health.METRICS_ROUTE,
        }
    )
    routing.register_event_recorder(event_writer)
    watch = worker_alarm.worker_watch()
    routing.register_background_tasks(health.MONITOR.start, watch.start)
    site_warning.register(watch.warning)
    seals.register(look_seals.seal_all)
    seals.register(count_seals.seal_all_counts)
    verification.register(count_seals.problems)


def _load_power_functions() -> sample_size.PowerFunctions:
    from analytics.stats import power  # imports scipy: only the page that asks for a sample size needs it
    from analytics.stats.texts import sizing

    return sample_size.PowerFunctions(units_in_all=power.units_in_all, people_per_text=sizing.people_needed)
