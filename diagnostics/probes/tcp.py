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
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..ledger import Ledger
from ..protocols.host_name import asked_as, fault
from ..text import host_port, one_line
from .background import in_thread

OTHERS_S = 0.25
"""How much longer the other addresses are tried once one is open: the delay of RFC 8305, section 5."""


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
        return host_port(self.host, self.port)


@dataclass(frozen=True, slots=True)
class Resolution:
    """The addresses of a name, IPv4 first; or why there are none, in the resolver's words.

    `canonical` is the name under which it was found, where that is another one: by an alias, or by a search domain.
    """

    addresses: tuple[Address, ...]
    error: str = ""
    elapsed_ms: float = 0.0
    canonical: str = ""


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
    """Asks the system's resolver for the IPv4 and IPv6 addresses of `host`, within `deadline_s` seconds.

    What cannot be a host (`host_name.fault`) is not looked up: the system makes an address of any number.
    """
    began = time.monotonic()
    if why_not := fault(host):
        return Resolution((), why_not, _since(began))

    def look_up() -> list[tuple[Address, str]]:
        options = {"type": socket.SOCK_STREAM, "proto": socket.IPPROTO_TCP, "flags": socket.AI_CANONNAME}
        found = socket.getaddrinfo(asked_as(host), port, **options)
        return [(Address(family, (str(at[0]), *at[1:])), str(name)) for family, _type, _proto, name, at in found]

    try:
        # A numeric address asks nobody, so it needs no thread.
        found = look_up() if _is_numeric(host) else await asyncio.wait_for(in_thread(look_up), deadline_s)
    except TimeoutError:
        return Resolution((), f"no answer from the name service within {deadline_s:g} s", _since(began))
    except (OSError, UnicodeError) as error:
        words = _no_interface(host) or getattr(error, "strerror", None) or str(error)
        return Resolution((), one_line(words), _since(began))
    usable = dict.fromkeys(at for at, _name in found if at.family in {socket.AF_INET, socket.AF_INET6})
    name = next((name.rstrip(".") for _at, name in found if name), "")
    other = "" if _is_numeric(name) or name.lower() == asked_as(host).rstrip(".").lower() else one_line(name)
    ranked = tuple(sorted(usable, key=lambda at: at.family != socket.AF_INET))
    return Resolution(ranked, "", _since(began), other)


def _no_interface(host: str) -> str:
    """Says that the network interface behind the “%” of an address is none of this computer's."""
    _address, percent, scope = host.partition("%")
    names = [name for _number, name in socket.if_nameindex()] if percent else []
    if not percent or scope in names or scope.isdecimal():
        return ""
    return f"this computer has no network interface “{scope}”; it has {', '.join(names)}"


async def connect_all(addresses: Sequence[Address], ledger: Ledger, *, deadline_s: float) -> tuple[Attempt, ...]:
    """Tries all addresses side by side, each for `deadline_s` seconds. The caller closes what was opened.

    As soon as one is open, the others get `OTHERS_S` more: a family that leads nowhere must not keep the one waiting
    that works (RFC 8305). An address that did not answer by then is reported as a timeout that says so.
    """
    began = time.monotonic()
    tasks = [asyncio.create_task(connect(address, ledger, deadline_s=deadline_s)) for address in addresses]
    try:
        pending = set(tasks)
        while pending and not any(task.done() and task.result().reached is Reached.OPEN for task in tasks):
            _done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        if pending:
            _done, pending = await asyncio.wait(pending, timeout=OTHERS_S)
        await _stopped(pending)
    except BaseException:
        await _stopped(tasks)
        for task in tasks:
            if not task.cancelled() and task.exception() is None and (sock := task.result().sock):
                sock.close()
        raise
    elapsed_ms = _since(began)
    given_up = f"no answer within {elapsed_ms:.0f} ms"
    return tuple(
        Attempt(address, Reached.TIMEOUT, given_up, elapsed_ms) if task.cancelled() else task.result()
        for address, task in zip(addresses, tasks, strict=True)
    )


async def _stopped(tasks: Iterable[asyncio.Task[Attempt]]) -> None:
    """Cancels the tasks and waits until each has closed what it had opened."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


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
