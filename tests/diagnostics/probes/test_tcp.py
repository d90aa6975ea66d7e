# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and connections: what can be reached, and what the system says where it cannot."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import socket
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from diagnostics.ledger import Ledger
from diagnostics.probes.tcp import Address, Attempt, Reached, Resolution, connect, connect_all, reading, resolve

from ..peers import closes, listening, silent
from ..runs import closed_port


def look_up(host: str, port: int = 9876, *, deadline_s: float = 20) -> Resolution:
    return asyncio.run(resolve(host, port, deadline_s=deadline_s))


def at(port: int, host: str = "127.0.0.1") -> Address:
    return Address(socket.AF_INET, (host, port))


def attempt(address: Address, *, deadline_s: float = 20) -> Attempt:
    made = asyncio.run(connect(address, Ledger(), deadline_s=deadline_s))
    assert (made.sock is not None) == (made.reached is Reached.OPEN)
    if made.sock is not None:
        made.sock.close()
    return made


@pytest.fixture(autouse=True)
def nothing_is_left_open() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        yield
        gc.collect()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_numeric_address_asks_nobody(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading.Thread, "start", lambda _self: pytest.fail("a thread was started"))
    found = look_up(host)
    assert [(address.host, address.port) for address in found.addresses] == [(host, 9876)]


def test_localhost() -> None:
    found = look_up("localhost")
    assert at(9876) in found.addresses
    families = [address.family for address in found.addresses]
    assert families == sorted(families, key=lambda family: family != socket.AF_INET)


Resolver = Callable[..., list[tuple[object, ...]]]


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Callable[[Resolver], None]:
    """Replaces the system's resolver by a FAKE, as no name outside this machine may be asked for."""
    return lambda fake: monkeypatch.setattr(socket, "getaddrinfo", fake)


def test_both_families_ipv4_first_and_each_once(resolver: Callable[[Resolver], None]) -> None:
    four = (socket.AF_INET, 1, 6, "", ("127.0.0.1", 5))
    six = (socket.AF_INET6, 1, 6, "", ("::1", 5, 0, 0))
    other = (socket.AF_UNIX if hasattr(socket, "AF_UNIX") else 99, 1, 6, "", ("x", 5))
    resolver(lambda *_args, **_options: [six, four, other, four, six])
    assert [str(address) for address in look_up("box", 5).addresses] == ["127.0.0.1:5", "[::1]:5"]


