"""Take pictures of every page that visitors meet, in every mode: `python -m tests.audience_pictures`.

Sheets with the pages of a mode beside one another go to var/pictures/audience. They are there to be looked at.
"""

from __future__ import annotations

import argparse
import base64
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from benchmarks.process_runner import run
from campaign.entrypoints import launcher
from campaign.outcomes import PAGE_ADDRESSES
from tests.browser.conftest import chromium
from tests.browser.test_embed_hostile import Origin, Reply
from tests.installation import ROOT, new_installation
from tests.translations import TEXTS

FOLDER = ROOT / "var" / "pictures" / "audience"
HOSTED, EMBEDDED = "quiet-page", "partner-page"
PARTNER_PAGE = ROOT / "examples" / "partner" / "index.html"
OPENED = ("help/crisis", "help/self", "help/affected", "help/worried", "about")  # sections of the page of the message
SHEET, GAP, SCALE = 1440, 8, 0.5  # pixels of a sheet, between pages, and how small they are
NARROW_ENOUGH = "innerWidth >= document.documentElement.scrollWidth"


@dataclass(frozen=True, slots=True)
class Mode:
    """A window, the reader's settings and a language."""

    width: int
    height: int
    language: str = "en"
    options: Mapping[str, Any] = field(default_factory=dict)
    media: Mapping[str, Any] = field(default_factory=dict)
    large_text: bool = False


BETWEEN = {412: 915, 480: 853, 540: 720, 600: 960, 768: 1024, 820: 1180, 1024: 768}  # phones that fold, and tablets

MODES = {
    "320": Mode(320, 568),
    "360": Mode(360, 740),
    "390": Mode(390, 844),
    "1280": Mode(1280, 800),
    **{f"{width}": Mode(width, height) for width, height in BETWEEN.items()},
    "landscape": Mode(740, 360),
    "dark": Mode(390, 844, media={"color_scheme": "dark"}),
    "forced-colours": Mode(390, 844, media={"forced_colors": "active"}),
    "forced-colours-dark": Mode(390, 844, media={"forced_colors": "active", "color_scheme": "dark"}),
    "large-text": Mode(390, 844, large_text=True),
    "print": Mode(720, 1000, media={"media": "print"}),
    "arabic": Mode(390, 844, "ar"),
    "arabic-1280": Mode(1280, 800, "ar"),
    "spanish": Mode(360, 740, "es"),
    "no-script": Mode(390, 844, options={"java_script_enabled": False}),
    "in-app": Mode(375, 553),
    "in-app-landscape": Mode(667, 250),
}


@dataclass(frozen=True, slots=True)
class Site:
    """Our server, and a partner's on another origin."""

    url: str
    partner: Origin

    def embed(self, options: str) -> str:
        """The address of the example of a partner's page, whose tag has these options."""
        html = PARTNER_PAGE.read_text(encoding="utf-8").replace("{{ORIGIN}}", self.url)
        html = html.replace("{{PLACEMENT}}", EMBEDDED).replace(" data-target=", f" {options} data-target=")
        self.partner.replies["/"] = Reply(html, kind="text/html; charset=utf-8")
        return self.partner.url


@contextmanager
def site() -> Iterator[Site]:
    """Run an installation whose campaign speaks each language and whose help links are all checked."""
    with (
        closing(Origin()) as partner,
        tempfile.TemporaryDirectory(prefix="second-thought-pictures-") as directory,
        new_installation(Path(directory), {"LOCAL_HTTP": "1"}) as environment,
    ):
        run(environment, "tests.audience_pictures:build", origin=partner.url)
        with launcher.run_server(launcher.PRODUCTION_APPLICATION, environment=environment) as url:
            yield Site(url, partner)


def build(origin: str) -> None:
    """Runs inside an installation: the demo's campaign, its words in every language of the audience."""
    from django.utils import timezone

    from analytics.simulated_visits import demo
    from messages.library import starter_library
    from messages.models import Message, Rendition
    from messages.review import workflow

    now = timezone.now()
    starter_library.load(now=now)
    demo.create_accounts()
    for _, _, key in demo.ARMS:
        revision = Message.objects.get(key=key).revisions.order_by("-number")[0]
        for locale, (headline, body) in TEXTS.items():
            words = Rendition.objects.create(revision=revision, locale=locale, headline=headline, body=body)
            workflow.submit(words, now=now)
            workflow.approve(words, by=None, now=now)
    demo.create_campaign(now=now, origins=[origin], planned_per_arm=1000)


@contextmanager
def tab_in(browser: Browser, mode: Mode) -> Iterator[Page]:
    """A tab in this mode."""
    size = {"width": mode.width, "height": mode.height}
    with browser.new_context(viewport=size, locale=mode.language, reduced_motion="reduce", **mode.options) as context:  # type: ignore[arg-type]
        tab = context.new_page()
        tab.emulate_media(**mode.media)
        if mode.large_text:
            twice = {"standard": 32, "fixed": 26}
            context.new_cdp_session(tab).send("Page.setFontSizes", {"fontSizes": twice})
        yield tab


