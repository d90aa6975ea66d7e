# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes of the laboratory: run with a time limit, watched by a condition, ended by their own id."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

_PASSED_THROUGH = re.compile(r"(?i)(_proxy$|cert|ca_bundle|cainfo|^uv_(default_|extra_)?index|^uv_find_links$|^pip_)")


def until(condition: Callable[[], T | None], what: str, deadline_s: float, pause_s: float = 0.02) -> T:
    """Ask `condition` again and again; return the first thing that it gives.

    Raises TimeoutError that says `what` was waited for, after `deadline_s`.
    """
    end = time.monotonic() + deadline_s
    while True:
        if (result := condition()) is not None and result is not False:
            return result
        if time.monotonic() > end:
            raise TimeoutError(f"waited {deadline_s:g} s for {what}")
        time.sleep(pause_s)


def accepts(port: int) -> bool:
    """Whether somebody takes connections at this port of the loopback interface."""
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


@contextlib.contextmanager
def listening(
    argv: Sequence[str | Path], port: int, what: str, *, env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """A server that takes connections at `port` of the loopback interface, until the block ends.

    Raises RuntimeError when it ends before that, TimeoutError when it takes more than half a minute.
    """
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen([str(part) for part in argv], text=True, env=None if env is None else dict(env), **quiet)

    def is_up() -> bool:
        if process.poll() is not None:
            raise RuntimeError(f"{what} ended with {process.returncode}")
        return accepts(port)

    try:
        until(is_up, what, 30)
        yield process
    finally:
        end(process)


def network_settings() -> dict[str, str]:
    """The variables that decide how packages are downloaded: indexes, proxies, certificates."""
    return {name: value for name, value in os.environ.items() if _PASSED_THROUGH.search(name)}


def run(
    argv: Sequence[str | Path],
    *,
    timeout_s: float,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    check: bool = True,
) -> subprocess.CompletedProcess[str]:
    """Run to the end, keep what it prints; its whole process group is ended when the time is over.

    Raises RuntimeError with the end of its output when it fails and `check` is set; TimeoutError when the time is over.
    """
    process = subprocess.Popen(
        [str(part) for part in argv],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        env=None if env is None else dict(env),
        cwd=cwd,
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired as expired:
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
        raise TimeoutError(f"{argv[0]} … did not end within {timeout_s:g} s:\n{(out + err)[-2000:]}") from expired
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
    if check and process.returncode:
        message = f"{' '.join(str(part) for part in argv)} ended with {process.returncode}:\n{(out + err)[-4000:]}"
        raise RuntimeError(message)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def end(process: subprocess.Popen[str] | None, patience_s: float = 5.0) -> int | None:
    """Ask the process to end, insist after `patience_s`; return its exit code."""
    if process is None:
        return None
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(patience_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(patience_s)
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            stream.close()
    return process.returncode
