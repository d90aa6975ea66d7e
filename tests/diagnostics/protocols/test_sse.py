# SPDX-License-Identifier: GPL-3.0-or-later
"""Server-sent events from bytes in any cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.protocols.sse import EVENT_LIMIT, EventReader, ServerEvent


def events(data: bytes, cut: int = 0) -> list[ServerEvent]:
    reader = EventReader()
    step = cut or len(data) or 1
    return [event for at in range(0, len(data), step) for event in reader.feed(data[at : at + step])]


@pytest.mark.parametrize("cut", [0, 1, 3])
@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"data: a\n\n", [("message", "a")]),
        (b"\xef\xbb\xbfdata: a\r\n\r\n", [("message", "a")]),
        (b"event: endpoint\r\ndata: /messages\r\n\r\n", [("endpoint", "/messages")]),
        (b"data: a\rdata: b\r\rdata: c\n\n", [("message", "a\nb"), ("message", "c")]),
        (b": a comment\nid: 1\nretry: 5\n\ndata:x\n\n", [("message", "x")]),
        (b"data\n\n", [("message", "")]),
        (b"data: not ended\n", []),
        ("data: Möbel\n\n".encode(), [("message", "Möbel")]),
        (b"data: \xff\n\n", [("message", "\ufffd")]),
    ],
)
def test_events(data: bytes, expected: list[tuple[str, str]], cut: int) -> None:
    assert [(event.name, event.data) for event in events(data, cut)] == expected


@pytest.mark.parametrize("data", [b"data: " + b"x" * (EVENT_LIMIT + 1), b"data: x\n" * (EVENT_LIMIT // 2 + 1)])
@pytest.mark.parametrize("cut", [0, 65536])
def test_too_long(data: bytes, cut: int) -> None:
    reader = EventReader()
    for at in range(0, len(data), cut or len(data)):
        assert reader.feed(data[at : at + (cut or len(data))]) == []
    assert reader.overflowed
    assert reader.feed(b"\n\ndata: y\n\n") == []


LINES = st.lists(st.sampled_from([b"data: a", b"event: e", b"\r", b"\n", b"\r\n", b":c", b"x", b"\xff"]), max_size=30)


@given(LINES.map(b"".join), st.integers(1, 5))
def test_the_cut_does_not_matter(data: bytes, cut: int) -> None:
    ended = data + b"\n"  # a lone carriage return at the end waits for what follows
    assert events(ended) == events(ended, cut)
