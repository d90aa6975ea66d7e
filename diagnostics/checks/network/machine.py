# SPDX-License-Identifier: GPL-3.0-or-later
"""This machine's listeners, looked up once a run, or once for all the endpoints of a survey."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable

from ...check import Context
from ...probes.background import in_thread
from ...probes.listeners import Listener, Socket, blenders, described, sockets


async def listening(context: Context, wanted: Callable[[Socket], bool]) -> tuple[Listener, ...]:
    """The listeners whose socket is `wanted`, with all that the system tells of their processes."""
    by_port = await context.once(_by_port)
    every = (at for by_address in by_port.values() for found in by_address.values() for at in found)
    return await _described(filter(wanted, every), context)


async def listening_at(port: int, context: Context, addresses: Collection[str] | None = None) -> tuple[Listener, ...]:
    """The listeners of this machine on this port, at any of these addresses where some are given."""
    found = (await context.once(_by_port)).get(port, {})
    chosen = sorted(found if addresses is None else found.keys() & set(addresses))
    return await _described((at for address in chosen for at in found[address]), context)


async def taken_ports(context: Context) -> frozenset[int]:
    """The ports of this machine at which somebody listens."""
    return frozenset(await context.once(_by_port))


async def running_blenders(context: Context) -> tuple[str, ...]:
    """The Blenders that run on this machine."""
    return await context.once(lambda: in_thread(lambda: blenders()), key=running_blenders)  # noqa: PLW0108  # as below


def inspect_command(pid: int, context: Context) -> str:
    """What to type in a terminal to see which process this is."""
    return f'tasklist /v /fi "PID eq {pid}"' if context.machine.platform == "win32" else f"ps -fp {pid}"


def end_command(pid: int, context: Context) -> str:
    """What to type in a terminal to end this process, gently."""
    return f"taskkill /pid {pid}" if context.machine.platform == "win32" else f"kill {pid}"


async def _by_port() -> dict[int, dict[str, list[Socket]]]:
    """All listening sockets of this machine, by port and address."""
    found: dict[int, dict[str, list[Socket]]] = {}
    for at in await in_thread(lambda: sockets()):  # noqa: PLW0108  # looked up at each call, as tests replace it
        found.setdefault(at.port, {}).setdefault(at.address, []).append(at)
    return found


async def _described(found: Iterable[Socket], context: Context) -> tuple[Listener, ...]:
    """The sockets with what is known of their processes, each of which is asked once."""
    listeners = []
    for at in found:
        known = await context.once(lambda at=at: in_thread(lambda: described(at)), key=(described, at.pid))  # type: ignore[misc]
        listeners.append(dataclasses.replace(known, address=at.address, port=at.port))
    return tuple(listeners)
