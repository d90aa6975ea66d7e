# SPDX-License-Identifier: GPL-3.0-or-later
"""What a program really opens, contacts, starts and changes, by the system calls that strace saw."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

_CALLS = (
    "%process,open,openat,creat,connect,sendto,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,link,linkat,"
    "symlinkat,truncate"
)
_CALL = re.compile(r"^(\w+)\((.*)\)\s*= (-?\d+|\?)", re.DOTALL)
_TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"')
_WRITES = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC")


@dataclass
class Seen:
    """What one program did itself, and not the programs that it started."""

    opened: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)
    connected: set[str] = field(default_factory=set)
    started: list[tuple[str, ...]] = field(default_factory=list)


def watch(
    argv: list[str], folder: Path, environ: dict[str, str], cwd: Path
) -> tuple[Seen, subprocess.CompletedProcess[str]]:
    """Runs a program under strace, whose records go into `folder`, a file for each thread and process."""
    folder.mkdir()
    strace = [
        "strace",
        "-ff",
        "-v",
        "-s",
        "4096",
        "-e",
        f"trace={_CALLS}",
        "-e",
        "signal=none",
        "-o",
        str(folder / "calls"),
    ]
    ran = subprocess.run(
        [*strace, *argv], env=environ, cwd=cwd, capture_output=True, text=True, timeout=120, check=False
    )
    records = {int(file.suffix[1:]): file.read_text(errors="replace") for file in folder.iterdir()}
    first = min(records, key=lambda pid: (not records[pid].startswith("execve("), pid))
    seen, pending, known = Seen(), [(first, 1)], set[int]()
    while pending:
        pid, execs = pending.pop()
        if pid not in known and pid in records:
            known.add(pid)
            pending += [(child, 0) for child in _follow(records[pid], seen, execs, cwd)]
    return seen, ran


def _follow(record: str, seen: Seen, execs: int, cwd: Path) -> list[int]:
    """Takes in what a process did until it became another program; returns the processes that it made till then."""
    children = []
    for line in record.splitlines():
        if (call := _CALL.match(line)) is None:
            continue
        name, arguments, result = call.groups()
        if name == "execve":
            if execs == 0 and result == "0":
                seen.started.append(_argv(arguments))
                break
            execs -= result == "0"
        elif name in {"clone", "clone3", "fork", "vfork"}:
            children.append(int(result))
        elif name in {"connect", "sendto"}:
            _connected(arguments, seen)
        elif result != "-1" or "EINPROGRESS" in line:
            _file(name, arguments, seen, cwd)
    return children


def _argv(arguments: str) -> tuple[str, ...]:
    listed = arguments[arguments.index("[") : arguments.index("], ")]
    return tuple(_plain(text) for text in _TEXT.findall(listed))


def _connected(arguments: str, seen: Seen) -> None:
    port = re.search(r"sin6?_port=htons\((\d+)\)", arguments)
    address = re.search(r'(?:inet_addr\(|inet_pton\(AF_INET6, )"([^"]+)"', arguments)
    if port and address:
        host = f"[{address[1]}]" if ":" in address[1] else address[1]
        seen.connected.add(f"{host}:{port[1]}")


def _file(name: str, arguments: str, seen: Seen, cwd: Path) -> None:
    for path in _TEXT.findall(arguments):
        absolute = os.path.normpath(cwd / _plain(path))
        if name in {"open", "openat"} and not _WRITES.search(arguments):
            seen.opened.add(absolute)
        else:
            seen.changed.add(absolute)


def _plain(text: str) -> str:
    return (
        text.encode("latin-1", "replace")
        .decode("unicode_escape")
        .encode("latin-1", "replace")
        .decode("utf-8", "replace")
    )
