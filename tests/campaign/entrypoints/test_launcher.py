"""Whether a port is free: two servers at one port would answer in turns."""

from __future__ import annotations

import socket

from campaign.entrypoints import launcher


def test_a_port_at_which_somebody_listens_is_taken() -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)  # as granian does
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert launcher.is_taken(port)
    assert not launcher.is_taken(port)


def test_a_port_that_was_asked_for_and_has_no_server_yet_is_free() -> None:
    assert not launcher.is_taken(launcher.free_port())
