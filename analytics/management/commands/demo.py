import signal
import subprocess
import sys
import threading
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from analytics.fold.fold import fold
from analytics.looks.evaluate import evaluate
from analytics.management import terminal_report
from analytics.management.terminal import as_text, terminal
from analytics.results import build
from analytics.simulated_visits import demo, sets_demo
from analytics.simulated_visits.visitors import SimulatedVisitor, VisitSimulator, visitors
from campaign.assignment.receipts import SECONDS_PER_HOUR
from campaign.entrypoints import launcher
from campaign.models import Campaign
from campaign.serving.preview_links import preview_url
from messages.library import starter_library

DAYS = 4
PARTNER_PAGE = settings.BASE_DIR / "examples" / "partner" / "index.html"


class Command(BaseCommand):
    help = "Run a complete example: a campaign, simulated visitors over HTTP, the verdict and a site to explore."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--visitors", type=int, default=20_000)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--no-serve", action="store_true", help="stop after the verdict")
        parser.add_argument("--port", type=int, default=8000, help="the site's port; the partner's page gets the next")

    def handle(self, *args: Any, **options: Any) -> None:
        console = terminal()
        site, partner = options["port"], options["port"] + 1
        if not settings.LOCAL_HTTP:
            raise CommandError("The demo creates accounts and prints their passwords, so it needs LOCAL_HTTP=1.")
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # so that the servers it started are stopped
        taken = [port for port in (site, partner) if not options["no_serve"] and launcher.is_taken(port)]
        if taken:
            raise CommandError(f"Another program listens on port {taken[0]}. Choose another pair: make demo PORT=9000")
        call_command("migrate", verbosity=0)
        call_command("migrate", database="audience", verbosity=0)
        if Campaign.objects.filter(slug=demo.SLUG).exists():
            raise CommandError(
                "This data directory already contains a demo. Start from an empty one, as make demo does."
            )
        now = timezone.now()
        loaded = starter_library.load(now=now)
        console.print(f"Starter library: {loaded.messages} messages in {loaded.revisions} approved revisions.")
        accounts = demo.create_accounts()
        campaign = demo.create_campaign(
            now=now - timedelta(days=DAYS + 1),
            origins=[f"http://localhost:{partner}", f"http://127.0.0.1:{partner}"],
            planned_per_arm=options["visitors"] // 5,
        )
        console.print(
            "Help links: marked as checked for the demo. Nobody has opened them. On a real site, "
            "people check them at /help-links/."
        )
        plan = campaign.plan
        console.print(f"Campaign “{campaign.name}”: four arms, plan frozen as {plan.fingerprint[:12]}.")
        self._simulate(campaign, options["visitors"], options["seed"], console)
        folded = fold(hour=int(time.time()) // SECONDS_PER_HOUR)
        console.print(f"Folded {folded.views:,} closed views into daily totals and deleted them.")
        evaluate(campaign, now=timezone.now())
        sets = sets_demo.create_campaign_of_sets(now=timezone.now(), seed=options["seed"])
        evaluate(sets, now=timezone.now())
        latest = build.latest(campaign)
        assert latest is not None
        truth = {key: behaviour.turn_back for key, behaviour in demo.TRUE_BEHAVIOURS.items()}
        terminal_report.show(latest, console, truth=truth)
        console.print(f"A second campaign, “{sets.name}”, has invented counts. Nobody visited it.")
        if not options["no_serve"]:
            self._serve(campaign, accounts, site, partner, console)

    def _simulate(self, campaign: Campaign, count: int, seed: int, console: Console) -> None:
        """Send each day's visitors to the real server, with its clock set back by that many days."""
        group = list(visitors(count, placements=[demo.HOSTED_PLACEMENT, demo.EMBEDDED_PLACEMENT], seed=seed))
        behaviours = demo.behaviours_by_words(campaign)
        columns = [
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("visitors"),
            TimeRemainingColumn(),
        ]
        with Progress(*columns, console=console) as progress:
            task = progress.add_task("Over HTTP", total=count)
            for day in range(DAYS):
                today: list[SimulatedVisitor] = group[day::DAYS]
                environment = {"REHEARSAL_HOURS_AGO": str(24 * (DAYS - day))}
                with launcher.run_server(
                    "campaign.entrypoints.time_shifted:application", environment=environment
                ) as url:
                    VisitSimulator(url, behaviours).run(today, on_visit_done=partial(progress.advance, task))

    def _serve(
        self, campaign: Campaign, accounts: list[demo.DemoAccount], site: int, partner: int, console: Console
    ) -> None:
        hosted = campaign.placements.get(key=demo.HOSTED_PLACEMENT)
        page = PARTNER_PAGE.read_text(encoding="utf-8")
        page = page.replace("{{ORIGIN}}", f"http://127.0.0.1:{site}").replace("{{PLACEMENT}}", demo.EMBEDDED_PLACEMENT)
        partner_server = make_partner_server(page, partner)
        threading.Thread(target=partner_server.serve_forever, daemon=True).start()
        with launcher.run_server(launcher.PRODUCTION_APPLICATION, port=site) as url, _worker():
            results = f" Results: {url}/campaigns/{campaign.slug}/results/"
            console.print(as_text(("\nThe site is running.", "bold"), results))
            console.print(f"  and of four matched sets: {url}/campaigns/{sets_demo.SLUG}/results/", soft_wrap=True)
            console.print("Sign in as one of:")
            for account in accounts:
                console.print(f"  {account.name:8} {account.password:14} {account.role}", highlight=False)
            console.print(f"A message as a visitor sees it (counted): {url}/m/{hosted.key}/")
            for arm in campaign.arms.all():
                preview = preview_url(hosted, arm, by=campaign.created_by, now=timezone.now())
                console.print(f"  preview {arm.name}: {url}{preview}", soft_wrap=True)
            console.print(f"A partner's page on another origin: http://localhost:{partner}/")
            console.print("Stop with Ctrl-C.")
            with suppress(KeyboardInterrupt):
                threading.Event().wait()


@contextmanager
def _worker() -> Iterator[None]:
    """Run the worker, so that what is clicked is counted, after two to three hours."""
    command = [sys.executable, "manage.py", "worker"]
    process = subprocess.Popen(command, cwd=settings.BASE_DIR, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def make_partner_server(page: str, port: int) -> ThreadingHTTPServer:
    """Return a server for the page of the example partner, on another origin."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = page.encode() if self.path.split("?")[0] == "/" else b""
            self.send_response(200 if body else 204)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Log nothing about visitors."""

    return ThreadingHTTPServer(("127.0.0.1", port), Page)
