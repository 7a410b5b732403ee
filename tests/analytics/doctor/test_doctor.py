"""What the doctor makes of what it sees: each fault turns its own line red, and a clean installation none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import connections

from analytics.doctor import canaries, findings, places, surroundings
from analytics.doctor.findings import Answer, Finding, State

GOOD = Answer(
    "a message",
    200,
    (("cache-control", "no-store"), ("server", "nginx"), ("strict-transport-security", "max-age=31536000")),
    audience=True,
)
SHIPPED = Path(__file__).resolve().parents[3] / "deploy" / "nginx.conf"


def red(found: Sequence[Finding]) -> list[str]:
    return [finding.subject for finding in found if finding.state == State.LEAKS]


def test_good_replies_are_fine() -> None:
    found = findings.of_answers([GOOD], tls=True)
    assert len(found) == 6
    assert {finding.state for finding in found} == {State.FINE}


@pytest.mark.parametrize(
    ("header", "line"),
    [
        (("set-cookie", "visitor=1"), "no cookie"),
        (("etag", '"5ec0"'), "no validator"),
        (("last-modified", "Wed, 25 Nov 2026 00:00:00 GMT"), "no validator"),
        (("x-request-id", "5ec0"), "no number"),
        (("cf-ray", "5ec0"), "no number"),
    ],
)
def test_a_header_that_marks_a_visitor_leaks(header: tuple[str, str], line: str) -> None:
    assert red(findings.of_answers([GOOD, replace(GOOD, headers=(*GOOD.headers, header))], tls=True)) == [line]


@pytest.mark.parametrize(
    ("missing", "line"), [("cache-control", "no cache"), ("strict-transport-security", "HSTS"), ("server", None)]
)
def test_a_header_that_protects_is_missed(missing: str, line: str | None) -> None:
    bare = replace(GOOD, headers=tuple(pair for pair in GOOD.headers if pair[0] != missing))
    assert red(findings.of_answers([bare], tls=True)) == ([line] if line else [])


def test_a_version_is_a_leak_and_silence_is_not_known() -> None:
    named = replace(GOOD, headers=(*(p for p in GOOD.headers if p[0] != "server"), ("server", "nginx/1.22.1")))
    assert red(findings.of_answers([named], tls=True)) == ["no version"]
    assert [finding.state for finding in findings.of_answers([replace(GOOD, status=0)], tls=True)] == [State.UNKNOWN]


def test_staff_pages_may_have_cookies() -> None:
    staff = Answer("a staff page", 302, (("set-cookie", "csrftoken=1"),))
    assert red(findings.of_answers([GOOD, staff], tls=True)) == []


@pytest.mark.parametrize(
    ("plain", "line"),
    [
        (Answer("plain", 308, (("location", "https://thought.example.org/x"),)), []),
        (None, []),
        (Answer("plain", 308, (("location", "https://thought.example.org/x?q=mark"),)), ["plain HTTP"]),
        (Answer("plain", 200), ["plain HTTP"]),
        (Answer("plain", 301, (("location", "http://thought.example.org/x"),)), ["plain HTTP"]),
    ],
)
def test_plain_http_leads_to_https_without_the_query(plain: Answer | None, line: list[str]) -> None:
    assert red(findings.of_transport(tls=True, problem="", plain=plain, token="mark")) == line


def test_no_tls_and_a_certificate_that_is_not_trusted_leak() -> None:
    assert red(findings.of_transport(tls=False, problem="", plain=None, token="mark")) == ["TLS"]
    assert red(findings.of_transport(tls=True, problem="certificate has expired", plain=None, token="m")) == ["TLS"]


def test_the_settings_of_a_laptop_leak() -> None:
    assert red(findings.of_application(debug=True, local_http=False, behind_proxy=True)) == ["DEBUG"]
    assert red(findings.of_application(debug=False, local_http=True, behind_proxy=True)) == ["LOCAL_HTTP"]
    assert red(findings.of_application(debug=False, local_http=False, behind_proxy=True)) == []


def test_a_file_that_others_may_read_is_named(tmp_path: Path) -> None:
    key = tmp_path / "receipt-001.key"
    key.touch(mode=0o600)
    tmp_path.chmod(0o700)
    assert findings.of_modes("keys", places.modes([tmp_path])).state == State.FINE
    key.chmod(0o640)
    finding = findings.of_modes("keys", places.modes([tmp_path]))
    assert finding.state == State.LEAKS
    assert str(key) in finding.said
    assert findings.of_modes("keys", places.modes([tmp_path / "away"])).state == State.UNKNOWN


def test_the_shipped_nginx_is_fine_and_debians_is_not() -> None:
    shipped = SHIPPED.read_text("utf-8")
    assert red(findings.of_nginx({"nginx.conf": shipped})) == []
    loud = shipped.replace("error_log /dev/null emerg;", "error_log /var/log/nginx/error.log crit;")
    assert red(findings.of_nginx({"nginx.conf": loud})) == ["nginx error_log"]
    assert red(findings.of_nginx({"nginx.conf": "http { access_log /var/log/nginx/a.log; }"})) == [
        "nginx access_log",
        "nginx error_log",
    ]
    assert red(findings.of_nginx({"nginx.conf": "http { # access_log off;\n }"})) == [
        "nginx access_log",
        "nginx error_log",
    ]
    assert [finding.state for finding in findings.of_nginx(None)] == [State.UNKNOWN]


def test_memory_that_may_reach_a_disk_leaks() -> None:
    safe = {"12": 0, "13": 0}
    assert red(findings.of_machine(core_limits=safe, swaps=[], no_swap_for_us=None)) == []
    assert red(findings.of_machine(core_limits={**safe, "14": -1}, swaps=[], no_swap_for_us=None)) == ["core dumps"]
    assert red(findings.of_machine(core_limits=safe, swaps=["/swapfile"], no_swap_for_us=False)) == ["swap"]
    assert red(findings.of_machine(core_limits=safe, swaps=["/swapfile"], no_swap_for_us=True)) == []
    assert red(findings.of_machine(core_limits=safe, swaps=["/dev/zram0"], no_swap_for_us=False)) == []
    assert findings.of_machine(core_limits={}, swaps=[], no_swap_for_us=None)[0].state == State.UNKNOWN


@pytest.mark.parametrize(
    ("report", "state"),
    [
        (None, State.UNKNOWN),
        ({"fold_lag_hours": 0, "worker": {"status": "ok"}}, State.FINE),
        ({"fold_lag_hours": 4, "worker": {"status": "ok"}}, State.LEAKS),
        ({"fold_lag_hours": 0, "worker": {"status": "late"}}, State.LEAKS),
        ({"fold_lag_hours": None, "worker": {"status": "ok"}}, State.UNKNOWN),
    ],
)
def test_views_that_are_not_forgotten_leak(report: dict[str, object] | None, state: State) -> None:
    assert findings.of_readiness(report).state == state


def test_only_what_was_added_to_a_log_is_searched(tmp_path: Path) -> None:
    mark = canaries.token()
    sought = [("path", canaries.forms(mark))]
    log = tmp_path / "access.log"
    log.write_text(f"an old line {mark}\n")
    (noted,) = places.before([tmp_path])
    assert places.searched(noted, sought).state == State.FINE
    with log.open("a") as stream:
        stream.write(f"GET /{mark}\n")
    finding = places.searched(noted, sought)
    assert finding.state == State.LEAKS
    assert "path" in finding.said
    (tmp_path / "access.log.1").write_bytes(log.read_bytes())  # a log that was turned over meanwhile
    log.write_text("")
    assert places.searched(noted, sought).state == State.LEAKS


def test_a_mark_across_two_pieces_of_a_large_file_is_found(tmp_path: Path) -> None:
    mark = canaries.token()
    (noted,) = places.before([tmp_path], whole=True)
    (tmp_path / "large").write_bytes(b"x" * ((1 << 22) - 5) + mark.encode())
    assert places.searched(noted, [("path", canaries.forms(mark))]).state == State.LEAKS


def test_what_is_not_there_could_not_be_looked_at(tmp_path: Path) -> None:
    (noted,) = places.before([tmp_path / "away.log"])
    assert places.searched(noted, []).state == State.UNKNOWN


def test_logs_that_nginx_names_are_found(tmp_path: Path) -> None:
    (tmp_path / "nginx.conf").write_text(
        "access_log /srv/a.log combined;\n# access_log /srv/b.log;\nerror_log /dev/null;"
    )
    assert places.named_by_nginx(places.nginx_files(tmp_path)) == [Path("/srv/a.log")]
    assert places.nginx_files(tmp_path / "away") is None


@pytest.mark.only_on("postgresql", reason="asks the server")
@pytest.mark.django_db(databases=["default", "audience"])
def test_a_postgresql_that_logs_statements_is_named_in_its_own_line() -> None:
    assert red(surroundings._databases()) == []
    with connections["audience"].cursor() as cursor:
        cursor.execute("SET LOCAL log_statement = 'all'")
    assert red(surroundings._databases()) == ["PostgreSQL"]
