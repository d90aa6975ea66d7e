# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends one HTTP request and reads the answer, or a stream of events, bounded in time and bytes. Follows nothing."""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field

from ..ledger import Ledger
from ..protocols import http1
from ..protocols.host_name import asked_as
from ..protocols.http1 import ResponseReader
from ..text import one_line, shown_bytes
from .exchange import Exchange
from .tcp import Address, Reached, reading

BODY_LIMIT = 1024 * 1024
"""Bytes of a body: lists of tools with their schemas reach some 100 KiB."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A web server: the address to connect to, what it is called, and the TLS for it, if any."""

    address: Address
    host: str
    """What the `Host` header says, such as "localhost:8000"."""
    context: ssl.SSLContext | None = None
    server_name: str | None = None

    @property
    def default_port(self) -> str:
        """How the port is written that goes without saying."""
        return ":443" if self.context is not None else ":80"

    @classmethod
    def at(
        cls, address: Address, host: str, *, context: ssl.SSLContext | None = None, server_name: str | None = None
    ) -> Origin:
        """The web server at this address, called by this host: in ASCII, without a scope, which is ours alone."""
        name = asked_as(host).partition("%")[0]
        name = f"[{name}]" if ":" in name else name
        default = 443 if context is not None else 80
        return cls(address, name if address.port == default else f"{name}:{address.port}", context, server_name)


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """The answer to one request. `status` is 0, and `fault` says why, where none came that can be read."""

    method: str
    path: str
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = ""
    body: bytes = field(default=b"", repr=False)
    truncated: bool = False
    fault: str = ""
    first_bytes: bytes = b""
    """What came instead of an answer."""
    silent: bool = False
    """The time was over before anything came."""
    elapsed_ms: float = 0.0

    def header(self, name: str) -> str:
        """The value of a header, fit to be shown; empty where it was not sent."""
        return one_line(self.headers.get(name, ""), 300)

    def __str__(self) -> str:
        said = f"{self.status} {self.media_type}".strip() if self.status else self.fault
        return f"{self.elapsed_ms:8.1f} ms  {self.method} {shown_path(self.path)}: {said}"


class Conversation:
    """One request and its answer, piece by piece. Made by `opened`."""

    def __init__(self, exchange: Exchange, method: str, path: str) -> None:
        self.reader = ResponseReader(limit=BODY_LIMIT)
        self._exchange = exchange
        self._method = method
        self._path = path
        self._first = b""

    async def more(self) -> bool:
        """Reads what comes next; False when nothing more will. Raises OSError."""
        if self.reader.done:
            return False
        data = await self._exchange.receive()
        if len(self._first) < http1.HEAD_LIMIT and not self.reader.status:
            self._first = (self._first + data)[:200]
        if data:
            self.reader.feed(data)
        else:
            self.reader.end()
        return bool(data)

    def answer(self, *, fault: str = "", silent: bool = False) -> HttpAnswer:
        """What has come so far."""
        reader = self.reader
        return HttpAnswer(
            self._method,
            self._path,
            reader.status if not reader.fault else 0,
            reader.headers,
            reader.media_type,
            bytes(reader.body),
            reader.truncated,
            reader.fault or ("" if reader.status else fault),
            self._first if not reader.status else b"",
            silent and not self._first,
            self._exchange.elapsed_ms,
        )


@contextlib.asynccontextmanager
async def opened(
    origin: Origin,
    method: str,
    path: str,
    ledger: Ledger,
    *,
    headers: Sequence[tuple[str, str]] = (),
    body: bytes = b"",
) -> AsyncIterator[Conversation]:
    """Connects and sends the request; the connection ends with the block. Raises OSError; the caller sets the time."""
    exchange = await Exchange.open(origin.address, ledger, context=origin.context, server_name=origin.server_name)
    try:
        exchange.send(http1.request(method, path, origin.host, headers, body))
        yield Conversation(exchange, method, path)
    finally:
        exchange.close()


async def ask(
    origin: Origin,
    method: str,
    path: str,
    ledger: Ledger,
    *,
    headers: Sequence[tuple[str, str]] = (),
    body: bytes = b"",
    deadline_s: float,
) -> HttpAnswer:
    """Sends the request and reads the whole answer, within `deadline_s` seconds. Never raises for what a peer does."""
    began, talk = time.monotonic(), None
    try:
        async with (
            asyncio.timeout(deadline_s),
            opened(origin, method, path, ledger, headers=headers, body=body) as talk,
        ):
            while await talk.more():
                pass
            return talk.answer()
    except TimeoutError:
        return over(talk, method, path, f"no whole answer within {deadline_s:g} s", began, silent=True)
    except OSError as error:
        return over(talk, method, path, broken(error), began)


def over(
    talk: Conversation | None, method: str, path: str, fault: str, began: float, *, silent: bool = False
) -> HttpAnswer:
    """The answer as far as it came when something ended it."""
    if talk is not None:
        return talk.answer(fault=fault, silent=silent)
    elapsed_ms = (time.monotonic() - began) * 1000
    return HttpAnswer(method, path, fault=fault, silent=silent, elapsed_ms=elapsed_ms)


def broken(error: OSError) -> str:
    """What ended a connection, in words."""
    reached, name = reading(error)
    return "it ended the connection without an answer" if reached is Reached.RESET else f"{reached} ({name})"


def shown_path(path: str) -> str:
    """The path without what stands after a question mark, which may be a secret."""
    return path.partition("?")[0] + ("?…" if "?" in path else "")


def shown_url(text: str) -> str:
    """An address that a server gave, whole or a part of one, without user, password and what a query tells."""
    url = re.sub(r"^([a-z][a-z0-9+.-]*:)?//[^/?#@]*@", r"\1//…@", text.strip(), flags=re.IGNORECASE)
    return one_line(re.sub(r"\?.*$", "?…", url, flags=re.DOTALL), 200)


def excerpt(data: bytes) -> str:
    """The beginning of a body, escaped, for evidence."""
    return shown_bytes(data, 120)
