# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON objects with their length before them, in four bytes, the highest first (field guide, protocols 2.3)."""

from __future__ import annotations

from .unframed_json import decode_object

_PREFIX = 4


class LengthPrefixed:
    """Collects one message of at most `limit` bytes from bytes in any cut."""

    def __init__(self, limit: int = 65536) -> None:
        self._limit = limit
        self._received = bytearray()

    def feed(self, data: bytes) -> None:
        """Takes the next bytes, of any number."""
        self._received += data[: _PREFIX + self._limit - len(self._received)]

    @property
    def broken(self) -> bool:
        """What came is no message of this kind."""
        begins = bytes(self._received[_PREFIX : _PREFIX + 1])
        return not self.announces(bytes(self._received[:_PREFIX]), self._limit) or begins not in {b"", b"{"}

    @property
    def complete(self) -> bool:
        """The whole message was received."""
        length = int.from_bytes(self._received[:_PREFIX], "big")
        return not self.broken and len(self._received) >= _PREFIX + length > _PREFIX

    def value(self) -> dict[str, object] | None:
        """The object, or None when it is not complete or its content is broken."""
        length = int.from_bytes(self._received[:_PREFIX], "big")
        return decode_object(bytes(self._received[_PREFIX : _PREFIX + length])) if self.complete else None

    @staticmethod
    def announces(data: bytes, limit: int = 65536) -> bool:
        """Whether the first bytes, as far as they are there, are a length of at most `limit`."""
        prefix = data[:_PREFIX]
        return 0 < int.from_bytes(prefix, "big") <= limit if len(prefix) == _PREFIX else not any(prefix[:2])


def framed(message: bytes) -> bytes:
    """The message with its length before it."""
    return len(message).to_bytes(_PREFIX, "big") + message
