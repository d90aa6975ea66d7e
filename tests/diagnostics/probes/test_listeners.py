# SPDX-License-Identifier: GPL-3.0-or-later
"""Who listens at a port of this machine."""

from __future__ import annotations

import getpass
import mmap
import os
import socket
import sys
from pathlib import Path

import psutil
import pytest

from diagnostics.probes.listeners import Listener, Socket, described, is_local, read_tcp_table

from ..programs import LISTEN, listening_process, program
from ..runs import closed_port

linux = pytest.mark.skipif(sys.platform != "linux", reason="how Linux names processes")


def listeners(port: int | None = None) -> tuple[Listener, ...]:
    """Who listens on this port, or on any."""
    return tuple(described(at) for at in read_tcp_table().listening if port in {None, at.port})


def test_a_listener_of_this_process() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        (found,) = listeners(port)
    assert (found.address, found.port, found.pid) == ("127.0.0.1", port, os.getpid())
    assert found.program == psutil.Process().name()
    assert found.user.endswith(getpass.getuser())
    assert not found.is_blender
    assert str(found).startswith(f"{found.program} (process {os.getpid()}, user ")


@linux
@pytest.mark.parametrize(("folder", "is_blender"), [("bpy", True), ("bpy_tools", False)])
def test_a_python_that_has_loaded_blender(tmp_path: Path, folder: str, is_blender: bool) -> None:
    # FAKE: a file in a folder of that name stands for the library.
    file = tmp_path / folder / "library.so"
    file.parent.mkdir()
    file.write_bytes(b"x")
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        file.open("rb") as whole,
        mmap.mmap(whole.fileno(), 0, access=mmap.ACCESS_READ),
    ):
        (found,) = listeners(server.getsockname()[1])
    assert found.is_blender is is_blender


def test_a_connection_is_no_listener() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert listeners(client.getsockname()[1]) == ()
    assert listeners(closed_port()) == ()


def test_where_the_system_shows_only_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(_kind: str) -> list[object]:
        raise psutil.AccessDenied

    monkeypatch.setattr(psutil, "net_connections", denied)
    with socket.create_server(("127.0.0.1", 0)) as server:
        (found,) = listeners(server.getsockname()[1])
    assert found.pid == os.getpid()


@linux
@pytest.mark.parametrize(
    ("name", "is_blender"),
    [
        ("blender", True),
        ("Blender", True),
        ("blender-4.3", True),
        ("blender.exe", True),
        ("blender-mcp", False),
        ("myblender", False),
        ("uvx", False),
    ],
)
def test_a_program_by_its_name(tmp_path: Path, name: str, is_blender: bool) -> None:
    with program(tmp_path, name) as (port, pid):
        (found,) = listeners(port)
    assert (found.program, found.pid, found.is_blender) == (name, pid, is_blender)


@linux
def test_a_script_is_known_by_its_interpreter_too(tmp_path: Path) -> None:
    """A console script runs under its own name; it may still be a bridge."""
    script = tmp_path / "my-bridge"
    script.write_text(f"#!{Path(sys.executable).resolve()}\nBANNER = b''\n{LISTEN}", encoding="utf-8")
    script.chmod(0o755)
    with listening_process([str(script)]) as (line, _pid):
        (found,) = listeners(int(line))
    assert found.program == "my-bridge"
    assert found.executable.startswith("python")


def test_a_process_that_is_gone_or_hidden() -> None:
    hidden, gone = described(Socket(5, "::", 0)), described(Socket(5, "127.0.0.1", 2**22 + 5))
    assert "may not see" in str(hidden)
    assert (gone.program, gone.user, gone.is_blender) == ("", "", False)


def test_text_of_a_listener() -> None:
    assert str(Listener("::", 5, 7, "tool")) == "tool (process 7, user unknown) on ::"


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("0.0.0.0", True),
        ("::", True),
        ("::1%lo", True),
        ("192.0.2.1", False),
        ("2001:db8::1", False),
        ("localhost", False),
        ("", False),
    ],
)
def test_is_local(host: str, local: bool) -> None:
    assert is_local(host) == local


def test_every_address_of_this_machine_is_local() -> None:
    for entries in psutil.net_if_addrs().values():
        for entry in entries:
            if entry.family == socket.AF_INET:
                assert is_local(entry.address)
