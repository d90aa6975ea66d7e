# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks whatever listens at a port which protocol it speaks, and a known add-on for its version.

Sends nothing but `ping`, `get_addon_info` and, to a peer that stays silent, empty lines, one NUL, and on a second
connection `ping` with its length before it (field guide, protocols 2.3).
"""

from __future__ import annotations

import asyncio
import enum
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..ledger import Ledger
from ..protocols.dialect import (
    BLANK,
    GET_ADDON_INFO,
    LENGTH_PREFIXED_PING,
    NUL,
    PING,
    Dialect,
    Recognised,
    recognise,
)
from ..protocols.length_prefixed import LengthPrefixed
from ..protocols.unframed_json import UnframedJson
from ..text import shown_bytes
from .exchange import Exchange
from .tcp import Address, Reached, reading

PING_WAIT_S = 1.0
"""How long a peer may be silent after `PING`; an add-on that is not busy answers within some 60 ms."""
BLANK_WAIT_S = 1.0
"""How long it may be silent after the empty lines."""
NUL_WAIT_S = 3.0
"""How long it may be silent after the NUL: Blender Lab's add-on looks once a second while idle."""
LENGTH_WAIT_S = 1.0
"""How long the ping with its length before it may take."""
INFO_WAIT_S = 5.0
"""How long `get_addon_info` may take; a healthy Blender answers within some 60 ms."""


class Ended(enum.StrEnum):
    """How the conversation ended."""

    ANSWERED = "answered"
    SILENT = "silent"
    CLOSED = "closed"
    """The peer ended the connection without having sent anything."""
    NO_CONNECTION = "no-connection"


@dataclass(frozen=True, slots=True)
class BridgeAnswer:
    """What was heard at one address.

    `info` is the `result` of `get_addon_info`, untouched; `info_error` the message of its refusal, or what went wrong.
    """

    address: Address
    ended: Ended
    recognised: Recognised | None = None
    first_bytes: str = ""
    error: str = ""
    first_byte_ms: float = 0.0
    """From the beginning to the first byte that came; 0 where none came."""
    answer_ms: float = 0.0
    info: Mapping[str, object] | None = None
    info_error: str = ""
    info_silent: bool = False
    info_ms: float = 0.0
    transcript: tuple[str, ...] = field(default=(), repr=False)


async def ask_bridge(
    address: Address,
    ledger: Ledger,
    *,
    sock: socket.socket | None = None,
    context: ssl.SSLContext | None = None,
    server_name: str | None = None,
    patience: float = 1.0,
) -> BridgeAnswer:
    """Has the whole conversation with one address, within some 10 s (`patience` scales the waits for silent peers).

    `sock` is an open connection to it, which is used up; without one a connection is made.
    """
    try:
        async with asyncio.timeout(PING_WAIT_S * patience):
            exchange = await Exchange.open(address, ledger, sock=sock, context=context, server_name=server_name)
    except OSError as error:
        reached, name = reading(error)
        ended = Ended.CLOSED if reached is Reached.RESET else Ended.NO_CONNECTION
        return BridgeAnswer(address, ended, error=name or reached.value)
    try:
        answer = await _converse(address, exchange, patience)
    finally:
        exchange.close()
    if answer.ended is Ended.SILENT and context is None:
        return await _ask_with_length(answer, ledger, patience)
    return answer


async def _converse(address: Address, exchange: Exchange, patience: float) -> BridgeAnswer:
    answer = UnframedJson()
    began = time.monotonic()
    error = ""
    recognised: Recognised | None = None
    over = False
    for sent, wait_s in ((PING, PING_WAIT_S), (BLANK, BLANK_WAIT_S), (NUL, NUL_WAIT_S)):
        if not answer.received:  # who has begun to answer is listened to
            exchange.send(sent)
        try:
            async with asyncio.timeout(wait_s * patience):
                recognised, over = await _listen(exchange, answer)
        except TimeoutError:
            pass
        except OSError as broken:
            error, over = reading(broken)[1], True
        if recognised is not None or over or (answer.received and sent != PING):
            break
    elapsed_ms = (time.monotonic() - began) * 1000
    recognised = recognised or recognise(answer, exchange.sent, ended=True)
    heard = bytes(answer.received)
    ended = Ended.ANSWERED if heard else (Ended.CLOSED if over else Ended.SILENT)
    info: tuple[Mapping[str, object] | None, str, bool, float] = (None, "", False, 0.0)
    if recognised is not None and recognised.dialect is Dialect.MCP_FOR_BLENDER:
        info = await _addon_info(exchange, patience)
    return BridgeAnswer(
        address,
        ended,
        recognised,
        shown_bytes(heard),
        error,
        exchange.first_byte_ms,
        elapsed_ms,
        *info,
        transcript=tuple(exchange.transcript),
    )


async def _ask_with_length(silence: BridgeAnswer, ledger: Ledger, patience: float) -> BridgeAnswer:
    """What a peer that stayed silent says to a ping with its length before it; its silence where that says nothing."""
    message, began = LengthPrefixed(), time.monotonic()
    heard = b""
    try:
        async with asyncio.timeout(LENGTH_WAIT_S * patience):
            exchange = await Exchange.open(silence.address, ledger)
            try:
                exchange.send(LENGTH_PREFIXED_PING)
                while not message.complete and not message.broken and (data := await exchange.receive()):
                    heard = (heard + data)[:200]
                    message.feed(data)
            finally:
                exchange.close()
    except OSError:
        return silence
    if message.value() is None:
        return silence
    return BridgeAnswer(
        silence.address,
        Ended.ANSWERED,
        Recognised(Dialect.LENGTH_PREFIXED, knows_ping=True),
        shown_bytes(heard),
        first_byte_ms=exchange.first_byte_ms,
        answer_ms=(time.monotonic() - began) * 1000,
        transcript=(*silence.transcript, *exchange.transcript),
    )


async def _listen(exchange: Exchange, answer: UnframedJson) -> tuple[Recognised | None, bool]:
    """Reads until the peer is recognised. The second value says that it ended the connection."""
    while True:
        data = await exchange.receive()
        answer.feed(data)
        recognised = recognise(answer, exchange.sent, ended=not data)
        if recognised is not None or not data:
            return recognised, not data


async def _addon_info(exchange: Exchange, patience: float) -> tuple[Mapping[str, object] | None, str, bool, float]:
    began = time.monotonic()
    answer = UnframedJson()
    problem, silent = "", False
    exchange.send(GET_ADDON_INFO)
    try:
        async with asyncio.timeout(INFO_WAIT_S * patience):
            while not answer.complete and not answer.overflowed:
                data = await exchange.receive()
                if not data:
                    break
                answer.feed(data)
    except TimeoutError:
        silent = not answer.received
    except OSError as error:
        problem = reading(error)[1]
    elapsed_ms = (time.monotonic() - began) * 1000
    value = answer.value() or {}
    result, message = value.get("result"), value.get("message")
    if value.get("status") == "success" and isinstance(result, dict):
        return result, "", False, elapsed_ms
    if isinstance(message, str):
        return None, message, False, elapsed_ms
    return None, problem or shown_bytes(bytes(answer.received)) or "the connection was closed", silent, elapsed_ms
