# SPDX-License-Identifier: GPL-3.0-or-later
"""AI apps that run: real processes under the names of apps, and files with the times that the test gives them."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from diagnostics.model import Report, Verdict

from ..runs import Doctor, found, ids, row, said

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="names of processes are set as Linux does"),
    pytest.mark.xdist_group("claude-desktop"),  # nobody else may have an app run, or need that none does
]

ENTRY = {"command": "uvx", "args": ["mcp-for-blender"]}
SLEEP = "import time; print(flush=True); time.sleep(60)"
CONNECT = "import socket, sys, time; s = socket.create_connection(('127.0.0.1', int(sys.argv[-1]))); time.sleep(60)"


@pytest.fixture
def here(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> Doctor:
    """The doctor for a home folder which is that of this very process."""
    monkeypatch.setenv("HOME", str(doctor.home))
    return doctor


@contextlib.contextmanager
def running(name: str, code: str = SLEEP, *args: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process of this name."""
    named = f"open('/proc/self/comm', 'w').write({name!r}); print(flush=True)\n{code}"
    with subprocess.Popen([sys.executable, "-S", "-c", named, *args], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield process
        finally:
            process.kill()


def look(doctor: Doctor, **target: object) -> Report:
    return doctor.run(only=["client"], **target)


HOUR_S = 3600.0
"""Far more than the clock of a machine is set by while a test runs."""


def changed(file: Path, ago_s: float) -> None:
    os.utime(file, (time.time() - ago_s, time.time() - ago_s))


def test_the_app_is_older_than_its_configuration(here: Doctor) -> None:
    file = here.configure(ENTRY)
    with running("claude-desktop") as app:
        changed(file, -HOUR_S)
        report = look(here)
        assert (ids(report), report.root_cause) == (["client.restart-needed"], "client.restart-needed")
        told = report.findings[0]
        assert told.evidence["process"] == app.pid
        assert str(told.evidence["file"]).endswith(file.name)
        assert "Quit Claude Desktop" in said(told)
        changed(file, HOUR_S)
        assert look(here).findings == ()
    changed(file, -HOUR_S)
    assert look(here).findings == ()  # it does not run


def test_the_app_writes_into_the_file_itself(here: Doctor) -> None:
    file = here.write(json.dumps({"mcpServers": {"blender": ENTRY}, "preferences": {}}))
    with running("claude-desktop"):
        changed(file, -HOUR_S)
        report = look(here)
    assert [(one.id, one.verdict) for one in report.findings] == [("client.restart-needed", Verdict.WARN)]
    assert "may have been another one" in report.findings[0].detail


def test_the_app_has_started_the_server(here: Doctor) -> None:
    file = here.configure(ENTRY)
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-S', '-c', {SLEEP!r}, 'mcp-for-blender'])"
    with running("claude-desktop", child) as app:
        assert app.stdout is not None
        app.stdout.readline()  # the server's own: it runs
        changed(file, -HOUR_S)
        assert look(here).findings == ()


def test_other_programs_and_apps_that_look_again(here: Doctor) -> None:
    file = here.configure(ENTRY)
    cursor = here.home / ".cursor/mcp.json"
    cursor.parent.mkdir()
    shutil.copy(file, cursor)
    with running("claude-desktops"), running("cursor"):
        changed(file, -HOUR_S)
        changed(cursor, -HOUR_S)
        assert look(here).findings == ()


def test_another_home_folder_is_not_compared_with_this_machine(doctor: Doctor) -> None:
    file = doctor.configure(ENTRY)
    with running("claude-desktop"):
        changed(file, -HOUR_S)
        assert look(doctor).findings == ()


SERVER = f"""
import subprocess, sys
subprocess.run([sys.executable, '-S', '-c', {CONNECT!r}, 'mcp-for-blender', sys.argv[-1]])
"""


@pytest.mark.parametrize(
    ("names", "several"),
    [(("claude-desktop", "cursor"), True), (("cursor", "cursor"), False), (("bash", "cursor"), False)],
)
def test_several_apps_at_one_blender(here: Doctor, names: tuple[str, str], several: bool) -> None:
    here.configure(ENTRY)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(16)
        port = listener.getsockname()[1]
        with running(names[0], SERVER, str(port)), running(names[1], SERVER, str(port)):
            listener.settimeout(10)
            accepted = [listener.accept() for _ in range(2)]
            report = here.run(host="127.0.0.1", port=port, only=["client", "network"])
        for sock, _address in accepted:
            sock.close()
    assert ("client.several-apps" in ids(report)) is several
    if several:
        told = found(report, "client.several-apps")
        assert told.verdict is Verdict.WARN
        assert "Claude Desktop, Cursor" in told.title
        assert row(report, "client").verdict is Verdict.WARN
