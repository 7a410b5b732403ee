"""Run processes in Linux namespaces that can write only to one folder, as root or by `unshare -r`.

All other file systems are read-only, as with `ProtectSystem=strict` of the shipped service, and core dumps are off, as
with `LimitCORE=0`. With `offline` there is a loopback and no route, and the kernel counts each packet without a route.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import TypeVar

from tests.scratch import DISK  # not below /dev/shm, which is mounted over

T = TypeVar("T")

PLACES = ("cwd", "home", "tmp", "shm", "data")
_SCRIPT = """
set -e
folder="$1" cores="$2"
shift 2
mount --bind "$folder" "$folder"
mount --bind "$folder/shm" /dev/shm
echo "nameserver 192.0.2.53" > "$folder/cwd/resolv.conf"
mount --bind "$folder/cwd/resolv.conf" "$(readlink -f /etc/resolv.conf)" || true
while read -r _ place _; do
    case "$place" in
        /proc*|/sys*|/dev*|"$folder"*) ;;
        *) mount -o remount,ro,bind "$place" ;;
    esac
done < /proc/self/mounts
if touch /.writable 2>/dev/null; then exit 97; fi
ip link set lo up 2>/dev/null || true
ulimit -c "$cores"
cd "$folder/cwd"
exec "$@"
"""
_CLONE_NEWNET = 0x40000000


def sandbox_command(command: Sequence[str], folder: Path, *, offline: bool = False, cores: bool = False) -> list[str]:
    """The command line that runs `command` with write access to `folder` only."""
    for name in PLACES:
        (folder / name).mkdir(exist_ok=True)
    unshare = ["unshare", "--mount", "--propagation", "private", *(["--net"] if offline else [])]
    unshare += [] if os.geteuid() == 0 else ["--map-root-user"]
    return [*unshare, "/bin/sh", "-c", _SCRIPT, "sealed", str(folder), "unlimited" if cores else "0", *command]


@cache
def can_sandbox() -> bool:
    """Whether this machine allows such namespaces."""
    with tempfile.TemporaryDirectory(dir=DISK) as folder:
        try:
            done = subprocess.run(
                sandbox_command(["true"], Path(folder), offline=True), capture_output=True, check=False
            )
        except OSError:
            return False
    return done.returncode == 0


def has_started(pid: int) -> bool:
    """Whether this process runs its command: before that, its network may not exist."""
    return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0] not in (b"unshare", b"/bin/sh", b"")


def run_in_network(pid: int, do: Callable[[], T]) -> T:
    """Call `do` in the network namespace of this process, in a thread of its own."""

    def enter() -> T:
        with Path(f"/proc/{pid}/ns/net").open() as network:
            if ctypes.CDLL(None, use_errno=True).setns(network.fileno(), _CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "the network cannot be entered")
        return do()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(enter).result()


def count_unrouted_packets(pid: int) -> int:
    """The number of packets without a route in the network of this process: attempts to reach another host."""
    lines = Path(f"/proc/{pid}/net/snmp").read_text(encoding="ascii").splitlines()
    names, values = (line.split() for line in lines if line.startswith("Ip:"))
    six = Path(f"/proc/{pid}/net/snmp6")
    rows = [line.split() for line in six.read_text(encoding="ascii").splitlines()] if six.exists() else []
    return int(dict(zip(names, values, strict=True))["OutNoRoutes"]) + sum(
        int(row[1]) for row in rows if row[0] == "Ip6OutNoRoutes"
    )
