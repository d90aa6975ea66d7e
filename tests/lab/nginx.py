# SPDX-License-Identifier: GPL-3.0-or-later
"""A real nginx on a port of the loopback interface, for this user, with the server block that a test writes."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.processes import accepts, end, until


@contextlib.contextmanager
def serving(folder: Path, port: int, server: str, *, tls: str = "") -> Iterator[int]:
    """nginx, which serves `server` on `port` until the block ends. `tls` is added to its listen directive."""
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/bin")
    if program is None:
        pytest.skip("there is no nginx")
    names = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{name}_temp_path {folder}/{name};" for name in names)
    config = folder / "nginx.conf"
    config.write_text(
        f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/log notice; events {{}}\n"
        f"http {{ access_log off; {temporary}\n server {{ listen 127.0.0.1:{port} {tls}; {server} }} }}\n"
    )
    process = subprocess.Popen([program, "-c", config], text=True)
    try:
        until(lambda: accepts(port), "nginx", 10)
        yield port
    finally:
        end(process)