def test_an_unknown_name(resolver: Callable[[Resolver], None]) -> None:
    def unknown(*_args: object, **_options: object) -> list[tuple[object, ...]]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known\x1b[31m")

    resolver(unknown)
    found = look_up("box")
    assert (found.addresses, found.error) == ((), "Name or service not known\\x1b[31m")


@pytest.mark.parametrize("host", ["a" * 64 + ".invalid", "a..b", "\ud800", "a" * 300])
def test_a_name_that_cannot_be_one(host: str) -> None:
    found = look_up(host)
    assert found.addresses == ()
    assert found.error


def test_a_resolver_that_hangs(resolver: Callable[[Resolver], None]) -> None:
    released = threading.Event()

    def hangs(*_args: object, **_options: object) -> list[tuple[object, ...]]:
        released.wait()
        return []

    resolver(hangs)
    found = look_up("box", deadline_s=0.1)
    released.set()
    assert found.addresses == ()
    assert "0.1 s" in found.error


@pytest.mark.parametrize("handler", [silent, closes])
def test_somebody_listens(handler: object) -> None:
    with listening(handler) as peer:  # type: ignore[arg-type]
        found = attempt(at(peer.port))
    assert (found.reached, found.error) == (Reached.OPEN, "")
    assert str(found).startswith(f"127.0.0.1:{peer.port} open, ")


def test_nobody_listens() -> None:
    found = attempt(at(closed_port()))
    assert (found.reached, found.error) == (Reached.REFUSED, "ECONNREFUSED")
    assert "refused (ECONNREFUSED)" in str(found)


@pytest.mark.skipif(sys.platform != "linux", reason="how Linux queues connections")
def test_nobody_takes_the_connection() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        waiting = [socket.socket() for _ in range(4)]
        for client in waiting:
            client.setblocking(False)
            client.connect_ex(server.getsockname())
        found = attempt(at(server.getsockname()[1]), deadline_s=0.2)
        for client in waiting:
            client.close()
    assert found.reached is Reached.TIMEOUT


@pytest.mark.skipif(not Path("/proc/sys/net/ipv4/ip_local_port_range").exists(), reason="needs Linux's range of ports")
def test_a_connection_to_itself_is_no_listener(monkeypatch: pytest.MonkeyPatch) -> None:
    port = closed_port()
    plain = socket.socket.__init__

    def bound(self: socket.socket, *args: object, **options: object) -> None:
        plain(self, *args, **options)  # type: ignore[arg-type]
        if self.type == socket.SOCK_STREAM and self.family == socket.AF_INET and "fileno" not in options:
            self.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.bind(("127.0.0.1", port))

    async def main() -> Attempt:
        monkeypatch.setattr(socket.socket, "__init__", bound)
        return await connect(at(port), Ledger(), deadline_s=5)

    assert asyncio.run(main()).reached is Reached.REFUSED


def test_a_place_that_takes_no_connections() -> None:
    # A multicast address; the system refuses without sending anything.
    assert attempt(at(9, "224.0.0.1")).reached is Reached.UNREACHABLE


def test_all_addresses_are_tried_side_by_side() -> None:
    ledger = Ledger()
    with listening(silent) as peer:
        addresses = [at(closed_port()), at(peer.port), Address(socket.AF_INET6, ("::1", closed_port(), 0, 0))]
        found = asyncio.run(connect_all(addresses, ledger, deadline_s=20))
        for one in found:
            if one.sock is not None:
                one.sock.close()
    assert [one.address for one in found] == addresses
    assert found[0].reached is Reached.REFUSED
    assert found[1].reached is Reached.OPEN
    assert found[2].reached in {Reached.REFUSED, Reached.UNREACHABLE}
    assert set(ledger.did().connected) == {str(address) for address in addresses}


@pytest.mark.parametrize(
    ("number", "reached"),
    [
        (errno.ECONNREFUSED, Reached.REFUSED),
        (errno.ETIMEDOUT, Reached.TIMEOUT),
        (errno.EHOSTUNREACH, Reached.UNREACHABLE),
        (errno.ENETUNREACH, Reached.UNREACHABLE),
        (errno.EACCES, Reached.PROHIBITED),
        (errno.EPERM, Reached.PROHIBITED),
        (errno.ECONNRESET, Reached.RESET),
        (errno.EPIPE, Reached.RESET),
        (errno.ENOTCONN, Reached.RESET),
        (errno.EMFILE, Reached.FAILED),
    ],
)
def test_what_the_system_says(number: int, reached: Reached) -> None:
    assert reading(OSError(number, "words")) == (reached, errno.errorcode[number])


def test_errors_without_a_number() -> None:
    assert reading(TimeoutError()) == (Reached.TIMEOUT, "")
    assert reading(OSError("odd\n\x1bthing")) == (Reached.FAILED, "odd \\x1bthing")


def test_an_address_that_leads_nowhere_keeps_nobody_waiting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as good, socket.socket() as stalled, contextlib.ExitStack() as stack:
        stalled.bind(("127.0.0.2", good.getsockname()[1]))
        stalled.listen(0)
        for _ in range(4):  # its queue is full: who connects now waits
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(stalled.getsockname())
        addresses = [Address(socket.AF_INET, at.getsockname()) for at in (stalled, good)]
        attempts = asyncio.run(connect_all(addresses, Ledger(), deadline_s=60))
        for attempt in attempts:
            if attempt.sock is not None:
                attempt.sock.close()
    assert [attempt.reached for attempt in attempts] == [Reached.TIMEOUT, Reached.OPEN]
    assert "no answer within" in attempts[0].error
