"""Nothing on the device, no third party: check every integration in a real browser, and every header.

The one integration that stores something must be detected, as a control: with `data-session`, where the plan counts
tabs, the tab keeps its receipt.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page

from analytics.management.commands.demo import PARTNER_PAGE, make_partner_server
from campaign.entrypoints import launcher
from tests.browser.conftest import chromium
from tests.trust.bench import Bench
from tests.trust.result import Result
from tests.trust.site import EMBEDDED, HOSTED, TABS, TrustSite, receipt_keys_of
from tests.trust.visitors import VisitorGroup, VisitReply, visit_everything

_KEPT = """async () => ({
    cookies: document.cookie ? document.cookie.split(";") : [],
    localStorage: Object.keys(localStorage),
    sessionStorage: Object.keys(sessionStorage),
    databases: (await indexedDB.databases()).map((one) => one.name),
    caches: await caches.keys(),
    workers: (await navigator.serviceWorker.getRegistrations()).map((one) => one.scope),
})"""
# The allowed headers of the audience surface: none of them makes a browser store anything but the static files.
_HEADERS = frozenset(
    [
        "access-control-allow-headers",
        "access-control-allow-methods",
        "access-control-allow-origin",
        "access-control-max-age",
        "allow",
        "cache-control",
        "content-length",
        "content-security-policy",
        "connection",  # "close" after a body that was too long
        "content-type",
        "cross-origin-resource-policy",
        "date",
        "location",
        "referrer-policy",
        "server",
        "vary",
        "www-authenticate",
        "x-content-type-options",
        "x-robots-tag",
    ]
)
_TAG = re.compile(r"<script async [^>]*></script>")


@dataclass
class Device:
    """Stored items and contacted hosts."""

    items: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)
    visits: int = 0


def check(bench: Bench) -> Result:
    """Visit by every integration, then check the headers of every kind of reply."""
    ways = bench.scaled(2, 1)
    with bench.site() as made, _partner_pages(made) as pages:
        made.start()
        own = {f"127.0.0.1:{made.port}", *(urlsplit(page).netloc for page in pages.values())}
        with ThreadPoolExecutor(1) as thread:  # Playwright needs a thread of its own
            device, tabs = thread.submit(_visit_in_every_way, made, pages, ways).result()
        group = VisitorGroup.of(2, port=made.port, keys=receipt_keys_of(made))
        group.run_each(visit_everything)
        told = [fault for reply in group.replies if reply.is_audience for fault in _lasting_headers(reply)]
    foreign = sorted(device.hosts - own)
    broken = [*dict.fromkeys(device.items), *(f"{host} was called" for host in foreign), *sorted(set(told))]
    broken += [] if any(TABS in item for item in tabs.items) else ["the receipt that a tab keeps was not seen"]
    return Result(
        n=f"{device.visits} visits by a browser in 6 ways, headers of {len(group.replies):,} replies",
        figure=f"items {len(device.items)}, foreign hosts {len(foreign)}, lasting headers {len(set(told))}",
        broken=tuple(broken),
    )


def _visit_in_every_way(made: TrustSite, pages: dict[str, str], rounds: int) -> tuple[Device, Device]:
    device, tabs = Device(), Device()
    hosted = f"http://127.0.0.1:{made.port}/m/{HOSTED}/"
    with chromium() as browser:
        for number in range(rounds):
            button = ("Leave this page", "Continue")[number % 2]
            for way, address in (("hosted", hosted), ("inline", pages["inline"]), ("cover", pages["cover"])):
                _visit(browser, way, address, button, device)
            _visit(browser, "hosted, asked not to be counted", hosted, button, device, gpc=True)
            _visit(browser, "hosted, without scripts", hosted, button, device, scripts=False)
            _visit(browser, "help", f"{hosted}help/self", "", device)
        _visit(browser, TABS, pages["tabs"], "", tabs)
    return device, tabs


def _visit(
    browser: Browser, way: str, address: str, button: str, device: Device, *, scripts: bool = True, gpc: bool = False
) -> None:
    headers = {"Sec-GPC": "1"} if gpc else {}
    with closing(browser.new_context(java_script_enabled=scripts, extra_http_headers=headers)) as context:
        context.set_default_timeout(30_000)
        page = context.new_page()
        page.on("request", lambda request: device.hosts.add(urlsplit(request.url).netloc))
        page.on("console", lambda line: device.items.append(line.text) if "Security Policy" in line.text else None)
        page.goto(address)
        if way in ("inline", "cover", TABS):
            page.get_by_role("button", name="Leave this page").first.wait_for()
        page.wait_for_timeout(1_300 if scripts else 100)  # time on screen until an exposure
        _record_stored_items(page, way, device, scripts=scripts)
        if button:
            page.get_by_role("button", name=button).first.click()
            page.wait_for_timeout(200)
            _record_stored_items(page, way, device, scripts=scripts)
        page.reload()
        _record_stored_items(page, way, device, scripts=scripts)
        device.visits += 1


def _record_stored_items(page: Page, way: str, device: Device, *, scripts: bool) -> None:
    context = page.context
    state = context.storage_state(indexed_db=True)
    found = [f"cookie {cookie['name']}" for cookie in state["cookies"]]
    found += [f"{origin['origin']} localStorage" for origin in state["origins"]]
    if scripts:
        found += [f"{kind} {name}" for kind, names in page.evaluate(_KEPT).items() for name in names]
    device.items += [f"{item} ({way})" for item in found]


def _lasting_headers(reply: VisitReply) -> Iterator[str]:
    """Headers that make a browser store something or identify it later."""
    names = {name.lower() for name, _ in reply.headers}
    yield from (f"the header {name} of {reply.path.partition('?')[0]}" for name in names - _HEADERS)
    asset = reply.path.startswith(("/static/", "/favicon.ico")) and reply.status < 300
    preflight = "access-control-max-age" in names
    if reply.status and not asset and not preflight and reply.header("Cache-Control") != "no-store":
        yield f"{reply.path.partition('?')[0]} answered {reply.status} and may be cached"


@contextmanager
def _partner_pages(made: TrustSite) -> Iterator[dict[str, str]]:
    """Serve pages of a partner on other origins, each with one variant of the tag."""
    html = PARTNER_PAGE.read_text(encoding="utf-8").replace("{{ORIGIN}}", f"http://127.0.0.1:{made.port}")
    tag = _TAG.search(html)
    assert tag
    whole = tag[0].replace("{{PLACEMENT}}", EMBEDDED)
    tags = {
        "inline": whole,
        "cover": whole.replace("data-target", 'data-display="cover" data-target'),
        "tabs": tag[0].replace("{{PLACEMENT}}", TABS).replace("data-target", "data-session data-target"),
    }
    ports = {name: launcher.free_port() for name in tags}
    origins = [f"http://localhost:{port}" for port in ports.values()]
    made.shell(f"from tests.world import change_places; change_places(allowed_origins={origins!r})")
    servers = [make_partner_server(html.replace(tag[0], tags[name]), port) for name, port in ports.items()]
    for one in servers:
        one.handle_error = lambda *_: None  # type: ignore[method-assign]  # browsers close connections
        threading.Thread(target=one.serve_forever, args=[0.02], daemon=True).start()
    yield {name: f"http://localhost:{port}/" for name, port in ports.items()}
    for one in servers:
        one.shutdown()
        one.server_close()
