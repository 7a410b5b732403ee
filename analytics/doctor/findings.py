"""PURE  Judge what was measured: each finding is fine, leaks or unknown, with advice for the operator."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class FindingState(StrEnum):
    """The result of one check."""

    FINE = "fine"
    LEAKS = "leaks"
    UNKNOWN = "could not check"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check, and what to do about it."""

    subject: str
    state: FindingState
    said: str
    do: str = ""


def fine(subject: str, said: str) -> Finding:
    return Finding(subject, FindingState.FINE, said)


def leaks(subject: str, said: str, do: str) -> Finding:
    return Finding(subject, FindingState.LEAKS, said, do)


def unknown(subject: str, said: str, do: str) -> Finding:
    return Finding(subject, FindingState.UNKNOWN, said, do)


@dataclass(frozen=True, slots=True)
class ProbeReply:
    """The reply to one kind of request. `status` is 0 if there was none; header names are in lower case."""

    kind: str
    status: int
    headers: tuple[tuple[str, str], ...] = ()
    is_audience: bool = False
    is_asset: bool = False

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key == name), None)


# Headers that tell visits apart, or reveal a cache or another provider in between.
_NUMBERED = ("traceparent", "x-amzn-trace-id", "x-correlation-id", "x-request-id", "x-trace-id")
_IDENTIFYING_HEADERS = {
    **dict.fromkeys(_NUMBERED, "each request gets a number"),
    **dict.fromkeys(("age", "x-cache"), "a cache answers"),
    "cf-ray": "a delivery network is in between",
    "via": "another proxy is in between",
}


def reply_findings(answers: Sequence[ProbeReply], *, tls: bool) -> list[Finding]:
    """Check the headers of replies: nothing may be stored on a device or identify a visit."""
    came = [answer for answer in answers if answer.status]
    audience = [answer for answer in came if answer.is_audience]
    if not audience:
        return [unknown("replies", "The server did not answer.", "Start it and check the address.")]
    own = [answer for answer in audience if not answer.is_asset]
    cookies = _kinds(audience, "set-cookie")
    validators = _kinds(audience, "etag") | _kinds(audience, "last-modified")
    kept = {answer.kind for answer in own if "no-store" not in (answer.header("cache-control") or "")}
    marked = {why for answer in came for name, _ in answer.headers if (why := _IDENTIFYING_HEADERS.get(name))}
    # Pages are compressed by us, and filled up to one length afterwards.
    compressed = _kinds([r for r in own if "html" not in (r.header("content-type") or "")], "content-encoding")
    versions = {server for answer in came if re.search(r"\d", server := answer.header("server") or "")}
    proxy = "Let the proxy pass headers on unchanged."
    mark = "A visitor gets an ETag or a date that marks its device"
    found = [
        _judge("no cookie", cookies, "A visitor gets a cookie", "Find out who sets it: the application never does."),
        _judge("no validator", validators, mark, "Let the proxy hide it."),
        _judge("no cache", kept, "Caches may keep a reply: no-store is missing", proxy),
        _judge("no number", marked, "Replies differ between visits", "Switch it off in the proxy in front."),
        _judge("no compression", compressed, "Reply sizes reveal which message was shown", "nginx: gzip off."),
        _judge("no version", versions, "Replies name a version", "nginx: server_tokens off."),
    ]
    if tls:
        bare = {answer.kind for answer in own if answer.header("strict-transport-security") is None}
        found += [_judge("HSTS", bare, "A browser is not told to stay with TLS", "Set it as deploy/nginx.conf does.")]
    return found


def transport_findings(
    *, tls: bool, certificate_problem: str, plain_http_reply: ProbeReply | None, token: str
) -> list[Finding]:
    """Check that the certificate is trusted, and that plain HTTP redirects to https without the query."""
    if not tls:
        return [leaks("TLS", "The address uses plain HTTP, so anyone in between can read it.", "Use an https address.")]
    found = [
        leaks(
            "TLS",
            f"A browser would not trust the certificate: {certificate_problem}",
            "Renew it (docs/operations.md, nginx).",
        )
        if certificate_problem
        else fine("TLS", "The certificate is valid for this name.")
    ]
    if plain_http_reply is None or not plain_http_reply.status:
        return [*found, fine("plain HTTP", "Plain HTTP is not answered.")]
    to = plain_http_reply.header("location") or ""
    if plain_http_reply.status not in (301, 302, 307, 308) or not to.startswith("https://"):
        said = f"Plain HTTP is answered with {plain_http_reply.status} instead of a redirect."
        return [*found, leaks("plain HTTP", said, "Redirect as deploy/nginx.conf does.")]
    if f"?q={token}" in to:
        said = "The redirect to https keeps the query, which may contain a receipt."
        return [*found, leaks("plain HTTP", said, "Redirect as deploy/nginx.conf does.")]
    return [*found, fine("plain HTTP", "It redirects to https, without the query.")]


def search_finding(place: str, hits: Iterable[tuple[str, str]]) -> Finding:
    """Report which canaries a place holds, and in which form."""
    if not (found := sorted(set(hits))):
        return fine(place, "No mark found.")
    marks = sorted({name for name, _ in found})
    said = f"Contains what was sent: {', '.join(marks)} ({found[0][1]})."
    return leaks(place, said, "Switch this log off for visitors, as deploy/ does, and delete its contents.")


