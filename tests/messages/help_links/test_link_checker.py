"""The link checker, against a real server, and that it requests no unsafe address."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from messages import public_http
from messages.help_links import link_checker
from messages.help_links.link_checker import ProbeResult, probe
from messages.public_http import Connector, UnsafeAddress, is_public, split_url
from tests.waiting import answer_late

HOST = "help.example"
PUBLIC = "93.184.216.34"


class Site(ThreadingHTTPServer):
    """A local server that answers as a test configures it, and stores the requests."""

    daemon_threads = True

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, dict[str, str]]] = {}
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.connected_to: list[tuple[str, str]] = []
        site = self

        class Answer(BaseHTTPRequestHandler):
            def answer(self) -> None:
                site.asked.append((self.command, self.path, dict(self.headers)))
                status, headers = site.answers.get(f"{self.command} {self.path}") or site.answers.get(
                    self.path, (200, {})
                )
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()

            do_HEAD = do_GET = answer  # noqa: N815  (names that the standard library asks for)

            def log_message(self, *_: Any) -> None:
                """Log nothing."""

        super().__init__(("127.0.0.1", 0), Answer)

    def connect(self, host: str, address: str, seconds: float) -> socket.socket:
        """Connect to this server without TLS, in place of the address."""
        self.connected_to.append((host, address))
        return socket.create_connection(("127.0.0.1", self.server_port), timeout=seconds)

    def probe(
        self, url: str = f"https://{HOST}/", addresses: tuple[str, ...] = (PUBLIC,), seconds: float = 5
    ) -> ProbeResult:
        return probe(url, resolve=lambda host: addresses, connect=self.connect, seconds=seconds)


@pytest.fixture
def site() -> Iterator[Site]:
    served = Site()
    thread = threading.Thread(target=served.serve_forever, args=[0.02], daemon=True)
    thread.start()
    yield served
    served.shutdown()
    served.server_close()
    thread.join()


def test_a_page_that_is_there_answers(site: Site) -> None:
    assert site.probe().code == "answers"
    assert site.connected_to == [(HOST, PUBLIC)]


def test_it_tells_nothing_of_us(site: Site) -> None:
    site.answers["/"] = (302, {"Location": "/again", "Set-Cookie": "who=you"})
    assert site.probe().code == "answers"
    for _, _, headers in site.asked:
        assert set(headers) == {"Host", "User-Agent", "Accept", "Accept-Encoding"}
        assert (headers["Host"], headers["User-Agent"]) == (HOST, "Mozilla/5.0")


@pytest.mark.parametrize(
    ("status", "code"),
    [(204, "answers"), (404, "missing"), (410, "missing"), (401, "shut"), (403, "shut"), (429, "shut"), (503, "fails")],
)
def test_what_the_site_says_is_told(site: Site, status: int, code: str) -> None:
    site.answers["/"] = (status, {})
    assert site.probe().code == code


@pytest.mark.parametrize("status", [403, 404, 405, 501])
def test_where_no_head_is_given_the_page_is_asked_for(site: Site, status: int) -> None:
    site.answers["HEAD /"] = (status, {})
    assert site.probe().code == "answers"
    assert [method for method, _, _ in site.asked] == ["HEAD", "GET"]


def test_within_its_host_a_page_may_move(site: Site) -> None:
    site.answers["/"] = (301, {"Location": f"https://{HOST}/new?lang=en"})
    assert site.probe().code == "answers"
    assert site.asked[-1][1] == "/new?lang=en"


@pytest.mark.parametrize("place", ["https://other.example/", "//www.help.example/"])
def test_another_host_is_named_and_not_asked(site: Site, place: str) -> None:
    site.answers["/"] = (302, {"Location": place})
    found = site.probe()
    assert found.code == "moved"
    assert place.strip("/").rpartition("/")[2] in found.sentence
    assert [host for host, _ in site.connected_to] == [HOST]


@pytest.mark.parametrize(
    "place", [f"http://{HOST}/", "https://127.0.0.1/", f"https://{HOST}:8443/", f"https://a:b@{HOST}/", "file:///x"]
)
def test_a_redirect_leads_nowhere_unsafe(site: Site, place: str) -> None:
    site.answers["/"] = (302, {"Location": place})
    assert site.probe().code in ("unsafe", "moved")
    assert len(site.asked) == 1


def test_a_circle_ends(site: Site) -> None:
    site.answers["/"] = (302, {"Location": "/"})
    assert site.probe().code == "fails"
    assert len(site.asked) == link_checker.MAX_REDIRECTS


def test_a_redirect_to_nowhere_is_told(site: Site) -> None:
    site.answers["/"] = (302, {})
    assert site.probe().code == "fails"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "fd00::1",
        "ff02::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:a00:1::1",
        "2001:0:a00:1::1",
        "192.88.99.1",
        "198.18.0.1",
        "203.0.113.9",
        "fec0::1",
        "3fff::1",
        "3fff:fff:ffff::1",
        "2001:db8::1",
        "100::1",
        "5f00::1",
        "64:ff9b:1::1",
        "::ffff:192.88.99.1",
        "64:ff9b::c058:6301",
        "not an address",
    ],
)
def test_a_name_that_leads_into_a_private_network_is_not_asked(site: Site, address: str) -> None:
    for addresses in ((address,), (PUBLIC, address)):
        found = site.probe(addresses=addresses)
        assert (found.code, found.sentence) == ("unsafe", "Its name leads into a private network.")
    assert site.connected_to == []


@pytest.mark.parametrize("address", [PUBLIC, "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::5db8:d822"])
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)


def test_each_hop_is_looked_up_anew_and_the_address_that_was_looked_at_is_the_one_asked(site: Site) -> None:
    """A host that resolves to a private address the second time is not requested."""
    site.answers["/"] = (302, {"Location": "/next"})
    turns = iter([[PUBLIC], ["10.0.0.1"]])
    found = probe(f"https://{HOST}/", resolve=lambda host: next(turns), connect=site.connect, seconds=5)
    assert found.code == "unsafe"
    assert site.connected_to == [(HOST, PUBLIC)]


@pytest.mark.parametrize(
    "url",
    [
        "http://help.example/",
        "https://user@help.example/",
        "https://help.example:22/",
        "https://",
        "https://[::1",
        "https://help.example/a\r\nX-Evil: 1",
        "https://help.example/a b",
        "https://help.example:99999/",
        "ftp://help.example/",
    ],
)
def test_an_address_of_another_kind_is_not_asked(site: Site, url: str) -> None:
    assert site.probe(url).code in ("unsafe", "fails")
    assert site.asked == []


def test_a_name_in_other_letters_is_asked_by_its_own() -> None:
    assert split_url("https://hilfe.münchen.example/") == ("hilfe.xn--mnchen-3ya.example", "/")
    with pytest.raises(UnsafeAddress):
        split_url("https://münchen.example/straße")


def test_a_name_that_nobody_knows_does_not_answer(site: Site) -> None:
    def unknown(host: str) -> list[str]:
        raise socket.gaierror("no such name")

    assert probe(f"https://{HOST}/", resolve=unknown, connect=site.connect).code == "silent"
    assert site.probe(addresses=()).code == "silent"


def test_a_site_that_drips_is_hung_up_on() -> None:
    def drip(line: socket.socket) -> None:
        line.sendall(b"HTTP/1.1 200 OK\r\n")
        for number in range(100):
            line.sendall(f"X-{number}: ".encode())
            answer_late(0.1)

    began = time.monotonic()
    assert _against(drip, seconds=0.6).code == "silent"
    assert time.monotonic() - began < 5


def test_a_site_that_says_nothing_or_nonsense_does_not_answer() -> None:
    assert _against(lambda line: answer_late(1), seconds=0.3).code == "silent"
    assert _against(lambda line: line.sendall(b"\x00\x01\x02\r\n\r\n"), seconds=2).code == "silent"
    assert _against(lambda line: line.sendall(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000), seconds=2).code == "silent"


@pytest.mark.process
def test_a_certificate_that_browsers_do_not_trust_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real connection to another port, with a self-signed certificate for the right name."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", f"/CN={HOST}"]
    subprocess.run([*made, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        monkeypatch.setattr(public_http, "PORT", listening.getsockname()[1])

        def serve() -> None:
            line, _ = listening.accept()
            with line, pytest.raises(ssl.SSLError):
                context.wrap_socket(line, server_side=True)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()

        def connect(host: str, address: str, seconds: float) -> socket.socket:
            return public_http.open_connection(host, "127.0.0.1", seconds)

        found = probe(f"https://{HOST}/", resolve=lambda host: [PUBLIC], connect=connect, seconds=5)
        thread.join(5)
    assert (found.code, "certificate" in found.sentence) == ("silent", True)


def _against(serve: Callable[[socket.socket], None], *, seconds: float) -> ProbeResult:
    """Probe a server that handles each connection like this."""
    ours, theirs = socket.socketpair()

    def run() -> None:
        with theirs:
            try:
                theirs.recv(65536)
                serve(theirs)
            except OSError:
                return

    threading.Thread(target=run, daemon=True).start()
    connect: Connector = lambda host, address, limit: ours  # noqa: E731  (one connection, made already)
    return probe(f"https://{HOST}/", resolve=lambda host: [PUBLIC], connect=connect, seconds=seconds)
