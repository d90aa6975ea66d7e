# SPDX-License-Identifier: GPL-3.0-or-later
"""Many endpoints in one run: the cost of each, memory, and for the connect part `nmap -sT -n` on the same addresses."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from diagnostics.ledger import Ledger
from diagnostics.many import AT_ONCE, diagnose_many
from diagnostics.model import Verdict
from diagnostics.probes.tcp import Address, connect
from diagnostics.target import make_target
from tests.bench.peer import INFO, PONG

COUNTS = (1000, 10_000)
_SERVE = f"""
import selectors, socket, struct, sys
selector, listener = selectors.DefaultSelector(), socket.create_server(("0.0.0.0", 0), backlog=1024)
listener.setblocking(False)
selector.register(listener, selectors.EVENT_READ)
print(listener.getsockname()[1], flush=True)
while True:
    for key, _events in selector.select():
        if key.fileobj is listener:
            connection = listener.accept()[0]
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # as in peer.py
            selector.register(connection, selectors.EVENT_READ)
            continue
        try:
            data = key.fileobj.recv(8192)
        except OSError:
            data = b""
        if data:
            key.fileobj.send({PONG!r} if b'"ping"' in data else {INFO!r})
        else:
            selector.unregister(key.fileobj)
            key.fileobj.close()
"""


@contextlib.contextmanager
def _serving() -> Iterator[int]:
    """The peer in a process of its own; its port."""
    process = subprocess.Popen([sys.executable, "-c", _SERVE], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait(5)
        if process.stdout:
            process.stdout.close()


def _hosts(count: int) -> list[str]:
    """As many addresses of the loopback network, at all of which the one peer answers."""
    return [f"127.1.{number // 250}.{number % 250 + 1}" for number in range(count)]


def _survey(count: int, port: int) -> float:
    verdicts = set()
    began = time.perf_counter()
    targets = (make_target(host=host, port=port) for host in _hosts(count))
    diagnose_many(targets, lambda report: verdicts.add(report.verdict))
    took = time.perf_counter() - began
    assert verdicts <= {Verdict.PASS, Verdict.WARN}, verdicts  # the peer is open to other computers
    return took


async def _connect(count: int, port: int) -> None:
    waiting = iter(_hosts(count))

    async def work() -> None:
        for host in waiting:
            attempt = await connect(Address(2, (host, port)), Ledger(), deadline_s=3)
            assert attempt.sock is not None
            attempt.sock.close()

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))


def _nmap(count: int, port: int) -> float | None:
    program = shutil.which("nmap")
    if program is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "hosts"
        file.write_text("\n".join(_hosts(count)), encoding="ascii")
        began = time.perf_counter()
        argv = [program, "-sT", "-n", "-Pn", "-T5", "-p", str(port), "-iL", str(file), "-oG", "/dev/null"]
        subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, timeout=300)
        return time.perf_counter() - began


def measure() -> Iterator[str]:
    """1,000 and 10,000 endpoints, and what the connections alone take."""
    with _serving() as port:
        _survey(50, port)
        for count in COUNTS:
            took = _survey(count, port)
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            each = took / count * 1000
            budget = " (budget: less than 1 s)" if count == COUNTS[0] else ""
            yield f"{count} endpoints: {took:.2f} s, {each:.2f} ms each, at most {memory:.0f} MiB in use{budget}"
        began = time.perf_counter()
        asyncio.run(_connect(COUNTS[0], port))
        alone, nmap = time.perf_counter() - began, _nmap(COUNTS[0], port)
    yield f"connecting to {COUNTS[0]} alone: {alone:.3f} s"
    if nmap is not None:
        yield f"nmap -sT -n -Pn on the same: {nmap:.3f} s, ratio of the connect part {alone / nmap:.2f}"
