# SPDX-License-Identifier: GPL-3.0-or-later
"""Resolving a name and connecting to its addresses: who can be reached, how, and how long each step took."""

from __future__ import annotations

import asyncio
import enum
import errno
import ipaddress
import socket
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass

from ..ledger import Ledger
from ..text import one_line
from .background import in_thread


@dataclass(frozen=True, slots=True)
class Address:
    """One address of a name, as `socket.connect` takes it."""

    family: int
    sockaddr: tuple[str | int, ...]

    @property
    def host(self) -> str:
        """The numeric address, with its scope where it has one."""
        return str(self.sockaddr[0])

    @property
    def port(self) -> int:
        """The TCP port."""
        return int(self.sockaddr[1])

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Resolution:
    """The addresses of a name, IPv4 first; or why there are none, in the resolver's words."""

    addresses: tuple[Address, ...]
    error: str = ""
    elapsed_ms: float = 0.0


class Reached(enum.StrEnum):
    """How an attempt to connect ended."""

    OPEN = "open"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    PROHIBITED = "prohibited"
    RESET = "reset"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to connect. `error` is the system's name for what went wrong, such as "ECONNREFUSED".

    `sock` is the open, non-blocking connection, which the caller closes; None when there is none.
    """

    address: Address
    reached: Reached
    error: str = ""
    elapsed_ms: float = 0.0
    sock: socket.socket | None = None

    def __str__(self) -> str:
        said = (
            self.reached.value if self.reached is Reached.OPEN or not self.error else f"{self.reached} ({self.error})"
        )
        return f"{self.address} {said}, {self.elapsed_ms:.1f} ms"


async def resolve(host: str, port: int, *, deadline_s: float) -> Resolution:
    """Asks the system's resolver for the IPv4 and IPv6 addresses of `host`, within `deadline_s` seconds."""
    began = time.monotonic()

    def look_up() -> list[Address]:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
        return [Address(family, (str(sockaddr[0]), *sockaddr[1:])) for family, _type, _proto, _name, sockaddr in found]

    numeric = _is_numeric(host)
    try:
        # A numeric address asks nobody, so it needs no thread.
        found = look_up() if numeric else await asyncio.wait_for(in_thread(look_up), deadline_s)
    except TimeoutError:
        return Resolution((), f"no answer from the name service within {deadline_s:g} s", _since(began))
    except (OSError, UnicodeError) as error:
        return Resolution((), one_line(getattr(error, "strerror", None) or str(error)), _since(began))
    usable = [a for a in dict.fromkeys(found) if a.family in {socket.AF_INET, socket.AF_INET6}]
    return Resolution(tuple(sorted(usable, key=lambda a: a.family != socket.AF_INET)), "", _since(began))


async def connect_all(addresses: Sequence[Address], ledger: Ledger, *, deadline_s: float) -> tuple[Attempt, ...]:
    """Tries all addresses side by side, each for `deadline_s` seconds. The caller closes what was opened."""
    tasks: list[asyncio.Task[Attempt]] = []
    try:
        async with asyncio.TaskGroup() as group:
            tasks += [group.create_task(connect(address, ledger, deadline_s=deadline_s)) for address in addresses]
    except BaseException:
        for task in tasks:
            if task.done() and not task.cancelled() and task.exception() is None and (sock := task.result().sock):
                sock.close()
        raise
    return tuple(task.result() for task in tasks)


async def connect(address: Address, ledger: Ledger, *, deadline_s: float) -> Attempt:
    """Tries one address for `deadline_s` seconds. The caller closes the connection."""
    began = time.monotonic()
    try:
        sock = await open_socket(address, ledger, deadline_s=deadline_s)
    except OSError as error:  # TimeoutError is one too
        return Attempt(address, *reading(error), _since(began))
    return Attempt(address, Reached.OPEN, "", _since(began), sock)


async def open_socket(address: Address, ledger: Ledger, *, deadline_s: float) -> socket.socket:
    """A connected, non-blocking socket. Raises OSError, or TimeoutError after `deadline_s` seconds."""
    ledger.connected(address.host, address.port)
    sock = socket.socket(address.family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.wait_for(asyncio.get_running_loop().sock_connect(sock, address.sockaddr), deadline_s)
        if sock.getsockname() == _peer(sock):
            # With a port from the range for outgoing connections a socket can connect to itself: nobody listens.
            raise ConnectionRefusedError(errno.ECONNREFUSED, "connected to itself")
    except BaseException:
        sock.close()
        raise
    return sock


def _peer(sock: socket.socket) -> object:
    """The other end's address. Raises ConnectionResetError when the connection has ended already."""
    try:
        return sock.getpeername()
    except OSError as error:
        raise ConnectionResetError(errno.ECONNRESET, "ended right after it was accepted") from error


def reading(error: OSError) -> tuple[Reached, str]:
    """What a failed system call says about the peer, and the system's name for it."""
    if isinstance(error, TimeoutError) and error.errno is None:
        return Reached.TIMEOUT, ""
    if isinstance(error, ssl.SSLError):  # its number is OpenSSL's and not the system's
        return Reached.RESET, one_line(error.reason or str(error), 60)
    number = error.errno or 0
    name = errno.errorcode.get(number) or str(error)
    return _READINGS.get(number, Reached.FAILED), one_line(name, 60)


_READINGS = {
    errno.ECONNREFUSED: Reached.REFUSED,
    errno.ETIMEDOUT: Reached.TIMEOUT,
    errno.ENETUNREACH: Reached.UNREACHABLE,
    errno.EHOSTUNREACH: Reached.UNREACHABLE,
    errno.EADDRNOTAVAIL: Reached.UNREACHABLE,
    errno.EAFNOSUPPORT: Reached.UNREACHABLE,
    errno.EACCES: Reached.PROHIBITED,
    errno.EPERM: Reached.PROHIBITED,
    errno.ECONNRESET: Reached.RESET,
    errno.ECONNABORTED: Reached.RESET,
    errno.EPIPE: Reached.RESET,
    errno.ENOTCONN: Reached.RESET,  # it was reset before we could look whom we are connected to
}


def _is_numeric(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _since(began: float) -> float:
    return (time.monotonic() - began) * 1000
