# SPDX-License-Identifier: GPL-3.0-or-later
"""One HTTP/1.1 response, read from bytes in any cut (RFC 9112). Never raises for what comes, and keeps little of it."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable

HEAD_LIMIT = 65536
"""Bytes of the status line and all headers."""
MAX_HEADERS = 256
_MAX_INTERIM = 8
"""Responses of status 1xx that may come first."""
_LINE_LIMIT = 1024
"""Bytes of the line that tells a chunk's size."""
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-9][0-9]{2})(?: |$)")
_START = b"HTTP/1."
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class ResponseReader:
    """Collects one response. `status` is 0 until the head is whole; `done` says that no more bytes are wanted."""

    def __init__(self, *, limit: int = 65536) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        """By lower-case name; of a repeated one the values, joined by commas."""
        self.body = bytearray()
        """As it was meant: without chunks, inflated, at most `limit` bytes."""
        self.complete = False
        """The response came whole."""
        self.truncated = False
        """The body is longer than `limit`."""
        self.fault = ""
        """Why it is no response, in a few words."""
        self._limit = limit
        self._waiting = bytearray()
        self._fed = 0
        self._searched = 0
        self._interim = 0
        self._left: int | None = 0
        """Bytes of the body, or of the chunk, that are to come; None for a body that ends with the connection."""
        self._read = self._head
        self._inflater: zlib._Decompress | None = None

    @property
    def done(self) -> bool:
        """Nothing more needs to be read."""
        return self.complete or self.truncated or bool(self.fault)

    @property
    def media_type(self) -> str:
        """The type of the body, such as "application/json"; empty when it is not told."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def feed(self, data: bytes) -> None:
        """Takes the next bytes, of any number."""
        self._waiting += data
        self._fed += len(data)
        while not self.done and self._read():
            pass
        if not self.done and self._fed > 2 * self._limit + HEAD_LIMIT:
            self._broken("it sends much more than its answer holds")
        if self.done:
            self._waiting.clear()

    def end(self) -> None:
        """Says that the connection has ended."""
        if self.done:
            return
        if self.status and self._left is None:
            self.complete = True
        elif not self.status and not self._waiting:
            self.fault = "it ended the connection without an answer"
        elif not self.status:
            self.fault = "its answer ends inside its headers"
        else:
            self.fault = "its answer ends too early"

    def _head(self) -> bool:
        """Reads the status line and the headers; says whether there is more to do with what waits."""
        start = bytes(self._waiting[: len(_START)])
        if not _START.startswith(start):
            return self._broken("it does not answer in HTTP/1.1")
        end = _BLANK_LINE.search(self._waiting, self._searched, HEAD_LIMIT)
        if end is None:
            self._searched = max(0, len(self._waiting) - 3)  # an end may have begun
            return self._broken("its headers do not end") if len(self._waiting) >= HEAD_LIMIT else False
        lines = re.split(rb"\r?\n", bytes(self._waiting[: end.start()]))
        del self._waiting[: end.end()]
        self._searched = 0
        status = _STATUS.match(lines[0])
        if status is None:
            return self._broken("its status line is broken")
        if status[1].startswith(b"1"):
            self._interim += 1
            return self._interim <= _MAX_INTERIM or self._broken("it never gets beyond interim answers")
        if not self._take_headers(lines[1:]):
            return False
        self.status = int(status[1])
        return self._begin_body()

    def _take_headers(self, lines: Iterable[bytes]) -> bool:
        for number, line in enumerate(lines):
            name, colon, value = line.partition(b":")
            if number >= MAX_HEADERS:
                return self._broken(f"it sends more than {MAX_HEADERS} headers")
            if not colon or not _NAME.fullmatch(name):
                return self._broken("one of its headers is broken")
            key, text = name.decode("ascii").lower(), value.strip().decode("latin-1")
            self.headers[key] = f"{self.headers[key]}, {text}" if key in self.headers else text
        return True

    def _begin_body(self) -> bool:
        encoding = self.headers.get("content-encoding", "").strip().lower()
        if encoding in {"gzip", "x-gzip", "deflate"}:
            self._inflater = zlib.decompressobj(wbits=47)
        elif encoding not in {"", "identity"}:
            return self._broken("its body is in an encoding that nobody asked for")
        length = self.headers.get("content-length")
        if self.status in {204, 304}:
            self.complete = True
        elif "chunked" in self.headers.get("transfer-encoding", "").lower():
            self._read = self._chunk_size
        elif length is None:
            self._left = None
            self._read = self._until_closed
        elif (size := _size(length)) is not None:
            self._left = size
            self._read = self._counted
            self.complete = self._left == 0
        else:
            return self._broken("it does not say how long its answer is")
        return not self.complete

    def _until_closed(self) -> bool:
        self._keep(bytes(self._waiting))
        self._waiting.clear()
        return False

    def _counted(self) -> bool:
        self._take_left()
        self.complete = not self._left and not self.fault
        return False

    def _chunk_size(self) -> bool:
        line = self._line()
        if line is None:
            return False
        size = line.partition(b";")[0].strip()
        if not re.fullmatch(rb"[0-9A-Fa-f]{1,15}", size):
            return self._broken("the size of a part of its answer is broken")
        self._left = int(size, 16)
        self._read = self._chunk if self._left else self._trailer
        return True

    def _chunk(self) -> bool:
        self._take_left()
        if self._left:
            return False
        if len(self._waiting) < 2:  # noqa: PLR2004  # the line end after a chunk
            return self._waiting[:1] == b"\n" and self._after_chunk(1)
        return self._after_chunk(1 if self._waiting[:1] == b"\n" else 2)

    def _after_chunk(self, length: int) -> bool:
        if bytes(self._waiting[:length]) not in {b"\n", b"\r\n"}:
            return self._broken("a part of its answer is longer than it says")
        del self._waiting[:length]
        self._read = self._chunk_size
        return True

    def _trailer(self) -> bool:
        line = self._line()
        if line is None:
            return False
        self._interim += 1
        if self._interim > MAX_HEADERS:
            return self._broken("its trailers do not end")
        self.complete = not line
        return not self.complete

    def _line(self) -> bytes | None:
        """The next line without its end; None while it is not whole."""
        end = self._waiting.find(b"\n", 0, _LINE_LIMIT)
        if end < 0:
            if len(self._waiting) >= _LINE_LIMIT:
                self._broken("a line in its answer does not end")
            return None
        line = bytes(self._waiting[:end]).removesuffix(b"\r")
        del self._waiting[: end + 1]
        return line

    def _take_left(self) -> None:
        piece = bytes(self._waiting[: self._left])
        del self._waiting[: len(piece)]
        self._left = (self._left or 0) - len(piece)
        self._keep(piece)

    def _keep(self, data: bytes) -> None:
        room = self._limit - len(self.body)
        if self._inflater is not None:
            try:
                data = self._inflater.decompress(data, room + 1)
            except zlib.error:
                self._broken("its compressed body is broken")
                return
        self.body += data[:room]
        self.truncated = self.truncated or len(data) > room

    def _broken(self, fault: str) -> bool:
        self.fault = fault
        return False


def _size(text: str) -> int | None:
    """The number in `Content-Length`, which may be there several times when it is always the same."""
    sizes = {size.strip() for size in text.split(",")}
    size = min(sizes)
    return int(size) if len(sizes) == 1 and re.fullmatch(r"[0-9]{1,15}", size) else None


def request(method: str, path: str, host: str, headers: Iterable[tuple[str, str]] = (), body: bytes = b"") -> bytes:
    """The bytes of a request after which the server closes the connection. All texts are ASCII without line ends."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Connection: close", "Accept-Encoding: identity"]
    lines += [f"{name}: {value}" for name, value in headers]
    if body or method == "POST":
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("ascii") + body
