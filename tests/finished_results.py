"""Make the finished results in docs/results: `python -m tests.finished_results`.

Two published trials and a simulated campaign that backfires, each as its results page and the page for a board as
pictures, the PDF of the board, and the bundle to check. Everything goes the way of a campaign: a frozen plan, counts,
looks, the gate of small counts. The two trials asked for gifts and votes, so their outcome has another name here.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import io
import random
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser

from benchmarks.process_runner import run
from campaign.entrypoints import launcher
from campaign.staff_site import middleware
from tests.browser.conftest import DESK, PHONE, chromium
from tests.installation import ROOT, new_installation

FOLDER = ROOT / "docs" / "results"
KEY = hashlib.sha256(b"the key of the finished results in the documentation, which anybody may know").digest()
SEED = 2026
PAGE_SCALE, PAGE_QUALITY, BOARD_SCALE = 0.42, 42, 0.8


@dataclass(frozen=True)
class FinishedTrial:
    """A trial as a campaign: its arms with their words, its counts, and what its plan asks."""

    name: str
    hypothesis: str
    arms: Mapping[str, tuple[str, str, str, int]]  # key -> name, frame, what was said, weight
    comparisons: Sequence[tuple[str, str]]
    planned_per_arm: int
    smallest_difference: float
    counts: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    did: tuple[str, str, str] = ("", "", "")  # the outcome, what people did, and how it was known


TRIALS = {
    # Karlan and List 2007, American Economic Review 97:1774, table 2: letters, and gifts in answer to them.
    "karlan-list": FinishedTrial(
        name="A gift that somebody matches (Karlan and List 2007)",
        hypothesis="More people give when somebody else matches each gift, and the more, the higher the match.",
        arms={
            "control": ("No match", "neutral", "The letter asks for a gift and speaks of no match.", 3),
            "match-1": ("One dollar more", "other", "A member adds to each dollar given one dollar.", 2),
            "match-2": ("Two dollars more", "other", "For each dollar given, a member adds two dollars.", 2),
            "match-3": ("Three dollars more", "other", "For each dollar given, a member adds three dollars.", 2),
        },
        comparisons=[(f"match-{each}", "control") for each in (1, 2, 3)] + [("match-3", "match-1")],
        planned_per_arm=11_000,
        smallest_difference=0.002,
        counts={"control": (16_687, 298), "match-1": (11_133, 231), "match-2": (11_134, 252), "match-3": (11_129, 253)},
        did=("Gave", "gave", "“%(outcome)s”: sent a gift in answer to the letter."),
    ),
    # Gerber, Green and Larimer 2008, American Political Science Review 102:33, table 2: voters of each group.
    "gerber-green-larimer": FinishedTrial(
        name="What the neighbours will see (Gerber, Green and Larimer 2008)",
        hypothesis="More people vote the more a letter tells them that others see whether they do.",
        arms={
            "control": ("No letter", "neutral", "Nothing was sent.", 5),
            "duty": ("Civic duty", "other", "The letter asks to do one's civic duty and vote.", 1),
            "watched": ("Hawthorne", "other", "The letter says that researchers study who votes.", 1),
            "self": ("Self", "other", "The letter shows whether those in the household voted.", 1),
            "neighbours": ("Neighbours", "other", "The letter shows whether the neighbours voted, too.", 1),
        },
        comparisons=[(each, "control") for each in ("duty", "watched", "self", "neighbours")]
        + [("neighbours", "self")],
        planned_per_arm=38_000,
        smallest_difference=0.01,
        counts={"control": (191_243, 56_730), "duty": (38_218, 12_021), "watched": (38_204, 12_316)}
        | {"self": (38_218, 13_191), "neighbours": (38_201, 14_438)},
        did=("Voted", "voted", "“%(outcome)s”: is on the list of who voted that day."),
    ),
    "backfire": FinishedTrial(
        name="A warning that backfires (simulated)",
        hypothesis="Telling people what it does to themselves turns back more of them.",
        arms={
            "neutral": ("Neutral text", "neutral", "You can stop here.", 1),
            "victim": ("Harm to the victim", "victim", "The person in the picture did not agree to it.", 1),
            "user": ("Harm to the person making it", "user", "This stays with you, and others may find out.", 1),
            "both": ("Both harms", "both", "It hurts the person in the picture, and it stays with you.", 1),
        },
        comparisons=[("victim", "neutral"), ("user", "neutral"), ("both", "neutral"), ("user", "victim")],
        planned_per_arm=6_000,
        smallest_difference=0.02,
    ),
}
# What the simulated visitors do: who turns back, goes on, asks for help, is annoyed, of 1.
BACKFIRE = {"neutral": (0.30, 0.58, 0.020, 0.010), "victim": (0.335, 0.55, 0.026, 0.012)} | {
    "user": (0.22, 0.67, 0.018, 0.024),
    "both": (0.28, 0.60, 0.021, 0.016),
}
LOOKS, DAYS = (0.25, 0.5, 1.0), 20


def build(names: list[str], keys: str) -> dict[str, dict[str, str]]:
    """Runs inside an installation: return of each trial its page, and its files as base64."""
    from django.conf import settings
    from django.test import Client

    from analytics.export.board_page import board_pdf
    from analytics.export.bundle import make_bundle
    from analytics.export.look_tables import exportable_looks
    from analytics.export.report_document import report_pdf
    from campaign import outcomes
    from tests import world

    (Path(keys) / "results.key").write_bytes(KEY)
    settings.ORGANISATION = "Example organisation"
    by_post = 1e-9  # no network can send a letter twice
    world.mark_help_links_checked()
    usual = settings.NETWORK_SHARE
    found = {}
    catalogue = outcomes.OUTCOMES  # renamed for one trial
    turned_back = catalogue["turned_back"]
    for name in names:
        trial = TRIALS[name]
        if trial.did[0]:
            outcome, phrase, definition = trial.did
            assert turned_back.derivation is not None
            derivation = replace(turned_back.derivation, definition=definition)
            catalogue["turned_back"] = replace(turned_back, name=outcome, phrase=phrase, derivation=derivation)
        settings.NETWORK_SHARE = by_post if trial.did[0] else usual
        campaign = _campaign(name, trial)
        client = Client(SERVER_NAME="localhost")
        world.sign_in(client, world.person("ana", "analyst"))
        analysis = exportable_looks(campaign)[-1]
        found[name] = {
            "page": client.get(f"/campaigns/{name}/results/").content.decode(),
            **{
                stem: base64.b64encode(content).decode()
                for stem, content in (
                    ("board.pdf", board_pdf(analysis)),
                    ("report.pdf", report_pdf(analysis)),
                    ("bundle.zip", make_bundle(campaign, key_directory=Path(keys))),
                )
            },
        }
        catalogue["turned_back"] = turned_back
    return found


def _campaign(name: str, trial: FinishedTrial) -> Any:
    """Create a campaign as planned, launch it, and count what was counted."""
    from analytics.models import CampaignCost
    from campaign.lifecycle import transitions
    from campaign.models import AnalysisPlan, Arm, Campaign, PlannedOutcome
    from messages.models import Mailbox
    from tests import world

    simulated = not trial.counts
    manager = world.person("mara", "manager")
    campaign = Campaign.objects.create(
        slug=name,
        name=trial.name,
        hypothesis=trial.hypothesis,
        created_by=manager,
        salt=f"the salt of {name}",
        ethics_exemption="An example for the documentation: nobody took part here.",
    )
    campaign.placements.add(
        world.placement("search-page" if simulated else f"{name}-post", name="Search page" if simulated else "By post")
    )
    if simulated:
        campaign.placements.add(world.placement("forum", name="Forum"))
    for position, (key, (arm, frame, words, weight)) in enumerate(trial.arms.items()):
        revision = world.approved_revision(
            frame, headline=arm, body=words, locales=("en", "es") if simulated else ("en",)
        )
        Arm.objects.create_with_texts(
            [revision], campaign=campaign, key=key, name=arm, weight=weight, is_control=not position, position=position
        )
    plan = AnalysisPlan.objects.create(
        campaign=campaign,
        planned_per_arm=trial.planned_per_arm,
        smallest_difference=trial.smallest_difference,
        comparisons=[list(pair) for pair in trial.comparisons],
        monitoring="always-valid" if simulated else "fixed",
        looks=list(LOOKS) if simulated else [1.0],
    )
    roles = {"turned_back": "primary"}
    roles |= {"continued": "secondary", "help_self": "secondary", "annoyed": "guardrail"} if simulated else {}
    for outcome, role in roles.items():
        PlannedOutcome.objects.create(
            plan=plan, outcome=outcome, role=role, harm_margin=0.02 if role == "guardrail" else None
        )
    Mailbox.objects.get_or_create(user=manager, defaults={"confirmed": manager.email})  # who hears of harm
    transitions.submit(campaign, by=manager)
    world.approve(campaign)
    transitions.launch(campaign, by=manager, now=world.NOON)
    campaign.refresh_from_db()
    if simulated:
        _simulate(campaign, trial)
        CampaignCost.objects.create(campaign=campaign, amount=2_400, currency="EUR")
    else:
        _count(campaign, trial)
    transitions.close(campaign, by=manager, now=world.NOON + timedelta(days=DAYS + 2))
    return campaign


def _count(campaign: Any, trial: FinishedTrial) -> None:
    from analytics.looks.evaluate import evaluate
    from analytics.models import Tally
    from campaign.models import ServedCount
    from tests import world

    world.tally(campaign, trial.counts)
    day = world.NOON.date() + timedelta(days=1)
    for model in (Tally, ServedCount):
        model.objects.filter(arm__campaign=campaign).update(day=day)
    evaluate(campaign, now=world.NOON + timedelta(days=DAYS))


def _simulate(campaign: Any, trial: FinishedTrial) -> None:
    """Count simulated visitors day by day at two placements, each with a language, and look when the plan says so."""
    from analytics.looks.evaluate import evaluate
    from analytics.models import Tally
    from campaign.models import ServedCount
    from tests import world

    chance = random.Random(SEED)
    places = list(campaign.placements.order_by("key"))
    for day in range(1, DAYS + 1):
        now: datetime = world.NOON + timedelta(days=day)
        for arm in campaign.arms.all():
            for place, locale, share in zip(places, ("en", "es"), (0.6, 0.4), strict=True):
                sent = round(trial.planned_per_arm * share / DAYS) + 12
                common = {"day": now.date(), "arm": arm, "placement": place, "locale": locale}
                rows = dict.fromkeys(("exposed", "turned_back", "continued", "no_answer", "help_self", "annoyed"), 0)
                back, on, helped, annoyed = BACKFIRE[arm.key]
                for _ in range(sent):
                    if chance.random() > 0.97:
                        continue  # sent, and not seen
                    rows["exposed"] += 1
                    drawn = chance.random()
                    rows["turned_back" if drawn < back else "continued" if drawn < back + on else "no_answer"] += 1
                    rows["help_self"] += chance.random() < helped
                    rows["annoyed"] += chance.random() < annoyed
                ServedCount.objects.create(**common, count=sent)
                planned = {key: count for key, count in rows.items() if count and key != "no_answer"}
                Tally.objects.bulk_create(Tally(**common, outcome=key, count=count) for key, count in planned.items())
        if any(round(DAYS * share) == day for share in LOOKS):
            evaluate(campaign, now=now)


def picture_of(browser: Browser, url: str, html: str, *, phone: bool, scale: float, quality: int) -> bytes:
    """Draw a page that was made elsewhere, with the styles of the site at `url`; the whole of it."""
    with browser.new_context(viewport=PHONE if phone else DESK, reduced_motion="reduce") as context:
        page = context.new_page()
        policy = {"Content-Security-Policy": middleware.STAFF_CSP}
        page.route(
            "**/drawn/", lambda route: route.fulfill(body=html, content_type="text/html; charset=utf-8", headers=policy)
        )
        page.goto(f"{url}/drawn/", wait_until="networkidle")
        page.evaluate("document.fonts.ready")
        size = page.evaluate("[document.documentElement.clientWidth, document.documentElement.scrollHeight]")
        clip = {"x": 0, "y": 0, "width": size[0], "height": size[1], "scale": scale}
        capture = {"format": "webp", "quality": quality, "captureBeyondViewport": True, "clip": clip}
        picture = context.new_cdp_session(page).send("Page.captureScreenshot", capture)
        return base64.b64decode(picture["data"])


def printed(browser: Browser, url: str, html: str) -> bytes:
    """Print a page that was made elsewhere."""
    with browser.new_context() as context:
        page = context.new_page()
        page.route("**/drawn/", lambda route: route.fulfill(body=html, content_type="text/html; charset=utf-8"))
        page.goto(f"{url}/drawn/", wait_until="networkidle")
        page.evaluate("document.fonts.ready")
        return page.pdf(prefer_css_page_size=True)


def pdf_pictures(pdf: bytes, *, scale: float) -> list[bytes]:
    """Return each page of a PDF file as a picture."""
    import pypdfium2

    pictures = []
    for sheet in pypdfium2.PdfDocument(pdf):
        stream = io.BytesIO()
        sheet.render(scale=scale).to_pil().convert("RGB").save(stream, "WEBP", quality=60, method=6)
        pictures.append(stream.getvalue())
    return pictures


def main() -> None:
    """Make all of them, or the named ones."""
    parser = argparse.ArgumentParser(prog="python -m tests.finished_results", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(TRIALS)}; all if none is named")
    names = parser.parse_args().names or list(TRIALS)
    looked_at = ROOT / "var" / "pictures" / "results"
    with (
        tempfile.TemporaryDirectory(prefix="second-thought-results-") as directory,
        tempfile.TemporaryDirectory() as keys,
        new_installation(Path(directory), {"LOCAL_HTTP": "1"}) as environment,
    ):
        made = run(environment, "tests.finished_results:build", names=names, keys=keys)
        with (
            launcher.run_server(launcher.PRODUCTION_APPLICATION, environment=environment) as url,
            chromium() as browser,
        ):
            for name, files in made.items():
                kept, more = FOLDER / name, looked_at / name
                for folder in (kept, more):
                    folder.mkdir(parents=True, exist_ok=True)
                html = files.pop("page")
                contents = {stem: base64.b64decode(text) for stem, text in files.items()}
                (kept / "page.webp").write_bytes(
                    picture_of(browser, url, html, phone=False, scale=PAGE_SCALE, quality=PAGE_QUALITY)
                )
                (more / "desk.webp").write_bytes(picture_of(browser, url, html, phone=False, scale=1, quality=80))
                (more / "phone.webp").write_bytes(picture_of(browser, url, html, phone=True, scale=1, quality=80))
                for stem in ("board.pdf", "bundle.zip"):
                    (kept / stem).write_bytes(contents[stem])
                (kept / "board.webp").write_bytes(pdf_pictures(contents["board.pdf"], scale=BOARD_SCALE)[0])
                for stem, content in (("print", printed(browser, url, html)), ("report", contents["report.pdf"])):
                    for number, picture in enumerate(pdf_pictures(content, scale=1.4), start=1):
                        (more / f"{stem}-{number}.webp").write_bytes(picture)
    sys.stdout.write(f"Results are in {FOLDER.relative_to(ROOT)}; more pictures in {looked_at.relative_to(ROOT)}.\n")


if __name__ == "__main__":
    main()
