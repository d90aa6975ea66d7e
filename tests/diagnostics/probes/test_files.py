# SPDX-License-Identifier: GPL-3.0-or-later
"""A file of the user's is read bounded, and nothing is waited for."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import psutil
import pytest

from diagnostics.ledger import Ledger
from diagnostics.probes.files import MAX_BYTES, FileRead, State, read_file

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX files")


def read(path: Path) -> FileRead:
    ledger = Ledger()
    answer = read_file(path, ledger)
    assert ledger.did().read == (str(path),)
    assert answer.path == path
    return answer


def test_content_is_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "a b.json"
    file.write_bytes(b"\xef\xbb\xbf\r\n\0\xff")
    assert read(file) == FileRead(file, State.READ, b"\xef\xbb\xbf\r\n\0\xff")
    file.write_bytes(b"")
    assert read(file) == FileRead(file, State.READ, b"")


@pytest.mark.parametrize(("size", "state"), [(MAX_BYTES, State.READ), (MAX_BYTES + 1, State.UNREADABLE)])
def test_the_limit(tmp_path: Path, size: int, state: State) -> None:
    file = tmp_path / "big"
    with file.open("wb") as big:
        big.truncate(size)
    answer = read(file)
    assert answer.state is state
    assert len(answer.data) == (size if state is State.READ else 0)
    assert (str(size) in answer.reason) == (state is State.UNREADABLE)


def test_missing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert read(tmp_path / "missing").state is State.MISSING
    assert read(tmp_path / "no folder" / "file").state is State.MISSING
    assert read(tmp_path / "file" / "below").state is State.MISSING


@posix
def test_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(tmp_path / "s"))
        for name, reason in (("", "folder"), ("pipe", "pipe"), ("circle", "circle"), ("s", "socket")):
            answer = read(tmp_path / name)
            assert answer.state is State.UNREADABLE
            assert reason in answer.reason
    assert "no regular file" in read(Path("/dev/zero")).reason


@posix
def test_a_link_is_followed_and_a_dead_one_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "dead").symlink_to("gone")
    assert read(tmp_path / "link").data == b"x"
    assert read(tmp_path / "dead").state is State.MISSING


@pytest.mark.parametrize("name", ["a\0b", "x" * 5000])
def test_names_that_cannot_be(name: str) -> None:
    assert read(Path("/tmp") / name).state is State.UNREADABLE


@posix
def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").write_text("x")
    before = psutil.Process().num_fds()
    for _ in range(20):
        for name in ("", "pipe", "file", "missing"):
            read(tmp_path / name)
    assert psutil.Process().num_fds() == before
