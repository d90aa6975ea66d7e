# SPDX-License-Identifier: GPL-3.0-or-later
"""Ending a process that is in the way: the one that was shown, and never one that must not be ended. Real processes."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from diagnostics.model import Remedy
from diagnostics.probes.process_identity import identify, is_named_blender, mark
from diagnostics.remedies import process as ending
from diagnostics.remedies.change import ChangeError
from diagnostics.remedies.process import StillRunsError, plan_end
from tests.lab import inventory

from ..programs import listening_process, program

WAITS = "import sys; print('up', flush=True); sys.stdin.read(); import time; time.sleep(600)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {WAITS}"

posix = pytest.mark.skipif(os.name != "posix", reason="signals and users of POSIX")
root = pytest.mark.skipif(
    not hasattr(os, "getuid") or os.getuid() != 0 or shutil.which("setpriv") is None,
    reason="only root can start a process as another user",
)


def remedy_for(pid: int, created_s: float | None = None) -> Remedy:
    text = mark(pid, psutil.Process(pid).create_time() if created_s is None else created_s)
    return Remedy("End it", "apply", text, text, action="end-process")


def refusal(remedy: Remedy) -> str:
    with pytest.raises(ChangeError) as refused:
        plan_end(remedy)
    return str(refused.value)


@contextlib.contextmanager
def waiting(code: str = WAITS, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A process of this user that waits; reaped when the block ends."""
    argv = [sys.executable, "-S", "-c", code, *arguments]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        try:
            yield process
        finally:
            process.kill()


def test_it_is_shown_and_then_ended() -> None:
    with waiting(WAITS, "--token", "hunter2hunter2") as process:
        change = plan_end(remedy_for(process.pid))

        assert f"process {process.pid}" in change.title
        assert process.poll() is None, "planning ends nothing"
        shown = change.preview
        for expected in ("SIGTERM", f"process {os.getpid()}", "for a few seconds", psutil.Process().username()):
            assert expected in shown
        assert "--token" in shown
        assert "hunter2" not in shown

        said = change.carry_out()

        assert f"process {process.pid}" in said
        assert process.wait(5) == -15


@posix
def test_one_that_does_not_end_is_ended_by_force_only_after_a_second_question(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "PATIENCE_S", 0.3)
    with waiting(STUBBORN) as process:
        with pytest.raises(StillRunsError) as still:
            plan_end(remedy_for(process.pid)).carry_out()
        assert process.poll() is None

        forced = still.value.forced
        assert "SIGKILL" in forced.preview
        assert "force" in forced.title
        forced.carry_out()

        assert process.wait(5) == -9


def test_one_that_has_ended() -> None:
    with waiting() as process:
        remedy = remedy_for(process.pid)
        process.kill()
        process.wait(5)
    assert "has ended already" in refusal(remedy)


def test_one_that_ended_after_it_was_shown() -> None:
    with waiting() as process:
        change = plan_end(remedy_for(process.pid))
        process.kill()
        process.wait(5)
        with pytest.raises(ChangeError, match="has ended already"):
            change.carry_out()


@posix
def test_one_that_nobody_has_taken_leave_of_has_ended_too() -> None:
    with waiting() as process:
        remedy = remedy_for(process.pid)
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert "has ended already" in refusal(remedy)


def test_a_later_process_with_the_same_id_is_left_alone() -> None:
    with waiting() as process:
        remedy = remedy_for(process.pid, psutil.Process(process.pid).create_time() - 60)
        assert "another one by now" in refusal(remedy)
        assert process.poll() is None


def test_a_program_that_is_called_blender_is_never_ended(tmp_path: Path) -> None:
    with program(tmp_path, "blender-4.2") as (_port, pid):
        assert "is a Blender" in refusal(remedy_for(pid))
        assert psutil.pid_exists(pid)


def test_a_server_for_blender_is_no_blender(tmp_path: Path) -> None:
    with program(tmp_path, "blender-mcp") as (_port, pid):
        assert plan_end(remedy_for(pid))


