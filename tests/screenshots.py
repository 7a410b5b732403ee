"""Take screenshots of the main pages: `python -m tests.screenshots`.

Each page is taken at desktop and phone size, light and dark, as WebP. The data are those of the browser tests, so two
runs differ only in dates. All pictures go to var/pictures; those of the README also go to docs/pictures.
"""

from __future__ import annotations

import argparse
import base64
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser

from benchmarks.process_runner import run
from campaign.entrypoints import launcher
from campaign.staff_site import middleware
from tests.browser.conftest import DESK, PHONE, chromium
from tests.installation import ROOT, new_installation

# Picture -> role and path; pages that are "made" or "drawn" come from tests/browser/cast.py.
PICTURES = {
    "results": ("analyst", "/campaigns/pilot/results/"),
    "learned": ("analyst", "/learned/"),
    "others": ("manager", "/learned/others/"),
    "averages": ("analyst", "/learned/averages/?show=turned_back.both.neutral.view"),
    "campaigns": ("manager", "/"),
    "campaign": ("manager", "/campaigns/pilot/"),
    "wizard": ("manager", "/campaigns/draft/plan-it/length/"),
    "plan": ("reviewer", "/campaigns/waiting/plan/"),
    "watch": ("manager", "/campaigns/pilot/watch/"),
    "harm": ("manager", "/campaigns/stopped/watch/"),
    "placements": ("manager", "/placements/"),
    "messages": ("reviewer", "/messages/"),
    "words": ("manager", "/messages/scared-and-alone-victim/"),
    "editor": ("manager", "/messages/scared-and-alone-victim/edit/en/"),
    "review": ("reviewer", "/messages/scared-and-alone-victim/9/en/review/"),
    "reviews": ("reviewer", "/reviews/"),
    "help-links": ("manager", "/help-links/"),
    "people": ("administrator", "/people/"),
    "account": ("analyst", "/account/"),
    "record": ("manager", "/audit/"),
    "sign-in": ("stranger", "/sign-in/"),
    "message": ("stranger", "made preview"),
    "help": ("stranger", "/m/quiet-page/po"),
    "arabic": ("stranger", "/m/arabic-page/?locale=ar"),
    "partner": ("stranger", "drawn partner"),
    "hidden": ("analyst", "/campaigns/few/results/"),
    "withheld": ("analyst", "/campaigns/broken/results/"),
    "no-look": ("analyst", "/campaigns/arabic/results/"),
    "not-found": ("manager", "/nothing-here/"),
    "forbidden": ("no role", "/"),
    "fault": ("stranger", "drawn 500"),
}
IN_README = ("results-desk-light", "messages-desk-dark", "message-phone-light")
QUALITY = 82
Scheme = Literal["light", "dark"]


@contextmanager
def site() -> Iterator[tuple[str, dict[str, Any]]]:
    """Run an installation with the data of tests/browser/cast.py."""
    with (
        tempfile.TemporaryDirectory(prefix="second-thought-pictures-") as directory,
        new_installation(Path(directory), {"LOCAL_HTTP": "1"}) as environment,
    ):
        cast = run(environment, "tests.browser.cast:build")
        with launcher.run_server(launcher.PRODUCTION_APPLICATION, environment=environment) as url:
            yield url, cast


def take(
    browser: Browser, url: str, cast: dict[str, Any], name: str, *, phone: bool, scheme: Scheme, whole: bool
) -> bytes:
    """Take one picture, of the visible part or of the whole page."""
    role, location = PICTURES[name]
    kind, _, key = location.partition(" ")
    address = {"made": cast["made"].get(key), "drawn": f"/drawn/{key}/"}.get(kind, location)
    with browser.new_context(
        viewport=PHONE if phone else DESK, color_scheme=scheme, reduced_motion="reduce"
    ) as context:
        cookies = cast["cookies"].get(role, {})
        context.add_cookies([{"name": cookie, "value": cookies[cookie], "url": url} for cookie in cookies])
        page = context.new_page()
        policy = {} if key == "partner" else {"Content-Security-Policy": middleware.STAFF_CSP}
        page.route(
            "**/drawn/*/",
            lambda route: route.fulfill(
                body=cast["drawn"][key], content_type="text/html; charset=utf-8", headers=policy
            ),
        )
        page.goto(f"{url}{address}", wait_until="networkidle")
        page.evaluate("document.fonts.ready")
        capture = {"format": "webp", "quality": QUALITY, "captureBeyondViewport": whole}
        if whole:
            size = page.evaluate("[document.documentElement.clientWidth, document.documentElement.scrollHeight]")
            capture["clip"] = {"x": 0, "y": 0, "width": size[0], "height": min(size[1], 16_000), "scale": 1}
        picture = context.new_cdp_session(page).send("Page.captureScreenshot", capture)
        return base64.b64decode(picture["data"])


def main() -> None:
    """Take all pictures, or the named ones."""
    parser = argparse.ArgumentParser(prog="python -m tests.screenshots", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(PICTURES)}; all if none is named")
    parser.add_argument("--whole", action="store_true", help="the whole page, not only what the window shows")
    options = parser.parse_args()
    folder, readme_folder = ROOT / "var" / "pictures", ROOT / "docs" / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    with site() as (url, cast), chromium() as browser:
        for name in options.names or PICTURES:
            for phone, width in ((False, "desk"), (True, "phone")):
                for scheme in ("light", "dark"):
                    picture = folder / f"{name}-{width}-{scheme}.webp"
                    picture.write_bytes(take(browser, url, cast, name, phone=phone, scheme=scheme, whole=options.whole))
    if not options.whole:
        for stem in IN_README:
            if (folder / f"{stem}.webp").exists():
                shutil.copyfile(folder / f"{stem}.webp", readme_folder / f"{stem}.webp")
    sys.stdout.write(
        f"Pictures are in {folder.relative_to(ROOT)}; the README's in {readme_folder.relative_to(ROOT)}.\n"
    )


if __name__ == "__main__":
    main()
