"""Simulate visitors over HTTP whose behaviour is known, so that estimates can be compared with the truth."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from html import escape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

import urllib3


@dataclass(frozen=True, slots=True)
class Behaviour:
    """The true behaviour of visitors who are served one arm. Each number is a probability."""

    turn_back: float
    see: float = 0.92
    answer: float = 0.85  # of those who do not turn back; the others close the tab without pressing Continue
    help_self: float = 0.012
    help_affected: float = 0.006
    annoyed: float = 0.03
    give_rating: float = 0.10


@dataclass(frozen=True, slots=True)
class SimulatedVisitor:
    """One visitor: the seed of their decisions, and how they come."""

    seed: int
    placement: str
    without_javascript: bool


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """The words and the receipt that one visitor received."""

    words: str
    receipt: str


def visitors(count: int, *, placements: Sequence[str], seed: int) -> Iterator[SimulatedVisitor]:
    """Yield `count` visitors spread over the placements, one in ten of them without JavaScript."""
    source = random.Random(seed)
    for _ in range(count):
        yield SimulatedVisitor(source.getrandbits(48), source.choice(placements), source.random() < 0.1)


def simulate_outcomes(source: random.Random, behaviour: Behaviour) -> list[tuple[str, int | None]]:
    """Return the outcomes of one visitor in order; none if the message is never seen."""
    if source.random() >= behaviour.see:
        return []
    outcomes: list[tuple[str, int | None]] = [("exposed", None)]
    if source.random() < behaviour.give_rating:
        outcomes.append(("rating", source.choice((1, 2, 3, 3, 4, 4, 5))))
    if source.random() < behaviour.annoyed:
        outcomes.append(("annoyed", None))
    if source.random() < behaviour.help_self:
        outcomes.append(("help_self", None))
    if source.random() < behaviour.help_affected:
        outcomes.append(("help_affected", None))
    outcomes.append(("dwell", source.choice((1, 2, 2, 3, 3, 4))))
    if source.random() < behaviour.turn_back:
        outcomes.append(("left", None))
    elif source.random() < behaviour.answer:
        outcomes.append(("continued", None))
    return outcomes


class VisitSimulator:
    """Send visitors through a running site over HTTP."""

    def __init__(self, base_url: str, behaviours: Mapping[str, Behaviour], *, threads: int = 8) -> None:
        self._base = base_url.rstrip("/")
        self._behaviours = behaviours  # by words, because the reply does not name the arm
        self._threads = threads
        self._http = urllib3.PoolManager(
            maxsize=threads, retries=False, timeout=30.0, headers={"User-Agent": "Mozilla/5.0 (a rehearsal)"}
        )

    def run(self, group: Sequence[SimulatedVisitor], *, on_visit_done: Callable[[], object]) -> None:
        """Simulate every visit and call `on_visit_done` after each."""
        with ThreadPoolExecutor(self._threads) as pool:
            for _ in pool.map(self.run_visit, group):
                on_visit_done()

    def run_visit(self, visitor: SimulatedVisitor) -> None:
        """Simulate one visit, from the message to the last outcome."""
        source = random.Random(visitor.seed)
        if visitor.without_javascript:
            served = self._get_hosted_page(visitor.placement)
            for outcome, value in simulate_outcomes(source, self._behaviours[served.words]):
                self._submit_form(visitor.placement, served.receipt, outcome, value)
        else:
            served = self._decide(visitor.placement)
            outcomes = simulate_outcomes(source, self._behaviours[served.words])
            for batch in (outcomes[:1], outcomes[1:]):
                if batch:
                    self._send_events(served.receipt, batch)

    def _decide(self, placement: str) -> ReceivedMessage:
        answer = self._post_json("/api/v1/decide", {"placement": placement})
        page = HostedPageParser()
        page.feed(f'<h1>{escape(answer["message"]["headline"])}</h1><div class="body">{answer["message"]["body_html"]}')
        return ReceivedMessage(page.words, answer["receipt"])

    def _send_events(self, receipt: str, outcomes: Sequence[tuple[str, int | None]]) -> None:
        events = [
            {"receipt": receipt, "outcome": outcome} | ({} if value is None else {"value": value})
            for outcome, value in outcomes
        ]
        answer = self._post_json("/api/v1/events", events)
        if answer["accepted"] != len(events):
            raise RuntimeError(f"of {len(events)} events only {answer['accepted']} were accepted")

    def _post_json(self, path: str, value: object) -> Any:
        reply = self._http.request("POST", self._base + path, json=value)
        if reply.status != 200:
            raise RuntimeError(f"{path} answered {reply.status}: {reply.data[:200]!r}")
        return reply.json()

    def _get_hosted_page(self, placement: str) -> ReceivedMessage:
        reply = self._http.request("GET", f"{self._base}/m/{placement}/")
        if reply.status != 200:
            raise RuntimeError(f"the hosted page answered {reply.status}")
        page = HostedPageParser()
        page.feed(reply.data.decode())
        return ReceivedMessage(page.words, page.receipt)

    def _submit_form(self, placement: str, receipt: str, outcome: str, value: int | None) -> None:
        if outcome == "dwell":
            return  # Time on screen is not measured without JavaScript.
        if outcome == "exposed":
            query = urlencode({"receipt": receipt})
            reply = self._http.request("GET", f"{self._base}/m/{placement}/seen.gif?{query}")
        else:
            fields = {"receipt": receipt, "rating" if outcome == "rating" else "outcome": str(value or outcome)}
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            url = f"{self._base}/m/{placement}/"
            reply = self._http.request("POST", url, body=urlencode(fields), headers=headers, redirect=False)
        if reply.status not in (200, 303):
            raise RuntimeError(f"the hosted page answered {reply.status} to {outcome}")


class HostedPageParser(HTMLParser):
    """Extract the words and the receipt from a hosted page."""

    def __init__(self) -> None:
        super().__init__()
        self.receipt, self._parts, self._in_words = "", [""], False

    @property
    def words(self) -> str:
        """The headline and the body, with one space between words."""
        return words_of(*self._parts)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self._in_words = self._in_words or tag == "h1" or values.get("class") == "body"
        self._parts.append("")
        if tag == "input" and values.get("name") == "receipt":
            self.receipt = values.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag in ("h1", "div"):
            self._in_words = False

    def handle_data(self, data: str) -> None:
        if self._in_words:
            self._parts[-1] += data


def words_of(*parts: str) -> str:
    """The words of a headline and a body with one space between them."""
    return " ".join(" ".join(parts).split())
