"""The benchmarks' own parts, without timing anything: reading /proc, parsing replies, arithmetic, the size goal."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import sys
import threading
from contextlib import closing
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import repeat
from pathlib import Path

import pytest
import urllib3

from benchmarks import embed, events, open_loop, raw_disk, staff_pages, unleash, worker_memory
from benchmarks.__main__ import BENCHMARKS, main
from benchmarks.installation import DECIDE, ROOT
from benchmarks.load import Unexpected, body_of, drive, get, post, reply_size, status_of
from benchmarks.processes import cpu_seconds, family, mapped, read_stat, resident_mib, status_kib, two_cores
from benchmarks.ratio_table import Effort, Line, Ratio, at_least, at_most, in_turns, ratio, speed_lines, table
from campaign.entrypoints import launcher
from tests.waiting import answer_late

REPLY = b"HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 5\r\n\r\nhello"
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def test_the_embed_gzipped_is_as_small_as_its_goal() -> None:
    size = embed.gzipped_size(embed.EMBED.read_bytes())
    assert size <= embed.GOAL
    assert f"| bytes, compressed with gzip | {size:,} |" in (ROOT / "docs/embed.md").read_text(encoding="utf-8")


def test_gzipped_size_is_the_same_every_time() -> None:
    assert embed.gzipped_size(b"a" * 1000) == embed.gzipped_size(b"a" * 1000) < 50


# Processes


def test_a_stat_line_is_read_even_when_the_name_holds_brackets() -> None:
    # The fields as proc(5) numbers them: 4 is the parent, 14 to 17 are utime, stime, cutime, cstime.
    line = "42 (a (b) c) S 7 42 42 0 -1 4194304 100 0 0 0 11 5 3 2 20 0 1 0 100 1000 200"
    found = read_stat(line)
    assert (found.parent, found.ticks, found.ticks_of_dead_children) == (7, 16, 5)


def test_a_family_is_a_process_and_all_below_it() -> None:
    assert family(10, {10: 1, 11: 10, 12: 11, 13: 1, 14: 13}) == {10, 11, 12}


@on_linux
def test_cpu_time_of_a_process_agrees_with_what_python_says() -> None:
    before = sum(os.times()[:4])
    found = cpu_seconds([os.getpid()])
    assert before - 0.05 <= found <= sum(os.times()[:4]) + 0.05


@on_linux
def test_memory_is_read_in_mib() -> None:
    assert status_kib("Name:\tx\nVmHWM:\t   300 kB\nVmRSS:\t   200 kB\n", "VmRSS") == 200
    assert 1 < resident_mib(os.getpid()) < 100_000


@on_linux
def test_a_library_that_is_not_installed_is_not_mapped() -> None:
    assert not mapped(os.getpid(), "no_such_package")


def test_server_and_client_never_share_a_core() -> None:
    server, client = two_cores()
    assert (server is None and client is None) or server != client


# HTTP


def test_the_size_of_a_reply_counts_its_headers_and_body() -> None:
    assert reply_size(REPLY) == len(REPLY)
    assert reply_size(REPLY.replace(b"Content-Length", b"content-length") + b"HTTP/1.1") == len(REPLY)


def test_a_reply_whose_headers_are_still_coming_has_no_size_yet() -> None:
    assert reply_size(REPLY[:20]) is None


def test_a_reply_without_length_is_refused() -> None:
    with pytest.raises(Unexpected):
        reply_size(b"HTTP/1.1 200 OK\r\nServer: x\r\n\r\n")


def test_status_and_body_of_a_reply() -> None:
    assert (status_of(REPLY), body_of(REPLY)) == (200, b"hello")
    with pytest.raises(Unexpected):
        status_of(b"SSH-2.0-x\r\n")


def test_requests_are_what_a_server_understands() -> None:
    assert get("/x") == b"GET /x HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    assert get("/x", cookie="a=b").endswith(b"\r\nCookie: a=b\r\n\r\n")
    head, _, body = post("/x", b'{"a":1}', origin="https://partner.example").partition(b"\r\n\r\n")
    assert b"Content-Length: 7" in head.split(b"\r\n")
    assert b"Origin: https://partner.example" in head.split(b"\r\n")
    assert body == b'{"a":1}'
    assert json.loads(body_of(DECIDE)).keys() == {"placement", "locale"}


@on_linux
@pytest.mark.parametrize("cut", [0, 10, 45])
def test_the_client_counts_each_whole_reply_once(cut: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_answer, args=(listener, REPLY, cut, 3), daemon=True).start()
        load = drive(listener.getsockname()[1], repeat(get("/"), 3), seconds=30, connections=1, keep=True)
    assert (load.replies, load.bodies) == (3, [b"hello"] * 3)


@on_linux
def test_the_client_takes_nothing_but_200() -> None:
    refusal = REPLY.replace(b"200 OK", b"503 Busy")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_answer, args=(listener, refusal, 0, 1), daemon=True).start()
        with pytest.raises(Unexpected, match="503"):
            drive(listener.getsockname()[1], repeat(get("/"), 1), seconds=30, connections=1)


def _answer(listener: socket.socket, reply: bytes, cut: int, times: int) -> None:
    """Serves one connection; each reply leaves in two pieces, cut at `cut`."""
    link, _ = listener.accept()
    with link:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(times):
            link.recv(4096)
            for piece in (reply[:cut], reply[cut:]):
                link.sendall(piece)


@pytest.mark.process
def test_the_yardstick_answers_everything_alike() -> None:
    with launcher.run_server("benchmarks.constant_reply:application", environment={"CONSTANT_BYTES": "14"}) as url:
        answers = [urllib3.request("POST", url + path, body=body) for path, body in (("/a", b"{}"), ("/b?c", b""))]
    assert [(answer.status, len(answer.data)) for answer in answers] == [(200, 14), (200, 14)]


# The timetable


def test_a_timetable_does_not_drift() -> None:
    due = open_loop.timetable(rate=2_000, seconds=20)
    assert (len(due), due[0], due[30_000]) == (40_000, 0.0, 15.0)


@pytest.mark.parametrize(("share", "expected"), [(0.01, 1), (0.5, 50), (0.99, 99), (0.999, 100), (1.0, 100)])
def test_a_percentile_is_one_of_the_values(share: float, expected: int) -> None:
    assert open_loop.percentile(list(range(100, 0, -1)), share) == expected


def test_nothing_has_no_percentile() -> None:
    with pytest.raises(ValueError, match="needs values"):
        open_loop.percentile([], 0.5)


@on_linux
def test_a_stall_is_charged_to_every_request_that_was_due_meanwhile() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_answer_after, args=(listener, 0.2, 20), daemon=True).start()
        port = listener.getsockname()[1]
        timed = open_loop.drive_on_time(port, repeat(get("/")), rate=100, seconds=0.2, connections=1)
    # The first of 20 requests, 10 ms apart, is answered after 0.2 s, and the others at once after it.
    assert len(timed.latencies) == timed.statuses[200] == 20
    assert open_loop.percentile(timed.latencies, 0.5) > 0.08
    assert timed.refused == 0


@on_linux
def test_a_refusal_is_counted_and_does_not_end_the_run() -> None:
    refusal = REPLY.replace(b"200 OK", b"503 Busy")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_answer, args=(listener, refusal, 0, 5), daemon=True).start()
        port = listener.getsockname()[1]
        timed = open_loop.drive_on_time(port, repeat(get("/")), rate=1_000, seconds=0.005, connections=1)
    assert (timed.refused, timed.statuses[503]) == (5, 5)


def _answer_after(listener: socket.socket, seconds: float, times: int) -> None:
    """Serves one connection; the first reply is late."""
    link, _ = listener.accept()
    with link:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for number in range(times):
            link.recv(4096)
            if number == 0:
                answer_late(seconds)
            link.sendall(REPLY)


# Yardsticks


def test_a_bulk_insert_puts_every_row_under_the_installations_own_definition(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a")) as original:
        original.execute(
            f"CREATE TABLE {raw_disk.TABLE} (closes int, nonce blob, arm int, PRIMARY KEY (closes, nonce))"
        )
        original.execute(f"CREATE INDEX extra ON {raw_disk.TABLE} (arm)")
        original.commit()
    with raw_disk.twin(tmp_path / "a", tmp_path / "b") as copy:
        columns = raw_disk.columns_of(copy)
        effort = raw_disk.bulk(copy, raw_disk.rows(columns, count=25, hour=490_000), group=10)
        found = copy.execute(f"SELECT count(*), min(closes), max(arm) FROM {raw_disk.TABLE}").fetchone()
        indexes = [row[1] for row in copy.execute(f"PRAGMA index_list({raw_disk.TABLE})")]
        journal = copy.execute("PRAGMA journal_mode").fetchone()
    assert (columns, effort.done, found, journal) == (["closes", "nonce", "arm"], 25, (25, 490_003, 4), ("wal",))
    assert "extra" in indexes


def test_one_sync_for_each_leaves_no_file_behind(tmp_path: Path) -> None:
    effort = raw_disk.sync_each(tmp_path, seconds=0.01)
    assert effort.done > 0
    assert not list(tmp_path.iterdir())


def test_every_message_becomes_a_variant_of_equal_weight() -> None:
    variants = unleash.strategy(["a", "b", "c", "d"])["variants"]
    assert [(variant["weight"], variant["payload"]["value"]) for variant in variants] == [
        (250, "a"),
        (250, "b"),
        (250, "c"),
        (250, "d"),
    ]


def test_what_cannot_be_measured_is_said_and_is_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.unleash.shutil.which", lambda name: None)
    (line,) = unleash.measure()
    assert (line.figure, line.met) == ("not measured: node is not installed", None)


def test_packages_outside_the_lock_file_are_hidden() -> None:
    found = worker_memory.not_in_production(
        "django==5.2 \\\n    --hash=sha256:x\npsycopg-binary==3.3 ; implementation_name\n",
        {"django": ["Django"], "psycopg_binary": ["psycopg_binary"], "requests": ["requests"], "_pytest": ["pytest"]},
    )
    assert found == ["_pytest", "requests"]


# Arithmetic


def test_a_ratio_is_taken_round_by_round() -> None:
    found = ratio([5, 9, 2], [10, 10, 10])
    assert (found.median, found.low, found.high) == (0.5, 0.2, 0.9)


def test_effort_is_counted_per_second_of_the_servers_cpu() -> None:
    effort = Effort(done=1000, cpu_seconds=0.5, wall_seconds=2.0)
    assert (effort.per_cpu_second, effort.busy) == (2000, 0.25)
    with pytest.raises(ValueError, match="too short"):
        _ = Effort(done=1000, cpu_seconds=0.0, wall_seconds=2.0).per_cpu_second


def test_sides_take_turns_and_the_warm_up_is_forgotten() -> None:
    order: list[str] = []

    def side(name: str) -> Effort:
        order.append(name)
        return Effort(len(order), 1.0, 1.0)

    efforts = in_turns([lambda: side("a"), lambda: side("b")], rounds=2, warm_up=1)
    assert order == ["a", "b"] * 3
    assert [[effort.done for effort in kept] for kept in efforts] == [[3, 5], [4, 6]]


def test_a_ratio_that_should_be_small_is_missed_above_its_goal() -> None:
    assert [at_most("fold", Ratio(value, 0, 1), 0.3).met for value in (0.30, 0.31)] == [True, False]
    assert [at_least("decide", Ratio(value, 0, 1), 0.9).met for value in (0.90, 0.89)] == [True, False]


@pytest.mark.parametrize(("done", "met"), [(35, True), (34, False)])
def test_a_speed_goal_is_met_by_the_median(done: int, met: bool) -> None:
    lines = speed_lines(
        "decide", ours=[Effort(done, 1.0, 1.0)], yardstick=[Effort(100, 1.0, 1.0)], goal=0.35, unit="decisions"
    )
    assert [line.met for line in lines] == [met, None]


def test_the_table_says_which_goal_is_missed() -> None:
    told = table([Line("size", "5,000", "at most 4,096", False), Line("ratio", "0.5", "at least 0.35", True)])
    assert [line.split()[-1] for line in told.splitlines()] == ["goal", "MISSED", "met"]


def test_a_visit_is_told_in_order_singly_or_in_batches() -> None:
    single = [json.loads(body_of(request)) for request in events.requests(["r1"], batch=1)]
    assert [event["outcome"] for event in single] == ["exposed", "dwell", "left"]
    batches = [json.loads(body_of(request)) for request in events.requests(["r1", "r2"], batch=3)]
    assert [[event["receipt"] for event in batch] for batch in batches] == [["r1"] * 3, ["r2"] * 3]


# The command


def test_a_missed_goal_is_the_exit_status(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(BENCHMARKS, "embed", lambda: [Line("embed", "5,000", "at most 4,096", False)])
    assert main(["embed"]) == 1
    monkeypatch.setitem(BENCHMARKS, "embed", lambda: [Line("embed", "4,000", "at most 4,096", True)])
    assert main(["embed"]) == 0


def test_an_unknown_benchmark_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["nothing"])
    assert "there is no benchmark nothing" in capsys.readouterr().err


def test_a_staff_page_that_is_heavy_or_slow_misses_its_goal() -> None:
    page = {"name": "/", "kilobytes": 149.0, "milliseconds": 49.0, "queries": 9, "sign_in": 3.5}
    results = page | {"name": f"{staff_pages.RESULTS} withheld", "milliseconds": 59.0}
    world = {"campaigns": 200, "placements": 200, "revisions": 2000}
    lines = staff_pages.lines([page, results], world)
    assert [line.met for line in lines[:4]] == [True, True, True, None]
    assert "49.0, 14.0 times the sign-in page" in lines[1].figure
    heavy, slow = page | {"kilobytes": 150.0}, page | {"milliseconds": 50.0}
    late = results | {"milliseconds": 60.0}
    assert [line.met for line in staff_pages.lines([heavy, slow, late], world)[:3]] == [False] * 3


def test_a_page_weighs_what_it_names_and_what_its_styles_name(tmp_path: Path) -> None:
    class Served(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Quiet."""

    linked = '<link rel="stylesheet" href="/a.css"><img src="b.png"><img src="https://elsewhere.invalid/x.png">'
    files = {"index.html": linked, "a.css": "@font-face { src: url('c.woff2') }", "b.png": "12", "c.woff2": "345"}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    served = ThreadingHTTPServer(("127.0.0.1", 0), partial(Served, directory=str(tmp_path)))
    threading.Thread(target=served.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        found = staff_pages.weight(f"http://127.0.0.1:{served.server_port}", "/", {})
    finally:
        served.shutdown()
        served.server_close()
    assert found == sum(map(len, files.values()))
