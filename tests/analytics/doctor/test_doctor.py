"""What the doctor makes of what it sees: each fault turns its own line red, and a clean installation none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import connections

from analytics.doctor import canaries, findings, host_checks, log_search
from analytics.doctor.findings import Finding, FindingState, ProbeReply

GOOD = ProbeReply(
    "a message",
    200,
    (("cache-control", "no-store"), ("server", "nginx"), ("strict-transport-security", "max-age=31536000")),
    is_audience=True,
)
SHIPPED = Path(__file__).resolve().parents[3] / "deploy" / "nginx.conf"


def red(found: Sequence[Finding]) -> list[str]:
    return [finding.subject for finding in found if finding.state == FindingState.LEAKS]


def test_good_replies_are_fine() -> None:
    found = findings.reply_findings([GOOD], tls=True)
    assert len(found) == 7
    assert {finding.state for finding in found} == {FindingState.FINE}


@pytest.mark.parametrize(
    ("header", "line"),
    [
        (("set-cookie", "visitor=1"), "no cookie"),
        (("etag", '"5ec0"'), "no validator"),
        (("last-modified", "Wed, 25 Nov 2026 00:00:00 GMT"), "no validator"),
        (("x-request-id", "5ec0"), "no number"),
        (("cf-ray", "5ec0"), "no number"),
        (("content-encoding", "gzip"), "no compression"),
    ],
)
def test_a_header_that_marks_a_visitor_leaks(header: tuple[str, str], line: str) -> None:
    assert red(findings.reply_findings([GOOD, replace(GOOD, headers=(*GOOD.headers, header))], tls=True)) == [line]


@pytest.mark.parametrize(
    ("missing", "line"), [("cache-control", "no cache"), ("strict-transport-security", "HSTS"), ("server", None)]
)
def test_a_header_that_protects_is_missed(missing: str, line: str | None) -> None:
    bare = replace(GOOD, headers=tuple(pair for pair in GOOD.headers if pair[0] != missing))
    assert red(findings.reply_findings([bare], tls=True)) == ([line] if line else [])


def test_a_version_is_a_leak_and_silence_is_not_known() -> None:
    named = replace(GOOD, headers=(*(p for p in GOOD.headers if p[0] != "server"), ("server", "nginx/1.22.1")))
    assert red(findings.reply_findings([named], tls=True)) == ["no version"]
    assert [finding.state for finding in findings.reply_findings([replace(GOOD, status=0)], tls=True)] == [
        FindingState.UNKNOWN
    ]


def test_staff_pages_may_have_cookies() -> None:
    staff = ProbeReply("a staff page", 302, (("set-cookie", "csrftoken=1"),))
    assert red(findings.reply_findings([GOOD, staff], tls=True)) == []


@pytest.mark.parametrize(
    ("plain", "line"),
    [
        (ProbeReply("plain", 308, (("location", "https://thought.example.org/x"),)), []),
        (None, []),
        (ProbeReply("plain", 308, (("location", "https://thought.example.org/x?q=mark"),)), ["plain HTTP"]),
        (ProbeReply("plain", 200), ["plain HTTP"]),
        (ProbeReply("plain", 301, (("location", "http://thought.example.org/x"),)), ["plain HTTP"]),
    ],
)
def test_plain_http_leads_to_https_without_the_query(plain: ProbeReply | None, line: list[str]) -> None:
    assert (
        red(findings.transport_findings(tls=True, certificate_problem="", plain_http_reply=plain, token="mark")) == line
    )


def test_no_tls_and_a_certificate_that_is_not_trusted_leak() -> None:
    assert red(findings.transport_findings(tls=False, certificate_problem="", plain_http_reply=None, token="mark")) == [
        "TLS"
    ]
    assert red(
        findings.transport_findings(
            tls=True, certificate_problem="certificate has expired", plain_http_reply=None, token="m"
        )
    ) == ["TLS"]


def test_the_settings_of_a_laptop_leak() -> None:
    assert red(findings.settings_findings(debug=True, local_http=False, behind_proxy=True)) == ["DEBUG"]
    assert red(findings.settings_findings(debug=False, local_http=True, behind_proxy=True)) == ["LOCAL_HTTP"]
    assert red(findings.settings_findings(debug=False, local_http=False, behind_proxy=True)) == []


def test_a_file_that_others_may_read_is_named(tmp_path: Path) -> None:
    key = tmp_path / "receipt-001.key"
    key.touch(mode=0o600)
    tmp_path.chmod(0o700)
    assert findings.permission_finding("keys", host_checks.file_modes([tmp_path])).state == FindingState.FINE
    key.chmod(0o640)
    finding = findings.permission_finding("keys", host_checks.file_modes([tmp_path]))
    assert finding.state == FindingState.LEAKS
    assert str(key) in finding.said
    assert (
        findings.permission_finding("keys", host_checks.file_modes([tmp_path / "away"])).state == FindingState.UNKNOWN
    )


def test_the_shipped_nginx_is_fine_and_debians_is_not() -> None:
    shipped = SHIPPED.read_text("utf-8")
    assert red(findings.nginx_findings({"nginx.conf": shipped})) == []
    loud = shipped.replace("error_log /dev/null emerg;", "error_log /var/log/nginx/error.log crit;")
    assert red(findings.nginx_findings({"nginx.conf": loud})) == ["nginx error_log"]
    assert red(findings.nginx_findings({"nginx.conf": "http { access_log /var/log/nginx/a.log; }"})) == [
        "nginx access_log",
        "nginx error_log",
    ]
    assert red(findings.nginx_findings({"nginx.conf": "http { # access_log off;\n }"})) == [
        "nginx access_log",
        "nginx error_log",
    ]
    assert [finding.state for finding in findings.nginx_findings(None)] == [FindingState.UNKNOWN]


def test_memory_that_may_reach_a_disk_leaks() -> None:
    safe = {"12": 0, "13": 0}
    assert red(findings.machine_findings(core_limits=safe, swaps=[], swap_forbidden=None)) == []
    assert red(findings.machine_findings(core_limits={**safe, "14": -1}, swaps=[], swap_forbidden=None)) == [
        "core dumps"
    ]
    assert red(findings.machine_findings(core_limits=safe, swaps=["/swapfile"], swap_forbidden=False)) == ["swap"]
    assert red(findings.machine_findings(core_limits=safe, swaps=["/swapfile"], swap_forbidden=True)) == []
    assert red(findings.machine_findings(core_limits=safe, swaps=["/dev/zram0"], swap_forbidden=False)) == []
    assert findings.machine_findings(core_limits={}, swaps=[], swap_forbidden=None)[0].state == FindingState.UNKNOWN


@pytest.mark.parametrize(
    ("worker", "lag", "state"),
    [
        ("ok", 0, FindingState.FINE),
        ("ok", 4, FindingState.LEAKS),
        ("late", 0, FindingState.LEAKS),
        ("ok", None, FindingState.UNKNOWN),
    ],
)
def test_views_that_are_not_forgotten_leak(worker: str, lag: int | None, state: FindingState) -> None:
    assert findings.forgetting_finding(worker=worker, lag_hours=lag).state == state


def test_only_what_was_added_to_a_log_is_searched(tmp_path: Path) -> None:
    mark = canaries.new_canary()
    forms = [("path", canaries.searchable_forms(mark))]
    log = tmp_path / "access.log"
    log.write_text(f"an old line {mark}\n")
    (target,) = log_search.record_sizes([tmp_path])
    assert log_search.search_target(target, forms).state == FindingState.FINE
    with log.open("a") as stream:
        stream.write(f"GET /{mark}\n")
    finding = log_search.search_target(target, forms)
    assert finding.state == FindingState.LEAKS
    assert "path" in finding.said
    (tmp_path / "access.log.1").write_bytes(log.read_bytes())  # a log that was turned over meanwhile
    log.write_text("")
    assert log_search.search_target(target, forms).state == FindingState.LEAKS


def test_a_mark_across_two_pieces_of_a_large_file_is_found(tmp_path: Path) -> None:
    mark = canaries.new_canary()
    (target,) = log_search.record_sizes([tmp_path], from_start=True)
    (tmp_path / "large").write_bytes(b"x" * ((1 << 22) - 5) + mark.encode())
    assert log_search.search_target(target, [("path", canaries.searchable_forms(mark))]).state == FindingState.LEAKS


def test_what_is_not_there_could_not_be_looked_at(tmp_path: Path) -> None:
    (target,) = log_search.record_sizes([tmp_path / "away.log"])
    assert log_search.search_target(target, []).state == FindingState.UNKNOWN


def test_logs_that_nginx_names_are_found(tmp_path: Path) -> None:
    (tmp_path / "nginx.conf").write_text(
        "access_log /srv/a.log combined;\n# access_log /srv/b.log;\nerror_log /dev/null;"
    )
    assert log_search.nginx_log_paths(log_search.read_nginx_configuration(tmp_path)) == [Path("/srv/a.log")]
    assert log_search.read_nginx_configuration(tmp_path / "away") is None


@pytest.mark.only_on("postgresql", reason="asks the server")
@pytest.mark.django_db(databases=["default", "audience"])
def test_a_postgresql_that_logs_statements_is_named_in_its_own_line() -> None:
    assert red(host_checks.database_findings()) == []
    with connections["audience"].cursor() as cursor:
        cursor.execute("SET LOCAL log_statement = 'all'")
    assert red(host_checks.database_findings()) == ["PostgreSQL"]
