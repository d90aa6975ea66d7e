# SPDX-License-Identifier: GPL-3.0-or-later
"""The TLS handshake with an endpoint. The certificate is always verified.

Done over memory and not by asyncio's own TLS, so that after a failure the peer's bytes and certificates can be seen.
"""

from __future__ import annotations

import asyncio
import contextlib
import enum
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass

from ..ledger import Ledger
from ..protocols.certificate import Certificate, CertificateError, read
from ..protocols.tls_messages import Speaks, acceptable_authorities, opening
from ..text import one_line
from .tcp import Address, open_socket
from .tls_context import SEES_REQUESTS, Session

MAX_BYTES = 65536
"""What a peer may send in a handshake; real ones send some 5 KB."""
MAX_CHAIN = 10
"""Certificates of a chain that are read."""
VERDICT_S = 0.25
"""How long to wait at least for what a server says about the client certificate that it asked for."""


class Shaken(enum.StrEnum):
    """How a handshake ended."""

    SECURED = "secured"
    DISTRUSTED = "distrusted"
    """We refused the peer's certificate."""
    REFUSED = "refused"
    """The peer said no, or what it said is no TLS."""
    CLOSED = "closed"
    SILENT = "silent"
    """It did not finish in time."""


@dataclass(frozen=True, slots=True)
class Handshake:
    """What was seen of a handshake. `verify_code` is OpenSSL's number for a refused certificate (10 expired, 62 name).

    `version` is known as soon as the handshake is complete, also when the peer then refused the client certificate.
    """

    shaken: Shaken
    version: str = ""
    error: str = ""
    verify_code: int = 0
    speaks: Speaks = Speaks.NOTHING
    old_version: str = ""
    """The version before TLS 1.2 that the peer chose."""
    received: bytes = b""
    """What came, for a peer that does not speak TLS."""
    chain: tuple[Certificate, ...] = ()
    """The peer's own certificate first. Of a trusted peer the chain up to the authority, else what it sent."""
    certificate_wanted: bool | None = None
    """Whether it asked for a client certificate; None where this Python does not show that."""
    authorities: tuple[str, ...] = ()
    """Whose client certificates it accepts, where it says so."""
    elapsed_ms: float = 0.0


def handshake_name(host: str, server_name: str | None = None) -> str:
    """The name to ask a server for and to expect in its certificate: `server_name`, else the host.

    Names in other scripts are written in ASCII as Python's resolver does it (IDNA 2003). An address loses the scope, of
    which a certificate knows nothing, and a name the dot at its end (RFC 6066, section 3).
    """
    name = (server_name or host).strip()
    bare = name.strip("[]").partition("%")[0]
    with contextlib.suppress(ValueError):
        return str(ipaddress.ip_address(bare))
    name = name.rstrip(".")
    try:
        return name if name.isascii() else name.encode("idna").decode("ascii")
    except UnicodeError:
        return name


async def shake_hands(
    address: Address, context: ssl.SSLContext, server_name: str, ledger: Ledger, *, deadline_s: float
) -> Handshake:
    """Connects, does the handshake and closes the connection, all within `deadline_s` seconds.

    `context` is one of `client_context`, `server_name` one of `handshake_name`; no name is sent for an address.
    """
    began = time.monotonic()
    talk = _Talk()
    try:
        async with asyncio.timeout(deadline_s):
            with contextlib.closing(await open_socket(address, ledger, deadline_s=deadline_s)) as sock:
                await talk.shake(sock, context, server_name)
                await talk.hear_verdict(sock, time.monotonic() - began)
    except ssl.SSLCertVerificationError as error:
        return talk.seen(Shaken.DISTRUSTED, began, error.verify_message, error.verify_code)
    except (ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionError) as error:
        return talk.seen(Shaken.CLOSED, began, getattr(error, "strerror", None) or "the connection was closed")
    except ssl.SSLError as error:
        return talk.seen(Shaken.REFUSED, began, error.reason or str(error))
    except TimeoutError:
        return talk.seen(Shaken.SILENT, began, f"no answer to the handshake within {deadline_s:g} s")
    except (OSError, ValueError) as error:  # ValueError: a server name that cannot be one
        return talk.seen(Shaken.REFUSED, began, str(error))
    return talk.seen(Shaken.SECURED, began)


