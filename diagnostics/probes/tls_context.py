# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of TLS as OpenSSL takes them: whom to trust, and what to show of oneself. Peers are always verified."""

from __future__ import annotations

import enum
import ssl
from dataclasses import dataclass
from pathlib import Path

from ..ledger import Ledger
from ..model import Tls
from ..protocols.certificate import CertificateError, read
from ..text import one_line
from .background import in_thread

_FILE_LIMIT = 1 << 20
"""Bytes of a file that are looked at, to say what is wrong with it."""
_CERTIFICATE_REQUEST, _HANDSHAKE = 13, 22
"""Numbers of a message and of a content type (RFC 8446, section B.3 and B.1)."""
_VERSIONS = ((0x301, "TLS 1.0"), (0x302, "TLS 1.1"), (0x303, "TLS 1.2"), (0x304, "TLS 1.3"))
SEES_REQUESTS = hasattr(ssl.SSLContext, "_msg_callback")
"""Whether this Python shows that a server asks for a client certificate. The hook is private, in CPython since 3.8."""


class Flaw(enum.StrEnum):
    """What is wrong with a file of certificates."""

    DER = "der"
    """A single certificate in binary form, where the text form (PEM) is wanted."""
    BINARY = "binary"
    """Not text, and so no PEM; it may be a PKCS #12 bundle (.p12, .pfx)."""
    NO_CERTIFICATE = "no-certificate"
    NO_KEY = "no-key"
    ENCRYPTED = "encrypted"
    """The key is locked with a password. Nobody is asked for it."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Unusable:
    """A file that the settings name and that cannot be used. `error` says why, in OpenSSL's or the system's words."""

    file: Path
    flaw: Flaw
    error: str


class Session(ssl.SSLObject):
    """One connection's TLS. `request` is the message in which the server asked for a client certificate."""

    request: bytes | None = None
    tls_1_3: bool = False
    """In which form that message is."""


class _LockedError(Exception):
    """The private key wants a password."""


async def client_context(tls: Tls, ledger: Ledger) -> ssl.SSLContext | Unusable:
    """A context that verifies, with the system's store or the CA file, and with the client certificate if there is one.

    Loading the system's store takes some 40 ms, so it is done off the loop; one context serves all connections.
    """
    for file in (tls.ca_file, tls.client_cert):
        if file is not None:
            ledger.read(file)
    return await in_thread(lambda: _context(tls))


def offered(context: ssl.SSLContext) -> tuple[str, ...]:
    """The versions that this context offers to a server."""
    low, high = context.minimum_version, context.maximum_version
    newest = high == ssl.TLSVersion.MAXIMUM_SUPPORTED
    return tuple(name for number, name in _VERSIONS if low <= number and (newest or number <= high))


def _context(tls: Tls) -> ssl.SSLContext | Unusable:
    try:
        context = ssl.create_default_context(cafile=str(tls.ca_file) if tls.ca_file else None)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        if tls.ca_file is None:
            return Unusable(Path(ssl.get_default_verify_paths().openssl_cafile), Flaw.OTHER, _said(error))
        return Unusable(tls.ca_file, _flaw_of_authorities(tls.ca_file), _said(error))
    if tls.client_cert is not None:
        try:
            context.load_cert_chain(tls.client_cert, password=_refuse)
        except _LockedError:
            return Unusable(tls.client_cert, Flaw.ENCRYPTED, "the private key in it is locked with a password")
        except (OSError, ValueError) as error:
            return Unusable(tls.client_cert, _flaw_of_own(tls.client_cert), _said(error))
    context.sslobject_class = Session
    if SEES_REQUESTS:
        context._msg_callback = _heard  # type: ignore[attr-defined]  # noqa: SLF001  # there is no public way
    return context


def _heard(  # noqa: PLR0917  # as OpenSSL calls it
    session: object, direction: str, version: int, kind: int, message: int, data: bytes
) -> None:
    """Called for every message of every connection of a context."""
    asked = direction == "read" and kind == _HANDSHAKE and message == _CERTIFICATE_REQUEST
    if asked and isinstance(session, Session):
        session.request, session.tls_1_3 = bytes(data), version == ssl.TLSVersion.TLSv1_3


def _refuse() -> str:
    """OpenSSL would ask for the password at the terminal; that must not happen in the middle of a diagnosis."""
    raise _LockedError


def _said(error: OSError | ValueError) -> str:
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or str(error)
    return one_line(str(reason))


def _flaw_of_authorities(file: Path) -> Flaw:
    head = _head(file)
    try:
        read(head)
    except CertificateError:
        return Flaw.OTHER if b"-----BEGIN" in head else Flaw.NO_CERTIFICATE
    return Flaw.DER


def _flaw_of_own(file: Path) -> Flaw:
    head = _head(file)
    if head[:1] == b"\x30":  # what DER begins with; a PEM file begins with text
        return Flaw.BINARY
    if b"-----BEGIN CERTIFICATE-----" not in head:
        return Flaw.NO_CERTIFICATE
    return Flaw.OTHER if b"PRIVATE KEY-----" in head else Flaw.NO_KEY


def _head(file: Path) -> bytes:
    """What the file holds, as far as it can be read."""
    try:
        with file.open("rb") as stream:
            return stream.read(_FILE_LIMIT)
    except (OSError, ValueError):
        return b""
