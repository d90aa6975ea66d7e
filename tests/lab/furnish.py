# SPDX-License-Identifier: GPL-3.0-or-later
"""Furnishes a room, from within its namespaces, and holds it open until standard input ends.

`furnish.py ROOT SHARED…`, started by `room.Room` under `unshare`. It prints "ready" when the room can be entered.
When the tests die, even by SIGKILL, their end of the pipe closes and the room goes away with this process.
"""

from __future__ import annotations

import fcntl
import socket
import struct
import subprocess
import sys
from pathlib import Path

_SIOCGIFFLAGS = 0x8913
_SIOCSIFFLAGS = 0x8914
_IFF_UP = 0x1
_SCRATCH = ("tmp", "root", "home", "usr/local")
"""Folders of the suite that are empty and writable in each room, and forgotten with it."""


def raise_loopback() -> None:
    """`ip link set lo up`, without the need for that program."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(control, _SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | _IFF_UP))


def mount(*arguments: str | Path) -> None:
    """Mount in this process's own namespace."""
    subprocess.run(["mount", *map(str, arguments)], check=True, timeout=10, stdin=subprocess.DEVNULL)


def share(root: Path, path: Path) -> None:
    """Show the machine's `path` at the same place in the room."""
    place = root / path.relative_to("/")
    if path.is_dir():
        place.mkdir(parents=True, exist_ok=True)
    elif not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
    mount("--bind", path, place)


def furnish(root: Path, shared: list[Path]) -> None:
    """Mount what a program in the room needs."""
    for name in _SCRATCH:
        mount("-t", "tmpfs", "-o", "mode=1777" if name == "tmp" else "mode=755", "scratch", root / name)
    mount("--bind", "/proc", root / "proc")
    mount("--rbind", "/dev", root / "dev")
    for path in (Path("/etc/hosts"), Path("/etc/resolv.conf"), *shared):
        if path.exists():
            share(root, path)
    (root / "usr/local/bin").mkdir(exist_ok=True)


def main() -> None:
    """Furnish, say so, wait for the end."""
    root, *shared = (Path(argument).resolve() for argument in sys.argv[1:])
    raise_loopback()
    furnish(root, shared)
    print("ready", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