def settings_findings(*, debug: bool, local_http: bool, behind_proxy: bool) -> list[Finding]:
    """Check that settings for development are off."""
    found = [
        leaks("DEBUG", "It is on, so errors show requests and paths are logged.", "Remove DEBUG from the environment.")
        if debug
        else fine("DEBUG", "Off."),
        leaks("LOCAL_HTTP", "It is on, so staff cookies travel without TLS.", "Remove LOCAL_HTTP from the environment.")
        if local_http
        else fine("LOCAL_HTTP", "Off."),
    ]
    if not behind_proxy:
        said = "It is off, so staff pages redirect endlessly behind a proxy."
        found.append(unknown("BEHIND_TLS_PROXY", said, "Set it to 1 if nginx is in front."))
    return found


def permission_finding(kind: str, modes: Mapping[str, int] | None) -> Finding:
    """Check that only the owner may read these files; `modes` is None if they could not be read."""
    if modes is None:
        return unknown(kind, "They could not be read.", "Run this as the server's user: sudo second-thought doctor …")
    if open_ones := sorted(f"{path} ({mode:04o})" for path, mode in modes.items() if mode & 0o077):
        return leaks(kind, f"Others may read {_join_first(open_ones)}.", "chmod go-rwx, and UMask=0077 in the unit.")
    return fine(kind, f"Only their owner may read them ({len(modes)} checked).")


_LOG_DIRECTIVE = re.compile(r"^[ \t]*(access_log|error_log)\s+([^;]+);", re.M)


def nginx_findings(files: Mapping[str, str] | None) -> list[Finding]:
    """Check the log directives of nginx, which also cover errors that the probes did not cause."""
    do = "Use deploy/nginx.conf; on a machine with other sites, give this one an nginx of its own."
    if not files:
        return [unknown("nginx's settings", "No configuration could be read.", "Name the proxy's logs with --log.")]
    said = [
        (kind, rest.split(), file)
        for file, text in files.items()
        for kind, rest in _LOG_DIRECTIVE.findall(re.sub(r"#.*", "", text))
    ]
    access = [f"{rest[0]} in {file}" for kind, rest, file in said if kind == "access_log" and rest != ["off"]]
    errors = [
        f"{rest[0]} in {file}"
        for kind, rest, file in said
        if kind == "error_log" and not (rest[0] == "/dev/null" or rest[-1] == "emerg")
    ]
    silent = {kind for kind, _, _ in said}
    for kind, named in (("access_log", access), ("error_log", errors)):
        if kind not in silent:
            named.append(f"the default, since no {kind} is set")
    return [
        _judge("nginx access_log", set(access), "nginx logs every request", do),
        _judge("nginx error_log", set(errors), "nginx logs addresses and requests with errors", do),
    ]


def machine_findings(
    *, core_limits: Mapping[str, int], swaps: Sequence[str], swap_forbidden: bool | None
) -> list[Finding]:
    """Check that the memory of a running server cannot reach a disk."""
    do = "Use the units in deploy/."
    if not core_limits:
        found = [unknown("core dumps", "No running server or worker was found.", "Run this on the server's machine.")]
    else:
        dumping = {f"process {pid}" for pid, limit in core_limits.items() if limit}
        found = [_judge("core dumps", dumping, "A crash would write requests to a disk", do)]
    written = [swap for swap in swaps if not swap.startswith(("/dev/zram", "/dev/dm-"))]
    names = _join_first(written)
    if not written:
        found.append(fine("swap", "None is written unencrypted."))
    elif swap_forbidden:
        found.append(fine("swap", "The server may not use it."))
    elif swap_forbidden is None:
        found.append(unknown("swap", f"{names} is on. Whether the server may use it could not be determined.", do))
    else:
        found.append(leaks("swap", f"Requests in memory may be written to {names}.", f"{do} Or swapoff."))
    return found


def unused_database_finding(contents: Mapping[str, str]) -> Finding:
    """Check that no database file is left that the installation does not use; `contents` says what each file holds."""
    subject = "old databases"
    if not contents:
        return fine(subject, "There are none in the directories of this installation.")
    said = _join_first([f"{path} ({held})" for path, held in sorted(contents.items())])
    do = "manage.py move_audience counts the views of an old database and wipes it; see docs/operations.md."
    return leaks(subject, f"Not in use, and nothing in them is ever deleted: {said}.", do)


def forgetting_finding(*, worker: str, lag_hours: int | None) -> Finding:
    """Check that views are folded in time; `lag_hours` is None if the audience database is away."""
    if lag_hours is None:
        return unknown("forgetting", "The audience database cannot be reached.", "Start it.")
    if lag_hours > 1:
        return leaks("forgetting", f"Views of {lag_hours} hours ago are still there.", "Start the worker.")
    if worker != "ok":
        return leaks("forgetting", f"The worker is {worker}: views are kept until it works.", "See /health/ready.")
    return fine("forgetting", "The worker counts and deletes views in time.")


def _kinds(answers: Iterable[ProbeReply], header: str) -> set[str]:
    return {answer.kind for answer in answers if answer.header(header) is not None}


def _judge(subject: str, found: set[str], said: str, do: str) -> Finding:
    return leaks(subject, f"{said}: {_join_first(sorted(found))}.", do) if found else fine(subject, "As it should be.")


def _join_first(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
