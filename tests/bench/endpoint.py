# SPDX-License-Identifier: GPL-3.0-or-later
"""The endpoint check (connect, identify, version) against the same three steps on a bare blocking socket."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator

from diagnostics.ledger import Ledger
from diagnostics.probes.bridge import ask_bridge
from diagnostics.probes.tcp import connect_all, resolve
from diagnostics.protocols.dialect import GET_ADDON_INFO, PING
from tests.bench import peer
from tests.bench.figures import beside, shown, times_ms

COUNT = 300


def _bare(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)):
        pass
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for request in (PING, GET_ADDON_INFO):
            connection.sendall(request)
            json.loads(connection.recv(8192))


async def _ours(port: int) -> None:
    addresses = (await resolve("127.0.0.1", port, deadline_s=5)).addresses
    await connect_all(addresses, Ledger(), deadline_s=3)
    answer = await ask_bridge(addresses[0], Ledger())
    assert answer.info is not None


def measure() -> Iterator[str]:
    """Both, in turn, in one process."""
    with peer.running() as port, asyncio.Runner() as runner:
        floor = times_ms(lambda: _bare(port), COUNT)
        ours = times_ms(lambda: runner.run(_ours(port)), COUNT)
    yield f"floor, bare sockets: {shown(floor)}"
    yield f"endpoint check:      {shown(ours)}"
    yield f"{beside(ours, floor)} (budget: less than 2 ms on top)"
