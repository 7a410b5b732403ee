"""Sizes tell nothing: count the bytes on the wire, both ways, of everything that one visitor can be shown or can press.

As controls, the run must meet several messages and redirects to several pages.
"""

from __future__ import annotations

import json
import re
import socket
from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass, field
from itertools import product
from typing import Any
from urllib.parse import urlencode

from benchmarks.installation import ORIGIN
from campaign.outcomes import RECORDED_OUTCOMES
from campaign.serving.page_paths import PAGES, page_path
from tests.fuzz import wire
from tests.trust.bench import Bench
from tests.trust.result import Result
from tests.trust.site import EMBEDDED, HOSTED, TABS
from tests.trust.visitors import DECIDE, EVENTS

_LANGUAGES = ("en", "es", "ar")
_AGENTS = ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0)", "Googlebot/2.1 (+http://www.google.com/bot.html)")
_WAYS = (*({"User_Agent": agent} for agent in _AGENTS), {"Sec_GPC": "1"})
_PAUSE_AN_ARM = """
from django.utils import timezone
from campaign.lifecycle import arm_pauses
from campaign.models import Campaign
arm = Campaign.objects.filter(placements__key={placement!r}).get().arms.filter(is_control=False).first()
arm_pauses.pause_arm(arm, reason="Too many people said that it annoyed them.", now=timezone.now())
"""


@dataclass
class _Wire:
    """Sends requests and counts bytes: of paths and bodies that a visitor's browser sends, and of whole replies."""

    port: int
    sent: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    received: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    count: int = 0

    def exchange(self, request: str, reply: str, method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
        """Send one request and return its reply as it came; `request` and `reply` name what has to look alike."""
        data = wire.request(method, path, {name.replace("_", "-"): value for name, value in headers.items()}, body)
        received = b""
        with closing(socket.create_connection(("127.0.0.1", self.port), timeout=20)) as line:
            line.sendall(data)
            while piece := line.recv(65_536):
                received += piece
        self.count += 1
        self.sent[request].add(len(path) + len(body))
        self.received[reply].add(len(received))
        return received


def check(bench: Bench) -> Result:
    """Ask for every arm and page, press every button, in every language and way, and compare the bytes."""
    rounds = bench.scaled(150, 40)
    with bench.site() as made:
        made.shell(_PAUSE_AN_ARM.format(placement=EMBEDDED))
        made.start()
        line = _Wire(made.port)
        texts = _ask_for_messages(line, rounds)
        targets = _press_buttons(line)
        _open_pages(line)
        _report_events(line)
    differ = {
        f"{kind}, {side}": sorted(lengths)
        for side, by_kind in (("sent", line.sent), ("received", line.received))
        for kind, lengths in by_kind.items()
        if len(lengths) > 1
    }
    broken = [f"{kind}: {len(lengths)} lengths, {lengths[0]} to {lengths[-1]}" for kind, lengths in differ.items()]
    broken += [] if len(texts) > 2 else [f"only {len(texts)} messages were met"]
    broken += [] if len(targets) >= len(PAGES) else [f"only {len(targets)} pages were led to"]
    return Result(
        n=(
            f"{line.count:,} requests of {len(line.received)} kinds: {len(texts)} messages, one arm paused, "
            f"{len(targets)} buttons, {len(_LANGUAGES)} languages, counted and not"
        ),
        figure=f"kinds with more than one length {len(differ)}",
        broken=tuple(broken),
    )


def _ask_for_messages(line: _Wire, rounds: int) -> set[str]:
    """Ask the API and the hosted page for messages, and return their texts."""
    texts = set()
    asked = _pad({"placement": EMBEDDED, "locale": "en"})
    for number in range(rounds):
        way = _WAYS[number % len(_WAYS)]
        reply = line.exchange("the embed", "a message", "POST", DECIDE, asked, Origin=ORIGIN, **way)
        message = _json(reply)["message"]
        texts.add(f"{message['headline']} {message['body_html']}")  # texts of one set have one headline
        page = line.exchange("a message's page", "", "GET", f"/m/{HOSTED}/", b"", **way)
        line.received[f"a page in {_language(page)}"].add(len(page))
        receipt = "new"
        for _ in range(2):
            tab = _pad({"placement": TABS, "session": receipt})
            receipt = (
                _json(line.exchange("the embed", "a tab's message", "POST", DECIDE, tab, **way))["receipt"] or "new"
            )
    line.received.pop("")
    return texts


def _press_buttons(line: _Wire) -> set[str]:
    """Submit the form of the hosted page as it stands there, with each button, and return where they lead."""
    targets = set()
    receipt = ""
    while not receipt:  # an arm is paused
        page = line.exchange("a message's page", "a page in en", "GET", f"/m/{HOSTED}/").decode()
        receipt = re.findall(r'name="receipt" value="([^"]*)"', page)[0]
    for language in _LANGUAGES:
        for name, value in re.findall(r'<button[^>]* name="(\w+)" value="([^"]*)"', page):
            form, path = urlencode({"receipt": receipt, name: value}).encode(), f"/m/{HOSTED}/?locale={language}"
            reply = line.exchange(f"a form in {language}", f"a pressed button in {language}", "POST", path, form)
            targets.add(re.findall(rb"(?i)location: ([^\r]*)", reply)[0].decode())
    return targets


def _open_pages(line: _Wire) -> None:
    for language, page in product(_LANGUAGES, PAGES):
        path = page_path(HOSTED, page, language)
        line.exchange(f"a page in {language}", f"a page in {language}", "GET", path, Accept_Language=language)


def _report_events(line: _Wire) -> None:
    """Report all outcomes as our scripts do."""
    asked = _pad({"placement": EMBEDDED})
    for (key, outcome), way in product(RECORDED_OUTCOMES.items(), _WAYS):
        receipt = ""
        while not receipt:  # an arm is paused
            receipt = _json(line.exchange("the embed", "a message", "POST", DECIDE, asked, Origin=ORIGIN))["receipt"]
        for value in outcome.values or (None,):
            event = {"receipt": receipt, "outcome": key, **({} if value is None else {"value": value})}
            line.exchange("the embed", "a stored event", "POST", EVENTS, _pad(event), Origin=ORIGIN, **way)


def _language(page: bytes) -> str:
    return str(re.findall(rb'<html lang="(\w+)', page)[0].decode())


def _pad(value: object) -> bytes:
    """JSON as our scripts send it."""
    return json.dumps(value).encode().ljust(256)


def _json(reply: bytes) -> Any:
    return json.loads(reply.partition(b"\r\n\r\n")[2])
