# SPDX-License-Identifier: GPL-3.0-or-later
"""The MCP handshake with a server that is reached over HTTP: Streamable HTTP, and the older HTTP+SSE.

Source: the MCP specification, transports, revisions 2024-11-05 (HTTP+SSE) and 2025-03-26 to 2025-11-25.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urljoin, urlsplit

from ..ledger import Ledger
from ..protocols import jsonrpc
from ..protocols.jsonrpc import Message
from ..protocols.mcp_answer import McpAnswer
from ..protocols.mcp_handshake import Handshake
from ..protocols.mcp_versions import DEFAULT_OFFER, SETTLING, older_way
from ..protocols.sse import EventReader
from . import http
from .http import Conversation, HttpAnswer, Origin
from .mcp_steps import Steps

CLIENT_NAME = "mcp-diagnostics"
MAX_REQUESTS = 40
MIN_SECRET = 12
"""Characters of a part of an address that may be what names a session."""
MAX_SESSION = 256
"""Characters of a session's id; a longer one is not sent back."""
_GOODBYE_S = 0.5
"""How long the end of a session may take; nobody waits for it longer."""
_ACCEPT = ("Accept", "application/json, text/event-stream")
_STREAM = "text/event-stream"
_GONE = 404
"""How a server says that it does not know the session (any more)."""


@dataclass(frozen=True, slots=True)
class WebServerAnswer:
    """How a server answered over HTTP. `first`, the answer to the first request, decides when MCP is not spoken.

    `sse` says that it was asked in the older way. `fault` says what broke the conversation off.
    """

    path: str
    sse: bool
    first: HttpAnswer
    mcp: McpAnswer
    fault: str = ""
    steps: tuple[tuple[str, float], ...] = ()
    """The answered requests by their methods, with their milliseconds."""
    elapsed_ms: float = 0.0
    transcript: tuple[str, ...] = ()
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """What it gave to be sent back, by which others could take part in the session."""

    @property
    def speaks_mcp(self) -> bool:
        """An answer in JSON-RPC came: a result or a refusal."""
        return self.mcp.answered or self.mcp.error_code is not None or bool(self.mcp.supported)


async def ask_web_server(
    origin: Origin,
    path: str,
    ledger: Ledger,
    *,
    sse: bool,
    offers: Sequence[str] = DEFAULT_OFFER,
    calls: Mapping[str, str] | None = None,
    headers: Sequence[tuple[str, str]] = (),
    client_version: str = "0",
    deadline_s: float,
) -> WebServerAnswer:
    """Agrees on a version over Streamable HTTP, or over HTTP+SSE, and lists the tools. Never raises.

    `offers` and `calls` are explained at `Handshake`; `headers` go with every request. All within `deadline_s` seconds.
    """
    began = time.monotonic()

    async def asked(offered: Sequence[str], within_s: float) -> WebServerAnswer:
        handshake = Handshake(offers=offered, client_name=CLIENT_NAME, client_version=client_version, calls=calls)
        return await (_Sse if sse else _Streamable)(origin, path, ledger, handshake, headers).have(within_s)

    answer, older = await asked(offers, deadline_s), older_way(offers)
    left_s = deadline_s - (time.monotonic() - began)
    if not (older and answer.first.status and answer.mcp.waits_for in SETTLING and left_s > 0):
        return answer
    # It broke off when it was asked in the newer way, as servers of the first SDKs do.
    again = await asked(older, left_s)
    mcp = dataclasses.replace(again.mcp, offered=(*answer.mcp.offered, *again.mcp.offered))
    return dataclasses.replace(again, mcp=mcp, transcript=(*answer.transcript, *again.transcript))