@pytest.mark.skipif(sys.platform != "linux", reason="the modules of a process are read on Linux")
def test_a_python_that_has_loaded_blender_is_never_ended() -> None:
    version = next((version for version in inventory.WHEELS if inventory.wheel_version(version)), None)
    if version is None:
        pytest.skip("no bpy wheel here")
    argv = [str(inventory.wheel_python(version)), "-c", "import bpy; print('up', flush=True); input()"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        while process.stdout.readline() != "up\n":
            pass
        try:
            assert "is a Blender" in refusal(remedy_for(process.pid))
        finally:
            process.kill()


def test_this_process_and_its_parents_are_never_ended() -> None:
    assert "has started it" in refusal(remedy_for(os.getpid()))
    assert "has started it" in refusal(remedy_for(os.getppid()))


@posix
def test_the_first_process_is_never_ended() -> None:
    assert refusal(remedy_for(1))


@root
@pytest.mark.skipif(sys.platform != "linux", reason="setpriv is a program of Linux")
def test_another_users_process_is_never_ended() -> None:
    argv = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "sleep", "600"]
    with subprocess.Popen(argv) as process:
        try:
            until_named(process.pid, "sleep")
            assert "and not as you" in refusal(remedy_for(process.pid))
            assert process.poll() is None
        finally:
            process.kill()


@root
@pytest.mark.skipif(sys.platform != "linux", reason="setpriv is a program of Linux")
def test_a_process_with_borrowed_rights_is_never_ended() -> None:
    argv = ["setpriv", "--euid", "65534", "sleep", "600"]
    with subprocess.Popen(argv) as process:
        try:
            until_named(process.pid, "sleep")
            assert "and not as you" in refusal(remedy_for(process.pid))
        finally:
            process.kill()


def until_named(pid: int, name: str) -> None:
    """Return when the process has become the program of this name."""
    while psutil.Process(pid).name() != name:
        pass


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/usr/sbin/sshd", ""),
        ("/usr/lib/systemd/systemd", ""),
        ("/System/Library/CoreServices/ControlCenter.app/Contents/MacOS/ControlCenter", ""),
        (r"C:\Windows\System32\svchost.exe", ""),
        (r"c:\WINDOWS\explorer.exe", ""),
        ("/usr/bin/dockerd", "docker.service"),
    ],
)
def test_programs_of_the_system_are_never_ended(path: str, service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with waiting() as process:
        seen = identify(process.pid)
        assert seen is not None
        pretended = dataclasses.replace(seen, path=path, service=service)
        monkeypatch.setattr(ending, "identify", lambda _pid: pretended)
        assert "belongs to the system" in refusal(remedy_for(process.pid))


def test_a_program_that_the_system_does_not_tell_is_never_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    with waiting() as process:
        seen = identify(process.pid)
        assert seen is not None
        monkeypatch.setattr(ending, "identify", lambda _pid: dataclasses.replace(seen, path=""))
        assert "does not tell" in refusal(remedy_for(process.pid))


@pytest.mark.parametrize("text", ["", "12", "x:1.0", "12:x", "0:0.0", "-1:0.0", "99999999999999999999:1.0", "1e9:1"])
def test_a_remedy_that_names_no_process(text: str) -> None:
    assert refusal(Remedy("End it", "apply", text, text, action="end-process"))


def test_what_has_ended_is_seen_no_more() -> None:
    with listening_process([sys.executable, "-c", WAITS]) as (_line, pid):
        plan_end(remedy_for(pid)).carry_out()
        assert identify(pid) is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("blender", True),
        ("Blender.exe", True),
        ("blender-launcher.exe", True),
        ("bforartists", True),
        ("blender-mcp", False),
        ("python3.11", False),
        ("notblender", False),
        ("mcp-for-blender", False),
    ],
)
def test_names_of_blender(name: str, expected: bool) -> None:
    assert is_named_blender(name) == expected
