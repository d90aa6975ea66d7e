# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be read in a TLS handshake from outside: whether it is one, and whom a server accepts.

RFC 5246 (TLS 1.2) and RFC 8446 (TLS 1.3).
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from .certificate import CertificateError, read_name

MAX_AUTHORITIES = 20
_ALERT, _HANDSHAKE = 0x15, 0x16
_SERVER_HELLO = 2
_MAJOR = 3
_VERSIONS = {0: "SSL 3.0", 1: "TLS 1.0", 2: "TLS 1.1", 3: "TLS 1.2"}
_HEADER = 5
_VERSION_AT = 9
"""Where a server's hello names its version: behind the headers of the record and of the message."""
_CERTIFICATE_AUTHORITIES = 47
"""The extension of RFC 8446, section 4.2.4."""


class Speaks(enum.StrEnum):
    """What a peer's first bytes are."""

    NOTHING = "nothing"
    TLS = "tls"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Opening:
    """How a peer begins its answer to a client's hello. `old_version` names the version it chose, where before 1.2."""

    speaks: Speaks
    old_version: str = ""


def opening(received: bytes) -> Opening:
    """What these first bytes of a peer are. An echo of the client's own hello is not TLS."""
    if not received:
        return Opening(Speaks.NOTHING)
    head = received[:_HEADER]
    if head[0] not in {_ALERT, _HANDSHAKE} or (len(head) > 1 and head[1] != _MAJOR):
        return Opening(Speaks.PLAIN)
    if head[0] == _ALERT:
        return Opening(Speaks.TLS)
    if received[_HEADER : _HEADER + 1] not in {b"", bytes([_SERVER_HELLO])}:
        return Opening(Speaks.PLAIN)
    # TLS 1.3 calls itself 1.2 here and says the truth in an extension; only what is older is told by this field.
    minor = received[_VERSION_AT + 1] if len(received) > _VERSION_AT + 1 else _MAJOR
    return Opening(Speaks.TLS, _VERSIONS.get(minor, "") if minor < _MAJOR else "")


def acceptable_authorities(message: bytes, *, tls_1_3: bool) -> tuple[str, ...]:
    """The names of the authorities of which a CertificateRequest wants a certificate, as RFC 4514 writes them.

    `message` is the whole message with its header. () when the server names none, or when it is malformed.
    """
    try:
        body = _Bytes(message[4:])
        listed = _of_1_3(body) if tls_1_3 else _of_1_2(body)
        return tuple(read_name(name) for name in listed[:MAX_AUTHORITIES])
    except (IndexError, CertificateError):
        return ()


class _Bytes:
    """Vectors with their length before them (RFC 8446, section 3.4). Raises IndexError at the end."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __bool__(self) -> bool:
        return bool(self._data)

    def number(self, size: int) -> int:
        return int.from_bytes(self._cut(size), "big")

    def vector(self, size: int) -> bytes:
        return self._cut(self.number(size))

    def _cut(self, size: int) -> bytes:
        if size > len(self._data):
            raise IndexError
        taken, self._data = self._data[:size], self._data[size:]
        return taken


def _of_1_2(body: _Bytes) -> list[bytes]:
    """RFC 5246, section 7.4.4: types, signature algorithms, names."""
    body.vector(1)
    body.vector(2)
    return _names(body.vector(2))


def _of_1_3(body: _Bytes) -> list[bytes]:
    """RFC 8446, section 4.3.2: context, extensions."""
    body.vector(1)
    extensions = _Bytes(body.vector(2))
    while extensions:
        kind, contents = extensions.number(2), extensions.vector(2)
        if kind == _CERTIFICATE_AUTHORITIES:
            return _names(_Bytes(contents).vector(2))
    return []


def _names(data: bytes) -> list[bytes]:
    names, rest = [], _Bytes(data)
    while rest:
        names.append(rest.vector(2))
    return names
