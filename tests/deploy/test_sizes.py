"""Through nginx as shipped: encrypted, and to a browser that would take compressed replies, all arms have one size."""

from __future__ import annotations

import json
import socket
import ssl
from contextlib import closing, suppress
from pathlib import Path

import pytest

from benchmarks.installation import ORIGIN, PLACEMENT
from campaign.entrypoints import launcher
from campaign.serving.page_paths import PAGES, page_path
from tests.demo_installation import copy_demo_installation
from tests.deploy.proxy import NAME, Proxy, proxy

pytestmark = pytest.mark.only_on("sqlite", reason="the same on both engines")


def encrypted_reply(at: Proxy, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
    """The size of one reply as whoever watches the network sees it, and the reply."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {NAME}", f"Origin: {ORIGIN}", "Accept-Encoding: gzip, br, zstd"]
    lines += [f"Content-Length: {len(body)}", "Connection: close", "Accept-Language: en"]
    encrypted, sent = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = at.trust().wrap_bio(encrypted, sent, server_hostname=NAME)
    with closing(socket.create_connection(("127.0.0.1", at.tls_port), timeout=20)) as line:
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                line.sendall(sent.read())
                encrypted.write(line.recv(65_536))
        tls.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        line.sendall(sent.read())
        size, reply = 0, b""
        while piece := line.recv(65_536):
            size += len(piece)
            encrypted.write(piece)
    with suppress(ssl.SSLError):  # all was read
        while content := tls.read(65_536):
            reply += content
    return size, reply


def test_arms_and_pages_have_one_size_on_the_wire(tmp_path: Path) -> None:
    variables = {**copy_demo_installation(tmp_path), "LOCAL_HTTP": "0", "BEHIND_TLS_PROXY": "1", "ALLOWED_HOSTS": NAME}
    asked = json.dumps({"placement": PLACEMENT}).encode()
    with (
        launcher.run_server(launcher.PRODUCTION_APPLICATION, environment=variables) as url,
        proxy([int(url.rpartition(":")[2]), launcher.free_port()]) as at,
    ):
        messages = [encrypted_reply(at, "POST", "/api/v1/decide", asked) for _ in range(25)]
        pages = [encrypted_reply(at, "GET", "/m/quiet-page/") for _ in range(15)]
        pages += [encrypted_reply(at, "GET", page_path("quiet-page", page, "en")) for page in PAGES]
    for replies in (messages, pages):
        assert {reply.split(b" ", 2)[1] for _, reply in replies} == {b"200"}
        assert len({reply[-4000:].split(b'"receipt"')[0] for _, reply in replies}) > 1
        assert len({size for size, _ in replies}) == 1
