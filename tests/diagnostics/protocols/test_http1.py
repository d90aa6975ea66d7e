# SPDX-License-Identifier: GPL-3.0-or-later
"""One HTTP response from bytes in any cut."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from diagnostics.protocols.http1 import HEAD_LIMIT, MAX_HEADERS, ResponseReader, request

OK = b"HTTP/1.1 200 OK\r\n"


def read(data: bytes, *, cut: int = 0, limit: int = 1000) -> ResponseReader:
    """The reader after all bytes and the end of the connection; `cut` bytes at a time, 0 for all at once."""
    reader = ResponseReader(limit=limit)
    for at in range(0, len(data), cut or len(data) or 1):
        reader.feed(data[at : at + (cut or len(data))])
    reader.end()
    return reader


def chunked(*parts: bytes) -> bytes:
    body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (*parts, b""))
    return OK + b"Transfer-Encoding: chunked\r\n\r\n" + body


@pytest.mark.parametrize(
    ("data", "body"),
    [
        (OK + b"Content-Length: 5\r\n\r\nhello", b"hello"),
        (OK + b"Content-Length: 5, 5\r\n\r\nhello and more", b"hello"),
        (OK + b"\r\nuntil the end", b"until the end"),
        (OK + b"Content-Length: 0\r\n\r\n", b""),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (chunked(b"one ", b"two"), b"one two"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nTrailer: x\r\n\r\n", b"abc"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 2\r\n\r\nok", b"ok"),
        (b"HTTP/1.0 200 OK\nContent-Length: 2\n\nok", b"ok"),
        (OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"packed", mtime=0), b"packed"),
        (OK + b"Content-Encoding: deflate\r\n\r\n" + zlib.compress(b"packed"), b"packed"),
    ],
)
@pytest.mark.parametrize("cut", [0, 1, 7])
def test_a_good_answer(data: bytes, body: bytes, cut: int) -> None:
    reader = read(data, cut=cut)
    assert (reader.fault, bytes(reader.body), reader.complete) == ("", body, True)


def test_headers() -> None:
    reader = read(OK + b"Content-Type: Text/HTML; charset=x\r\nVia: a\r\nvia: b\r\nContent-Length: 0\r\n\r\n")
    assert (reader.status, reader.media_type, reader.headers["via"]) == (200, "text/html", "a, b")


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", "without an answer"),
        (b"SSH-2.0-x\r\n", "does not answer in HTTP"),
        (b"HTTP/2 200\r\n\r\n", "does not answer in HTTP"),
        (b"HTTP/1.1 abc\r\n\r\n", "status line"),
        (b"HTTP/1.1 200 OK\r\nX: y", "inside its headers"),
        (OK + b"no header\r\n\r\n", "headers is broken"),
        (OK + b"X: " + b"y" * HEAD_LIMIT, "do not end"),
        (OK + b"X: y\r\n" * (MAX_HEADERS + 1) + b"\r\n", "more than 256 headers"),
        (OK + b"Content-Length: 5\r\n\r\nhell", "too early"),
        (OK + b"Content-Length: -5\r\n\r\nhello", "how long"),
        (OK + b"Content-Length: 5, 6\r\n\r\nhello", "how long"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n", "size of a part"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", "longer than it says"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"1" * 5000, "does not end"),
        (OK + b"Content-Encoding: gzip\r\n\r\nnot packed", "compressed"),
        (OK + b"Content-Encoding: br\r\n\r\nx", "nobody asked"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 20, "interim"),
    ],
)
@pytest.mark.parametrize("cut", [0, 1, 7])
def test_a_broken_answer(data: bytes, fault: str, cut: int) -> None:
    reader = read(data, cut=cut)
    assert fault in reader.fault
    assert not reader.complete


def test_a_long_body_is_cut() -> None:
    reader = read(OK + b"\r\n" + b"x" * 5000, limit=1000)
    assert (len(reader.body), reader.truncated, reader.done) == (1000, True, True)


def test_a_bomb_is_not_inflated() -> None:
    bomb = gzip.compress(bytes(64 << 20))
    reader = read(OK + b"Content-Encoding: gzip\r\n\r\n" + bomb, limit=1000)
    assert (len(reader.body), reader.truncated) == (1000, True)


@given(st.one_of(st.binary(max_size=300), st.binary(max_size=200).map(lambda data: OK + data)), st.integers(1, 20))
@example(chunked(b"a", b"bc"), 1)
@example(OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\n0\n\n", 1)
def test_the_cut_does_not_matter(data: bytes, cut: int) -> None:
    whole, pieces = read(data), read(data, cut=cut)
    seen = [(r.status, r.fault, r.headers, r.body, r.complete, r.truncated) for r in (whole, pieces)]
    assert seen[0] == seen[1]


def test_a_request() -> None:
    sent = request("POST", "/mcp", "localhost:1", [("Accept", "x")], b"{}")
    assert sent.startswith(b"POST /mcp HTTP/1.1\r\nHost: localhost:1\r\n")
    assert sent.endswith(b"\r\nContent-Length: 2\r\n\r\n{}")
