# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that are connected to Blender. FAKES: scripts of the servers' names that hold a connection."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from diagnostics.model import Verdict

from ..peers import addon, listening
from ..programs import listening_process
from ..runs import Doctor, found, ids

HOLD = """
import os, socket, sys
connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
if len(sys.argv) > 2 and os.fork():
    os._exit(0)
print(os.getpid(), flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def holding(folder: Path, name: str, port: int, *orphan: str) -> Iterator[int]:
    """A process that holds a connection to the port; with another argument one whose parent has ended. Its id."""
    script = folder / name
    script.write_text(HOLD, encoding="utf-8")
    argv = [sys.executable, "-S", str(script), str(port), *orphan]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        try:
            if orphan:
                process.wait(10)
            yield pid
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def test_one_server_is_as_it_should_be(doctor: Doctor, tmp_path: Path) -> None:
    with listening(addon()) as peer, holding(tmp_path, "mcp-for-blender", peer.port):
        report = doctor.run(host="127.0.0.1", port=peer.port)
    assert not {"server.orphaned", "server.duplicate-processes"} & set(ids(report))


def test_two_servers(doctor: Doctor, tmp_path: Path) -> None:
    with (
        listening(addon()) as peer,
        holding(tmp_path, "mcp-for-blender", peer.port) as one,
        holding(tmp_path, "blender-mcp", peer.port) as other,
    ):
        several = found(doctor.run(host="127.0.0.1", port=peer.port), "server.duplicate-processes")
    assert several.verdict is Verdict.WARN
    for pid in (one, other):
        assert f"process {pid}), started by" in several.detail
    assert f"(process {os.getpid()})" in several.detail


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no such orphans on this system")
def test_a_server_that_was_left_behind(doctor: Doctor, tmp_path: Path) -> None:
    with listening(addon()) as peer, holding(tmp_path, "mcp-for-blender", peer.port, "orphan") as pid:
        report = doctor.run(host="127.0.0.1", port=peer.port)
    left = found(report, "server.orphaned")
    assert f"process {pid}" in left.detail
    assert left.remedies[-1].text == f"kill {pid}"
    assert "server.duplicate-processes" not in ids(report)


def test_another_program_that_is_connected_is_none(doctor: Doctor, tmp_path: Path) -> None:
    with listening(addon()) as peer, holding(tmp_path, "browser", peer.port, "orphan"):
        assert "server.orphaned" not in ids(doctor.run(host="127.0.0.1", port=peer.port))


ONE_AT_A_TIME = """
import socket
server = socket.create_server(("127.0.0.1", 0), backlog=8)
print(server.getsockname()[1], flush=True)
connection = server.accept()[0]
while connection.recv(100):
    pass
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the queue of a listener is read on Linux only")
def test_two_servers_at_an_addon_that_serves_one(doctor: Doctor, tmp_path: Path) -> None:
    """FAKE add-on in the manner of 0.1: while somebody is connected, it accepts nobody else."""
    with (
        listening_process([sys.executable, "-c", ONE_AT_A_TIME]) as (line, _pid),
        holding(tmp_path, "mcp-for-blender", int(line)),
        holding(tmp_path, "blender-mcp", int(line)),
    ):
        report = doctor.run(host="127.0.0.1", port=int(line))
    several = found(report, "server.duplicate-processes")
    assert (several.verdict, several.explained_by) == (Verdict.FAIL, "addon.single-client-occupied")
    assert "one program at a time" in several.detail
    assert report.root_cause == "addon.single-client-occupied"
