# SPDX-License-Identifier: GPL-3.0-or-later
"""What the parsers take for each MiB, beside the floor of looking at each byte once, and whether that is linear."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Iterator

from diagnostics.protocols.dialect import PING, recognise
from diagnostics.protocols.http1 import ResponseReader
from diagnostics.protocols.jsonrpc import LineReader
from diagnostics.protocols.length_prefixed import LengthPrefixed, framed
from diagnostics.protocols.sse import EventReader
from diagnostics.protocols.unframed_json import UnframedJson
from tests.bench.figures import times_ms

MIB = 1 << 20
PIECE = 8192


def _fed(feed: Callable[[bytes], object], data: bytes) -> None:
    for at in range(0, len(data), PIECE):
        feed(data[at : at + PIECE])


def _object(size: int) -> bytes:
    row = {"name": "Cube", "location": [0.0, 1.5, -2.25], "note": 'a "quoted" one'}
    rows = [row] * max(1, size // len(json.dumps(row)))
    return json.dumps({"status": "success", "result": rows}).encode()


def _unframed(data: bytes) -> None:
    reader = UnframedJson(limit=2 * len(data))
    _fed(reader.feed, data)
    assert reader.complete
    recognise(reader, PING, ended=True)


def _http(data: bytes) -> None:
    reader = ResponseReader(limit=2 * len(data))
    _fed(reader.feed, b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(data), data))
    assert reader.complete


def _length(data: bytes) -> None:
    reader = LengthPrefixed(limit=2 * len(data))
    _fed(reader.feed, framed(data))
    assert reader.complete


def _pieces(data: bytes, before: bytes, after: bytes) -> bytes:
    return b"".join(before + data[at : at + 999] + after for at in range(0, len(data), 999))


PARSERS: dict[str, Callable[[bytes], None]] = {
    "unframed JSON": _unframed,
    "HTTP": _http,
    "length prefix": _length,
    "JSON-RPC lines": lambda data: _fed(LineReader().feed, _pieces(data, b"", b"\n")),
    "server-sent events": lambda data: _fed(EventReader().feed, _pieces(data, b"data: ", b"\n\n")),
}


def measure() -> Iterator[str]:
    """Each parser on 1 MiB and on 8 MiB of an add-on's answer, in packets of 8 KiB."""
    small, large = _object(MIB), _object(8 * MIB)
    floor = statistics.median(times_ms(lambda: small.count(b"{"), 20))
    yield f"floor, one look at each byte: {floor:.2f} ms a MiB"
    for name, parse in PARSERS.items():
        one = statistics.median(times_ms(lambda parse=parse: parse(small), 7))  # type: ignore[misc]
        eight = statistics.median(times_ms(lambda parse=parse: parse(large), 3, warm_up=1))  # type: ignore[misc]
        linear = f"eight times as much takes {eight / one:.1f} times"
        yield f"{name:<20} {one:7.2f} ms a MiB, ratio {one / floor:6.1f}; {linear}"