def pages(site: Site, tab: Page, mode: Mode) -> Iterator[str]:
    """Open each page in turn; yield its name once it stands."""
    home = f"{site.url}/m/{HOSTED}/"

    def opened(address: str) -> None:
        tab.goto(address, wait_until="networkidle")

    has_script = mode.options.get("java_script_enabled", True)
    opened(home)
    yield "message"
    for name in OPENED:
        opened(home if has_script else f"{home}#{PAGE_ADDRESSES[name]}")
        if has_script:
            tab.locator(f"a[href='#{PAGE_ADDRESSES[name]}']").first.click()
        tab.locator(f"#{PAGE_ADDRESSES[name]} details").evaluate_all("all => all.forEach((one) => { one.open = true })")
        yield f"message, {name}"
    for name, address in PAGE_ADDRESSES.items():
        opened(f"{home}{address}?locale={mode.language}")
        tab.locator("details").evaluate_all("all => all.forEach((one) => { one.open = true })")
        yield name
    opened(f"{home}nothing-here?locale={mode.language}")
    yield "unavailable"
    for display in ("inline", "cover") if has_script else ():
        opened(site.embed(f'data-display="{display}" data-locale="{mode.language}"'))
        tab.locator("second-thought h2").wait_for()
        yield f"embed, {display}"


def picture(tab: Page, mode: Mode) -> bytes:
    """The whole page; of a cover or a landscape, what the window shows."""
    client = tab.context.new_cdp_session(tab)
    tab.emulate_media(**mode.media)  # a picture before this one took the print away
    is_covered = tab.locator("second-thought").evaluate_all("all => all.some((one) => one.style.position === 'fixed')")
    is_beyond = not is_covered and not mode.large_text
    if mode.large_text and not is_covered:  # beyond the window the size of text would be the usual one
        tab.set_viewport_size({"width": mode.width, "height": _height(tab)})
        tab.locator("html").evaluate("() => scrollTo(0, 0)")
    clip = {"x": 0, "y": 0, "width": mode.width, "height": mode.height if is_covered else _height(tab), "scale": 1}
    shot = client.send(
        "Page.captureScreenshot", {"format": "webp", "quality": 82, "captureBeyondViewport": is_beyond, "clip": clip}
    )
    tab.set_viewport_size({"width": mode.width, "height": mode.height})
    return base64.b64decode(shot["data"])


def _height(tab: Page) -> int:
    return min(int(tab.locator("html").evaluate("(root) => root.scrollHeight")), 16000)


def sheets(browser: Browser, pictures: Mapping[str, bytes], mode: Mode) -> Iterator[bytes]:
    """All of these with their names, so many to a picture that one can look at it; long pages in pieces."""
    across = SHEET // (round(mode.width * SCALE) + GAP)
    style = f"body {{ margin: 0; width: {SHEET}px; background: #bbb; font: 13px sans-serif }}"
    style += f"figure {{ float: left; margin: 0 {GAP}px 0 0 }} div {{ overflow: hidden; max-height: {SHEET}px }}"
    with browser.new_context(viewport={"width": SHEET, "height": 400}) as context:
        tab = context.new_page()
        pieces = []
        for name, data in pictures.items():
            source = f"data:image/webp;base64,{base64.b64encode(data).decode()}"
            tab.set_content(f"<style>body {{ margin: 0 }}</style><img src='{source}'>")
            size = tab.evaluate("[document.images[0].naturalWidth, document.images[0].naturalHeight]")
            for top in range(0, round(size[1] * SCALE), SHEET):
                image = f"<img src='{source}' width={round(size[0] * SCALE)} style='margin-top: {-top}px'>"
                pieces.append(f"<figure>{name}<div>{image}</div></figure>")
        for first in range(0, len(pieces), across):
            tab.set_content(f"<style>{style}</style>{''.join(pieces[first : first + across])}")
            yield tab.screenshot(full_page=True)


def main() -> None:
    """Take the pictures of all modes, or of the named ones."""
    parser = argparse.ArgumentParser(prog="python -m tests.audience_pictures", description=__doc__)
    parser.add_argument("modes", nargs="*", help=f"of {', '.join(MODES)}; all if none is named")
    names = parser.parse_args().modes or list(MODES)
    FOLDER.mkdir(parents=True, exist_ok=True)
    with site() as made, chromium() as browser:
        for name in names:
            mode, taken = MODES[name], dict[str, bytes]()
            with tab_in(browser, mode) as tab:
                for page in pages(made, tab, mode):
                    taken[page] = picture(tab, mode)
                    if not tab.locator("html").evaluate(f"() => {NARROW_ENOUGH}"):
                        sys.stdout.write(f"{name}: {page} can be scrolled sideways\n")
            for number, sheet in enumerate(sheets(browser, taken, mode), start=1):
                (FOLDER / f"{name}-{number}.png").write_bytes(sheet)
    sys.stdout.write(f"The sheets are in {FOLDER.relative_to(ROOT)}.\n")


if __name__ == "__main__":
    main()