class _Talk:
    """What the two transports share: the handshake, what was heard first, and how it ended."""

    sse = False

    def __init__(
        self, origin: Origin, path: str, ledger: Ledger, handshake: Handshake, headers: Sequence[tuple[str, str]]
    ) -> None:
        self._origin, self._path, self._ledger, self._handshake = origin, path, ledger, handshake
        self._headers = tuple(headers)
        self._steps = Steps()
        self._deadline_s = 0.0
        self._began = time.monotonic()
        self._requests = 0
        self._first: HttpAnswer | None = None
        self._fault = ""
        self._session = ""
        self._secrets: list[str] = []
        self._transcript: list[str] = []

    async def have(self, deadline_s: float) -> WebServerAnswer:
        timed_out, self._deadline_s = False, deadline_s
        try:
            async with asyncio.timeout(deadline_s):
                await self._converse()
        except TimeoutError:
            timed_out = True
            self._fault = self._fault or f"no whole answer within {deadline_s:g} s"
        except OSError as error:
            self._fault = http.broken(error)
        if self._session:
            await self._say_goodbye()
        first = self._first or HttpAnswer(
            "GET" if self.sse else "POST",
            self._path,
            fault=self._fault or f"no answer within {deadline_s:g} s",
            silent=timed_out,
            elapsed_ms=self._elapsed_ms,
        )
        return WebServerAnswer(
            self._path,
            self.sse,
            first,
            self._handshake.seen(),
            self._fault,
            self._steps.taken(),
            self._elapsed_ms,
            tuple(self._transcript),
            tuple(self._secrets),
        )

    async def _converse(self) -> None:
        raise NotImplementedError

    async def _say_goodbye(self) -> None:
        """Ends the session as the specification asks; a server that does not know how is left alone."""
        with contextlib.suppress(OSError, TimeoutError):
            headers = [("Mcp-Session-Id", self._session), *self._headers, *self._handshake.headers({})]
            await http.ask(self._origin, "DELETE", self._path, self._ledger, headers=headers, deadline_s=_GOODBYE_S)

    def _patience_s(self, message: Mapping[str, object]) -> float | None:
        """How long an answer is waited for, before the older way is tried; None for as long as there is time."""
        if message.get("method") != "server/discover" or not self._handshake.may_fall_back:
            return None
        return max(0.0, self._began + self._deadline_s / 2 - time.monotonic())

    def _take_fall_back(self) -> list[dict[str, object]]:
        more = self._handshake.give_up_discovery()
        self._steps.now_at(self._handshake.step)
        return more

    def _begin(self) -> dict[str, object]:
        message = self._handshake.begin()
        self._steps.now_at(self._handshake.step)
        return message

    def _take(self, messages: Sequence[Message]) -> list[dict[str, object]]:
        replies = [reply for message in messages for reply in self._handshake.receive(message)]
        self._steps.now_at(self._handshake.step)
        return replies

    def _headers_of(self, message: Mapping[str, object]) -> list[tuple[str, str]]:
        return [("Content-Type", "application/json"), *self._headers, *self._handshake.headers(message)]

    def _heard(self, answer: HttpAnswer) -> None:
        self._first = self._first or answer
        self._transcript.append(str(answer))

    @property
    def _elapsed_ms(self) -> float:
        return (time.monotonic() - self._began) * 1000


class _Streamable(_Talk):
    """Every message is a POST; its answer is JSON or a short stream of events."""

    async def _converse(self) -> None:
        renewed = False
        pending = [self._begin()]
        while pending and not self._fault and self._requests < MAX_REQUESTS:
            self._requests += 1
            message = pending.pop(0)
            if message.get("method") in {"server/discover", "initialize"}:
                self._first = None  # what counts is the answer to the request that settles the version
            try:
                async with asyncio.timeout(self._patience_s(message)):
                    answer, more = await self._post(message)
            except TimeoutError:
                # A server that does not know the question may leave it open.
                pending = self._take_fall_back()
                continue
            if self._session and answer.status == _GONE and not renewed:
                # The server has ended the session; the specification has the client begin a new one.
                renewed, self._session, pending = True, "", [self._begin()]
                continue
            if not answer.fault and not _is_success(answer) and self._handshake.step == "server/discover":
                # An older server refuses what it does not know in its own way.
                more = more or self._take_fall_back()
            if not more:
                self._fault = self._fault or answer.fault or _refusal(answer, message)
            pending = [*more, *pending]

    async def _post(self, message: dict[str, object]) -> tuple[HttpAnswer, list[dict[str, object]]]:
        """The answer, and what is to be sent now."""
        headers = [*self._headers_of(message), _ACCEPT]
        if self._session:
            headers.append(("Mcp-Session-Id", self._session))
        body = jsonrpc.encode(message).strip()
        replies: list[dict[str, object]] = []
        async with http.opened(self._origin, "POST", self._path, self._ledger, headers=headers, body=body) as talk:
            events, taken = EventReader(), 0
            silent, fault = True, "it did not finish its answer"
            try:
                while await talk.more():
                    if talk.reader.media_type == _STREAM and _is_fine(talk):
                        data = bytes(talk.reader.body[taken:])
                        taken += len(data)
                        heard = [message for event in events.feed(data) for message in _messages(event.data)]
                        replies += self._take(heard)
                        if any(_is_reply(one, message.get("id")) for one in heard):
                            break
                silent = False
            except OSError as error:
                silent, fault = False, http.broken(error)
                self._fault = fault
            finally:
                # A deadline that comes here must not lose what was heard.
                answer = talk.answer(fault=fault, silent=silent)
                self._heard(answer)
            self._keep_session(answer)
            if answer.media_type != _STREAM and _is_answer(answer):
                replies += self._take([_for_this(one, message, answer) for one in _messages(answer.body)])
        return answer, replies

    def _keep_session(self, answer: HttpAnswer) -> None:
        session = answer.headers.get("mcp-session-id", "")
        usable = session.isascii() and session.isprintable() and len(session) <= MAX_SESSION
        if not self._session and _is_success(answer) and usable:
            self._session = session
            self._secrets.append(session)


