"""Planted faults inside the processes. Each breaks one promise in the way that a common tool does."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import logging
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from tests.trust.observer import HeaderRewriter, Headers, ObservedRequest, RequestObserver, ignore_request, keep_headers

ServerFault = tuple[RequestObserver, HeaderRewriter]


def plant_in_server(fault: str) -> ServerFault:
    """Plant a fault in a serving process, and return its observer of requests and its rewriter of headers."""
    return _SERVER.get(fault, lambda: (ignore_request, keep_headers))()


def plant_in_worker(fault: str) -> None:
    """Plant this fault in the worker."""
    _WORKER.get(fault, lambda: None)()


def replace_attribute(module: object, name: str, planted: object) -> None:
    """Replace an attribute of a module."""
    getattr(module, name)  # fail if the attribute has moved
    setattr(module, name, planted)


def _stock_logger() -> ServerFault:
    stock = logging.StreamHandler()  # with Python's own format
    logging.getLogger("django.request").setLevel(logging.WARNING)
    logging.getLogger("django.request").addHandler(stock)
    return ignore_request, keep_headers


def _error_mail() -> ServerFault:
    from django.conf import settings
    from django.utils.log import AdminEmailHandler

    settings.ADMINS = [("An administrator", "admin@example.org")]
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(Path(tempfile.gettempdir()) / "mail")
    logging.getLogger("django.request").addHandler(AdminEmailHandler(include_html=True))
    return ignore_request, keep_headers


def _request_id_in_a_row() -> ServerFault:
    from analytics.ingest import open_views

    latest = [""]
    proper = open_views.upsert_views

    def put(connection: Any, views: Any) -> None:
        proper(connection, views)
        for view in views:
            question = f"UPDATE {open_views.TABLE} SET request_id = ? WHERE closes = ? AND nonce = ?"
            connection.connection.execute(question, [latest[0], view.closes, view.nonce])

    replace_attribute(open_views, "upsert_views", put)

    def hear(seen: ObservedRequest) -> None:
        latest[0] = seen.request_id

    return hear, keep_headers


def _shutdown_dump() -> ServerFault:
    visitors: set[tuple[str, str]] = set()

    def dump() -> None:
        path = Path(os.environ["DATA_DIRECTORY"]) / f"visitors-{os.getpid()}.json"
        path.write_text(json.dumps(sorted(visitors)), encoding="utf-8")

    Finalize(None, dump, exitpriority=5)
    return lambda seen: visitors.add((seen.address, seen.agent)), keep_headers


def _query_in_a_redirect() -> ServerFault:
    def answer(seen: ObservedRequest, status: int, headers: Headers) -> Headers:
        return [(name, f"{value}?{seen.query}" if name == "Location" else value) for name, value in headers]

    return ignore_request, answer


def _key_in_an_exception() -> ServerFault:
    log: Any = logging.getLogger("campaign.serving.application")
    proper = log.error
    log.error = lambda *words: proper("%s", sys.exc_info()[1])
    return ignore_request, keep_headers


def _write_notes(note: Callable[[ObservedRequest], str]) -> ServerFault:
    path = Path(tempfile.gettempdir()) / "notes"

    def hear(seen: ObservedRequest) -> None:
        with path.open("a", encoding="ascii") as stream:
            stream.write(f"{note(seen)}\n")

    return hear, keep_headers


def _hashed_visitor(seen: ObservedRequest) -> str:
    """A hash of address and agent, as Umami and Plausible use; shortened and without salt."""
    return hashlib.sha256(f"{seen.address}{seen.agent}".encode()).hexdigest()[:20]


def _address_in_base64(seen: ObservedRequest) -> str:
    return base64.urlsafe_b64encode(json.dumps({"from": seen.address}).encode()).decode()


def _etag() -> ServerFault:
    return ignore_request, lambda seen, status, headers: [
        *headers,
        ("ETag", f'"{hashlib.sha256(seen.path.encode()).hexdigest()}"'),
    ]


def _session_cookie() -> ServerFault:
    return ignore_request, lambda seen, status, headers: [*headers, ("Set-Cookie", "visit=1; Path=/; Max-Age=600")]


def _append_to_scripts(more: bytes) -> Callable[[], ServerFault]:
    """Append code to our scripts."""

    def plant() -> ServerFault:
        from campaign.serving import assets

        proper = assets._contents

        def contents(name: str) -> tuple[bytes, bytes]:
            plain = proper(name)[0] + (more if name.endswith(".js") else b"")
            return plain, gzip.compress(plain)

        replace_attribute(assets, "_contents", contents)
        return ignore_request, keep_headers

    return plant


def _unknown_field_ignored() -> ServerFault:
    from campaign.serving import decide_endpoint

    class Anything(frozenset[str]):
        def __contains__(self, name: object) -> bool:
            return True

    replace_attribute(decide_endpoint, "_FIELDS", Anything())
    return ignore_request, keep_headers


def _mail_as_a_key() -> ServerFault:
    from campaign.assignment import subject_ids

    replace_attribute(subject_ids, "looks_like_contact_detail", lambda key: False)
    return ignore_request, keep_headers


def _ignore_choice() -> ServerFault:
    from campaign.serving import decide_endpoint, hosted_endpoint

    replace_attribute(hosted_endpoint, "has_privacy_signal", lambda *request: False)
    replace_attribute(decide_endpoint, "has_privacy_signal", lambda *request: False)
    return ignore_request, keep_headers


def _ignore_choice_in_events() -> ServerFault:
    from analytics.ingest import endpoint

    replace_attribute(endpoint, "has_privacy_signal", lambda *request: False)
    return ignore_request, keep_headers


def _nonces_in_order() -> ServerFault:
    import itertools
    import time

    from campaign.serving import decision

    numbers = itertools.count(time.time_ns())

    replace_attribute(decision, "fresh_nonce", lambda: next(numbers).to_bytes(8, "big") + os.urandom(8))
    return ignore_request, keep_headers


def _calls_home() -> ServerFault:
    def call() -> None:
        with suppress(OSError):
            urlopen("http://192.0.2.1/version", timeout=1).close()

    threading.Thread(target=call, daemon=True).start()
    return ignore_request, keep_headers


def _unequal_lengths(**lengths: int) -> Callable[[], ServerFault]:
    """Fill replies of one kind up to no length."""

    def plant() -> ServerFault:
        from campaign.serving import snapshot_entries
        from campaign.serving.reply_lengths import reply_lengths as proper

        def unequal(*arguments: Any) -> Any:
            return {language: replace(each, **lengths) for language, each in proper(*arguments).items()}

        replace_attribute(snapshot_entries, "reply_lengths", unequal)
        return ignore_request, keep_headers

    return plant


def _header_for_one_arm() -> ServerFault:
    from campaign.serving import decide_endpoint

    proper, first = decide_endpoint._decision_reply, list[Any]()

    def reply(decision: Any, *arguments: Any) -> Any:
        made = proper(decision, *arguments)
        first.append(decision.rendition)
        if decision.rendition is first[0]:
            made.headers = [*made.headers, ("X-Variant", "a")]
        return made

    replace_attribute(decide_endpoint, "_decision_reply", reply)
    return ignore_request, keep_headers


def _unequal_redirects() -> ServerFault:
    from campaign.serving import hosted_endpoint

    replace_attribute(hosted_endpoint, "_REDIRECT_LENGTH", 0)
    replace_attribute(hosted_endpoint, "page_path", lambda key, page, locale: f"/m/{key}/{page}?locale={locale}")
    return ignore_request, keep_headers


def _count_every_message() -> ServerFault:
    from campaign.serving.network_share import NetworkShares

    replace_attribute(NetworkShares, "count", lambda *_, **named: True)
    return ignore_request, keep_headers


_SERVER: dict[str, Callable[[], ServerFault]] = {
    "stock-logger": _stock_logger,
    "error-mail": _error_mail,
    "request-id-in-a-row": _request_id_in_a_row,
    "shutdown-dump": _shutdown_dump,
    "query-in-a-redirect": _query_in_a_redirect,
    "key-in-an-exception": _key_in_an_exception,
    "hashed-visitor": lambda: _write_notes(_hashed_visitor),
    "address-in-base64": lambda: _write_notes(_address_in_base64),
    "etag": _etag,
    "session-cookie": _session_cookie,
    "storage-on-the-device": _append_to_scripts(b";localStorage.setItem('visit', '1');"),
    "third-party": _append_to_scripts(b";fetch('https://counter.example/hit').catch(() => {});"),
    "unknown-field-ignored": _unknown_field_ignored,
    "mail-as-a-key": _mail_as_a_key,
    "choice-ignored": _ignore_choice,
    "choice-ignored-later": _ignore_choice_in_events,
    "nonces-in-order": _nonces_in_order,
    "calls-home": _calls_home,
    "messages-as-long-as-they-are": _unequal_lengths(message=0),
    "pages-as-long-as-they-are": _unequal_lengths(page=0),
    "a-header-for-one-arm": _header_for_one_arm,
    "redirects-as-long-as-they-are": _unequal_redirects,
    "every-message-counts": _count_every_message,
}


def _fold_without_vacuum() -> None:
    from analytics.ingest import open_views

    replace_attribute(open_views, "compact", lambda: True)


def _fold_without_counting() -> None:
    from analytics.fold import fold

    proper = fold.tally_views

    def tallies(sums: Any, plans: Any) -> Any:
        return proper(list(sums)[1:], plans)

    replace_attribute(fold, "tally_views", tallies)


def _secret_kept() -> None:
    from campaign.lifecycle import secret_destruction

    replace_attribute(secret_destruction, "destroy_subject_secret", lambda directory, campaign: False)


_WORKER: dict[str, Callable[[], None]] = {
    "fold-without-vacuum": _fold_without_vacuum,
    "fold-without-counting": _fold_without_counting,
    "secret-kept": _secret_kept,
}


def names() -> Iterator[str]:
    """The names of the faults that are planted in a process."""
    yield from _SERVER
    yield from _WORKER