class _Talk:
    """One handshake, and all that was heard in it."""

    def __init__(self) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._session: ssl.SSLObject | None = None
        self._received = bytearray()
        self._version = ""

    async def shake(self, sock: socket.socket, context: ssl.SSLContext, server_name: str) -> None:
        """Raises OSError, of which ssl.SSLError is one, or ValueError."""
        session = context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_name)
        self._session = session
        try:
            await self._until_done(sock, session.do_handshake)
        finally:
            # The peer is told why, if it is an alert that waits there; whether it listens does not matter.
            with contextlib.suppress(OSError):
                sock.send(self._outgoing.read())
        self._version = session.version() or ""

    async def hear_verdict(self, sock: socket.socket, shaken_s: float) -> None:
        """Waits for a server that asked for a client certificate to refuse it, or its absence; raises OSError then.

        With TLS 1.3 a server looks at the certificate when the handshake is over for the client, and some proxies look
        even later. A server that is content says nothing, which takes this long.
        """
        session = self._session
        if not isinstance(session, Session) or session.request is None:
            return

        def hear() -> None:
            if not session.read(1):
                raise ConnectionAbortedError(0, "it ended the connection after the handshake")

        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(VERDICT_S, 2 * shaken_s)):
                await self._until_done(sock, hear)

    def seen(self, shaken: Shaken, began: float, error: str = "", verify_code: int = 0) -> Handshake:
        """All that is known about the handshake, which ended like this."""
        request = self._session.request if isinstance(self._session, Session) else None
        tls_1_3 = isinstance(self._session, Session) and self._session.tls_1_3
        begun = opening(bytes(self._received))
        return Handshake(
            shaken,
            self._version,
            one_line(error),
            verify_code,
            begun.speaks,
            begun.old_version,
            bytes(self._received) if begun.speaks is Speaks.PLAIN else b"",
            _chain(self._session, trusted=bool(self._version)),
            request is not None if SEES_REQUESTS else None,
            acceptable_authorities(request, tls_1_3=tls_1_3) if request else (),
            (time.monotonic() - began) * 1000,
        )

    async def _until_done(self, sock: socket.socket, step: Callable[[], object]) -> None:
        """Carries bytes to and fro until `step` needs no more of them."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                step()
            except ssl.SSLWantReadError:
                with contextlib.suppress(ConnectionError):
                    # A peer that is gone may have said why before; that is read next.
                    await loop.sock_sendall(sock, self._outgoing.read())
                data = await loop.sock_recv(sock, 16384)
                self._received += data
                if len(self._received) > MAX_BYTES:
                    raise ConnectionAbortedError(0, f"it sent more than {MAX_BYTES // 1024} KiB") from None
                if data:
                    self._incoming.write(data)
                else:
                    self._incoming.write_eof()
            else:
                with contextlib.suppress(ConnectionError):
                    await loop.sock_sendall(sock, self._outgoing.read())
                return


def _chain(session: ssl.SSLObject | None, *, trusted: bool) -> tuple[Certificate, ...]:
    """The certificates of the peer. Public API from Python 3.13 on; private before; () where there is none of both."""
    name = "get_verified_chain" if trusted else "get_unverified_chain"
    get = getattr(session, name, None) or getattr(getattr(session, "_sslobj", None), name, None)
    found = []
    with contextlib.suppress(ValueError, TypeError, AttributeError, ssl.SSLError):
        for item in list(get() or ())[:MAX_CHAIN] if get is not None else []:
            der = item if isinstance(item, bytes) else ssl.PEM_cert_to_DER_cert(item.public_bytes())
            with contextlib.suppress(CertificateError):
                found.append(read(der))
    return tuple(found)
