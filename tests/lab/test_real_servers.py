# SPDX-License-Identifier: GPL-3.0-or-later
"""Real servers of many makes over each of their transports: we must see what the official SDK's clients see."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from diagnostics.ledger import Ledger
from diagnostics.model import Command
from diagnostics.probes.http import Origin
from diagnostics.probes.mcp_http import ask_web_server
from diagnostics.probes.mcp_stdio import ask_server
from diagnostics.probes.tcp import Address
from diagnostics.protocols.mcp_answer import McpAnswer
from tests.lab import servers_table
from tests.lab.reference import OFFERED_BY, References
from tests.lab.servers import SERVERS, SSE, STDIO, Place, Server, running

pytestmark = pytest.mark.lab

HANDSHAKE = tuple(OFFERED_BY)
EVERYTHING = (*HANDSHAKE, "2026-07-28")
BROKEN_BY_DISCOVER = {("mcp 1.2.1", STDIO), ("mcp 1.2.1", SSE)}
"""Servers that the question `server/discover` ends, so that the official client in its mode "auto" has no answer."""
DEADLINE_S = 60.0


def ask(place: Place, offers: tuple[str, ...]) -> McpAnswer:
    """What our probes see when they offer these versions."""
    if place.transport == STDIO:
        command = Command(place.command[0], place.command[1:])
        environ = {**os.environ, **place.environ}
        started = asyncio.run(ask_server(command, environ=environ, deadline_s=DEADLINE_S, offers=offers))
        assert not started.timed_out, started.transcript
        assert started.noise == ()
        return started
    origin = Origin.at(Address(socket.AF_INET, ("127.0.0.1", place.port)), "127.0.0.1")
    sse = place.transport == SSE
    reached = asyncio.run(ask_web_server(origin, place.path, Ledger(), sse=sse, offers=offers, deadline_s=DEADLINE_S))
    assert reached.fault == "", reached.transcript
    return reached.mcp


def said(answer: McpAnswer) -> dict[str, Any]:
    """Our answer, in the official client's words."""
    assert answer.tools_listed, answer
    return {
        "protocol_version": answer.protocol_version,
        "server_name": answer.server_name,
        "server_version": answer.server_version,
        "capabilities": sorted(answer.capabilities),
        "tools": sorted(answer.tools),
    }


@pytest.fixture(scope="module")
def references() -> Iterator[References]:
    with References() as asked:
        yield asked


CELLS = [
    pytest.param((server, transport), id=f"{server.name}, {transport}".replace(" ", "_"))
    for server in SERVERS
    for transport in server.transports
]


@pytest.fixture(scope="module", params=CELLS)
def cell(request: pytest.FixtureRequest) -> Iterator[tuple[Server, Place]]:
    server, transport = request.param
    if server.absent:
        pytest.skip(server.absent)
    with running(server, transport) as place:
        yield server, place


@pytest.mark.parametrize("offer", HANDSHAKE)
def test_each_version_that_initialize_can_offer(cell: tuple[Server, Place], references: References, offer: str) -> None:
    server, place = cell
    expected = references.offering(offer, server, place)
    if expected is None:
        # All these servers know this version: one that is known is answered by itself (lifecycle, version negotiation).
        expected = {**references.newest_handshake(server, place), "protocol_version": offer}

    assert said(ask(place, (offer,))) == expected


def test_all_versions(cell: tuple[Server, Place], references: References) -> None:
    server, place = cell
    expected = references.modern(server, place)
    if isinstance(expected, str):
        # The question ends this server; one that means to find the fault asks it again in the older way.
        expected = references.newest_handshake(server, place)

    assert said(ask(place, EVERYTHING)) == expected


def test_which_servers_break_when_they_are_asked_to_discover(
    cell: tuple[Server, Place], references: References
) -> None:
    server, place = cell
    broken = isinstance(references.modern(server, place), str)
    assert broken is ((server.name, place.transport) in BROKEN_BY_DISCOVER)


def test_the_table_in_the_documentation(references: References) -> None:
    if absent := [server.absent for server in SERVERS if server.absent]:
        pytest.skip("; ".join(absent))

    fresh = servers_table.table(references)

    assert servers_table.FILE.read_text(encoding="utf-8") == fresh, "write it by python -m tests.lab.servers_table"
