# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON objects with a byte after each that stands nowhere in them. `nul_json` and `line_json` say which byte."""

from __future__ import annotations

from typing import ClassVar

from .unframed_json import decode_object


class DelimitedJson:
    """Cuts bytes, in any cut, into objects. At most `limit` bytes of one are kept; a longer one is none."""

    delimiter: ClassVar[bytes]

    def __init__(self, limit: int = 65536) -> None:
        self._limit = limit
        self._waiting = bytearray()

    def feed(self, data: bytes) -> list[dict[str, object] | None]:
        """Takes the next bytes and returns what they complete, in order: objects, and None for what is none."""
        *complete, rest = data.split(self.delimiter)
        found = []
        for piece in complete:
            self._take(piece)
            found.append(decode_object(bytes(self._waiting)) if len(self._waiting) <= self._limit else None)
            self._waiting.clear()
        self._take(rest)
        return found

    def _take(self, piece: bytes) -> None:
        self._waiting += piece[: self._limit + 1 - len(self._waiting)]
