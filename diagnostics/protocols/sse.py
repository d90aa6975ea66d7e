# SPDX-License-Identifier: GPL-3.0-or-later
"""Server-sent events, read from bytes in any cut (WHATWG HTML, section 9.2). Never raises for what comes."""

from __future__ import annotations

import re
from dataclasses import dataclass

EVENT_LIMIT = 1024 * 1024
"""Bytes of the longest event that is kept."""
_LINE_END = re.compile(rb"\r\n|\n|\r(?=[^\n])")


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One event. `name` is "message" where the stream names none."""

    name: str
    data: str


class EventReader:
    """Cuts a stream into events. `overflowed` says that one was too long, after which nothing more is read."""

    def __init__(self) -> None:
        self.overflowed = False
        self._waiting = bytearray()
        self._searched = 0
        self._first = True
        self._name = ""
        self._data: list[str] = []
        self._size = 0

    def feed(self, data: bytes) -> list[ServerEvent]:
        """Takes the next bytes and returns the events that they complete."""
        if self.overflowed:
            return []
        self._waiting += data
        events, at = [], 0
        while not self.overflowed and (end := _LINE_END.search(self._waiting, max(at, self._searched))) is not None:
            event = self._line(bytes(self._waiting[at : end.start()]))
            at = self._searched = end.end()
            if event is not None:
                events.append(event)
        del self._waiting[:at]
        # A carriage return at the very end may be half of a line end.
        half = self._waiting[-1:] == b"\r"
        self._searched = len(self._waiting) - half
        self._bound(len(self._waiting) - half)
        return events

    def _bound(self, more: int) -> None:
        if self._size + more > EVENT_LIMIT:
            self.overflowed = True
            self._waiting.clear()
            self._data.clear()

    def _line(self, line: bytes) -> ServerEvent | None:
        if self._first:
            self._first, line = False, line.removeprefix(b"\xef\xbb\xbf")
        self._bound(len(line))
        if self.overflowed:
            return None
        if not line:
            event = ServerEvent(self._name or "message", "\n".join(self._data)) if self._data else None
            self._name, self._data, self._size = "", [], 0
            return event
        field, _colon, value = line.partition(b":")
        text = value.removeprefix(b" ").decode("utf-8", "replace")
        if field == b"data":
            self._data.append(text)
            self._size += len(value) + 1
        elif field == b"event":
            self._name = text[:200]
        return None
