# SPDX-License-Identifier: GPL-3.0-or-later
"""Real servers of other kinds at the port of the add-on: each is recognised by what it says, and none is harmed."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.lab.processes import accepts, end, run, until

from ..runs import Doctor, closed_port, found, ids

pytestmark = pytest.mark.lab


@contextmanager
def running(argv: list[str], port: int) -> Iterator[int]:
    """The program, until the block ends; its port accepts connections."""
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            until(lambda: accepts(port), argv[0], 15)
            yield port
        finally:
            end(process)


def needed(name: str) -> str:
    program = shutil.which(name, path="/usr/sbin:/usr/bin:/usr/local/bin")
    if program is None:
        pytest.skip(f"there is no {name}")
    return program


@pytest.mark.parametrize("password", [[], ["--requirepass", "secret"]])
def test_a_real_redis(doctor: Doctor, tmp_path: Path, password: list[str]) -> None:
    port = closed_port()
    argv = [needed("redis-server"), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(tmp_path), "--save", ""]
    with running([*argv, *password], port):
        report = doctor.reach(port)
    assert report.root_cause == "network.port-taken"
    assert "Redis" in found(report, "addon.not-a-bridge").title


def test_a_real_sshd(doctor: Doctor, tmp_path: Path) -> None:
    port, key = closed_port(), tmp_path / "key"
    run([needed("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", key], timeout_s=20)
    Path("/run/sshd").mkdir(exist_ok=True)
    argv = [needed("sshd"), "-D", "-f", "/dev/null", "-h", str(key), "-p", str(port), "-o", "ListenAddress=127.0.0.1"]
    with running([*argv, "-o", f"PidFile={tmp_path / 'pid'}"], port):
        report = doctor.reach(port)
    assert "SSH" in found(report, "addon.not-a-bridge").title
    assert report.root_cause in {"addon.not-a-bridge", "network.port-taken"}
    assert "network.reset" not in ids(report)
