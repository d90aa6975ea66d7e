# SPDX-License-Identifier: GPL-3.0-or-later
"""This machine's TCP sockets and processes, looked up once a run, or once for all the endpoints of a survey."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable

from ...check import Context
from ...probes.background import in_thread
from ...probes.listeners import Client, Listener, Socket, TcpTable, blenders, clients, described, read_tcp_table
from ..processes import process_names


async def listening(context: Context, wanted: Callable[[Socket], bool]) -> tuple[Listener, ...]:
    """The listeners whose socket is `wanted`, with all that the system tells of their processes."""
    by_port = await _by_port(context)
    every = (at for by_address in by_port.values() for found in by_address.values() for at in found)
    return await _described(filter(wanted, every), context)


async def listening_at(port: int, context: Context, addresses: Collection[str] | None = None) -> tuple[Listener, ...]:
    """The listeners of this machine on this port, at any of these addresses where some are given."""
    found = (await _by_port(context)).get(port, {})
    chosen = sorted(found if addresses is None else found.keys() & set(addresses))
    return await _described((at for address in chosen for at in found[address]), context)


async def taken_ports(context: Context) -> frozenset[int]:
    """The ports of this machine at which somebody listens."""
    return frozenset(await _by_port(context))


async def running_blenders(context: Context) -> tuple[str, ...]:
    """The Blenders that run on this machine."""
    names = await process_names(context)
    return await context.once(lambda: in_thread(lambda: blenders(names)), key=running_blenders)


async def connected(port: int, context: Context) -> tuple[Client, ...]:
    """The other processes that are connected to this port of this machine."""
    table = await _tcp_table(context)
    return await context.once(lambda: in_thread(lambda: clients(port, table)), (clients, port))


def inspect_command(pid: int, context: Context) -> str:
    """What to type in a terminal to see which process this is."""
    return f'tasklist /v /fi "PID eq {pid}"' if context.machine.platform == "win32" else f"ps -fp {pid}"


def end_command(pid: int, context: Context) -> str:
    """What to type in a terminal to end this process, gently."""
    return f"taskkill /pid {pid}" if context.machine.platform == "win32" else f"kill {pid}"


async def _tcp_table(context: Context) -> TcpTable:
    # Looked up at each call, as tests replace it.
    return await context.once(lambda: in_thread(lambda: read_tcp_table()), key=_tcp_table)  # noqa: PLW0108


async def _by_port(context: Context) -> dict[int, dict[str, list[Socket]]]:
    """All listening sockets of this machine, by port and address."""
    table = await _tcp_table(context)
    return context.looks.kept(_by_port, lambda: _sorted(table))


def _sorted(table: TcpTable) -> dict[int, dict[str, list[Socket]]]:
    found: dict[int, dict[str, list[Socket]]] = {}
    for at in table.listening:
        found.setdefault(at.port, {}).setdefault(at.address, []).append(at)
    return found


async def _described(found: Iterable[Socket], context: Context) -> tuple[Listener, ...]:
    """The sockets with what is known of their processes, each of which is asked once."""
    listeners = []
    for at in found:
        known = await context.once(lambda at=at: in_thread(lambda: described(at)), key=(described, at.pid))  # type: ignore[misc]
        listeners.append(dataclasses.replace(known, address=at.address, port=at.port))
    return tuple(listeners)