class _Sse(_Talk):
    """One GET whose stream of events brings all answers; its first event says where to POST."""

    sse = True

    async def _converse(self) -> None:
        headers = [("Accept", _STREAM), *self._headers]
        async with http.opened(self._origin, "GET", self._path, self._ledger, headers=headers) as stream:
            events, taken, target, pending = EventReader(), 0, "", list[dict[str, object]]()
            try:
                while not self._handshake.done and not self._fault and await self._hears_more(stream, pending):
                    if stream.reader.status and self._first is None:
                        self._heard(stream.answer())
                    if stream.reader.media_type != _STREAM or not _is_fine(stream):
                        continue
                    data = bytes(stream.reader.body[taken:])
                    taken += len(data)
                    for event in events.feed(data):
                        if event.name == "endpoint" and not target:
                            target = self._target(event.data)
                            pending = [self._begin()]
                        elif event.name == "message" and target:
                            pending += self._take(_messages(event.data))
                    while target and pending and not self._fault and self._requests < MAX_REQUESTS:
                        self._requests += 1
                        await self._post(target, pending.pop(0))
            finally:
                if self._first is None:
                    self._heard(stream.answer(fault="no answer", silent=True))
            if not self._handshake.answered and not self._fault:
                self._fault = stream.reader.fault or "its stream of events ended"

    async def _hears_more(self, stream: Conversation, pending: list[dict[str, object]]) -> bool:
        """Reads what comes next; where `server/discover` stays open, puts the older question into `pending`."""
        try:
            async with asyncio.timeout(self._patience_s({"method": self._handshake.step})):
                return await stream.more()
        except TimeoutError:
            pending += self._take_fall_back()
            return True

    async def _post(self, target: str, message: dict[str, object]) -> None:
        headers, body = self._headers_of(message), jsonrpc.encode(message).strip()
        answer = await http.ask(self._origin, "POST", target, self._ledger, headers=headers, body=body, deadline_s=10.0)
        self._transcript.append(str(answer))
        self._fault = answer.fault or _refusal(answer, message)

    def _target(self, data: str) -> str:
        """Where to POST. Another server than the one that was asked is not gone to."""
        base = f"{'https' if self._origin.context else 'http'}://{self._origin.host}"
        try:
            joined = urlsplit(urljoin(base + self._path, data.strip()))
        except ValueError:
            joined = urlsplit("")
        path = f"{joined.path or '/'}{'?' + joined.query if joined.query else ''}"
        host = joined.netloc.lower().removesuffix(self._origin.default_port)
        sendable = path.isascii() and path.isprintable() and " " not in path
        if host != self._origin.host.lower() or not sendable:
            self._fault = f"it sends its clients to another place: {http.shown_url(data)}"
        self._secrets += [part for part in re.split(r"[/?&=]", path) if len(part) >= MIN_SECRET]
        return path


def _is_fine(talk: Conversation) -> bool:
    return 200 <= talk.reader.status < 300  # noqa: PLR2004


def _is_success(answer: HttpAnswer) -> bool:
    return 200 <= answer.status < 300  # noqa: PLR2004


def _is_answer(answer: HttpAnswer) -> bool:
    """Whether the body may hold a message: that of a success, or a refusal.

    A refusal comes with status 400, in 2026-07-28 with 404 for a method that is not known.
    """
    fine = _is_success(answer) or answer.status in {400, 404}
    return fine and bool(answer.body) and answer.media_type.endswith("json")


def _messages(body: bytes | str) -> Sequence[Message]:
    """The message in a body or an event, which may be a batch; none where it is no message."""
    found = jsonrpc.classify(body if isinstance(body, bytes) else body.encode("utf-8", "replace"))
    return () if found is None or isinstance(found, jsonrpc.Noise) else (found,)


def _for_this(message: Message, sent: Mapping[str, object], answer: HttpAnswer) -> Message:
    """A refusal by status is the answer to what was posted, whatever id it has (the SDK writes "server-error")."""
    if isinstance(message, jsonrpc.ErrorResponse) and not _is_success(answer):
        return dataclasses.replace(message, id=cast("jsonrpc.Id | None", sent.get("id")))
    return message


def _is_reply(message: Message, identity: object) -> bool:
    if isinstance(message, jsonrpc.Batch):
        return any(_is_reply(one, identity) for one in message.messages)
    return isinstance(message, jsonrpc.Response | jsonrpc.ErrorResponse) and message.id == identity


def _refusal(answer: HttpAnswer, sent: dict[str, object]) -> str:
    """What is wrong with an answer that is no success; nothing for one that is."""
    if _is_success(answer):
        return ""
    return f"{sent.get('method', 'an answer')} got status {answer.status}"
