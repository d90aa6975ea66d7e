# SPDX-License-Identifier: GPL-3.0-or-later
"""The end of a log is read, whatever is there, and never more than that."""

from __future__ import annotations

import os
import sys
import tracemalloc
from pathlib import Path

import pytest

from diagnostics.ledger import Ledger
from diagnostics.probes.app_log import MAX_BYTES, find_logs, read_log

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX files")


def test_the_end_of_a_huge_log(tmp_path: Path) -> None:
    file = tmp_path / "mcp.log"
    with file.open("wb") as log:
        log.seek(50 << 20)
        log.write(b"\nthe last line\n")
    tracemalloc.start()
    read = read_log(file, Ledger())
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(read.data) == MAX_BYTES
    assert read.data.endswith(b"\nthe last line\n")
    assert read.cut
    assert peak < 4 * MAX_BYTES


@pytest.mark.parametrize("older", ["mcp.old.log", "mcp.1.log", "mcp.log.1", "mcp.log.old"])
def test_a_log_that_was_begun_anew(tmp_path: Path, older: str) -> None:
    (tmp_path / "mcp.log").write_bytes(b"new\n")
    (tmp_path / older).write_bytes(b"o" * MAX_BYTES + b"\nold")
    ledger = Ledger()
    read = read_log(tmp_path / "mcp.log", ledger)
    assert read.data.endswith(b"o\nold\nnew\n")
    assert read.cut
    assert len(read.data) == MAX_BYTES + 1, "a line's end where the older one has none"
    assert ledger.did().read == (str(tmp_path / "mcp.log"), str(tmp_path / older))


def test_a_log_that_is_long_enough_needs_no_other(tmp_path: Path) -> None:
    (tmp_path / "mcp.log").write_bytes(b"n" * (MAX_BYTES + 1))
    (tmp_path / "mcp.old.log").write_bytes(b"old")
    assert b"o" not in read_log(tmp_path / "mcp.log", Ledger()).data


def test_what_is_no_log(tmp_path: Path) -> None:
    (tmp_path / "folder.log").mkdir()
    assert read_log(tmp_path / "folder.log", Ledger()).reason
    assert read_log(tmp_path / "missing.log", Ledger()).reason == ""
    assert read_log(tmp_path / "nul\0.log", Ledger()).reason


@posix
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "mcp.log")
    assert read_log(tmp_path / "mcp.log", Ledger()).reason == "it is no regular file"
    (tmp_path / "loop.log").symlink_to(tmp_path / "loop.log")
    assert read_log(tmp_path / "loop.log", Ledger()).reason


@posix
def test_an_older_one_that_is_a_pipe(tmp_path: Path) -> None:
    (tmp_path / "mcp.log").write_bytes(b"new\n")
    os.mkfifo(tmp_path / "mcp.old.log")
    assert read_log(tmp_path / "mcp.log", Ledger()).data == b"new\n"


@posix
def test_no_permission(tmp_path: Path) -> None:
    file = tmp_path / "mcp.log"
    file.write_bytes(b"x")
    file.chmod(0)
    if os.access(file, os.R_OK):
        pytest.skip("this user may read everything")
    assert "no permission" in read_log(file, Ledger()).reason


def test_the_newest_stands_first(tmp_path: Path) -> None:
    for number, name in enumerate(["b", "a", "c"]):
        file = tmp_path / "logs" / name / "mcp.log"
        file.parent.mkdir(parents=True)
        file.write_bytes(b"")
        os.utime(file, (number, number))
    assert [file.parent.name for file in find_logs(tmp_path / "logs" / "*" / "mcp*.log", Ledger())] == ["c", "a", "b"]
    assert find_logs(tmp_path / "nowhere" / "*.log", Ledger()) == ()
    assert find_logs(tmp_path / "Zed.log", Ledger()) == ()
    (tmp_path / "Zed.log").touch()
    assert find_logs(tmp_path / "Zed.log", Ledger()) == (tmp_path / "Zed.log",)
