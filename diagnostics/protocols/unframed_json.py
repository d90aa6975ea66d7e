# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the end of one JSON object in a stream that has no framing (field guide, protocols 1.2).

The add-on of MCP for Blender sends objects without length or delimiter. Parsing again after each packet is quadratic;
this scanner looks at each byte once.
"""

from __future__ import annotations

import json
import re

_INTERESTING = re.compile(rb'["\\{}\[\]]')
_STRING_END = re.compile(rb'["\\]')
MAX_DEPTH = 200
"""Nesting at which an answer is no answer of a bridge any more; CPython's own parser gives up near 995."""


class UnframedJson:
    """Collects bytes until one JSON object is complete. At most `limit` bytes are kept."""

    def __init__(self, limit: int = 65536) -> None:
        self.received = bytearray()
        self.limit = limit
        self._dropped = False
        self._at = 0
        self._depth = 0
        self._in_string = False
        self._start: int | None = None
        self._end: int | None = None

    def feed(self, data: bytes) -> None:
        """Takes the next bytes, of any number."""
        room = self.limit - len(self.received)
        self.received += data[:room]
        self._dropped = self._dropped or len(data) > room
        if self._start is None:
            self._find_start()
        if self._start is not None and self._end is None:
            self._scan()

    def _find_start(self) -> None:
        head = self.received.lstrip(b" \t\r\n")
        if head[:1] == b"{":
            self._start = self._at = len(self.received) - len(head)

    def _scan(self) -> None:
        buffer = self.received
        while self._at < len(buffer):
            match = (_STRING_END if self._in_string else _INTERESTING).search(buffer, self._at)
            if match is None:
                self._at = len(buffer)
                return
            byte = match[0]
            self._at = match.end()
            if byte == b"\\":
                self._at += 1  # whatever is escaped cannot end a string
            elif byte == b'"':
                self._in_string = not self._in_string
            elif byte in b"{[":
                self._depth += 1
            else:
                self._depth -= 1
                if self._depth <= 0:
                    self._end = self._at
                    return

    @property
    def overflowed(self) -> bool:
        """More came than is kept, and there is no complete object in what is kept."""
        return self._dropped and not self.complete

    @property
    def complete(self) -> bool:
        """The end of the object was received."""
        return self._end is not None

    @property
    def rest(self) -> bytes:
        """What came after the object, such as the delimiter of another protocol."""
        return bytes(self.received[self._end :]) if self._end is not None else b""

    def value(self) -> dict[str, object] | None:
        """The object, or None when it is not complete or its content is broken."""
        if self._end is None:
            return None
        return decode_object(bytes(self.received[self._start : self._end]))


def decode_object(data: bytes) -> dict[str, object] | None:
    """One JSON object from bytes; None for anything that is broken, not an object, or nested absurdly deep."""
    if data.count(b"{") + data.count(b"[") > MAX_DEPTH and _depth(data) > MAX_DEPTH:
        return None
    try:
        value = json.loads(data.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError):  # bad UTF-8, bad JSON, a number of more than 4,300 digits
        return None
    return value if isinstance(value, dict) else None


def _refuse(constant: str) -> object:
    raise ValueError(constant)


def _depth(data: bytes) -> int:
    deepest = depth = 0
    for byte in re.findall(rb'"(?:[^"\\]|\\.)*+"|[{}\[\]]', data, re.DOTALL):
        if byte in {b"{", b"["}:
            depth += 1
            deepest = max(deepest, depth)
        elif byte in {b"}", b"]"}:
            depth -= 1
    return deepest
