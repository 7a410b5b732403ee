"""Debian's Firefox over WebDriver BiDi: Playwright drives only a build of its own."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import socket
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

PROGRAM = os.environ.get("FIREFOX") or shutil.which("firefox-esr") or shutil.which("firefox")
_TEXT, _CLOSE = 1, 8
_PREFERENCES: dict[str, str | int | bool] = {
    "app.update.disabledForTesting": True,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.page": 0,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "extensions.update.enabled": False,
    "services.settings.server": "data:,",
    "network.lna.blocking": False,  # a page of a test may speak to a server of the same test
}


class Firefox:
    """One browser with one tab."""

    def __init__(self, connection: socket.socket, stream: IO[bytes]) -> None:
        self._socket, self._stream, self._number = connection, stream, 0

    def start(self) -> None:
        """Begin the session, with a tab of its own."""
        self.command("session.new", capabilities={})
        self.tab = self.command("browsingContext.create", type="tab")["context"]

    def command(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send one command and return its result."""
        self._number += 1
        self._send(json.dumps({"id": self._number, "method": method, "params": parameters}).encode())
        while True:
            answer = json.loads(self._receive())
            if answer.get("id") != self._number:
                continue
            assert answer["type"] == "success", answer
            result: dict[str, Any] = answer["result"]
            return result

    def goto(self, url: str) -> None:
        self.command("browsingContext.navigate", context=self.tab, url=url, wait="complete")

    def back(self) -> None:
        self.command("browsingContext.traverseHistory", context=self.tab, delta=-1)

    def reload(self) -> None:
        self.command("browsingContext.reload", context=self.tab, wait="complete")

    def url(self) -> str:
        """The address of the page, told without a script in it."""
        (tree,) = self.command("browsingContext.getTree", root=self.tab)["contexts"]
        return str(tree["url"])

    def press(self, selector: str) -> None:
        """Press the middle of the first element that the selector finds, also where no script runs."""
        locator = {"type": "css", "value": selector}
        (node,) = self.command("browsingContext.locateNodes", context=self.tab, locator=locator, maxNodeCount=1)[
            "nodes"
        ]
        element = {"type": "element", "element": {"sharedId": node["sharedId"]}}
        self.click(0, 0, context=self.tab, origin=element)

    def frames(self) -> list[str]:
        """The contexts of the frames in the page."""
        (tree,) = self.command("browsingContext.getTree", root=self.tab)["contexts"]
        return [frame["context"] for frame in tree["children"]]

    def click(self, x: float, y: float, *, context: str, origin: str | dict[str, Any] = "viewport") -> None:
        """Press and release the mouse at this point of a page or frame, or so far from the middle of an element."""
        actions = [
            {"type": "pointerMove", "x": round(x), "y": round(y), "origin": origin},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        mouse = {"type": "pointer", "id": "mouse", "actions": actions}
        self.command("input.performActions", context=context, actions=[mouse])

    def evaluate(self, expression: str, *, context: str | None = None) -> Any:
        """The value of an expression in the page or a frame, by way of JSON; promises are awaited."""
        said = self.command(
            "script.evaluate",
            expression=f"(async () => JSON.stringify(await ({expression})) ?? 'null')()",
            target={"context": context or self.tab},
            awaitPromise=True,
        )
        assert said["type"] == "success", said
        return json.loads(said["result"]["value"])

    def picture(self) -> bytes:
        """The tab as a PNG."""
        return base64.b64decode(self.command("browsingContext.captureScreenshot", context=self.tab)["data"])

    def _send(self, text: bytes) -> None:
        """One frame of a WebSocket (RFC 6455), masked."""
        length, mask = len(text), os.urandom(4)
        if length < 126:
            head = struct.pack(">BB", 0x80 | _TEXT, 0x80 | length)
        elif length < 1 << 16:
            head = struct.pack(">BBH", 0x80 | _TEXT, 0x80 | 126, length)
        else:
            head = struct.pack(">BBQ", 0x80 | _TEXT, 0x80 | 127, length)
        self._socket.sendall(head + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(text)))

    def _receive(self) -> bytes:
        """One message, whole."""
        message = b""
        while True:
            first, second = self._stream.read(2)
            length = second & 0x7F
            if length == 126:
                (length,) = struct.unpack(">H", self._stream.read(2))
            elif length == 127:
                (length,) = struct.unpack(">Q", self._stream.read(8))
            message += self._stream.read(length)
            assert first & 0x0F != _CLOSE, "Firefox closed the connection"
            if first & 0x80:
                return message


@contextmanager
def firefox(profile: Path, **preferences: str | int | bool) -> Iterator[Firefox]:
    """Run a Firefox with a fresh profile."""
    assert PROGRAM
    profile.mkdir()
    lines = [
        f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in (_PREFERENCES | preferences).items()
    ]
    (profile / "user.js").write_text("\n".join(lines), encoding="utf-8")
    command = [PROGRAM, "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0"]
    environment = os.environ | {"HOME": str(profile), "MOZ_CRASHREPORTER_DISABLE": "1"}
    with subprocess.Popen([*command, "about:blank"], stderr=subprocess.PIPE, text=True, env=environment) as child:
        try:
            assert child.stderr
            found = next(filter(None, (re.search(r"ws://([\d.]+):(\d+)", line) for line in child.stderr)))
            address = found[1], int(found[2])
            with socket.create_connection(address, timeout=60) as connection, connection.makefile("rb") as stream:
                key = base64.b64encode(os.urandom(16)).decode()
                connection.sendall(
                    f"GET /session HTTP/1.1\r\nHost: {found[1]}:{found[2]}\r\nUpgrade: websocket\r\n"
                    f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
                )
                head = list(iter(stream.readline, b"\r\n"))
                assert b" 101 " in head[0], head
                browser = Firefox(connection, stream)
                browser.start()
                yield browser
        finally:
            child.terminate()
