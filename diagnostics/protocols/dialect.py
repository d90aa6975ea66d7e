# SPDX-License-Identifier: GPL-3.0-or-later
"""Recognises what answers at a port by the first bytes it sends (field guide, protocols 1.3, 2.1 and 2.3).

The conversation has stages, each for a peer that stays silent in the one before: `PING`; `BLANK`, with which a request
to a web server ends, and which is white space after the ping to an add-on; a single `NUL`; on another connection the
ping with its length before it. None executes or changes anything in any known add-on.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

from . import line_json, nul_json
from .foreign import foreign
from .length_prefixed import LengthPrefixed, framed
from .line_json import LineJson
from .nul_json import NulJson
from .unframed_json import UnframedJson

PING = b'{"type":"ping","params":{}}\n'
BLANK = b"\r\n\r\n"
NUL = b"\0"
LENGTH_PREFIXED_PING = framed(b'{"type":"ping","command":"ping","params":{}}')
"""In the words of both add-ons that speak so (field guide, protocols 2.3)."""
GET_ADDON_INFO = b'{"type":"get_addon_info","params":{}}\n'


class Dialect(enum.StrEnum):
    """What the peer speaks."""

    MCP_FOR_BLENDER = "mcp-for-blender"
    BLENDER_LAB = "blender-lab"
    DJEADA = "djeada"
    LENGTH_PREFIXED = "length-prefixed"
    FOREIGN = "foreign"
    """No bridge; `Recognised.program` says what it is."""
    BROKEN = "broken"
    """It begins as an add-on's answer does, and what follows is none."""
    UNKNOWN = "unknown"
    """It answers, in no protocol that is known."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """What the first bytes say. `knows_ping` tells the generations of MCP for Blender apart."""

    dialect: Dialect
    program: str = ""
    knows_ping: bool = False


_LIKE_AN_ANSWER = re.compile(rb'\s*\{\s*"status"\s*:\s*"')
"""How the add-ons of MCP for Blender and of Blender Lab begin every answer."""


def recognise(answer: UnframedJson, sent: bytes, *, ended: bool) -> Recognised | None:
    """What the peer is, from all it has sent so far; None while more bytes could still tell.

    `sent` is all that was sent to it, by which an echo is known. `ended` says that nothing more will come.
    """
    data = bytes(answer.received)
    if not data:
        return None
    if sent and (sent.startswith(data) or data.startswith(sent)):
        return Recognised(Dialect.FOREIGN, "an echo server") if len(data) >= len(PING) else _waiting(ended)
    if program := foreign(data):
        return Recognised(Dialect.FOREIGN, program)
    if any(nul_json.is_refusal(message) for message in NulJson().feed(data)):
        return Recognised(Dialect.BLENDER_LAB)
    if any(line_json.is_answer(message) for message in LineJson().feed(data)):
        return Recognised(Dialect.DJEADA)
    if answer.complete:
        return _of_object(answer, ended=ended)
    if data[4:5] == b"{" and LengthPrefixed.announces(data):
        return Recognised(Dialect.LENGTH_PREFIXED)
    if (ended or answer.overflowed) and _LIKE_AN_ANSWER.match(data):
        return Recognised(Dialect.BROKEN)
    return _waiting(ended or answer.overflowed)


def _waiting(ended: bool) -> Recognised | None:
    return Recognised(Dialect.UNKNOWN) if ended else None


def _of_object(answer: UnframedJson, *, ended: bool) -> Recognised | None:
    """What a whole object says that has no delimiter behind it, or not yet."""
    value = answer.value()
    if value is None:
        like = _LIKE_AN_ANSWER.match(bytes(answer.received))
        return Recognised(Dialect.BROKEN if like else Dialect.UNKNOWN)
    message = value.get("message")
    if value.get("status") == "error" and isinstance(message, str):
        if message.startswith("Unknown command type"):
            return Recognised(Dialect.MCP_FOR_BLENDER)
        if message.startswith(("Unknown request type", "Client timed out")) and not ended:
            return None  # its NUL is still to come
    if value.get("status") == "success" and value.get("result") == {"pong": True}:
        return Recognised(Dialect.MCP_FOR_BLENDER, knows_ping=True)
    if line_json.is_answer(value) and not ended:
        return None  # its line end is still to come
    return Recognised(Dialect.BROKEN if value.get("status") in {"success", "error"} else Dialect.UNKNOWN)
