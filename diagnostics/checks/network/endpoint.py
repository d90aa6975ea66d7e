# SPDX-License-Identifier: GPL-3.0-or-later
"""Where this run looks for the bridge, and what is known about that place."""

from __future__ import annotations

import socket
import ssl
import urllib.parse
from dataclasses import dataclass

from ...check import Context
from ...model import BridgeState, EvidenceValue, Kind
from ...probes.bridge import BridgeAnswer
from ...probes.tcp import Address, Attempt, Resolution
from ...protocols.dialect import Dialect
from ...text import host_port
from ..entries import Entry, RemoteEntry, start_of
from ..launch_line import read_launch_line

WILDCARDS = frozenset({"0.0.0.0", "::", "*"})  # noqa: S104  # what a listener is bound to, nothing is bound here


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where this run looks for the bridge, and who named the place."""

    host: str
    port: int
    named_by: str
    path: str | None = None
    """Where the MCP server is on a web server, when the entry of an AI app says so."""

    def __str__(self) -> str:
        return host_port(self.host, self.port)


@dataclass(frozen=True, slots=True)
class Connection:
    """The address that is used: the first that could be connected to, IPv4 before IPv6.

    `sock` is the open connection. It is used for the conversation too: an add-on may serve one client only.
    """

    endpoint: Endpoint
    address: Address
    sock: socket.socket | None = None
    context: ssl.SSLContext | None = None
    server_name: str | None = None


@dataclass(frozen=True, slots=True)
class LocalEndpoint:
    """The endpoint leads to this very machine."""

    endpoint: Endpoint


@dataclass(frozen=True, slots=True)
class Reach:
    """How the endpoint's name was resolved, and how each attempt to connect to an address of it ended."""

    resolution: Resolution
    attempts: tuple[Attempt, ...] = ()


def endpoint(context: Context) -> Endpoint:
    """The user's host and port; where none was given, what the AI app's only Blender entry says; else the default."""
    target = context.target
    if not target.endpoint_given:
        named = {entry.endpoint: entry for entry in context.all_observed(Entry) if not _passes_on(entry)}
        if len(named) == 1:
            (host, port), entry = next(iter(named.items()))
            if host is not None or port is not None:
                return Endpoint(
                    host or target.host, port or target.port, f"the entry “{entry.name}” of {entry.app.name}"
                )
        if not named and (web := _of_address(context)) is not None:
            return web
    by = "your choice of host and port" if target.endpoint_given else "the default of Blender's add-ons"
    return Endpoint(target.host, target.port, by)


def _of_address(context: Context) -> Endpoint | None:
    """The place of the AI app's only Blender server that is reached over HTTP, where that is on this computer.

    Other computers are contacted only when the user names them to MCP Diagnostics itself.
    """
    entries: dict[str, Entry | RemoteEntry] = {entry.url: entry for entry in context.all_observed(RemoteEntry)}
    entries |= {url: entry for entry in context.all_observed(Entry) if (url := _passes_on(entry))}
    if len(entries) != 1 or context.target.kind is Kind.BRIDGE or context.target.tls is not None:
        return None
    url, entry = next(iter(entries.items()))
    try:
        parts = urllib.parse.urlsplit(url)
        host, port = parts.hostname or "", parts.port or 80
    except ValueError:
        return None
    if parts.scheme != "http" or not (host == "localhost" or is_loopback(host)):
        return None
    return Endpoint(host, port, f"the entry “{entry.name}” of {entry.app.name}", parts.path or "/")


def _passes_on(entry: Entry) -> str:
    """The address of the server that a command only passes on to, such as `npx mcp-remote URL`; "" for any other."""
    return read_launch_line(entry.command).url


def evidence_at(where: Endpoint, context: Context) -> dict[str, EvidenceValue]:
    """What every finding about the endpoint tells: the place, who named it, and how the add-on is started."""
    return {
        "_start": start_of(context),
        "endpoint": str(where),
        "host": where.host,
        "port": where.port,
        "named_by": where.named_by,
    }


def own_bridges(context: Context) -> tuple[BridgeState, ...]:
    """The add-ons of this very Blender that listen, as Blender itself knows."""
    return tuple(b for b in context.snapshot.bridges if b.running and b.port) if context.snapshot else ()


def speaks_http(answer: BridgeAnswer | None) -> bool:
    """Whether a web server answered."""
    return answer is not None and answer.recognised is not None and "HTTP" in answer.recognised.program


@dataclass(frozen=True, slots=True)
class WebEndpoint:
    """An MCP server over HTTP is at the endpoint, or should be: no add-on is to be expected there."""


def expects_web(context: Context) -> bool:
    """Whether an MCP server over HTTP should be there, by the kind or a path, or by the AI app's own entry."""
    return context.target.kind in {Kind.MCP_HTTP, Kind.MCP_SSE} or wanted_path(context) is not None


def wanted_path(context: Context) -> str | None:
    """Where on its web server the MCP server should be, by the user's word or by the AI app's own entry."""
    where = context.observed(Endpoint)
    return context.target.path or (where.path if where else None)


def is_web(context: Context) -> bool:
    """Whether an MCP server over HTTP is there, by the user's word or by its own answer."""
    return expects_web(context) or context.observed(WebEndpoint) is not None


def is_loopback(address: str) -> bool:
    """Whether a numeric address is one of the loopback interface, which only this computer reaches."""
    return address.partition("%")[0] == "::1" or address.startswith(("127.", "::ffff:127."))


def is_bridge(answer: BridgeAnswer) -> bool:
    """Whether a Blender bridge answered."""
    none = {Dialect.FOREIGN, Dialect.BROKEN, Dialect.UNKNOWN}
    return answer.recognised is not None and answer.recognised.dialect not in none


def same_place(one: Endpoint, other: Endpoint) -> bool:
    """Whether two endpoints are one, all names of the loopback interface being the same place."""
    loopback = {"localhost", "127.0.0.1", "::1"}
    same_host = one.host == other.host or {one.host, other.host} <= loopback
    return same_host and one.port == other.port
